# SPDX-License-Identifier: GPL-2.0-or-later
"""Sounds of a telephone line, made: tones, noise, another level, another clock. Lists of samples from -1 to 1, 8 kHz."""

import math
import random

RATE = 8000
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"


def tone(ms: float, *hz: float, level: float = -10.0) -> list[float]:
    """level: dBm0 of each of them."""
    peak = 10 ** ((level - 3.14) / 20)
    return [sum(peak * math.sin(2 * math.pi * f * n / RATE) for f in hz) for n in range(round(ms * RATE / 1000))]


def key(digit: str, ms: float = 70, *, level: float = -10.0, off: float = 0.0) -> list[float]:
    """off: how much both frequencies are beside the right ones, as a share."""
    row, column = divmod(KEYS.index(digit), 4)
    return tone(ms, ROWS[row] * (1 + off), COLUMNS[column] * (1 + off), level=level)


def silence(ms: float) -> list[float]:
    return [0.0] * round(ms * RATE / 1000)


def noisy(samples: list[float], level: float, seed: int = 1) -> list[float]:
    """level: dBm0 of white noise put under it."""
    chance = random.Random(seed)
    deviation = 10 ** ((level - 3.14) / 20) / math.sqrt(2)
    return [sample + chance.gauss(0, deviation) for sample in samples]


def louder(samples: list[float], db: float) -> list[float]:
    return [sample * 10 ** (db / 20) for sample in samples]


def skewed(samples: list[float], ppm: float) -> list[float]:
    """As a clock hears it that is this much faster than the one that made it."""
    step = 1 - ppm / 1e6
    out = []
    for n in range(int((len(samples) - 1) / step)):
        at = n * step
        whole = int(at)
        out.append(samples[whole] + (samples[whole + 1] - samples[whole]) * (at - whole))
    return out


def mu_law(samples: list[float]) -> bytes:
    """By the definition: 8 segments of 16 steps each, in the logarithm to base 2 of the biased magnitude."""
    out = bytearray()
    for sample in samples:
        linear = max(-32124, min(32124, round(sample * 32124)))
        magnitude = abs(linear) + 132
        segment = max(0, magnitude.bit_length() - 8)
        code = segment << 4 | (magnitude >> (segment + 3)) & 15
        out.append(~(code | (0x80 if linear < 0 else 0)) & 0xFF)
    return bytes(out)


def linear(companded: bytes) -> list[float]:
    """mu-law back again."""
    out = []
    for byte in companded:
        code = ~byte & 0xFF
        magnitude = (((code & 15) << 3) + 132 << (code >> 4 & 7)) - 132
        out.append((-magnitude if code & 0x80 else magnitude) / 32124)
    return out
