# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways of calls to the outside: the lines a number is tried by, the cheapest first; and where refused calls end."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import get_args

from appliance.settings import outgoing
from appliance.settings import plan_steps as plan
from appliance.settings.models import Settings
from appliance.settings.numbers import emergency_numbers
from appliance.settings.outgoing import Refusal
from appliance.settings.plan_steps import NONE, Routes, Step
from appliance.settings.rules import TURNED_AWAY

ANYWAY = 2  # least of a step outside: also by a line that seems to be down
REFUSED = "refused."  # before why: the number the core is told of a call that is refused; nobody can dial it


def add(ways: Routes) -> None:
    """The prefix and any number; emergency numbers with it and without, which ring till they are answered."""
    s, prefix = ways.settings, ways.settings.outside.prefix
    taken = frozenset(number for line, _, number in ways.dials if line == 0)
    ways.names.inside = taken
    out = Step(0, plan.OUTSIDE, small=len(prefix), value=NONE)
    if s.outside.lines:
        _any_number(ways, replace(out, ms=s.outside.ring_for * 1000))
        _refusals(ways)
    alarms, lines = emergency_numbers(s.office.country), emergency_lines(s)
    direct = _for_help(ways, "outside.emergency", lines, replace(out, small=0))
    ways.dials += [(0, direct, number) for number in alarms if number not in taken and lines]
    if prefix:
        prefixed = _for_help(ways, "outside.emergency.prefixed", lines, out)
        ways.dials += [(0, prefixed, to) for number in alarms if (to := prefix + number) not in taken and lines]


def emergency_lines(s: Settings) -> list[str]:
    """Every line there is, the preferred first."""
    return list(dict.fromkeys((*s.outside.emergency_lines, *s.outside.lines, *s.line)))


def _any_number(ways: Routes, out: Step) -> None:
    s = ways.settings
    prefix, lines = s.outside.prefix, s.outside.lines
    ways.dials.append((0, _trunks(ways, "outside", lines, out), prefix + "*"))
    known: dict[tuple[str, ...], int] = {}
    for beginning in sorted({one for line in lines for one in s.line[line].rates}):
        order = tuple(outgoing.by_price(s, lines, beginning))
        if order not in known:
            known[order] = _priced(ways, f"outside.price.{len(known) + 1}", order, out)
        ways.dials.append((0, known[order], prefix + outgoing.INTERNATIONAL + beginning.removeprefix("+") + "*"))


def _priced(ways: Routes, path: str, lines: Sequence[str], out: Step) -> int:
    """As _trunks(); the path tells the cheapest line from the others."""
    then = NONE
    for nth, name in reversed(list(enumerate(lines))):
        how = "others" if nth else "cheapest"
        then = ways.add(f"{path}.{how}.{name}", replace(out, what=ways.lines.index(name), next=then))
    return then


def _trunks(ways: Routes, path: str, lines: Iterable[str], out: Step) -> int:
    """The lines in turn; a number that one of them rang long enough is not tried by the next."""
    then = NONE
    for name in reversed(list(lines)):
        then = ways.add(f"{path}.{name}", replace(out, what=ways.lines.index(name), next=then))
    return then


def _for_help(ways: Routes, path: str, lines: list[str], out: Step) -> int:
    """As _trunks(); the switch, asked for the first line, tries all of them, those that seem to be down after the others."""
    if not lines:
        return NONE
    then = _trunks(ways, path, lines[1:], out)
    first = replace(out, what=ways.lines.index(lines[0]), next=then, least=ANYWAY)
    return ways.add(f"{path}.{lines[0]}", first)


def _refusals(ways: Routes) -> None:
    """A step for each reason a call is refused for, so that its why can be told."""
    outside = ways.settings.outside
    for why in get_args(Refusal):
        path = f"outside.refused.{why}"
        prompt = outside.refused or (TURNED_AWAY + why if outside.tell_refused else "")
        if not prompt:
            step = ways.add(path, Step(0, plan.HANG_UP, plan.DECLINED))
        else:
            over = ways.add(f"{path}.over", Step(0, plan.HANG_UP, plan.DECLINED))
            step = ways.add(path, Step(0, plan.SAY, ways.names.id("prompt", prompt), next=over))
        ways.dials.append((0, step, f"{REFUSED}{why}*"))
