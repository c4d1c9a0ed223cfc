# SPDX-License-Identifier: GPL-2.0-or-later
"""The steps calls take, as indices into one list, and the called numbers that lead to them."""

from dataclasses import dataclass, field

from appliance.settings.models import TELEPHONES, Settings
from appliance.settings.names import Names
from appliance.settings.numbers import digits, emergency_numbers, normalise
from appliance.settings.references import ANSWERING, LEADING, found
from appliance.settings.steps import OFFICE

NONE = 0xFFFFFFFF

HOURS, QUEUE, CHAIN, PERSON, VOICEMAIL, OUTSIDE = 1, 2, 3, 4, 5, 7  # kinds of step, see plan_format.md


@dataclass(frozen=True)
class Step:
    id: int
    kind: int
    small: int  # seconds of a person, digits to strip of outside
    what: int
    next: int = NONE
    other: int = NONE


@dataclass
class Routes:
    """All steps; all called numbers as (line index, step index, number); the first step of each line."""

    names: Names
    lines: list[str]  # by index, our telephones' first
    steps: list[Step] = field(default_factory=list)
    dials: list[tuple[int, int, str]] = field(default_factory=list)
    first: list[int] = field(default_factory=list)


def routes(settings: Settings) -> Routes:
    """Settings that are sound, as routes. Raises names.SameId."""
    return _Builder(settings).build()


class _Builder:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.names = Names()
        self.routes = Routes(self.names, [TELEPHONES, *settings.line])
        self.order = {
            kind: {name: i for i, name in enumerate(getattr(settings, kind))}
            for kind in ("person", "queue", "chain", "hours")
        }
        self.mailboxes: dict[str, int] = {}
        self.scenarios: dict[str, int] = {}

    def build(self) -> Routes:
        s = self.settings
        self.name_everything()
        for name in s.mailbox:
            what = self.names.id("mailbox", name)
            self.mailboxes[name] = self.step(f"mailbox.{name}", VOICEMAIL, what)
        for name in s.scenario:
            self.scenarios[name] = self.scenario(name)
        self.routes.first = [NONE, *(self.scenarios[line.scenario] for line in s.line.values())]
        for index, (name, line) in enumerate(s.line.items(), start=1):
            for number, target in line.numbers.items():
                called = digits(normalise(number, line.country or s.office.country))
                self.routes.dials.append((index, self.lead(f"line.{name}.{called}", target), called))
        self.extensions()
        self.outside()
        return self.routes

    def name_everything(self) -> None:
        s = self.settings
        self.names.add("line", TELEPHONES, "Telephones")
        for kind in ("line", "person", "queue", "chain", "mailbox", "hours", "callers", "action"):
            for name, table in getattr(s, kind).items():
                self.names.add(kind, name, getattr(table, "name", ""))
        self.names.actions = {self.names.id("action", name): action for name, action in s.action.items()}

    def scenario(self, name: str) -> int:
        """hours -> open or closed -> unanswered -> the office's mailbox; the first step."""
        s, path = self.settings.scenario[name], f"scenario.{name}"
        unanswered = self.enter(f"{path}.unanswered", s.unanswered, self.mailboxes[OFFICE])
        open = self.enter(f"{path}.open", s.open or "", unanswered)
        if s.hours is None:
            return open
        closed = self.enter(f"{path}.closed", s.closed, unanswered)
        return self.step(f"{path}.hours", HOURS, self.order["hours"][s.hours], next=open, other=closed)

    def lead(self, path: str, target: str) -> int:
        """The step one of our numbers leads to."""
        [(kind, name)] = found(self.settings, target, LEADING)
        return self.scenarios[name] if kind == "scenario" else self.own(path, kind, name)

    def own(self, path: str, kind: str, name: str) -> int:
        """A target called by itself: a person ends in his own mailbox, all else in the office's."""
        mailbox = self.settings.person[name].mailbox if kind == "person" else OFFICE
        return self.enter(path, f"{kind}.{name}", self.mailboxes[mailbox])

    def enter(self, path: str, target: str, then: int) -> int:
        """The step that leads to a target, and on to `then` when nobody answers."""
        [(kind, name)] = found(self.settings, target, ANSWERING)
        if kind == "mailbox":
            return self.mailboxes[name]
        number = {"queue": QUEUE, "chain": CHAIN, "person": PERSON}[kind]
        small = self.settings.person[name].ring_for if kind == "person" else 0
        return self.step(path, number, self.order[kind][name], small, next=then)

    def extensions(self) -> None:
        for kind in ("person", "queue", "chain"):
            for name, table in getattr(self.settings, kind).items():
                if table.extension is not None:
                    self.routes.dials.append((0, self.own(f"{kind}.{name}", kind, name), table.extension))

    def outside(self) -> None:
        """The prefix and any number; with a prefix, emergency numbers without it too."""
        outside = self.settings.outside
        if not outside.lines:
            return
        self.routes.dials.append((0, self.trunks("outside", len(outside.prefix)), outside.prefix + "*"))
        if outside.prefix:
            taken = {number for _, _, number in self.routes.dials}
            direct = self.trunks("outside.emergency", 0)
            alarms = set(emergency_numbers(self.settings.office.country)) - taken
            self.routes.dials += [(0, direct, number) for number in sorted(alarms)]

    def trunks(self, path: str, strip: int) -> int:
        then = NONE
        for name in reversed(self.settings.outside.lines):
            then = self.step(f"{path}.{name}", OUTSIDE, self.routes.lines.index(name), strip, next=then)
        return then

    def step(self, path: str, kind: int, what: int, small: int = 0, *, next: int = NONE, other: int = NONE) -> int:
        id = self.names.add("step", path)
        self.routes.steps.append(Step(id, kind, small, what, next, other))
        return len(self.routes.steps) - 1
