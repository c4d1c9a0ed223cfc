# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper hours`: the year as the core takes it, in a calendar people can read."""

from datetime import date, datetime
from pathlib import Path

import pytest

from appliance.languages import HOUR, language
from appliance.programs.hours import main
from appliance.settings.calendar import calendar
from appliance.settings.year import Day, draw, stands
from tests.settings.documents import SMALL, settings

WEEK = 'week = { mon = ["09:00-18:00"], tue = ["09:00-18:00"], thu = ["22:00-06:00"], fri = ["09:00-13:00", "14:00-17:00"] }\n'
OFFICE = f'{SMALL}[hours.office]\n{WEEK}holidays = ["LT"]\nclosed = ["2027-12-27"]\nopen = ["2027-12-24 10:00-14:00"]\n'


def year(text: str = OFFICE, of: int = 2027, code: str = "en") -> dict[date, Day]:
    return {day.date: day for day in draw(settings(text), "office", of, code)}


def hours(*windows: tuple[float, float]) -> tuple[tuple[int, int], ...]:
    return tuple((int(a * HOUR), int(b * HOUR)) for a, b in windows)


def test_every_day_of_the_year_is_drawn_once() -> None:
    assert list(year()) == [date.fromordinal(date(2027, 1, 1).toordinal() + i) for i in range(365)]
    assert len(year(of=2028)) == 366


def test_a_usual_day_has_its_hours_and_a_day_left_out_is_closed() -> None:
    days = year()
    assert days[date(2027, 3, 1)].open == hours((9, 18))
    assert days[date(2027, 3, 5)].open == hours((0, 6), (9, 13), (14, 17))
    assert days[date(2027, 3, 3)].open == ()
    assert not days[date(2027, 3, 1)].differs


def test_hours_past_midnight_stand_on_both_days() -> None:
    assert year()[date(2027, 3, 4)].open == hours((22, 24))


@pytest.mark.parametrize(
    ("at", "is_open", "until"),
    [
        ("2027-03-01T10:00+02:00", True, "2027-03-01T18:00+02:00"),
        ("2027-03-01T18:00+02:00", False, "2027-03-02T09:00+02:00"),
        ("2027-03-05T03:00+02:00", True, "2027-03-05T06:00+02:00"),
    ],
)
def test_whoever_calls_now_meets_it_open_or_closed_until_then(at: str, is_open: bool, until: str) -> None:
    ms = [round(datetime.fromisoformat(one).timestamp() * 1000) for one in (at, until)]
    assert stands(settings(OFFICE), "office", ms[0]) == (is_open, ms[1])


def test_a_holiday_is_closed_named_and_marked() -> None:
    day = year()[date(2027, 2, 16)]
    assert (day.open, day.differs) == ((), True)
    assert day.holidays == ("Day of Restoration of the State of Lithuania",)


def test_a_holiday_on_a_day_closed_anyway_is_named_but_not_marked() -> None:
    day = year()[date(2027, 3, 28)]
    assert (day.open, day.differs, day.holidays) == ((), False, ("Easter Sunday",))


def test_open_dates_win_over_holidays() -> None:
    assert year()[date(2027, 12, 24)].open == hours((10, 14))


def test_the_hour_that_a_change_of_clocks_skips_or_repeats_leaves_the_rest_as_it_is() -> None:
    text = f'{SMALL}[hours.office]\nweek = {{ sun = ["01:00-05:00"] }}\n'
    days = year(text)
    assert days[date(2027, 3, 28)].open[-1][1] == 5 * HOUR
    assert days[date(2027, 10, 31)].open[-1][1] == 5 * HOUR
    assert not days[date(2027, 3, 28)].differs


@pytest.mark.parametrize("code", ["en", "ru", "uk"])
def test_the_calendar_fits_a_terminal_and_tells_every_day(code: str) -> None:
    days = list(year(code=code).values())
    lines = list(calendar(days, "office", "Europe/Vilnius", language(code)))
    assert all(len(line) <= 100 for line in lines if not line.startswith("  "))
    assert max(map(len, lines)) > 80
    rows = [line for line in lines if ":" not in line and any(map(str.isdigit, line))]
    numbers = [row[at : at + 2].strip() for row in rows for at in range(0, 91, 13)]
    assert len([number for number in numbers if number]) == 365


def test_the_calendar_reads_well() -> None:
    lines = list(calendar(list(year().values()), "“office”", "Europe/Vilnius", language("en")))
    assert lines[:2] == ["2027: hours “office”, time zone Europe/Vilnius", "* is not as usual on that weekday"]
    at = lines.index("December")
    assert lines[at + 1] == "Mon          Tue          Wed          Thu          Fri          Sat          Sun"
    assert lines[at + 2] == "                           1            2            3            4            5"
    assert "20           21           22           23           24 *         25           26" in lines[at:]
    assert "  * 24 Fri: 10:00-14:00, usually 00:00-06:00, 09:00-13:00, 14:00-17:00 (Christmas Eve)" in lines[at:]
    assert "  * 27 Mon: closed, usually 09:00-18:00" in lines[at:]
    assert "    25 Sat: closed (Christmas Day)" in lines[at:]


def test_a_week_that_is_never_different_has_no_legend() -> None:
    days = list(year(f"{SMALL}[hours.office]\n{WEEK}").values())
    assert not any("*" in line for line in calendar(days, "office", "Europe/Vilnius", language("en")))


def test_as_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "office.toml"
    document.write_text(OFFICE + "[hours.shop]\n")
    assert main(["--settings", str(document), "--year", "2027", "--language", "uk"]) == 0
    out = capsys.readouterr().out
    assert "2027: години роботи «office», часовий пояс Europe/Vilnius" in out
    assert "2027: години роботи «shop»" in out
    assert main(["shop", "--settings", str(document), "--year", "2027"]) == 0
    assert "“office”" not in capsys.readouterr().out
    assert main(["none", "--settings", str(document)]) == 1
    assert capsys.readouterr().err == "linekeeper hours: there are no hours “none”; there are “office”, “shop”\n"


@pytest.mark.parametrize("year", ["1970", "2200", "0", "-1", "next"])
def test_a_year_nobody_knows_the_hours_of_is_refused_in_one_line(year: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--year", year])
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == (
        f"linekeeper hours: error: argument --year: {year} is not accepted; accepted: a whole number from 1971 to 2199"
    )


def test_without_hours_it_is_always_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "office.toml"
    document.write_text(SMALL)
    assert main(["--settings", str(document)]) == 0
    assert capsys.readouterr().out == "There are no hours in these settings: it is always open.\n"
