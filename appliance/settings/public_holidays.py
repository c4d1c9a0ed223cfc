# SPDX-License-Identifier: GPL-2.0-or-later
"""Public holidays of countries and their parts, by the library `holidays`."""

import warnings
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache


@cache
def known(place: str) -> bool:
    """Whether the holidays of a country (`LT`), or a part of one (`DE-BY`), are known."""
    from holidays import list_supported_countries  # 60 ms of imports, for those alone who keep holidays

    country, _, part = place.partition("-")
    parts = list_supported_countries(include_aliases=False).get(country)
    return parts is not None and (not part or part in parts)


def of(places: Iterable[str], first: date, last: date) -> set[date]:
    """The holidays of several places between two dates, both included."""
    years = range(first.year, last.year + 1)
    return {day for place in places for year in years for day in _of_year(place, year) if first <= day <= last}


def named(places: Iterable[str], year: int, language: str) -> dict[date, tuple[str, ...]]:
    """The holidays of several places in a year by name, in a language if the library speaks it, else in the place's."""
    found: dict[date, tuple[str, ...]] = {}
    for place in places:
        for day, name in _of_year(place, year, language).items():
            if name not in found.get(day, ()):
                found[day] = (*found.get(day, ()), name)
    return found


@cache
def _of_year(place: str, year: int, language: str = "") -> Mapping[date, str]:
    from holidays import country_holidays

    country, _, part = place.partition("-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a few countries it knows some decades alone
        known = country_holidays(country, subdiv=part or None, years=year, expand=False)
        if language:
            spoken = [code for code in known.supported_languages if code.partition("_")[0] == language]
            known = country_holidays(
                country, subdiv=part or None, years=year, expand=False, language=spoken[0] if spoken else None
            )
        return dict(known)
