# SPDX-License-Identifier: GPL-2.0-or-later
"""The world of the model: people, lines, calls and legs; ringing, stopping, and the end of a call."""

from dataclasses import dataclass, field
from typing import NamedTuple

from appliance.core.names import Because, Do, Outcome, Override, Status, Why
from tests.core.model_plan import NONE, Caller, Member, Person, Plan, Rows

REASON_CAUSES = {
    Because.STATUS: 20,
    Because.UNREACHABLE: 20,
    Because.BUSY: 17,
    Because.RINGING: 17,
    Because.WRAP_UP: 17,
    Because.DECLINED: 21,
    Because.NO_ANSWER: 19,
    Because.CALLER: 17,
    Because.QUEUE_FULL: 17,
    Because.QUEUE_EMPTY: 20,
    Because.MAX_WAIT: 19,
    Because.CHAIN_END: 19,
    Because.NO_ROUTE: 1,
    Because.LINE_DOWN: 34,
    Because.LOOP: 25,
    Because.LEFT_EMPTY: 20,
    Because.PAUSED: 20,
    Because.NOBODY: 20,
    Because.OFF_DUTY: 20,
}

FOR_EVER = (1 << 63) - 1


class Refused(Exception):
    """A fact that cannot be; args[0] is the id of the error."""


class Command(NamedTuple):
    kind: int
    call: int = 0
    leg: int = 0
    target: int = 0
    queue: int = 0
    value: int = 0
    number: str = ""


class Line(NamedTuple):
    """One line of why."""

    call: int
    rule: int
    reason: int
    subject: int
    detail: int


@dataclass
class Somebody:
    """A person as he is now."""

    status: int = Status.AVAILABLE
    telephones: int = 0
    busy: int = 0  # calls he is on, as caller or partner
    wrap_until: int = 0
    idle_since: int = 0
    missed: int = 0  # calls in a row he let ring
    paused_until: int | None = None  # None: not paused; 0: till his status is set
    leg: "Leg | None" = None
    last_leg: int = 0


@dataclass
class Leg:
    id: int
    call: "Call"
    person: int  # id, 0 for one to the outside
    line: int = 0
    until: int = 0
    rings_for: int = 0
    charged: tuple[int, int, int] | None = None  # queue, number of its run, W: while it rings by shares


@dataclass
class Call:
    id: int
    plan: Plan
    slot: int
    line: int  # LINE index
    number: str
    called: str
    trust: int
    history: int
    last: int  # person id spoken to last, 0 nobody
    arrived: int
    caller: int = 0  # person id when he is one of ours
    record: Caller = field(default_factory=Caller)
    state: str = ""
    step: int = NONE
    steps: int = 0
    priority: int = 0
    skills: dict[int, int] = field(default_factory=dict)
    attributes: dict[int, str] = field(default_factory=dict)
    queue: int = 0  # id of the queue last joined
    joined: int = 0
    joined_at: int = 0  # number of the fact
    rank: tuple[int, int] = (0, 0)  # place in the waiting order
    wait_until: int | None = None
    again_at: int | None = None
    ask_until: int | None = None
    chain: list[tuple[int, list[tuple[int, Member]]]] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    answered: bool = False
    answerer: int = 0
    answered_in: int = 0  # queue id he was answered in, 0 elsewhere
    talks_since: int = 0
    wrap_up_ms: int = 0
    mailbox: int = 0
    refusals: dict[int, tuple[Because, int]] = field(default_factory=dict)
    told: dict[int, int] = field(default_factory=dict)
    offers: int = 0
    counted: int = 0  # number of the run of its queue whose people are owed their part of this call, 0 none
    saying: bool = False  # something that may be hushed
    tries: int = 0
    unheeded: int = 0  # things said or looked up since the last key that counted
    typed: str = ""
    keyed: bool = False
    served: bool = False
    talked: bool = False  # somebody spoke to him
    sender: int = 0  # person id of who sent it last
    asked_at: int = 0
    park_until: int | None = None


@dataclass
class Waiting:
    """What a queue remembers."""

    turns: dict[int, int] = field(default_factory=dict)
    turn: int = 0
    run: set[int] = field(default_factory=set)
    run_number: int = 0
    deficits: dict[int, int] = field(default_factory=dict)
    calls: dict[int, int] = field(default_factory=dict)
    talk: dict[int, int] = field(default_factory=dict)


