# SPDX-License-Identifier: GPL-2.0-or-later
"""Branches, departments and duties by the API."""

import asyncio
import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.web import hours_pages, moments, organisation
from appliance.web.access import now
from appliance.web.api import limits
from appliance.web.api import shapes as s
from appliance.web.api.gate import Asked, Way, Wrong


class OrganisationIs(msgspec.Struct, frozen=True):
    """others: people of no department."""

    branches: list[organisation.Site]
    others: list[organisation.Member]


class DutyIs(msgspec.Struct, frozen=True):
    """Of somebody in a week: hours, and each day from Monday as 09:00-13:00, 14:00-18:00; "" not at all."""

    person: str
    name: str
    hours: str
    days: list[str]


class OfWeek(s.Strict, frozen=True):
    """A day of the week; left out: this one, where the office is."""

    week: Annotated[str, Meta(max_length=10)] = ""


async def whole(asked: Asked) -> OrganisationIs:
    settings, live = (await asked.box.known.names()).settings, asked.box.screen.live
    powers = await asked.box.known.powers(asked)
    departments = powers.departments if powers else set(settings.department)
    seen = powers.people if powers else set(settings.person)
    return OrganisationIs(
        organisation.sites(settings, live, now(), departments), organisation.others(settings, live, now(), seen)
    )


async def duties(asked: Asked) -> list[DutyIs]:
    names = await asked.box.known.names()
    day = moments.day(asked.query.week) if asked.query.week else datetime.datetime.now(names.zone).date()
    if day is None:
        raise Wrong(422, "bad-request", "A day is written as 2026-11-28.")
    powers = await asked.box.known.powers(asked)
    monday, seen = organisation.monday(day), powers.people if powers else set(names.settings.person)
    shifts = await asyncio.to_thread(organisation.shifts, names.settings, monday, seen)
    return [DutyIs(one.id, one.name, one.duty, [hours_pages.told(day) for day in one.days]) for one in shifts]


WAYS = (
    Way(
        "GET",
        "/organisation",
        "office:read",
        whole,
        "Branches, departments, people, and who is on duty",
        OrganisationIs,
        limited=limits.narrowed,
    ),
    Way(
        "GET",
        "/organisation/duties",
        "office:read",
        duties,
        "Whose duty is when in a week",
        list[DutyIs],
        query=OfWeek,
        limited=limits.narrowed,
    ),
)
