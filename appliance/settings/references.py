# SPDX-License-Identifier: GPL-2.0-or-later
"""Names one table of the settings says of another: each must exist, and be clear."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from appliance.settings.faults import nearest, shown
from appliance.settings.models import Settings
from appliance.settings.places import Path
from appliance.settings.sentence import Sentence
from appliance.settings.tables import Table

ANSWERING = ("queue", "chain", "person", "mailbox")  # where a scenario without steps may lead
LEADING = ("scenario", *ANSWERING)  # where a number, or a step that names none of its own scenario, may lead
PASSED = ("queue", "chain", "person", "prompt", "action")  # what a golden call may be told to pass
KINDS = {  # what a name may be of, in words
    "action": Sentence("action"),
    "branch": Sentence("branch"),
    "callers": Sentence("list of callers"),
    "chain": Sentence("chain"),
    "department": Sentence("department"),
    "hours": Sentence("table of hours"),
    "line": Sentence("line"),
    "lookup": Sentence("look-up"),
    "mailbox": Sentence("mailbox"),
    "person": Sentence("person"),
    "phone": Sentence("phone"),
    "prompt": Sentence("prompt"),
    "queue": Sentence("queue"),
    "scenario": Sentence("scenario"),
    "skill": Sentence("skill"),
    "step": Sentence("step"),
}
TABLES = (
    *(
        "phone",
        "person",
        "skill",
        "branch",
        "department",
        "line",
        "hours",
        "queue",
        "chain",
        "mailbox",
        "prompt",
        "lookup",
    ),
    *("scenario", "callers", "action"),
)


class Wrong(NamedTuple):
    """A fault without its place; `key` when the key is at fault, not its value."""

    id: str
    path: Path
    message: Sentence
    key: bool = False


class Reference(NamedTuple):
    """A name at a path, and the kinds of table it may be the name of; also of a step of `scenario`, when given."""

    path: Path
    name: str
    kinds: tuple[str, ...]
    scenario: str | None = None


def found(settings: Settings, name: str, kinds: Iterable[str]) -> list[tuple[str, str]]:
    """All (kind, name) that a reference means: `"sales"` or `"queue.sales"`."""
    kind, dot, bare = name.rpartition(".")
    kinds = [kind] if dot else kinds
    return [(kind, bare) for kind in kinds if bare in getattr(settings, kind)]


def references(s: Settings) -> Iterator[Reference]:
    """Every name in the document that another table must have."""
    for path, table in tables(s):
        for named in table.names():
            name = named.name.partition(".")[0] if named.kind == "person" else named.name  # not how he is rung
            yield Reference((*path, *named.path), name, (named.kind,))
    for id, line in s.line.items():
        yield Reference(("line", id, "closed"), line.closed, LEADING)
        yield from (Reference(("line", id, "numbers", n), target, LEADING) for n, target in line.numbers.items())
    for id, scenario in s.scenario.items():
        if scenario.open is not None:
            for field in ("open", "closed", "unanswered"):
                yield Reference(("scenario", id, field), getattr(scenario, field), ANSWERING)
        for name, step in scenario.step.items():
            for at, target in step.targets():
                yield Reference(("scenario", id, "step", name, *at), target, LEADING, id)
    for i, golden in enumerate(s.golden):
        if "." in golden.expect:
            yield Reference(("golden", i, "expect"), golden.expect, ("mailbox", "person", "line"))
        yield from (Reference(("golden", i, "through", j), n, PASSED) for j, n in enumerate(golden.through))


def tables(s: Settings) -> Iterator[tuple[Path, Table]]:
    """Every table that may name others, and those within them."""
    for kind in TABLES:
        for id, table in getattr(s, kind).items():
            yield (kind, id), table
    for id, queue in s.queue.items():
        yield from ((("queue", id, "widen", i), wider) for i, wider in enumerate(queue.widen))
    for id, chain in s.chain.items():
        yield from ((("chain", id, "steps", i), rung) for i, rung in enumerate(chain.steps))
    for id, scenario in s.scenario.items():
        yield from ((("scenario", id, "step", name), step) for name, step in scenario.step.items())
    yield ("outside",), s.outside
    yield ("hold",), s.hold
    yield ("recording",), s.recording
    yield from ((("golden", i), golden) for i, golden in enumerate(s.golden))


def unknown(s: Settings) -> Iterator[Wrong]:
    """Names of nothing, and names that could be several things."""
    for path, name, kinds, scenario in references(s):
        steps = s.scenario[scenario].step if scenario is not None else {}
        if name in steps:
            continue
        match found(s, name, kinds):
            case [_]:
                pass
            case []:
                known = [*steps, *(each for kind in kinds for each in getattr(s, kind))]
                what = either(kinds if scenario is None else ("step", *kinds))
                message = Sentence("there is no {} {}; {}{}", what, shown(name), told(known), nearest(name, known))
                yield Wrong("no-such-name", path, message, path[-1] == name)
            case several:
                full = [f'"{kind}.{bare}"' for kind, bare in several]
                yield Wrong(
                    "ambiguous", path, Sentence("{} could be several; accepted: {}", shown(name), ", ".join(full))
                )


def repeated(s: Settings) -> Iterator[Wrong]:
    """Names given twice in one list."""
    seen: set[tuple[Path, str]] = set()
    for path, name, _, _ in references(s):
        if isinstance(path[-1], int) and path[-2] != "through":
            if (path[:-1], name) in seen:
                yield Wrong("given-twice", path, listed_already(name))
            seen.add((path[:-1], name))


def either(kinds: tuple[str, ...]) -> Sentence:
    *before, last = (KINDS[kind] for kind in kinds)
    if not before:
        return last
    first = before[0]
    for kind in before[1:]:
        first = Sentence("{}, {}", first, kind)
    return Sentence("{} or {}", first, last)


def told(known: list[str]) -> Sentence:
    """The names that would be accepted, as far as they can be told."""
    listed = ", ".join(dict.fromkeys(known[:20])) + (", …" if len(known) > 20 else "")
    return Sentence("accepted: {}", listed) if known else Sentence("there is none yet")


def listed_already(one: str) -> Sentence:
    return Sentence("{} is in the list already; accepted: once", shown(one))


def begins_outside(number: str, prefix: str) -> Sentence:
    return Sentence('{} begins with the outside prefix "{}"; accepted: another beginning', shown(number), prefix)
