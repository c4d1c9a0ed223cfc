# SPDX-License-Identifier: GPL-2.0-or-later
"""Reports: load by hour and weekday, lines, departments, people, service level; as a page, a table (CSV) and on paper (PDF)."""

import asyncio
import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from babel.dates import get_day_names
from starlette.responses import Response

from appliance.reports import load, pdf
from appliance.reports.load import USUAL, Load, Report
from appliance.reports.table import MARK, table
from appliance.settings.steps import CollectStep, LookUpStep
from appliance.store.reader import Reader
from appliance.web import moments
from appliance.web.access import OWNER, SUPERVISOR, Refusal, Row, Visit
from appliance.web.box import Box
from appliance.web.call_pages import read
from appliance.web.known import Names
from appliance.web.tongue import marked as _

READS = frozenset({OWNER, SUPERVISOR})
DAYS_MOST, DAYS_USUAL = 366, 30
LEVELS = (10, 20, 30, 60)  # seconds
CHOICES_MOST = 100  # rows
PERIODS = {"yesterday": _("Yesterday"), "week": _("Last week"), "month": _("Last month")}
SHADES = 3  # of the table of hours
NAMED = {
    "lines": _("Lines"),
    "departments": _("Departments"),
    "queues": _("Queues"),
    "people": _("People"),
    "choices": _("What callers chose"),
}
COLUMNS = (_("Calls"), _("Answered"), _("Missed"), _("Service level"), _("Mean wait"), _("Mean talk"))
KEYS = ("of", "name", "calls", "answered", "missed", "answered_in_time", "wait_s", "talk_s")


class Asked(NamedTuple):
    first: datetime.date
    last: datetime.date
    level: int  # seconds


