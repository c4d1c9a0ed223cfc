# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong PINs are counted, so that nobody finds one by trying all of them."""

import time
from collections import deque
from collections.abc import Callable

WRONG = 5  # tries of one mailbox, or by one telephone
WITHIN = 900.0  # seconds; then each is forgotten
MOST = 1000  # mailboxes and telephones remembered


class Locks:
    """A try counts as wrong until it is said to be right: several calls at once win nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tried: dict[str, deque[float]] = {}

    def may_try(self, *whose: str) -> bool:
        """Count a try by each of these; False, and not counted, when one of them had too many."""
        old = self._clock() - WITHIN
        for one in whose:
            tries = self._tried.setdefault(one, deque())
            while tries and tries[0] <= old:
                tries.popleft()
        if any(len(self._tried[one]) >= WRONG for one in whose):
            return False
        for one in whose:
            self._tried[one].append(self._clock())
        for idle in [one for one, tries in self._tried.items() if not tries or tries[-1] <= old]:
            del self._tried[idle]
        while len(self._tried) > MOST:
            del self._tried[next(iter(self._tried))]
        return True

    def right(self, *whose: str) -> None:
        """The last try was right, and is not held against them; those before it are."""
        for one in whose:
            if tries := self._tried.get(one):
                tries.pop()
