# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever happens in whatever order: nobody rung twice, every call over once, everybody free at the end."""

import random
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core import Core, CoreError
from appliance.core.names import Because, Do, Fact, Outcome, Why
from tests.core import offices
from tests.core.box import NINE, Box
from tests.core.plans import STRATEGIES, Office, assemble

PEOPLE = ["anna", "boris", "cile", "dora"]


def office(strategy: str = "ring-all", music: bool = True, newcomers: int = 0) -> Office:
    """Two queues that share people, a chain, a person, a menu, voicemail, a way out, all leading on to one another."""
    made = Office(calls_max=6)
    made.line("city", "hours")
    made.line("desks", kind=0)
    for i in range(newcomers):
        made.person(f"newcomer{i}")
    for i, person in enumerate(PEOPLE):
        made.person(person, wrap_up=3 * (i % 2), mobile="city" * (i % 2), pause_after=i % 3, pause_for=9 * (i % 2))
    shares = {"anna": 50, "boris": 30, "cile": 20} if strategy == "percentage" else None
    how: dict[str, Any] = {"strategy": strategy, "shares": shares, "widen": [(4, "cile.all")]}
    made.queue("sales", "anna boris.all", music=music, ring=7, max_wait=40, max_length=2, **how)
    made.queue("help", "cile dora.mobile", ring=9, max_wait=25, after_refusal=0, leave_when_empty=music, wrap_up=2)
    made.chain("managers", (5, "dora anna"), (5, "boris.mobile"), (5, "anna"))
    made.hours("office", (NINE, NINE + 90_000), (NINE + 120_000, NINE + 200_000))
    made.step("hours", "hours", "office", next="sales", other="mailbox")
    made.step("sales", "queue", "sales", next="menu")
    made.step("menu", "menu", "welcome", other="managers", extra=2, exits={"1": "help", "2": "anna"}, seconds=3)
    made.step("managers", "chain", "managers", next="help")
    made.step("help", "queue", "help", next="mailbox")
    made.step("mailbox", "voicemail", "office")
    made.step("anna", "person", "anna", next="help", extra=10)
    made.step("out", "outside", "city", next="mailbox", extra=1)
    made.dial("desks", "101", "anna")
    made.dial("desks", "0*", "out")
    made.dial("desks", "7*", "hours")
    return made


