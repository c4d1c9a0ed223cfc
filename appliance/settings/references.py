# SPDX-License-Identifier: GPL-2.0-or-later
"""What one table of the settings says of another: names that must exist, numbers that must differ."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from appliance.settings.faults import nearest, shown
from appliance.settings.models import TELEPHONES, Settings
from appliance.settings.numbers import emergency_numbers, normalise
from appliance.settings.places import Path

ANSWERING = ("queue", "chain", "person", "mailbox")  # where a scenario may lead
LEADING = ("scenario", *ANSWERING)  # where a number may lead
ALARM = frozenset({"112", "911", "999"})  # never an extension where they call for help


class Wrong(NamedTuple):
    """A fault without its place; `key` when the key is at fault, not its value."""

    id: str
    path: Path
    message: str
    key: bool = False


class Reference(NamedTuple):
    """A name at a path, and the kinds of table it may be the name of."""

    path: Path
    name: str
    kinds: tuple[str, ...]


def found(settings: Settings, name: str, kinds: Iterable[str]) -> list[tuple[str, str]]:
    """All (kind, name) that a reference means: `"sales"` or `"queue.sales"`."""
    kind, dot, bare = name.rpartition(".")
    kinds = [kind] if dot else kinds
    return [(kind, bare) for kind in kinds if bare in getattr(settings, kind)]


def wrongs(settings: Settings) -> Iterator[Wrong]:
    """Everything wrong between tables."""
    yield from _names(settings)
    yield from _repeats(settings)
    yield from _phones(settings)
    yield from _extensions(settings)
    yield from _lines(settings)
    yield from _callers(settings)
    yield from _other(settings)


def references(s: Settings) -> Iterator[Reference]:
    """Every name in the document that another table must have."""
    for id, person in s.person.items():
        yield from (Reference(("person", id, "phones", i), n, ("phone",)) for i, n in enumerate(person.phones))
        yield Reference(("person", id, "mailbox"), person.mailbox, ("mailbox",))
    for id, queue in s.queue.items():
        yield from (Reference(("queue", id, "people", i), n, ("person",)) for i, n in enumerate(queue.people))
    for id, chain in s.chain.items():
        for at, step in enumerate(chain.steps):
            path: Path = ("chain", id, "steps", at, "people")
            yield from (Reference((*path, i), n, ("person",)) for i, n in enumerate(step.people))
    for id, line in s.line.items():
        yield Reference(("line", id, "scenario"), line.scenario, ("scenario",))
        yield from (Reference(("line", id, "numbers", n), target, LEADING) for n, target in line.numbers.items())
    for id, scenario in s.scenario.items():
        if scenario.hours is not None:
            yield Reference(("scenario", id, "hours"), scenario.hours, ("hours",))
        for field in ("open", "closed", "unanswered"):
            yield Reference(("scenario", id, field), getattr(scenario, field), ANSWERING)
    yield from (Reference(("outside", "lines", i), n, ("line",)) for i, n in enumerate(s.outside.lines))
    for id, action in s.action.items():
        yield Reference(("action", id, "callers"), action.callers, ("callers",))
        yield from (Reference(("action", id, "lines", i), n, ("line",)) for i, n in enumerate(action.lines))


def _names(s: Settings) -> Iterator[Wrong]:
    for path, name, kinds in references(s):
        match found(s, name, kinds):
            case [_]:
                pass
            case []:
                known = [each for kind in kinds for each in getattr(s, kind)]
                listed = ", ".join(dict.fromkeys(known[:20])) + (", …" if len(known) > 20 else "")
                words = f"accepted: {listed}" if known else "there is none yet"
                yield Wrong(
                    "no-such-name", path, f"there is no {_either(kinds)} {shown(name)}; {words}{nearest(name, known)}"
                )
            case several:
                full = [f'"{kind}.{bare}"' for kind, bare in several]
                yield Wrong("ambiguous", path, f"{shown(name)} could be several; accepted: {', '.join(full)}")


def _repeats(s: Settings) -> Iterator[Wrong]:
    """Names given twice in one list."""
    seen: set[tuple[Path, str]] = set()
    for path, name, _ in references(s):
        if isinstance(path[-1], int):
            if (path[:-1], name) in seen:
                yield Wrong("given-twice", path, f"{shown(name)} is in the list already; accepted: once")
            seen.add((path[:-1], name))
    for field in ("codecs", "digest"):
        for i, each in enumerate(chosen := getattr(s.sip, field)):
            if each in chosen[:i]:
                yield Wrong("given-twice", ("sip", field, i), f"{shown(each)} is in the list already; accepted: once")


def _phones(s: Settings) -> Iterator[Wrong]:
    owner: dict[str, str] = {}
    for id, person in s.person.items():
        for i, phone in enumerate(person.phones):
            if owner.setdefault(phone, id) != id:
                yield Wrong(
                    "phone-taken",
                    ("person", id, "phones", i),
                    f"{shown(phone)} belongs to person.{owner[phone]}; accepted: another",
                )


def _extensions(s: Settings) -> Iterator[Wrong]:
    taken: dict[str, str] = {}
    for kind, tables in (("person", s.person), ("queue", s.queue), ("chain", s.chain)):
        for id, table in tables.items():
            extension: str | None = table.extension
            if extension is None:
                continue
            path: Path = (kind, id, "extension")
            if taken.setdefault(extension, f"{kind}.{id}") != f"{kind}.{id}":
                what = f"is the extension of {taken[extension]}; accepted: another"
                yield Wrong("extension-taken", path, f"{shown(extension)} {what}")
            if s.outside.prefix and s.outside.lines and extension.startswith(s.outside.prefix):
                what = f'begins with the outside prefix "{s.outside.prefix}"'
                yield Wrong("extension-outside", path, f"{shown(extension)} {what}; accepted: another beginning")
            if extension in ALARM and extension in emergency_numbers(s.office.country):
                yield Wrong("extension-alarm", path, f"{shown(extension)} is an emergency number; accepted: another")


def _lines(s: Settings) -> Iterator[Wrong]:
    at: dict[tuple[str, int, str | None], str] = {}
    for id, line in s.line.items():
        if id == TELEPHONES:
            yield Wrong(
                "reserved", ("line", id), f'"{id}" is the line of our own telephones; accepted: another name', True
            )
        if line.registers and line.user is None:
            yield Wrong("missing", ("line", id, "user"), "is missing; a line that registers needs a user")
        where = (line.host.lower(), line.port, line.user)
        if at.setdefault(where, id) != id:
            what = f"host, port and user are those of line.{at[where]} already; accepted: others, to tell calls apart"
            yield Wrong("line-taken", ("line", id, "host"), what)
        numbers: dict[str, str] = {}
        for number in line.numbers:
            same = numbers.setdefault(normalise(number, line.country or s.office.country), number)
            if same != number:
                yield Wrong(
                    "given-twice",
                    ("line", id, "numbers", number),
                    f"is the same as {shown(same)}; accepted: once",
                    True,
                )


def _callers(s: Settings) -> Iterator[Wrong]:
    for id, callers in s.callers.items():
        numbers: dict[str, str] = {}
        for number in callers.numbers:
            same = numbers.setdefault(normalise(number, s.office.country), number)
            if same != number:
                yield Wrong(
                    "given-twice",
                    ("callers", id, "numbers", number),
                    f"is the same as {shown(same)}; accepted: once",
                    True,
                )


def _other(s: Settings) -> Iterator[Wrong]:
    first, last = s.sip.rtp_ports
    if last - first < 3:
        yield Wrong(
            "out-of-range", ("sip", "rtp_ports"), "holds no call; accepted: a last port 3 or more past the first"
        )
    if first <= s.sip.port <= last:
        yield Wrong(
            "out-of-range", ("sip", "port"), f"{s.sip.port} is one of rtp_ports; accepted: a port outside of them"
        )
    if s.sip.expires_min > s.sip.expires_max:
        what = f"{s.sip.expires_min} is more than expires_max; accepted: at most {s.sip.expires_max} (seconds)"
        yield Wrong("out-of-range", ("sip", "expires_min"), what)
    if s.action and s.mqtt is None:
        yield Wrong("missing", ("action", next(iter(s.action))), "needs a broker; accepted: with a table [mqtt]", True)


def _either(kinds: tuple[str, ...]) -> str:
    return kinds[0] if len(kinds) == 1 else ", ".join(kinds[:-1]) + " or " + kinds[-1]
