# SPDX-License-Identifier: GPL-2.0-or-later
"""What ports tell, and what was shown: for programs that run in the guest."""

import asyncio
import time
from collections.abc import Callable

WITHIN = 60.0  # s; an emulated machine is slow


class Told:
    """What a driver told, in order; awaited one by one."""

    def __init__(self, who: str) -> None:
        self.who, self.queue = who, asyncio.Queue[object]()

    def told(self, what: object) -> None:
        print(f"{time.monotonic():.2f} {self.who}: {what}", flush=True)
        self.queue.put_nowait(what)

    async def next(self, wanted: object) -> None:
        got = await asyncio.wait_for(self.queue.get(), WITHIN)
        if got != wanted:
            raise AssertionError(f"{self.who}: {got} instead of {wanted}")

    async def until(self, wanted: Callable[[object], bool]) -> object:
        while not wanted(got := await asyncio.wait_for(self.queue.get(), WITHIN)):
            pass
        return got


def ok(what: str) -> None:
    print(f"ok: {what}", flush=True)
