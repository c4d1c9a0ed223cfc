# SPDX-License-Identifier: GPL-2.0-or-later
"""A time zone as telephones are told it: hours from UTC, and when summer begins and ends; from the IANA's list."""

import re
from functools import cache
from importlib import resources
from typing import NamedTuple

_NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_TIME = r"[+-]?[0-9]{1,3}(?::[0-9]{2}){0,2}"
_RULE = rf"M([0-9]{{1,2}})\.([0-9])\.([0-9])(?:/({_TIME}))?"
_POSIX = re.compile(rf"{_NAME}({_TIME})(?:{_NAME}({_TIME})?,{_RULE},{_RULE})?")


class Change(NamedTuple):
    """When clocks are put on or back: of a month, the first to fourth or last (5) of a weekday (0: Sunday), at an hour."""

    month: int
    week: int
    weekday: int
    hour: int


class Zone(NamedTuple):
    """minutes: from UTC in winter, eastward; saved: minutes clocks are put on in summer, 0 when they are not."""

    posix: str
    minutes: int
    saved: int = 0
    begins: Change = Change(1, 1, 0, 0)
    ends: Change = Change(1, 1, 0, 0)

    @property
    def hours(self) -> str:
        """From UTC in winter, as `+2`, `-3:30` or `+0`."""
        whole, part = divmod(abs(self.minutes), 60)
        return f"{'-' if self.minutes < 0 else '+'}{whole}{f':{part:02}' if part else ''}"


@cache
def zone(name: str) -> Zone:
    """By its name of the IANA's list, as it is now. UTC for one whose rules no telephone knows."""
    found = resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()
    return parsed(found.rsplit(b"\n", 2)[1].decode("ascii"))  # the footer, RFC 8536 section 3.3


def parsed(posix: str) -> Zone:
    """The TZ variable of POSIX.1. Where summer is said to be the usual time, as in Ireland, it is turned round."""
    rule = _POSIX.fullmatch(posix)
    if not rule:
        return Zone("UTC0", 0)
    usual = -_minutes(rule[1])
    if rule[3] is None:
        return Zone(posix, usual)
    other = -_minutes(rule[2]) if rule[2] else usual + 60
    begins, ends = _change(rule, 3), _change(rule, 7)
    if other < usual:
        usual, other, begins, ends = other, usual, ends, begins
    return Zone(posix, usual, other - usual, begins, ends)


def _change(rule: re.Match[str], at: int) -> Change:
    hour = _minutes(rule[at + 3]) // 60 if rule[at + 3] else 2
    return Change(int(rule[at]), int(rule[at + 1]), int(rule[at + 2]), min(max(hour, 0), 23))


def _minutes(time: str) -> int:
    sign = -1 if time.startswith("-") else 1
    hours, _, minutes = time.lstrip("+-").partition(":")
    return sign * (int(hours) * 60 + int(minutes[:2] or 0))