class Watched(Box):
    """A box that keeps account of what it is told to do, and finds every contradiction."""

    def start(self) -> None:
        self.rung: dict[str, int] = {}  # person -> his leg
        self.live: dict[int, tuple[int, str]] = {}  # leg -> call and party, rung or talking
        self.talking: dict[int, int] = {}  # call -> leg
        self.calling: dict[int, str] = {}  # call -> our person who calls
        self.under_way: set[int] = set()
        self.over: set[int] = set()
        self.waits: dict[int, bool] = {}  # call -> in voicemail
        super().start()

    def busy(self) -> set[str]:
        people = {self.live[leg][1] for leg in self.talking.values()}
        return people | {person for person in self.calling.values() if person}

    def take(self) -> None:
        """Carry out what is wanted, in mind."""
        for c in self.core.commands():
            assert c.call in self.under_way or c.kind == Do.PAUSED, "a word about a call that is over"
            party = self.office.names[c.target]
            match c.kind:
                case Do.RING:
                    assert party not in self.rung, "rung twice"
                    assert party not in self.busy(), "rung while on a call"
                    self.rung[party] = c.leg
                    self.live[c.leg] = (c.call, party)
                case Do.DIAL:
                    self.live[c.leg] = (c.call, party)
                case Do.STOP:
                    self.end(c.leg)
                case Do.SAY:
                    self.waits[c.call] = True
                case Do.BRIDGE:
                    if c.leg not in self.live:  # he took it
                        assert self.taker not in self.rung, "rung for another call while he takes one"
                        self.live[c.leg] = (c.call, self.taker)
                    call, party = self.live[c.leg]
                    assert call == c.call
                    assert c.call not in self.talking
                    self.talking[c.call] = c.leg
                    self.rung.pop(party, None)
                case Do.MAILBOX:
                    self.waits[c.call] = True
                case Do.HANG_UP:
                    for leg in [leg for leg, (call, _) in self.live.items() if call == c.call]:
                        self.end(leg)
                case Do.OVER:
                    assert c.value in list(Outcome)
                    assert not [leg for leg, (call, _) in self.live.items() if call == c.call], "a leg forgotten"
                    self.under_way.discard(c.call)
                    self.over.add(c.call)
                    self.calling.pop(c.call, None)
                    self.waits.pop(c.call, None)
        self.why += self.core.trace()

    def end(self, leg: int) -> None:
        call, party = self.live.pop(leg, (0, ""))
        if self.rung.get(party) == leg:
            del self.rung[party]
        if self.talking.get(call) == leg:
            del self.talking[call]

    def sent_somewhere(self, call: int, step: str) -> None:
        try:
            self.feed(Fact.SENT, call=call, what=self.office.id("step", step))
        except CoreError as fault:
            assert fault.id == "cannot"  # who speaks on the mailbox is left alone

    def taken_by(self, call: int, person: str) -> None:
        self.taker = person
        try:
            self.feed(Fact.TAKEN, call=call, person=self.office.id("person", person))
        except CoreError as fault:
            assert fault.id in ("cannot", "bad-event")  # his own call; or its older plan does not know him

    def tick(self, until: int) -> None:
        while (due := self.core.deadline()) is not None and due <= until:
            assert due > self.now, "a deadline in the past"
            self.now = due
            self.feed(Fact.TICK)
            self.take()
        self.now = until

    def happen(self, choice: int) -> None:
        """One thing that may happen, chosen by a number; hostile facts too."""
        pick = random.Random(choice)
        call = pick.choice(sorted(self.under_way) or [1])
        leg = pick.choice(sorted(self.live) or [1])
        person = pick.choice(PEOPLE)
        match pick.randrange(17):
            case 0 | 1 | 2:
                new = len(self.under_way | self.over) + 1
                line, called, by = pick.choice(
                    [("city", "", ""), ("desks", "101", person), ("desks", "0441214960000", person), ("desks", "7", "")]
                )
                where = self.office.id("line", line)
                who = self.office.id("person", by) if by else 0
                self.under_way.add(new)
                self.calling[new] = by
                try:
                    self.feed(Fact.ARRIVED, call=new, line=where, person=who, other=called)
                except CoreError as fault:
                    assert fault.id == "full"
                    self.under_way.discard(new)
                    del self.calling[new]
            case 3 | 4:
                if leg in self.live and leg not in self.talking.values():
                    self.feed(Fact.ANSWERED, call=self.live[leg][0], leg=leg)
            case 5 | 6:
                if leg in self.live and leg not in self.talking.values():
                    owner = self.live[leg][0]
                    self.end(leg)
                    self.feed(Fact.REFUSED, call=owner, leg=leg, value=pick.choice([17, 19, 20, 21, 34]))
            case 7:
                if call in self.under_way:
                    self.feed(Fact.HUNG_UP, call=call)
            case 8:
                if leg in self.talking.values():
                    self.feed(Fact.LEFT, call=self.live[leg][0], leg=leg)
                elif call in self.waits:
                    with suppress(CoreError):  # what was said is hushed meanwhile
                        self.feed(Fact.DONE, call=call)
            case 9:
                self.status(person, pick.choice(["available", "available", "break", "off"]))
            case 10:
                self.telephones(person, pick.randrange(2))
            case 11:
                new_rules = office(pick.choice(STRATEGIES), pick.random() < 0.5, pick.choice([0, 1, 5, 20]))
                self.core.swap(new_rules.plan(), self.now)
            case 13:
                if call in self.under_way:
                    self.feed(Fact.DIGIT, call=call, value=ord(pick.choice("123")))
            case 14:
                if call in self.under_way:
                    self.sent_somewhere(call, pick.choice(["sales", "menu", "managers", "out"]))
            case 16:
                if call in self.under_way:
                    self.taken_by(call, person)
            case 15:
                self.usable("city", pick.random() < 0.7)
            case 12:
                try:
                    self.feed(
                        pick.choice([Fact.RANG, Fact.ANSWERED, Fact.REFUSED, Fact.LEFT, Fact.DONE, Fact.HUNG_UP]),
                        call=pick.choice([call, 99999]) if call not in self.under_way else 99999,
                        leg=pick.randrange(50),
                        value=19,
                    )
                except CoreError as fault:
                    assert fault.id in ("no-call", "no-leg", "cannot")
        self.take()


