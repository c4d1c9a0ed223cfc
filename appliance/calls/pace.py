# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast queues move: how long a caller is likely to wait, from how long calls took of late and who is there."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from heapq import heapify, heapreplace
from typing import NamedTuple

from appliance.calls.call import Call, State
from appliance.calls.people import People
from appliance.languages.waiting import MINUTES
from appliance.settings import people
from appliance.settings.models import Settings

LEAST, MOST = 3, 30  # calls of a queue that are looked at: fewer say nothing, older ones no longer
MINUTE = 60_000  # ms


class Expected(NamedTuple):
    """How long he waits from now: minutes as they are told, 0 less than one; more: longer than that."""

    minutes: int
    more: bool


class Ready(NamedTuple):
    """When somebody can take the next call: ms from now; sure: not only at the earliest."""

    ms: float
    sure: bool


def remaining(elapsed: float, took: Sequence[float]) -> Ready:
    """How long a call that has lasted so long goes on, by how long others took; ms. Nobody knows of one longer than all."""
    rest = [one - elapsed for one in took if one > elapsed]
    return Ready(sum(rest) / len(rest), True) if rest else Ready(0.0, False)


def turn(place: int, ready: Sequence[Ready], each: float) -> Ready:
    """When whoever has this place (from 1) is answered, after those before him; each call takes so long, ms."""
    known = [one for one in ready if one.sure]  # whoever talks longer than all before him is not counted on
    heap = known or list(ready)
    heapify(heap)
    for _ in range(place - 1):
        heapreplace(heap, Ready(heap[0].ms + each, heap[0].sure))
    return heap[0]


def told(expected: Ready, longest: float) -> Expected | None:
    """As it is told: rounded up, or down when it is known only to be more; longest: ms after which he waits no more."""
    most = max((one for one in MINUTES if one * MINUTE <= longest), default=0)
    if expected.sure and expected.ms <= MINUTE:
        return Expected(0, False)
    if expected.sure and expected.ms <= most * MINUTE:
        return Expected(next(one for one in MINUTES if expected.ms <= one * MINUTE), False)
    at_least = max((one for one in MINUTES if one * MINUTE < expected.ms and one <= most), default=0)
    return Expected(at_least, True) if at_least else None


class Pace:
    """Knows how long calls of each queue took, the work after them included, and who is on one."""

    def __init__(self, calls: Mapping[int, Call], known: People, now: Callable[[], int]) -> None:
        self._calls, self._people, self._now = calls, known, now
        self._took: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST))
        self._after: dict[str, int] = {}  # people, and until when (ms UTC) they are at work after a call

    def ended(self, call: Call) -> None:
        """Somebody of ours has talked to a caller of a queue."""
        if call.answered_at is None or call.queue not in call.rules.settings.queue or not call.person:
            return
        now, settings = self._now(), call.rules.settings
        after = _wrap_up(settings, call.queue, call.person) * 1000
        self._took[call.queue].append(now - call.answered_at + after)
        self._after[call.person] = now + after

    def expected(self, call: Call, place: int) -> Expected | None:
        """How long a caller in this place of his queue waits from now; None: that is not known."""
        queue, settings = call.rules.settings.queue[call.queue], call.rules.settings
        took = self._took[call.queue]
        if len(took) < LEAST or call.wants_skill:
            return None
        now = self._now()
        waited = now - (call.queued_at or now)
        states = self._people.states()
        members = {member.person: member for member in reversed(people.of_queue(settings, queue))}
        ready = []
        for name, member in members.items():
            if name != call.caller_person and self._on_duty(name) and states.get(name) != "unreachable":
                ready.append(self._ready(name, max(member.after * 1000 - waited, 0), now, took))
        if not ready:
            return None
        before = place + self._in_other_queues(call, members)
        return told(turn(before, ready, sum(took) / len(took)), queue.max_wait * 1000 - waited)

    def _ready(self, person: str, joins: float, now: int, took: Sequence[float]) -> Ready:
        """joins: ms until he is rung for this caller at all."""
        busy = next(
            (one for one in self._calls.values() if person in (one.person, one.caller_person) and one.talk), None
        )
        at_work = Ready(max(self._after.get(person, 0) - now, 0), True)
        rest = remaining(now - (busy.answered_at or now), took) if busy else at_work
        return Ready(max(rest.ms, joins), rest.sure)

    def _on_duty(self, person: str) -> bool:
        one = self._people.known.get(person)
        there = one is not None and one.status == "available" and not one.paused and not one.dnd
        return there and person not in self._people.off_duty

    def _in_other_queues(self, call: Call, members: Mapping[str, people.Member]) -> int:
        """Callers of other queues whom the same people take first."""
        settings = call.rules.settings
        own, since, count = settings.queue[call.queue].weight, call.queued_at or 0, 0
        for other in self._calls.values():
            if other.state is not State.WAITING or other.queue in ("", call.queue) or other.queue not in settings.queue:
                continue
            queue = settings.queue[other.queue]
            shared = members.keys() & {member.person for member in people.of_queue(settings, queue)}
            count += bool(shared) and (-queue.weight, other.queued_at or 0) < (-own, since)
        return count


def _wrap_up(settings: Settings, queue: str, person: str) -> int:
    """Seconds without calls after one of this queue."""
    table = settings.queue[queue]
    of = people.department(settings, table)
    wrap_up = table.wrap_up if table.wrap_up is not None or of is None else of.wrap_up
    own = settings.person[person].wrap_up if person in settings.person else 0
    return own if wrap_up is None else wrap_up
