# SPDX-License-Identifier: GPL-2.0-or-later
"""The office is open exactly when its clock on the wall says so."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.settings.hours import DAY, MINUTE, Dated, Interval, Window, dated, offsets, open_intervals, window

VILNIUS = ZoneInfo("Europe/Vilnius")


def ms(text: str) -> int:
    """ms UTC of `2026-03-29 01:00` in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def utc(intervals: list[Interval]) -> list[str]:
    """Intervals in UTC as people read them."""
    return [
        " - ".join(datetime.fromtimestamp(at / 1000, UTC).strftime("%m-%d %H:%M") for at in each) for each in intervals
    ]


def on(
    first: str, last: str, week: dict[int, list[str]], closed: tuple[str, ...] = (), opened: tuple[str, ...] = ()
) -> list[str]:
    """Open in Vilnius between two dates in UTC."""
    days = [[window(text) for text in week.get(day, [])] for day in range(7)]
    return utc(open_intervals(days, list(map(dated, closed)), list(map(dated, opened)), VILNIUS, ms(first), ms(last)))


MON, TUE, FRI, SAT, SUN = 0, 1, 4, 5, 6


def test_a_week_in_winter_and_in_summer() -> None:
    assert on("2026-01-05", "2026-01-06", {MON: ["09:00-18:00"]}) == ["01-05 07:00 - 01-05 16:00"]
    assert on("2026-07-06", "2026-07-07", {MON: ["09:00-18:00"]}) == ["07-06 06:00 - 07-06 15:00"]


def test_a_night_shift_ends_on_the_next_day_and_sunday_wraps_to_monday() -> None:
    assert on("2026-01-11 12:00", "2026-01-12 12:00", {SUN: ["22:00-06:00"]}) == ["01-11 20:00 - 01-12 04:00"]


def test_windows_that_touch_are_one() -> None:
    assert on("2026-01-05", "2026-01-07", {MON: ["12:00-24:00", "09:00-13:00"], TUE: ["00:00-05:00"]}) == [
        "01-05 07:00 - 01-06 03:00"
    ]


def test_dates_close_and_open_again() -> None:
    week = {day: ["09:00-18:00"] for day in range(7)}
    closed = ("2026-12-24..2026-12-26",)
    assert on("2026-12-23 12:00", "2026-12-27 12:00", week, closed, ("2026-12-25 10:00-14:00",)) == [
        "12-23 12:00 - 12-23 16:00",
        "12-25 08:00 - 12-25 12:00",
        "12-27 07:00 - 12-27 12:00",
    ]


def test_a_closed_afternoon_and_a_closed_day_cut_into_a_night_shift() -> None:
    assert on("2026-01-05", "2026-01-06", {MON: ["09:00-18:00"]}, ("2026-01-05 12:00-13:00",)) == [
        "01-05 07:00 - 01-05 10:00",
        "01-05 11:00 - 01-05 16:00",
    ]
    assert on("2026-01-05 12:00", "2026-01-06 12:00", {MON: ["22:00-06:00"]}, ("2026-01-06",)) == [
        "01-05 20:00 - 01-05 22:00"
    ]


def test_when_clocks_go_forward_the_skipped_hour_is_not_there() -> None:
    """In Vilnius 03:00 becomes 04:00 on 29 March 2026, at 01:00 UTC."""
    assert on("2026-03-29", "2026-03-30", {SUN: ["02:00-05:00"]}) == ["03-29 00:00 - 03-29 02:00"]
    assert on("2026-03-29", "2026-03-30", {SUN: ["03:00-04:00"]}) == []
    assert on("2026-03-28 12:00", "2026-03-29 12:00", {SAT: ["22:00-06:00"]}) == ["03-28 20:00 - 03-29 03:00"]


def test_when_clocks_go_back_the_repeated_hour_counts_twice() -> None:
    """In Vilnius 04:00 becomes 03:00 on 25 October 2026, at 01:00 UTC."""
    assert on("2026-10-24 21:00", "2026-10-25 12:00", {SUN: ["02:00-05:00"]}) == ["10-24 23:00 - 10-25 03:00"]
    assert on("2026-10-24 21:00", "2026-10-25 12:00", {SUN: ["03:00-03:30"]}) == [
        "10-25 00:00 - 10-25 00:30",
        "10-25 01:00 - 10-25 01:30",
    ]


def test_a_change_of_clocks_is_found_to_the_second() -> None:
    changes = [since for since, _, _ in offsets(VILNIUS, ms("2026-01-01"), ms("2027-01-01"))]
    assert changes == [ms("2026-01-01"), ms("2026-03-29 01:00"), ms("2026-10-25 01:00")]


