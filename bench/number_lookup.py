# SPDX-License-Identifier: GPL-2.0-or-later
"""Look-up of a number among 1,000,000, against a Python dict and marisa-trie in the same run; see number_lookup.md."""

import random
import struct
import sys
import time
import zlib
from collections.abc import Callable

from testbed import others
from testbed.table import tell, wants_writing

from appliance.core import number_lookup
from appliance.settings.callers import table

others.on_path()

import marisa_trie  # noqa: E402

NUMBERS = 1_000_000
TIMES = 3  # each of them is asked
NONE = 0xFFFFFFFF


def plan(numbers: bytes, records: list[int], lists: int) -> bytes:
    """A plan of callers alone."""
    callers = b"".join(struct.pack("<QII", bits, NONE, 0) for bits in records)
    sections = [
        (b"NUMB", numbers, 12),
        (b"CALR", callers, 16),
        (b"LIST", b"".join(struct.pack("<II", bit + 1, NONE) for bit in range(lists)), 8),
    ]
    at, entries, body = 32 + 16 * len(sections), b"", b""
    for tag, rows, size in sections:
        entries += struct.pack("<4sIII", tag, at + len(body), len(rows) // size, size)
        body += rows + bytes(-len(rows) % 8)
    after = entries + body
    return struct.pack("<4sHHIII12x", b"LKPL", 2, len(sections), 32 + len(after), zlib.crc32(after), 1) + after


def best(run: Callable[[], object], times: int = 5) -> float:
    """Seconds of the fastest run."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        took.append(time.perf_counter() - start)
    return min(took)


def main() -> None:
    write = wants_writing("Look-up of a number among a million, against a dict and marisa-trie.")
    chance = random.Random(1)
    known = [f"370{number:08}" for number in chance.sample(range(10**8), NUMBERS)]
    prefixes = {"37160": 2, "4477009": 2, "1555": 2, "3716": 2}
    numbers, callers = table(dict.fromkeys(known, 1), {})
    with_prefixes, callers_too = table(dict.fromkeys(known, 1), prefixes)
    exact, mixed = plan(numbers, callers, 2), plan(with_prefixes, callers_too, 2)
    found = chance.sample(known, NUMBERS)
    others_there = (f"370{number:08}" for number in chance.sample(range(10**8), NUMBERS + NUMBERS // 10))
    on_it = set(known)
    missing = [number for number in others_there if number not in on_it][:NUMBERS]
    repeated = found[:1000] * (NUMBERS // 1000)
    as_dict = dict.fromkeys(known, 1)
    as_trie = marisa_trie.Trie(known)

    def new(asked: list[str]) -> list[str]:
        """Strings as from a line: side by side in memory, their hash not known yet."""
        return [number[:1] + number[1:] for number in asked]

    def core(bytes_: bytes, asked: list[str]) -> float:
        """ns each; checking the plan, which comes with every call of number_lookup, taken off."""
        many = new(asked) * TIMES
        return (best(lambda: number_lookup(bytes_, many)) - best(lambda: number_lookup(bytes_, []))) / len(many) * 1e9

    def python(of: dict[str, int] | marisa_trie.Trie, asked: list[str]) -> float:
        took = []
        for _ in range(TIMES):
            fresh, get = new(asked), of.get
            start = time.perf_counter()
            for number in fresh:
                get(number, -1)
            took.append(time.perf_counter() - start)
        return min(took) / len(asked) * 1e9

    rows: list[tuple[str, ...]] = [("numbers asked", "core ns", "core with prefixes ns", "dict ns", "marisa-trie ns")]
    for name, asked in (("on the list, any", found), ("not on the list", missing), ("the same 1,000 again", repeated)):
        rows.append(
            (
                name,
                *(
                    f"{ns:.0f}"
                    for ns in (core(exact, asked), core(mixed, asked), python(as_dict, asked), python(as_trie, asked))
                ),
            )
        )
    size = (len(numbers) + 16 * len(callers)) / NUMBERS
    of_dict = (sys.getsizeof(as_dict) + sum(-(-sys.getsizeof(number) // 16) * 16 for number in known)) / NUMBERS
    check = best(lambda: number_lookup(exact, [])) * 1000
    of_trie = len(as_trie.tobytes()) / NUMBERS
    notes = [
        f"Bytes a number: core {size:.1f}, dict with its strings {of_dict:.1f}, marisa-trie {of_trie:.1f}.",
        f"Checking the plan of {len(exact) / 1e6:.0f} MB once, when it is loaded: {check:.0f} ms.",
    ]
    tell(rows, write=write, notes=notes)


if __name__ == "__main__":
    main()
