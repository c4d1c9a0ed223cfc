# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes to a settings document that leave the rest of it, its comments and its order, as they are.

Each edit is checked against the same edit of the plain values. Should the text not come out so, the document is written
anew from the values: then its comments are lost, never its meaning.
"""

import copy
import re
import tomllib
from collections.abc import Iterable
from typing import Any, NamedTuple

import tomlkit
from tomlkit.exceptions import TOMLKitError

from appliance.settings.models import Settings
from appliance.settings.places import Path
from appliance.settings.references import found, references
from appliance.settings.tables import Table


class Missing:
    """There is no value."""

    def __repr__(self) -> str:
        return "-"

    def __deepcopy__(self, memo: object) -> "Missing":
        return self


MISSING = Missing()
Values = dict[str, Any]


class Change(NamedTuple):
    """A value that is another one, new, or gone (MISSING)."""

    path: Path
    old: Any
    new: Any


def values(text: str) -> Values:
    """A document as plain values. Raises tomllib.TOMLDecodeError."""
    return tomllib.loads(text)


def at(values: Any, path: Path) -> Any:
    """The value at a path; MISSING when there is none."""
    for part in path:
        inside = isinstance(values, dict) and part in values
        if not inside and not (isinstance(values, list) and isinstance(part, int) and 0 <= part < len(values)):
            return MISSING
        values = values[part]
    return values


def put(text: str, edits: Iterable[tuple[Path, Any]]) -> str:
    """The document with other values; MISSING takes one out, an index one past the end of a list adds to it."""
    edits = [(path, value) for path, value in edits]
    wanted = values(text)
    for path, value in edits:
        _put(wanted, path, copy.deepcopy(value), plain=True)
    try:
        document = tomlkit.parse(text)
        for path, value in edits:
            _put(document, path, value, plain=False)
        return _same(tomlkit.dumps(document), wanted)
    except (TOMLKitError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return tomlkit.dumps(wanted)


def rename(text: str, kind: str, old: str, new: str, settings: Settings | None) -> str:
    """The document with a table named anew; with settings (the sound document), also where it is named."""
    wanted = values(text)
    edits = list(_named(wanted, kind, old, new, settings)) if settings else []
    keys = [(path, name) for path, name in edits if path[-1] == old and not isinstance(at(wanted, path), str)]
    text = put(text, [edit for edit in edits if edit not in keys])
    for path, name in keys:
        text = put(text, [(path[:-1], _renamed(at(wanted, path[:-1]), old, name))])
    return rename_key(text, (kind,), old, new)


def rename_key(text: str, outer: Path, old: str, new: str) -> str:
    """The document with a table within another named anew, whatever names it."""
    wanted = values(text)
    above = at(wanted, outer[:-1])
    above[outer[-1]] = _renamed(above[outer[-1]], old, new)
    parts = r"\s*\.\s*".join(_key(str(part)) for part in outer)
    header = re.compile(rf"^(\s*\[\[?\s*{parts}\s*\.\s*){_key(old)}(?=\s*[.\]])", re.M)
    try:
        return _same(header.sub(rf"\g<1>{new}", text), wanted)
    except ValueError:
        return tomlkit.dumps(wanted)


def _key(name: str) -> str:
    """As a pattern finds it in a header."""
    return rf"(?:{re.escape(name)}|\"{re.escape(name)}\")"


def changes(old: Any, new: Any, path: Path = ()) -> list[Change]:
    """What differs, table by table; a list is one value."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        same = old == new and type(old) is type(new)
        return [] if same else [Change(path, old, new)]
    found: list[Change] = []
    for key in [*old, *(key for key in new if key not in old)]:
        found += changes(old.get(key, MISSING), new.get(key, MISSING), (*path, key))
    return found


def merge(base: str, mine: str, theirs: str) -> tuple[str, list[Change], list[Change]]:
    """Theirs with what I changed since base, where they did not; and where both did: (text, conflicts, mine there).

    A conflict is what I had before and what they have; mine there are my values, in the same order."""
    before, now = values(base), values(theirs)
    edits: list[tuple[Path, Any]] = []
    conflicts: list[Change] = []
    wishes: list[Change] = []
    for change in changes(before, values(mine)):
        there = at(now, change.path)
        if changes(there, change.old) == []:
            edits.append((change.path, change.new))
        elif changes(there, change.new) != []:
            conflicts.append(Change(change.path, change.old, there))
            wishes.append(change)
    return put(theirs, edits), conflicts, wishes


def _put(container: Any, path: Path, value: Any, *, plain: bool) -> None:
    for i, part in enumerate(path[:-1]):
        if isinstance(container, dict) and part not in container:
            if value is MISSING:
                return
            container[part] = {} if plain else tomlkit.table(is_super_table=i == 0 and len(path) > 2)
        container = container[part]
    last = path[-1]
    if value is MISSING:
        if isinstance(container, list):
            del container[int(last)]
        elif last in container:
            del container[last]
    elif isinstance(container, list) and last == len(container):
        container.append(value if plain else _written(value))
    else:
        container[last] = value if plain else _written(value, inline=len(path) > 2)


def _written(value: Any, *, inline: bool = True) -> Any:
    """A value as it is to stand in the text: tables within tables in one line."""
    if isinstance(value, dict):
        table = tomlkit.inline_table() if inline else tomlkit.table()
        for key, each in value.items():
            table[key] = _written(each)
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        for each in value:
            array.append(_written(each))
        long = sum(len(str(each)) for each in value) > 100
        return array.multiline(long)
    return value


def _same(text: str, wanted: Values) -> str:
    if tomllib.loads(text) != wanted:
        raise ValueError
    return text


def _renamed(table: Values, old: str, new: str) -> Values:
    return {new if key == old else key: value for key, value in table.items()}


def _named(wanted: Values, kind: str, old: str, new: str, settings: Settings) -> Iterable[tuple[Path, str]]:
    """Where a table is named, and what is to stand there."""
    for path, name, kinds, scenario in references(settings):
        steps: dict[str, Table] = dict(settings.scenario[scenario].step) if scenario is not None else {}
        if name in steps or found(settings, name, kinds) != [(kind, old)]:
            continue
        if at(wanted, path) is MISSING and path[-1] == "to":
            path = path[:-1]
        written = at(wanted, path)
        if isinstance(written, str) and path[-1] != old:
            prefix = f"{kind}." if written.startswith(f"{kind}.{old}") else ""
            yield path, prefix + new + written[len(prefix) + len(old) :]
        elif written is not MISSING and path[-1] == old:
            yield path, new
