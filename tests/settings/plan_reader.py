# SPDX-License-Identifier: GPL-2.0-or-later
"""A plain reader of plans, written from plan_format.md apart from the compiler: what the core would make of one."""

import struct
import zlib
from dataclasses import dataclass
from typing import Any

NONE = 0xFFFFFFFF
SIZES = {
    "LINE": ("<IIBB", 16),
    "PRSN": ("<III", 16),
    "MEMB": ("<I", 4),
    "QUEU": ("<IBBxxIIIIIIII", 48),
    "CHST": ("<III", 16),
    "CHAN": ("<III", 12),
    "OPEN": ("<qq", 16),
    "HOUR": ("<III", 12),
    "STEP": ("<IHHIII", 20),
    "DIAL": ("<II32s", 40),
    "CALR": ("<Q", 16),
    "NUMB": ("<QI", 12),
    "LIST": ("<I", 4),
    "ACTN": ("<IIQB", 24),
}


@dataclass
class Plan:
    calls_max: int
    sections: dict[str, list[tuple[Any, ...]]]

    def __getitem__(self, tag: str) -> list[tuple[Any, ...]]:
        return self.sections[tag]

    def dial(self, line: int, number: str) -> int:
        """The step a called number leads to from a line: exact, then the longest prefix, then the line's first."""
        rows = {row[2].rstrip(b"\0").decode(): row[1] for row in self["DIAL"] if row[0] == line}
        if number in rows:
            return int(rows[number])
        for length in range(len(number), -1, -1):
            if number[:length] + "*" in rows:
                return int(rows[number[:length] + "*"])
        return int(self["LINE"][line][1])

    def walk(self, step: int, *, open: bool = True) -> list[tuple[int, int]]:
        """(kind, what) of each step of a call that nobody answers."""
        passed = []
        while step != NONE:
            _, kind, _, what, next, other = self["STEP"][step]
            passed.append((kind, what))
            step = other if kind == 1 and not open else next
            assert len(passed) < 64
        return passed

    def lists(self, number: str) -> int:
        """Bits of the caller lists a number is on, 0 when on none."""
        for length in range(len(number), 0, -1):
            for key in [_key(number)] * (length == len(number)) + [_key(number[:length]) | 1 << 63]:
                if (record := self._look_up(key)) is not None:
                    return int(self["CALR"][record][0])
        return 0

    def _look_up(self, key: int) -> int | None:
        table = self["NUMB"]
        at = (((key * 0x9E3779B97F4A7C15) % 2**64 >> 32) * len(table)) >> 32
        for _ in table:
            if table[at][0] in (0, key):
                return int(table[at][1]) if table[at][0] else None
            at = (at + 1) % len(table)
        return None


def _key(number: str) -> int:
    key = 0
    for digit in number:
        key = key * 16 + int(digit) + 1
    return key


def read_plan(data: bytes) -> Plan:
    magic, version, count, length, crc, calls_max, *reserved = struct.unpack_from("<4sHHIIIIII", data)
    assert (magic, version, length, crc) == (b"LKPL", 1, len(data), zlib.crc32(data[32:]))
    assert reserved == [0, 0, 0]
    sections: dict[str, list[tuple[Any, ...]]] = {}
    for i in range(count):
        tag, offset, records, size = struct.unpack_from("<4sIII", data, 32 + 16 * i)
        form, expected = SIZES[tag.decode()]
        assert (size, offset % 8) == (expected, 0)
        assert offset + records * size <= len(data)
        sections[tag.decode()] = [struct.unpack_from(form, data, offset + size * r) for r in range(records)]
    return Plan(calls_max, sections)
