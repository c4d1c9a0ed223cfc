# SPDX-License-Identifier: GPL-2.0-or-later
"""Opening hours: what people write, brought to open intervals in UTC.

All sets of time are sorted, disjoint lists of (from, until), `until` not included. What the clock on the wall shows
decides: an hour that a change of clocks skips is not there, one that comes twice counts twice.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = 60_000  # ms
DAY = 1440 * MINUTE
EPOCH = date(1970, 1, 1)
SAMPLE = 10_800  # seconds between looks at a zone's offset; no zone changes twice in three hours

Interval = tuple[int, int]

_WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
_MOMENT = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2} (?:[01][0-9]|2[0-3]):[0-5][0-9]")
_DATED = re.compile(r"([0-9-]{10})(?:\.\.([0-9-]{10}))?(?: ([0-9:-]{11}))?")


@dataclass(frozen=True)
class Window:
    """Minutes from midnight, 0 <= start < end; an end past 1440 is on the next day."""

    start: int
    end: int


@dataclass(frozen=True)
class Dated:
    """Every day from first to last, both included: a window of each, or all day."""

    first: date
    last: date
    window: Window | None


def window(text: str) -> Window:
    """Read `09:00-18:00`, also `22:00-06:00` (until the next day) and `00:00-24:00`. Raises ValueError."""
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(text)
    start = int(found[1]) * 60 + int(found[2])
    end = 1440 if found[3] is None else int(found[3]) * 60 + int(found[4])
    if start == end:
        raise ValueError(text)
    return Window(start, end if end > start else end + 1440)


def dated(text: str) -> Dated:
    """Read `2026-12-24`, `2026-12-24..2026-12-26`, each also with a window behind it. Raises ValueError."""
    found = _DATED.fullmatch(text)
    if found is None:
        raise ValueError(text)
    first = date.fromisoformat(found[1])
    last = date.fromisoformat(found[2]) if found[2] else first
    if last < first:
        raise ValueError(text)
    return Dated(first, last, window(found[3]) if found[3] else None)


def moment(text: str) -> datetime:
    """Read `2026-12-27 15:00` of 2000 to 2099, as the clock on the wall shows it. Raises ValueError."""
    if _MOMENT.fullmatch(text) is None:
        raise ValueError(text)
    return datetime.fromisoformat(text)


def skipped(at: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock on the wall never shows this, as it goes forward over it."""
    return at.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at


def open_intervals(
    week: list[list[Window]], closed: list[Dated], opened: list[Dated], zone: ZoneInfo, begin: int, end: int
) -> list[Interval]:
    """When it is open within [begin, end), ms UTC: the week (Monday first) less `closed`, and always when `opened`."""
    first = (begin - DAY) // DAY - 1  # days since 1970 on the wall; two to spare for zones and windows past midnight
    last = (end + DAY) // DAY + 1
    weekly = (_on(day, w) for day in range(first, last + 1) for w in week[(day + 3) % 7])  # 1970-01-01: a Thursday
    wall = union(subtract(union(weekly), union(_days(closed, first, last))) + union(_days(opened, first, last)))
    parts = []
    for since, until, offset in offsets(zone, begin, end):
        within = intersect(wall, (since + offset, until + offset))
        parts += [(a - offset, b - offset) for a, b in within]
    return union(parts)


def offsets(zone: ZoneInfo, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The stretches of [begin, end) with one offset from UTC each: from, until, offset, all ms."""
    since, last = begin, -(-end // 1000)
    at = begin // 1000
    offset = _offset(zone, at)
    while at < last:
        later = min(at + SAMPLE, last)
        if (new := _offset(zone, later)) != offset:
            low, high = at, later  # the change is after low, not after high
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
            yield since, high * 1000, offset
            since, offset = high * 1000, new
        at = later
    if since < end:
        yield since, end, offset


def union(parts: Iterable[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for a, b in sorted(parts):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        elif a < b:
            merged.append((a, b))
    return merged


def subtract(parts: list[Interval], less: list[Interval]) -> list[Interval]:
    """What of sorted, disjoint parts is in none of sorted, disjoint `less`."""
    left = []
    i = 0
    for a, b in parts:
        while i < len(less) and less[i][1] <= a:
            i += 1
        j = i
        while j < len(less) and less[j][0] < b:
            if a < less[j][0]:
                left.append((a, less[j][0]))
            a = max(a, less[j][1])
            j += 1
        if a < b:
            left.append((a, b))
    return left


def intersect(parts: list[Interval], within: Interval) -> list[Interval]:
    return [(max(a, within[0]), min(b, within[1])) for a, b in parts if a < within[1] and b > within[0]]


def _on(day: int, w: Window) -> Interval:
    return day * DAY + w.start * MINUTE, day * DAY + w.end * MINUTE


def _days(dates: list[Dated], first: int, last: int) -> Iterator[Interval]:
    for each in dates:
        begin = max((each.first - EPOCH).days, first)
        end = min((each.last - EPOCH).days, last)
        for day in range(begin, end + 1):
            yield _on(day, each.window or Window(0, 1440))


def _offset(zone: ZoneInfo, seconds: int) -> int:
    shift = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(zone).utcoffset()
    assert shift is not None  # a ZoneInfo always knows
    return shift // timedelta(milliseconds=1)