class World:
    def __init__(self, rows: Rows, calls_max: int) -> None:
        self.plan = Plan(rows, calls_max)
        self.plans = [self.plan]
        self.now = 0
        self.facts = 0  # taken so far
        self.people: dict[int, Somebody] = {}
        self.usable: dict[int, bool] = {}
        self.queues: dict[int, Waiting] = {}
        self.overrides: dict[int, tuple[int, int]] = {}  # hours id -> enum lk_override, until
        self.duty_at: int | None = None  # when somebody's duty may begin or end next
        self.calls: dict[int, Call] = {}
        self.waiting: list[Call] = []
        self.spare = list(reversed(range(calls_max)))  # slots; the first free one is taken
        self.next_leg = 1
        self.legs_given: dict[int, tuple[int, int]] = {}  # leg -> call, person or line
        self.joins = 0
        self.stirred = False
        self.joined: list[Call] = []
        self.commands: list[Command] = []
        self.trace: list[Line] = []
        self.settle()
        self.watch_duty()

    def settle(self) -> None:
        """Everybody and everything some plan in force knows, and who is on a call, is there; the rest is forgotten."""
        people = {one for plan in self.plans for one in plan.ids("PRSN")}
        people |= {one for one, somebody in self.people.items() if somebody.busy}
        lines = {one for plan in self.plans for one in plan.ids("LINE")}
        queues = {one for plan in self.plans for one in plan.ids("QUEU")}
        self.people = {one: self.people.get(one, Somebody()) for one in people}
        self.usable = {one: self.usable.get(one, False) for one in lines}
        self.queues = {one: self.queues.get(one, Waiting()) for one in queues}
        for waiting in self.queues.values():
            waiting.run = waiting.run if waiting.run <= people else set()
            for kept in (waiting.turns, waiting.deficits, waiting.calls, waiting.talk):
                for gone in set(kept) - people:
                    del kept[gone]

    def do(self, kind: Do, call: Call | None = None, **fields: int | str) -> None:
        self.commands.append(Command(kind, call.id if call else 0, **fields))  # type: ignore[arg-type]

    def note(self, call: Call, rule: Why, reason: int = 0, subject: int = 0, detail: int = 0) -> None:
        self.trace.append(Line(call.id, rule, reason, subject, detail))

    # ---- people -----------------------------------------------------------------------------------------------------

    def ways(self, plan: Plan, person: int, ways: int) -> int:
        """The ways that count now."""
        rule = plan.person(person)
        lines = plan.ids("LINE")[:64]
        mobile = rule is not None and any(
            rule.mobile_lines >> i & 1 and self.usable[line] for i, line in enumerate(lines)
        )
        return ways & ((1 if self.people[person].telephones else 0) | (2 if mobile else 0))

    def paused(self, person: int) -> bool:
        until = self.people[person].paused_until
        return until is not None and (until == 0 or until > self.now)

    def on_duty(self, plan: Plan, person: int, ways: int) -> bool:
        available = self.people[person].status == Status.AVAILABLE
        on_duty = self.off_duty_until(plan, person) is None
        return available and on_duty and not self.paused(person) and self.ways(plan, person, ways) != 0

    def hours_now(self, plan: Plan, hours: int) -> tuple[bool, bool, int]:
        """Whether they are open, whether that is held so, and when it changes (FOR_EVER: never)."""
        held, until = self.overrides.get(plan.id("HOUR", hours), (0, 0))
        if held and (until == 0 or self.now < until):
            return held == Override.HELD_OPEN, True, until or FOR_EVER
        return plan.open(hours, self.now), False, plan.open_until(hours, self.now) or FOR_EVER

    def off_duty_until(self, plan: Plan, person: int) -> int | None:
        """When his duty begins, None when it is now."""
        rule = plan.person(person)
        if rule is None or not rule.duty:
            return None
        is_open, _, until = self.hours_now(plan, rule.duty - 1)
        return None if is_open else until

    def watch_duty(self) -> None:
        duties = [(plan, person.duty - 1) for plan in self.plans for person in plan.people if person.duty]
        changes = {self.hours_now(plan, hours)[2] for plan, hours in duties} - {FOR_EVER}
        self.duty_at = min(changes, default=None)

    def hours_changed(self) -> None:
        self.stirred = True
        self.watch_duty()

    def unfree(self, call: Call, person: int, ways: int) -> tuple[Because, int]:
        """Why he cannot be rung for this call by anybody, and its detail."""
        somebody = self.people[person]
        if person == call.caller:
            return Because.CALLER, 0
        if somebody.status != Status.AVAILABLE:
            return Because.STATUS, somebody.status
        if self.paused(person):
            return Because.PAUSED, max(0, (somebody.paused_until or 0) - self.now)
        if (begins := self.off_duty_until(call.plan, person)) is not None:
            return Because.OFF_DUTY, begins
        if not self.ways(call.plan, person, ways):
            return Because.UNREACHABLE, 0
        if somebody.busy:
            return Because.BUSY, 0
        if somebody.wrap_until > self.now:
            return Because.WRAP_UP, somebody.wrap_until - self.now
        if somebody.leg:
            return Because.RINGING, 0
        return Because.NONE, 0

    def is_free(self, person: int) -> bool:
        somebody = self.people[person]
        return not somebody.busy and somebody.wrap_until <= self.now and not somebody.leg

    def unanswered(self, call: Call, person: int) -> None:
        """He let a call ring: so many in a row pause him."""
        somebody, rule = self.people[person], self.rule(call, person)
        if not rule or not rule.pause_after or somebody.paused_until is not None:
            return
        somebody.missed += 1
        if somebody.missed >= rule.pause_after:
            somebody.paused_until = self.now + rule.pause_ms if rule.pause_ms else 0
            self.do(Do.PAUSED, target=person, value=rule.pause_ms)
            self.note(call, Why.PAUSED, subject=person, detail=somebody.missed)
            self.stirred = True

    def rule(self, call: Call, person: int) -> Person | None:
        return call.plan.person(person)

    # ---- legs -------------------------------------------------------------------------------------------------------

    def new_leg(self, call: Call, person: int = 0, line: int = 0) -> Leg:
        leg = Leg(self.next_leg, call, person, line)
        self.legs_given[leg.id] = call.id, person or line
        self.next_leg += 1
        call.legs.append(leg)
        return leg

    def ring(self, call: Call, person: int, ways: int, why: Because, ms: int, queue: int = 0) -> Leg:
        leg = self.new_leg(call, person)
        leg.until, leg.rings_for = self.now + ms, ms
        self.people[person].leg, self.people[person].last_leg = leg, leg.id
        call.told[person] = 0
        counted = self.ways(call.plan, person, ways)
        self.do(Do.RING, call, leg=leg.id, target=person, queue=queue, value=counted)
        self.note(call, Why.RUNG, why, person)
        return leg

    def pass_by(self, call: Call, person: int, reason: Because, detail: int = 0) -> None:
        if call.told.get(person, 0) != reason:
            call.told[person] = reason
            self.note(call, Why.PASSED, reason, person, detail)

    def leg_ended(self, leg: Leg) -> None:
        """It rings no more; whoever did not answer is given back what he was charged for it."""
        leg.call.legs.remove(leg)
        if leg.person:
            self.people[leg.person].leg = None
        if leg.charged:
            queue, run, whole = leg.charged
            memory = self.queues[queue]
            if memory.run_number == run:
                memory.deficits[leg.person] += whole
        self.stirred = True

    def stop(self, leg: Leg, cause: int) -> None:
        self.do(Do.STOP, leg.call, leg=leg.id, value=cause)
        self.leg_ended(leg)

    def stop_all(self, call: Call, cause: int, but: Leg | None = None) -> None:
        for leg in list(call.legs):
            if leg is not but:
                self.stop(leg, cause)

    # ---- the end ----------------------------------------------------------------------------------------------------

    def free_answerer(self, call: Call) -> None:
        """The partner is free: his work after the call begins, and his talk is counted."""
        person = call.answerer
        if not person:
            return
        somebody = self.people[person]
        somebody.busy -= 1
        somebody.idle_since = self.now
        if call.answered_in in self.queues:
            talk = self.queues[call.answered_in].talk
            talk[person] = talk.get(person, 0) + max(0, self.now - call.talks_since)
        if call.wrap_up_ms:
            somebody.wrap_until = self.now + call.wrap_up_ms
        call.answerer = 0
        self.stirred = True

    def leave_queue(self, call: Call, answered: Leg | None = None) -> None:
        if call in self.waiting and call.counted:
            self.settle_shares(call, answered)
        if call in self.waiting:
            self.waiting.remove(call)
        if call in self.joined:
            self.joined.remove(call)
        call.wait_until = call.again_at = None
        call.counted = 0

    def finish(self, call: Call, outcome: Outcome, why: int = 0) -> None:
        for leg in list(call.legs):
            self.leg_ended(leg)
        self.do(Do.OVER, call, target=call.answerer, queue=call.queue, value=outcome)
        subject = call.mailbox if outcome == Outcome.VOICEMAIL else call.answerer
        self.note(call, Why.OVER, why, subject, outcome)
        self.free_answerer(call)
        if call.caller:
            caller = self.people[call.caller]
            caller.busy -= 1
            caller.idle_since = self.now
            self.stirred = True
        self.leave_queue(call)
        del self.calls[call.id]
        self.spare.append(call.slot)
        call.plan.calls -= 1
        if call.plan.calls == 0 and call.plan is not self.plan:
            self.plans.remove(call.plan)

    def settle_shares(self, call: Call, answered: Leg | None) -> None:
        raise NotImplementedError

    def hang_up(self, call: Call, cause: int) -> None:
        self.do(Do.HANG_UP, call, value=cause)
