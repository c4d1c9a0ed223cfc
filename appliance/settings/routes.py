# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways calls take: from lines and telephones to whom and what they are for."""

from typing import get_args

from appliance.settings import plan_steps as plan
from appliance.settings import ways_out
from appliance.settings.models import TELEPHONES, Callers, Settings
from appliance.settings.numbers import digits, normalise
from appliance.settings.outgoing import Refusal
from appliance.settings.plan_steps import NONE, Routes, Step
from appliance.settings.rules import SILENCE, TURNED_AWAY
from appliance.settings.scenarios import IN_VAIN, UNANSWERED, add_scenarios, lead, ring, set_off, trust
from appliance.settings.steps import OFFICE

KINDS = (
    *("line", "person", "skill", "branch", "department", "queue", "chain", "mailbox", "hours", "prompt", "lookup"),
    *("callers", "action", "scenario"),
)
ASKED_FOR = 300_000  # ms at most that the switch rings a telephone that talks already
SILENT = 60_000  # ms a caller hears ringing who is kept out without a word
RETURNS_FOR = 30  # seconds that who parked or transferred a call is rung when nobody took it
TELEPHONES_ALONE, SERVICE = 1, 1  # Step.least: ways to ring somebody by, and what is done with our own telephone


def routes(settings: Settings) -> Routes:
    """Settings that are sound, as routes. Raises names.SameId."""
    ways = Routes(settings)
    _name(ways)
    _own(ways)
    add_scenarios(ways)
    _copies(ways)
    _Lines(ways).add()
    _extensions(ways)
    ways_out.add(ways)
    return ways


def _name(ways: Routes) -> None:
    """Enter everything the plan knows by number."""
    s, names = ways.settings, ways.names
    names.add("line", TELEPHONES, "Telephones")
    for kind in KINDS:
        for name, table in getattr(s, kind).items():
            names.add(kind, name, getattr(table, "name", ""))
    names.add("lookup", SILENCE)
    for why in ("caller", *get_args(Refusal)):
        names.add("prompt", TURNED_AWAY + why)
    for name, person in s.person.items():
        names.add("lookup", UNANSWERED + name, person.name)
    names.add("lookup", IN_VAIN)
    for name, action in s.action.items():
        if action.asked:
            names.add("lookup", set_off(name), name)
    for name in ways.attributes:
        names.add("attribute", name)
    names.actions = {names.id("action", name): action for name, action in s.action.items()}
    names.prompts = {names.id("prompt", name): prompt for name, prompt in s.prompt.items()}
    names.lookups = {names.id("lookup", name): lookup for name, lookup in s.lookup.items()}


def _own(ways: Routes) -> None:
    """A step of its own for everything a call may be sent to, `own.KIND.NAME`; it ends in a mailbox."""
    s = ways.settings
    for name in (OFFICE, *(each for each in s.mailbox if each != OFFICE)):  # the plan's first is its last resort
        step = Step(0, plan.VOICEMAIL, ways.names.id("mailbox", name))
        ways.leads["mailbox", name] = ways.add(f"own.mailbox.{name}", step, s.mailbox[name].name)
    for kind in ("person", "queue", "chain"):
        for name in getattr(s, kind):
            then = _unanswered(ways, name) if kind == "person" else ways.leads["mailbox", OFFICE]
            ways.leads[kind, name] = ring(ways, f"own.{kind}.{name}", kind, name, then)
    asked = _asked(ways, "own.returned.unanswered", IN_VAIN, ways.leads["mailbox", OFFICE])
    back = Step(0, plan.SENDER, small=RETURNS_FOR, next=asked, least=TELEPHONES_ALONE)
    parked = Step(0, plan.PARK, next=ways.add("own.returned", back), ms=s.parking.timeout * 1000)
    ways.add("own.parked", parked)
    ways.add("own.service", Step(0, plan.PARK, least=SERVICE))


def _unanswered(ways: Routes, person: str) -> int:
    """The step that asks the switch whether an unanswered call to a person goes elsewhere than to his mailbox."""
    then = ways.leads["mailbox", ways.settings.person[person].mailbox]
    path = f"own.person.{person}.unanswered"
    return _asked(ways, path, UNANSWERED + person, then, ways.settings.person[person].name)


