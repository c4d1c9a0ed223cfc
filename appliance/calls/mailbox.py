# SPDX-License-Identifier: GPL-2.0-or-later
"""Taking a message: greeting, tone, recording. The file has its final name only when it is whole."""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.calls.ports import Leg, Port, Telephony

log = logging.getLogger("mailbox")

PART = ".part.wav"  # of a file still being written
HEADER, DATA_LENGTH = 44, 40  # bytes before the samples, and where their length stands
LEAST = HEADER + 16_000  # bytes of a message: half a second of 16 bits at 16 kHz


@dataclass(slots=True)
class Taking:
    """A message being taken."""

    call: int
    leg: Leg
    path: Path
    prompts: list[str]  # still to be played before recording
    longest: float  # seconds
    player: Port = 0
    recording: Port = 0
    limit: asyncio.TimerHandle | None = None


class Mailboxes:
    """Messages being taken. `done(call, file or None)` is told once for each, whoever ends it."""

    def __init__(self, telephony: Telephony, folder: Path, done: Callable[[int, Path | None], None]) -> None:
        self._telephony, self._folder, self._done = telephony, folder, done
        self._calls: dict[int, Taking] = {}
        self._ports: dict[Port, Taking] = {}

    def take(self, call: int, leg: Leg, mailbox: str, prompts: list[str], stamp: str, longest: float) -> None:
        """Play the prompts to the caller, then record him until finish(), or `longest` seconds; 0: not at all."""
        folder = self._folder / mailbox
        taking = Taking(call, leg, folder / f"{stamp}-{call}.wav", prompts, longest)
        self._calls[call] = taking
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            log.error("no message can be kept in %s: %s", folder, fault)
            self._end(taking, None)
            return
        self._next(taking)

    def recording(self, call: int) -> bool:
        return call in self._calls and self._calls[call].recording != 0

    def finish(self, call: int) -> None:
        """The caller has hung up, pressed #, or reached the greatest length."""
        if not (taking := self._calls.get(call)):
            return
        if taking.player:
            self._telephony.stop(taking.player)
        if taking.recording:
            self._telephony.stop(taking.recording)
        else:
            self._end(taking, None)

    def played(self, port: Port) -> None:
        if (taking := self._ports.get(port)) and taking.player == port:
            self._telephony.stop(port)
            del self._ports[port]
            taking.player = 0
            self._next(taking)

    def stopped(self, port: Port, why: str) -> None:
        if not (taking := self._ports.pop(port, None)):
            return
        if port == taking.player:  # a prompt that cannot be played never ends the call
            log.warning("a prompt cannot be played: %s", why)
            taking.player = 0
            self._next(taking)
        elif why:
            log.error("a message in %s cannot be recorded: %s", taking.path.parent, why)
            self._end(taking, None)
        else:
            self._whole(taking)

    def _whole(self, taking: Taking) -> None:
        try:
            kept = keep(taking.path)
        except OSError as fault:
            log.error("the message %s is lost: %s", taking.path, fault)
            kept = False
        self._end(taking, taking.path if kept else None)

    def _next(self, taking: Taking) -> None:
        if taking.prompts:
            taking.player = self._telephony.play(taking.prompts.pop(0), False)
            port, listener, source = taking.player, taking.leg, taking.player
        elif not taking.longest:
            self._end(taking, None)
            return
        else:
            taking.recording = self._telephony.record(str(partial(taking.path)))
            port, listener, source = taking.recording, taking.recording, taking.leg
            taking.limit = asyncio.get_running_loop().call_later(taking.longest, self.finish, taking.call)
        if not port:
            self._end(taking, None)
            return
        self._ports[port] = taking
        self._telephony.hear(listener, source)

    def close(self) -> None:
        for taking in self._calls.values():
            if taking.limit:
                taking.limit.cancel()

    def _end(self, taking: Taking, path: Path | None) -> None:
        if taking.limit:
            taking.limit.cancel()
        self._ports = {port: one for port, one in self._ports.items() if one is not taking}
        if self._calls.pop(taking.call, None):
            self._done(taking.call, path)


def partial(path: Path) -> Path:
    return path.with_suffix(PART)


def keep(path: Path) -> bool:
    """Give a recording its name when there is something in it. Raises OSError."""
    part = partial(path)
    if part.stat().st_size < LEAST:
        log.info("nothing was said, or the disk is full: %s is not kept", path)
        part.unlink()
        return False
    part.rename(path)
    return True


def salvage(folder: Path) -> list[tuple[int, Path]]:
    """Make whole messages of recordings cut off by the end of the program; the call of each, and its file."""
    found = []
    for part in sorted(folder.glob(f"*/*{PART}")):
        path = part.with_name(part.name.removesuffix(PART) + ".wav")
        try:
            with part.open("r+b") as file:
                size = os.fstat(file.fileno()).st_size
                if file.read(4) == b"RIFF" and size >= LEAST:  # the lengths are written last: RIFF's, and the data's
                    for at, length in ((4, size - 8), (DATA_LENGTH, size - HEADER)):
                        file.seek(at)
                        file.write(length.to_bytes(4, "little"))
            if keep(path):
                found.append((int(path.stem.rpartition("-")[2]), path))
        except (OSError, ValueError) as fault:
            log.error("the message %s cannot be made whole: %s", part, fault)
    return found
