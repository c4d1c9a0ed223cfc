# SPDX-License-Identifier: GPL-2.0-or-later
"""What a scenario of steps becomes, read from the plan it compiles to."""

from datetime import UTC, datetime

import pytest

from appliance.core import Core
from appliance.core.names import Because
from appliance.settings.compile import compile
from appliance.settings.names import Names
from tests.settings.documents import FULL, TWO, WIRED, graph, settings
from tests.settings.plan_reader import NONE, Plan, Step, read_plan

NOW = int(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()) * 1000
CITY = 1
QUEUE, CHAIN, PERSON, VOICEMAIL, HANG_UP, OUTSIDE, LIST, TRUST = 2, 3, 4, 5, 6, 7, 8, 9
SAY, MENU, COLLECT, LOOK_UP, SET, COMPARE, ACTION, SKILL, LOAD, HISTORY, MANAGER, LAST, PRIORITY = range(10, 23)
SALES = WIRED + '[queue.sales]\npeople = ["anna", "boris"]\n'
MOBILE = WIRED.replace('["desk2"]', '["desk2"]\nmobile = "+37061111111"') + '[outside]\nlines = ["city"]\n'


class Compiled:
    """A document, its plan, and the steps of its scenario by name."""

    def __init__(self, text: str) -> None:
        data, self.names = compile(settings(text), NOW)
        Core(data)
        self.plan: Plan = read_plan(data)
        self.index = {self.names.name(step[0]): i for i, step in enumerate(self.plan["STEP"])}

    def step(self, name: str) -> Step:
        return self.plan.step(self.at(name))

    def at(self, name: str) -> int:
        return self.index[f"scenario.main.step.{name}"]

    def path(self, index: int) -> str:
        """The step of the scenario an index leads to, or `own.KIND.NAME`."""
        return "" if index == NONE else self.names.name(self.plan["STEP"][index][0]).removeprefix("scenario.main.step.")

    def exits(self, name: str) -> dict[str, str]:
        """Where a step goes for keys and reasons."""
        found = self.plan.exits(self.at(name))
        return {chr(on) if on < 128 else Because(on - 128).name: self.path(to) for on, to in found.items()}


def compiled(*steps: str, before: str = WIRED) -> Compiled:
    return Compiled(graph(*steps, before=before))


def test_a_call_begins_with_the_first_step() -> None:
    made = compiled('a: do = "say"; prompt = "hello"; next = "anna"')
    assert made.path(made.plan["LINE"][CITY][1]) == "a"
    assert made.step("a")[1:6] == (SAY, 0, made.names.id("prompt", "hello"), made.at_own("person.anna"), NONE)


def _own(self: Compiled, name: str) -> int:
    return self.index[f"own.{name}"]


Compiled.at_own = _own  # type: ignore[attr-defined]
