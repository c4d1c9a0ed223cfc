# SPDX-License-Identifier: GPL-2.0-or-later
"""Opening hours: the week as it is painted, the year as the core draws it, and hours held open or closed for a while."""

import asyncio
import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple

from babel.dates import get_day_names, get_month_names
from pydantic import ValidationError
from starlette.responses import Response

from appliance.control.messages import Override, Refused
from appliance.settings import documents, edits, hours, year
from appliance.settings.edits import MISSING
from appliance.settings.faults import SettingsFaults
from appliance.settings.models import Hours, Settings
from appliance.settings.year import Day, Windows
from appliance.web import moments
from appliance.web.access import EACH, INSTALLER, OWNER, SETTERS, SUPERVISOR, Refusal, Row, Visit, now
from appliance.web.box import Box
from appliance.web.drafts import Work
from appliance.web.tongue import marked as _

HOLDS = frozenset({OWNER, INSTALLER, SUPERVISOR})  # who may hold hours open or closed
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIRST, LAST = 2000, 2199
MINUTE, HOUR, WEEK = 60_000, 3_600_000, 7 * 86_400_000  # ms
FOR = {"60": _("for an hour"), "120": _("for two hours"), "today": _("until midnight"),
       "": _("until somebody ends it")}  # fmt: skip


class Month(NamedTuple):
    """A month as it hangs on the wall: weeks from Monday, None where a day is of another month."""

    name: str
    weeks: list[list[Day | None]]
    told: list[Day]  # what is not as usual, or a holiday


class HoursPages:
    def __init__(self, box: Box) -> None:
        self._box = box

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/hours", EACH, self.page),
            Row("POST", "/hours/week", SETTERS, self.week),
            Row("POST", "/hours/hold", HOLDS, self.hold),
        )

    async def page(
        self, asked: Visit, wrong: dict[str, str] | None = None, status: int = 200, given: dict[str, str] | None = None
    ) -> Response:
        names = await self._box.known.names()
        work = await self._work(asked)
        tables = dict.fromkeys([*names.settings.hours, *(work.values.get("hours", {}) if work else {})])
        name = asked.text("name") or asked.request.query_params.get("name", "")[:40] or next(iter(tables), "")
        if name and name not in tables:
            raise Refusal(404, "There are no such hours.")
        shown_year = _year(asked, names.zone)
        document = work.document if work else None
        drawn = (
            await asyncio.to_thread(draw, names.settings, document, name, shown_year, asked.language) if name else None
        )
        stands = (
            await asyncio.to_thread(year.stands, names.settings, name, now()) if name in names.settings.hours else None
        )
        live = self._box.screen.live
        widths = ("wide", "abbreviated", "short")
        days, short, brief = (get_day_names(width, locale=asked.language) for width in widths)
        return asked.page(
            "hours.html", status, tables=list(tables), name=name, work=work, wrong={"until": ""} | (wrong or {}), year=shown_year,
            months=_months(drawn, asked.language) if drawn else [], faulty=bool(name) and drawn is None,
            week=[(key, days[n].capitalize(), given[key] if given else text, text)
                  for n, (key, text) in enumerate(_week(names.settings, document, name).items())],
            short=[short[n].capitalize() for n in range(7)], brief=[brief[n].capitalize() for n in range(7)],
            held=live.hours.get(name) if live else None, here=live is not None, zone=names.zone.key,
            when=lambda at: moments.moment(at, names.zone), holds=asked.role in HOLDS, sets=asked.role in SETTERS,
            stands=stands, soon=now() + WEEK,
            lasts=FOR, told=told, said=asked.request.query_params.get("done", "")[:20], first=FIRST, last=LAST,
            until=asked.text("until"),
        )  # fmt: skip

    async def week(self, asked: Visit) -> Response:
        """The painted week goes into the draft."""
        work = await self._box.drafts.work(asked)
        name = asked.text("name")
        path = ("hours", name, "week")
        if edits.at(work.values, ("hours", name)) is MISSING:
            raise Refusal(404, "There are no such hours.")
        given = {day: asked.text(day)[:200] for day in DAYS}
        wanted, wrong = {}, {}
        for day, text in given.items():
            try:
                wanted[day] = _windows(text)
            except ValueError:
                wrong[day] = asked.say("Times are written as 09:00-13:00, several with a space between them.")
        if wrong:
            return await self.page(asked, wrong, 422, given)
        late = {}
        for day, windows in list(wanted.items()):
            was, here = _pieces(asked.text(f"was:{day}")), sorted(_known(edits.at(work.values, (*path, day))))
            if f"was:{day}" in asked.form and here != was:  # changed since the page was opened
                if windows not in (was, here):
                    late[day] = asked.say(
                        "Changed elsewhere since this page was opened: look at it, and write it again."
                    )
                wanted[day] = here
        if edits.at(work.values, path) is MISSING:
            made: list[tuple[Any, Any]] = [(path, {day: windows for day, windows in wanted.items() if windows})]
        else:
            made = [
                ((*path, day), windows or MISSING)
                for day, windows in wanted.items()
                if windows != _known(edits.at(work.values, (*path, day)))
            ]
        document = await asyncio.to_thread(edits.put, work.document, made) if made else work.document
        self._box.drafts.keep(asked, work, document)
        if late:
            return await self.page(asked, late, 409)
        return asked.to(f"/hours?name={name}&done=kept")

    async def hold(self, asked: Visit) -> Response:
        """Hours are held open or closed until a time, or are as written again."""
        names = await self._box.known.names()
        name, mode, lasts = asked.text("name"), asked.text("mode"), asked.text("for")
        if name not in names.settings.hours:
            raise Refusal(404, "There are no such hours.")
        if mode not in ("open", "closed", "as-written") or lasts not in FOR:
            raise Refusal(400, "That form cannot be read.")
        until = _until(lasts, asked.text("until"), names.zone) if mode != "as-written" else None
        if until is not None and until <= now():
            return await self.page(asked, {"until": asked.say("This time is past.")}, 422)
        try:
            await self._box.drafts.ask(Override(0, name, mode, until, "page"))  # type: ignore[arg-type]
        except Refused:
            raise Refusal(409, "The switch did not do it.") from None
        ends = moments.moment(until, names.zone) if until else "-"
        asked.note("hours-held", f"{name}: {mode}, {ends}")
        return asked.to(f"/hours?name={name}&done=held")

    async def _work(self, asked: Visit) -> Work | None:
        """The visitor's draft, or what is in force; None where he has none, or the switch is away."""
        if asked.role not in SETTERS:
            return None
        try:
            return await self._box.drafts.work(asked)
        except Refusal:
            return None


