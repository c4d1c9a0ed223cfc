# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps as the plan has them: indices into one list, with the numbers called that lead to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from appliance.core.names import Because
from appliance.settings import graph
from appliance.settings.models import TELEPHONES, Settings
from appliance.settings.names import Names

NONE = 0xFFFFFFFF
WALK = 64  # steps of one walk without a wait; the core takes more for a loop
BECAUSE = 128  # an exit's reasons come after its keys

HOURS, QUEUE, CHAIN, PERSON, VOICEMAIL, HANG_UP, OUTSIDE, LIST, TRUST = range(1, 10)  # kinds, see plan_format.md
SAY, MENU, COLLECT, LOOK_UP, SET, COMPARE, ACTION, SKILL, LOAD, HISTORY, MANAGER, LAST_PERSON, PRIORITY = range(10, 23)
PARK, SENDER = 23, 24
WAITING = frozenset({SAY, MENU, COLLECT, LOOK_UP, PARK})

BUSY, DECLINED, NORMAL, UNALLOCATED = 17, 21, 16, 1  # Q.850 causes


@dataclass(frozen=True)
class Step:
    """A step; what each field means of which kind stands in plan_format.md."""

    id: int
    kind: int = 0
    what: int = 0
    small: int = 0
    next: int = NONE
    other: int = NONE
    exits: tuple[tuple[int, int], ...] = ()  # a key, or BECAUSE and a reason, and the step it leads to
    least: int = 0
    most: int = 0
    value: int = 0
    ms: int = 0


@dataclass
class Routes:
    """All steps, all numbers called as (line index, step index, number), and the first step of each line."""

    settings: Settings
    names: Names = field(default_factory=Names)
    lines: list[str] = field(default_factory=list)  # by index, our telephones' first
    steps: list[Step] = field(default_factory=list)
    dials: list[tuple[int, int, str]] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    texts: dict[str, int] = field(default_factory=dict)
    attributes: list[str] = field(default_factory=list)
    leads: dict[tuple[str, str], int] = field(default_factory=dict)  # kind and name of a target: its step
    _order: dict[str, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lines = [TELEPHONES, *self.settings.line]
        self.attributes = graph.attributes(self.settings)

    def index(self, kind: str, name: str) -> int:
        """Where something stands in the plan's table of its kind."""
        if kind not in self._order:
            known = self.attributes if kind == "attribute" else getattr(self.settings, kind)
            self._order[kind] = {each: i for i, each in enumerate(known)}
        return self._order[kind][name]

    def text(self, value: str) -> int:
        """A constant of the plan."""
        return self.texts.setdefault(value, len(self.texts))

    def reserve(self, path: str, title: str = "") -> int:
        """A step to be filled in later, so that others may lead to it already. Raises names.SameId."""
        self.steps.append(Step(self.names.add("step", path, title)))
        return len(self.steps) - 1

    def add(self, path: str, step: Step, title: str = "") -> int:
        """A step, whatever its id. Raises names.SameId."""
        index = self.reserve(path, title)
        self.fill(index, step)
        return index

    def fill(self, index: int, step: Step) -> None:
        self.steps[index] = replace(step, id=self.steps[index].id)

    def path(self, index: int) -> str:
        return self.names.name(self.steps[index].id)


def exits(ways: Mapping[Because, int | None]) -> tuple[tuple[int, int], ...]:
    """Where a step goes for these reasons; none of those that have no way of their own."""
    return tuple((BECAUSE + reason, step) for reason, step in ways.items() if step is not None)


def too_long(routes: Routes) -> str | None:
    """The path of a step from where more than WALK others follow without a wait; None when there is none."""
    length: dict[int, int] = {}
    for start in range(len(routes.steps)):
        todo = [start]
        while todo:
            at = todo[-1]
            after = [] if routes.steps[at].kind in WAITING else _after(routes.steps[at])
            if (unknown := [each for each in after if each not in length]) and at not in length:
                todo += unknown
                continue
            length[todo.pop()] = 1 + max((length[each] for each in after), default=0)
        if length[start] > WALK:
            return routes.path(start)
    return None


def _after(step: Step) -> list[int]:
    return [each for each in (step.next, step.other, *(to for _, to in step.exits)) if each != NONE]
