# SPDX-License-Identifier: GPL-2.0-or-later
"""Plans put together by hand for the tests, from settings/plan_format.md alone. Times are seconds where not said."""

import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

NONE = 0xFFFFFFFF
RECORDS = {
    "LINE": "<IIBBHI",
    "PRSN": "<IIIBBHIIQ",
    "SKIL": "<I",
    "PSKL": "<IHH",
    "MEMB": "<IBBHII",
    "QUEU": "<IBBHIIIIIIIIII",
    "CHST": "<IIII",
    "CHAN": "<III",
    "OPEN": "<qq",
    "HOUR": "<III",
    "ATTR": "<I",
    "TEXT": "<32s",
    "STEP": "<IHHIIIIHBBIII",
    "EXIT": "<HHI",
    "DIAL": "<II32s",
    "CALR": "<QII",
    "NUMB": "<QI",
    "LIST": "<II",
    "ACTN": "<IIQBB6x",
}
STRATEGIES = [
    "ring-all",
    "round-robin",
    "percentage",
    "best-first",
    "longest-idle",
    "fewest-calls",
    "least-talk-time",
    "random",
    "fixed-order",
]
STEPS = [
    "",
    "hours",
    "queue",
    "chain",
    "person",
    "voicemail",
    "hang-up",
    "outside",
    "list",
    "trust",
    "say",
    "menu",
    "collect",
    "look-up",
    "set",
    "compare",
    "action",
    "skill",
    "load",
    "history",
    "manager",
    "last-person",
    "priority",
    "park",
    "sender",
]
WAYS = {"": 1, "mobile": 2, "all": 3}
COMPARED = {"caller": 0xFFFFFFFE, "called": 0xFFFFFFFD}
Widen = Iterable[tuple[float, str]]  # after so many seconds also these people
OWN_KINDS = {"voicemail": "mailbox", "say": "prompt", "menu": "prompt", "collect": "prompt", "look-up": "lookup"}


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
    at += -at % 8
    entries, body = b"", b""
    for tag, records in rows.items():
        form = struct.Struct(RECORDS[tag])
        packed = b"".join(form.pack(*record) for record in records)
        entries += struct.pack("<4sIII", tag.encode(), at + len(body), len(records), form.size)
        body += packed + bytes(-len(packed) % 8)
    after = entries + body
    return struct.pack("<4sHHIII12x", b"LKPL", 2, len(rows), 32 + len(after), zlib.crc32(after), calls_max) + after


class Person(NamedTuple):
    wrap_up: int
    mobile: str  # lines it can be called through
    level: int
    pause_after: int
    pause_for: int
    skills: Mapping[str, int]
    duty: str  # hours


class Step(NamedTuple):
    kind: str
    what: str | int
    next: str
    other: str
    small: int
    exits: Mapping[str | int, str]
    least: int
    most: int
    attribute: str
    text: str | None
    ms: int


class Callers(NamedTuple):
    numbers: tuple[str, ...]
    withheld: bool
    manager: str
    priority: int


