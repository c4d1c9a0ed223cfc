# SPDX-License-Identifier: GPL-2.0-or-later
"""What a digest of calls tells: what there was to do in a time, and who is still to be called back. Times are ms UTC."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from appliance.reports import load
from appliance.reports.load import INSIDE, USUAL, Report
from appliance.reports.table import COLUMNS, MARK, row, separator, table
from appliance.settings.models import Settings
from appliance.store.calls import CallList, Wanted
from appliance.store.missed import KEPT, Missed, MissedBook
from appliance.store.reader import Reader

ATTACHED = 20_000  # calls at most: 2 MB


class Day(NamedTuple):
    """messages: how many callers left one; table: the calls, as CSV, "" when that is not wanted."""

    since: int
    until: int
    report: Report
    messages: int
    missed: list[Missed]
    table: str


def read(reader: Reader, settings: Settings, since: int, until: int, now: int, calls: bool) -> Day:
    """Raises Unreadable, OSError."""
    zone = ZoneInfo(settings.office.time_zone)
    report = load.read(reader, since, until, zone, USUAL * 1000)
    with reader.open() as db:
        left = (
            "SELECT count(*) FROM call WHERE at >= ? AND at < ? AND line <> ? AND outcome = 'voicemail' "
            "AND EXISTS (SELECT 1 FROM event WHERE event.call = call.id AND event.kind = 'voicemail')"
        )
        [messages] = db.execute(left, (since, until, INSIDE)).fetchone()
    missed = MissedBook(reader, INSIDE).look(now - KEPT)

    def called(kind: str, name: str) -> str:
        return settings.title(kind, name) or name

    found = CallList(reader).each(Wanted(since=since, until=until), ATTACHED) if calls else ()
    rows = [row(call, called, zone) for call in found]
    told = MARK + table([COLUMNS, *rows], separator(settings.office.country)) if calls else ""
    return Day(since, until, report, messages, missed, told)
