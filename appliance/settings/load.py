# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings document from its file, checked whole."""

from dataclasses import dataclass
from pathlib import Path

from appliance.settings import advice, documents
from appliance.settings.callers import read_numbers
from appliance.settings.faults import MOST, Fault, SettingsFaults, dotted
from appliance.settings.models import Settings
from appliance.settings.names import SameId
from appliance.settings.passwords import FILE, Secrets, fill_secrets, missing, read_secrets, unproved
from appliance.settings.places import Places
from appliance.settings.plan_steps import WALK, too_long
from appliance.settings.references import Wrong
from appliance.settings.routes import routes
from appliance.settings.rules import wrongs
from appliance.settings.sentence import Sentence


@dataclass(frozen=True)
class Office:
    """A sound document, as text and as settings, with its secrets, and what is to be said of it all the same."""

    document: str
    settings: Settings
    secrets: Secrets
    warnings: tuple[Fault, ...] = ()


def read(path: Path, secrets: Path | None = None, *, fill: bool = False) -> Office:
    """The document in a file with its secrets (secrets.toml beside it unless named).

    With `fill`, telephones without a password are given one, kept in that file. Raises SettingsFaults, OSError and,
    with `fill`, files.DiskFull.
    """
    return office(documents.load(path)[0], path, secrets, fill=fill)


def office(document: str, path: Path, secrets: Path | None = None, *, fill: bool = False) -> Office:
    """A document not yet in its file, with its secrets. As read()."""
    secrets = secrets or path.with_name(FILE)
    settings, places = _parse(document, path)
    known = fill_secrets(settings, secrets) if fill else read_secrets(secrets)
    _raise(list(missing(settings, known)), places, path.name)
    said = [*advice.warnings(settings), *(unproved(settings, known) if known.proof else ())]
    return Office(document, settings, known, tuple(_told(said, places, path.name)))


def parse(text: str, path: Path) -> Settings:
    """The settings in a text, as if it stood in `path` (files it names are beside it). Raises SettingsFaults."""
    return _parse(text, path)[0]


def warnings(document: str, path: Path) -> list[Fault]:
    """What is sound in a document but may not be what was meant, with its place. Raises SettingsFaults."""
    return list(sound(document, path)[1])


def sound(text: str, path: Path) -> tuple[Settings, tuple[Fault, ...]]:
    """parse() and warnings() of one text, read once. Raises SettingsFaults."""
    settings, places = _parse(text, path)
    return settings, tuple(_told(advice.warnings(settings), places, path.name))


def _parse(text: str, path: Path) -> tuple[Settings, Places]:
    settings, places = documents.check(Settings, text, path.name)
    _raise(list(wrongs(settings)), places, path.name)
    try:
        long = too_long(routes(settings))
    except SameId as same:
        _raise([Wrong(SameId.id, (same.kind, same.name), same.said, True)], places, path.name)
    else:
        if long is not None:
            what = Sentence(
                "leads on through more than {} steps without a wait; accepted: fewer, or a step that waits", WALK
            )
            _raise([Wrong("too-long", tuple(long.split(".")), what, True)], places, path.name)
    return _with_numbers(settings, places, path), places


def _with_numbers(settings: Settings, places: Places, path: Path) -> Settings:
    """The settings with the numbers of each numbers_file among its list's; the document's own come first."""
    lists = dict(settings.callers)
    for name, table in settings.callers.items():
        if table.numbers_file is not None:
            try:
                numbers = read_numbers(path.with_name(table.numbers_file))
            except OSError as error:
                message = Sentence('"{}" cannot be read: {}', table.numbers_file, error.strerror)
                _raise([Wrong("unreadable", ("callers", name, "numbers_file"), message)], places, path.name)
            lists[name] = table.model_copy(update={"numbers": numbers | table.numbers})
    return settings.model_copy(update={"callers": lists})


def _raise(found: list[Wrong], places: Places, file: str) -> None:
    if found:
        raise SettingsFaults(_told(found, places, file))


def _told(found: list[Wrong], places: Places, file: str) -> list[Fault]:
    """In the order of the file."""
    faults = []
    for id, path, message, key in found[:MOST]:
        path = path if key else places.short(path)
        place = places.of_key(path) if key else places.of_value(path)
        faults.append(Fault(id, file, *place, dotted(path), message))
    return documents.in_order(faults)
