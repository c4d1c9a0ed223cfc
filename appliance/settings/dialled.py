# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom a program may have the box call: a telephone of ours, or a number that telephones may dial too. Never for help."""

import re
from typing import NamedTuple

import phonenumbers

from appliance.settings.models import Settings
from appliance.settings.numbers import normalise

HELP = ("000", "110", "112", "118", "119", "911", "999")  # what networks take for a call for help, wherever they are
LISTED = 10_000  # numbers of a list that are read; longer ones are files, in the one form


class NotDialled(Exception):
    """A call that is not made; `id` says why."""

    def __init__(self, id: str, message: str) -> None:
        super().__init__(message)
        self.id = id


class Outside(NamedTuple):
    """A number outside, normalised, and the lines to try."""

    number: str
    lines: tuple[str, ...]


class Phones(NamedTuple):
    """Telephones that ring together; who answers first is meant."""

    phones: tuple[str, ...]


Party = Outside | Phones


def party(s: Settings, to: str, line: str) -> Party:
    """Whom `to` means: "person.anna" or her extension (all her telephones), "phone.desk1", else a number outside,
    called by `line` or (left out) by the lines telephones call out by. Raises NotDialled."""
    kind, _, name = to.partition(".")
    if kind == "phone" and name:
        return Phones((phone(s, name),))
    person = name if kind == "person" and name else _of_extension(s, to)
    if person is not None:
        return Phones(telephones(s, person))
    return _outside(s, to, line)


def telephones(s: Settings, person: str) -> tuple[str, ...]:
    """Those of a person. Raises NotDialled."""
    if person not in s.person:
        raise NotDialled("unknown", f"person {person} is not known")
    if not s.person[person].phones:
        raise NotDialled("unreachable", f"{person} has no telephone")
    return s.person[person].phones


def phone(s: Settings, name: str) -> str:
    """A telephone there is. Raises NotDialled."""
    if name not in s.phone:
        raise NotDialled("unknown", f"phone {name} is not known")
    return name


def is_ours(s: Settings, number: str) -> bool:
    """Whether the settings name a normalised number: on a list, or as somebody's mobile."""
    country = s.office.country
    if any(one.mobile and normalise(one.mobile, country) == number for one in s.person.values()):
        return True
    lists = [table.numbers for table in s.callers.values()]
    if any(number in numbers for numbers in lists):
        return True
    return any(normalise(one, country) == number for numbers in lists if len(numbers) <= LISTED for one in numbers)


def _of_extension(s: Settings, to: str) -> str | None:
    return next((name for name, one in s.person.items() if one.extension == to), None)


def _outside(s: Settings, to: str, line: str) -> Outside:
    lines = s.outside.lines
    if not lines:
        raise NotDialled("number-refused", "telephones cannot call out, and programs may not either")
    if line and line not in lines:
        raise NotDialled("number-refused", f"line {line} is none of those that telephones call out by")
    if not re.fullmatch(r"\+?[0-9 ().\-/]{2,40}", to) or not 2 <= sum(c.isdigit() for c in to) <= 15:
        raise NotDialled("number-refused", "it is neither a number nor a telephone or person of ours")
    number = normalise(to, s.office.country)
    if any(for_help(s, one) for one in (number, number.removeprefix(s.outside.prefix))):
        raise NotDialled("number-refused", "programs never call emergency numbers")
    return Outside(number, (line,) if line else lines)


def for_help(s: Settings, number: str) -> bool:
    """Whether a network may take a normalised number for a call for help."""
    countries = {s.office.country, *(one.country for one in s.line.values() if one.country is not None)}
    if number.startswith("+"):
        try:
            bare = str(phonenumbers.parse(number).national_number)
        except phonenumbers.NumberParseException:
            bare = ""
        either = (bare, number[1:])  # a network may not care for the +
        return any(one in HELP or phonenumbers.is_emergency_number(one, c) for one in either for c in countries)
    return number.startswith(HELP) or any(phonenumbers.connects_to_emergency_number(number, c) for c in countries)
