# SPDX-License-Identifier: GPL-2.0-or-later
"""How often programs may ask: so often a second each, more for a moment; strangers with wrong tokens less."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

EACH_SECOND, AT_ONCE = 20.0, 100.0  # requests of a token
WRONG_EACH_SECOND, WRONG_AT_ONCE = 0.2, 20.0  # wrong tokens from an address
REMEMBERED = 2048  # tokens, addresses


class Buckets:
    """A bucket for each key: `rate` drops a second run in, `size` fit."""

    def __init__(self, rate: float, size: float, clock: Callable[[], float]) -> None:
        self._rate, self._size, self._clock = rate, size, clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # drops, when

    def wait(self, key: Hashable) -> float:
        """Seconds until there is a drop; 0: now."""
        return max(0.0, (1.0 - self._now(key)) / self._rate)

    def take(self, key: Hashable) -> None:
        left = self._now(key) - 1.0
        self._left.pop(key, None)
        self._left[key] = (max(left, -1.0), self._clock())
        while len(self._left) > REMEMBERED:
            self._left.popitem(last=False)

    def _now(self, key: Hashable) -> float:
        left, at = self._left.get(key, (self._size, 0.0))
        return min(self._size, left + (self._clock() - at) * self._rate)


class Pace:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._tokens = Buckets(EACH_SECOND, AT_ONCE, clock)
        self._wrong = Buckets(WRONG_EACH_SECOND, WRONG_AT_ONCE, clock)

    def token(self, id: int) -> float:
        """Seconds this token must wait; 0: it is counted, and may."""
        if (wait := self._tokens.wait(id)) <= 0:
            self._tokens.take(id)
        return wait

    def strangers(self, address: str) -> float:
        """Seconds an address must wait that showed too many wrong tokens."""
        return self._wrong.wait(address)

    def wrong(self, address: str) -> None:
        self._wrong.take(address)