class ReportPages:
    def __init__(self, box: Box) -> None:
        self._box = box
        self._turn = asyncio.Semaphore(1)  # one is added up at a time

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/reports", READS, self.page),
            Row("GET", "/reports/export", READS, self.export),
            Row("GET", "/reports/pdf", READS, self.paper),
        )

    async def page(self, asked: Visit) -> Response:
        names = await self._box.known.names()
        wanted = _asked(asked, names)
        report = await self._report(wanted, names)
        days, short = (get_day_names(width, locale=asked.language) for width in ("wide", "abbreviated"))
        busiest = max((one.calls for one in report.hours.values()), default=0)
        return asked.page(
            "reports.html", periods=moments.periods(datetime.datetime.now(names.zone).date()),
            words=PERIODS,
            asked=wanted, levels=LEVELS, total=report.total, length=moments.length, percent=percent,
            days=_each_day(wanted, report), by_hour=_by_hour(wanted, report), hours=report.hours, named=NAMED,
            columns=[(asked.say(words), "number") for words in COLUMNS],
            weekdays=[(n, days[n].capitalize(), short[n].capitalize()) for n in range(7)], nothing=Load(),
            shade=lambda calls: -(-SHADES * calls // busiest) if busiest else 0, tables=_tables(report, names),
            made=_made(report, names), query=f"?from={wanted.first}&until={wanted.last}&level={wanted.level}",
        )  # fmt: skip

    async def export(self, asked: Visit) -> Response:
        """All of it in one table."""
        names = await self._box.known.names()
        wanted = _asked(asked, names)
        rows = [KEYS, *_rows(wanted, await self._report(wanted, names), names)]
        asked.note("report-exported", f"{wanted.first} - {wanted.last}")
        headers = {
            "Content-Disposition": f'attachment; filename="report-{wanted.first}-{wanted.last}.csv"',
            "Cache-Control": "no-store",
        }
        return Response(MARK + table(rows), headers=headers, media_type="text/csv; charset=utf-8")

    async def paper(self, asked: Visit) -> Response:
        names = await self._box.known.names()
        wanted = _asked(asked, names)
        report = await self._report(wanted, names)
        title = f"{names.settings.office.name}: {asked.say('Reports')}"
        try:
            async with self._turn:
                made = await asyncio.to_thread(
                    pdf.document, title, _about(asked, wanted), _parts(asked, wanted, report, names)
                )
        except pdf.NoFont:
            raise Refusal(503, "The letters for paper are not installed (fonts-dejavu-core).") from None
        asked.note("report-exported", f"{wanted.first} - {wanted.last}")
        headers = {
            "Content-Disposition": f'attachment; filename="report-{wanted.first}-{wanted.last}.pdf"',
            "Cache-Control": "no-store",
        }
        return Response(made, headers=headers, media_type="application/pdf")

    async def _report(self, wanted: Asked, names: Names) -> Report:
        """Raises Refusal."""
        since, until = moments.begins(wanted.first, names.zone), moments.ends(wanted.last, names.zone)
        reader, owners = Reader(self._box.state / "journal.db"), _owners(names)
        async with self._turn:
            return await read(load.read, reader, since, until, names.zone, wanted.level * 1000, owners)  # type: ignore[no-any-return]


def _asked(asked: Visit, names: Names) -> Asked:
    """What the form says; the last thirty days where it does not. Raises Refusal."""
    given = asked.request.query_params
    last = moments.day(given.get("until", "")) or datetime.datetime.now(names.zone).date()
    first = moments.day(given.get("from", "")) or last - datetime.timedelta(DAYS_USUAL - 1)
    level = given.get("level", "")
    if not 0 <= (last - first).days < DAYS_MOST:
        raise Refusal(422, "A report is of at most a year, and the last day is not before the first.")
    return Asked(first, last, int(level) if level in map(str, LEVELS) else USUAL)


def percent(one: Load) -> str:
    return "–" if one.level is None else f"{one.level:.0f} %"


def _each_day(wanted: Asked, report: Report) -> list[tuple[datetime.date, Load]]:
    days = (wanted.first + datetime.timedelta(n) for n in range((wanted.last - wanted.first).days + 1))
    return [(day, report.days.get(day, Load())) for day in days]


def _by_hour(wanted: Asked, report: Report) -> list[tuple[int, float, float, Load]]:
    """Each hour of the day: calls answered and missed on a mean day, and all of them."""
    days = (wanted.last - wanted.first).days + 1
    hours = [_added(report.hours.get((day, hour)) for day in range(7)) for hour in range(24)]
    return [(hour, one.answered / days, one.missed / days, one) for hour, one in enumerate(hours)]


def _tables(report: Report, names: Names) -> dict[str, list[tuple[str, Load]]]:
    """What lines, departments, queues and people had, by what they are called, and what was chosen; the most first."""
    departments = defaultdict[str, Load](Load)
    for name, one in report.queues.items():
        queue = names.settings.queue.get(name)
        if queue and queue.department:
            departments[queue.department] += one
    every = {"lines": ("line", report.lines), "departments": ("department", departments), "queues": ("queue", report.queues),
             "people": ("person", report.people)}  # fmt: skip
    tables = {
        key: _most_first((names.called(kind, name), one) for name, one in loads.items())
        for key, (kind, loads) in every.items()
    }
    given = _given(names)
    chosen = ((f"{what}: {value}", one) for (what, value), one in report.choices.items() if value and what not in given)
    return tables | {"choices": _most_first(chosen)[:CHOICES_MOST]}


def _given(names: Names) -> set[str]:
    """Attributes that remember what is another for each caller: digits, and what other programs say."""
    steps = [step for scenario in names.settings.scenario.values() for step in scenario.step.values()]
    return {step.attribute for step in steps if isinstance(step, CollectStep | LookUpStep) and step.attribute}


def _owners(names: Names) -> dict[str, str]:
    """Whose each telephone is."""
    return {phone: name for name, person in names.settings.person.items() for phone in person.phones}


def _most_first(rows: Iterable[tuple[str, Load]]) -> list[tuple[str, Load]]:
    return sorted(rows, key=lambda row: (-row[1].calls, row[0]))


def _made(report: Report, names: Names) -> list[tuple[str, Load]]:
    """Calls our people made, whatever telephone it was."""
    whose = _owners(names) | {
        person.extension: name for name, person in names.settings.person.items() if person.extension
    }
    people = defaultdict[str, Load](Load)
    for by, one in report.made.items():
        people[whose.get(by, by)] += one
    return _most_first((names.called("person", name), one) for name, one in people.items())


def _rows(wanted: Asked, report: Report, names: Names) -> Iterator[list[Any]]:
    def row(of: str, name: str, one: Load) -> list[Any]:
        return [of, name, one.calls, one.answered, one.missed, one.within, one.wait // 1000, one.talk // 1000]

    yield row("total", "", report.total)
    for day, one in _each_day(wanted, report):
        yield row("day", str(day), one)
    for (weekday, hour), one in sorted(report.hours.items()):
        yield row("hour", f"{weekday + 1} {hour:02}:00", one)
    for key, rows in _tables(report, names).items():
        for name, one in rows:
            yield row(key, name, one)
    for name, one in _made(report, names):
        yield row("made", name, one)


# ---- on paper -----------------------------------------------------------------------------------------------------------


def _about(asked: Visit, wanted: Asked) -> str:
    words = asked.say("{} to {}. Service level: answered within {} s, of a hundred calls that were answered or missed.")
    return words.format(wanted.first, wanted.last, wanted.level)


def _parts(asked: Visit, wanted: Asked, report: Report, names: Names) -> list[pdf.Part]:
    say = asked.say
    heads = [say(words) for words in COLUMNS]
    parts = [pdf.Part(say("In all"), [["", *heads], ["", *_cells(report.total)]])]
    hours = _by_hour(wanted, report)
    bars = pdf.Bars([str(hour) for hour, *_ in hours], [one[1] for one in hours], [one[2] for one in hours])
    rows = [[f"{hour:02}:00", *_cells(one)] for hour, _, _, one in hours if one.calls]
    parts.append(pdf.Part(say("By hour, on a mean day"), [[say("Hour"), *heads], *rows], bars))
    weekdays = get_day_names("wide", locale=asked.language)
    week = [
        (weekdays[day].capitalize(), _added(report.hours.get((day, hour)) for hour in range(24))) for day in range(7)
    ]
    parts.append(pdf.Part(say("By weekday"), [["", *heads], *([name, *_cells(one)] for name, one in week)]))
    for key, found in _tables(report, names).items():
        if found:
            parts.append(pdf.Part(say(NAMED[key]), [["", *heads], *([name, *_cells(one)] for name, one in found)]))
    if made := _made(report, names):
        told = [[name, str(one.calls), str(one.answered), moments.length(round(one.mean_talk))] for name, one in made]
        parts.append(pdf.Part(say("Calls our people made"), [["", heads[0], heads[1], heads[5]], *told]))
    return parts


def _added(loads: Iterable[Load | None]) -> Load:
    return sum((one for one in loads if one), Load())


def _cells(one: Load) -> list[str]:
    return [
        str(one.calls), str(one.answered), str(one.missed), percent(one), moments.length(round(one.mean_wait)),
        moments.length(round(one.mean_talk)),
    ]  # fmt: skip
