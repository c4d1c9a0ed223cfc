# SPDX-License-Identifier: GPL-2.0-or-later
"""A plain reader of plans, written from plan_format.md apart from the compiler: what the core would make of one."""

import struct
import zlib
from dataclasses import dataclass
from typing import Any, NamedTuple

NONE = 0xFFFFFFFF
SIZES = {
    "LINE": ("<IIB", 16),
    "PRSN": ("<IIIBBxxIIQ", 32),
    "SKIL": ("<I", 4),
    "PSKL": ("<IHH", 8),
    "MEMB": ("<IBxHI", 16),
    "QUEU": ("<IBBxxIIIIIIIIII", 48),
    "CHST": ("<III", 16),
    "CHAN": ("<III", 12),
    "OPEN": ("<qq", 16),
    "HOUR": ("<III", 12),
    "ATTR": ("<I", 4),
    "TEXT": ("<32s", 32),
    "STEP": ("<IHHIIIIHBBII", 40),
    "EXIT": ("<HxxI", 8),
    "DIAL": ("<II32s", 40),
    "CALR": ("<QII", 16),
    "NUMB": ("<QI", 12),
    "LIST": ("<II", 8),
    "ACTN": ("<IIQBB", 24),
}
UNUSED = {  # bytes that are 0 in every record
    "LINE": slice(9, 16),
    "PRSN": slice(14, 16),
    "MEMB": slice(12, 16),
    "CHST": slice(12, 16),
    "STEP": slice(36, 40),
    "ACTN": slice(18, 24),
}


class Step(NamedTuple):
    """A record of STEP."""

    id: int
    kind: int
    small: int
    what: int
    next: int
    other: int
    first_exit: int
    exits: int
    least: int
    most: int
    value: int
    ms: int


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
            at = self.step(step)
            passed.append((at.kind, at.what))
            step = at.other if at.kind == 1 and not open else at.next
            assert len(passed) < 64
        return passed

    def step(self, index: int) -> Step:
        return Step(*self["STEP"][index])

    def exits(self, index: int) -> dict[int, int]:
        """Where a step goes for a key or 128 and a reason, instead of next or other."""
        step = self.step(index)
        return dict(self["EXIT"][step.first_exit : step.first_exit + step.exits])

    def text(self, index: int) -> str:
        return str(self["TEXT"][index][0].rstrip(b"\0").decode())

    def lists(self, number: str) -> int:
        """Bits of the caller lists a number is on, 0 when on none."""
        record = self.caller(number)
        return 0 if record is None else int(record[0])

    def caller(self, number: str) -> tuple[Any, ...] | None:
        """The record of a caller: lists, manager, priority."""
        if not number:
            known = [at for _, at in self["LIST"] if at != NONE]
            return self["CALR"][known[0]] if known else None
        for length in range(len(number), 0, -1):
            for key in [_key(number)] * (length == len(number)) + [_key(number[:length]) | 1 << 63]:
                if (record := self._look_up(key)) is not None:
                    return self["CALR"][record]
        return None

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
    assert (magic, version, length, crc) == (b"LKPL", 2, len(data), zlib.crc32(data[32:]))
    assert reserved == [0, 0, 0]
    sections: dict[str, list[tuple[Any, ...]]] = {}
    for i in range(count):
        tag, offset, records, size = struct.unpack_from("<4sIII", data, 32 + 16 * i)
        form, expected = SIZES[tag.decode()]
        assert (size, offset % 8) == (expected, 0)
        assert offset + records * size <= len(data)
        unused = UNUSED.get(tag.decode(), slice(0, 0))
        assert not any(any(data[offset + size * r :][:size][unused]) for r in range(records))
        sections[tag.decode()] = [struct.unpack_from(form, data, offset + size * r) for r in range(records)]
    return Plan(calls_max, sections)
