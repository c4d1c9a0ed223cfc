# SPDX-License-Identifier: GPL-2.0-or-later
"""The core once more in plain Python: the same facts in, the same commands and traces out.

Written from docs/core.md, core.h and settings/plan_format.md for whoever reads it, not for speed; test_model.py holds
the C core against it. model_plan.py reads the tables, model_world.py has people, calls and legs, model_queues.py whom
a queue rings, model_steps.py the walk.
"""

from collections.abc import Callable
from dataclasses import replace

from appliance.core.names import Because, Do, Fact, Outcome, Status, Why
from tests.core.model_plan import NONE, Plan, Rows
from tests.core.model_steps import Steps
from tests.core.model_world import Call, Leg, Refused, Somebody, Waiting

ELSEWHERE, TIME_UP, NORMAL = 26, 19, 16
DECLINING = (17, 21)  # causes by which somebody says that he will not; all others let it ring
TELEPHONES_MAX = 1000
NUMBER_MAX = 31
PLANS_MAX = 9
FOUND = {1: Because.FOUND, 0: Because.NOT_FOUND, -1: Because.FAILED}


def is_number(text: str) -> bool:
    return is_text(text) and " " not in text


def is_text(text: str) -> bool:
    return len(text) <= NUMBER_MAX and all(" " <= letter <= "~" for letter in text)


