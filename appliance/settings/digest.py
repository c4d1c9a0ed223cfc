# SPDX-License-Identifier: GPL-2.0-or-later
"""The digest of calls: who gets it, and when it is due. Times are ms UTC."""

from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from appliance.settings.tables import Table, setting, some
from appliance.settings.words import EmailAddress, TimeOfDay

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST = 8 * 86_400_000  # ms from one digest to the next, and a day more for the clock's turn


class Digest(Table):
    """A letter about the calls since the one before it, by e-mail; needs `[mail]`. Left out: none is sent."""

    to: tuple[EmailAddress, ...] = some("Who gets it.", least=1, most=10)
    at: TimeOfDay = setting("When it is sent, by the clock of the office.", "18:00")
    days: tuple[Day, ...] = some(
        "Days it is sent on; with one of them it is a weekly digest.", WEEK, least=1, most=len(WEEK)
    )
    calls: bool = setting("Attach the calls as a table (CSV).", False)

    def due(self, zone: ZoneInfo, since: int, until: int) -> list[int]:
        """When it was due after `since`, until `until`; once each day, though the clock shows that time never or twice."""
        at, day = time.fromisoformat(self.at), datetime.fromtimestamp(since / 1000, zone).date() - timedelta(1)
        found = []
        while (moment := round(datetime.combine(day, at, zone).timestamp() * 1000)) <= until:
            if moment > since and WEEK[day.weekday()] in self.days:
                found.append(moment)
            day += timedelta(1)
        return found

    def begins(self, zone: ZoneInfo, moment: int) -> int:
        """Since when the one due at a moment tells: when the one before it was due."""
        return self.due(zone, moment - LONGEST, moment - 1)[-1]
