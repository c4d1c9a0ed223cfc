# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios of steps: every step is reached, none leads round for ever, what is compared was set before."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from appliance.settings import steps
from appliance.settings.faults import nearest, shown
from appliance.settings.models import Scenario, Settings
from appliance.settings.places import Path
from appliance.settings.references import Wrong, found, told
from appliance.settings.sentence import Sentence
from appliance.settings.words import CALLED, CALLER, OF_THE_CALL, PLACEHOLDER, PROOF

ATTRIBUTES = 32  # the core keeps of a call

Node = tuple[str, str]  # scenario, step


class Edge(NamedTuple):
    """A way from one step to another, and where it is written."""

    path: Path
    to: Node


def wrongs(s: Settings) -> Iterator[Wrong]:
    for id, scenario in s.scenario.items():
        yield from _form(id, scenario)
        for name, step in scenario.step.items():
            yield from _step(s, ("scenario", id, "step", name), step)
        yield from _unreached(s, id, scenario)
    yield from _loops(s)
    yield from _attributes(s)


def attributes(s: Settings) -> list[str]:
    """Everything the steps of all scenarios remember of a call, each once."""
    every = (step for scenario in s.scenario.values() for step in scenario.step.values())
    asks = any(action.asked for action in s.action.values())
    kinds = (steps.MenuStep, steps.CollectStep, steps.LookUpStep, steps.SetStep)
    kept = [step.attribute for step in every if isinstance(step, kinds) and step.attribute is not None]
    return list(dict.fromkeys([PROOF] * asks + kept))


def edges(s: Settings, scenario: str, step: str) -> Iterator[Edge]:
    """The ways from a step to other steps, of its own scenario or the first of another."""
    of = s.scenario[scenario].step
    for at, target in of[step].targets():
        path: Path = ("scenario", scenario, "step", step, *at)
        if target in of:
            yield Edge(path, (scenario, target))
        else:
            for kind, name in found(s, target, ("scenario",)):
                start = s.scenario[name].start if kind == "scenario" else None
                if start is not None and start in s.scenario[name].step:
                    yield Edge(path, (name, start))


def _unpressed(s: Settings, scenario: str, name: str) -> Iterator[Edge]:
    """Those of the ways that a caller takes who presses no key, as long as what is to be said can be."""
    others = {"failed"}
    match s.scenario[scenario].step[name]:
        case steps.MenuStep(no_key=no_key):
            others |= {"keys", "wrong_key"} | ({"otherwise"} if no_key is not None else set())
        case steps.CollectStep():
            others |= {"next"}
        case steps.ActionStep(action=action) if action in s.action and s.action[action].challenge is not None:
            others |= {"next", "waiting"}
    return (edge for edge in edges(s, scenario, name) if edge.path[4] not in others)


def _form(id: str, scenario: Scenario) -> Iterator[Wrong]:
    """A scenario is either open, closed and unanswered, or steps."""
    path: Path = ("scenario", id)
    if scenario.step or scenario.start is not None:
        for field in ("hours", "open", "closed", "unanswered"):
            if field in scenario.model_fields_set:
                what = Sentence("goes ill with steps; accepted: a step that does the same")
                yield Wrong("contradiction", (*path, field), what, True)
        known = ", ".join(scenario.step)
        if scenario.start is None:
            yield Wrong(
                "missing", (*path, "start"), Sentence("is missing; accepted: the name of the first step: {}", known)
            )
        elif scenario.start not in scenario.step:
            there = (told(list(scenario.step)), nearest(scenario.start, scenario.step))
            what = Sentence("there is no step {}; {}{}", shown(scenario.start), *there)
            yield Wrong("no-such-name", (*path, "start"), what)
    elif scenario.open is None:
        what = Sentence("is missing; accepted: the name of a queue, chain, person or mailbox, or `start` and steps")
        yield Wrong("missing", (*path, "open"), what)


def _step(s: Settings, path: Path, step: steps.Step) -> Iterator[Wrong]:
    """What the fields of one step must agree on."""
    match step:
        case steps.MenuStep():
            for key, does in step.keys.items():
                if does.value is not None and step.attribute is None:
                    what = Sentence("is nowhere kept; accepted: with an `attribute` of the menu")
                    yield Wrong("missing", (*path, "keys", key, "value"), what)
        case steps.CollectStep() if step.least > step.most:
            what = Sentence("{} is more than `most`; accepted: at most {} (digits)", step.least, step.most)
            yield Wrong("out-of-range", (*path, "least"), what)
        case steps.CompareStep():
            yield from _compare(path, step)
        case steps.LoadStep() if len(step.tests()) != 1:
            what = Sentence("looks at one thing; accepted: one of waiting, free, on_duty, longest_wait")
            yield Wrong("wrong-count", path, what, True)
        case steps.TransferStep() if not step.lines and not s.outside.lines:
            yield Wrong("missing", (*path, "lines"), Sentence("is missing; accepted: lines here, or in [outside]"))


