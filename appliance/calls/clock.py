# SPDX-License-Identifier: GPL-2.0-or-later
"""Time for calls: UTC that no setting of the clock disturbs while a call is under way."""

import time


def now_ms() -> int:
    """UTC as the system has it, ms."""
    return time.time_ns() // 1_000_000


class Clock:
    """Counts on from UTC by the monotonic clock; set() takes UTC as the system has it by then."""

    def __init__(self) -> None:
        self.set()

    def set(self) -> None:
        self._offset = now_ms() - time.monotonic_ns() // 1_000_000

    def now(self) -> int:
        """ms UTC."""
        return time.monotonic_ns() // 1_000_000 + self._offset