class Office:
    """Names in, plan bytes out. Everything that a step names must be there when plan() is called, in any order."""

    def __init__(self, calls_max: int = 10) -> None:
        self.calls_max = calls_max
        self.people: dict[str, Person] = {}
        self.lines: dict[str, tuple[int, str]] = {}
        self.steps: dict[str, Step] = {}
        self.names: dict[int, str] = {0: ""}
        self._skills: list[str] = []
        self._attributes: list[str] = []
        self._texts: list[str] = []
        self._queues: dict[str, tuple[int, ...]] = {}
        self._chains: dict[str, tuple[int, int]] = {}
        self._hours: dict[str, tuple[int, int]] = {}
        self._members: list[tuple[int, ...]] = []
        self._chain_steps: list[tuple[int, ...]] = []
        self._open: list[tuple[int, ...]] = []
        self._dials: list[tuple[str, str, str]] = []
        self._lists: dict[str, Callers] = {}
        self._actions: dict[str, tuple[str, tuple[str, ...], int]] = {}

    def id(self, kind: str, name: str) -> int:
        one = identity(kind, name)
        self.names[one] = name
        return one

    def _run(self, people: str, shares: Mapping[str, int] | None = None, widen: Widen = ()) -> tuple[int, int]:
        """Members: "anna boris.mobile cile.all", then those of each widening step with the seconds after which."""
        first = len(self._members)
        for after, words in ((0, people), *widen):
            for word in words.split():
                person, _, ways = word.partition(".")
                share = (shares or {}).get(person, 0)
                self._members.append((list(self.people).index(person), WAYS[ways], 0, share, round(after * 1000), 0))
        return first, len(self._members) - first

    def person(
        self,
        name: str,
        wrap_up: int = 0,
        *,
        mobile: str = "",
        level: int = 0,
        pause_after: int = 0,
        pause_for: int = 0,
        skills: Mapping[str, int] | None = None,
        duty: str = "",
    ) -> None:
        self.people[name] = Person(wrap_up, mobile, level, pause_after, pause_for, skills or {}, duty)

    def line(self, name: str, first: str = "", kind: int = 1) -> None:
        self.lines[name] = (kind, first)

    def queue(
        self,
        name: str,
        people: str,
        *,
        strategy: str = "ring-all",
        shares: Mapping[str, int] | None = None,
        widen: Widen = (),
        ring: int = 20,
        max_wait: int = 120,
        max_length: int = 0,
        after_refusal: int = 30,
        after_no_answer: int = 10,
        music: bool = True,
        join_when_empty: bool = False,
        leave_when_empty: bool = False,
        wrap_up: int | None = None,
        any_skill_after: int | None = None,
        weight: int = 0,
    ) -> None:
        flags = music | join_when_empty << 1 | leave_when_empty << 2
        times = (ring * 1000, max_wait * 1000, max_length, after_refusal * 1000, after_no_answer * 1000)
        pause = NONE if wrap_up is None else wrap_up * 1000
        any_skill = NONE if any_skill_after is None else any_skill_after * 1000
        how = (self.id("queue", name), STRATEGIES.index(strategy), flags, 0)
        self._queues[name] = (*how, *times, *self._run(people, shares, widen), pause, any_skill, weight)

    def chain(self, name: str, *steps: tuple[int, str]) -> None:
        self._chains[name] = (len(self._chain_steps), len(steps))
        self._chain_steps += [(ring * 1000, *self._run(people), 0) for ring, people in steps]

    def hours(self, name: str, *intervals: tuple[int, int]) -> None:
        """Intervals in ms UTC."""
        self._hours[name] = (len(self._open), len(intervals))
        self._open += intervals

    def step(
        self,
        name: str,
        kind: str,
        what: str | int = 0,
        next: str = "",
        other: str = "",
        extra: int = 0,
        *,
        exits: Mapping[str | int, str] | None = None,
        least: int = 0,
        most: int = 0,
        attribute: str = "",
        text: str | None = None,
        seconds: float = 0,
        count: int = 0,
    ) -> None:
        """`extra` is the record's small number; `exits` go by key ("1") or by reason (Because.NO_KEY).

        `what` of a compare is an attribute, "caller" or "called"; a load's ms is its `count`.
        """
        if kind in ("person", "manager", "last-person", "sender"):
            least = least or 1
        ms = count or round(seconds * 1000)
        self.steps[name] = Step(kind, what, next, other, extra, exits or {}, least, most, attribute, text, ms)

    def dial(self, line: str, number: str, step: str) -> None:
        self._dials.append((line, number, step))

    def callers(self, name: str, *numbers: str, withheld: bool = False, manager: str = "", priority: int = 0) -> None:
        self._lists[name] = Callers(numbers, withheld, manager, priority)

    def action(self, name: str, callers: str = "", *lines: str, least_trust: int = 0) -> None:
        self._actions[name] = (callers, lines, least_trust)

    def skill(self, name: str) -> int:
        """Index of a skill; it is there once somebody has it or asks for it."""
        return _index(self._skills, name)

    # ---- the tables -------------------------------------------------------------------------------------------------

    def _what(self, step: Step) -> int:
        tables: dict[str, Iterable[str]] = {
            "hours": self._hours,
            "queue": self._queues,
            "load": self._queues,
            "chain": self._chains,
            "person": self.people,
            "outside": self.lines,
            "list": self._lists,
            "action": self._actions,
        }
        if isinstance(step.what, int):
            return step.what
        if step.kind in OWN_KINDS:
            return self.id(OWN_KINDS[step.kind], step.what)
        if step.kind == "skill":
            return self.skill(step.what)
        if step.kind == "set" or (step.kind == "compare" and step.what not in COMPARED):
            return _index(self._attributes, step.what)
        return COMPARED[step.what] if step.kind == "compare" else list(tables[step.kind]).index(step.what)

    def _value(self, step: Step) -> int:
        if step.kind in ("menu", "collect", "look-up"):
            return _index(self._attributes, step.attribute) if step.attribute else NONE
        if step.kind in ("set", "compare", "outside"):
            return NONE if step.text is None else _index(self._texts, step.text)
        return 0

    def _walks(self) -> tuple[list[tuple[int | bytes, ...]], list[tuple[int | bytes, ...]]]:
        """STEP and EXIT."""
        place = {"": NONE} | {name: i for i, name in enumerate(self.steps)}
        steps: list[tuple[int | bytes, ...]] = []
        exits: list[tuple[int | bytes, ...]] = []
        for name, s in self.steps.items():
            own = (len(exits), len(s.exits), s.least, s.most, self._value(s), s.ms, 0)
            to = (place[s.next], place[s.other])
            steps.append((self.id("step", name), STEPS.index(s.kind), s.small, self._what(s), *to, *own))
            exits += [(ord(on) if isinstance(on, str) else 128 + on, 0, place[to]) for on, to in s.exits.items()]
        return steps, exits

    def _people(self) -> tuple[list[tuple[int | bytes, ...]], list[tuple[int | bytes, ...]]]:
        """PRSN and PSKL."""
        lines = list(self.lines)
        people: list[tuple[int | bytes, ...]] = []
        skilled: list[tuple[int | bytes, ...]] = []
        for i, (name, p) in enumerate(self.people.items()):
            bits = sum(1 << lines.index(line) for line in p.mobile.split())
            duty = list(self._hours).index(p.duty) + 1 if p.duty else 0
            own = (p.level, p.pause_after, 0, p.pause_for * 1000, duty, bits)
            people.append((self.id("person", name), p.wrap_up * 1000, 0, *own))
            skilled += sorted((i, self.skill(skill), level) for skill, level in p.skills.items())
        return people, skilled

    def _callers(self) -> tuple[dict[str, int], list[tuple[int | bytes, ...]], list[tuple[int | bytes, ...]]]:
        """Numbers with their records; CALR; LIST."""
        people = list(self.people)
        records: dict[str, tuple[int, int, int]] = {}
        for i, callers in enumerate(self._lists.values()):
            for number in (*callers.numbers, *([""] if callers.withheld else [])):
                lists, manager, priority = records.get(number, (0, NONE, 0))
                if manager == NONE and callers.manager:
                    manager = people.index(callers.manager)
                records[number] = (lists | 1 << i, manager, max(priority, callers.priority))
        place = {number: i for i, number in enumerate(records)}
        lists_of = [(self.id("callers", n), place[""] if c.withheld else NONE) for n, c in self._lists.items()]
        return {number: i for number, i in place.items() if number}, list(records.values()), list(lists_of)

    def rows(self) -> dict[str, list[tuple[int | bytes, ...]]]:
        """Every section's records, for those who want to spoil them."""
        place = {"": NONE} | {name: i for i, name in enumerate(self.steps)}
        listed = {"": NONE} | {name: i for i, name in enumerate(self._lists)}
        lines = list(self.lines)
        people, skilled = self._people()
        steps, exits = self._walks()
        numbers, callers, lists = self._callers()
        return {
            "LINE": [(self.id("line", n), place[first], kind, 0, 0, 0) for n, (kind, first) in self.lines.items()],
            "PRSN": people,
            "SKIL": [(self.id("skill", n),) for n in self._skills],
            "PSKL": skilled,
            "MEMB": list(self._members),
            "QUEU": list(self._queues.values()),
            "CHST": list(self._chain_steps),
            "CHAN": [(self.id("chain", n), *run) for n, run in self._chains.items()],
            "OPEN": list(self._open),
            "HOUR": [(self.id("hours", n), *run) for n, run in self._hours.items()],
            "ATTR": [(self.id("attribute", n),) for n in self._attributes],
            "TEXT": [(text.encode(),) for text in self._texts],
            "STEP": steps,
            "EXIT": exits,
            "DIAL": [(lines.index(line), place[step], number.encode()) for line, number, step in self._dials],
            "CALR": callers,
            "NUMB": list(table({key(number): caller for number, caller in numbers.items()}, 2 * len(numbers))),
            "LIST": lists,
            "ACTN": [
                (self.id("action", n), listed[callers], sum(1 << lines.index(line) for line in to), 0, trust)
                for n, (callers, to, trust) in self._actions.items()
            ],
        }

    def plan(self) -> bytes:
        return assemble(self.rows(), self.calls_max)


def _index(of: list[str], name: str) -> int:
    """Where it stands, put at the end when it is new."""
    if name not in of:
        of.append(name)
    return of.index(name)
