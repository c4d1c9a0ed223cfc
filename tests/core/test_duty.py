# SPDX-License-Identifier: GPL-2.0-or-later
"""People with duty hours: outside of them queues and chains leave them alone, as if they were off."""

import pytest

from appliance.core import CoreError
from appliance.core.names import Because, Why
from tests.core import plans
from tests.core.box import NINE, Box
from tests.core.plans import Office

HOUR = 3_600_000
TEN, ELEVEN = NINE + HOUR, NINE + 2 * HOUR


def shifts(*, leave_when_empty: bool = False, boris: str = "early") -> Office:
    """Anna is on duty from ten to eleven, Boris from nine to ten; one queue of both, and each by name."""
    office = Office()
    office.hours("early", (NINE, TEN))
    office.hours("late", (TEN, ELEVEN))
    office.person("anna", duty="late")
    office.person("boris", duty=boris)
    empty = {"join_when_empty": not leave_when_empty, "leave_when_empty": leave_when_empty}
    office.queue("sales", "anna boris", max_wait=0, music=False, ring=20, after_no_answer=5, **empty)
    office.line("city", "sales")
    office.line("desks", kind=0)
    office.step("sales", "queue", "sales", next="mailbox")
    office.step("anna", "person", "anna", next="mailbox", extra=25)
    office.step("mailbox", "voicemail", "office")
    office.dial("desks", "101", "anna")
    return office


def test_only_who_is_on_duty_is_rung_and_the_trace_says_when_the_others_are() -> None:
    box = Box(shifts())
    box.arrives("city")
    assert box.wants() == ["boris RINGS A"]
    passed = [t for t in box.why if t.rule == Why.PASSED]
    assert [(box.office.names[t.subject], t.reason, t.detail) for t in passed] == [("anna", Because.OFF_DUTY, TEN)]


def test_a_caller_who_waits_is_rung_through_at_the_moment_duty_begins() -> None:
    box = Box(shifts(boris="late"))
    box.arrives("city")
    assert box.wants() == []
    assert box.core.deadline() == TEN
    assert box.wait(3599) == []
    assert box.wait(1) == ["anna RINGS A", "boris RINGS A"]


def test_a_direct_call_to_the_extension_rings_also_outside_the_duty_hours() -> None:
    box = Box(shifts())
    box.arrives("desks", called="101")
    assert box.wants() == ["anna RINGS A"]


def test_a_chain_passes_over_who_is_off_duty() -> None:
    office = shifts()
    office.chain("both", (10, "anna"), (10, "boris"))
    office.line("backup", "both")
    office.step("both", "chain", "both", next="mailbox")
    box = Box(office)
    box.arrives("backup")
    assert box.wants() == ["boris RINGS A"]


def test_a_queue_in_which_everybody_is_off_duty_is_empty() -> None:
    box = Box(shifts(leave_when_empty=True, boris="late"))
    box.arrives("city")
    assert box.wants() == ["A ANSWERED", "A MAILBOX office"]
    assert "STEP mailbox QUEUE_EMPTY" in box.reasons()


def test_who_waits_when_the_last_duty_ends_waits_no_longer() -> None:
    office = shifts(leave_when_empty=True)
    office.person("anna", duty="early")
    box = Box(office)
    box.status("boris", "break")
    box.arrives("city")
    assert box.wants() == ["anna RINGS A"]
    box.refuses("anna")
    box.reasons()
    assert box.wait(3600)[-2:] == ["A ANSWERED", "A MAILBOX office"]
    assert "STEP mailbox LEFT_EMPTY" in box.reasons()


def test_people_on_duty_are_counted_by_their_hours() -> None:
    office = shifts(boris="early")
    office.line("busy", "two")
    office.step("two", "load", "sales", next="sales", other="mailbox", extra=2, count=2)
    box = Box(office)
    box.arrives("busy")
    assert box.wants() == ["A ANSWERED", "A MAILBOX office"]
    assert [t.detail for t in box.why if t.rule == Why.LOAD] == [1]


def test_available_set_by_hand_does_not_put_anybody_on_duty() -> None:
    box = Box(shifts(boris="late"))
    box.arrives("city")
    box.status("anna", "available")
    assert box.wants() == []


def test_hours_held_open_put_their_people_on_duty_and_held_closed_take_them_off() -> None:
    box = Box(shifts(boris="late"))
    box.arrives("city")
    box.wants()
    box.held("late", "open", 10)
    assert box.wants() == ["anna RINGS A", "boris RINGS A"]
    assert sorted(box.wait(600)) == ["anna STOPS A 19", "boris STOPS A 19"]  # and no more: they are as written again
    box.held("late", "closed")
    assert box.wait(3600) == []


def test_new_settings_may_change_a_duty() -> None:
    box = Box(shifts(boris="late"))
    office = shifts(boris="early")
    box.core.swap(office.plan(), box.now)
    box.arrives("city")
    assert box.wants() == ["boris RINGS A"]
    assert box.core.deadline() is not None


def test_a_duty_by_hours_that_are_not_there_is_no_plan() -> None:
    office = shifts()
    rows = office.rows()
    first = list(rows["PRSN"][0])
    rows["PRSN"][0] = (*first[:7], len(rows["HOUR"]) + 1, first[8])
    with pytest.raises(CoreError, match="plan"):
        Box(office).core.swap(plans.assemble(rows, office.calls_max), NINE)