def _year(asked: Visit, zone: datetime.tzinfo) -> int:
    text = asked.request.query_params.get("year", "")
    this = datetime.datetime.now(zone).year
    return min(max(int(text), FIRST), LAST) if len(text) == 4 and text.isascii() and text.isdigit() else this


def _until(lasts: str, text: str, zone: datetime.tzinfo) -> int | None:
    """A time that was written goes before what was chosen; ms UTC; None: till told otherwise. Raises Refusal."""
    if text:
        try:
            return round(datetime.datetime.fromisoformat(text[:16]).replace(tzinfo=zone).timestamp() * 1000)
        except (ValueError, OverflowError):
            raise Refusal(422, "No such time.") from None
    if lasts == "":
        return None
    if lasts == "today":
        tomorrow = datetime.datetime.now(zone).date() + datetime.timedelta(1)
        return round(datetime.datetime.combine(tomorrow, datetime.time(), zone).timestamp() * 1000)
    return now() + int(lasts) * MINUTE


def _windows(text: str) -> list[str]:
    """Windows as the document writes them. Raises ValueError."""
    found = _pieces(text)
    for one in found:
        hours.window(one)
    return found


def _pieces(text: str) -> list[str]:
    return sorted(text.replace(",", " ").replace("–", "-").split())


def _known(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _week(settings: Settings, document: str | None, name: str) -> dict[str, str]:
    """Each day's windows as a text; as the draft has them, faulty or not."""
    table = settings.hours.get(name, Hours())
    if document is None:
        return {day: " ".join(windows) for day, windows in zip(DAYS, table.week.days(), strict=True)}
    path = ("hours", name, "week")
    values = edits.values(document)
    return {day: " ".join(_known(edits.at(values, (*path, day)))) for day in DAYS}


def draw(settings: Settings, document: str | None, name: str, of: int, language: str) -> list[Day] | None:
    """The year by the core; None while the hours of the draft have faults, whatever else has."""
    try:
        if document is not None:
            values = edits.values(document)
            alone = {key: values[key] for key in ("office", "hours") if key in values}
            settings = documents.check(Settings, edits.put("", [((key,), alone[key]) for key in alone]), "office.toml")[
                0
            ]
        return year.draw(settings, name, of, language)
    except (SettingsFaults, ValidationError, KeyError, ValueError):
        return None


def _months(days: Sequence[Day], language: str) -> list[Month]:
    names = get_month_names("wide", context="stand-alone", locale=language)
    months = []
    for number in range(1, 13):
        of = [day for day in days if day.date.month == number]
        cells: list[Day | None] = [None] * of[0].date.weekday() + list(of)
        cells += [None] * (-len(cells) % 7)
        weeks = [cells[at : at + 7] for at in range(0, len(cells), 7)]
        months.append(Month(names[number].capitalize(), weeks, [day for day in of if day.differs or day.holidays]))
    return months


def told(windows: Windows) -> str:
    """`09:00-13:00, 14:00-18:00`; "" when it is closed."""
    return ", ".join("-".join(f"{at // HOUR:02}:{at % HOUR // MINUTE:02}" for at in window) for window in windows)
