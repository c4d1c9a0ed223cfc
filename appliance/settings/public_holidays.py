# SPDX-License-Identifier: GPL-2.0-or-later
"""Public holidays of countries and their parts, by the library `holidays`."""

import warnings
from collections.abc import Iterable
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


@cache
def _of_year(place: str, year: int) -> frozenset[date]:
    from holidays import country_holidays

    country, _, part = place.partition("-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a few countries it knows some decades alone
        return frozenset(country_holidays(country, subdiv=part or None, years=year, expand=False))
