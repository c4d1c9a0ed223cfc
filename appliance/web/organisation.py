# SPDX-License-Identifier: GPL-2.0-or-later
"""Branches, their departments and people, who is on duty now, and whose duty is when in a week. Pure; times are ms UTC."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import NamedTuple

import msgspec

from appliance.control.live import Live
from appliance.settings import people, year
from appliance.settings.compile import stands
from appliance.settings.models import Department, Settings
from appliance.settings.year import Windows


class Member(msgspec.Struct, frozen=True):
    """Somebody of a department."""

    id: str
    name: str
    position: str
    extension: str
    duty: str  # hours, "" always on duty
    on_duty: bool
    until: int | None  # that is so; None: nobody knows


class Unit(msgspec.Struct, frozen=True):
    """A department; hours: its own or those of its branch, "" always open."""

    id: str
    name: str
    hours: str
    head: str  # of a person, "" nobody
    people: list[Member]


class Site(msgspec.Struct, frozen=True):
    """A branch; without id: departments that belong to none."""

    id: str
    name: str
    hours: str
    departments: list[Unit]


class Shift(NamedTuple):
    """Somebody's duty, day by day of a week from Monday."""

    id: str
    name: str
    duty: str
    days: list[Windows]


def sites(settings: Settings, live: Live | None, now: int, seen: Collection[str]) -> list[Site]:
    """Every branch with its departments, then the departments of none; of those seen alone."""
    held = _standing(settings, live, now)
    units = {name: _unit(settings, name, of, held) for name, of in settings.department.items() if name in seen}
    found = [
        Site(name, branch.name, branch.hours or "", _of(settings, units, name))
        for name, branch in settings.branch.items()
    ]
    used = {of.branch for of in settings.department.values()}
    lone = settings.branch.keys() - used if len(seen) == len(settings.department) else set()
    every = (*found, Site("", "", "", _of(settings, units, None)))
    return [site for site in every if site.departments or site.id in lone]


def others(settings: Settings, live: Live | None, now: int, seen: Collection[str]) -> list[Member]:
    """People of no department."""
    held = _standing(settings, live, now)
    named = {person for of in settings.department.values() for person in members(settings, of)}
    return [_member(settings, person, held) for person in settings.person if person not in named and person in seen]


def shifts(settings: Settings, monday: date, seen: Collection[str]) -> list[Shift]:
    """Everybody who has duty hours, as the core takes these."""
    duties = {name: one.duty for name, one in settings.person.items() if one.duty and name in seen}
    weeks = {hours: year.week(settings, hours, monday) for hours in dict.fromkeys(duties.values())}
    return [Shift(name, settings.person[name].name, hours, weeks[hours]) for name, hours in duties.items()]


def members(settings: Settings, of: Department) -> Iterable[str]:
    return dict.fromkeys(people.ways(settings, name)[0] for name in of.people)


def monday(day: date) -> date:
    return day - timedelta(day.weekday())


def _of(settings: Settings, units: dict[str, Unit], branch: str | None) -> list[Unit]:
    return [unit for name, unit in units.items() if settings.department[name].branch == branch]


def _unit(settings: Settings, name: str, of: Department, held: dict[str, tuple[bool, int | None]]) -> Unit:
    here = [_member(settings, person, held) for person in members(settings, of)]
    return Unit(name, of.name, people.hours(settings, of) or "", of.head or "", here)


def _member(settings: Settings, name: str, held: dict[str, tuple[bool, int | None]]) -> Member:
    one = settings.person[name]
    on_duty, until = held[one.duty] if one.duty else (True, None)
    return Member(name, one.name, one.position, one.extension or "", one.duty or "", on_duty, until)


def _standing(settings: Settings, live: Live | None, now: int) -> dict[str, tuple[bool, int | None]]:
    """Of all hours of duty whether they are open, and until when: as they are held, or written."""
    found = {}
    for name in {one.duty for one in settings.person.values() if one.duty}:
        held = live.hours.get(name) if live else None
        written = stands(settings, name, now)
        found[name] = (held.override == "open", held.until) if held and held.override else written
    return found
