# SPDX-License-Identifier: GPL-2.0-or-later
"""Recorded calls in the switch: closed after a crash, deleted in time, told to those who may ask, which is written down."""

import asyncio
import base64
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from appliance.calls.clock import now_ms
from appliance.calls.recorded import Recorded, file_name
from appliance.control import recordings as r
from appliance.control.messages import Refused
from appliance.control.server import Peer
from appliance.programs import recorder
from appliance.programs.recorder import EXPORTS, Recordings, user
from appliance.settings.models import Settings
from appliance.settings.passwords import Secrets
from appliance.store import sealed
from appliance.store.journal import Journal
from appliance.store.reader import Reader
from appliance.store.recordings import DAY
from tests.settings.documents import SMALL, settings

KEY = bytes(range(32))
ME, OTHER = Peer(1, os.getuid(), 0), Peer(2, 65_000, 0)
SAID = os.urandom(64_000)


class Shelf:
    """Recordings of an office, each of a second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "recordings"
        self.troubled = False  # as it may be
        self.journal = Journal(folder / "journal.db", self._trouble, delay=0.01, retry=0.05)
        self.settings: Settings = settings(SMALL)
        self.secrets = Secrets.model_validate({"recording": {"key": base64.b64encode(KEY).decode()}})
        self._task: asyncio.Task[None] | None = None

    def _trouble(self, id: str, said: str) -> None:
        assert self.troubled, said

    def put(self, days: float = 0, whole: bool = True, state: str = "whole") -> Recorded:
        id, at = self.journal.next_call_id(), now_ms() - round(days * DAY)
        one = Recorded(id, id, at, "city", "anna", "", "", "sales", file_name(id, at, True), "wav")
        file = sealed.SealedFile(self.folder / one.file, {"id": id, "call": id, "at": at, "form": "wav"}, KEY)
        for at in range(0, len(SAID), 8000):
            file.add(SAID[at : at + 8000])
        sha256 = file.close() if whole else file.give_up()
        if state == "whole":
            one = one._replace(duration=1000, size=file.size, sha256=sha256, state=state)
        self.journal.recording(one)
        return one

    async def opens(self, more: str = "", durable: bool = True) -> Recordings:
        if durable:
            await self.journal.durable()
        self.settings = settings(SMALL + more)
        self.recordings = Recordings(self.folder, self.journal)
        self.recordings.configure(self.settings, self.secrets)
        self._task = asyncio.create_task(self.recordings.run())
        return self.recordings

    async def known(self) -> list[Recorded]:
        await self.journal.durable()
        return Reader(self.journal.path).recordings()

    async def events(self, call: int) -> list[dict[str, Any]]:
        await self.journal.durable()
        return [event.detail for event in Reader(self.journal.path).events(call) if event.kind == "recording"]

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            await self.recordings.close()
        await asyncio.to_thread(self.journal.close)


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    await shelf.close()


async def until(shelf: Shelf, ids: list[int]) -> None:
    """There are these alone."""
    async with asyncio.timeout(20):
        while [one.id for one in await shelf.known()] != ids:
            await asyncio.sleep(0.02)


async def test_what_a_crash_left_open_is_closed_at_the_start_and_told(shelf: Shelf) -> None:
    left = shelf.put(whole=False, state="open")
    await shelf.opens()
    async with asyncio.timeout(20):
        while (one := (await shelf.known())[0]).state == "open":
            await asyncio.sleep(0.02)
    assert (one.state, one.duration) == ("cut", 1000) and one.sha256 == sealed.digest(shelf.folder / one.file)
    [told] = await shelf.events(left.call)
    assert (told["state"], told["is_now"], told["ms"]) == ("recovered", "cut", 1000)


async def test_what_is_too_old_or_too_much_is_deleted_and_what_is_kept_is_not(shelf: Shelf) -> None:
    old, kept, young = shelf.put(days=40), shelf.put(days=50), shelf.put()
    shelf.journal.recording(kept._replace(kept=True))
    await shelf.opens("[recording]\nkeep_for = 30\n")
    await until(shelf, [kept.id, young.id])
    assert not (shelf.folder / old.file).exists() and (shelf.folder / kept.file).exists()
    assert [(told["state"], told["by"]) for told in await shelf.events(old.call)] == [("deleted", "age")]


async def test_a_recording_that_leaves_no_room_takes_the_oldest_with_it(shelf: Shelf) -> None:
    for _ in range(3):
        one = shelf.put(days=3)
        with (shelf.folder / one.file).open("ab") as file:
            file.truncate(700_000)
    last = (await shelf.known())[-1]
    await shelf.opens("[recording]\nmax_size = 1\n")
    await until(shelf, [last.id])


async def test_who_exports_is_written_down_before_he_is_told_a_word(shelf: Shelf) -> None:
    one, recordings = shelf.put(), await shelf.opens()
    with pytest.raises(Refused, match="begins with first 0"):
        await recordings.answer(r.ExportRecording(0, one.id, 1), ME)
    told, first = b"", 0
    while (piece := await recordings.answer(r.ExportRecording(0, one.id, first), ME)).samples:  # type: ignore[attr-defined]
        assert [(event["state"], event["by"]) for event in await shelf.events(one.call)] == [("exported", user(ME))]
        told, first = told + piece.samples, piece.next  # type: ignore[attr-defined]
    assert told == SAID
    with pytest.raises(Refused):
        await recordings.answer(r.ExportRecording(0, one.id, 1), OTHER)
    assert user(OTHER) == "65000"


async def test_exports_that_are_never_ended_take_no_room_for_ever(shelf: Shelf) -> None:
    one, recordings = shelf.put(), await shelf.opens()
    for pid in range(EXPORTS + 3):
        await recordings.answer(r.ExportRecording(0, one.id), Peer(pid, 0, 0))
    assert len(recordings._exports) == EXPORTS


async def test_what_is_to_be_kept_is_not_deleted_till_it_is_released(shelf: Shelf) -> None:
    one, recordings = shelf.put(), await shelf.opens()
    await recordings.answer(r.KeepRecording(0, one.id), ME)
    with pytest.raises(Refused, match="is to be kept"):
        await recordings.answer(r.DeleteRecording(0, one.id), ME)
    await recordings.answer(r.KeepRecording(0, one.id, kept=False), ME)
    await recordings.answer(r.DeleteRecording(0, one.id), ME)
    assert await recordings.answer(r.Recordings(0), ME) == ()
    told = [(event["state"], event["by"]) for event in await shelf.events(one.call)]
    assert told == [(state, user(ME)) for state in ("kept", "released", "deleted")]
    with pytest.raises(KeyError):
        await recordings.answer(r.VerifyRecording(0, one.id), ME)


async def test_while_the_journal_cannot_be_written_the_old_go_all_the_same_and_nobody_exports(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "JOURNAL_WITHIN", 0.2)
    old, young = shelf.put(days=40), shelf.put()
    await shelf.journal.durable()
    shelf.troubled = True
    lock = sqlite3.connect(shelf.journal.path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    recordings = await shelf.opens("[recording]\nkeep_for = 30\n", durable=False)
    async with asyncio.timeout(20):
        while (shelf.folder / old.file).exists():
            await asyncio.sleep(0.02)
    assert young.id in [one.id for one in await recordings.answer(r.Recordings(0), ME)]  # type: ignore[attr-defined]
    with pytest.raises(Refused, match="cannot be written down"):
        await recordings.answer(r.ExportRecording(0, young.id), ME)
    lock.close()
    await until(shelf, [young.id])


async def test_one_that_is_not_over_is_listed_and_nothing_else(shelf: Shelf) -> None:
    recordings = await shelf.opens()
    one = shelf.put(state="open")
    assert [seen.state for seen in await recordings.answer(r.Recordings(0), ME)] == ["open"]  # type: ignore[attr-defined]
    for asked in (r.ExportRecording(0, one.id), r.DeleteRecording(0, one.id), r.VerifyRecording(0, one.id)):
        with pytest.raises(Refused, match="not over yet"):
            await recordings.answer(asked, ME)


async def test_a_changed_byte_and_a_lost_key_are_told(shelf: Shelf) -> None:
    one, recordings = shelf.put(), await shelf.opens()
    assert await recordings.answer(r.VerifyRecording(0, one.id), ME) == r.Verified()
    shelf.secrets = Secrets()
    recordings.configure(shelf.settings, shelf.secrets)
    told = await recordings.answer(r.VerifyRecording(0, one.id), ME)
    assert "another key" in told.wrong  # type: ignore[attr-defined]
    with pytest.raises(Refused, match="another key"):
        await recordings.answer(r.ExportRecording(0, one.id), ME)
    path = shelf.folder / one.file
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    told = await recordings.answer(r.VerifyRecording(0, one.id), ME)
    assert "checksum" in told.wrong  # type: ignore[attr-defined]


async def test_who_hears_a_recording_is_written_down_once_for_a_listening(shelf: Shelf) -> None:
    one = shelf.put()
    recordings = await shelf.opens()
    told, at = b"", 0
    while (piece := await recordings.answer(r.HearRecording(0, one.id, at, "maria"), ME)) and piece.samples:
        told, at = told + piece.samples, at + len(piece.samples)
        assert piece.total == len(SAID)
    assert told == SAID
    await recordings.answer(r.HearRecording(0, one.id, 40_000, "piet"), ME)
    noted = [(said["state"], said["by"].split()[0]) for said in await shelf.events(one.call)]
    assert noted == [("heard", "maria"), ("heard", "piet")]
