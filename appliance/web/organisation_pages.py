# SPDX-License-Identifier: GPL-2.0-or-later
"""The organisation: branches, departments and people with who is on duty, and the duties of a week."""

import asyncio
import datetime

from babel.dates import get_day_names
from starlette.responses import Response

from appliance.settings.models import Settings
from appliance.web import moments, organisation, view
from appliance.web.access import EACH, SETTERS, Row, Visit, now
from appliance.web.box import Box
from appliance.web.hours_pages import HOUR, told

WEEK = datetime.timedelta(7)


class OrganisationPages:
    def __init__(self, box: Box) -> None:
        self._box = box

    def rows(self) -> tuple[Row, ...]:
        return (Row("GET", "/organisation", EACH, self.page),)

    async def page(self, asked: Visit) -> Response:
        names, live, at = await self._box.known.names(), self._box.screen.live, now()
        settings, zone = names.settings, names.zone
        day = moments.day(asked.request.query_params.get("week", "")[:10]) or datetime.datetime.now(zone).date()
        monday = organisation.monday(day)
        powers = await self._box.known.powers(asked)
        live = powers.narrowed(live) if powers and live else live
        shown = powers.people if powers else set(settings.person)
        departments = powers.departments if powers else set(settings.department)
        week = await asyncio.to_thread(organisation.shifts, settings, monday, shown)
        days = get_day_names("abbreviated", locale=asked.language)
        return asked.page(
            "organisation.html",
            sites=organisation.sites(settings, live, at, departments),
            others=organisation.others(settings, live, at, shown),
            shifts=week,
            days=[f"{days[n].capitalize()} {monday + datetime.timedelta(n):%d.%m.}" for n in range(7)],
            today=(datetime.datetime.now(zone).date() - monday).days,
            monday=monday,
            before=monday - WEEK,
            after=monday + WEEK,
            rows={row.id: row for row in view.people(live, asked.say).rows} if live else {},  # type: ignore[union-attr]
            person=lambda name: _called(settings, name),
            told=told,
            hour=HOUR,
            when=lambda until: view.at(until, zone, at),
            sets=asked.role in SETTERS,
        )


def _called(settings: Settings, name: str) -> str:
    return settings.title("person", name) or name
