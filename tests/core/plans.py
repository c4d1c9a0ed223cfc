# SPDX-License-Identifier: GPL-2.0-or-later
"""Plans put together by hand for the tests, from settings/plan_format.md alone. Times are seconds where not said."""

import struct
import zlib
from collections.abc import Iterable
from typing import NamedTuple

NONE = 0xFFFFFFFF
RECORDS = {
    "LINE": "<IIBBHI",
    "PRSN": "<IIII",
    "MEMB": "<I",
    "QUEU": "<IBBHIIIIIIIIII",
    "CHST": "<IIII",
    "CHAN": "<III",
    "OPEN": "<qq",
    "HOUR": "<III",
    "STEP": "<IHHIII",
    "DIAL": "<II32s",
    "CALR": "<QII",
    "NUMB": "<QI",
    "LIST": "<I",
    "ACTN": "<IIQB7x",
}
STEPS = ["", "hours", "queue", "chain", "person", "voicemail", "hang-up", "outside", "list"]


def identity(kind: str, name: str) -> int:
    value = 0x811C9DC5
    for byte in f"{kind}:{name}".encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def key(number: str) -> int:
    """As NUMB holds it; a number ending in * is a prefix."""
    value = 1 << 63 if number.endswith("*") else 0
    digits = 0
    for digit in number.rstrip("*"):
        digits = digits << 4 | (int(digit) + 1)
    return value | digits


def table(entries: dict[int, int], slots: int) -> list[tuple[int, int]]:
    """NUMB: open addressing with linear probing."""
    rows = [(0, 0)] * slots
    for one, caller in entries.items():
        at = (((one * 0x9E3779B97F4A7C15) >> 32 & 0xFFFFFFFF) * slots) >> 32
        while rows[at][0]:
            at = (at + 1) % slots
        rows[at] = (one, caller)
    return rows


def assemble(rows: dict[str, list[tuple[int | bytes, ...]]], calls_max: int) -> bytes:
    """Header, section table, sections."""
    at = 32 + 16 * len(rows)
    entries, body = b"", b""
    for tag, records in rows.items():
        form = struct.Struct(RECORDS[tag])
        packed = b"".join(form.pack(*record) for record in records)
        entries += struct.pack("<4sIII", tag.encode(), at + len(body), len(records), form.size)
        body += packed + bytes(-len(packed) % 8)
    after = entries + body
    return struct.pack("<4sHHIII12x", b"LKPL", 1, len(rows), 32 + len(after), zlib.crc32(after), calls_max) + after


class Step(NamedTuple):
    kind: str
    what: str | int
    next: str = ""
    other: str = ""
    extra: int = 0


