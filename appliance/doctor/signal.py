# SPDX-License-Identifier: GPL-2.0-or-later
"""The signal that is sent through a line: silence, a sweep for delay and echo, a tone at rising levels. The same each time."""

import math
import wave
from array import array
from pathlib import Path

RATE = 16000  # samples a second, as the bridge: what a player says is recorded sample for sample
FULL = 3.14  # dBm0 of a sine that fills the 16 bits (G.711)
LOWEST = -90.0  # dBm0, and what silence is given as

QUIET, GAP, TAIL = 0.4, 0.1, 1.0  # s; TAIL: until the last of it has come back by a slow line
SWEEP, SWEEP_FROM, SWEEP_TO, SWEEP_LEVEL = 0.5, 300.0, 1500.0, -13.0  # s, Hz, Hz, dBm0
TONE = 1800.0  # Hz; beside the sweep, the keys, and what networks listen for (2010, 2100, 2600)
LEVELS = (-30.0, -20.0, -10.0, -3.0)  # dBm0; people speak loudest at the last
STEP = 0.25  # s of each
FADE = 0.01  # s
LASTS = QUIET + SWEEP + GAP + STEP * len(LEVELS) + TAIL


def amplitude(dbm0: float) -> float:
    """The peak of a sine."""
    return float(32767 * 10 ** ((dbm0 - FULL) / 20))


def level(power: float) -> float:
    """dBm0 of a mean square."""
    return max(LOWEST, 10 * math.log10(2 * power / 32767**2) + FULL) if power > 0 else LOWEST


def sweep(rate: int = RATE) -> list[float]:
    count, grows = round(SWEEP * rate), (SWEEP_TO - SWEEP_FROM) / SWEEP
    peak, fade = amplitude(SWEEP_LEVEL), FADE * rate
    turns = (SWEEP_FROM * t + grows * t * t / 2 for t in (n / rate for n in range(count)))
    return [peak * min(1.0, n / fade, (count - n) / fade) * math.sin(math.tau * at) for n, at in enumerate(turns)]


def samples() -> "array[int]":
    """All of it."""
    said = [0.0] * round(QUIET * RATE) + sweep() + [0.0] * round(GAP * RATE)
    for dbm0 in LEVELS:
        said += [amplitude(dbm0) * math.sin(math.tau * TONE * n / RATE) for n in range(round(STEP * RATE))]
    return array("h", map(round, said + [0.0] * round(TAIL * RATE)))


def silence() -> "array[int]":
    return array("h", bytes(2 * RATE))


def write(path: Path, samples: "array[int]") -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())


def read(path: Path) -> "array[int]":
    """Of a recording. OSError, EOFError, wave.Error when it is none."""
    with wave.open(str(path), "rb") as file:
        if file.getparams()[:3] != (1, 2, RATE):
            raise wave.Error(f"{path}: {file.getparams()}")
        return array("h", file.readframes(file.getnframes()))
