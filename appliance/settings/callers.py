# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of callers in a plan: number or beginning of one -> the caller lists it is on."""

import re
import sys
from array import array
from collections.abc import Mapping
from pathlib import Path

from appliance.settings.documents import decode, refused
from appliance.settings.faults import MOST, Fault, SettingsFaults
from appliance.settings.sentence import Sentence
from appliance.settings.words import seen

SPREAD = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: neighbours land far apart
PREFIX = 1 << 63
LARGEST = 64 << 20  # bytes of a numbers file
NUMBERS = 1_000_000  # in one

TWICE = Sentence(
    "this line repeats a number; accepted: `+37060000001` or `+37060000001,Name`, each number once, characters that are seen"
)
NO_NUMBER = Sentence(
    "this line is not accepted; accepted: `+37060000001` or `+37060000001,Name`, each number once, characters that are seen"
)

_LINE = re.compile(r"(\+[0-9]{4,15})(?:[,;](.{0,64}))?")
_NIBBLES = str.maketrans("0123456789", "123456789a")


def read_numbers(path: Path) -> dict[str, str]:
    """The numbers of a file, each with its name or "". Raises SettingsFaults, OSError."""
    with path.open("rb") as stream:
        text = decode(stream.read(LARGEST + 1), path.name, LARGEST)
    numbers: dict[str, str] = {}
    faults: list[Fault] = []
    for count, line in enumerate(text.split("\n"), start=1):
        line = line.rstrip()
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None or not seen(line) or found[1] in numbers:
            known = found is not None and found[1] in numbers
            kind, what = ("given-twice", TWICE) if known else ("bad-number", NO_NUMBER)
            faults.append(Fault(kind, path.name, count, 1, "", what))
            if len(faults) == MOST:
                break
        else:
            numbers[found[1]] = found[2] or ""
    if faults:
        raise SettingsFaults(faults)
    if len(numbers) > NUMBERS:
        raise refused("too-large", path.name, Sentence("has {} numbers; accepted: at most {}", len(numbers), NUMBERS))
    return numbers


def key(number: str, *, prefix: bool = False) -> int:
    """1 to 15 digits as the table holds them."""
    return int(number.translate(_NIBBLES), 16) | (PREFIX if prefix else 0)


def table(exact: Mapping[str, int], prefixes: Mapping[str, int]) -> tuple[bytes, list[int]]:
    """Section NUMB for digits -> bits of caller lists, and the bits of each caller record it names.

    A number is also on the lists of every prefix it begins with, as the core stops at the longest match.
    """
    records: dict[int, int] = {}  # bits of lists: index of the caller record
    entries: dict[int, int] = {}
    lengths = sorted({len(each) for each in prefixes})
    for number, bits in exact.items():
        if lengths:
            bits |= _covering(number, prefixes, lengths)
        entries[key(number)] = records.setdefault(bits, len(records))
    for each in prefixes:
        bits = _covering(each, prefixes, lengths)
        entries[key(each, prefix=True)] = records.setdefault(bits, len(records))
    return _slots(entries), list(records)


def _covering(number: str, prefixes: Mapping[str, int], lengths: list[int]) -> int:
    bits = 0
    for length in lengths:
        if length > len(number):
            break
        bits |= prefixes.get(number[:length], 0)
    return bits


def _slots(entries: Mapping[int, int]) -> bytes:
    """Open addressing with linear probing, nearly half of the slots free: 22.5 bytes for each number."""
    count = len(entries) * 15 // 8 + 1 if entries else 0
    keys, values = array("Q", bytes(8 * count)), array("I", bytes(4 * count))
    for entry, value in entries.items():
        at = ((entry * SPREAD >> 32 & 0xFFFFFFFF) * count) >> 32
        while keys[at]:
            at = at + 1 if at + 1 < count else 0
        keys[at], values[at] = entry, value
    halves, words = array("I", keys.tobytes()), array("I", bytes(12 * count))
    low, high = (0, 1) if sys.byteorder == "little" else (1, 0)
    words[0::3], words[1::3], words[2::3] = halves[low::2], halves[high::2], values
    if sys.byteorder == "big":
        words.byteswap()
    return words.tobytes()
