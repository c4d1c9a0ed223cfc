# SPDX-License-Identifier: GPL-2.0-or-later
"""The walk of the model: what each kind of step does, and where it goes on."""

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from appliance.core.names import Because, Do, Outcome, Why
from tests.core.model_plan import CALLED, CALLER, NONE, Action, Plan, Step
from tests.core.model_queues import Queues
from tests.core.model_world import REASON_CAUSES, Call

NUMBER_MAX = 31
WALK_MAX, STEPS_MAX, ASKED_MAX = 64, 1000, 32
PRIORITY_MAX = 99
CHAIN, VOICEMAIL, OUTSIDE, SAY, MENU, COLLECT, LOOK_UP, PARK = 3, 5, 7, 10, 11, 12, 13, 23
KEYS_WITHIN = 2000  # ms; to dial the rest of an extension
NORMAL, TIME_UP = 16, 19


class On(NamedTuple):
    """Where a step that does not wait leads, and why."""

    step: int
    why: Because


def digits(text: str) -> int | None:
    return int(text) if text.isdigit() else None


class Steps(Queues):
    # ---- the walk ---------------------------------------------------------------------------------------------------

    def walk(self, call: Call, step: int, why: int, cause: int) -> None:
        """From a step (NONE: none is left) till one waits or the call is over."""
        walked = 0
        while step != NONE:
            rule = call.plan.steps[step]
            asks = rule.kind in (SAY, MENU, COLLECT, LOOK_UP, PARK)
            if walked == WALK_MAX or call.steps == STEPS_MAX or (asks and call.unheeded >= ASKED_MAX):
                self.goes_round(call)
                return
            walked, call.steps, call.step = walked + 1, call.steps + 1, step
            self.note(call, Why.STEP, why, rule.id)
            on = self.TAKE[rule.kind](self, call, rule)
            if on is None:
                return
            step, why, cause = on.step, on.why, REASON_CAUSES.get(on.why, NORMAL)
        self.hang_up(call, cause)
        self.finish(call, Outcome.SELF_SERVICE if call.served else Outcome.REFUSED, why)

    def goes_round(self, call: Call) -> None:
        """It ends in the first voicemail there is."""
        kinds = [rule.kind for rule in call.plan.steps]
        if VOICEMAIL not in kinds:
            self.hang_up(call, REASON_CAUSES[Because.LOOP])
            self.finish(call, Outcome.REFUSED, Because.LOOP)
            return
        call.step = kinds.index(VOICEMAIL)
        self.note(call, Why.STEP, Because.LOOP, call.plan.steps[call.step].id)
        self.take_voicemail(call, call.plan.steps[call.step])

    def walk_on(self, call: Call, why: Because, cause: int = 0) -> None:
        """What comes after the step it is in."""
        on = self.way(call, call.plan.steps[call.step], why)
        self.walk(call, on.step, why, cause or REASON_CAUSES.get(why, NORMAL))

    def way(self, call: Call, rule: Step, why: Because, *, other: bool = False) -> On:
        """The exit of a reason, else next, or other where the table says so."""
        return On(call.plan.exits(rule).get(128 + why, rule.other if other else rule.next), why)

    # ---- steps that only point on -----------------------------------------------------------------------------------

    def take_hours(self, call: Call, rule: Step) -> On:
        hours = call.plan.id("HOUR", rule.what)
        is_open, held, until = self.hours_now(call.plan, rule.what)
        if held:
            reason = Because.OVERRIDE_OPEN if is_open else Because.OVERRIDE_CLOSED
        else:
            reason = Because.OPEN if is_open else Because.CLOSED
        self.note(call, Why.HOURS, reason, hours, until)
        return self.way(call, rule, Because.OPEN if is_open else Because.CLOSED, other=not is_open)

    def take_list(self, call: Call, rule: Step) -> On:
        return On(rule.next if call.record.lists >> rule.what & 1 else rule.other, Because.NONE)

    def told(self, call: Call, rule: Step, yes: bool, why: Why, subject: int, detail: int) -> On:
        """A question answered by yes or no."""
        reason = Because.YES if yes else Because.NO
        self.note(call, why, reason, subject, detail)
        return self.way(call, rule, reason, other=not yes)

    def take_trust(self, call: Call, rule: Step) -> On:
        line = call.plan.id("LINE", call.line)
        return self.told(call, rule, call.trust >= rule.small, Why.TRUST, line, call.trust)

    def take_history(self, call: Call, rule: Step) -> On:
        yes = [bool(call.history & 1), bool(call.history & 2), call.last != 0][rule.small]
        return self.told(call, rule, yes, Why.HISTORY, call.last, call.history)

    def take_compare(self, call: Call, rule: Step) -> On:
        if rule.what in (CALLER, CALLED):
            subject, value = 0, call.number if rule.what == CALLER else call.called
        else:
            subject, value = call.plan.id("ATTR", rule.what), call.attributes.get(rule.what, "")
        text = call.plan.text(rule.value) if rule.value != NONE else ""
        a, b = digits(value), digits(text)
        both = a is not None and b is not None
        yes = [
            value == text,
            value.startswith(text),
            both and (a or 0) < (b or 0),
            both and (a or 0) > (b or 0),
            value == "",
        ][rule.small]
        return self.told(call, rule, yes, Why.COMPARED, subject, 0)

    def take_load(self, call: Call, rule: Step) -> On:
        queue = call.plan.queues[rule.what]
        people = call.plan.run(queue.first, queue.count)
        there = [p for p, m in people if self.on_duty(call.plan, p, m.ways)]
        free = [p for p in there if self.is_free(p)]
        waits = [max(0, self.now - other.joined) // 1000 for other in self.callers(queue.id)]
        measured = [len(waits), len(free), len(there), max(waits, default=0)][rule.small]
        return self.told(call, rule, measured >= rule.ms, Why.LOAD, queue.id, measured)

    def take_set(self, call: Call, rule: Step) -> On:
        self.set(call, rule.what, call.plan.text(rule.value))
        return On(rule.next, Because.NONE)

    def set(self, call: Call, attribute: int, value: str) -> None:
        call.attributes[attribute] = value
        identity = call.plan.id("ATTR", attribute)
        self.do(Do.SET, call, target=identity, number=value)
        self.note(call, Why.SET, subject=identity)

    def take_action(self, call: Call, rule: Step) -> On:
        action = call.plan.actions[rule.what]
        bound = call.line < 64 and action.lines >> call.line & 1
        if not self.act(call, action, bool(bound) and call.trust >= action.least_trust):
            return self.way(call, rule, Because.TRUST, other=True)
        call.served |= call.keyed
        return On(rule.next, Because.NONE)

    def act(self, call: Call, action: Action, may: bool) -> bool:
        if may:
            self.do(Do.ACTION, call, target=action.id)
        self.note(call, Why.ACTION, Because.NONE if may else Because.TRUST, action.id)
        return may

    def take_skill(self, call: Call, rule: Step) -> On:
        """Wanted from now on; wanted twice, the higher level counts."""
        level = call.skills[rule.what] = max(rule.small, call.skills.get(rule.what, 0))
        self.note(call, Why.SKILL, subject=call.plan.id("SKIL", rule.what), detail=level)
        return On(rule.next, Because.NONE)

    def take_priority(self, call: Call, rule: Step) -> On:
        call.priority = min(PRIORITY_MAX, call.priority + rule.small)
        self.note(call, Why.PRIORITY, subject=rule.id, detail=call.priority)
        return On(rule.next, Because.NONE)

    # ---- steps that wait for somebody -------------------------------------------------------------------------------

    def take_queue(self, call: Call, rule: Step) -> On | None:
        queue = call.plan.queues[rule.what]
        if queue.max_length and len(self.callers(queue.id)) >= queue.max_length:
            return self.way(call, rule, Because.QUEUE_FULL)
        if (not queue.join_when_empty or queue.leave_when_empty) and not self.anybody_on_duty(call, queue):
            return self.way(call, rule, Because.QUEUE_EMPTY)
        if queue.music:
            self.answer_caller(call)
        if call.answered:
            self.do(Do.PLAY, call, target=queue.id)
        self.note(call, Why.QUEUED, subject=queue.id, detail=self.join(call, queue))
        return None

    def answer_caller(self, call: Call) -> None:
        if not call.answered:
            self.do(Do.ANSWER, call)
        call.answered = True

    def take_chain(self, call: Call, rule: Step) -> On | None:
        call.state, call.chain = "hunting", call.plan.chain(rule.what)
        return None if self.ring_chain(call) else self.way(call, rule, Because.CHAIN_END)

    def ring_chain(self, call: Call) -> bool:
        """Rings the next step of the chain that has somebody to ring; False at its end."""
        while call.chain and not call.legs:
            ms, people = call.chain.pop(0)
            for person, member in people:
                reason, detail = self.unfree(call, person, member.ways)
                if not reason and call.refusals.get(person, (0, 0))[0] == Because.DECLINED:
                    reason = Because.DECLINED
                if reason:
                    self.pass_by(call, person, reason, detail)
                else:
                    self.ring(call, person, member.ways, Because.CHAIN_STEP, ms)
        return bool(call.legs)

    def take_person(self, call: Call, rule: Step) -> On | None:
        return self.hunt(call, rule, call.plan.people[rule.what].id, Because.DIRECT)

    def take_manager(self, call: Call, rule: Step) -> On | None:
        known = call.record.manager != NONE
        manager = call.plan.people[call.record.manager].id if known else 0
        return self.hunt(call, rule, manager, Because.MANAGER)

    def take_last(self, call: Call, rule: Step) -> On | None:
        last = call.last if call.plan.person(call.last) else 0
        return self.hunt(call, rule, last, Because.LAST_SPOKEN)

    def take_sender(self, call: Call, rule: Step) -> On | None:
        sender = call.sender if call.plan.person(call.sender) else 0
        return self.hunt(call, rule, sender, Because.RETURNED)

    def take_park(self, call: Call, rule: Step) -> None:
        self.answer_caller(call)
        call.state = "parked"
        self.do(Do.PARK, call, target=rule.id)
        if rule.ms:
            call.park_until = self.now + rule.ms

    def parked_long_enough(self, call: Call) -> None:
        rule = call.plan.steps[call.step]
        call.park_until = None
        self.note(call, Why.TIMEOUT, Because.MAX_WAIT, rule.id, rule.ms)
        self.walk_on(call, Because.MAX_WAIT)

    def hunt(self, call: Call, rule: Step, person: int, why: Because) -> On | None:
        """One person alone. Somebody asked for by name is rung whatever his status says and while he wraps up."""
        if not person:
            return self.way(call, rule, Because.NOBODY)
        reason, detail = self.unfree(call, person, rule.least)
        kept = (Because.STATUS, Because.PAUSED, Because.OFF_DUTY, Because.WRAP_UP)
        if why in (Because.DIRECT, Because.RETURNED) and reason in kept:
            reason, detail = self.out_of_reach(call, person, rule.least), 0
        if not reason and call.refusals.get(person, (0, 0))[0] == Because.DECLINED:
            reason = Because.DECLINED
        if reason:
            self.pass_by(call, person, reason, detail)
            return self.way(call, rule, reason)
        call.state, call.chain = "hunting", []
        self.ring(call, person, rule.least, why, rule.small * 1000)
        return None

    def out_of_reach(self, call: Call, person: int, ways: int) -> Because:
        somebody = self.people[person]
        if not self.ways(call.plan, person, ways):
            return Because.UNREACHABLE
        if somebody.busy:
            return Because.BUSY
        return Because.RINGING if somebody.leg else Because.NONE

    def hunt_on(self, call: Call, why: Because, cause: int = 0) -> None:
        """A leg of it ended: the next step of the chain, or what comes after, when it was the last."""
        if call.legs or self.ring_chain(call):
            return
        chain = call.plan.steps[call.step].kind == CHAIN
        self.walk_on(call, Because.CHAIN_END if chain else why, 0 if chain else cause)

    def take_outside(self, call: Call, rule: Step) -> On | None:
        instead = call.plan.text(rule.value) if rule.value != NONE else None
        number = call.called[rule.small :] if instead is None else instead
        if not number:
            return self.way(call, rule, Because.NO_ROUTE)
        line = call.plan.id("LINE", rule.what)
        if not self.usable[line] and rule.least != 2:
            return self.way(call, rule, Because.LINE_DOWN)
        call.state = "dialing"
        leg = self.new_leg(call, line=line)
        self.do(Do.DIAL, call, leg=leg.id, target=line, number=number, value=int(rule.least == 1))
        call.ask_until = self.now + rule.ms if rule.ms else None
        return None

    # ---- ends -------------------------------------------------------------------------------------------------------

    def take_voicemail(self, call: Call, rule: Step) -> None:
        self.answer_caller(call)
        call.state, call.mailbox = "recording", rule.what
        self.do(Do.MAILBOX, call, target=rule.what)

    def take_hang_up(self, call: Call, rule: Step) -> None:
        self.hang_up(call, rule.what)
        self.finish(call, Outcome.SELF_SERVICE if call.served else Outcome.REFUSED)

    # ---- saying and asking ------------------------------------------------------------------------------------------

    def say(self, call: Call, rule: Step, wanted: bool) -> None:
        call.saying, call.typed, call.ask_until = True, "", None
        call.unheeded += 1
        self.do(Do.SAY, call, target=rule.what, value=int(wanted))

    def take_say(self, call: Call, rule: Step) -> None:
        self.answer_caller(call)
        call.state = "speaking"
        self.say(call, rule, False)

    def take_asking(self, call: Call, rule: Step) -> None:
        self.answer_caller(call)
        call.state, call.tries = "asking", 1
        self.say(call, rule, True)

    def asked_in_vain(self, call: Call, why: Because) -> None:
        """Said again as often as it may be, then the way out of this reason, or other."""
        rule = call.plan.steps[call.step]
        if call.tries < rule.small:
            call.tries += 1
            self.say(call, rule, True)
            return
        call.ask_until = None
        self.walk(call, self.way(call, rule, why, other=True).step, why, REASON_CAUSES.get(why, NORMAL))

    def said(self, call: Call, rule: Step, why: Because) -> None:
        """Heard to its end, or it cannot be said."""
        call.saying = False
        self.note(call, Why.SAID, why, rule.what)
        if why == Because.SAID and rule.kind == SAY:
            call.served |= call.keyed
        exits = call.plan.exits(rule)
        if rule.kind == SAY or (why == Because.FAILED and 128 + Because.FAILED in exits):
            self.walk_on(call, why)
        else:
            call.ask_until = self.now + rule.ms

    def pressed(self, call: Call, key: str) -> None:
        rule = call.plan.steps[call.step]
        if call.saying:
            call.saying = False
            self.do(Do.HUSH, call)
        if rule.kind == MENU:
            self.pressed_in_menu(call, rule, key)
        else:
            self.collected(call, rule, key)

    def extensions(self, plan: Plan) -> dict[str, int]:
        rows = plan.dials(0) if plan.rows["LINE"] else []
        return {number: to for number, to in rows if number[-1:] != "*" and plan.steps[to].kind != OUTSIDE}

    def pressed_in_menu(self, call: Call, rule: Step, key: str) -> None:
        call.typed = (call.typed + key)[:NUMBER_MAX]
        longer = [n for n in self.extensions(call.plan) if n.startswith(call.typed) and n != call.typed]
        if rule.least and longer:
            call.ask_until = self.now + KEYS_WITHIN
        else:
            self.key_counts(call, rule)

    def key(self, call: Call, rule: Step, key: str, why: Because) -> None:
        self.note(call, Why.KEY, why, rule.id, ord(key))

    def key_counts(self, call: Call, rule: Step) -> None:
        """No more are typed: an extension, a key, or neither."""
        dialled = self.extensions(call.plan) if rule.least else {}
        if call.typed in dialled:
            self.key(call, rule, call.typed[-1], Because.EXTENSION)
            call.keyed, call.unheeded = True, 0
            call.ask_until = None
            self.walk(call, dialled[call.typed], Because.EXTENSION, NORMAL)
            return
        to = call.plan.exits(rule).get(ord(call.typed)) if len(call.typed) == 1 else None
        if to is None:
            self.key(call, rule, call.typed[-1], Because.WRONG_KEY)
            self.asked_in_vain(call, Because.WRONG_KEY)
            return
        self.key(call, rule, call.typed, Because.KEY)
        call.keyed, call.unheeded = True, 0
        call.ask_until = None
        if rule.value != NONE:
            self.set(call, rule.value, call.typed)
        self.walk(call, to, Because.KEY, NORMAL)

    def collected(self, call: Call, rule: Step, key: str) -> None:
        if key == "#":
            self.enough(call, rule)
            return
        call.typed = "" if key == "*" else call.typed + key
        if len(call.typed) >= rule.most:
            self.enough(call, rule)
        else:
            call.ask_until = self.now + rule.ms

    def enough(self, call: Call, rule: Step) -> None:
        """No more digits come."""
        if len(call.typed) < rule.least or not call.typed:
            if call.typed:
                self.key(call, rule, call.typed[-1], Because.WRONG_KEY)
            self.asked_in_vain(call, Because.WRONG_KEY if call.typed else Because.NO_KEY)
            return
        call.keyed = call.served = True
        call.unheeded = 0
        call.ask_until = None
        self.set(call, rule.value, call.typed)
        self.walk_on(call, Because.COLLECTED)

    def asked_long_enough(self, call: Call) -> None:
        """The time for a key, a digit or an answer is up."""
        rule = call.plan.steps[call.step]
        call.ask_until = None
        if call.state == "dialing":
            self.note(call, Why.TIMEOUT, Because.NO_ANSWER, call.plan.id("LINE", rule.what), rule.ms)
            self.stop_all(call, TIME_UP)
            on = self.way(call, rule, Because.MAX_WAIT, other=True)
            self.walk(call, on.step, on.why, REASON_CAUSES[Because.MAX_WAIT])
        elif call.state == "looking":
            self.looked_up(call, Because.TIMED_OUT)
        elif rule.kind == COLLECT:
            self.enough(call, rule)
        elif call.typed:
            self.key_counts(call, rule)
        else:
            self.asked_in_vain(call, Because.NO_KEY)

    # ---- looking up -------------------------------------------------------------------------------------------------

    def take_look_up(self, call: Call, rule: Step) -> None:
        call.state, call.ask_until, call.asked_at = "looking", self.now + rule.ms, self.now
        call.unheeded += 1
        self.do(Do.LOOK_UP, call, target=rule.what)

    def looked_up(self, call: Call, why: Because, found: str = "") -> None:
        rule = call.plan.steps[call.step]
        call.ask_until = None
        self.note(call, Why.LOOKED_UP, why, rule.what, self.now - call.asked_at)
        if why == Because.FOUND and rule.value != NONE:
            self.set(call, rule.value, found)
        on = self.way(call, rule, why, other=why != Because.FOUND)
        self.walk(call, on.step, why, REASON_CAUSES.get(why, NORMAL))

    TAKE: ClassVar[dict[int, Callable[..., On | None]]] = {
        1: take_hours,
        2: take_queue,
        3: take_chain,
        4: take_person,
        5: take_voicemail,
        6: take_hang_up,
        7: take_outside,
        8: take_list,
        9: take_trust,
        10: take_say,
        11: take_asking,
        12: take_asking,
        13: take_look_up,
        14: take_set,
        15: take_compare,
        16: take_action,
        17: take_skill,
        18: take_load,
        19: take_history,
        20: take_manager,
        21: take_last,
        22: take_priority,
        23: take_park,
        24: take_sender,
    }
