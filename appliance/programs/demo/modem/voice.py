# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is heard through a modem: the tty of its sound, 16 bits at 8 kHz, with somebody behind it who says something.

A thread keeps its clock, since a modem does not wait for our loop.
"""

import contextlib
import os
import threading
import time
import tty
from array import array
from collections.abc import Sequence
from types import TracebackType
from typing import Self

RATE = 8000  # samples a second
HELD_UP = 0.06  # s


class Voice:
    """`with Voice(says) as far`: runs until it is left. path: the tty."""

    def __init__(self, says: Sequence[int], ppm: float = 0.0, burst: float = 0.02) -> None:
        """says: samples, over and over; longer than a burst, which is given at once. ppm: its clock is off ours."""
        self.says, self._length = array("h", says) + array("h", says), len(says)
        self.ppm, self.burst = ppm, burst
        self.heard = array("h")
        self.quiet = False  # gives nothing
        self.deaf = False  # takes nothing
        self.given = 0  # samples
        self.held_up = 0  # times that it came more than 60 ms late itself
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

    def _run(self) -> None:
        due = time.monotonic()
        while not self._over.wait(max(0.0, due - time.monotonic())):
            self.held_up += time.monotonic() - due > HELD_UP
            due += self.burst / (1 + self.ppm / 1e6)
            self._give(round(self.burst * RATE))
            self._take(round(self.burst * RATE))

    def _give(self, count: int) -> None:
        if not self.quiet:
            with contextlib.suppress(BlockingIOError):  # nobody listens
                os.write(self._gives, self._said(count).tobytes())

    def _said(self, count: int) -> "array[int]":
        """What comes next; silence from one who is quiet."""
        at = self.given % self._length
        self.given += count
        return array("h", bytes(2 * count)) if self.quiet else self.says[at : at + count]

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
