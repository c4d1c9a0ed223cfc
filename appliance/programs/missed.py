# SPDX-License-Identifier: GPL-2.0-or-later
"""The switch keeps count of missed callers who are still to be called back, and tells it on the control socket."""

import asyncio
import logging
import time

from appliance.calls.clock import now_ms
from appliance.calls.control import CallControl
from appliance.control import missed as told
from appliance.control.board import Board
from appliance.control.server import Server
from appliance.store.journal import Journal
from appliance.store.missed import KEPT, Missed, MissedBook
from appliance.store.reader import Reader, Unreadable

log = logging.getLogger("switch")

LISTED = 100  # callers told
LOOK_EVERY = 60.0  # seconds; time alone makes one overdue
REST = 20  # times as long as a look took is rested after it, and a second at least


class MissedCallers:
    """now: what was told last. run() goes on until it is cancelled."""

    def __init__(self, control: CallControl, journal: Journal, board: Board, server: Server, reader: Reader) -> None:
        self._control, self._journal, self._server, self._book = control, journal, server, MissedBook(reader)
        self.now = told.Missed()
        self._changed = asyncio.Event()
        self._ended: set[int] = set()  # calls, since the last look
        board.may_be_missed = self._note

    def _note(self, call: int) -> None:
        """call: one that ended; 0 for a message."""
        self._ended |= {call} if call else set()
        self._changed.set()

    async def run(self) -> None:
        while True:
            began = time.monotonic()
            ended, self._ended = self._ended, set()  # first: what ends from here on is not written down yet
            if self._changed.is_set():
                self._changed.clear()
                await self._journal.durable()  # what ended is written down
            try:
                found = await asyncio.to_thread(self._book.look, now_ms() - KEPT, ended)
            except (Unreadable, OSError) as fault:
                self._ended |= ended
                log.error("who was missed is not known: %s", fault)
            else:
                self._tell(found)
            await asyncio.sleep(max(1.0, REST * (time.monotonic() - began)))
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._changed.wait()
            except TimeoutError:
                pass  # look all the same

    def _tell(self, found: list[Missed]) -> None:
        late = now_ms() - self._control.rules.settings.office.call_back_within * 60_000
        callers = tuple(told.MissedCaller(**one._asdict()) for one in found[:LISTED])
        now = told.Missed(open=len(found), overdue=sum(one.since <= late for one in found), callers=callers)
        if now != self.now:
            self.now = now
            self._server.tell(told.MissedChanged, missed=now)
