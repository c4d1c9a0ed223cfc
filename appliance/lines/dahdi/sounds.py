# SPDX-License-Identifier: GPL-2.0-or-later
"""What an ear tells of the samples of a line, by number; _dahdi.c has the same list."""

from enum import IntEnum


class Heard(IntEnum):
    """BYTE: its value. DIGIT: the key's letter. TONE: its place among the tones listened for."""

    BYTE = 1
    GARBLED = 2
    CARRIER_LOST = 3
    DIGIT = 4
    TONE = 5


MU_LAW, A_LAW = 1, 2
BELL202, V23 = 0, 1
NO_BYTES = -1
