# SPDX-License-Identifier: GPL-2.0-or-later
"""The tty of a modem's sound, and the far end behind it: says a tone, presses keys, writes down what it hears.

It has a clock of its own, `ppm` off ours, and gives 20 ms at once (`burst`). A thread keeps it, since a modem does not wait
for our loop.
"""

import asyncio
import os
import threading
import time
import tty
from array import array
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from appliance.sip._sip import Endpoint
from tests.telephones import tone

RATE = 8000  # samples a second
HELD_UP = 0.06  # s
KEYS = {
    key: (row, column)
    for row, line in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for column, key in zip((1209, 1336, 1477, 1633), line, strict=True)
}


class FarEnd:
    """`with FarEnd(...) as far`: runs until it is left. path: the tty."""

    def __init__(self, says: Sequence[int], ppm: float = 0.0, burst: float = 0.02) -> None:
        """says: samples, over and over; longer than a burst."""
        self.says, self._length = array("h", says) + array("h", says), len(says)
        self.ppm, self.burst = ppm, burst
        self.heard = array("h")
        self.quiet = False  # gives nothing
        self.deaf = False  # takes nothing
        self.given = 0  # samples
        self.held_up = 0  # times that it came more than 60 ms late itself
        self._pressing = array("h")
        self._half = b""
        self._over = threading.Event()
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self.slave)
        self._gives = self._takes = self.master
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.unplug()

    def unplug(self) -> None:
        if not self._over.is_set():
            self._over.set()
            self._thread.join()
            os.close(self.slave)
            os.close(self.master)

    def carries(self, sip: Endpoint, leg: int) -> None:
        """It is the sound of a leg from now on."""
        sip.line_sound(leg, self.slave)

    def press(self, keys: str, seconds: float = 0.1) -> None:
        """In the sound, with a gap of as long after each."""
        for key in keys:
            row, column = (tone.samples(hz, seconds, RATE, 0.2) for hz in KEYS[key])
            self._pressing += array("h", map(sum, zip(row, column, strict=True))) + array("h", bytes(2 * len(row)))

    def heard_tone(self, hz: float, since: int = 0, until: int | None = None) -> float:
        """Seconds of it in what was heard, from a sample on, up to another."""
        part, size = self.heard[since:until], round(tone.WINDOW * RATE)
        windows = (part[at : at + size] for at in range(0, len(part) - size + 1, size))
        return tone.WINDOW * sum(tone.purity(window, hz, RATE) >= tone.PURITY for window in windows)

    async def hears(self, hz: float, seconds: float = 0.5) -> None:
        """Until so much of a tone was heard, from now on."""
        since, heard = len(self.heard), 0.0
        async with asyncio.timeout(30):
            while heard < seconds:
                await asyncio.sleep(0.1)
                now = len(self.heard)
                heard += self.heard_tone(hz, since, now)
                since = now

    def _run(self) -> None:
        due = time.monotonic()
        while not self._over.wait(max(0.0, due - time.monotonic())):
            self.held_up += time.monotonic() - due > HELD_UP
            due += self.burst / (1 + self.ppm / 1e6)
            self._give(round(self.burst * RATE))
            self._take(round(self.burst * RATE))

    def _give(self, count: int) -> None:
        if self.quiet:
            return
        at = self.given % self._length
        said = self.says[at : at + count]
        if pressed := self._pressing[:count]:
            del self._pressing[: len(pressed)]
            said[: len(pressed)] = pressed
        self.given += count
        try:
            os.write(self._gives, said.tobytes())
        except BlockingIOError:
            pass  # nobody listens

    def _take(self, _count: int) -> None:
        """What is there: a tty's is the modem's at once."""
        self._hear(65536)

    def _hear(self, size: int) -> None:
        try:
            data = self._half + (b"" if self.deaf else os.read(self._takes, size))
        except (BlockingIOError, OSError):
            return
        whole = len(data) // 2 * 2
        self._half = data[whole:]
        self.heard.frombytes(data[:whole])
