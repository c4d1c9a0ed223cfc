# SPDX-License-Identifier: GPL-2.0-or-later
"""Reports: load by hour and weekday, lines, departments, people, service level; as rows, a table (CSV) and on paper (PDF)."""

import asyncio
import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from babel.dates import get_day_names
from starlette.responses import Response

from appliance.reports import load, pdf
from appliance.reports.load import USUAL, Load, Report
from appliance.reports.table import MARK, table
from appliance.settings.steps import CollectStep, LookUpStep
from appliance.store.reader import Reader
from appliance.web import moments
from appliance.web.access import Doer, Refusal
from appliance.web.journal import read
from appliance.web.known import Known, Names
from appliance.web.tongue import marked as _

DAYS_MOST, DAYS_USUAL = 366, 30
DAYS_DRAWN = 62  # as bars on paper; more are too narrow
CHOICES_MOST = 100  # rows
NAMED = {
    "lines": _("Lines"),
    "departments": _("Departments"),
    "queues": _("Queues"),
    "people": _("People"),
    "choices": _("What callers chose"),
}
COLUMNS = (_("Calls"), _("Answered"), _("Missed"), _("Service level"), _("Mean wait"), _("Mean talk"))
KEYS = ("of", "name", "calls", "answered", "missed", "answered_in_time", "wait_s", "talk_s")


class Wanted(NamedTuple):
    """Of which days a report is, and within how many seconds calls are to be answered."""

    first: datetime.date
    last: datetime.date
    level: int


class Told(NamedTuple):
    """A report, and what things in it are called."""

    wanted: Wanted
    report: Report
    names: Names


class Reports:
    """Each is added up when it is asked for, one at a time."""

    def __init__(self, known: Known, state: Path) -> None:
        self._known, self._journal = known, Reader(state / "journal.db")
        self._turn = asyncio.Semaphore(1)

    async def of(self, first: datetime.date | None, last: datetime.date | None, level: int = USUAL) -> Told:
        """Of the last thirty days where nothing else is asked for. Raises Refusal."""
        names = await self._known.names()
        last = last or datetime.datetime.now(names.zone).date()
        first = first or last - datetime.timedelta(DAYS_USUAL - 1)
        if not 0 <= (last - first).days < DAYS_MOST:
            raise Refusal(422, "A report is of at most a year, and the last day is not before the first.")
        since, until = moments.begins(first, names.zone), moments.ends(last, names.zone)
        async with self._turn:
            report = await read(load.read, self._journal, since, until, names.zone, level * 1000, owners(names))
        return Told(Wanted(first, last, level), report, names)

    async def table(self, asked: Doer, told: Told, between: str = ",") -> Response:
        """All of it as CSV."""
        asked.note("report-exported", f"{told.wanted.first} - {told.wanted.last}")
        return _file(told.wanted, MARK + table([KEYS, *rows(told)], between), "csv", "text/csv; charset=utf-8")

    async def paper(self, asked: Doer, told: Told) -> Response:
        """All of it as PDF. Raises Refusal."""
        wanted, report, names = told
        title = f"{names.settings.office.name}: {asked.say('Reports')}"
        parts = _parts(asked, wanted, report, names)
        try:
            async with self._turn:
                made = await asyncio.to_thread(pdf.document, title, _about(asked, wanted), parts)
        except pdf.NoFont:
            raise Refusal(503, "The letters for paper are not installed (fonts-dejavu-core).") from None
        asked.note("report-exported", f"{wanted.first} - {wanted.last}")
        return _file(wanted, made, "pdf", "application/pdf")


def _file(wanted: Wanted, content: str | bytes, kind: str, media: str) -> Response:
    name = f"report-{wanted.first}-{wanted.last}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, headers=headers, media_type=media)


def percent(one: Load) -> str:
    return "–" if one.level is None else f"{one.level:.0f} %"


def each_day(wanted: Wanted, report: Report) -> list[tuple[datetime.date, Load]]:
    days = (wanted.first + datetime.timedelta(n) for n in range((wanted.last - wanted.first).days + 1))
    return [(day, report.days.get(day, Load())) for day in days]


def by_hour(wanted: Wanted, report: Report) -> list[tuple[int, float, float, Load]]:
    """Each hour of the day: calls answered and missed on a mean day, and all of them."""
    days = (wanted.last - wanted.first).days + 1
    hours = [_added(report.hours.get((day, hour)) for day in range(7)) for hour in range(24)]
    return [(hour, one.answered / days, one.missed / days, one) for hour, one in enumerate(hours)]


