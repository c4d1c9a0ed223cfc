# SPDX-License-Identifier: GPL-2.0-or-later
"""Codes that change something, calls that knock, intercom, paging, calls back: real core, settings, journal."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from appliance.calls.call import Person
from appliance.calls.callback import Wish
from appliance.calls.clock import now_ms
from appliance.calls.features import is_time, until
from tests.calls.desks import ANNA, BORIS, CILE, THREE, Desk, calls, code, customer, hang_up, hears_music, press, talk
from tests.calls.office import CALLER, Office


@pytest.fixture
async def office(offices: Callable[..., Office]) -> Office:
    office = offices(THREE)
    office.register(CILE, 1)
    return office


# ---- codes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "status"),
    [("*61", "break"), ("*62", "away"), ("*63", "meeting"), ("*64", "off"), ("*60", "available")],
)
async def test_a_status_is_dialled(office: Office, number: str, status: str) -> None:
    code(office, ANNA, number)
    assert (office.control.people["anna"].status, office.control.people["anna"].source) == (status, "phone")
    assert not calls(office) and await office.outcome() == "self-service"


async def test_a_break_that_is_dialled_ends_by_itself(offices: Callable[..., Office]) -> None:
    office = offices(THREE + "[features]\nbreak_lasts = 600\n")
    code(office, ANNA, "*61")
    until = office.control.people["anna"].until
    assert until is not None and 590_000 < until - office.control.now() <= 600_000
    code(office, ANNA, "*60")
    assert office.control.people["anna"].until is None


@pytest.mark.parametrize(("number", "status", "minutes"), [("*6115", "break", 15), ("*63999", "meeting", 999)])
async def test_a_status_is_dialled_for_so_many_minutes(office: Office, number: str, status: str, minutes: int) -> None:
    code(office, ANNA, number)
    anna = office.control.people["anna"]
    assert anna.status == status and anna.until is not None
    assert 0 <= minutes * 60_000 - (anna.until - anna.since) < 1000


@pytest.mark.parametrize(
    ("keys", "now", "ends"),
    [
        ("1430", "2026-06-01 12:00", "2026-06-01 14:30"),
        ("1430", "2026-06-01 14:30", "2026-06-02 14:30"),
        ("0000", "2026-06-01 12:00", "2026-06-02 00:00"),
        ("0200", "2026-10-24 20:00", "2026-10-25 02:00"),  # the clocks are set back an hour later
        ("90", "2026-06-01 12:00", "2026-06-01 13:30"),
    ],
)
def test_a_status_ends_at_a_time_of_day(keys: str, now: str, ends: str) -> None:
    zone = ZoneInfo("Europe/Vilnius")
    at, then = (round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000) for text in (now, ends))
    assert is_time(keys) and until(keys, at, zone) == then


@pytest.mark.parametrize("keys", ["0", "000", "2400", "1260", "12345", "1*", "²"])
async def test_what_is_no_time_is_no_number(office: Office, keys: str) -> None:
    assert not is_time(keys)
    Desk(office, ANNA).dials("*61" + keys)
    assert office.control.people["anna"].status == "available"


# ---- reminders ------------------------------------------------------------------------------------------------------


async def reminded(office: Office, person: str, after: int = 0) -> int:
    """Until he was, later than that."""
    async with asyncio.timeout(20):
        while (found := office.control.people[person].reminded or 0) <= after:
            await asyncio.sleep(0.02)
    return found


async def test_who_is_on_a_break_for_long_is_told_so_again_and_again(offices: Callable[..., Office]) -> None:
    office = offices(THREE + "[status]\nremind_after = 1\n")
    office.control.set_status("anna", "break", "")
    office.control.set_status("boris", "off", "")
    since = office.control.people["anna"].since
    first = await reminded(office, "anna")
    assert first - since >= 990
    leg = Desk(office, ANNA).answers()
    assert ("desk1", "101", "You are on a break.") in office.lines.shown
    beep = office.lines.port("beep.wav")
    assert (leg, beep) in office.lines.heard
    office.control.played(beep)
    assert office.asked("hang up", leg)
    assert await reminded(office, "anna", first) - first >= 990
    office.control.set_status("anna", "available", "")
    assert office.control.people["anna"].reminded is None
    assert office.control.people["boris"].reminded is None and not office.lines.legs.get(BORIS)
    assert {one["status"] for one in await office.events("reminded")} == {"break"}


async def test_pages_alone_are_told_where_telephones_are_not_to_ring(offices: Callable[..., Office]) -> None:
    office = offices(THREE + '[status]\nremind_after = 1\nring = false\nremind = ["away"]\n')
    office.control.set_status("anna", "away", "")
    await reminded(office, "anna")
    assert not office.lines.legs.get(ANNA)


async def test_a_reminder_is_due_after_a_restart_as_it_was_before(offices: Callable[..., Office]) -> None:
    long_ago = Person("meeting", since=now_ms() - 3_600_000)
    office = offices(THREE + "[status]\nremind_after = 3600\n", people={"anna": long_ago})
    await reminded(office, "anna")
    assert not office.control.people["boris"].reminded


# ---- do not disturb, forwarding -------------------------------------------------------------------------------------


async def test_who_is_not_to_be_disturbed_is_rung_by_no_queue_and_called_by_nobody(office: Office) -> None:
    code(office, ANNA, "*78")
    office.call_in()
    assert Desk(office, BORIS).rings() and not office.lines.legs.get(ANNA)
    hang_up(office, CALLER)
    cile = Desk(office, CILE).dials("101")
    assert not office.lines.legs.get(ANNA) and office.asked("answer", cile)  # her mailbox
    hang_up(office, cile)
    code(office, ANNA, "*79")
    Desk(office, CILE).dials("101")
    assert Desk(office, ANNA).rings()


async def test_calls_to_me_go_where_i_dialled(office: Office) -> None:
    code(office, ANNA, "*72103")
    boris = Desk(office, BORIS).dials("101")
    cile = Desk(office, CILE).answers()
    assert talk(office, boris, cile) and not office.lines.legs.get(ANNA)
    hang_up(office, boris)
    hang_up(office, cile)
    office.call_in()
    assert Desk(office, ANNA).rings(), "a queue asks for her, not for her extension"
    hang_up(office, CALLER)
    code(office, ANNA, "*73")
    Desk(office, CILE).dials("101")
    assert Desk(office, ANNA).rings()


async def test_calls_to_me_go_to_my_mobile_when_i_do_not_answer(office: Office) -> None:
    code(office, ANNA, "*920860000009")
    boris = Desk(office, BORIS).dials("101")
    hang_up(office, office.leg(ANNA))
    assert office.lines.shown[-1][:2] == ("city", "860000009")
    office.control.answered(office.leg("city"))
    assert talk(office, boris, office.leg("city"))
    assert {number for number, _ in office.lines.displays[boris]} == {"101"}, "my own number is nobody's business"


async def test_who_is_sent_on_to_a_number_outside_sees_that(office: Office) -> None:
    code(office, ANNA, "*72103")
    boris = Desk(office, BORIS).dials("101")
    cile = Desk(office, CILE).answers()
    press(office, cile, "##0860000009#")
    office.control.answered(office.leg("city"))
    assert office.lines.displays[boris][-1][0] == "+37060000009"


async def test_calls_to_me_go_elsewhere_while_i_talk(office: Office) -> None:
    code(office, ANNA, "*90103")
    customer(office)
    boris = Desk(office, BORIS).dials("101")
    assert talk(office, boris, Desk(office, CILE).answers())


async def test_two_who_forward_to_each_other_end_in_a_mailbox(office: Office) -> None:
    code(office, ANNA, "*72102")
    code(office, BORIS, "*72101")
    cile = Desk(office, CILE).dials("101")
    rung = office.leg(ANNA)  # each forwards once, then the first is rung
    hang_up(office, rung)
    assert office.asked("answer", cile)


@pytest.mark.parametrize("number", ["*72999", "*72112", "*720112"])
async def test_nobody_forwards_to_nowhere_or_to_the_police(office: Office, number: str) -> None:
    code(office, ANNA, number)
    assert not office.control.people["anna"].forward_always
    [told] = await office.events("feature")
    assert not told["done"]


async def test_what_was_dialled_is_known_after_a_restart_and_over_another_status(
    offices: Callable[..., Office],
) -> None:
    office = offices(THREE, people={"anna": Person(dnd=True, forward_busy="103")})
    office.register(CILE, 1)
    office.call_in()
    assert not office.lines.legs.get(ANNA) and Desk(office, BORIS).rings()
    office.control.set_status("anna", "break", "")
    office.control.set_status("anna", "available", "")
    assert office.control.people["anna"].dnd and office.control.people["anna"].forward_busy == "103"


# ---- call waiting ---------------------------------------------------------------------------------------------------


async def test_a_second_call_knocks_and_both_are_mine(office: Office) -> None:
    anna = customer(office)
    cile = Desk(office, CILE).dials("101")
    assert Desk(office, ANNA).rings()
    office.control.held(anna, True)  # as telephones do
    second = Desk(office, ANNA).answers()
    assert talk(office, cile, second) and hears_music(office, CALLER)
    hang_up(office, second)
    office.control.held(anna, False)
    assert talk(office, CALLER, anna)


async def test_who_wants_no_second_call_is_busy(offices: Callable[..., Office]) -> None:
    office = offices(THREE.replace('extension = "101"', 'extension = "101"\ncall_waiting = false'))
    office.register(CILE, 1)
    anna = customer(office)
    cile = Desk(office, CILE).dials("101")
    assert office.leg(ANNA) == anna and office.asked("answer", cile)


async def test_a_second_caller_who_gives_up_knocks_no_longer(office: Office) -> None:
    customer(office)
    cile = Desk(office, CILE).dials("101")
    hang_up(office, cile)
    assert not Desk(office, ANNA).rings()
    assert len(calls(office)) == 1


# ---- intercom, paging, call back --------------------------------------------------------------------------------------


async def test_an_intercom_is_answered_by_itself(office: Office) -> None:
    anna = Desk(office, ANNA).dials("*80102")
    assert office.lines.called_at_once == [BORIS]
    assert talk(office, anna, Desk(office, BORIS).answers())


async def test_a_page_is_heard_at_every_telephone_but_those_that_talk(office: Office) -> None:
    customer(office, BORIS)
    anna = Desk(office, ANNA).dials("*81")
    assert office.lines.called_at_once == ["cordless", CILE]
    cile = Desk(office, CILE).answers()
    assert (cile, anna) in office.lines.heard and (anna, cile) not in office.lines.heard
    hang_up(office, anna)
    assert office.asked("hang up", cile)


async def test_i_am_called_as_soon_as_a_colleague_is_free(office: Office) -> None:
    boris = customer(office, BORIS)
    code(office, ANNA, "*37102")
    assert not Desk(office, ANNA).rings() or office.asked("hang up", office.leg(ANNA))
    hang_up(office, boris)
    hang_up(office, CALLER)
    assert Desk(office, ANNA).rings()
    anna = Desk(office, ANNA).answers()
    assert talk(office, anna, Desk(office, BORIS).answers())
    assert not office.control.desk.call_back.wishes


async def test_i_am_called_though_the_box_started_anew_meanwhile(offices: Callable[..., Office]) -> None:
    before = offices(THREE)
    customer(before, BORIS)
    code(before, ANNA, "*37102")
    [wish] = before.control.desk.call_back.wishes.values()
    before.close()
    office = offices(THREE)
    gone = [Wish("nobody", ANNA, "boris", wish.until), Wish("boris", BORIS, "anna", office.control.now())]
    office.control.desk.call_back.learn([wish, *gone])
    office.register(BORIS, 1)
    assert Desk(office, ANNA).rings() and not Desk(office, BORIS).rings()
