# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephone numbers as people and lines write them, brought to one form."""

import re
from collections.abc import Mapping
from functools import cache

import phonenumbers

LONGEST = 31  # characters the core keeps (LK_NUMBER_MAX)
SHORT = 6  # digits: what is no longer is an extension or a short code, never a number to be completed

WITHHELD = frozenset({"anonymous", "private", "restricted", "unavailable", "unknown", "withheld"})

NOTHING: Mapping[str, str] = {}

_SEPARATORS = re.compile(r"[ ().\-/]+")
_INTERNATIONAL = re.compile(r"\+[0-9]{4,15}")
_WRITTEN = re.compile(r"\+?[0-9]+")
_DIGITS = re.compile(r"[0-9]+")


def normalise(text: str, country: str, rewrite: Mapping[str, str] = NOTHING) -> str:
    """`+` and the digits of E.164; an extension or a SIP user as it is, at most 31 characters; "" when withheld.

    `country` (ISO 3166-1) says how a number without a country code is read; `rewrite`, what stands for beginnings of
    numbers as a line writes them: the longest that fits counts, once, unless what is left is no number.
    """
    if not rewrite and _INTERNATIONAL.fullmatch(text):
        return text
    text = "".join(c for c in text[:250] if c.isascii() and c.isprintable()).strip()
    if text.lower() in WITHHELD:
        return ""
    bare = _SEPARATORS.sub("", text)
    if rewrite and _WRITTEN.fullmatch(bare):
        instead = _rewritten(bare, rewrite)
        bare = instead if _DIGITS.fullmatch(instead) or _INTERNATIONAL.fullmatch(instead) else bare
    if _INTERNATIONAL.fullmatch(bare):
        return bare
    if not _DIGITS.fullmatch(bare):
        return text[:LONGEST].strip()
    if len(bare) > SHORT:
        try:
            number = phonenumbers.parse(bare, country)
        except phonenumbers.NumberParseException:
            return bare[:LONGEST]
        if phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE:
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return bare[:LONGEST]


def parts(text: str, country: str) -> tuple[str, ...]:
    """What a number contains of which somebody knows a piece: its digits, and those at the beginning without a trunk prefix.

    Patterns of SQLite's GLOB; () when there is no digit, or anything that is in no number."""
    bare = _SEPARATORS.sub("", text.strip())
    if not _WRITTEN.fullmatch(bare) or len(bare) > LONGEST:
        return ()
    if bare.startswith("+"):
        return (f"{bare}*",)
    found = [f"*{bare}*"]
    region = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    if region and (prefix := re.match(region.national_prefix_for_parsing or "(?!)", bare)) and prefix.end() < len(bare):
        found.append(f"+{region.country_code}{bare[prefix.end() :]}*")
    if bare.startswith("00") and len(bare) > 3:
        found.append(f"+{bare[2:]}*")
    return tuple(found)


def _rewritten(number: str, rewrite: Mapping[str, str]) -> str:
    for length in range(len(number), 0, -1):
        if (instead := rewrite.get(number[:length])) is not None:
            return instead + number[length:]
    return number


def digits(number: str) -> str:
    """A normalised number as the core keeps it: without the +."""
    return number.removeprefix("+")


def known_country(code: str) -> bool:
    return code in phonenumbers.SUPPORTED_REGIONS


@cache
def emergency_numbers(country: str) -> tuple[str, ...]:
    """The emergency numbers of a country, 3 digits each."""
    return tuple(n for n in map("{:03d}".format, range(1000)) if phonenumbers.is_emergency_number(n, country))