@given(
    st.sampled_from(STRATEGIES),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 2**32), st.sampled_from([0, 0, 1, 500, 3000, 8000, 30000])), max_size=120),
)
@settings(max_examples=150, deadline=None)
def test_any_history_leaves_nobody_rung_twice_and_every_call_over_once(
    strategy: str, music: bool, history: list[tuple[int, int]]
) -> None:
    box = Watched(office(strategy, music))
    for choice, pause in history:
        try:
            box.happen(choice)
        except CoreError as fault:  # nine plans alive
            assert fault.id == "full"
        box.tick(box.now + pause)
    for call in sorted(box.under_way):
        box.feed(Fact.HUNG_UP, call=call)
        box.take()
    assert (box.under_way, box.live, box.rung, box.talking) == (set(), {}, {}, {})
    box.tick(box.now + 60_000)
    assert box.core.deadline() is None
    everybody_can_be_rung(box)


def everybody_can_be_rung(box: Watched) -> None:
    """With all at their desks, a chain of all rings each of them: nobody was left busy, rung or wrapping up."""
    last = Office()
    for person in PEOPLE:
        last.person(person)
        box.status(person, "available")
        box.telephones(person, 1)
    last.chain("all", (10, " ".join(PEOPLE)))
    last.line("city", "all")
    last.step("all", "chain", "all")
    box.core.swap(last.plan(), box.now)
    box.office = last
    last.names |= {last.id("person", person): person for person in PEOPLE}
    box.under_way.add(100_000)
    box.feed(Fact.ARRIVED, call=100_000, line=last.id("line", "city"))
    box.take()
    assert sorted(box.rung) == PEOPLE


@given(st.lists(st.sampled_from([0, 1, 2]), min_size=10, max_size=60))
@settings(max_examples=50, deadline=None)
def test_turns_come_round_to_everybody_before_anybody_again(answers: list[int]) -> None:
    box = Box(offices.turns())
    rung: list[str] = []
    for how in answers:  # all three are free: none of them, one, or two let it pass before one answers
        call = box.arrives("city")
        for _ in range(how):
            rung.append(box.on_ring(call))
            box.refuses(rung[-1], call)
        rung.append(box.on_ring(call))
        box.answers(rung[-1], call)
        box.hangs_up(call)
        box.wait(3)
    for i in range(len(rung) - 2):
        assert len(set(rung[i : i + 3])) == 3


@given(st.binary(max_size=300))
def test_bytes_that_are_no_plan_are_a_bad_plan(junk: bytes) -> None:
    for plan in (junk, b"LKPL" + junk):
        try:
            Core(plan)
        except CoreError as fault:
            assert fault.id == "bad-plan"
        else:
            raise AssertionError("taken for a plan")


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_plan_with_wrong_fields_is_a_bad_plan_or_harmless(data: st.DataObject) -> None:
    rows = office().rows()
    for _ in range(data.draw(st.integers(1, 3))):
        tag = data.draw(st.sampled_from([tag for tag, records in rows.items() if records]))
        record = data.draw(st.integers(0, len(rows[tag]) - 1))
        values = list(rows[tag][record])
        field = data.draw(st.integers(0, len(values) - 1))
        number = data.draw(st.sampled_from([0, 1, 2, 3, 5, 8, 17, 255]))
        values[field] = number if isinstance(values[field], int) else b"\xff" * 32
        rows[tag][record] = tuple(values)
    try:
        core = Core(assemble(rows, data.draw(st.sampled_from([1, 6, 4096]))))
    except CoreError as fault:
        assert fault.id == "bad-plan"
        return
    for call in range(1, 9):
        try:
            core.feed(Fact.ARRIVED, NINE, call=call, line=office().id("line", "city"), other="7")
        except CoreError as fault:
            assert fault.id in ("bad-event", "full")
        core.commands()
        assert all(Why(line.rule) and Because(line.reason) is not None for line in core.trace())
    for _ in range(50):
        if (due := core.deadline()) is None:
            break
        core.feed(Fact.TICK, due)
        core.commands()
        core.trace()
