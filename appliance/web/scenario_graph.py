# SPDX-License-Identifier: GPL-2.0-or-later
"""A scenario as a drawing: its steps in rows, from the first on, and the ways between them. Pure; lengths are px."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from appliance.settings import edits
from appliance.settings.faults import Fault
from appliance.settings.places import Path
from appliance.web import forms

WIDE, HIGH, BESIDE, BELOW, EDGE = 168, 58, 30, 74, 16  # HIGH: also in scenario.css
ACROSS = 6  # boxes beside one another; more of a row stand below these
WIDEST = 420  # a step with many ways, so that what is written at each stands beside that of the next
LETTER = 7  # of what is written at a way
ABOVE = 44  # for where calls come in
KEYS = "1234567890*#"
Wrong = Mapping[str, Sequence[str]]  # by step, what is wrong with it


class Way(NamedTuple):
    """One way out of a step: by which field or key, where to (a step, something outside the scenario, "": not yet), and
    `at`, what it is called here: the name of a field, or `key:5`."""

    by: str
    to: str
    at: str


class Place(NamedTuple):
    """The upper left corner of a box, and how wide it is."""

    x: int
    y: int
    wide: int


class Box(NamedTuple):
    """A step, or (step False) where calls go from here; `nth`: when a call came by."""

    name: str
    does: str
    about: str
    step: bool
    x: int
    y: int
    wide: int
    faults: list[str]
    lost: bool = False  # no way leads here from the first step
    nth: int = 0


class Line(NamedTuple):
    """Ways from one step to one target as they are drawn: an SVG path, what is written at it, and where it begins."""

    path: str
    step: str
    ways: list[Way]
    x: int
    y: int
    words_y: int
    back: bool
    wrong: bool
    lit: bool

    @property
    def by(self) -> str:
        return ", ".join(way.by for way in self.ways)


class Drawing(NamedTuple):
    boxes: list[Box]
    lines: list[Line]
    width: int
    height: int


def ways(document: Mapping[str, Any], scenario: str, step: str) -> list[Way]:
    """The ways out of a step, as far as they are written; the document may have faults."""
    return [way for way in every_way(document, scenario, step) if way.to]


def every_way(document: Mapping[str, Any], scenario: str, step: str) -> list[Way]:
    """The ways out of a step that there are or could be; of "", which stands before the first, the way to that."""
    if not step:
        start = edits.at(document, ("scenario", scenario, "start"))
        return [Way("start", start if isinstance(start, str) else "", "start")]
    path: Path = ("scenario", scenario, "step", step)
    here = edits.at(document, path)
    return list(_every_way(document, path, here)) if isinstance(here, dict) else []


def _every_way(document: Mapping[str, Any], path: Path, here: Mapping[str, Any]) -> Iterator[Way]:
    for key in forms.node_at(document, path).get("properties", {}):
        value = here.get(key, "")
        if key == "keys":
            written = (
                {str(pressed): _target(does) for pressed, does in value.items()} if isinstance(value, dict) else {}
            )
            for pressed in dict.fromkeys([*written, *KEYS]):
                yield Way(pressed, written.get(pressed, ""), f"key:{pressed}")
        elif _leads(forms.kinds(forms.node_at(document, (*path, key)))):
            yield Way(key.replace("_", " "), _target(value), key)


def _leads(kinds: Sequence[str]) -> bool:
    return "step" in kinds and len(kinds) > 1


def _target(value: Any) -> str:
    to = value.get("to") if isinstance(value, dict) else value
    return to if isinstance(to, str) else ""


def passed(scenario: str, entered: Sequence[str]) -> list[str]:
    """Steps of the plan that a call entered, as this drawing names them; what else is entered as `kind.name`."""
    found: list[str] = []
    for path in entered:
        match path.split("."):
            case ["scenario", name, "step", step, *_] if name == scenario:
                here = step
            case ["scenario", name, *_] if name != scenario:
                here = f"scenario.{name}"
            case ["own", kind, name, *_]:
                here = f"{kind}.{name}"
            case _:
                continue
        if found[-1:] != [here]:
            found.append(here)
    return found


def drawing(
    document: Mapping[str, Any], scenario: str, found: Sequence[Fault] = (), walked: Sequence[str] = ()
) -> Drawing:
    """Every step in the row after the first that leads to it; what no way leads to comes last. walked: see passed()."""
    steps = edits.at(document, ("scenario", scenario, "step"))
    steps = steps if isinstance(steps, dict) else {}
    out = {name: ways(document, scenario, name) for name in steps}
    start = _target(edits.at(document, ("scenario", scenario, "start")))
    if not steps:
        start, out = _without_steps(document, scenario)
    lit = _lit(walked, out)
    reached, rest = _rows(start, out)
    rows = [some for row in (*reached, *rest) for some in _split(row)]
    at = _places(rows, out)
    lost = {name for row in rest for name in row if name in steps}
    came = {name: n for n, name in reversed(list(enumerate(lit, start=1)))}
    boxes = [
        _box(document, scenario, name, name in steps, place, found)._replace(lost=name in lost, nth=came.get(name, 0))
        for name, place in at.items()
    ]
    went = set(pairwise(lit))
    lines = [_start(start, at, bool(lit), "start" if steps else "")] if at else []
    for name, all_of in out.items():
        path: Path = ("scenario", scenario, "step", name)
        lines += _lines(name, all_of, at, {way.at for way in all_of if _wrong(found, path, way)}, went)
    height = ABOVE + max(1, len(rows)) * (HIGH + BELOW) - BELOW // 3
    width = max((box.x + box.wide for box in boxes), default=EDGE + WIDE)
    return Drawing(boxes, lines, width + 2 * EDGE, height)


def _split(row: Sequence[str]) -> Iterator[Sequence[str]]:
    """A row in as few rows as it needs, of which none has much more than another."""
    count = -(-len(row) // ACROSS)
    for n in range(count):
        yield row[len(row) * n // count : len(row) * (n + 1) // count]


def _places(rows: Sequence[Sequence[str]], out: Mapping[str, Sequence[Way]]) -> dict[str, Place]:
    at: dict[str, Place] = {}
    for n, row in enumerate(rows):
        x = EDGE
        for name in row:
            wide = max(WIDE, min(WIDEST, sum(_room(by) for by in _together(out.get(name, ())).values())))
            at[name] = Place(x, ABOVE + n * (HIGH + BELOW), wide)
            x += wide + BESIDE
    return at


def _together(out: Sequence[Way]) -> dict[str, list[Way]]:
    """Ways of a step by where they lead: those to one place are drawn as one."""
    together: dict[str, list[Way]] = {}
    for way in out:
        together.setdefault(way.to, []).append(way)
    return together


def _room(by: Sequence[Way]) -> int:
    """What is written at a way wants so much, and so does a finger."""
    return max(32, LETTER * len(", ".join(way.by for way in by)) + 18)


def _lit(walked: Sequence[str], out: dict[str, list[Way]]) -> list[str]:
    """The same by the names of the boxes; a way that is not written, to where calls go when nothing is, is added."""
    lit: list[str] = []
    for thing in walked:
        before, name = lit[-1] if lit else "", thing
        if thing not in out:
            alike = (thing, thing.partition(".")[2])
            here = [way.to for way in out.get(before, ()) if way.to in alike]
            if not here and before in out:
                out[before].append(Way("…", thing, ""))
            name = here[0] if here else thing
        lit.append(name)
    return lit


def _rows(start: str, out: Mapping[str, list[Way]]) -> tuple[list[list[str]], list[list[str]]]:
    """Those that a way leads to from the first, and those that none does with what they lead to."""
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
    lost = [name for name in out if name not in {each for row in rows for each in row}]
    beyond = dict.fromkeys(way.to for name in lost for way in out[name] if way.to not in seen and way.to not in lost)
    return rows, [lost, list(beyond)]


def _box(
    document: Mapping[str, Any], scenario: str, name: str, step: bool, place: Place, found: Sequence[Fault]
) -> Box:
    path = ("scenario", scenario, "step", name)
    here = edits.at(document, path)
    if not step or not isinstance(here, dict):
        return Box(name, "", "", False, *place, [])
    does = str(here.get("do", ""))
    about = next(
        (str(here[key]) for key in (does, "prompt", "queue", "mailbox", "hours", "attribute") if key in here), ""
    )
    return Box(name, does, about[:24], True, *place, forms.faults_of(found, path))


def _wrong(found: Sequence[Fault], path: Path, way: Way) -> bool:
    kind, _, key = way.at.partition(":")
    return bool(way.at and forms.faults_of(found, (*path, "keys", key) if key else (*path, kind)))


def _without_steps(document: Mapping[str, Any], scenario: str) -> tuple[str, dict[str, list[Way]]]:
    """Where a scenario begins that has no steps but its hours, and where it leads; ways that are set in its form, not drawn."""
    here = edits.at(document, ("scenario", scenario))
    here = here if isinstance(here, dict) else {}
    hours = here.get("hours")
    first = f"hours.{hours}" if isinstance(hours, str) else f"scenario.{scenario}"
    out = [Way(key, _target(here.get(key)), "") for key in ("open", "closed", "unanswered") if _target(here.get(key))]
    return (first, {first: out}) if out else ("", {})


def _start(start: str, at: Mapping[str, Place], lit: bool, by: str) -> Line:
    """Where calls come in, and the line to the first step if there is one."""
    x, y = EDGE + WIDE // 2, 12
    path = f"M{x},{y} L{x},{at[start].y}" if start in at else ""
    return Line(path, "", [Way("start", start, by)], x, y, y + 5, False, False, lit)


def _lines(
    step: str, out: Sequence[Way], at: Mapping[str, Place], wrong: set[str], went: set[tuple[str, str]]
) -> Iterator[Line]:
    together, here = _together(out), at[step]
    wanted = sum(_room(by) for by in together.values())
    left = 0
    for n, (to, by) in enumerate(together.items()):
        room = _room(by)
        x = here.x + here.wide * (2 * left + room) // (2 * wanted)
        x = x - (room - 18) // 2 if len(together) > 1 and wanted <= here.wide else x
        left += room
        end_x, end_y = at[to].x + at[to].wide // 2, at[to].y
        y = here.y + HIGH
        back = end_y <= y
        bend = BELOW if back else max(30, (end_y - y) // 2)
        path = f"M{x},{y} C{x},{y + max(bend, 48)} {end_x},{end_y - bend} {end_x},{end_y}"
        faulty = any(way.at in wrong for way in by)
        words_y = y + 18 + (13 * (n % 3) if wanted > here.wide else 0)
        yield Line(path, step, by, x, y, words_y, back, faulty, (step, to) in went)
