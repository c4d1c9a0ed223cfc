# SPDX-License-Identifier: GPL-2.0-or-later
"""Times as pages say them, and days as forms ask for them; where the office is. Pure."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)


def day(text: str) -> date | None:
    """`2026-11-28` as a field of a form gives it; None for anything else."""
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return found if found and FIRST <= found <= LAST else None


def begins(of: date, zone: ZoneInfo) -> int:
    """Midnight before a day, ms UTC."""
    return round(datetime.combine(of, time(), zone).timestamp() * 1000)


def ends(of: date, zone: ZoneInfo) -> int:
    """Midnight after it."""
    return begins(of + timedelta(1), zone)


def periods(today: date) -> tuple[tuple[str, date, date], ...]:
    """Yesterday, the last whole week and the last whole month: which, first and last day."""
    yesterday = today - timedelta(1)
    monday = today - timedelta(today.weekday() + 7)
    end = today.replace(day=1) - timedelta(1)
    return (
        ("yesterday", yesterday, yesterday),
        ("week", monday, monday + timedelta(6)),
        ("month", end.replace(day=1), end),
    )


def moment(at: int, zone: ZoneInfo | None) -> str:
    """`2026-11-28 14:05`, where the office is; None: where the box is."""
    return datetime.fromtimestamp(at / 1000, zone).strftime("%Y-%m-%d %H:%M")


def clock(at: int | None, zone: ZoneInfo) -> str:
    """`14:05:09`; "" for never."""
    return "" if at is None else datetime.fromtimestamp(at / 1000, zone).strftime("%H:%M:%S")


def length(ms: int | None) -> str:
    """`1:23` or `1:02:03`; "" for what was not."""
    if ms is None:
        return ""
    seconds = max(0, ms) // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