def test_an_interval_of_dates_is_no_set_of_days_and_months() -> None:
    """MikoPBX#698: "29 April - 5 May" closed an office on 5 April."""
    week = {day: ["09:00-18:00"] for day in range(7)}
    closed = ("2026-04-29..2026-05-05",)
    for day in ("2026-04-05", "2026-04-28", "2026-05-06", "2026-05-29"):
        assert on(day, f"{day} 23:59", week, closed) == [f"{day[5:]} 06:00 - {day[5:]} 15:00"]
    assert on("2026-04-29", "2026-05-06", week, closed) == []


def test_a_window_from_friday_to_sunday_is_sound() -> None:
    """fusionpbx#2868: Friday to Sunday is told to be invalid."""
    week = {FRI: ["18:00-24:00"], SAT: ["00:00-24:00"], SUN: ["00:00-24:00"]}
    assert on("2026-01-09", "2026-01-12 12:00", week) == ["01-09 16:00 - 01-11 22:00"]
    dates = ("2026-01-09..2026-01-11",)
    assert on("2026-01-08 12:00", "2026-01-12 12:00", {}, (), dates) == ["01-08 22:00 - 01-11 22:00"]


def test_an_office_opens_at_nine_on_the_wall_before_and_after_the_clocks_change() -> None:
    """FreePBX/hotelwakeup#18: DST shifted everything by an hour."""
    week = {day: ["09:00-10:00"] for day in range(7)}
    assert on("2026-03-28", "2026-03-30", week) == ["03-28 07:00 - 03-28 08:00", "03-29 06:00 - 03-29 07:00"]
    assert on("2026-10-24", "2026-10-26", week) == ["10-24 06:00 - 10-24 07:00", "10-25 07:00 - 10-25 08:00"]


ZONES = ["Europe/Vilnius", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "Africa/Casablanca"]
MINUTES = st.integers(0, 1439)
WINDOWS = st.builds(lambda start, length: Window(start, start + length), MINUTES, st.integers(1, 1440))
DATES = st.dates(date(2026, 1, 1), date(2027, 6, 1))
DATED = st.builds(
    lambda first, days, w: Dated(first, first + timedelta(days), w), DATES, st.integers(0, 40), st.none() | WINDOWS
)
CHANGES = [ms(text) for text in ("2026-03-29 01:00", "2026-10-25 01:00", "2026-03-08 07:00", "2026-11-01 06:00")]


def covers(each: Dated, day: date, minute: int) -> bool:
    """Whether a dated window holds a minute of a day on the wall, the day before's past midnight too."""
    w = each.window or Window(0, 1440)
    yesterday = day - timedelta(1)
    return (each.first <= day <= each.last and w.start <= minute < w.end) or (
        each.first <= yesterday <= each.last and w.start <= minute + 1440 < w.end
    )


def open_at(at: int, week: list[list[Window]], closed: list[Dated], opened: list[Dated], zone: ZoneInfo) -> bool:
    """The plain answer: look at the clock on the wall."""
    wall = datetime.fromtimestamp(at / 1000, zone)
    day, minute = wall.date(), wall.hour * 60 + wall.minute
    weekly = any(w.start <= minute < w.end for w in week[day.weekday()])
    weekly = weekly or any(w.start <= minute + 1440 < w.end for w in week[day.weekday() - 1])
    if any(covers(each, day, minute) for each in opened):
        return True
    return weekly and not any(covers(each, day, minute) for each in closed)


@settings(deadline=None)
@given(
    st.lists(st.lists(WINDOWS, max_size=2), min_size=7, max_size=7),
    st.lists(DATED, max_size=3),
    st.lists(DATED, max_size=3),
    st.sampled_from(ZONES).map(ZoneInfo),
    st.sampled_from(CHANGES)
    | st.integers(ms("2026-01-05") // MINUTE, ms("2027-01-01") // MINUTE).map(lambda m: m * MINUTE),
)
def test_every_minute_is_open_or_closed_as_the_wall_clock_says(
    week: list[list[Window]], closed: list[Dated], opened: list[Dated], zone: ZoneInfo, around: int
) -> None:
    begin, end = around - DAY // 2, around + DAY // 2
    intervals = open_intervals(week, closed, opened, zone, begin, end)
    assert all(a < b for a, b in intervals)
    assert all(one[1] < two[0] for one, two in itertools.pairwise(intervals))
    within = {at for a, b in intervals for at in range(a, b, MINUTE)}
    expected = {at for at in range(begin, end, MINUTE) if open_at(at, week, closed, opened, zone)}
    assert within == expected
