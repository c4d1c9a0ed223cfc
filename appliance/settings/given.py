# SPDX-License-Identifier: GPL-2.0-or-later
"""What people give of secrets.toml, on pages and by programs; the rest of it we make ourselves."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from appliance.settings import documents, edits, files, pins, places
from appliance.settings.faults import Fault, Schema, SettingsFaults, accepted, dotted, plain, schema_of
from appliance.settings.passwords import CODES, FILE, MODE, Secrets, text_of
from appliance.settings.sentence import Sentence

GIVEN: Mapping[str, tuple[str, ...]] = {
    "phone": ("password",),
    "line": ("password", "pin"),
    "mqtt": ("user", "password"),
    "broker": ("user", "password"),
    "proof": ("pin", "totp", "codes"),
    "mailbox": ("pin",),
    "mail": ("password",),
    "hashing": ("key",),
    "recording": ("old",),  # what was made elsewhere, before
}
DROPPED = frozenset({"mqtt", "broker", "proof", "mailbox", "mail", "hashing"})  # the settings are sound without
ROOT = schema_of(Secrets)
PIN = "4 to 12 digits"
LISTED = f"1 to {CODES} codes of eight digits, with spaces between"


def is_named(table: str) -> bool:
    """Whether there are tables of this kind with a name each."""
    return "additionalProperties" in ROOT["properties"][table]


def field(table: str, key: str) -> Schema:
    """What is said of a field, and what it accepts when people give it."""
    node = plain(ROOT["properties"][table], ROOT)
    node = plain(node["additionalProperties"], ROOT) if is_named(table) else node
    found = plain(node["properties"][key], ROOT)
    match table, key:
        case "proof" | "mailbox", "pin":
            accepts = PIN
        case _, "codes":
            accepts = LISTED
        case _:
            accepts = accepted(found.get("items", found), ROOT)
    return found | {"accepts": accepts}


def check(table: str, name: str, values: Mapping[str, str]) -> None:
    """Raises SettingsFaults for a value that is none; what is missing beside, the file tells."""
    at: places.Path = (table, name) if name else (table,)
    made = [((*at, key), _kept((*at, key), value, {})) for key, value in values.items()]
    try:
        documents.check(Secrets, edits.put("", made), FILE, secret=True)
    except SettingsFaults as found:
        given = tuple(dotted(path) for path, _ in made)
        if wrong := [fault for fault in found.faults if fault.id != "unknown-key" and fault.path.startswith(given)]:
            raise SettingsFaults(wrong) from None


def keep(path: Path, table: str, name: str, values: Mapping[str, str]) -> None:
    """Keep what is given of a table; what is not stays as it is. name: "" where there is one such table alone.

    Raises SettingsFaults, files.DiskFull, OSError.
    """
    if not values or table not in GIVEN or bool(name) != is_named(table) or set(values) - set(GIVEN[table]):
        tables = ", ".join(f"{each}{'.NAME' if is_named(each) else ''} ({', '.join(GIVEN[each])})" for each in GIVEN)
        raise documents.refused("not-given", path.name, Sentence("no such thing is given; accepted: {}", tables))
    at: places.Path = (table, name) if name else (table,)
    text = _sound(path)
    there = edits.values(text)
    _write(path, text, [((*at, key), _kept((*at, key), value, there)) for key, value in values.items()])


def drop(path: Path, table: str, name: str) -> None:
    """Keep nothing of a table any longer. Raises SettingsFaults, files.DiskFull, OSError."""
    if table not in DROPPED or bool(name) != is_named(table):
        tables = ", ".join(sorted(DROPPED))
        raise documents.refused("not-dropped", path.name, Sentence("it is needed; accepted: one of {}", tables))
    at: places.Path = (table, name) if name else (table,)
    text = _sound(path)
    if edits.at(edits.values(text), at) is not edits.MISSING:
        _write(path, text, [(at, edits.MISSING)])


def _sound(path: Path) -> str:
    """What the file says, when it has no faults."""
    text = text_of(path)
    documents.check(Secrets, text, path.name, secret=True)
    return text


def _write(path: Path, text: str, made: Iterable[tuple[places.Path, object]]) -> None:
    text = edits.put(text, made)
    documents.check(Secrets, text, path.name, secret=True)
    path = path.resolve()
    files.put(files.prepare(path, text.encode(), MODE), path)


def _kept(at: places.Path, value: str, there: Mapping[str, Any]) -> object:
    """A value as the file has it. Raises SettingsFaults."""
    match at[0], at[-1]:
        case "proof" | "mailbox", "pin":
            if not pins.is_sound(value):
                raise _wrong(at, PIN)
            return pins.hashed(value)
        case _, "codes":
            codes = value.split()
            if not 0 < len(codes) <= CODES or not all(map(pins.is_code, codes)):
                raise _wrong(at, LISTED)
            return pins.together(codes)
        case _, "old":
            before = edits.at(there, at)
            known = before if isinstance(before, list) else []
            return known if value in known else [*known, value]
    return value


def _wrong(at: places.Path, accepts: str) -> SettingsFaults:
    message = Sentence("{0} is not accepted; accepted: {1}", Sentence("what is given"), Sentence(accepts))
    return SettingsFaults([Fault("not-accepted", FILE, 0, 0, dotted(at), message)])
