# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a known sweep stands in a recording, and how loud: correlation by the Fourier transform, at 4,000 samples a second."""

import cmath
import math
from collections.abc import Sequence
from functools import cache
from itertools import zip_longest
from typing import NamedTuple

from appliance.doctor.signal import RATE, samples, sweep

EACH = 4  # samples made one
SLOW = RATE // EACH
SIZE = 8192  # samples of a recording that are looked at, two seconds: a power of two
FOUND = 7.0  # times the height of all the rest
FAINTEST = 0.003  # gain; -50 dB
WHOLE = 0.8  # gain of what was recorded as it was sent
BESIDE = round(0.004 * SLOW)  # samples around a peak that belong to it


class Peak(NamedTuple):
    """at: sample of the slow recording; gain: of the sweep there, 1 is as it was sent."""

    at: int
    gain: float


def slowed(recorded: Sequence[float]) -> list[float]:
    """Means of four samples each; the sweep is below 2 kHz."""
    whole = len(recorded) // EACH * EACH
    return [sum(recorded[at : at + EACH]) / EACH for at in range(0, whole, EACH)]


SWEEP = slowed(sweep())
_POWER = sum(one * one for one in SWEEP)


def correlations(one: Sequence[float], other: Sequence[float]) -> tuple[list[float], list[float]]:
    """Of two recordings at once: by the place of its beginning, the gain of a sweep that stands there."""
    crossed = _crossed([complex(a, b) for a, b in zip_longest(slowed(one), slowed(other), fillvalue=0.0)])
    return [each.real for each in crossed], [each.imag for each in crossed]


@cache
def of_signal() -> list[float]:
    """The same of the signal as it is sent, from its own beginning."""
    return [each.real for each in _crossed(slowed(samples()))]


def _crossed(slow: Sequence[complex]) -> list[complex]:
    products = [a * b for a, b in zip(_transform(_filled(slow)), _wanted(), strict=True)]
    back = _transform([each.conjugate() for each in products])  # the inverse, but for a conjugate and the size
    return [each.conjugate() / (SIZE * _POWER) for each in back[: SIZE - len(SWEEP)]]


@cache
def _wanted() -> list[complex]:
    return [each.conjugate() for each in _transform(_filled(SWEEP))]


def _filled(slow: Sequence[complex]) -> list[complex]:
    return [*slow[:SIZE], *[0.0] * (SIZE - len(slow))]


def peak(found: Sequence[float], first: int = 0, last: int | None = None) -> Peak | None:
    """The highest between two places, if it stands out among them."""
    part = [abs(one) for one in found[first:last]]
    if not part:
        return None
    at = max(range(len(part)), key=part.__getitem__)
    rest = part[: max(0, at - BESIDE)] + part[at + BESIDE + 1 :]
    floor = math.sqrt(sum(one * one for one in rest) / len(rest)) if rest else 0.0
    return Peak(first + at, part[at]) if part[at] > max(FOUND * floor, FAINTEST) else None


def first_whole(found: Sequence[float]) -> int | None:
    """Where the first sweep stands that is as loud as it was sent."""
    at = next((at for at, gain in enumerate(found) if gain > WHOLE), None)
    return None if at is None else max(range(at, min(at + BESIDE, len(found))), key=found.__getitem__)


def _transform(values: Sequence[complex]) -> list[complex]:
    """The discrete Fourier transform of 2^n values."""
    if len(values) == 1:
        return list(values)
    even, odd = _transform(values[::2]), _transform(values[1::2])
    odd = [by * each for by, each in zip(_turns(len(values)), odd, strict=True)]
    return [a + b for a, b in zip(even, odd, strict=True)] + [a - b for a, b in zip(even, odd, strict=True)]


@cache
def _turns(size: int) -> list[complex]:
    return [cmath.exp(-1j * math.tau * n / size) for n in range(size // 2)]
