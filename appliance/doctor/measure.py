# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of one way through a line, from what was recorded at its end, and of what came back to its beginning."""

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from appliance.doctor import signal
from appliance.doctor.correlate import SLOW, Peak, correlations, first_whole, of_signal, peak
from appliance.doctor.signal import LEVELS, RATE

EARLIEST, LATEST = 0.002, 1.0  # s that the sweep, or its echo, is looked for after it was said
SQUEEZED = 2.0  # dB that the loudest step gains less than soft ones, and is clipped
SPOILT = -14.0  # dB of what is beside the tone in a step that is clipped
WINDOW = round(0.02 * RATE)
COSINE, SINE = ([turn(math.tau * signal.TONE * n / RATE) for n in range(WINDOW)] for turn in (math.cos, math.sin))
MISSING = 20.0  # dB below its level, in a window of sound that is lost


@dataclass(frozen=True, slots=True)
class Way:
    """One way through a line. None: not known, since nothing was heard, or there is none (echo)."""

    gain: float | None = None  # dB
    noise: float = signal.LOWEST  # dBm0, while nothing is said
    delay: float | None = None  # ms, from our side to our side
    clips: float | None = None  # dBm0 said, from where it is clipped
    lost: int = 0  # ms of sound that did not come
    echo_loss: float | None = None  # dB
    echo_delay: float | None = None  # ms


def way(heard: Sequence[int], timed: Sequence[int], back: Sequence[int]) -> Way:
    """heard: what came out at the other end; timed: the same with what was said in it; back: what came out where it was
    said, with what was said in it."""
    again, echoed = correlations(timed, back)
    echo, coming = _after(echoed), _after(again)
    echo_loss = round(-20 * math.log10(echo.gain), 1) if echo else None
    echo_delay = echo.at * 1000 / SLOW if echo else None
    found, _ = correlations(heard, ())
    sweep = peak(found)
    begins = sweep.at * RATE // SLOW if sweep else len(heard)
    noise = _noise(heard[: max(0, begins - RATE // 20)])
    if not sweep:
        return Way(noise=noise, echo_loss=echo_loss, echo_delay=echo_delay)
    steps = [_step(heard, begins, n) for n in range(len(LEVELS))]
    gains = [got - sent for (got, _), sent in zip(steps, LEVELS, strict=True)]
    gain = median(gains[:-1])
    return Way(
        gain=round(gain, 1),
        noise=round(noise, 1),
        delay=coming.at * 1000 / SLOW if coming else None,
        clips=_clips(steps, gains, gain),
        lost=_lost(heard, begins, gain),
        echo_loss=echo_loss,
        echo_delay=echo_delay,
    )


def _after(found: Sequence[float]) -> Peak | None:
    """Of a recording with what was said in it: the sweep that came later, counted from the one that was said."""
    said = first_whole(found)
    if said is None:
        return None
    own, begins = of_signal(), said - round(signal.QUIET * SLOW)
    first, last = said + round(EARLIEST * SLOW), min(said + round(LATEST * SLOW), len(found))
    rest = [found[at] - (own[at - begins] if 0 <= at - begins < len(own) else 0.0) for at in range(first, last)]
    later = peak(rest)
    return later and Peak(first + later.at - said, later.gain)


def _noise(samples: Sequence[int]) -> float:
    """The usual of it: what stutters shifts the sweep a little, whose beginning is no noise."""
    powers = [_power(samples[at : at + WINDOW]) for at in range(0, len(samples), WINDOW)]
    return signal.level(median(powers)) if powers else signal.LOWEST


def _power(samples: Sequence[int]) -> float:
    return sum(map(operator.mul, samples, samples)) / len(samples) if samples else 0.0


def _step(heard: Sequence[int], begins: int, which: int) -> tuple[float, float]:
    """dBm0 of the tone of a step, and dB of what is beside it, of all there is: in its best window, for gaps are told apart."""
    first = begins + round((signal.SWEEP + signal.GAP + (which + 0.2) * signal.STEP) * RATE)
    windows = [heard[at : at + WINDOW] for at in range(first, first + round(0.6 * signal.STEP * RATE), WINDOW)]
    return max((_tone(window) for window in windows if len(window) == WINDOW), default=(signal.LOWEST, 0.0))


def _tone(window: Sequence[int]) -> tuple[float, float]:
    real = sum(map(operator.mul, window, COSINE))
    imaginary = sum(map(operator.mul, window, SINE))
    tone, power = 2 * (real * real + imaginary * imaginary) / len(window) ** 2, _power(window)
    return signal.level(tone), 10 * math.log10(max(power - tone, power * 1e-9) / power) if power else 0.0


def _clips(steps: list[tuple[float, float]], gains: list[float], gain: float) -> float | None:
    """The least level that is clipped: it is no softer than the one before, but not as much louder as it was sent."""
    for n in range(1, len(LEVELS)):
        level, beside = steps[n]
        if gains[n] < gain - SQUEEZED and beside > SPOILT and level >= steps[n - 1][0]:
            return LEVELS[n]
    return None


def _lost(heard: Sequence[int], begins: int, gain: float) -> int:
    """ms of the sweep and the steps that did not come."""
    lost = 0
    spans = [(0.0, signal.SWEEP, signal.SWEEP_LEVEL)]
    spans += [(signal.SWEEP + signal.GAP + n * signal.STEP, signal.STEP, dbm0) for n, dbm0 in enumerate(LEVELS)]
    for after, lasts, sent in spans:
        first, last = (begins + round(at * RATE) for at in (after, after + lasts))
        for at in range(first + WINDOW, last - 2 * WINDOW, WINDOW):
            lost += signal.level(_power(heard[at : at + WINDOW])) < sent + gain - MISSING
    return lost * 1000 * WINDOW // RATE
