# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers outside as a telephone dials them: of what kind each is, its form of E.164, and who may call it."""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberType, shortnumberinfo

from appliance.settings.models import Settings
from appliance.settings.numbers import SHORT, emergency_numbers
from appliance.settings.outside import MayCall

Kind = Literal["emergency", "short", "national", "mobile", "international", "premium", "unknown"]
# fmt: off
Refusal = Literal[
    "none-outside", "international", "premium", "unknown", "barred", "too-many", "too-many-together", "minutes", "money",
]
# fmt: on

INTERNATIONAL = "00"  # before a country code, as the core is told of a number outside (ITU-T E.123)
COSTLY = frozenset({"international", "premium"})  # kinds that fraud is after
SATELLITES = frozenset({870, 881, 882, 883})  # country codes of networks that are dear wherever they are called from
_AT_HOME: frozenset[Kind] = frozenset({"short", "national", "mobile"})
_PERMITTED: dict[MayCall, frozenset[Kind]] = {
    "office": frozenset(),
    "national": _AT_HOME,
    "international": _AT_HOME | {"international"},
    "everything": _AT_HOME | {"international", "premium", "unknown"},
}
_REFUSALS: dict[Kind, Refusal] = {"international": "international", "premium": "premium", "unknown": "unknown"}
_DEAR = frozenset(
    {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.PERSONAL_NUMBER}
)  # the latter is forwarded at any price
_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.PAGER})
_WHOLE = re.compile(r"\+[0-9]{4,15}")  # as telephones keep whoever called
_NUMBER = re.compile(r"\+?[0-9]{2,31}")


class Number(NamedTuple):
    """A number outside as it was dialled, without the prefix; e164 is "" when it has no such form."""

    dialled: str
    kind: Kind
    e164: str


class Asked(NamedTuple):
    """A number outside somebody asked for; person is "" for nobody of ours. withheld: his number is not shown."""

    number: Number
    person: str
    withheld: bool = False


def outside(s: Settings, inside: Collection[str], called: str) -> str | None:
    """The number outside that a telephone dialled, without the prefix; None for one that is ours or leads nowhere.

    inside: numbers that lead somewhere in the office."""
    prefix = s.outside.prefix
    if called in inside:
        return None
    alarms = emergency_numbers(s.office.country)
    if called in alarms:
        return called
    if not called.startswith(prefix):
        return called if s.outside.lines and _WHOLE.fullmatch(called) else None
    bare = called.removeprefix(prefix)
    return bare if bare in alarms or (bare and s.outside.lines) else None


@lru_cache(maxsize=1024)
def read(dialled: str, country: str) -> Number:
    """What a number is that is dialled in a country, without the prefix."""
    if dialled in emergency_numbers(country):
        return Number(dialled, "emergency", "")
    bare = re.sub(r"[ ().\-/]", "", dialled)
    if not _NUMBER.fullmatch(bare):
        return Number(dialled, "unknown", "")
    if len(bare) <= SHORT and not bare.startswith(("+", INTERNATIONAL)):
        return Number(dialled, _short(bare, country), "")
    try:
        number = phonenumbers.parse(bare, country)
    except phonenumbers.NumberParseException:
        return Number(dialled, "unknown", "")
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return Number(dialled, "unknown", "")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Number(dialled, _long(number, country), e164)


def _short(bare: str, country: str) -> Kind:
    """A short code is of the country; one nobody knows may cost anything, but is no way abroad."""
    number = phonenumbers.PhoneNumber(phonenumbers.country_code_for_region(country), int(bare))
    cost = shortnumberinfo.expected_cost_for_region(number, country)
    return "premium" if cost == shortnumberinfo.ShortNumberCost.PREMIUM_RATE else "short"


def _long(number: phonenumbers.PhoneNumber, country: str) -> Kind:
    what = phonenumbers.number_type(number)
    if what in _DEAR or number.country_code in SATELLITES:
        return "premium"
    region = phonenumbers.region_code_for_number(number)
    at_home = number.country_code == phonenumbers.country_code_for_region(country)
    if not at_home or region not in (country, None):  # several countries may share a code
        return "international"
    return "mobile" if what in _MOBILE else "national"


def refused(s: Settings, may: MayCall, number: Number) -> Refusal | None:
    """Why somebody who may call so much may not call a number; None when he may."""
    if number.kind == "emergency":
        return None
    allowed, barred = (longest(one, number.e164) for one in (s.outside.allowed, s.outside.barred))
    if barred and len(barred) >= len(allowed):
        return "barred"
    if allowed or number.kind in _PERMITTED[may]:
        return None
    return _REFUSALS.get(number.kind, "none-outside")


def may_call(s: Settings, person: str) -> MayCall:
    """How much somebody may call outside; whoever is none of our people, as much as telephones that belong to nobody."""
    return s.person[person].calls if person in s.person else s.outside.calls


def price(s: Settings, line: str, number: str) -> float | None:
    """What a minute to a number of E.164 costs on a line; None when that is not known."""
    rates = s.line[line].rates
    return rates[beginning] if (beginning := longest(rates, number)) else None


def by_price(s: Settings, lines: Iterable[str], number: str) -> list[str]:
    """Lines in the order a number (or a beginning, of E.164) is tried by: the cheapest first, last those without a price."""

    def costs(line: str) -> tuple[bool, float]:
        each = price(s, line, number)
        return (each is None, each or 0.0)

    return sorted(lines, key=costs)


def longest(prefixes: Iterable[str], number: str) -> str:
    """The longest of the prefixes a number begins with, "" for none."""
    return max((one for one in prefixes if number.startswith(one)), key=len, default="")


def told(s: Settings, line: str, number: Number) -> str:
    """A number as a line is to be told it."""
    table, home = s.line[line], s.office.country
    country, form = table.country or home, table.dial_as
    if form == "as-dialled" and country != home:
        form = "e164"  # the same digits mean another number there
    if not number.e164 or form == "as-dialled":
        return number.dialled
    if form == "e164":
        return number.e164
    known = phonenumbers.parse(number.e164)
    if form == "national" and known.country_code == phonenumbers.country_code_for_region(country):
        return re.sub(r"[^0-9]", "", phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.NATIONAL))
    return INTERNATIONAL + number.e164.removeprefix("+")


def canonical(s: Settings, number: Number) -> str:
    """A number outside as the core is told of it: what is dialled in other ways leads by one way."""
    if number.kind == "emergency" or not number.e164:
        return s.outside.prefix + number.dialled
    return s.outside.prefix + INTERNATIONAL + number.e164.removeprefix("+")
