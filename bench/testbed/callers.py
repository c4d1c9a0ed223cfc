# SPDX-License-Identifier: GPL-2.0-or-later
"""Callers on a line and the telephones that answer them, with their sound."""

import asyncio
from collections.abc import Callable

from testbed.audio import Audio
from testbed.sip import OPUS, Dialog, Telephone

RATE = 50.0  # calls a second
RINGS = 0.1  # seconds


class Callers:
    """So many calls a second to `called`, told the how-manieth it is; each is answered after RINGS, and ended by either
    side in turn `talk` seconds later: never by itself, if that is 0."""

    def __init__(
        self,
        line: Telephone,
        desks: Telephone,
        sound: Audio | None,
        *,
        talk: float = 0.4,
        rate: float = RATE,
        called: Callable[[int], str] = lambda number: "100",
    ) -> None:
        self.line, self.desks, self._sound = line, desks, sound
        self._talk, self._rate, self._called = talk, rate, called
        self.over = self.answered = 0
        self.refused: list[int] = []  # SIP status
        self.pairs: list[tuple[Dialog, Dialog]] = []  # caller and telephone, as they were connected
        self._lines: dict[str, Dialog] = {}  # by caller
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        line.heard.up, line.heard.over = self._speaks, self._ended
        desks.heard.invited, desks.heard.up, desks.heard.over = self._rings, self._talks, self._hushed

    async def run(self, calls: int) -> None:
        """Raises TimeoutError when not all are over in time."""
        await self._start(calls)
        await self._until(lambda: self.over >= calls and not self.desks.dialogs)

    async def up(self, calls: int) -> None:
        """So many calls are talking. Raises TimeoutError."""
        await self._start(calls)
        await self._until(lambda: self.answered >= calls)

    async def all_over(self) -> None:
        """The line hangs up. Raises TimeoutError."""
        for dialog in list(self.line.dialogs.values()):
            self.line.hang_up(dialog)
        await self._until(lambda: not self.line.dialogs and not self.desks.dialogs)

    async def _start(self, calls: int) -> None:
        due = self._loop.time()
        for number in range(calls):
            caller = f"+447700900{number % 1000:03}"
            self._lines[caller] = self.line.call(caller, self._called(number))
            due += 1 / self._rate
            await asyncio.sleep(due - self._loop.time())

    async def _until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not true():
                self._news.clear()
                await self._news.wait()

    def _rings(self, dialog: Dialog) -> None:
        self.desks.ring(dialog)
        self._loop.call_later(RINGS, self._answer, dialog)

    def _answer(self, dialog: Dialog) -> None:
        if dialog.call_id in self.desks.dialogs:
            self.desks.answer(dialog)

    def _talks(self, dialog: Dialog) -> None:
        self.answered += 1
        self.pairs.append((self._lines[dialog.caller], dialog))
        self._speaks(dialog)
        if self._talk:
            self._loop.call_later(self._talk, self._hang_up, dialog, self.answered % 2 == 0)
        self._news.set()

    def _hang_up(self, desk: Dialog, by_caller: bool) -> None:
        caller = self._lines[desk.caller]
        if by_caller and caller.call_id in self.line.dialogs:
            self.line.hang_up(caller)
        elif not by_caller and desk.call_id in self.desks.dialogs:
            self.desks.hang_up(desk)

    def _speaks(self, dialog: Dialog) -> None:
        if self._sound and dialog.rtp:
            of = self.desks if dialog.invite else self.line
            self._sound.speak(dialog.rtp, dialog.kind, opus=of.codec == OPUS)

    def _ended(self, dialog: Dialog, status: int) -> None:
        self.over += 1
        if status:
            self.refused.append(status)
        self._hushed(dialog, status)

    def _hushed(self, dialog: Dialog, status: int) -> None:
        if self._sound and dialog.rtp:
            self._sound.hush(dialog.rtp)
        self._news.set()
