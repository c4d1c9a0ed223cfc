# SPDX-License-Identifier: GPL-2.0-or-later
"""The phone book of the telephones: who can be called by name. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from appliance.settings.models import Settings
from appliance.settings.numbers import normalise

FILE = "phonebook.xml"  # as a Grandstream asks for it
MOST = 1000  # telephones keep hardly more


class Entry(NamedTuple):
    name: str
    number: str  # as it is dialled


def entries(settings: Settings) -> tuple[Entry, ...]:
    """Colleagues by name, then queues, chains and rooms, then callers of the lists that are to be in it."""
    return (*_inside(settings), *_outside(settings))[:MOST]


def _inside(settings: Settings) -> Iterator[Entry]:
    for kind in (settings.person, settings.queue, settings.chain, settings.room):
        named = [Entry(one.name, one.extension) for one in kind.values() if one.extension]
        yield from sorted(named, key=lambda entry: entry.name.casefold())


def _outside(settings: Settings) -> list[Entry]:
    known = {
        normalise(number, settings.office.country): name
        for callers in settings.callers.values()
        if callers.phone_book and settings.outside.lines
        for number, name in callers.numbers.items()
        if name
    }
    return sorted((Entry(name, number) for number, name in known.items()), key=lambda entry: entry.name.casefold())