class Model(Steps):
    def feed(self, kind: int, now: int, **fields: int | str) -> None:
        """Takes one fact, or raises Refused and has changed nothing."""
        self.now = now
        self.facts += 1
        take: dict[int, Callable[..., None]] = {
            Fact.TICK: lambda: None,
            Fact.ARRIVED: self.arrived,
            Fact.STATUS: self.status,
            Fact.REACHABLE: self.reachable,
            Fact.LINE: self.line,
            Fact.OVERRIDE: self.override,
            Fact.RESET: self.reset,
            Fact.SENT: self.sent,
            Fact.TAKEN: self.taken,
        }
        if kind in take:
            take[kind](**fields)
        else:
            self.about_call(Fact(kind), **fields)  # type: ignore[arg-type]
        self.run_due()
        self.dispatch()

    def swap(self, rows: Rows, calls_max: int, now: int) -> None:
        self.now = now
        keep = [plan for plan in self.plans if plan.calls]
        if len(self.plans) == PLANS_MAX:
            raise Refused("full")
        self.plan = Plan(rows, calls_max)
        self.plans = [*keep, self.plan]
        room = max(plan.calls_max for plan in self.plans)
        taken = {call.slot for call in self.calls.values()}
        self.spare = [slot for slot in reversed(range(room)) if slot not in taken]
        self.settle()
        self.watch_duty()

    def restart(self, rows: Rows, calls_max: int) -> "Model":
        """The box after its power failed: what memory keeps is there, calls and telephones are not."""
        after = Model(rows, calls_max)
        for one, somebody in self.people.items():
            if one in after.people:
                after.people[one] = Somebody(
                    somebody.status,
                    idle_since=somebody.idle_since,
                    missed=somebody.missed,
                    paused_until=somebody.paused_until,
                )
        for one, waiting in self.queues.items():
            if one in after.queues:
                after.queues[one] = replace(waiting)
        after.overrides = dict(self.overrides)
        after.settle()
        after.watch_duty()
        return after

    # ---- time -------------------------------------------------------------------------------------------------------

    def timers(self) -> list[tuple[int, int, int, Callable[[], None]]]:
        """All that are set: when, and for those of one moment the order: by kind, then by person id or call."""
        due: list[tuple[int, int, int, Callable[[], None]]] = []
        for one, somebody in self.people.items():
            if somebody.wrap_until:
                due.append((somebody.wrap_until, 0, one, lambda s=somebody: self.wrapped_up(s)))  # type: ignore[misc]
            if somebody.leg and somebody.leg.until:
                due.append((somebody.leg.until, 1, one, lambda leg=somebody.leg: self.rang_out(leg)))  # type: ignore[misc]
            if somebody.paused_until:
                due.append((somebody.paused_until, 2, one, lambda s=somebody: self.pause_over(s)))  # type: ignore[misc]
        for call in self.calls.values():
            if call.wait_until is not None:
                due.append((call.wait_until, 3, call.slot, lambda c=call: self.waited(c)))  # type: ignore[misc]
            if call.park_until is not None:
                due.append((call.park_until, 3, call.slot, lambda c=call: self.parked_long_enough(c)))  # type: ignore[misc]
            if call.again_at is not None:
                due.append((call.again_at, 4, call.slot, lambda c=call: self.again(c)))  # type: ignore[misc]
            if call.ask_until is not None:
                due.append((call.ask_until, 3, call.slot, lambda c=call: self.asked_long_enough(c)))  # type: ignore[misc]
        for hours, (held, until) in self.overrides.items():
            if held and until:
                due.append((until, 5, hours, lambda h=hours: self.held_long_enough(h)))  # type: ignore[misc]
        if self.duty_at is not None:
            due.append((self.duty_at, 6, 0, self.hours_changed))
        return due

    def held_long_enough(self, hours: int) -> None:
        self.overrides[hours] = 0, 0
        self.hours_changed()

    def deadline(self) -> int | None:
        return min((when for when, *_ in self.timers()), default=None)

    def run_due(self) -> None:
        while due := [timer for timer in self.timers() if timer[0] <= self.now]:
            min(due, key=lambda timer: timer[:3])[3]()

    def wrapped_up(self, somebody: Somebody) -> None:
        somebody.wrap_until = 0
        self.stirred = True

    def pause_over(self, somebody: Somebody) -> None:
        somebody.paused_until, somebody.missed = None, 0
        self.stirred = True

    def again(self, call: Call) -> None:
        call.again_at = None
        self.stirred = True

    def rang_out(self, leg: Leg) -> None:
        call = leg.call
        self.note(call, Why.TIMEOUT, Because.NO_ANSWER, leg.person, leg.rings_for)
        call.refusals[leg.person] = Because.NO_ANSWER, self.now
        self.unanswered(call, leg.person)
        self.stop(leg, TIME_UP)
        if call.state == "hunting":
            self.hunt_on(call, Because.NO_ANSWER)

    def waited(self, call: Call) -> None:
        queue = self.queue_of(call)
        self.note(call, Why.TIMEOUT, Because.MAX_WAIT, queue.id, queue.max_wait_ms)
        self.stop_all(call, TIME_UP)
        self.leave_queue(call)
        self.walk_on(call, Because.MAX_WAIT)

    # ---- facts about people, lines, hours ---------------------------------------------------------------------------

    def somebody(self, person: int) -> Somebody:
        if person not in self.people:
            raise Refused("bad-event")
        return self.people[person]

    def status(self, person: int, value: int) -> None:
        somebody = self.somebody(person)
        if not 0 <= value <= Status.OFF:
            raise Refused("bad-event")
        somebody.status, somebody.missed, somebody.paused_until = value, 0, None
        self.stirred = True

    def reachable(self, person: int, value: int) -> None:
        somebody = self.somebody(person)
        if not 0 <= value <= TELEPHONES_MAX:
            raise Refused("bad-event")
        somebody.telephones = value
        self.stirred = True

    def line(self, line: int, value: int) -> None:
        if line not in self.usable or value not in (0, 1):
            raise Refused("bad-event")
        self.usable[line] = bool(value)
        self.stirred = True

    def override(self, what: int, value: int, until: int = 0) -> None:
        known = {one for plan in self.plans for one in plan.ids("HOUR")}
        if what not in known or not 0 <= value <= 2 or until < 0 or (value and 0 < until <= self.now):
            raise Refused("bad-event")
        self.overrides[what] = value, until if value else 0
        self.hours_changed()

    def reset(self) -> None:
        for waiting in self.queues.values():
            waiting.calls.clear()
            waiting.talk.clear()

    # ---- a call arrives ---------------------------------------------------------------------------------------------

    def arrived(
        self,
        call: int,
        line: int,
        person: int = 0,
        number: str = "",
        other: str = "",
        trust: int = 0,
        history: int = 0,
        what: int = 0,
        leg: int = 0,
    ) -> None:
        lines, steps = self.plan.ids("LINE"), self.plan.ids("STEP")
        sound = call and line in lines and is_number(number) and is_number(other) and trust <= 5 and history <= 3
        if not sound or (person and person not in self.people) or (leg and leg not in steps):
            raise Refused("bad-event")
        if call in self.calls:
            raise Refused("cannot")
        if len(self.calls) >= self.plan.calls_max:
            raise Refused("full")
        index = lines.index(line)
        last = what if what in self.people else 0
        new = Call(call, self.plan, self.spare.pop(), index, number, other, trust, history, last, self.now, person)
        self.calls[call] = new
        self.plan.calls += 1
        if person:
            self.people[person].busy += 1
        self.note(new, Why.ARRIVED, subject=line, detail=2 if leg else int(person != 0))
        self.recognise(new)
        if leg:
            self.note(new, Why.SENT, subject=leg)
            self.walk(new, steps.index(leg), Because.SENT, NORMAL)
            return
        self.look_at_actions(new)
        first = self.plan.first_step(index, other)
        none = first == 0xFFFFFFFF
        self.walk(new, first, Because.NO_ROUTE if none else Because.NONE, 1)

    def recognise(self, call: Call) -> None:
        """Who the caller is."""
        plan = call.plan
        call.record = plan.caller(call.number)
        call.priority = call.record.priority
        lists = [i for i in range(len(plan.rows["LIST"])) if call.record.lists >> i & 1]
        for i in lists:
            self.note(call, Why.CALLER, subject=plan.id("LIST", i))
        if call.priority:
            self.note(call, Why.PRIORITY, subject=plan.id("LIST", lists[0]), detail=call.priority)

    def look_at_actions(self, call: Call) -> None:
        """What is due because of him."""
        lists = [i for i in range(len(call.plan.rows["LIST"])) if call.record.lists >> i & 1]
        for action in call.plan.actions:
            if action.list in lists and call.line < 64 and action.lines >> call.line & 1:
                self.act(call, action, call.trust >= action.least_trust)

    # ---- facts about a call -----------------------------------------------------------------------------------------

    def about_call(self, fact: Fact, call: int, leg: int = 0, value: int = 0, number: str = "") -> None:
        if (
            (fact == Fact.REFUSED and not 1 <= value <= 127)
            or (fact == Fact.DIGIT and (value <= 0 or chr(value) not in "0123456789*#ABCD"))
            or (fact == Fact.FOUND and (value not in FOUND or not is_text(number)))
        ):
            raise Refused("bad-event")
        if call not in self.calls:
            raise Refused("no-call")
        its = self.calls[call]
        if fact in (Fact.RANG, Fact.ANSWERED, Fact.REFUSED, Fact.LEFT):
            self.about_leg(fact, its, leg, value)
            return
        match fact:
            case Fact.HUNG_UP:
                self.hung_up(its)
            case Fact.DONE:
                self.done(its)
            case Fact.DIGIT:
                if its.state == "asking":
                    self.pressed(its, chr(value))
            case Fact.FAILED:
                self.failed(its)
            case Fact.FOUND:
                if its.state == "looking":
                    self.looked_up(its, FOUND[value], number)
                else:
                    self.late(its, 0, fact)

    def late(self, call: Call, person: int, fact: Fact) -> None:
        self.note(call, Why.LATE, subject=person, detail=fact)

    def about_leg(self, fact: Fact, call: Call, leg: int, value: int) -> None:
        live = next((each for each in call.legs if each.id == leg), None)
        if live is None:
            if self.legs_given.get(leg, (0, 0))[0] != call.id:
                raise Refused("no-leg")
            person = self.legs_given[leg][1]
            last = person in self.people and self.people[person].last_leg == leg
            self.late(call, person if last else 0, fact)
            if fact == Fact.ANSWERED:
                cause = ELSEWHERE if call.state == "talking" else TIME_UP
                self.do(Do.STOP, call, leg=leg, value=cause)
            return
        talking = call.state == "talking"
        if (fact == Fact.LEFT) != talking and fact in (Fact.LEFT, Fact.ANSWERED):
            raise Refused("cannot")
        if fact == Fact.LEFT:
            self.note(call, Why.LEFT, subject=live.person or live.line)
            self.hang_up(call, NORMAL)
            self.finish(call, Outcome.ANSWERED)
        elif talking:
            self.late(call, live.person, fact)
        elif fact == Fact.ANSWERED:
            self.answered(call, live)
        elif fact == Fact.REFUSED:
            self.refused(call, live, value)

    def answered(self, call: Call, leg: Leg) -> None:
        leg.until = 0
        call.ask_until = None
        self.stop_all(call, ELSEWHERE, but=leg)
        self.do(Do.BRIDGE, call, leg=leg.id)
        self.note(call, Why.ANSWERED, subject=leg.person or leg.line, detail=max(0, self.now - call.arrived))
        in_queue = call.state == "waiting"
        queue = self.queue_of(call) if in_queue else None
        self.leave_queue(call, leg)
        leg.charged = None
        call.answered_in = queue.id if queue else 0
        call.talks_since = self.now
        if leg.person:
            somebody, rule = self.people[leg.person], self.rule(call, leg.person)
            somebody.busy += 1
            somebody.missed = 0
            call.answerer = leg.person
            call.wrap_up_ms = rule.wrap_up_ms if rule else 0
            if queue and queue.wrap_up_ms != 0xFFFFFFFF:
                call.wrap_up_ms = queue.wrap_up_ms
            if queue:
                calls = self.queues[queue.id].calls
                calls[leg.person] = calls.get(leg.person, 0) + 1
        call.state, call.answered, call.talked = "talking", True, True
        self.stirred = True

    def refused(self, call: Call, leg: Leg, cause: int) -> None:
        how = Because.DECLINED if cause in DECLINING else Because.NO_ANSWER
        self.note(call, Why.REFUSED, how, leg.person or leg.line, cause)
        if leg.person:
            call.refusals[leg.person] = how, self.now
            if how == Because.DECLINED:
                self.people[leg.person].missed = 0
            else:
                self.unanswered(call, leg.person)
        self.leg_ended(leg)
        if call.state == "hunting":
            self.hunt_on(call, how, cause)
        elif call.state == "dialing":
            call.ask_until = None
            self.walk_on(call, how, cause)

    def parked_ends(self, call: Call) -> Outcome:
        if call.plan.steps[call.step].least == 1 or (call.served and not call.talked):
            return Outcome.SELF_SERVICE
        return Outcome.ANSWERED if call.talked else Outcome.ABANDONED

    def hung_up(self, call: Call) -> None:
        outcomes = {"talking": Outcome.ANSWERED, "recording": Outcome.VOICEMAIL}
        serving = call.state in ("speaking", "asking", "looking") and call.served
        outcome = outcomes.get(call.state, Outcome.SELF_SERVICE if serving else Outcome.ABANDONED)
        self.note(call, Why.HUNG_UP)
        self.stop_all(call, NORMAL)
        self.finish(call, self.parked_ends(call) if call.state == "parked" else outcome)

    def done(self, call: Call) -> None:
        if call.state in ("recording", "parked"):
            self.hang_up(call, NORMAL)
            self.finish(call, Outcome.VOICEMAIL if call.state == "recording" else self.parked_ends(call))
        elif call.state in ("speaking", "asking") and call.saying:
            self.said(call, call.plan.steps[call.step], Because.SAID)
        elif call.state not in ("speaking", "asking"):
            raise Refused("cannot")

    def failed(self, call: Call) -> None:
        if call.state == "looking":
            self.looked_up(call, Because.FAILED)
        elif call.state in ("speaking", "asking") and call.saying:
            self.said(call, call.plan.steps[call.step], Because.FAILED)
        elif call.state not in ("speaking", "asking"):
            raise Refused("cannot")

    # ---- calls that people move -------------------------------------------------------------------------------------

    def its(self, call: int) -> Call:
        if call not in self.calls:
            raise Refused("no-call")
        return self.calls[call]

    def let_go(self, call: Call, cause: int) -> None:
        """Nobody has it or is rung for it any more."""
        if call.saying:
            call.saying = False
            self.do(Do.HUSH, call)
        call.unheeded = 0
        self.stop_all(call, cause)
        self.free_answerer(call)
        self.leave_queue(call)
        call.ask_until = call.park_until = None
        call.state = ""

    def sent(self, call: int, what: int = 0, person: int = 0, other: str = "") -> None:
        """Somebody sends the call elsewhere: to a step, or as if a telephone had called a number."""
        its = self.its(call)
        steps = its.plan.ids("STEP")
        if what:
            step = steps.index(what) if what in steps else NONE
        else:
            step = its.plan.first_step(0, other) if other and is_number(other) else NONE
        if step == NONE or (person and person not in self.people):
            raise Refused("bad-event")
        if its.state == "recording":
            raise Refused("cannot")
        its.sender = person
        if not what:
            its.called = other
        self.note(its, Why.SENT, subject=steps[step])
        self.let_go(its, NORMAL)
        self.walk(its, step, Because.SENT, NORMAL)

    def taken(self, call: int, person: int = 0) -> None:
        """A person has it now, or (0) somebody else; of a call he had, its caller is let go."""
        its = self.its(call)
        if person and not its.plan.person(person):
            raise Refused("bad-event")
        if its.state == "recording" or (person and person in (its.caller, its.answerer)):
            raise Refused("cannot")
        self.note(its, Why.TAKEN, subject=person)
        self.let_go(its, NORMAL if its.state == "talking" else ELSEWHERE)
        bereft = self.take_off(person) if person else None
        leg = self.new_leg(its, person)
        if person:
            self.people[person].leg, self.people[person].last_leg = leg, leg.id
        self.answered(its, leg)
        if bereft:
            self.hunt_on(bereft, Because.BUSY)

    def take_off(self, person: int) -> Call | None:
        """Off what he is rung for, or talks on. The call that is to ring others instead."""
        leg = self.people[person].leg
        if not leg:
            return None
        other = leg.call
        if other.answerer == person:
            self.hang_up(other, NORMAL)
            self.finish(other, Outcome.ANSWERED)
            return None
        self.stop(leg, NORMAL)
        return other if other.state == "hunting" else None


__all__ = ["Model", "Refused", "Waiting"]
