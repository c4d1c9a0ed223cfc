# SPDX-License-Identifier: GPL-2.0-or-later
"""Queues of the model: the waiting order, who is fit, and the nine strategies."""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from appliance.core.names import Because
from tests.core.model_plan import NONE, Member, Queue
from tests.core.model_world import Call, Leg, Waiting, World

AGAIN_AT_LEAST = 1000  # ms
WORD = (1 << 64) - 1


def splitmix64(x: int) -> int:
    x = (x + 0x9E3779B97F4A7C15) & WORD
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & WORD
    x = (x ^ x >> 27) * 0x94D049BB133111EB & WORD
    return x ^ x >> 31


class Candidate(NamedTuple):
    person: int
    member: Member
    place: int  # in list order


class Queues(World):
    # ---- waiting ----------------------------------------------------------------------------------------------------

    def queue_of(self, call: Call) -> Queue:
        return call.plan.queues[call.plan.steps[call.step].what]

    def join(self, call: Call, queue: Queue) -> int:
        """Joins it; the place among its callers."""
        self.joins += 1
        call.state, call.queue, call.joined = "waiting", queue.id, self.now
        call.joined_at = self.facts
        call.rank = -(call.priority + queue.weight), self.joins
        call.wait_until = self.now + queue.max_wait_ms if queue.max_wait_ms else None
        self.waiting = sorted([*self.waiting, call], key=lambda each: each.rank)
        self.stirred |= bool(self.joined)
        self.joined = [call]
        return self.callers(queue.id).index(call) + 1

    def callers(self, queue: int) -> list[Call]:
        return [call for call in self.waiting if call.queue == queue]

    def anybody_on_duty(self, call: Call, queue: Queue) -> bool:
        people = call.plan.run(queue.first, queue.count)
        return any(p != call.caller and self.on_duty(call.plan, p, m.ways) for p, m in people)

    # ---- who is fit -------------------------------------------------------------------------------------------------

    def lacks_skill(self, call: Call, person: int) -> bool:
        return any(call.plan.skill(person, skill) < level for skill, level in call.skills.items())

    def unfit(self, call: Call, person: int, member: Member, queue: Queue) -> tuple[Because, int]:
        """Why a member is not rung for a waiting call, with its detail."""
        waited = max(0, self.now - call.joined)
        reason, detail = self.unfree(call, person, member.ways)
        if reason:
            return reason, detail
        if waited < queue.any_skill_after_ms and self.lacks_skill(call, person):
            never = queue.any_skill_after_ms == NONE
            return Because.NO_SKILL, 0 if never else queue.any_skill_after_ms - waited
        if waited < member.after_ms:
            return Because.LATER, member.after_ms - waited
        if person in call.refusals:
            how, at = call.refusals[person]
            declined = how == Because.DECLINED
            again = queue.again_after_refusal_ms if declined else queue.again_after_no_answer_ms
            left = at + max(again, AGAIN_AT_LEAST) - self.now
            if left > 0:
                return how, left
        return Because.NONE, 0

    # ---- strategies -------------------------------------------------------------------------------------------------

    def choose(self, call: Call, queue: Queue, free: list[Candidate]) -> tuple[Candidate, Because]:
        """Whom of these (at least one) the strategy rings, and why."""
        memory = self.queues[queue.id]

        def turn(c: Candidate) -> tuple[int, int]:
            return memory.turns.get(c.person, 0), c.place

        def idle(c: Candidate) -> int:
            return self.people[c.person].idle_since

        def least(key: Callable[[Candidate], int]) -> Candidate:
            return min(free, key=lambda c: (key(c), turn(c)))

        match queue.strategy:
            case 1:
                return min(free, key=turn), Because.NEXT_TURN
            case 2:
                return self.by_share(call, queue, free, turn), Because.PERCENT
            case 3:
                return min(free, key=lambda c: (-self.quality(call, c.person), idle(c), turn(c))), Because.BEST
            case 4:
                return least(idle), Because.LONGEST_IDLE
            case 5:
                return least(lambda c: memory.calls.get(c.person, 0)), Because.FEWEST_CALLS
            case 6:
                return least(lambda c: memory.talk.get(c.person, 0)), Because.LEAST_TALK
            case 7:
                return free[splitmix64((call.id * 64 + call.offers) & WORD) % len(free)], Because.RANDOM
        return free[0], Because.FIXED_ORDER

    def quality(self, call: Call, person: int) -> int:
        if call.skills:
            return sum(call.plan.skill(person, skill) for skill in call.skills)
        rule = call.plan.person(person)
        return rule.level if rule else 0

    def count_in(self, call: Call, queue: Queue, memory: Waiting) -> None:
        """A new run when other people are there to share; each of it is owed his part of the call, once."""
        people = call.plan.run(queue.first, queue.count)
        there = {p for p, m in people if m.share and self.on_duty(call.plan, p, m.ways)}
        if not memory.run_number or memory.run != there:
            memory.run = there
            memory.run_number += 1
            memory.deficits |= {p: 0 for p, _ in people}
        if call.counted != memory.run_number:
            call.counted = memory.run_number
            self.owe(call, queue, memory, 1)

    def owe(self, call: Call, queue: Queue, memory: Waiting, sign: int) -> None:
        for person, member in call.plan.run(queue.first, queue.count):
            if person in memory.run:
                memory.deficits[person] = memory.deficits.get(person, 0) + sign * member.share

    def settle_shares(self, call: Call, answered: Leg | None) -> None:
        """It leaves the queue: nobody is owed a part of a call that none of the run has."""
        queue = self.queue_of(call)
        memory = self.queues[queue.id]
        has_it = answered and answered.charged and answered.charged[1] == call.counted
        if call.counted == memory.run_number and not has_it:
            self.owe(call, queue, memory, -1)

    def by_share(
        self, call: Call, queue: Queue, free: list[Candidate], turn: Callable[[Candidate], tuple[int, int]]
    ) -> Candidate:
        memory = self.queues[queue.id]
        self.count_in(call, queue, memory)
        run = [c for c in free if c.person in memory.run and c.member.share]
        if not run:
            return min(free, key=turn)
        shares = self.shares(call, queue, memory)
        whole, size = sum(shares), len(shares)
        due = [c for c in run if size == 1 or 2 * (size - 1) * memory.deficits.get(c.person, 0) >= whole]
        if not due:
            return min(run, key=lambda c: (-memory.deficits.get(c.person, 0), turn(c)))

        def deadline(c: Candidate) -> Fraction:
            late = (2 * size - 3) * whole - 2 * (size - 1) * memory.deficits.get(c.person, 0)
            return Fraction(late, c.member.share)

        return min(due, key=lambda c: (deadline(c), turn(c)))

    def shares(self, call: Call, queue: Queue, memory: Waiting) -> list[int]:
        """Of the people of the run."""
        return [m.share for p, m in call.plan.run(queue.first, queue.count) if p in memory.run and m.share]

    # ---- ringing ----------------------------------------------------------------------------------------------------

    def dispatch(self) -> None:
        """Rings for the waiting calls, in order: all of them, or only new ones if nothing stirred."""
        if self.stirred:
            self.leave_empty()
        calls = list(self.waiting) if self.stirred else [call for call in self.waiting if call in self.joined]
        self.stirred = False
        self.joined = []
        for call in calls:
            self.ring_for(call)

    def leave_empty(self) -> None:
        for call in list(self.waiting):
            queue = self.queue_of(call) if call in self.waiting else None
            if (
                queue
                and queue.leave_when_empty
                and call.joined_at != self.facts
                and not self.anybody_on_duty(call, queue)
            ):
                self.stop_all(call, 19)
                self.leave_queue(call)
                self.walk_on(call, Because.LEFT_EMPTY)

    def ring_for(self, call: Call) -> None:
        queue = self.queue_of(call)
        free: list[Candidate] = []
        again: list[int] = []
        for place, (person, member) in enumerate(call.plan.run(queue.first, queue.count)):
            leg = self.people[person].leg
            if leg and leg.call is call:
                continue
            reason, detail = self.unfit(call, person, member, queue)
            if reason in (Because.DECLINED, Because.NO_ANSWER, Because.LATER, Because.NO_SKILL) and detail:
                again.append(self.now + detail)
            if reason:
                self.pass_by(call, person, reason, detail)
            elif queue.strategy == 0:
                self.ring(call, person, member.ways, Because.RING_ALL, queue.ring_ms, queue.id)
            else:
                free.append(Candidate(person, member, place))
        if free:
            self.ring_one(call, queue, free)
        if queue.leave_when_empty and call.joined_at == self.facts and not self.anybody_on_duty(call, queue):
            again = [self.now + 1]
        call.again_at = min(again, default=None)

    def ring_one(self, call: Call, queue: Queue, free: list[Candidate]) -> None:
        """One at a time; the others come later."""
        chosen = None
        if not call.legs:
            chosen, why = self.choose(call, queue, free)
        for candidate in free:
            if candidate is not chosen:
                self.pass_by(call, candidate.person, Because.NOT_YET)
        if chosen is None:
            return
        memory = self.queues[queue.id]
        memory.turn += 1
        memory.turns[chosen.person] = memory.turn
        leg = self.ring(call, chosen.person, chosen.member.ways, why, queue.ring_ms, queue.id)
        call.offers += 1
        if queue.strategy == 2 and chosen.person in memory.run:
            whole = sum(self.shares(call, queue, memory))
            memory.deficits[chosen.person] = memory.deficits.get(chosen.person, 0) - whole
            leg.charged = queue.id, memory.run_number, whole

    def walk_on(self, call: Call, why: Because, cause: int = 0) -> None:
        raise NotImplementedError
