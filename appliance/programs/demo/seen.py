# SPDX-License-Identifier: GPL-2.0-or-later
"""What has been seen of a process so far, in order, to be awaited."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")

LAST, TOLD = 15, 300  # things, and characters of each, that NotSeen repeats


class NotSeen(AssertionError):
    """Something awaited did not come in time; the message says what came instead."""


class Seen(Generic[Thing]):
    """Things told by `who`, oldest first; next() gives each of them to one asker only."""

    def __init__(self, who: str) -> None:
        self.who, self.all, self.ended = who, list[Thing](), ""
        self._open: list[Thing] = []
        self._news = asyncio.Event()

    def add(self, thing: Thing) -> None:
        self.all.append(thing)
        self._open.append(thing)
        self._news.set()

    def end(self, why: str) -> None:
        """Nothing more will come: nobody need wait."""
        self.ended = self.ended or why
        self._news.set()

    def skip(self) -> None:
        """What has come so far is no longer awaited by anybody."""
        self._open.clear()

    async def next(self, what: str, matches: Callable[[Thing], bool], within: float) -> Thing:
        """The oldest matching thing not taken yet, come or still to come. Raises NotSeen after so many seconds."""
        try:
            async with asyncio.timeout(within):
                while (index := next((n for n, thing in enumerate(self._open) if matches(thing)), None)) is None:
                    if self.ended:
                        break
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            index = None
        if index is None:
            ending = self.ended or f"within {within} s"
            last = "; ".join(str(thing)[:TOLD] for thing in self.all[-LAST:])
            raise NotSeen(f"{self.who}: no {what} ({ending}); seen: {last or 'nothing'}")
        return self._open.pop(index)
