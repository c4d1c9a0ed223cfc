# SPDX-License-Identifier: GPL-2.0-or-later
"""What can be said from observations: of durations some of which were cut short, and of a mean from a few runs."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple

CONFIDENCE = 0.95


class Durations:
    """How long something takes, from observations of which some ended before it happened (censored).

    Kaplan and Meier's estimate. Beyond the last time it was seen to happen nothing is known: with `tail` it is taken to
    go on at the constant rate that leads from 0 to there (Brown, Hollander and Korwar 1974), without it never happens.
    """

    def __init__(self, happened: Iterable[float], censored: Iterable[float] = (), *, tail: bool = False) -> None:
        rows = sorted([(time, 0) for time in happened] + [(time, 1) for time in censored])
        self.happened = sum(not cut for _, cut in rows)
        self.total = len(rows)
        self.times: list[float] = []
        self.falls: list[float] = []  # 1 - S(t) at each of them: never falling
        left, survive, at = len(rows), 1.0, 0
        while at < len(rows):
            time, here = rows[at][0], at
            while at < len(rows) and rows[at][0] == time:
                at += 1
            if gone := sum(not cut for _, cut in rows[here:at]):
                survive *= 1 - gone / left
                self.times.append(time)
                self.falls.append(1 - survive)
            left -= at - here
        last, rest = (self.times[-1], 1 - self.falls[-1]) if self.times else (0.0, 1.0)
        self._rate = -math.log(rest) / last if tail and last > 0 and rest > 0 else 0.0

    def survives(self, time: float) -> float:
        """The share that takes longer than this."""
        at = bisect_left(self.times, time + 1e-9)
        if at == len(self.times) and self._rate:
            return math.exp(-self._rate * time)
        return 1 - self.falls[at - 1] if at else 1.0

    def draw(self, chance: Random, after: float = 0.0) -> float | None:
        """One of them, known to be longer than `after`; None when it does not happen as far as is known."""
        begins = 1 - self.survives(after) if after > 0 else 0.0
        fall = begins + (1 - begins) * chance.random()
        at = bisect_left(self.falls, fall)
        if at < len(self.times):
            return max(self.times[at], after)
        if not self._rate:
            return None
        return max(-math.log(max(1 - fall, 1e-300)) / self._rate, after)


class Mean(NamedTuple):
    """A mean over runs and the half of its 95 % confidence interval (Student); 0 when there was one run."""

    value: float
    half: float

    @classmethod
    def of(cls, runs: Sequence[float]) -> "Mean":
        count, value = len(runs), math.fsum(runs) / len(runs)
        if count < 2:
            return cls(value, 0.0)
        deviation = math.sqrt(math.fsum((run - value) ** 2 for run in runs) / (count - 1))
        return cls(value, student(count - 1) * deviation / math.sqrt(count))


def student(freedom: int, confidence: float = CONFIDENCE) -> float:
    """The two-sided quantile of Student's t for a whole number of degrees of freedom."""
    low, high = 0.0, 1000.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if _between(middle, freedom) < confidence else (low, middle)
    return high


def _between(t: float, freedom: int) -> float:
    """P(|T| < t), the finite series of Abramowitz and Stegun 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    square = math.cos(angle) ** 2
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for k in range(3 if odd else 2, freedom - 1, 2):
        term *= square * (k - 1) / k
        total += term
    return 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total


def quantile(ordered: Sequence[float], share: float) -> float:
    """The least of sorted values that so large a share does not exceed; 0 of none."""
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else 0.0
