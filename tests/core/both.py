# SPDX-License-Identifier: GPL-2.0-or-later
"""The C core and its model side by side: the same day in the same office, compared after every fact."""

from collections.abc import Iterable
from typing import Any

from appliance.core import Command, Core, CoreError
from appliance.core.names import Because, Do, Fact, Why
from tests.core.box import NINE
from tests.core.histories import CALLED, CALLERS, EXTENSIONS, LINES, Thing
from tests.core.model import Model, Refused
from tests.core.plans import Office

KEYS = "12*#305"
ASKED = ("asking", "speaking", "recording", "parked")


class Differs(AssertionError):
    """The two do not agree."""


class Both:
    def __init__(self, office: Office, other: Office | None = None) -> None:
        self.office = office
        self.other = other or office  # what new settings may make of it
        self.core = Core(office.plan())
        self.model = Model(office.rows(), office.calls_max)
        self.now = NINE
        self.came = 0
        self.live: dict[int, int] = {}  # leg -> call, rung or talking
        self.gone: dict[int, int] = {}  # leg -> call, stopped or ended
        self.under_way: list[int] = []
        self.began = described(office)
        self.told: list[tuple[object, ...]] = []  # what happened, for whoever reads a failure
        self.start()

    def start(self) -> None:
        for person in self.office.people:
            self.feed(Fact.REACHABLE, person=self.office.id("person", person), value=1)
        for line in LINES:
            self.feed(Fact.LINE, line=self.office.id("line", line), value=1)

    # ---- feeding and comparing --------------------------------------------------------------------------------------

    def feed(self, fact: Fact, **fields: Any) -> None:
        self.told.append((self.now - NINE, fact.name, fields))
        errors = ["", ""]
        try:
            self.core.feed(fact, self.now, **fields)
        except CoreError as fault:
            errors[0] = fault.id
        try:
            self.model.feed(fact, self.now, **fields)
        except Refused as fault:
            errors[1] = fault.args[0]
        self.agree("error", *errors)
        self.compare()

    def compare(self) -> None:
        commands = self.core.commands()
        trace = [tuple(line)[1:] for line in self.core.trace()]
        why = [tuple(line) for line in self.model.trace]
        expected, self.model.commands, self.model.trace = self.model.commands, [], []
        self.told += [("   ", Do(c.kind).name, *tuple(c)[1:]) for c in commands]
        self.agree("commands", [tuple(c) for c in commands], [tuple(c) for c in expected])
        if trace != why:  # who is passed over is told in any order
            decided, expected_why = ([line for line in of if line[1] != Why.PASSED] for of in (trace, why))
            self.agree("trace", words(decided), words(expected_why))
            self.agree("people passed over", words(sorted(trace)), words(sorted(why)))
        self.agree("deadline", self.core.deadline(), self.model.deadline())
        for command in commands:
            self.take(command)
        self.heed(trace)

    def heed(self, trace: list[tuple[int, ...]]) -> None:
        """For those who look for more than that the two agree."""

    def agree(self, what: str, core: object, model: object) -> None:
        if core != model:
            story = "\n".join([*self.began, *(" ".join(map(str, line)) for line in self.told)])
            raise Differs(f"{what}\n{story}\nC core: {core}\n model: {model}")

    def take(self, c: Command) -> None:
        match c.kind:
            case Do.RING | Do.DIAL:
                self.live[c.leg] = c.call
            case Do.STOP:
                self.gone[c.leg] = self.live.pop(c.leg, c.call)
            case Do.OVER:
                self.under_way.remove(c.call)
                for leg in [leg for leg, call in self.live.items() if call == c.call]:
                    self.gone[leg] = self.live.pop(leg)

    def until(self, then: int) -> None:
        """Time goes on, with a tick whenever one is due."""
        while (due := self.core.deadline()) is not None and due <= then:
            self.now = max(self.now + 1, due)
            self.feed(Fact.TICK)
        self.now = max(self.now, then)

    # ---- what happens -----------------------------------------------------------------------------------------------

    def happen(self, thing: Thing) -> None:
        kind, a, b, after = thing
        if b % 32 == 31:  # the box was asleep, and several things are due at once
            self.now += after
        else:
            self.until(self.now + after)
        getattr(self, kind.replace(" ", "_"))(a, b)

    def pick(self, of: list[int], a: int) -> int | None:
        return sorted(of)[a % len(of)] if of else None

    def arrives(self, a: int, b: int) -> None:
        self.came += 1
        self.under_way.append(self.came)
        people = ["", "", "", *self.office.people]
        by, last = people[a % len(people)], people[b % len(people)]
        steps = list(self.office.steps)
        self.feed(
            Fact.ARRIVED,
            call=self.came,
            line=self.office.id("line", LINES[a % len(LINES)]),
            person=self.office.id("person", by) if by else 0,
            number=CALLERS[b % len(CALLERS)],
            other=CALLED[(a // 3 + b) % len(CALLED)],
            trust=a % 6,
            history=b % 4,
            what=self.office.id("person", last) if last else 0,
            leg=self.office.id("step", steps[a % len(steps)]) if (a + b) % 8 == 5 else 0,  # we called him
        )
        if self.came not in self.model.calls and self.came in self.under_way:
            self.under_way.remove(self.came)  # one too many

    def about_leg(self, fact: Fact, a: int, value: int = 0, of: dict[int, int] | None = None) -> None:
        legs = self.ringing() if of is None else of
        leg = self.pick(list(legs), a)
        if leg is not None and legs[leg] in self.under_way:
            if fact == Fact.REFUSED and of is None:
                self.gone[leg] = self.live[leg]
            self.feed(fact, call=legs[leg], leg=leg, value=value)
            if leg in self.gone:
                self.live.pop(leg, None)

    def ringing(self) -> dict[int, int]:
        return {leg: call for leg, call in self.live.items() if self.model.calls[call].state != "talking"}

    def answers(self, a: int, b: int) -> None:
        self.about_leg(Fact.ANSWERED, a)

    def refuses(self, a: int, b: int) -> None:
        self.about_leg(Fact.REFUSED, a, [17, 19, 20, 21, 34][b % 5])

    def rang(self, a: int, b: int) -> None:
        self.about_leg(Fact.RANG, a)

    def partner_leaves(self, a: int, b: int) -> None:
        talking = {leg: call for leg, call in self.live.items() if self.model.calls[call].state == "talking"}
        leg = self.pick(list(talking), a)
        if leg is not None:
            self.feed(Fact.LEFT, call=talking[leg], leg=leg)

    def late(self, a: int, b: int) -> None:
        facts = [Fact.RANG, Fact.ANSWERED, Fact.REFUSED, Fact.LEFT]
        self.about_leg(facts[b % 4], a, 19, {leg: call for leg, call in self.gone.items() if call in self.under_way})

    def about_call(self, fact: Fact, a: int, **fields: int | str) -> None:
        call = self.pick(self.under_way, a)
        if call is not None:
            self.feed(fact, call=call, **fields)

    def hangs_up(self, a: int, b: int) -> None:
        self.about_call(Fact.HUNG_UP, a)

    def asked(self) -> list[int]:
        return [call for call in self.under_way if self.model.calls[call].state in ASKED]

    def done(self, a: int, b: int) -> None:
        call = self.pick(self.asked(), a)
        if call is not None:
            self.feed(Fact.DONE, call=call)

    def is_silent(self, a: int, b: int) -> None:
        """A caller hears what is said to its end, and presses nothing; the longer b is, the longer."""
        call = self.pick(self.asked(), a)
        for _ in range(1 + b % 40):
            if call in self.asked():
                self.feed(Fact.DONE, call=call)
            self.until(self.now + 5000)

    def fails(self, a: int, b: int) -> None:
        self.about_call(Fact.FAILED, a)

    def presses(self, a: int, b: int) -> None:
        call = self.pick(self.asked(), a)
        if call is not None:
            self.feed(Fact.DIGIT, call=call, value=ord(KEYS[b % len(KEYS)]))

    def dials(self, a: int, b: int) -> None:
        """An extension, digit by digit."""
        for digit in EXTENSIONS[b % len(EXTENSIONS)]:
            call = self.pick(self.asked(), a)
            if call is not None:
                self.feed(Fact.DIGIT, call=call, value=ord(digit))

    def found(self, a: int, b: int) -> None:
        looking = [call for call in self.under_way if self.model.calls[call].state == "looking"]
        call = self.pick(looking or self.under_way, a)
        if call is not None:
            self.feed(Fact.FOUND, call=call, value=b % 2, number=["", "sales", "12"][b % 3] if b % 2 else "")

    def sent(self, a: int, b: int) -> None:
        steps = list(self.office.steps)
        self.about_call(Fact.SENT, a, what=self.office.id("step", steps[b % len(steps)]), person=self.person(b // 7))

    def sent_to_number(self, a: int, b: int) -> None:
        number = [*EXTENSIONS, "0123", "7", "999"][b % (len(EXTENSIONS) + 3)]
        self.about_call(Fact.SENT, a, other=number, person=self.person(b // 7))

    def taken(self, a: int, b: int) -> None:
        self.about_call(Fact.TAKEN, a, person=self.person(b))

    def person(self, a: int) -> int:
        """One of the office, or now and then nobody."""
        people = ["", *self.office.people]
        name = people[a % len(people)]
        return self.office.id("person", name) if name else 0

    def status(self, a: int, b: int) -> None:
        people = list(self.office.people)
        value = [0, 0, 0, 1, 4][b % 5]
        self.feed(Fact.STATUS, person=self.office.id("person", people[a % len(people)]), value=value)

    def telephones(self, a: int, b: int) -> None:
        people = list(self.office.people)
        self.feed(Fact.REACHABLE, person=self.office.id("person", people[a % len(people)]), value=[1, 0, 2][b % 3])

    def line(self, a: int, b: int) -> None:
        self.feed(Fact.LINE, line=self.office.id("line", LINES[a % len(LINES)]), value=b % 2)

    def held(self, a: int, b: int) -> None:
        until = self.now + 7000 * (b % 4) if b % 4 else 0
        self.feed(Fact.OVERRIDE, what=self.office.id("hours", "office"), value=a % 3, until=until)

    def morning(self, a: int, b: int) -> None:
        self.feed(Fact.RESET)

    def nonsense(self, a: int, b: int) -> None:
        """Facts about calls and legs that never were, or that cannot be."""
        facts = [Fact.RANG, Fact.ANSWERED, Fact.REFUSED, Fact.HUNG_UP, Fact.LEFT, Fact.DONE, Fact.DIGIT, Fact.FOUND]
        fact = facts[a % len(facts)]
        value = {Fact.REFUSED: 19, Fact.DIGIT: ord("5")}.get(fact, 0)
        call = self.pick(self.under_way, b) if a > 127 and fact != Fact.HUNG_UP else 1000
        self.feed(fact, call=call or 1000, leg=100_000 + b, value=value)

    def new_settings(self, a: int, b: int) -> None:
        """The same office again, or another one, with calls under way."""
        if b % 2:
            self.office, self.other = self.other, self.office
        self.told.append((self.now - NINE, "new settings", *described(self.office)))
        errors = ["", ""]
        try:
            self.core.swap(self.office.plan(), self.now)
        except CoreError as fault:
            errors[0] = fault.id
        try:
            self.model.swap(self.office.rows(), self.office.calls_max, self.now)
        except Refused as fault:
            errors[1] = fault.args[0]
        self.agree("error", *errors)
        if errors[0] and b % 2:
            self.office, self.other = self.other, self.office
        self.compare()

    def restart(self, a: int, b: int) -> None:
        if a > 100:
            return
        self.told.append((self.now - NINE, "restart"))
        self.core = Core(self.office.plan(), self.core.memory())
        self.model = self.model.restart(self.office.rows(), self.office.calls_max)
        self.live, self.gone, self.under_way = {}, {}, []
        self.start()

    def end(self) -> None:
        """All hang up; after a while nothing is due and nobody is on a call."""
        for call in list(self.under_way):
            if call in self.under_way:
                self.feed(Fact.HUNG_UP, call=call)
        self.until(self.now + 3_600_000)
        assert not self.live, "a leg is left over"
        assert all(not somebody.busy and not somebody.leg for somebody in self.model.people.values())


def side_by_side(office: Office, other: Office, day: list[Thing]) -> None:
    """A whole day; raises Differs at the first disagreement."""
    both = Both(office, other)
    for thing in day:
        both.happen(thing)
    both.end()


def described(office: Office) -> list[str]:
    rows = office.rows()
    people = [f"{name}: {person}" for name, person in office.people.items()]
    tables = [f"{tag} {row}" for tag in ("MEMB", "QUEU", "CHST", "DIAL", "OPEN") for row in rows[tag]]
    return [*people, *tables, *(f"{name}: {step}" for name, step in office.steps.items())]


def words(trace: Iterable[tuple[int, ...]]) -> list[str]:
    return [
        f"{call} {Why(rule).name} {Because(why).name} {subject} {detail}" for call, rule, why, subject, detail in trace
    ]
