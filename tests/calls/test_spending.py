# SPDX-License-Identifier: GPL-2.0-or-later
"""Toll fraud comes to an end: calls in an hour, minutes and money in a day, an alarm, and a restart forgives nothing."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from appliance.calls.minutes import Minutes, beginning
from appliance.calls.spending import HOUR, MINUTE, Spending, Talk, earlier
from appliance.settings.models import Settings
from appliance.store.reader import Outgoing, Reader
from tests.calls.office import CALLER, Office
from tests.calls.test_outgoing import ABROAD, HOME, TWO_LINES, called, dial, limits, why
from tests.settings.documents import WIRED, settings

NOON = int(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()) * 1000
Offices = Callable[..., Office]


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


def limited(*lines: str) -> Settings:
    return settings(WIRED + 'rates = { "+44" = 0.5, "+370" = 0.1 }\n' + "\n".join(("[limits]", *lines)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def spending(clock: Clock) -> Spending:
    return Spending(clock)


def test_one_person_may_call_abroad_so_often_in_any_hour(spending: Spending, clock: Clock) -> None:
    s = limited("person_an_hour = 2")
    for _ in range(2):
        assert spending.refusal(s, "anna", True) is None
        spending.began("anna", clock.now)
        clock.now += 20 * MINUTE
    assert spending.refusal(s, "anna", True) == "too-many"
    assert spending.refusal(s, "boris", True) is None and spending.refusal(s, "anna", False) is None
    clock.now += 21 * MINUTE
    assert spending.refusal(s, "anna", True) is None, "an hour has passed since the first"


def test_all_together_may_call_abroad_so_often_in_any_hour(spending: Spending, clock: Clock) -> None:
    s = limited("all_an_hour = 3")
    for person in ("anna", "boris", ""):
        spending.began(person, clock.now)
    assert [spending.refusal(s, person, True) for person in ("anna", "carl")] == ["too-many-together"] * 2


def test_a_limit_of_nothing_is_no_call_at_all(spending: Spending) -> None:
    assert spending.refusal(limited("person_an_hour = 0"), "anna", True) == "too-many"


def test_minutes_abroad_are_those_of_this_day_also_of_talks_that_go_on(spending: Spending, clock: Clock) -> None:
    s = limited("minutes_a_day = 10")
    spending.answered(1, True, 0.5)
    clock.now += 6 * MINUTE
    spending.ended(1)
    spending.answered(2, True, 0.5)
    clock.now += 3 * MINUTE
    assert spending.refusal(s, "anna", True) is None
    clock.now += MINUTE
    assert spending.refusal(s, "anna", True) == "minutes"
    assert spending.refusal(s, "anna", False) is None, "calls at home are refused"
    spending.ended(2)
    clock.now += 24 * HOUR
    assert spending.refusal(s, "anna", True) is None


def test_a_talk_over_midnight_counts_on_the_new_day_only_from_then_on(spending: Spending, clock: Clock) -> None:
    s = limited("minutes_a_day = 10")
    clock.now = beginning(s, NOON + 24 * HOUR) - 30 * MINUTE
    spending.answered(1, True, 0.5)
    clock.now += 35 * MINUTE
    assert spending.refusal(s, "anna", True) is None
    clock.now += 5 * MINUTE
    assert spending.refusal(s, "anna", True) == "minutes"


def test_money_is_that_of_all_calls_by_the_rates_of_the_lines(spending: Spending, clock: Clock) -> None:
    s = limited("money_a_day = 1.5")
    spending.answered(1, True, 0.5)
    spending.answered(2, False, 0.1)
    clock.now += 2 * MINUTE
    spending.ended(1)
    assert spending.refusal(s, "anna", False) is None
    clock.now += 3 * MINUTE
    assert [spending.refusal(s, "anna", costly) for costly in (True, False)] == ["money", "money"]


def test_midnight_is_that_of_the_office_also_when_clocks_change() -> None:
    s = settings(WIRED)
    at = int(datetime(2026, 10, 25, 12, tzinfo=UTC).timestamp()) * 1000  # clocks went back at night
    assert beginning(s, at) == int(datetime(2026, 10, 24, 21, tzinfo=UTC).timestamp()) * 1000


def test_what_was_called_before_a_restart_counts(spending: Spending) -> None:
    s = limited("person_an_hour = 1", "money_a_day = 1.0")
    talks = (("city", NOON - 9 * MINUTE, NOON - 6 * MINUTE), ("desk1", NOON - 9 * MINUTE, NOON))
    rows = [
        Outgoing(NOON - 10 * MINUTE, "+441512345678", "international", "anna", talks),
        Outgoing(NOON - 10 * MINUTE, "+37052000001", "national", "boris", ()),
    ]
    assert earlier(s, rows) == (
        [(NOON - 10 * MINUTE, "anna")],
        [Talk(NOON - 9 * MINUTE, NOON - 6 * MINUTE, True, 0.5)],
    )
    spending.learn(*earlier(s, rows))
    assert [spending.refusal(s, person, True) for person in ("anna", "boris")] == ["too-many", "money"]


# ---- minutes of a line ----------------------------------------------------------------------------------------------


def test_a_line_has_so_many_minutes_a_day_and_a_month_and_a_talk_under_way_counts(clock: Clock) -> None:
    s = settings(WIRED + "minutes_a_day = 10\nminutes_a_month = 25\n")
    minutes = Minutes(clock)
    used = []
    for leg in (1, 2, 3):
        minutes.answered(leg, "city")
        clock.now += 9 * MINUTE
        used.append(minutes.used_up(s, "city"))
        minutes.ended(s, leg)
        clock.now += 24 * HOUR
    assert used == [False, False, True], "27 minutes of this month"
    clock.now += 30 * 24 * HOUR
    assert not minutes.used_up(s, "city")
    minutes.answered(4, "city")
    clock.now += 10 * MINUTE
    assert minutes.used_up(s, "city"), "ten of this day, and he talks still"
    minutes.ended(s, 4)
    assert minutes.used_up(s, "city")


def test_minutes_of_before_a_restart_count_those_of_last_month_do_not(clock: Clock) -> None:
    s = settings(WIRED + "minutes_a_month = 20\n")
    minutes = Minutes(clock)
    minutes.learn(s, [("city", NOON - 40 * 24 * HOUR, NOON - 39 * 24 * HOUR), ("city", NOON - 19 * MINUTE, NOON)])
    assert not minutes.used_up(s, "city")
    minutes.learn(s, [("city", NOON - MINUTE, NOON)])
    assert minutes.used_up(s, "city")


# ---- in the office --------------------------------------------------------------------------------------------------


async def test_beyond_the_limit_a_call_is_refused_told_to_the_house_once_and_help_is_still_called(
    offices: Offices,
) -> None:
    office = offices(limits("person_an_hour = 1"))
    dial(office, ABROAD)
    for leg in (2, 3):
        dial(office, ABROAD, leg=leg)
        assert office.asked("hang up", leg) == [21]
    assert [one["why"] for one in await why(office)] == ["too-many", "too-many"]
    assert [seen for seen in office.witness.seen if seen[0] == "alarm"] == [("alarm", "anna")]
    assert await office.events("alarm") == [{"why": "too-many", "person": "anna"}]
    dial(office, HOME, leg=4)
    dial(office, "112", leg=5)
    assert called(office) == [("city", ABROAD), ("city", HOME), ("city", "112")]


async def test_the_journal_knows_what_was_called_and_how_long_it_lasted(offices: Offices) -> None:
    office = offices(limits())
    dial(office, ABROAD)
    leg = office.leg("city")
    office.control.answered(leg)
    office.control.over(leg, 16)
    office.control.over(CALLER, 16)
    dial(office, HOME, "desk2", 2)
    await office.journal.durable()
    first, second = Reader(office.path).outgoing(0)
    assert (first.number, first.kind, first.person) == ("+442079460958", "international", "anna")
    [(line, since, until)] = first.talks
    assert line == "city" and since <= until
    assert (second.number, second.kind, second.person, second.talks) == ("+37052000001", "national", "boris", ())


async def test_a_line_without_minutes_left_gives_way_to_the_next_and_help_is_called_by_it_still(
    offices: Offices,
) -> None:
    document = TWO_LINES.replace('host = "192.0.2.7"\n', 'host = "192.0.2.7"\nminutes_a_month = 100\n')
    office = offices(document)
    office.control.line("far", True, "")
    office.lines.usable.add("far")
    now = office.control.now()
    office.control.outgoing.minutes.learn(office.control.rules.settings, [("city", now - 100 * MINUTE, now)])
    for leg in (2, 3):
        dial(office, HOME, leg=leg)
        office.control.over(leg, 16)
    dial(office, "112", leg=4)
    assert called(office) == [("far", HOME), ("far", HOME), ("city", "112")]
    assert await office.events("alarm") == [{"why": "line-minutes", "person": "anna", "line": "city"}]