def _compare(path: Path, step: steps.CompareStep) -> Iterator[Wrong]:
    if len(step.tests()) != 1:
        what = Sentence("compares with one thing; accepted: one of is, begins, less, more, empty = true")
        yield Wrong("wrong-count", path, what, True)
    if step.attribute in (CALLER, CALLED) and step.begins is not None and not step.begins.removeprefix("+").isdigit():
        what = Sentence("{} begins no number; accepted: + and digits, or digits", shown(step.begins))
        yield Wrong("not-accepted", (*path, "begins"), what)


def _unreached(s: Settings, id: str, scenario: Scenario) -> Iterator[Wrong]:
    if scenario.start not in scenario.step:
        return
    reached, new = {(id, scenario.start)}, [scenario.start]
    while new:
        for edge in edges(s, id, new.pop()):
            if edge.to not in reached and edge.to[0] == id:
                reached.add(edge.to)
                new.append(edge.to[1])
    for name in scenario.step:
        if (id, name) not in reached:
            yield Wrong(
                "unreached",
                ("scenario", id, "step", name),
                Sentence("no way leads here from {}; accepted: steps that some call can reach", scenario.start),
                True,
            )


def _loops(s: Settings) -> Iterator[Wrong]:
    """Ways that lead back to a step passed before: without one in between that waits in any case, or without a key."""
    for edge, around in _rounds(s, edges, lambda step: step.do not in steps.WAITING):
        what = Sentence(
            "leads round for ever: {}; accepted: with a step between that always waits: {}",
            *(_names(around), ", ".join(steps.WAITING)),
        )
        yield Wrong("endless", edge.path, what)
    for edge, around in _rounds(s, _unpressed, _leads_on_alike):
        if any(_at(s, node).do in steps.WAITING for node in around):
            what = Sentence(
                "leads a caller who presses nothing round for ever: {}; accepted: with a way out that needs no key",
                _names(around),
            )
            yield Wrong("endless", edge.path, what)


def _names(around: list[Node]) -> str:
    return " -> ".join(name for _, name in around)


def _at(s: Settings, node: Node) -> steps.Step:
    return s.scenario[node[0]].step[node[1]]


def _leads_on_alike(step: steps.Step) -> bool:
    """Whether, as long as he presses nothing, a caller goes on from there as he did the last time."""
    return step.do in steps.UNCHANGED or (isinstance(step, steps.CompareStep) and step.attribute in (CALLER, CALLED))


def _rounds(
    s: Settings, ways: Callable[[Settings, str, str], Iterator[Edge]], through: Callable[[steps.Step], bool]
) -> Iterator[tuple[Edge, list[Node]]]:
    """Ways that lead back, each with the round it closes, through steps of these kinds alone."""
    done: set[Node] = set()
    for id, scenario in s.scenario.items():
        for name in scenario.step:
            if (id, name) not in done and through(scenario.step[name]):
                yield from _rounds_from(s, (id, name), done, ways, through)


def _rounds_from(
    s: Settings,
    start: Node,
    done: set[Node],
    ways: Callable[[Settings, str, str], Iterator[Edge]],
    through: Callable[[steps.Step], bool],
) -> Iterator[tuple[Edge, list[Node]]]:
    """Depth first, in a stack of its own: a scenario may be longer than Python calls deep."""
    way = [start]  # from start to the step looked at
    left = [ways(s, *start)]
    while way:
        edge = next(left[-1], None)
        if edge is None:
            done.add(way.pop())
            left.pop()
        elif edge.to in way:
            yield edge, [*way[way.index(edge.to) :], edge.to]
        elif edge.to not in done and through(_at(s, edge.to)):
            way.append(edge.to)
            left.append(ways(s, *edge.to))


def _attributes(s: Settings) -> Iterator[Wrong]:
    known = attributes(s)
    named = [name for name in known if name != PROOF]
    words = told(named)
    for id, scenario in s.scenario.items():
        for name, step in scenario.step.items():
            path: Path = ("scenario", id, "step", name, "attribute")
            if isinstance(step, steps.CompareStep) and step.attribute not in (*named, CALLER, CALLED):
                what = Sentence("no step sets {}; {}{}", shown(step.attribute), words, nearest(step.attribute, named))
                yield Wrong("never-set", path, what)
            elif getattr(step, "attribute", None) in known[ATTRIBUTES:]:
                yield Wrong(
                    "wrong-count", path, Sentence("is one too many; accepted: at most {} attributes in all", ATTRIBUTES)
                )
    for id, lookup in s.lookup.items():
        for asked in PLACEHOLDER.findall(lookup.url):
            if asked not in (*named, *OF_THE_CALL):
                what = Sentence(
                    "no step sets {}; {}{}",
                    *(shown(asked), told([*OF_THE_CALL, *named]), nearest(asked, named)),
                )
                yield Wrong("never-set", ("lookup", id, "url"), what)
