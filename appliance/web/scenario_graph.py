# SPDX-License-Identifier: GPL-2.0-or-later
"""A scenario as a drawing: its steps in rows, from the first on, and the ways between them. Pure; lengths are px."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from appliance.settings import edits
from appliance.settings.faults import Fault
from appliance.web import forms

WIDE, HIGH, BESIDE, BELOW, EDGE = 168, 58, 26, 74, 12


class Way(NamedTuple):
    """One way out of a step: by which field or key, and where to: another step, or something outside the scenario."""

    by: str
    to: str


class Box(NamedTuple):
    """A step, or (step False) where calls go from here; x and y of its upper left corner."""

    name: str
    does: str
    about: str
    step: bool
    x: int
    y: int
    faults: list[str]


class Line(NamedTuple):
    """A way as it is drawn: an SVG path, what is written at it, and where."""

    path: str
    by: str
    x: int
    y: int
    back: bool


class Drawing(NamedTuple):
    boxes: list[Box]
    lines: list[Line]
    width: int
    height: int


def ways(document: Mapping[str, Any], scenario: str, step: str) -> list[Way]:
    """The ways out of a step, as far as they are written; the document may have faults."""
    path = ("scenario", scenario, "step", step)
    here = edits.at(document, path)
    return list(_ways(document, path, here)) if isinstance(here, dict) else []


def _ways(document: Mapping[str, Any], path: tuple[str | int, ...], here: Mapping[str, Any]) -> Iterator[Way]:
    for key, value in here.items():
        if key == "keys" and isinstance(value, dict):
            for pressed, does in value.items():
                to = does.get("to") if isinstance(does, dict) else does
                if isinstance(to, str) and to:
                    yield Way(str(pressed), to)
        elif isinstance(value, str) and value:
            kinds = forms.kinds(forms.node_at(document, (*path, key)))
            if "step" in kinds and len(kinds) > 1:
                yield Way(key.replace("_", " "), value)


def drawing(document: Mapping[str, Any], scenario: str, found: Sequence[Fault] = ()) -> Drawing:
    """Every step in the row after the first that leads to it; what no way leads to comes last."""
    steps = edits.at(document, ("scenario", scenario, "step"))
    steps = steps if isinstance(steps, dict) else {}
    out = {name: ways(document, scenario, name) for name in steps}
    rows = _rows(str(edits.at(document, ("scenario", scenario, "start"))), out)
    widest = max((len(row) for row in rows), default=1)
    width = widest * (WIDE + BESIDE) - BESIDE + 2 * EDGE
    at: dict[str, tuple[int, int]] = {}
    for y, row in enumerate(rows):
        at |= {name: (EDGE + x * (WIDE + BESIDE), EDGE + y * (HIGH + BELOW)) for x, name in enumerate(row)}
    boxes = [_box(document, scenario, name, name in steps, *place, found) for name, place in at.items()]
    lines = [line for name, all_of in out.items() for line in _lines(at[name], all_of, at)]
    return Drawing(boxes, lines, width, max(1, len(rows)) * (HIGH + BELOW) + EDGE)


def _rows(start: str, out: Mapping[str, list[Way]]) -> list[list[str]]:
    rows: list[list[str]] = []
    new, seen = [start] if start in out else [], {start}
    while new:
        rows.append(new)
        new = []
        for name in rows[-1]:
            for way in out.get(name, ()):
                if way.to not in seen:
                    seen.add(way.to)
                    new.append(way.to)
    lost = [name for name in out if name not in seen]
    beyond = dict.fromkeys(way.to for name in lost for way in out[name] if way.to not in seen and way.to not in lost)
    return [row for row in (*rows, lost, list(beyond)) if row]


def _box(
    document: Mapping[str, Any], scenario: str, name: str, step: bool, x: int, y: int, found: Sequence[Fault]
) -> Box:
    path = ("scenario", scenario, "step", name)
    here = edits.at(document, path)
    if not step or not isinstance(here, dict):
        return Box(name, "", "", False, x, y, [])
    does = str(here.get("do", ""))
    about = next(
        (str(here[key]) for key in (does, "prompt", "queue", "mailbox", "hours", "attribute") if key in here), ""
    )
    return Box(name, does, about[:24], True, x, y, forms.faults_of(found, path))


def _lines(origin: tuple[int, int], out: Sequence[Way], at: Mapping[str, tuple[int, int]]) -> Iterator[Line]:
    together: dict[str, list[str]] = {}
    for way in out:
        together.setdefault(way.to, []).append(way.by)
    for n, (to, by) in enumerate(together.items(), start=1):
        x = origin[0] + WIDE * n // (len(together) + 1)
        end_x, end_y = at[to][0] + WIDE // 2, at[to][1]
        y = origin[1] + HIGH
        back = end_y <= y
        bend = BELOW if back else max(30, (end_y - y) // 2)
        path = f"M{x},{y} C{x},{y + bend} {end_x},{end_y - bend} {end_x},{end_y}"
        yield Line(path, ", ".join(by), x, y + 16 + 13 * ((n - 1) % 3), back)