class Office:
    """Names in, plan bytes out. Everything that a step names must be there when plan() is called, in any order."""

    def __init__(self, calls_max: int = 10) -> None:
        self.calls_max = calls_max
        self.people: dict[str, int] = {}
        self.lines: dict[str, tuple[int, str]] = {}
        self.steps: dict[str, Step] = {}
        self.names: dict[int, str] = {0: ""}
        self._queues: dict[str, tuple[int, ...]] = {}
        self._chains: dict[str, tuple[int, int]] = {}
        self._hours: dict[str, tuple[int, int]] = {}
        self._members: list[tuple[int, ...]] = []
        self._chain_steps: list[tuple[int, ...]] = []
        self._open: list[tuple[int, ...]] = []
        self._dials: list[tuple[str, str, str]] = []
        self._lists: dict[str, tuple[str, ...]] = {}
        self._actions: dict[str, tuple[str, tuple[str, ...]]] = {}

    def id(self, kind: str, name: str) -> int:
        one = identity(kind, name)
        self.names[one] = name
        return one

    def _run(self, people: Iterable[str]) -> tuple[int, int]:
        first = len(self._members)
        self._members += [(list(self.people).index(person),) for person in people]
        return first, len(self._members) - first

    def person(self, name: str, wrap_up: int = 0) -> None:
        self.people[name] = wrap_up

    def line(self, name: str, first: str = "", kind: int = 1) -> None:
        self.lines[name] = (kind, first)

    def queue(
        self,
        name: str,
        people: str,
        *,
        round_robin: bool = False,
        ring: int = 20,
        max_wait: int = 120,
        max_length: int = 0,
        after_refusal: int = 30,
        after_no_answer: int = 10,
        music: bool = True,
        join_when_empty: bool = False,
        wrap_up: int | None = None,
    ) -> None:
        flags = music | join_when_empty << 1
        times = (ring * 1000, max_wait * 1000, max_length, after_refusal * 1000, after_no_answer * 1000)
        pause = NONE if wrap_up is None else wrap_up * 1000
        how = (self.id("queue", name), round_robin, flags, 0)
        self._queues[name] = (*how, *times, *self._run(people.split()), pause, 0, 0)

    def chain(self, name: str, *steps: tuple[int, str]) -> None:
        self._chains[name] = (len(self._chain_steps), len(steps))
        self._chain_steps += [(ring * 1000, *self._run(people.split()), 0) for ring, people in steps]

    def hours(self, name: str, *intervals: tuple[int, int]) -> None:
        """Intervals in ms UTC."""
        self._hours[name] = (len(self._open), len(intervals))
        self._open += intervals

    def step(self, name: str, kind: str, what: str | int, next: str = "", other: str = "", extra: int = 0) -> None:
        self.steps[name] = Step(kind, what, next, other, extra)

    def dial(self, line: str, number: str, step: str) -> None:
        self._dials.append((line, number, step))

    def callers(self, name: str, *numbers: str) -> None:
        self._lists[name] = numbers

    def action(self, name: str, callers: str, *lines: str) -> None:
        self._actions[name] = (callers, lines)

    def _what(self, step: Step) -> int:
        tables: dict[str, Iterable[str]] = {
            "hours": self._hours,
            "queue": self._queues,
            "chain": self._chains,
            "person": self.people,
            "outside": self.lines,
            "list": self._lists,
        }
        if isinstance(step.what, int):
            return step.what
        return self.id("mailbox", step.what) if step.kind == "voicemail" else list(tables[step.kind]).index(step.what)

    def rows(self) -> dict[str, list[tuple[int | bytes, ...]]]:
        """Every section's records, for those who want to spoil them."""
        place = {"": NONE} | {name: i for i, name in enumerate(self.steps)}
        lists = list(self._lists)
        lines = list(self.lines)
        bits: dict[str, int] = {}
        for i, numbers in enumerate(self._lists.values()):
            for number in numbers:
                bits[number] = bits.get(number, 0) | 1 << i
        callers = {number: i for i, number in enumerate(bits)}
        return {
            "LINE": [(self.id("line", n), place[first], kind, 0, 0, 0) for n, (kind, first) in self.lines.items()],
            "PRSN": [(self.id("person", n), wrap_up * 1000, 0, 0) for n, wrap_up in self.people.items()],
            "MEMB": list(self._members),
            "QUEU": list(self._queues.values()),
            "CHST": list(self._chain_steps),
            "CHAN": [(self.id("chain", n), *run) for n, run in self._chains.items()],
            "OPEN": list(self._open),
            "HOUR": [(self.id("hours", n), *run) for n, run in self._hours.items()],
            "STEP": [
                (self.id("step", n), STEPS.index(s.kind), s.extra, self._what(s), place[s.next], place[s.other])
                for n, s in self.steps.items()
            ],
            "DIAL": [(lines.index(line), place[step], number.encode()) for line, number, step in self._dials],
            "CALR": [(one, 0, 0) for one in bits.values()],
            "NUMB": list(table({key(number): caller for number, caller in callers.items()}, 2 * len(callers))),
            "LIST": [(self.id("callers", n),) for n in lists],
            "ACTN": [
                (self.id("action", n), lists.index(callers), sum(1 << lines.index(line) for line in to), 0)
                for n, (callers, to) in self._actions.items()
            ],
        }

    def plan(self) -> bytes:
        return assemble(self.rows(), self.calls_max)
