# SPDX-License-Identifier: GPL-2.0-or-later
"""People with duty hours as the switch has them: who is rung when they begin, and what those see who look on."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.settings.compile import stands
from appliance.settings.load import parse
from tests.calls.office import CALLER, OFFICE, Office

Offices = Callable[..., Office]
BEGINS = int(datetime(2026, 6, 1, 8, tzinfo=ZoneInfo("Europe/Vilnius")).timestamp()) * 1000
SHIFT = (
    OFFICE.replace('extension = "101"', 'extension = "101"\nduty = "shift"')
    .replace('extension = "102"', 'extension = "102"\nduty = "shift"')
    .replace("[queue.sales]", "[hours.shift]\nweek.mon = ['08:00-12:00']\n[queue.sales]\njoin_when_empty = true")
)


def clock_set(monkeypatch: pytest.MonkeyPatch, to: int) -> Callable[[], int]:
    """The clock of the box as if it were then."""
    ahead = to - time.time_ns() // 1_000_000

    def now() -> int:
        return time.time_ns() // 1_000_000 + ahead

    for name in ("appliance.calls.clock.now_ms", "tests.calls.office.now_ms"):
        monkeypatch.setattr(name, now)
    return now


async def test_a_caller_who_waits_is_rung_through_as_soon_as_duty_begins(
    offices: Offices, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_set(monkeypatch, BEGINS - 3_600_000)
    office = offices(SHIFT)
    now = clock_set(monkeypatch, BEGINS - 1000)
    office.control._routing.set_clock()
    office.apply(SHIFT)
    office.call_in()
    assert office.lines.shown == []
    while not office.lines.shown:
        await asyncio.sleep(0.01)
    assert BEGINS <= now() < BEGINS + 5000
    assert {phone for phone, _, _ in office.lines.shown} == {"desk1", "cordless", "desk2"}
    while office.control.off_duty:
        await asyncio.sleep(0.01)


async def test_a_colleague_reaches_somebody_off_duty_by_his_extension(
    offices: Offices, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_set(monkeypatch, BEGINS - 3_600_000)
    office = offices(SHIFT)
    office.control.incoming(CALLER, "desk1", True, "desk1", "", "102")
    assert [phone for phone, _, _ in office.lines.shown] == ["desk2"]


async def test_hours_held_open_by_hand_put_people_on_duty_at_once(
    offices: Offices, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_set(monkeypatch, BEGINS - 3_600_000)
    office = offices(SHIFT)
    office.call_in()
    assert office.lines.shown == []
    office.control.override("shift", "open", None, "page")
    assert {phone for phone, _, _ in office.lines.shown} == {"desk1", "cordless", "desk2"}
    assert office.control.off_duty == {}
    office.control.override("shift", "closed", None, "page")
    assert office.control.off_duty == {"anna": None, "boris": None}


async def test_new_settings_say_whose_duty_it_is(offices: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    clock_set(monkeypatch, BEGINS - 3_600_000)
    office = offices()
    assert office.control.off_duty == {}
    office.apply(SHIFT)
    assert office.control.off_duty == {"anna": BEGINS, "boris": BEGINS}


@pytest.mark.parametrize(
    ("week", "at", "told"),
    [
        ("week.mon = ['08:00-12:00']", BEGINS, (True, BEGINS + 4 * 3_600_000)),
        ("week.mon = ['08:00-12:00']", BEGINS + 4 * 3_600_000, (False, BEGINS + 7 * 86_400_000)),
        ("open = ['2026-09-01']", BEGINS, (False, BEGINS + 92 * 86_400_000 - 8 * 3_600_000)),
        ("", BEGINS, (False, None)),
    ],
)
def test_hours_say_whether_they_are_open_and_till_when(week: str, at: int, told: tuple[bool, int | None]) -> None:
    settings = parse(SHIFT.replace("week.mon = ['08:00-12:00']", week), Path("office.toml"))
    assert stands(settings, "shift", at) == told
