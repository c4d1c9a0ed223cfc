# SPDX-License-Identifier: GPL-2.0-or-later
"""Recorded calls in the switch: their writer, what is kept of them, and what is asked about them."""

import asyncio
import base64
import logging
import pwd
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from appliance.calls.clock import now_ms
from appliance.calls.recorded import Recorded
from appliance.calls.recording import Recording
from appliance.control import messages, recordings
from appliance.control.messages import Refused
from appliance.control.server import Peer
from appliance.control.troubles import Troubles
from appliance.settings.models import Settings
from appliance.settings.passwords import Secrets
from appliance.sip._sip import read_tape
from appliance.store import sealed
from appliance.store.journal import Journal
from appliance.store.reader import Reader, Unreadable
from appliance.store.recordings import MEGABYTE, Archive, Writing

log = logging.getLogger("recordings")

Found = TypeVar("Found")

LOOK_EVERY = 600.0  # seconds between looks for what is too old
LOOKED_AT = 200  # newest recordings whose key is looked for
MOST = 1000  # recordings in one answer
EXPORTS = 64  # at a time
LISTENING = 600_000  # ms after which somebody who listens is noted again
JOURNAL_WITHIN = 2.0  # seconds the journal is waited for: with a full disk old recordings must go all the same


class Recordings:
    """satisfies calls.recorded.Recorder by `writing`. run() goes on until it is cancelled."""

    def __init__(self, folder: Path, journal: Journal, troubles: Troubles | None = None) -> None:
        self._journal, self._reader = journal, Reader(journal.path)
        self._archive = Archive(folder)
        self._troubles = troubles
        self._loop = asyncio.get_running_loop()
        self.writing = Writing(folder, read_tape, self._done, self._failed)
        self._first = journal.next_call_id()  # ids from here on are of this run
        self._look = asyncio.Event()
        self._exports: dict[tuple[Peer, int], None] = {}
        self._heard: dict[tuple[Peer, int, str], int] = {}  # since when somebody listens, ms UTC
        self._calls: Recording | None = None
        self._settings: Settings | None = None

    def start(self, calls: Recording) -> None:
        self._calls = calls

    def configure(self, settings: Settings, secrets: Secrets) -> None:
        """As the settings are now; for recordings that begin."""
        self._settings = settings
        kept = secrets.recording
        written = [one.get_secret_value() for one in (kept.key, *kept.old)] if kept else []
        keys = [base64.b64decode(one) for one in written]
        self._archive.keys = {sealed.key_id(key): key for key in keys}
        self.writing.key = keys[0] if keys else None
        self.writing.least_free = settings.recording.least_free * MEGABYTE
        self._look.set()

    async def close(self) -> None:
        """After the last tape has ended."""
        await asyncio.to_thread(self.writing.close)
        await asyncio.sleep(0)  # what the writer told last is heard

    # ---- what the writer tells --------------------------------------------------------------------------------------

    def _done(self, recorded: Recorded) -> None:
        if self._troubles and recorded.state == "whole":
            self._troubles.over("recording")
        self._tell(lambda calls: calls.done(recorded))
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._look.set)

    def _failed(self, recorded: Recorded, why: str) -> None:
        if self._troubles:
            self._troubles.begins("recording", why)
        self._tell(lambda calls: calls.failed(recorded, why))

    def _tell(self, what: Callable[[Recording], None]) -> None:
        def told() -> None:
            if self._calls:
                what(self._calls)

        with suppress(RuntimeError):  # the loop was closed: the file is found at the next start
            self._loop.call_soon_threadsafe(told)

    # ---- what is kept -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Close what a crash left open, then delete what is too old, or too much."""
        try:
            known = await asyncio.to_thread(self._reader.recordings)
            for one in await asyncio.to_thread(lambda: list(self._archive.recover(known, self._first))):
                self._journal.recording(one)
                self._note(one, "recovered", is_now=one.state, ms=one.duration, sha256=one.sha256)
                log.warning("recording %d, left open by a crash or unknown, is closed: %d ms", one.id, one.duration)
        except (Unreadable, OSError) as fault:
            log.error("recordings that were not closed are left as they are: %s", fault)
        while True:
            await self._expire()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._look.wait()
            self._look.clear()

    async def _expire(self) -> None:
        settings = self._settings
        if not settings:
            return
        await self._journal_written()
        try:
            known = await asyncio.to_thread(self._reader.recordings)
            due = await asyncio.to_thread(lambda: list(self._archive.expired(settings.recording, now_ms(), known)))
            if self._troubles:
                await self._look_for_keys(self._troubles, known[-LOOKED_AT:])
            for one, why in due:
                await self._delete(one, why)
        except (Unreadable, OSError) as fault:
            log.error("old recordings are not deleted: %s", fault)

    async def _look_for_keys(self, troubles: Troubles, newest: Sequence[Recorded]) -> None:
        closed = [one for one in newest if one.state != "open"]
        if count := await asyncio.to_thread(self._archive.keyless, closed):
            troubles.begins("recording-key", f"{count} of the newest {len(closed)} recordings need another key")
        else:
            troubles.over("recording-key")

    async def _delete(self, one: Recorded, by: str) -> None:
        await asyncio.to_thread(self._archive.delete, one)
        self._journal.recording_gone(one.id)
        self._note(one, "deleted", by=by)
        log.info("recording %d is deleted: %s", one.id, by)

    async def _journal_written(self) -> bool:
        """Whether all so far is on the disk; a row that is not yet is of a file that is gone, or as it was."""
        try:
            async with asyncio.timeout(JOURNAL_WITHIN):
                return await self._journal.durable()
        except TimeoutError:
            return False

    def _note(self, one: Recorded, state: str, **more: object) -> None:
        self._journal.event(one.call, now_ms(), "recording", {"id": one.id, "state": state, **more})

    # ---- what is asked ----------------------------------------------------------------------------------------------

    async def answer(self, asked: recordings.OfRecordings, peer: Peer) -> object:
        """Raises Refused, KeyError, OSError."""
        await self._journal_written()
        if isinstance(asked, recordings.Recordings):
            found = await self._ask(lambda: self._reader.recordings(asked.after, MOST))
            return tuple(self._seen(one) for one in found)
        one = await self._ask(lambda: self._reader.recording(asked.recording))
        if not one:
            raise KeyError(f"recording {asked.recording}")
        if one.state == "open":
            raise Refused("recording-open", f"recording {one.id} is not over yet")
        match asked:
            case recordings.VerifyRecording():
                return recordings.Verified(await asyncio.to_thread(self._archive.verify, one))
            case recordings.ExportRecording(first=first):
                return await self._export(one, first, peer)
            case recordings.HearRecording(start=start, by=by):
                return await self._hear(one, start, by, peer)
            case recordings.KeepRecording(kept=kept):
                self._journal.recording(one._replace(kept=kept))
                self._note(one, "kept" if kept else "released", by=user(peer))
            case recordings.DeleteRecording():
                if one.kept:
                    raise Refused("recording-kept", f"recording {one.id} is to be kept; accepted: first no longer")
                await self._delete(one, user(peer))
        await self._journal_written()
        return messages.Done()

    async def _export(self, one: Recorded, first: int, peer: Peer) -> recordings.Piece:
        """Nothing is told before it is on the disk who asked."""
        if first == 0:
            self._note(one, "exported", by=user(peer))
            log.info("recording %d is exported by %s", one.id, user(peer))
            if not await self._journal_written():
                raise Refused("journal", "it cannot be written down who asks")
            self._exports[peer, one.id] = None
            while len(self._exports) > EXPORTS:
                del self._exports[next(iter(self._exports))]
        elif (peer, one.id) not in self._exports:
            raise Refused("bad-request", "an export begins with first 0")
        samples, following = await self._ask(lambda: self._archive.piece(one, first))
        if not samples:
            self._exports.pop((peer, one.id), None)
        return recordings.Piece(samples, following, one.form)  # type: ignore[arg-type]

    async def _hear(self, one: Recorded, start: int, by: str, peer: Peer) -> recordings.Heard:
        """Nothing is told before it is on the disk who listens; once in a while, as players ask piece by piece."""
        listening, now = (peer, one.id, by), now_ms()
        if now - self._heard.get(listening, 0) > LISTENING:
            self._note(one, "heard", by=f"{by} ({user(peer)})" if by else user(peer))
            if not await self._journal_written():
                raise Refused("journal", "it cannot be written down who listens")
            self._heard.pop(listening, None)
            self._heard[listening] = now
            while len(self._heard) > EXPORTS:
                del self._heard[next(iter(self._heard))]
        samples, total = await self._ask(lambda: self._archive.heard(one, start))
        return recordings.Heard(samples, total, one.form)  # type: ignore[arg-type]

    @staticmethod
    async def _ask(what: Callable[[], Found]) -> Found:
        try:
            return await asyncio.to_thread(what)
        except (sealed.Damaged, sealed.NoKey) as fault:
            raise Refused(fault.id, str(fault)) from None
        except Unreadable as fault:
            raise Refused("journal", str(fault)) from None

    def _seen(self, one: Recorded) -> recordings.Recording:
        return recordings.Recording(**{**one._asdict(), "file": str(self._archive.path(one))})


def user(peer: Peer) -> str:
    """The name of a user, or the number of one without."""
    try:
        return pwd.getpwuid(peer.uid).pw_name
    except KeyError:
        return str(peer.uid)
