# SPDX-License-Identifier: GPL-2.0-or-later
"""Every way by which a call can get to somebody or something, found in the routes themselves.

A way is simple: it passes no step twice. Questions whose every answer leads on to the same step make no difference behind it,
so that they and what lies between are left out of the ways that go on from there. There may still be very many, so
both the ways and the steps looked at are bounded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from appliance.core.names import Because
from appliance.settings import people
from appliance.settings import plan_steps as r
from appliance.settings.about import subject
from appliance.settings.models import Settings
from appliance.settings.plan_steps import NONE, Routes, Step
from appliance.settings.routes import routes
from appliance.settings.scenarios import set_off

MOST = 200  # ways listed
DEEPEST = 300  # steps of one way; a longer one is not followed further
NEAR = 64  # steps behind a question among which its answers are expected to come together
LOOKED_AT = 100_000  # steps walked over at most, which a graph full of circles could otherwise make endless

NEXT = {  # what it means for a call to leave a step by `next` ...
    r.HOURS: "open",
    r.LIST: "listed",
    r.TRUST: "enough",
    r.QUEUE: "unanswered",
    r.CHAIN: "unanswered",
    r.PERSON: "unanswered",
    r.MANAGER: "unanswered",
    r.LAST_PERSON: "unanswered",
    r.OUTSIDE: "unanswered",
    r.MENU: "otherwise",
    r.LOOK_UP: "found",
    r.COMPARE: "yes",
    r.LOAD: "yes",
    r.HISTORY: "yes",
}
OTHER = {  # ... and by `other`
    r.HOURS: "closed",
    r.LIST: "others",
    r.TRUST: "less",
    r.MENU: "otherwise",
    r.COLLECT: "otherwise",
    r.LOOK_UP: "not-found",
    r.COMPARE: "no",
    r.LOAD: "no",
    r.HISTORY: "no",
    r.ACTION: "refused",
}
BECAUSE = {  # and by an exit of its own
    Because.QUEUE_FULL: "full",
    Because.QUEUE_EMPTY: "empty",
    Because.LEFT_EMPTY: "empty",
    Because.MAX_WAIT: "waited",
    Because.BUSY: "busy",
    Because.RINGING: "busy",
    Because.CALLER: "busy",
    Because.UNREACHABLE: "unreachable",
    Because.NO_KEY: "no-key",
    Because.WRONG_KEY: "wrong-key",
    Because.FAILED: "failed",
    Because.TIMED_OUT: "failed",
    Because.NOT_FOUND: "not-found",
    Because.TRUST: "refused",
}
ENDS = {  # what may be asked for, and the kind of step that leads there
    "person": r.PERSON,
    "queue": r.QUEUE,
    "chain": r.CHAIN,
    "mailbox": r.VOICEMAIL,
    "action": r.ACTION,
    "line": r.OUTSIDE,
}


QUIET = frozenset(  # steps after which a call may go on as if nothing had been
    {
        r.HOURS,
        r.LIST,
        r.TRUST,
        r.COMPARE,
        r.LOAD,
        r.HISTORY,
        r.SET,
        r.PRIORITY,
        r.SAY,
        r.LOOK_UP,
        r.MANAGER,
        r.LAST_PERSON,
    }
)
ASKING = frozenset({r.HOURS, r.LIST, r.TRUST, r.COMPARE, r.LOAD, r.HISTORY, r.LOOK_UP})  # that go several ways


class Unknown(Exception):
    """Nothing in the settings is called so."""

    id = "unknown"


@dataclass(frozen=True)
class Exit:
    """How a call leaves a step: the outcome, and the key or extension pressed."""

    outcome: str
    pressed: str = ""


Hops = tuple[tuple[int, tuple[Exit, ...]], ...]  # steps passed, and how each was left


@dataclass(frozen=True)
class Entry:
    """Where calls come in: a line, and the numbers called or dialled that lead to the step; () for any other.

    `callers`: it is a list of callers that sets something off, whatever the number called.
    """

    line: str
    numbers: tuple[str, ...]
    step: int
    callers: str = ""


@dataclass(frozen=True)
class Place:
    """Where a way ends. `how`, when that is not plain: later (seconds), without-share, chain-step (number), manager (list),
    last-person, set-off."""

    step: int
    how: str = ""
    detail: int = 0
    callers: str = ""


@dataclass(frozen=True)
class Way:
    """An entry, the steps passed with how each was left, and where it ends."""

    entry: Entry
    hops: Hops
    place: Place


@dataclass(frozen=True)
class Ways:
    """What was asked for, and all ways there; `cut`: there are more."""

    kind: str
    name: str
    found: tuple[Way, ...]
    cut: bool


def reach(settings: Settings, target: str) -> "Reach":
    """Every way to an extension, or to `person.anna`, `queue.sales`, `mailbox.office` ... Raises Unknown."""
    return Reach(settings, *meant(settings, target))


def meant(settings: Settings, target: str) -> tuple[str, str]:
    """Kind and name of what an extension or a name means. Raises Unknown."""
    kind, dot, name = target.partition(".")
    if dot and kind in ENDS and name in getattr(settings, kind):
        return kind, name
    for kind in ("person", "queue", "chain"):
        for name, table in getattr(settings, kind).items():
            if target == table.extension:
                return kind, name
    named = [(kind, target) for kind in ENDS if target in getattr(settings, kind)]
    if not dot and len(named) == 1:
        return named[0]
    raise Unknown(target)


class Reach:
    """The routes of a document as a graph, searched for the ways to one thing."""

    def __init__(self, settings: Settings, kind: str, name: str) -> None:
        self.settings, self.kind, self.name = settings, kind, name
        self.routes: Routes = routes(settings)
        self._left, self._cut = LOOKED_AT, False
        self._known: dict[int, Mapping[int, tuple[Exit, ...]]] = {}  # exits of steps looked at

    def ways(self) -> Ways:
        """Each simple way once; the first MOST of them."""
        self._left, self._cut = LOOKED_AT, False
        found: list[Way] = []
        for way in self._all():
            if len(found) == MOST:
                self._cut = True
                break
            found.append(way)
        return Ways(self.kind, self.name, tuple(found), self._cut)

    def _all(self) -> Iterator[Way]:
        if self.kind == "action" and (action := self.settings.action[self.name]).set_off_by_calling:
            for line in action.lines:
                yield Way(Entry(line, (), NONE, action.callers or ""), (), Place(NONE, "set-off"))
        entries = [entry for entry in self.entries() if entry.step in self.leading]
        any_told = False
        for entry in entries:
            self._left = max(LOOKED_AT // len(entries), 1)  # its own: no entry is left out for another's circles
            told = False
            for hops, place in self._from(entry.step, (), frozenset()):
                told = True
                yield Way(entry, hops, place)
            if not told:
                hops, place = self._shortest(entry.step)
                told = len(hops) <= DEEPEST or not any_told
                if told:
                    yield Way(entry, hops, place)
            any_told = any_told or told

    def _shortest(self, start: int) -> tuple[Hops, Place]:
        """The way of fewest steps from one that leads there: what is told when the search was given up before any."""
        ways: dict[int, Hops] = {start: ()}
        order = [start]
        for at in order:
            if at in self.places:
                break
            new = [next for next in self.exits(at) if next in self.leading and next not in ways]
            ways.update((next, (*ways[at], (at, self.exits(at)[next]))) for next in new)
            order += new
        return ways[at], self.places[at][0]

    def _from(self, step: int, hops: Hops, passed: frozenset[int]) -> Iterator[tuple[Hops, Place]]:
        if not self._left or len(passed) > DEEPEST:
            self._cut = True
            return
        self._left -= 1
        yield from ((hops, place) for place in self.places.get(step, ()))
        passed = passed | {step}
        join = self.joins.get(step, NONE)
        between = passed | {join}
        for next, exits in self.exits(step).items():
            if next in self.leading and next not in between:
                yield from self._from(next, (*hops, (step, exits)), between)
        if join in self.leading and join not in passed:
            yield from self._from(join, hops, passed)

    # ---- the graph --------------------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """Every line with the numbers that lead somewhere, then any other number; our telephones' extensions."""
        dialled: dict[tuple[int, int], list[str]] = {}
        for line, step, number in self.routes.dials:
            dialled.setdefault((line, step), []).append(number)
        found = [Entry(self.routes.lines[line], tuple(numbers), step) for (line, step), numbers in dialled.items()]
        found += [
            Entry(self.routes.lines[line], (), step) for line, step in enumerate(self.routes.first) if step != NONE
        ]
        order = {name: i for i, name in enumerate([*self.routes.lines[1:], self.routes.lines[0]])}
        return sorted(found, key=lambda entry: (order[entry.line], not entry.numbers))

    def exits(self, at: int) -> Mapping[int, tuple[Exit, ...]]:
        """The steps a call may go on to, and by which outcomes."""
        if at not in self._known:
            self._known[at] = self._found(self.routes.steps[at])
        return self._known[at]

    def _found(self, step: Step) -> Mapping[int, tuple[Exit, ...]]:
        found: dict[int, list[Exit]] = {}
        for outcome, next in self._exits(step):
            if next != NONE:
                known = found.setdefault(next, [])
                if outcome not in known:
                    known.append(outcome)
        return {next: tuple(exits) for next, exits in found.items()}

    def _exits(self, step: Step) -> Iterator[tuple[Exit, int]]:
        for on, next in step.exits:
            if on < r.BECAUSE:
                yield Exit("key", chr(on)), next
            else:
                yield Exit(BECAUSE.get(Because(on - r.BECAUSE), NEXT.get(step.kind, "next"))), next
        if step.kind == r.MENU and step.least:
            yield from ((Exit("extension", number), to) for number, to in self.extensions)
        yield Exit(NEXT.get(step.kind, "next")), step.next
        yield Exit(OTHER.get(step.kind, "otherwise")), step.other

    @cached_property
    def joins(self) -> Mapping[int, int]:
        """The steps that ask something, and where all answers come together again."""
        found = {}
        for at, step in enumerate(self.routes.steps):
            if step.kind in ASKING:
                for join in self._quiet_from(at):
                    if self._all_lead(at, join):
                        found[at] = join
                        break
        return found

    def _quiet_from(self, start: int) -> list[int]:
        """The steps after one, near ones first, as far as they are quiet."""
        order = [start]
        for at in order:
            if self.routes.steps[at].kind in QUIET:
                order += [next for next in self.exits(at) if next not in order]
            if len(order) > NEAR:
                break
        return order[1:]

    def _all_lead(self, start: int, join: int) -> bool:
        """Whether all quiet ways on from a step come to another, and nothing else ends or begins before."""
        seen, todo = {start}, [start]
        while todo:
            at = todo.pop()
            exits = self.exits(at)
            if self.routes.steps[at].kind not in QUIET or not exits:
                return False
            new = [next for next in exits if next != join and next not in seen]
            seen.update(new)
            todo += new
        return True

    @cached_property
    def extensions(self) -> list[tuple[str, int]]:
        """What may be dialled in a menu that lets callers dial."""
        steps = self.routes.steps
        return [
            (number, step)
            for line, step, number in self.routes.dials
            if line == 0 and not number.endswith("*") and steps[step].kind != r.OUTSIDE
        ]

    @cached_property
    def leading(self) -> frozenset[int]:
        """The steps from which the thing can be reached at all."""
        before: dict[int, list[int]] = {}
        for at in range(len(self.routes.steps)):
            for next in self.exits(at):
                before.setdefault(next, []).append(at)
        known = set(self.places)
        todo = list(known)
        while todo:
            new = [step for step in before.get(todo.pop(), ()) if step not in known]
            known.update(new)
            todo += new
        return frozenset(known)

    @cached_property
    def places(self) -> Mapping[int, list[Place]]:
        """The steps that are there, with how."""
        found: dict[int, list[Place]] = {}
        for at, step in enumerate(self.routes.steps):
            if places := list(self._places(at, step)):
                found[at] = places
        return found

    def _places(self, at: int, step: Step) -> Iterator[Place]:
        if step.kind == ENDS[self.kind]:
            if subject(self.routes, step) == f"{self.kind}.{self.name}":
                yield Place(at)
        elif self.kind == "person":
            yield from self._person(at, step)
        elif self.kind == "action" and step.kind == r.LOOK_UP:
            if subject(self.routes, step) == f"lookup.{set_off(self.name)}":
                yield Place(at)

    def _person(self, at: int, step: Step) -> Iterator[Place]:
        """How the person is rung by a step that rings several people, or finds out whom."""
        s = self.settings
        match step.kind:
            case r.QUEUE:
                queue = list(s.queue.values())[step.what]
                for member in people.of_queue(s, queue):
                    if member.person == self.name:
                        how = "later" if member.after else "without-share" if queue.shares and not member.share else ""
                        yield Place(at, how, member.after)
            case r.CHAIN:
                for number, one in enumerate(list(s.chain.values())[step.what].steps, start=1):
                    if any(member.person == self.name for member in people.of_step(s, one)):
                        yield Place(at, "chain-step", number)
            case r.MANAGER:
                yield from (Place(at, "manager", callers=n) for n, c in s.callers.items() if c.manager == self.name)
            case r.LAST_PERSON:
                yield Place(at, "last-person")
