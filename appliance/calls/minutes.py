# SPDX-License-Identifier: GPL-2.0-or-later
"""Minutes of calls out over each line, in this day and this month; times are ms UTC."""

from collections.abc import Callable, Iterable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from appliance.calls.ports import Leg
from appliance.settings.models import Settings

MINUTE = 60_000  # ms


def beginning(s: Settings, now: int, *, month: bool = False) -> int:
    """The last midnight of the office, or the one its month began with."""
    zone = ZoneInfo(s.office.time_zone)
    day = datetime.fromtimestamp(now / 1000, zone).date()
    return int(datetime.combine(day.replace(day=1) if month else day, time(), zone).timestamp() * 1000)


class Minutes:
    """Counts what was talked, and says when a line has no more."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._going: dict[Leg, tuple[str, int]] = {}  # line, since
        self._over: dict[tuple[str, bool], tuple[int, int]] = {}  # line, month: its beginning, and ms since then

    def learn(self, s: Settings, talks: Iterable[tuple[str, int, int]]) -> None:
        """Talks of before a restart: line, from, until."""
        for line, since, until in talks:
            self._count(s, line, since, until)

    def answered(self, leg: Leg, line: str) -> None:
        self._going[leg] = (line, self._now())

    def ended(self, s: Settings, leg: Leg) -> None:
        if talk := self._going.pop(leg, None):
            self._count(s, *talk, self._now())

    def used_up(self, s: Settings, line: str) -> bool:
        """Whether a line may carry no more calls out today, or this month."""
        table = s.line[line]
        limits = ((False, table.minutes_a_day), (True, table.minutes_a_month))
        return any(limit and self._used(s, line, month) >= limit * MINUTE for month, limit in limits)

    def _used(self, s: Settings, line: str, month: bool) -> int:
        now = self._now()
        began = beginning(s, now, month=month)
        going = sum(now - max(since, began) for on, since in self._going.values() if on == line)
        return self._since(line, month, began) + going

    def _count(self, s: Settings, line: str, since: int, until: int) -> None:
        for month in (False, True):
            began = beginning(s, self._now(), month=month)
            if until > began:
                lasted = until - max(since, began)
                self._over[line, month] = (began, self._since(line, month, began) + lasted)

    def _since(self, line: str, month: bool, began: int) -> int:
        of, lasted = self._over.get((line, month), (began, 0))
        return lasted if of == began else 0
