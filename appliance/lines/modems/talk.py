# SPDX-License-Identifier: GPL-2.0-or-later
"""One talk with a modem on an open port: the engine with a clock, a port, and callers that wait their turn."""

import asyncio
from collections.abc import Callable
from typing import Self

from appliance.lines.at.engine import TIMEOUT, Answer, Command, Engine, Heard, TooLong
from appliance.lines.at.facts import Fact
from appliance.lines.modems.port import Port

MISSES = 3  # times that a modem does not say OK to AT before it counts as silent


class Silent(Exception):
    """It does not answer any more. Theirs."""

    id = "modem-silent"


class Lost(Exception):
    """Its port is gone. Theirs."""

    id = "modem-lost"


class Talk:
    """ask() one at a time; facts go to `heard` as they come."""

    def __init__(self, path: str, baud: int, heard: Callable[[Fact], None]) -> None:
        self.path, self.baud, self.heard = path, baud, heard
        self.engine = Engine()
        self.turn = asyncio.Lock()
        self.answer: asyncio.Future[Answer] | None = None
        self.alarm: asyncio.TimerHandle | None = None
        self.gone = asyncio.Event()
        self.why = ""
        self.misses = MISSES

    async def __aenter__(self) -> Self:
        self.loop = asyncio.get_running_loop()
        self.port = Port(self.path, self.baud, self.feed, self.lost)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.alarm:
            self.alarm.cancel()
        self.port.close()
        self.gone.set()

    @property
    def now(self) -> int:
        """ms of the loop's clock."""
        return int(self.loop.time() * 1000)

    async def ask(self, command: Command) -> Answer:
        """The answer, also one that did not come in time. Silent when the modem then does not find back into step."""
        async with self.turn:
            await self.idle()
            if not self.engine.in_step:
                await self.find_step()
            answer = await self.exchange(lambda: self.engine.ask(command, self.now))
            if answer.result == TIMEOUT:
                await self.find_step()
            return answer

    async def find_step(self) -> None:
        """Several times what leaves a text prompt and any command that hangs."""
        for _ in range(self.misses):
            await self.idle()
            if (await self.exchange(lambda: self.engine.resync(self.now))).ok:
                return
        raise Silent(self.path)

    async def idle(self) -> None:
        """A command that was begun is heard to its end, even when nobody waits for the answer any more."""
        while self.engine.command and self.answer:
            await asyncio.shield(self.answer)

    async def exchange(self, start: Callable[[], None]) -> Answer:
        if self.gone.is_set():
            raise Lost(self.why)
        start()
        self.answer = self.loop.create_future()
        self.written()
        answer = await asyncio.shield(self.answer)
        if self.gone.is_set():
            raise Lost(self.why)
        return answer

    def feed(self, data: bytes) -> None:
        self.all(self.engine.feed(data, self.now))

    def late(self) -> None:
        self.all(self.engine.late(self.now))

    def lost(self, why: str) -> None:
        self.why = why
        self.gone.set()
        self.all(self.engine.lost())

    def all(self, heard: list[Heard]) -> None:
        for each in heard:
            if isinstance(each, Answer):
                if self.answer and not self.answer.done():
                    self.answer.set_result(each)
            elif not isinstance(each, TooLong):
                self.heard(each)
        self.written()

    def written(self) -> None:
        """Write what is to be written, and wake up when the engine wants it."""
        self.port.write(self.engine.take())
        if self.alarm:
            self.alarm.cancel()
        due = self.engine.deadline
        self.alarm = self.loop.call_later(max(0, due - self.now) / 1000 + 0.001, self.late) if due is not None else None
