# SPDX-License-Identifier: GPL-2.0-or-later
"""Days and times as pages take and tell them."""

import re
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.web import moments
from tests.web.kept import DOCUMENT
from tests.web.visitors import site

VILNIUS = ZoneInfo("Europe/Vilnius")


@pytest.mark.parametrize(
    ("today", "week", "month"),
    [
        ("2027-03-01", ("2027-02-22", "2027-02-28"), ("2027-02-01", "2027-02-28")),  # a Monday
        ("2027-01-03", ("2026-12-21", "2026-12-27"), ("2026-12-01", "2026-12-31")),  # a Sunday
    ],
)
def test_last_week_and_month_are_whole_ones(today: str, week: tuple[str, str], month: tuple[str, str]) -> None:
    found = {which: (str(first), str(last)) for which, first, last in moments.periods(date.fromisoformat(today))}
    assert (found["week"], found["month"]) == (week, month)


def test_a_day_of_a_change_of_clocks_is_as_long_as_it_is() -> None:
    for day, hours in ((date(2027, 3, 28), 23), (date(2027, 10, 31), 25), (date(2027, 6, 1), 24)):
        assert moments.ends(day, VILNIUS) - moments.begins(day, VILNIUS) == hours * 3_600_000


@pytest.mark.parametrize(
    "text", ["", "today", "2027-02-29", "1999-12-31", "9999-12-31", "2027-1-1", "20270101", "２０２７-01-01"]
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert moments.day(text) is None


def test_lengths_are_told_as_clocks_do() -> None:
    assert [moments.length(ms) for ms in (None, 0, 83_999, 3_723_000)] == ["", "0:00", "1:23", "1:02:03"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Midway"])  # a day apart: the machine's own is neither
async def test_logs_and_sessions_tell_the_time_on_the_wall_of_the_office(tmp_path: Path, zone: str) -> None:
    (tmp_path / "office.toml").write_text(DOCUMENT.replace("Europe/Vilnius", zone))
    async with site(tmp_path) as box:
        box.people()
        async with box.logged_in("owner") as one:
            for page in ("/audit", "/me"):
                told = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", (await one.get(page)).text)
                ago = datetime.now(ZoneInfo(zone)).replace(tzinfo=None) - datetime.fromisoformat(told[0])
                assert ago.total_seconds() < 180, page


async def test_a_log_can_be_read_while_the_settings_cannot(tmp_path: Path) -> None:
    async with site(tmp_path) as box:  # there is no document
        box.people()
        async with box.logged_in("owner") as one:
            assert "log-in" in (await one.get("/audit")).text
