# SPDX-License-Identifier: GPL-2.0-or-later
"""What the box says in words, in every language it has: a TOML table for each, and the rules of its plurals."""

import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

FIRST = "en"  # spoken when nothing else is asked for

Texts = Mapping[str, Any]
Plural = Callable[[int], str]

HOUR, MINUTE, SECOND = 3_600_000, 60_000, 1000  # ms
TENTHS_BELOW = 10_000  # ms; a duration shorter than this is told to the tenth of a second


def _english(n: int) -> str:
    return "one" if n == 1 else "other"


def _east_slavic(n: int) -> str:
    """Russian and Ukrainian: 1, 21 ... / 2-4, 22-24 ... / all else, 11-14 too."""
    if n % 10 == 1 and n % 100 != 11:
        return "one"
    return "few" if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14 else "many"


PLURALS: Mapping[str, Plural] = {"en": _english, "ru": _east_slavic, "uk": _east_slavic}  # of whole numbers, as in CLDR
LANGUAGES = tuple(PLURALS)


class Language:
    """One language. Keys are dotted as in its table: `why.queued`."""

    def __init__(self, code: str, texts: Texts) -> None:
        self.code = code
        self._texts = _flat(texts)

    def say(self, key: str, /, **words: object) -> str:
        """A sentence or part of one, with its gaps filled. Raises KeyError for what no table has."""
        return self._texts[key].format(**words)

    def knows(self, key: str) -> bool:
        return key in self._texts

    @property
    def texts(self) -> Mapping[str, str]:
        """Every key with its text, gaps still open."""
        return self._texts

    def quoted(self, text: str) -> str:
        return self.say("quoted", text=text)

    def counted(self, unit: str, number: int, written: str = "") -> str:
        """`2 calls`: the number with its unit; `written` when it is no whole number."""
        form = "other" if written else PLURALS[self.code](number)
        return self.say(f"unit.{unit}.{form}", n=written or number)

    def duration(self, ms: int) -> str:
        """`3.2 seconds`, `42 seconds`, `2 minutes 5 seconds`, `1 hour`: the two largest parts."""
        if 0 < ms < TENTHS_BELOW and round(ms, -2) % SECOND:
            tenths = round(ms / 100)
            return self.counted("second", 0, f"{tenths // 10}{self.say('decimal')}{tenths % 10}")
        whole = round(ms / SECOND) * SECOND
        parts = [("hour", whole // HOUR), ("minute", whole % HOUR // MINUTE), ("second", whole % MINUTE // SECOND)]
        first = next((i for i, (_, n) in enumerate(parts) if n), 2)
        told = [self.counted(unit, n) for unit, n in parts[first : first + 2] if n] or [self.counted("second", 0)]
        return told[0] if len(told) == 1 else self.say("and-so-on", first=told[0], second=told[1])

    def date(self, day: datetime) -> str:
        return self.say("date", year=day.year, month=f"{day.month:02}", day=f"{day.day:02}")

    def moment(self, at: int, zone: tzinfo, since: int | None = None) -> str:
        """`18:00` when it is on the day of `since`, else `2026-12-28 at 09:00`; ms UTC, told in the zone."""
        when = datetime.fromtimestamp(at / 1000, zone)
        clock = when.strftime("%H:%M")
        if since is not None and datetime.fromtimestamp(since / 1000, zone).date() == when.date():
            return clock
        return self.say("at", date=self.date(when), time=clock)


@cache
def language(code: str) -> Language:
    """A language of LANGUAGES. Raises KeyError for another."""
    if code not in PLURALS:
        raise KeyError(code)
    with Path(__file__).with_name(f"{code}.toml").open("rb") as file:
        return Language(code, tomllib.load(file))


def _flat(texts: Texts, before: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in texts.items():
        if isinstance(value, str):
            flat[before + key] = value
        else:
            flat |= _flat(value, f"{before}{key}.")
    return flat