def tables(report: Report, names: Names) -> dict[str, list[tuple[str, Load]]]:
    """What lines, departments, queues and people had, by what they are called, and what was chosen; the most first."""
    departments = defaultdict[str, Load](Load)
    for name, one in report.queues.items():
        queue = names.settings.queue.get(name)
        if queue and queue.department:
            departments[queue.department] += one
    every = {"lines": ("line", report.lines), "departments": ("department", departments), "queues": ("queue", report.queues),
             "people": ("person", report.people)}  # fmt: skip
    found = {
        key: _most_first((names.called(kind, name), one) for name, one in loads.items())
        for key, (kind, loads) in every.items()
    }
    given = _given(names)
    chosen = ((f"{what}: {value}", one) for (what, value), one in report.choices.items() if value and what not in given)
    return found | {"choices": _most_first(chosen)[:CHOICES_MOST]}


def _given(names: Names) -> set[str]:
    """Attributes that remember what is another for each caller: digits, and what other programs say."""
    steps = [step for scenario in names.settings.scenario.values() for step in scenario.step.values()]
    return {step.attribute for step in steps if isinstance(step, CollectStep | LookUpStep) and step.attribute}


def owners(names: Names) -> dict[str, str]:
    """Whose each telephone is."""
    return {phone: name for name, person in names.settings.person.items() for phone in person.phones}


def _most_first(loads: Iterable[tuple[str, Load]]) -> list[tuple[str, Load]]:
    return sorted(loads, key=lambda row: (-row[1].calls, row[0]))


def made(report: Report, names: Names) -> list[tuple[str, Load]]:
    """Calls our people made, whatever telephone it was."""
    whose = owners(names) | {
        person.extension: name for name, person in names.settings.person.items() if person.extension
    }
    people = defaultdict[str, Load](Load)
    for by, one in report.made.items():
        people[whose.get(by, by)] += one
    return _most_first((names.called("person", name), one) for name, one in people.items())


def rows(told: Told) -> Iterator[list[Any]]:
    """By KEYS."""
    wanted, report, names = told

    def row(of: str, name: str, one: Load) -> list[Any]:
        return [of, name, one.calls, one.answered, one.missed, one.within, one.wait // 1000, one.talk // 1000]

    yield row("total", "", report.total)
    for day, one in each_day(wanted, report):
        yield row("day", str(day), one)
    for (weekday, hour), one in sorted(report.hours.items()):
        yield row("hour", f"{weekday + 1} {hour:02}:00", one)
    for key, of in tables(report, names).items():
        for name, one in of:
            yield row(key, name, one)
    for name, one in made(report, names):
        yield row("made", name, one)


# ---- on paper -----------------------------------------------------------------------------------------------------------


def _about(asked: Doer, wanted: Wanted) -> str:
    words = asked.say("{} to {}. Service level: answered within {} s, of a hundred calls that were answered or missed.")
    return words.format(wanted.first, wanted.last, wanted.level)


def _parts(asked: Doer, wanted: Wanted, report: Report, names: Names) -> list[pdf.Part]:
    say = asked.say
    heads = [say(words) for words in COLUMNS]
    parts = [pdf.Part(say("In all"), [["", *heads], ["", *_cells(report.total)]])]
    days = each_day(wanted, report)
    drawn = pdf.Bars(
        [f"{day:%d}" for day, _ in days], [one.answered for _, one in days], [one.missed for _, one in days]
    )
    each_one = [[str(day), *_cells(one)] for day, one in days if one.calls]
    parts.append(pdf.Part(say("By day"), [[say("Day"), *heads], *each_one], drawn if len(days) <= DAYS_DRAWN else None))
    hours = by_hour(wanted, report)
    bars = pdf.Bars([str(hour) for hour, *_ in hours], [one[1] for one in hours], [one[2] for one in hours])
    each = [[f"{hour:02}:00", *_cells(one)] for hour, _, _, one in hours if one.calls]
    parts.append(pdf.Part(say("By hour, on a mean day"), [[say("Hour"), *heads], *each], bars))
    weekdays = get_day_names("wide", locale=asked.language)
    week = [
        (weekdays[day].capitalize(), _added(report.hours.get((day, hour)) for hour in range(24))) for day in range(7)
    ]
    parts.append(pdf.Part(say("By weekday"), [["", *heads], *([name, *_cells(one)] for name, one in week)]))
    for key, found in tables(report, names).items():
        if found:
            parts.append(pdf.Part(say(NAMED[key]), [["", *heads], *([name, *_cells(one)] for name, one in found)]))
    if made_ := made(report, names):
        told = [[name, str(one.calls), str(one.answered), moments.length(round(one.mean_talk))] for name, one in made_]
        parts.append(pdf.Part(say("Calls our people made"), [["", heads[0], heads[1], heads[5]], *told]))
    return parts


def _added(loads: Iterable[Load | None]) -> Load:
    return sum((one for one in loads if one), Load())


def _cells(one: Load) -> list[str]:
    return [
        str(one.calls), str(one.answered), str(one.missed), percent(one), moments.length(round(one.mean_wait)),
        moments.length(round(one.mean_talk)),
    ]  # fmt: skip
