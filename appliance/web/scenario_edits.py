# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes to the graph of a scenario: ways led elsewhere, steps put in, named anew and taken out. Pure."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from appliance.settings import edits
from appliance.settings.edits import MISSING, Missing
from appliance.settings.places import Path
from appliance.settings.references import ANSWERING
from appliance.settings.steps import MESSAGE
from appliance.web import forms
from appliance.web.scenario_graph import Way, every_way, ways
from appliance.web.scenario_palette import step_of

SIMPLE = ("hours", "open", "closed", "unanswered")  # what a scenario without steps says


def led(document: Mapping[str, Any], scenario: str, step: str, at: str, to: str) -> tuple[Path, str] | None:
    """The edit that has a way lead to a step or elsewhere; None when there is no such way, or no such target."""
    way = next((way for way in every_way(document, scenario, step) if way.at == at), None)
    if way is None or to not in _targets(document, scenario, step):
        return None
    return _written(document, scenario, step, way), to


def _written(document: Mapping[str, Any], scenario: str, step: str, way: Way) -> Path:
    """Where it stands in the document where a way leads."""
    if not step:
        return ("scenario", scenario, "start")
    path: Path = ("scenario", scenario, "step", step)
    path = (*path, "keys", way.by) if way.at.startswith("key:") else (*path, way.at)
    return (*path, "to") if isinstance(edits.at(document, path), dict) else path


def renamed(document: str, scenario: str, old: str, new: str) -> str | None:
    """The document with a step named anew, and every way that leads to it; it may have faults. None when a way leads to
    something of the new name: it would lead to the step from then on."""
    values, path = edits.values(document), ("scenario", scenario, "step")
    every = [(step, way) for step in ("", *_steps(values, scenario)) for way in every_way(values, scenario, step)]
    if any(way.to == new for _, way in every):
        return None
    made = [(_written(values, scenario, step, way), new) for step, way in every if way.to == old]
    document = edits.put(document, made)
    return edits.rename_key(document, path, old, new)


def added(text: str, scenario: str, kind: str, into: Sequence[tuple[str, str]] = ()) -> tuple[str, str] | None:
    """The document with one more step of a kind, under a name that is free, and that name; None when one is no way of it.

    into: ways, as a step and what the way is called there, that lead to it from then on; where they led before it leads on,
    if it is of a kind that leads on. The first step of all comes before whatever was done without steps."""
    path: Path = ("scenario", scenario, "step")
    if not isinstance(edits.at(edits.values(text), path), dict | Missing):
        return None
    first = not _steps(edits.values(text), scenario)
    text = in_steps(text, scenario) if first else text
    values = edits.values(text)
    name = _free(values, scenario, kind)
    if first and (ways_on(kind) or not _steps(values, scenario)):
        into = [("", "start")]
    found = [next((way for way in every_way(values, scenario, step) if way.at == at), None) for step, at in into]
    if None in found or len(set(into)) != len(into):
        return None
    led_on = {way.to for way in found if way and way.to}
    new = {"do": kind} | _only(values, (*path, name), kind)
    if len(led_on) == 1:
        new |= dict.fromkeys(ways_on(kind), led_on.pop())
    made: list[tuple[Path, Any]] = [((*path, name), new)]
    made += [(_written(values, scenario, step, way), name) for (step, _), way in zip(into, found, strict=True) if way]
    return edits.put(text, made), name


def in_steps(text: str, scenario: str) -> str:
    """The document with what a scenario without steps does (`open`, `closed`, `unanswered`) as steps, if it does anything."""
    values, path = edits.values(text), ("scenario", scenario)
    here = edits.at(values, path)
    if "open" not in here or not all(isinstance(here.get(key, ""), str) for key in SIMPLE):
        return text
    unanswered = here.get("unanswered", MESSAGE)
    steps: dict[str, dict[str, str]] = {}
    open = _entered(values, here["open"], unanswered, steps)
    start = open
    if "hours" in here:
        closed = _entered(values, here.get("closed", MESSAGE), unanswered, steps)
        start, steps = (
            "hours",
            {"hours": {"do": "hours", "hours": here["hours"], "open": open, "closed": closed}} | steps,
        )
    gone = [((*path, key), MISSING) for key in SIMPLE]
    made = [((*path, "step", name), step) for name, step in steps.items()]
    return edits.put(text, [*gone, ((*path, "start"), start), *made])


def _entered(values: Mapping[str, Any], target: str, unanswered: str, steps: dict[str, dict[str, str]]) -> str:
    """The step, put into `steps`, that rings a queue, chain or person, or takes a message."""
    kind, _, name = target.partition(".")
    if kind not in ANSWERING:
        name = target
        kind = next((each for each in ANSWERING if edits.at(values, (each, kind)) is not MISSING), "mailbox")
    made = (
        {"do": "voicemail", "mailbox": name}
        if kind == "mailbox"
        else {"do": kind, kind: name, "unanswered": unanswered}
    )
    same = next((step for step, one in steps.items() if one == made), "")
    named = same or next(one for n in count(1) if (one := made["do"] if n == 1 else f"{made['do']}-{n}") not in steps)
    steps[named] = made
    return named


def ways_on(kind: str) -> list[str]:
    """The fields by which a step of a kind leads on: those it cannot do without, else the first there is."""
    node = step_of(kind)
    every = [key for key, raw in node["properties"].items() if raw.get("leads")]
    return [key for key in every if key in node["required"]] or every[:1]


def _free(values: Mapping[str, Any], scenario: str, kind: str) -> str:
    """A name for a step that nothing has and no way leads to already."""
    steps = _steps(values, scenario)
    taken = set(steps) | {way.to for step in ("", *steps) for way in every_way(values, scenario, step)}
    return next(name for n in count(1) if (name := kind if n == 1 else f"{kind}-{n}") not in taken)


def _only(values: Mapping[str, Any], path: Path, kind: str) -> dict[str, str]:
    """What a new step cannot do without, where there is only one it could be: the hours of an office that has one table."""
    node, new = step_of(kind), {}
    for key in node["required"]:
        raw = node["properties"][key]
        choices = forms.options(values, raw, path) if raw.get("of") else []
        if len(choices) == 1:
            new[key] = choices[0]
    return new


def removed(text: str, scenario: str, step: str) -> str:
    """The document without a step; what led to it leads where it led on, if that was one place alone."""
    values, path = edits.values(text), ("scenario", scenario, "step")
    steps = _steps(values, scenario)
    out = [way for way in ways(values, scenario, step) if way.at in ways_on(edits.at(values, (*path, step, "do")))]
    led_on = {way.to for way in out}
    made: list[tuple[Path, Any]] = [((*path, step), MISSING)]
    if len(led_on) == 1 and (on := led_on.pop()) != step:
        for before in ("", *(name for name in steps if name != step)):
            if before or on in steps:  # calls come to a step alone
                to = [way for way in every_way(values, scenario, before) if way.to == step]
                made += [(_written(values, scenario, before, way), on) for way in to]
    return edits.put(text, made)


def _steps(values: Mapping[str, Any], scenario: str) -> dict[str, Any]:
    steps = edits.at(values, ("scenario", scenario, "step"))
    return steps if isinstance(steps, dict) else {}


def _targets(document: Mapping[str, Any], scenario: str, step: str) -> set[str]:
    """Where a way may be dragged to: what is drawn; for the first step a step."""
    names = set(_steps(document, scenario))
    return names | {way.to for name in names for way in ways(document, scenario, name)} if step else names
