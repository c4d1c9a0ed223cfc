# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of reports."""

import datetime

from babel.dates import get_day_names
from starlette.responses import Response

from appliance.reports.load import USUAL, Load
from appliance.reports.table import separator
from appliance.web import moments
from appliance.web.access import OWNER, SUPERVISOR, Row, Visit
from appliance.web.box import Box
from appliance.web.reports import COLUMNS, NAMED, Told, by_hour, each_day, made, percent, tables
from appliance.web.tongue import marked as _

READS = frozenset({OWNER, SUPERVISOR})
LEVELS = (10, 20, 30, 60)  # seconds
PERIODS = {"yesterday": _("Yesterday"), "week": _("Last week"), "month": _("Last month")}
SHADES = 3  # of the table of hours


class ReportPages:
    def __init__(self, box: Box) -> None:
        self._box, self._reports = box, box.reports

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/reports", READS, self.page),
            Row("GET", "/reports/export", READS, self.export),
            Row("GET", "/reports/pdf", READS, self.paper),
        )

    async def page(self, asked: Visit) -> Response:
        told = await self._told(asked)
        wanted, report, names = told
        days, short = (get_day_names(width, locale=asked.language) for width in ("wide", "abbreviated"))
        busiest = max((one.calls for one in report.hours.values()), default=0)
        return asked.page(
            "reports.html", periods=moments.periods(datetime.datetime.now(names.zone).date()),
            words=PERIODS,
            asked=wanted, levels=LEVELS, total=report.total, length=moments.length, percent=percent,
            days=each_day(wanted, report), by_hour=by_hour(wanted, report), hours=report.hours, named=NAMED,
            columns=[(asked.say(words), "number") for words in COLUMNS],
            weekdays=[(n, days[n].capitalize(), short[n].capitalize()) for n in range(7)], nothing=Load(),
            shade=lambda calls: -(-SHADES * calls // busiest) if busiest else 0, tables=tables(report, names),
            made=made(report, names), query=f"?from={wanted.first}&until={wanted.last}&level={wanted.level}",
        )  # fmt: skip

    async def export(self, asked: Visit) -> Response:
        """All of it in one table."""
        told = await self._told(asked)
        return await self._reports.table(asked, told, separator(told.names.settings.office.country))

    async def paper(self, asked: Visit) -> Response:
        return await self._reports.paper(asked, await self._told(asked))

    async def _told(self, asked: Visit) -> Told:
        """What the form asks for. Raises Refusal."""
        given = asked.request.query_params
        level = given.get("level", "")
        return await self._reports.of(
            moments.day(given.get("from", "")),
            moments.day(given.get("until", "")),
            int(level) if level in map(str, LEVELS) else USUAL,
        )
