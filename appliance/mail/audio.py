# SPDX-License-Identifier: GPL-2.0-or-later
"""A message small enough for an e-mail: a WAV file of G.711 µ-law, 8 KB a second, which every computer plays."""

from __future__ import annotations

import struct
import wave
from array import array
from collections.abc import Iterator
from functools import cache
from pathlib import Path

RATE = 8000
MU_LAW, BITS = 7, 8  # WAVE_FORMAT_MULAW
LONGEST = 1200  # seconds that are worth an e-mail: 10 MB, which servers take
BIAS, CLIP = 0x84, 32635  # ITU-T G.711


def small(path: Path) -> bytes:
    """The WAV file, mono and of 16 bits at 8 or 16 kHz, as one of µ-law. Raises OSError, ValueError."""
    try:
        with wave.open(str(path)) as file:
            channels, width, rate, frames, *_ = file.getparams()
            if (channels, width) != (1, 2) or rate not in (RATE, 2 * RATE):
                raise ValueError(f"{path} has {channels} channels of {8 * width} bits at {rate} Hz")
            if frames > LONGEST * rate:
                raise ValueError(f"{path} is longer than {LONGEST} seconds")
            data = b"".join(_encoded(file, rate))
    except (wave.Error, EOFError) as fault:
        raise ValueError(f"{path} is no WAV file: {fault}") from None
    form = struct.pack("<HHIIHHH", MU_LAW, 1, RATE, RATE, 1, BITS, 0)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"fact" + struct.pack("<II", 4, len(data))
    chunks += b"data" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _encoded(file: wave.Wave_read, rate: int) -> Iterator[bytes]:
    """Its samples as µ-law at 8 kHz, a second at a time: an hour at once would not fit into a small box."""
    table, before = _table(), 0
    while piece := array("h", file.readframes(rate)):
        if rate == 2 * RATE:
            before, piece = piece[-1], _halved(before, piece)
        yield bytes(table[(sample + 32768) >> 2] for sample in piece)


def _halved(before: int, samples: array[int]) -> array[int]:
    """Every other sample, each with a half of its neighbours: what is above 4 kHz would come back as noise."""
    middle, right = samples[::2], samples[1::2]
    left = array("h", [before]) + right[: len(middle) - 1]
    return array("h", [(a + 2 * b + c) >> 2 for a, b, c in zip(left, middle, right, strict=False)])


@cache
def _table() -> bytes:
    """µ-law of each sample, by its upper 14 bits."""
    return bytes(_mu_law((index << 2) - 32768) for index in range(1 << 14))


def _mu_law(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    size = min(abs(sample), CLIP) + BIAS
    exponent = size.bit_length() - 8
    return ~(sign | exponent << 4 | size >> (exponent + 3) & 0x0F) & 0xFF
