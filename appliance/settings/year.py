# SPDX-License-Identifier: GPL-2.0-or-later
"""A year of opening hours as the core itself takes them: it is asked, day for day, whether it is open."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from appliance.core import Core
from appliance.core.names import Because, Fact, Why
from appliance.settings import public_holidays
from appliance.settings.compile import compile
from appliance.settings.hours import DAY
from appliance.settings.models import Hours, Settings
from appliance.settings.names import Names

ASKING = "calendar"  # the line our questions come in on
NUMBER = "1000000"  # who asks
ALWAYS = (0, DAY)

Windows = tuple[tuple[int, int], ...]  # open from and until, ms since midnight on the wall


@dataclass(frozen=True)
class Day:
    """When it is open, when it usually is on such a weekday, and which holidays it is."""

    date: date
    open: Windows
    usual: Windows
    holidays: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return self.open != self.usual


def draw(settings: Settings, name: str, year: int, language: str = "en") -> list[Day]:
    """Every day of a year under one table of hours, holidays named in a language. Raises KeyError for no such table."""
    table = settings.hours[name]
    zone = ZoneInfo(settings.office.time_zone)
    span = (date(year, 1, 1), date(year + 1, 1, 1))
    real = _windows(settings, table, zone, *span)
    usual = _windows(settings, Hours(week=table.week), zone, *span)
    named = public_holidays.named(table.holidays, year, language)
    days = (date(year, 1, 1) + timedelta(n) for n in range(366))
    return [Day(day, real.get(day, ()), usual.get(day, ()), named.get(day, ())) for day in days if day.year == year]


def week(settings: Settings, name: str, monday: date) -> list[Windows]:
    """When one table of hours is open on each day of a week. Raises KeyError for no such table."""
    zone = ZoneInfo(settings.office.time_zone)
    open = _windows(settings, settings.hours[name], zone, monday, monday + timedelta(7))
    return [open.get(monday + timedelta(n), ()) for n in range(7)]


def stands(settings: Settings, name: str, at: int) -> tuple[bool, int]:
    """Whether a table of hours is open at a moment, and until when that stays so; ms UTC. Raises KeyError for no such table."""
    plan, names = _alone(settings, settings.hours[name], at)
    return next(_asked(plan, names, NUMBER, at))


def stretches(plan: bytes, names: Names, number: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """When the core says that the hours a number leads to are open, within [begin, end) ms UTC."""
    at = begin
    for is_open, until in _asked(plan, names, number, begin):
        if is_open:
            yield at, min(until, end)
        if (at := until) >= end:
            return


def _asked(plan: bytes, names: Names, number: str, at: int) -> Iterator[tuple[bool, int]]:
    """What the core says from a moment on: open or not, and until when."""
    core, call = Core(plan), 0
    line = names.id("line", ASKING)
    while True:
        call += 1
        core.feed(Fact.ARRIVED, at, call=call, line=line, other=number)
        [found] = [one for one in core.trace() if one.rule == Why.HOURS]
        core.feed(Fact.HUNG_UP, at, call=call)
        core.commands()
        core.trace()
        yield found.reason == Because.OPEN, found.detail
        at = found.detail


def _windows(settings: Settings, table: Hours, zone: ZoneInfo, first: date, after: date) -> dict[date, Windows]:
    """When one table is open on each day that it is, from the first till before another."""
    begin, end = (_ms(datetime.combine(day, time(), zone)) for day in (first, after))
    plan, names = _alone(settings, table, begin)
    days: dict[date, Windows] = {}
    for since, until in stretches(plan, names, NUMBER, begin, end):
        for day, window in _by_day(_wall(since, zone), _wall(until, zone)):
            days[day] = (*days.get(day, ()), window)
    return days


def _alone(settings: Settings, table: Hours, at: int) -> tuple[bytes, Names]:
    """A plan of one table of hours, which every call meets."""
    alone = Settings.model_validate(
        {
            "office": settings.office.model_dump(),
            "hours": {ASKING: table},
            "scenario": {ASKING: {"hours": ASKING, "open": "mailbox.office", "closed": "mailbox.office"}},
            "line": {ASKING: {"kind": "sip", "host": "192.0.2.1", "scenario": ASKING}},
        }
    )
    return compile(alone, at)


def _by_day(since: datetime, until: datetime) -> Iterator[tuple[date, tuple[int, int]]]:
    """A stretch of wall time cut at midnight."""
    while since < until:
        midnight = datetime.combine(since.date() + timedelta(1), time())
        end = min(until, midnight)
        start = datetime.combine(since.date(), time())
        yield since.date(), tuple((at - start) // timedelta(milliseconds=1) for at in (since, end))  # type: ignore[misc]
        since = end


def _wall(at: int, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows."""
    return datetime.fromtimestamp(at // 1000, zone).replace(tzinfo=None)


def _ms(when: datetime) -> int:
    return int(when.astimezone(UTC).timestamp() * 1000)
