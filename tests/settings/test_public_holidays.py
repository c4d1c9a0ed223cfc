# SPDX-License-Identifier: GPL-2.0-or-later
"""The office is closed on public holidays, wherever it is."""

import time
from datetime import UTC, date, datetime

import pytest

from appliance.settings import public_holidays
from appliance.settings.compile import compile
from tests.settings.documents import SMALL, faults, settings, told
from tests.settings.plan_reader import read_plan

WEEK = (
    "week = { "
    + ", ".join(f'{day} = ["09:00-18:00"]' for day in ["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
    + " }\n"
)
OFFICE = SMALL + "[hours.office]\n" + WEEK


def is_open(text: str, when: str, now: str = "2026-06-01 12:00") -> bool:
    """Whether the hours `office` are open at a time in UTC, as compiled at another."""
    at, then = (int(datetime.fromisoformat(each).replace(tzinfo=UTC).timestamp()) * 1000 for each in (when, now))
    plan = read_plan(compile(settings(text), then)[0])
    return any(start <= at < end for start, end in plan["OPEN"])


@pytest.mark.parametrize(
    ("places", "when", "open"),
    [
        ('"LT"', "2026-12-25 12:00", False),
        ('"LT"', "2026-12-28 12:00", True),
        ('"LT"', "2027-02-16 12:00", False),
        ('"LT"', "2026-06-24 12:00", False),
        ('"DE"', "2026-06-24 12:00", True),
        ('"DE"', "2027-01-06 12:00", True),
        ('"DE-BY"', "2027-01-06 12:00", False),
        ('"DE-BY", "LT"', "2026-06-24 12:00", False),
        ('"US"', "2026-11-26 12:00", False),
        ('"UA"', "2026-08-24 12:00", True),
    ],
)
def test_public_holidays_of_countries_and_their_parts_are_closed(places: str, when: str, open: bool) -> None:
    assert is_open(OFFICE + f"holidays = [{places}]\n", when) == open
    assert is_open(OFFICE, when)


def test_dates_written_as_open_win_over_a_holiday_and_holidays_go_with_closed_dates() -> None:
    text = OFFICE + 'holidays = ["LT"]\nopen = ["2026-12-24 10:00-14:00"]\nclosed = ["2026-12-28"]\n'
    assert is_open(text, "2026-12-24 09:00")
    assert not is_open(text, "2026-12-24 13:00")
    assert not is_open(text, "2026-12-25 09:00")
    assert not is_open(text, "2026-12-28 09:00")


def test_holidays_of_next_year_are_known_a_year_ahead_and_of_any_year_when_asked() -> None:
    text = OFFICE + 'holidays = ["LT"]\n'
    assert not is_open(text, "2027-07-06 12:00")
    assert not is_open(text, "2031-12-25 12:00", now="2031-12-01 00:00")


@pytest.mark.parametrize("place", ["XX", "lt", "LT-ZZ", "DE-", "DE-by", "Lithuania", "", "DE-BY-X"])
def test_a_country_or_part_nobody_knows_is_told(place: str) -> None:
    [fault] = faults(OFFICE + f'holidays = ["{place}"]\n')
    assert (fault.path, fault.line) == ("hours.office.holidays[0]", OFFICE.count("\n") + 1)
    assert 'accepted: a country of ISO 3166-1 such as `"LT"`, or a part of it such as `"DE-BY"`' in fault.message


def test_every_country_the_library_knows_may_be_named() -> None:
    from holidays import list_supported_countries

    places = list(list_supported_countries(include_aliases=False))
    assert len(places) > 200
    for place in places:
        public_holidays.of([place], date(2026, 1, 1), date(2027, 12, 31))
    assert told(OFFICE + 'holidays = ["LV", "PL", "UA", "GB-SCT"]\n') == []


def test_a_year_once_reckoned_is_not_reckoned_again() -> None:
    public_holidays.of(["LT", "DE-BY"], date(2026, 1, 1), date(2027, 12, 31))
    start = time.process_time()
    for _ in range(100):
        public_holidays.of(["LT", "DE-BY"], date(2026, 1, 1), date(2027, 12, 31))
    assert time.process_time() - start < 0.2
