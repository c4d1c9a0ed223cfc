# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is still to be called back, as the switch follows it while calls go on."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.programs.missed import MissedCallers
from appliance.store.reader import Reader


async def test_a_call_that_ends_while_another_is_written_down_is_looked_at_once_it_is_written_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = SimpleNamespace()

    class Slow:
        async def durable(self) -> bool:
            board.may_be_missed(2)
            return True

    looked: asyncio.Queue[set[int]] = asyncio.Queue()
    missed = MissedCallers(None, Slow(), board, None, Reader(tmp_path / "journal.db"))  # type: ignore[arg-type]
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(missed._book, "look", lambda since, ended: loop.call_soon_threadsafe(looked.put_nowait, ended))
    monkeypatch.setattr(missed, "_tell", lambda found: None)
    board.may_be_missed(1)
    running = asyncio.create_task(missed.run())
    assert (await looked.get(), await looked.get()) == ({1}, {2})
    running.cancel()
