# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of a plan as records with names, for the model; written from settings/plan_format.md alone."""

from typing import NamedTuple

NONE = 0xFFFFFFFF
CALLER, CALLED = 0xFFFFFFFE, 0xFFFFFFFD  # what a compare looks at instead of an attribute
Rows = dict[str, list[tuple[int | bytes, ...]]]


class Person(NamedTuple):
    id: int
    wrap_up_ms: int
    mailbox: int
    level: int
    pause_after: int
    reserved: int
    pause_ms: int
    duty: int  # HOUR index + 1, 0 always
    mobile_lines: int


class Member(NamedTuple):
    person: int  # PRSN index
    ways: int
    reserved: int
    share: int
    after_ms: int
    reserved_too: int


class Queue(NamedTuple):
    id: int
    strategy: int
    flags: int
    reserved: int
    ring_ms: int
    max_wait_ms: int
    max_length: int
    again_after_refusal_ms: int
    again_after_no_answer_ms: int
    first: int
    count: int
    wrap_up_ms: int
    any_skill_after_ms: int
    weight: int

    @property
    def music(self) -> bool:
        return bool(self.flags & 1)

    @property
    def join_when_empty(self) -> bool:
        return bool(self.flags & 2)

    @property
    def leave_when_empty(self) -> bool:
        return bool(self.flags & 4)


class Step(NamedTuple):
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
    reserved: int


class Action(NamedTuple):
    id: int
    list: int
    lines: int
    cls: int
    least_trust: int


class Caller(NamedTuple):
    lists: int = 0
    manager: int = NONE
    priority: int = 0


class Plan:
    """What the rules say. Everything is looked up the slow and plain way."""

    def __init__(self, rows: Rows, calls_max: int) -> None:
        self.rows, self.calls_max = rows, calls_max
        self.people = [Person(*row) for row in rows["PRSN"]]  # type: ignore[arg-type]
        self.queues = [Queue(*row) for row in rows["QUEU"]]  # type: ignore[arg-type]
        self.steps = [Step(*row) for row in rows["STEP"]]  # type: ignore[arg-type]
        self.actions = [Action(*row) for row in rows["ACTN"]]  # type: ignore[arg-type]
        self._members = [Member(*row) for row in rows["MEMB"]]  # type: ignore[arg-type]
        self.calls = 0  # under way

    def id(self, tag: str, index: int) -> int:
        return int(self.rows[tag][index][0])

    def ids(self, tag: str) -> list[int]:
        return [int(row[0]) for row in self.rows[tag]]

    def person(self, identity: int) -> Person | None:
        return next((person for person in self.people if person.id == identity), None)

    def run(self, first: int, count: int) -> list[tuple[int, Member]]:
        """Person id and member, in list order."""
        return [(self.people[member.person].id, member) for member in self._members[first : first + count]]

    def chain(self, index: int) -> list[tuple[int, list[tuple[int, Member]]]]:
        """Of each step ms to ring and its people."""
        _, first, count = (int(word) for word in self.rows["CHAN"][index])
        steps = self.rows["CHST"][first : first + count]
        return [(int(ms), self.run(int(at), int(size))) for ms, at, size, _ in steps]

    def exits(self, step: Step) -> dict[int, int]:
        rows = self.rows["EXIT"][step.first_exit : step.first_exit + step.exits]
        return {int(on): int(to) for on, _, to in rows}

    def skill(self, person: int, skill: int) -> int:
        """How well a person (by id) has a skill (by index), 0 not at all."""
        for index, of, level in self.rows["PSKL"]:
            if self.people[int(index)].id == person and of == skill:
                return int(level)
        return 0

    def text(self, index: int) -> str:
        raw = self.rows["TEXT"][index][0]
        assert isinstance(raw, bytes)
        return raw.rstrip(b"\0").decode()

    def open(self, hours: int, now: int) -> bool:
        _, first, count = (int(word) for word in self.rows["HOUR"][hours])
        return any(int(a) <= now < int(b) for a, b in self.rows["OPEN"][first : first + count])

    def open_until(self, hours: int, now: int) -> int:
        """When that changes, 0 never."""
        _, first, count = (int(word) for word in self.rows["HOUR"][hours])
        cuts = {int(cut) for row in self.rows["OPEN"][first : first + count] for cut in row}
        is_open = self.open(hours, now)
        return min((cut for cut in cuts if cut > now and self.open(hours, cut) != is_open), default=0)

    def dials(self, line: int) -> list[tuple[str, int]]:
        """Numbers (a prefix ends in *) and steps that can be called from a line."""
        of_line = [(raw, step) for of, step, raw in self.rows["DIAL"] if of == line]
        return [(raw.rstrip(b"\0").decode(), int(step)) for raw, step in of_line if isinstance(raw, bytes)]

    def first_step(self, line: int, called: str) -> int:
        dials = dict(self.dials(line))
        if called in dials:
            return dials[called]
        fitting = [number for number in dials if number.endswith("*") and called.startswith(number[:-1])]
        if fitting:
            return dials[max(fitting, key=len)]
        return int(self.rows["LINE"][line][1])

    def caller(self, number: str) -> Caller:
        """Exact, then the longest prefix; who withholds his number, as the first list says that has them."""
        record = self._withheld() if number == "" else self._known(number)
        return Caller(*self.rows["CALR"][record]) if record != NONE else Caller()  # type: ignore[arg-type]

    def _withheld(self) -> int:
        return next((int(caller) for _, caller in self.rows["LIST"] if caller != NONE), NONE)

    def _known(self, number: str) -> int:
        if not (number.isascii() and number.isdigit()):
            return NONE
        written = {key: int(caller) for key, caller in self.rows["NUMB"] if key}
        value = 0
        keys = []
        for digit in number[:15]:
            value = value << 4 | (int(digit) + 1)
            keys.append(value | 1 << 63)
        if len(number) <= 15:
            keys.append(value)
        return next((written[key] for key in reversed(keys) if key in written), NONE)
