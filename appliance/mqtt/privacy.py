# SPDX-License-Identifier: GPL-2.0-or-later
"""How telephone numbers are told to others: in full, by their end, or as a word of their own. Pure."""

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Literal

Level = Literal["full", "last-four", "hash"]
Tell = Callable[[str], str]

WORD = 16  # hexadecimal digits of a number's word: 64 bits, two callers in a million meet once in 30 million offices
DIGITS = 4  # told of a number at last-four; one as short as an extension is told whole
_NUMBER = re.compile(r"\+?[0-9(][0-9 ().\-/]{4,}")  # what in a name may be a number: callers' displays say such things


def numbers(level: Level, key: bytes) -> Tell:
    """What is told of a number; "" stays "". The key matters for hash alone: without it a number cannot be guessed back."""

    def last_four(number: str) -> str:
        return number if len(number) <= DIGITS else "…" + number[-DIGITS:]

    def word(number: str) -> str:
        return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()[:WORD] if number else ""

    tells: dict[Level, Tell] = {"full": str, "last-four": last_four, "hash": word}
    return tells[level]


def names(level: Level) -> Tell:
    """What is told of a name: numbers in it are left out unless numbers are told in full."""
    return str if level == "full" else lambda name: _NUMBER.sub("…", name)
