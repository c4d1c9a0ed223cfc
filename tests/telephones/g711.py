# SPDX-License-Identifier: GPL-2.0-or-later
"""ITU-T G.711 A-law, as tables: bytes on the wire to 16-bit samples and back."""

from __future__ import annotations

from array import array

import numpy as np


def _decoded(code: int) -> int:
    """The 16-bit sample one A-law byte stands for (G.711 table 1a)."""
    code ^= 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    size = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return size if code & 0x80 else -size


DECODED = array("h", map(_decoded, range(256)))
_NEAREST = sorted((value, code) for code, value in enumerate(DECODED))


def _encoded() -> bytes:
    """For every 16-bit sample (offset by 32768) the code whose value is nearest."""
    table, at = bytearray(65536), 0
    for sample in range(-32768, 32768):
        while at < 255 and abs(_NEAREST[at + 1][0] - sample) <= abs(_NEAREST[at][0] - sample):
            at += 1
        table[sample + 32768] = _NEAREST[at][1]
    return bytes(table)


ENCODED = _encoded()
_SAMPLES, _CODES = np.array(DECODED, np.int16), np.frombuffer(ENCODED, np.uint8)


def encode(pcm: array[int]) -> bytes:
    """A-law bytes of 16-bit samples."""
    return _CODES[np.array(pcm, np.int32) + 32768].tobytes()


def decode(data: bytes) -> array[int]:
    """16-bit samples of A-law bytes."""
    return array("h", _SAMPLES[np.frombuffer(data, np.uint8)].tobytes())