def _asked(ways: Routes, path: str, about: str, then: int, title: str = "") -> int:
    """The step that asks the switch, and goes on to `then` when that finds nothing else to do."""
    step = Step(0, plan.LOOK_UP, ways.names.id("lookup", about), next=then, other=then, value=NONE, ms=ASKED_FOR)
    return ways.add(path, step, title)


def _copies(ways: Routes) -> None:
    """A scenario's own step is its first one, once more."""
    for name in ways.settings.scenario:
        ways.add(f"own.scenario.{name}", ways.steps[ways.leads["scenario", name]], name)


class _Lines:
    """From a line by way of those it keeps out and its hours to where its calls are meant to go."""

    def __init__(self, ways: Routes) -> None:
        self.ways = ways
        self.refused = {name: self.refusal(name, c) for name, c in ways.settings.callers.items() if c.refuse}
        self.rejected = {name: a for name, a in ways.settings.action.items() if a.reject and a.set_off_by_calling}
        self.before: dict[tuple[str, int], int] = {}  # a list, and the step behind it: the step that looks at the list

    def add(self) -> None:
        s, ways = self.ways.settings, self.ways
        ways.first = [NONE]
        for index, (name, line) in enumerate(s.line.items(), start=1):
            entries: dict[int, int] = {}  # where a call is meant to go: where it begins
            first = ways.leads["scenario", line.scenario]
            ways.first.append(entries.setdefault(first, self.enter(name, first)))
            for number, target in line.numbers.items():
                called = digits(normalise(number, line.country or s.office.country, line.rewrite))
                to = lead(ways, target)
                if to not in entries:
                    entries[to] = self.enter(name, to)
                ways.dials.append((index, entries[to], called))

    def enter(self, line: str, to: int) -> int:
        return self.guard(self.reject(line, self.hours(line, to)))

    def reject(self, line: str, to: int) -> int:
        """The step that refuses, unanswered, the calls that set something off for which the caller need not be answered."""
        for name, action in self.rejected.items():
            if line in action.lines:
                assert action.callers is not None  # as of everything a call sets off
                path = f"line.{line}.rejects.{name}.{self.ways.path(to)}"
                over = self.ways.add(f"{path}.over", Step(0, plan.HANG_UP, plan.DECLINED), name)
                enough = Step(0, plan.TRUST, small=trust(action.least_trust), next=over, other=to)
                believed = self.ways.add(f"{path}.believed", enough, name)
                looks = Step(0, plan.LIST, self.ways.index("callers", action.callers), next=believed, other=to)
                to = self.ways.add(path, looks, action.callers)
        return to

    def hours(self, name: str, to: int) -> int:
        line = self.ways.settings.line[name]
        if line.hours is None:
            return to
        at, closed = self.ways.index("hours", line.hours), lead(self.ways, line.closed)
        return self.ways.add(f"line.{name}.hours.{self.ways.path(to)}", Step(0, plan.HOURS, at, next=to, other=closed))

    def guard(self, to: int) -> int:
        """The step that leads there all callers but those who are kept out."""
        for name, refusal in reversed(self.refused.items()):
            if (name, to) not in self.before:
                looks = Step(0, plan.LIST, self.ways.index("callers", name), next=refusal, other=to)
                self.before[name, to] = self.ways.add(f"callers.{name}.before.{self.ways.path(to)}", looks, name)
            to = self.before[name, to]
        return to

    def refusal(self, name: str, table: Callers) -> int:
        path, ways = f"callers.{name}.refuse", self.ways
        if table.refuse == "busy":
            return ways.add(path, Step(0, plan.HANG_UP, plan.BUSY))
        if table.refuse == "message":
            over = ways.add(f"{path}.over", Step(0, plan.HANG_UP, plan.NORMAL))
            said = ways.names.id("prompt", table.prompt or TURNED_AWAY + "caller")
            return ways.add(path, Step(0, plan.SAY, said, next=over))
        over = ways.add(f"{path}.over", Step(0, plan.HANG_UP, plan.DECLINED))
        nobody = ways.names.id("lookup", SILENCE)  # that is never answered: the caller hears what he heard before
        return ways.add(path, Step(0, plan.LOOK_UP, nobody, next=over, other=over, value=NONE, ms=SILENT))


def _extensions(ways: Routes) -> None:
    for kind in ("person", "queue", "chain", "scenario"):
        for name, table in getattr(ways.settings, kind).items():
            if table.extension is not None:
                ways.dials.append((0, ways.leads[kind, name], table.extension))
