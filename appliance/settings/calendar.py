# SPDX-License-Identifier: GPL-2.0-or-later
"""A year of opening hours as a calendar to read in a terminal, 91 columns wide."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, zip_longest

from appliance.languages import HOUR, MINUTE, Language
from appliance.settings.year import Day, Windows

COLUMN = 13  # characters of a day


def calendar(days: Sequence[Day], title: str, zone: str, language: Language) -> Iterator[str]:
    """Month after month: each day with its hours, * where they are not the usual ones; below, why not."""
    yield language.say("year.title", year=days[0].date.year, hours=title, zone=zone)
    if any(day.differs for day in days):
        yield language.say("year.legend")
    for month, group in groupby(days, key=lambda day: day.date.month):
        yield from _month(list(group), language.say(f"month.{month}"), language)


def hours(open: Windows, language: Language) -> str:
    """`09:00-13:00, 14:00-18:00`, or that it is closed."""
    return ", ".join(_window(window) for window in open) or language.say("year.closed")


def _month(days: list[Day], name: str, language: Language) -> Iterator[str]:
    yield ""
    yield name
    yield _row(language.say(f"weekday.{n}") for n in range(1, 8))
    for week in _weeks(days):
        yield _row(f"{day.date.day:2}{' *' if day.differs else ''}" if day else "" for day in week)
        cells = [hours(day.open, language).split(", ") if day else [] for day in week]
        for line in zip_longest(*cells, fillvalue=""):
            yield _row(f" {cell}" if cell else "" for cell in line)
    for day in days:
        if told := _told(day, language):
            yield f"  {told}"


def _weeks(days: list[Day]) -> Iterator[list[Day | None]]:
    """Monday first; None where a week is of another month."""
    before: list[Day | None] = [None] * days[0].date.weekday()
    cells = before + list(days)
    cells += [None] * (-len(cells) % 7)
    for at in range(0, len(cells), 7):
        yield cells[at : at + 7]


def _told(day: Day, language: Language) -> str:
    """What is to be said of a day that is a holiday, or not as usual; "" of all others."""
    if not day.differs and not day.holidays:
        return ""
    key = "differs-named" if day.differs and day.holidays else "differs" if day.differs else "holiday"
    return ("* " if day.differs else "  ") + language.say(
        f"year.{key}",
        day=f"{day.date.day:2}",
        weekday=language.say(f"weekday.{day.date.isoweekday()}"),
        hours=hours(day.open, language),
        usual=hours(day.usual, language),
        holiday=", ".join(day.holidays),
    )


def _row(cells: Iterable[str]) -> str:
    return "".join(f"{cell:{COLUMN}}" for cell in cells).rstrip()


def _window(window: tuple[int, int]) -> str:
    return "-".join(f"{at // HOUR:02}:{at % HOUR // MINUTE:02}" for at in window)
