# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings on the disk: written by one thread, looked after by whoever has time. Times are ms UTC."""

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.calls.ports import Port
from appliance.calls.recorded import SEALED, WAV, Recorded
from appliance.settings.recording import Recording
from appliance.store import sealed
from appliance.store.sealed import SILENCE, SealedFile, WavFile, Writer

log = logging.getLogger("recordings")

TURN = 0.5  # seconds between writes: what a crash may take of the end
SYNC = 10.0  # seconds between forcing files to the disk: what a power cut may take
SLOW = 1.0  # seconds of a turn after which the disk is spared the next forcing
PIECE = 512 * 1024  # bytes of samples in a piece, about
DAY, MEGABYTE = 86_400_000, 1_000_000  # ms, bytes

Read = Callable[[Port], tuple[bytes, int, bool]]


@dataclass(slots=True)
class _Writing:
    recorded: Recorded
    tape: Port
    file: Writer | None = None
    failed: bool = False
    samples: int = 0  # bytes
    lost: int = 0  # samples of one side
    synced: float = 0.0


class Writing:
    """Satisfies calls.recorded.Recorder. `done` and `failed` are called in its thread: done(recorded) once each is closed,

    failed(recorded, why) as soon as the disk takes no more of one; what its tape still has is thrown away then."""

    def __init__(
        self,
        folder: Path,
        read: Read,
        done: Callable[[Recorded], None],
        failed: Callable[[Recorded, str], None],
    ) -> None:
        self._folder, self._read, self._done, self._failed = folder, read, done, failed
        self.key: bytes | None = None
        self.least_free = 0  # bytes
        self._new: list[_Writing] = []
        self._closing = False
        self._changed = threading.Condition()  # guards the two above
        self._thread = threading.Thread(target=self._write_all, name="recordings", daemon=True)
        self._thread.start()

    def begin(self, recorded: Recorded, tape: Port) -> None:
        with self._changed:
            self._new.append(_Writing(recorded, tape))
            self._changed.notify()

    def close(self) -> None:
        """Write what is left; tapes that go on are written up to here."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    # ---- its thread -------------------------------------------------------------------------------------------------

    def _write_all(self) -> None:
        under_way: list[_Writing] = []
        spared = False
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._new, TURN if under_way else None)
                closing, new, self._new = self._closing, self._new, []
            for one in new:
                self._open(one)
            began = time.monotonic()
            under_way = [one for one in (*under_way, *new) if self._goes_on(one, closing, spared)]
            spared = time.monotonic() - began > SLOW
            if closing:
                return

    def _open(self, one: _Writing) -> None:
        path = self._folder / one.recorded.file
        one.synced = time.monotonic()
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if shutil.disk_usage(self._folder).free < self.least_free:
                raise OSError(f"less than {self.least_free // MEGABYTE} MB are free on the disk")
            if path.suffix == WAV:
                one.file = WavFile(path, one.recorded.form)
            elif self.key is None:
                raise OSError("there is no key to encrypt it with")
            else:
                said = {
                    "id": one.recorded.id,
                    "call": one.recorded.call,
                    "at": one.recorded.at,
                    "form": one.recorded.form,
                }
                one.file = SealedFile(path, said, self.key)
        except OSError as fault:
            self._fail(one, fault)

    def _goes_on(self, one: _Writing, closing: bool, spared: bool) -> bool:
        """Write what there is of one; whether more may come."""
        samples, lost, ended = self._read(one.tape)
        if one.file and not one.failed:
            try:
                self._add(one, samples, lost)
                if not spared and time.monotonic() - one.synced > SYNC:
                    one.file.sync()
                    one.synced = time.monotonic()
            except OSError as fault:
                self._fail(one, fault)
        if ended or closing:
            self._close(one, whole=ended)
            return False
        return True

    def _add(self, one: _Writing, samples: bytes, lost: int) -> None:
        assert one.file is not None  # as the caller saw
        if samples:
            one.file.add(samples)
            one.samples += len(samples)
        for part in _silence(one.recorded.form, lost):  # so that what follows is where it was said
            one.file.add(part)
            one.samples += len(part)
        one.lost += lost

    def _fail(self, one: _Writing, fault: OSError) -> None:
        one.failed = True
        why = fault.strerror or str(fault)
        log.error("recording %d of call %d ends here: %s", one.recorded.id, one.recorded.call, why)
        self._failed(one.recorded, why)

    def _close(self, one: _Writing, whole: bool) -> None:
        sha256 = ""
        if one.file:
            try:
                sha256 = one.file.give_up() if one.failed else one.file.close()
            except OSError as fault:
                if not one.failed:
                    self._fail(one, fault)
                with suppress(OSError):
                    sha256 = sealed.digest(self._folder / one.recorded.file)
        form = one.recorded.form
        rate = sealed.COUNTS[form][0]
        self._done(
            one.recorded._replace(
                duration=sealed.milliseconds(form, one.samples),
                size=one.file.size if one.file else 0,
                sha256=sha256,
                state="whole" if whole and not one.failed else "cut",
                lost=one.lost * 1000 // rate,
            )
        )


def _silence(form: str, count: int) -> Iterator[bytes]:
    """So many samples of both sides, a second at a time."""
    rate = sealed.COUNTS[form][0]
    for at in range(0, count, rate):
        yield SILENCE[form] * sealed.SIDES * min(rate, count - at)


class Archive:
    """What is on the disk. Every method may wait for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys: Mapping[str, bytes] = {}

    def path(self, recorded: Recorded) -> Path:
        return self.folder / recorded.file

    def keyless(self, recorded: Iterable[Recorded]) -> int:
        """How many of these were encrypted with a key that is not known."""
        count = 0
        for one in recorded:
            with suppress(OSError, sealed.Damaged):
                if not one.file.endswith(WAV) and sealed.head(self.path(one))[0].get("key") not in self.keys:
                    count += 1
        return count

    def verify(self, recorded: Recorded) -> str:
        """ "" when a recording is what was written, to its end if it has one; else what is wrong. Raises OSError."""
        path = self.path(recorded)
        try:
            if sealed.digest(path) != recorded.sha256:
                return f"{path} was changed: its checksum is not that of the journal"
            for _ in sealed.chunks(path, recorded.form, self.keys):
                pass
        except FileNotFoundError:
            return f"{path} is gone"
        except sealed.CutOff as fault:
            return "" if recorded.state == "cut" else str(fault)
        except (sealed.Damaged, sealed.NoKey) as fault:
            return str(fault)
        return ""

    def piece(self, recorded: Recorded, first: int) -> tuple[bytes, int]:
        """Samples from a chunk on, about half a second to half a minute of them, and the chunk that comes next;

        b"" behind the end, also of one that is cut off. Raises Damaged, NoKey, OSError."""
        samples, at = bytearray(), first
        try:
            for chunk in sealed.chunks(self.path(recorded), recorded.form, self.keys, first):
                samples += chunk
                at += 1
                if len(samples) >= PIECE // 2:
                    break
        except sealed.CutOff:
            if recorded.state == "whole":
                raise
        return bytes(samples), at

    def heard(self, recorded: Recorded, start: int) -> tuple[bytes, int]:
        """Samples from a byte of them on, b"" behind the end, and how many bytes there are. Raises Damaged, NoKey, OSError."""
        return sealed.heard(self.path(recorded), recorded.form, self.keys, start, PIECE)

    def delete(self, recorded: Recorded) -> None:
        """Raises OSError."""
        path = self.path(recorded)
        path.unlink(missing_ok=True)
        with suppress(OSError):  # others are in it
            path.parent.rmdir()

    def expired(self, settings: Recording, now: int, known: Iterable[Recorded]) -> Iterator[tuple[Recorded, str]]:
        """Those that are kept no longer, the oldest first, and why: age or room."""
        here = []
        for one in sorted(known, key=lambda one: (one.at, one.id)):
            if one.state == "open":
                continue
            with suppress(FileNotFoundError):
                here.append((one, self.path(one).stat().st_size))
        over = sum(size for _, size in here) - settings.max_size * MEGABYTE if settings.max_size else 0
        for one, size in here:
            if one.kept:
                continue
            if settings.keep_for and one.at < now - settings.keep_for * DAY:
                yield one, "age"
            elif over > 0:
                yield one, "room"
            else:
                continue
            over -= size

    def recover(self, known: Iterable[Recorded], before: int) -> Iterator[Recorded]:
        """Those that a crash left open, closed as they are, and those of a journal set aside; ids from `before` on are ours."""
        files = {
            path.relative_to(self.folder).as_posix(): path for path in self.folder.glob(f"*/*[{SEALED[-1]}{WAV[-1]}]")
        }
        for one in known:
            path = files.pop(one.file, None)
            if one.state == "open" and one.id < before:
                yield self._closed(one) if path else one._replace(state="cut")
        for name, path in files.items():
            if path.stem.isdecimal() and int(path.stem) < before and (found := self._found(name, path)):
                yield found

    def _closed(self, one: Recorded) -> Recorded:
        path = self.path(one)
        try:
            scanned = sealed.scan(path, one.form)
            if path.stat().st_size != scanned.size:
                os.truncate(path, scanned.size)  # half a chunk
            if path.suffix == WAV and not scanned.whole:
                with path.open("r+b") as file:
                    file.write(sealed.wav_head(one.form, scanned.samples))
        except sealed.Damaged as fault:
            log.error("%s", fault)
            scanned = sealed.Scanned(0, path.stat().st_size, False)
        return one._replace(
            duration=sealed.milliseconds(one.form, scanned.samples),
            size=scanned.size,
            sha256=sealed.digest(path),
            state="whole" if scanned.whole and path.suffix == SEALED else "cut",
        )

    def _found(self, name: str, path: Path) -> Recorded | None:
        """A file nothing is known of, but what it says itself."""
        at, call, form = path.stat().st_mtime_ns // 1_000_000, 0, "wav"
        if path.suffix == SEALED:
            try:
                said, _ = sealed.head(path)
            except sealed.Damaged as fault:
                log.error("%s", fault)
                return None
            call, form, at = said["call"], said["form"], said["at"]
        return self._closed(Recorded(int(path.stem), call, at, "", "", "", "", "", name, form))
