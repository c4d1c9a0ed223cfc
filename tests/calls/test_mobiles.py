# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobiles of our people: rung outside by the lines in turn, and taken only by whoever presses 1."""

import asyncio
from collections.abc import Callable

import pytest

from appliance.calls import confirm
from appliance.calls.call import State
from tests.calls.desks import hang_up, hears_music, press, talk
from tests.calls.office import CALLER, OFFICE, Office

ANNA, BORIS = "+37061111111", "+37062222222"
MOBILES = (
    OFFICE.replace('extension = "101"', f'extension = "101"\nmobile = "{ANNA}"')
    .replace('extension = "102"', f'extension = "102"\nmobile = "{BORIS}"')
    .replace('people = ["anna", "boris"]', 'people = ["anna.all", "boris"]')
    .replace('lines = ["city"]\n[action', 'lines = ["city", "backup"]\n[action')
    + '[line.backup]\nkind = "sip"\nhost = "192.0.2.8"\n'
)
ALONE = MOBILES.replace('["anna.all", "boris"]', '["anna.mobile"]')
BOTH = MOBILES.replace('["anna.all", "boris"]', '["anna.mobile", "boris.mobile"]')
Offices = Callable[..., Office]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a key."""
    monkeypatch.setattr(confirm, "AGAIN_AFTER", 0.0)
    monkeypatch.setattr(confirm, "LAST_WAIT", 0.0)


def put_up(offices: Offices, document: str = MOBILES) -> Office:
    office = offices(document)
    office.control.line("backup", True, "")
    office.lines.usable.add("backup")
    return office


async def said_thrice(office: Office) -> None:
    """The words are played as often as they are said, and nobody presses anything."""
    for _ in range(confirm.TIMES):
        before = len(office.lines.files)
        office.control.played(office.lines.port("confirm.wav"))
        for _ in range(10):
            await asyncio.sleep(0)
            if len(office.lines.files) > before:
                break


def bridged(office: Office, leg: int) -> bool:
    return {(CALLER, leg), (leg, CALLER)} <= office.lines.heard


async def test_a_mobile_rings_beside_the_telephones_and_who_presses_1_has_the_call(offices: Offices) -> None:
    office = put_up(offices)
    office.call_in()
    assert ("city", ANNA, "Sales: Mr Kazlauskas") in office.lines.shown
    mobile = office.leg("city")
    office.control.rang(mobile)
    office.control.answered(mobile)
    assert office.call.state is State.WAITING and not bridged(office, mobile)
    assert (mobile, office.lines.port("confirm.wav")) in office.lines.heard
    assert not office.asked("hang up", office.leg("desk1")), "her telephone stopped before she had the call"
    office.control.digit(mobile, "1")
    assert bridged(office, mobile) and office.call.person == "anna"
    assert office.asked("stop", office.lines.port("confirm.wav"))
    assert office.asked("hang up", office.leg("desk1")) == office.asked("hang up", office.leg("desk2")) == [26]
    office.control.digit(mobile, "7")
    assert office.asked("press 7", CALLER), "the talk goes on as any other"
    assert await office.events("confirm") == [{"person": "anna", "line": "city", "result": "taken"}]


async def test_the_voicemail_of_a_mobile_never_answers_for_the_group(offices: Offices, at_once: None) -> None:
    """fusionpbx#1220"""
    office = put_up(offices)
    office.call_in()
    mobile = office.leg("city")
    office.control.answered(mobile)
    await said_thrice(office)
    assert office.asked("hang up", mobile) == [19] and not bridged(office, mobile)
    office.control.over(mobile, 19)
    assert office.control.person_states()["anna"] == "ringing" and not office.asked("hang up", office.leg("desk1"))
    office.control.answered(office.leg("desk2"))
    assert office.call.person == "boris"
    assert await office.events("confirm") == [{"person": "anna", "line": "city", "result": "no key"}]


async def test_the_voicemail_of_a_mobile_alone_leaves_the_caller_to_our_mailbox(
    offices: Offices, at_once: None
) -> None:
    office = put_up(offices, ALONE.replace("[queue.sales]", "[queue.sales]\nmax_wait = 1"))
    office.call_in()
    mobile = office.leg("city")
    office.control.answered(mobile)
    await said_thrice(office)
    office.control.over(mobile, 19)
    while office.call.state is not State.VOICEMAIL:
        await asyncio.sleep(0.05)
    assert not bridged(office, mobile)


async def test_every_mobile_of_a_group_is_rung_not_only_the_first(offices: Offices) -> None:
    """fusionpbx#1232"""
    office = put_up(offices, BOTH)
    office.call_in()
    assert [number for _, number, _ in office.lines.shown] == [ANNA, BORIS]


async def test_each_mobile_of_a_group_is_asked_to_press_1(offices: Offices) -> None:
    """fusionpbx#1165"""
    office = put_up(offices, BOTH)
    office.call_in()
    anna, boris = office.lines.legs["city"]
    office.control.answered(anna)
    office.control.answered(boris)
    assert not bridged(office, anna) and not bridged(office, boris)
    office.control.digit(boris, "1")
    assert bridged(office, boris) and office.call.person == "boris"
    assert office.asked("hang up", anna) == [26]
    office.control.digit(anna, "1")
    assert not bridged(office, anna)


async def test_a_line_that_fails_gives_way_to_the_next(offices: Offices) -> None:
    office = put_up(offices, ALONE)
    office.call_in()
    office.control.over(office.leg("city"), 42)
    assert office.lines.shown[-1] == ("backup", ANNA, "Sales: Mr Kazlauskas")
    office.control.rang(office.leg("backup"))
    assert office.control.person_states()["anna"] == "ringing"


async def test_a_line_that_is_down_is_not_tried(offices: Offices) -> None:
    office = put_up(offices, ALONE)
    office.lines.usable.remove("city")
    office.call_in()
    assert [line for line, _, _ in office.lines.shown] == ["backup"]


async def test_a_mobile_that_declines_is_not_called_again_by_the_next_line(offices: Offices) -> None:
    office = put_up(offices)
    office.call_in()
    mobile = office.leg("city")
    office.control.rang(mobile)
    office.control.over(mobile, 17)
    assert "backup" not in office.lines.legs
    assert office.control.person_states()["anna"] == "ringing", "her telephone rings on"


async def test_another_key_refuses_the_call(offices: Offices) -> None:
    office = put_up(offices, ALONE)
    office.call_in()
    mobile = office.leg("city")
    office.control.answered(mobile)
    office.control.digit(mobile, "3")
    assert office.asked("hang up", mobile) == [21]
    office.control.digit(mobile, "1")
    assert not bridged(office, mobile)
    office.control.over(mobile, 21)
    assert office.control.person_states()["anna"] == "free"


async def test_hanging_up_instead_of_pressing_refuses_the_call(offices: Offices) -> None:
    office = put_up(offices, ALONE)
    office.call_in()
    mobile = office.leg("city")
    office.control.answered(mobile)
    office.control.over(mobile, 16)
    assert office.call.state is State.WAITING and office.control.person_states()["anna"] == "free"
    assert await office.events("confirm") == [{"person": "anna", "line": "city", "result": "refused"}]


async def test_her_telephone_answers_while_the_mobile_is_asked(offices: Offices) -> None:
    office = put_up(offices)
    office.call_in()
    mobile = office.leg("city")
    office.control.answered(mobile)
    office.control.answered(office.leg("desk1"))
    assert bridged(office, office.leg("desk1")) and office.asked("hang up", mobile) == [26]
    assert office.asked("stop", office.lines.port("confirm.wav"))
    office.control.digit(mobile, "1")
    assert not bridged(office, mobile)


async def test_the_caller_hangs_up_while_the_mobile_is_asked(offices: Offices) -> None:
    office = put_up(offices, ALONE)
    office.call_in()
    mobile = office.leg("city")
    office.control.answered(mobile)
    office.control.over(CALLER, 16)
    assert office.asked("hang up", mobile) == [16]
    office.control.digit(mobile, "1")
    assert not bridged(office, mobile) and await office.outcome() == "abandoned"


async def test_who_needs_not_confirm_has_the_call_at_once(offices: Offices) -> None:
    office = put_up(offices, ALONE.replace(f'mobile = "{ANNA}"', f'mobile = "{ANNA}"\nconfirm = false'))
    office.call_in()
    mobile = office.leg("city")
    office.control.answered(mobile)
    assert bridged(office, mobile)


async def test_words_that_cannot_be_played_do_not_keep_the_key_from_counting(offices: Offices) -> None:
    office = put_up(offices, ALONE)
    office.call_in()
    mobile = office.leg("city")
    office.control.answered(mobile)
    office.control.stopped(office.lines.port("confirm.wav"), "it cannot be opened")
    office.control.digit(mobile, "1")
    assert bridged(office, mobile)


async def test_a_transfer_to_a_number_outside_is_confirmed_too_and_stays_a_call_that_came_in(
    offices: Offices,
) -> None:
    document = MOBILES.replace(
        '[scenario.main]\nopen = "sales"',
        '[scenario.main]\nstart = "out"\n[scenario.main.step.out]\ndo = "transfer"\nnumber = "+37063333333"\n'
        'lines = ["backup"]\nconfirm = true',
    )
    office = put_up(offices, document)
    office.call_in()
    assert office.lines.shown == [("backup", "+37063333333", "Mr Kazlauskas")]
    out = office.leg("backup")
    office.control.answered(out)
    assert not bridged(office, out)
    office.control.digit(out, "1")
    assert bridged(office, out)
    assert (office.call.direction, office.call.line) == ("in", "city")
    assert office.call.lines_used() == {"city", "backup"}


async def test_the_mobile_is_a_leg_of_its_own_in_the_journal_answered_only_when_taken(
    offices: Offices, at_once: None
) -> None:
    office = put_up(offices)
    office.call_in()
    mobile = office.leg("city")
    office.control.answered(mobile)
    await said_thrice(office)
    office.control.over(mobile, 19)
    await office.journal.durable()
    [leg] = [leg for leg in office.legs() if leg.kind == "mobile"]
    assert (leg.party, leg.answered_at, leg.cause) == ("city", None, 19)


async def test_who_asks_a_colleague_from_his_mobile_talks_on_with_him_when_the_customer_leaves(
    offices: Offices,
) -> None:
    office = put_up(offices, ALONE)
    office.call_in()
    mobile = office.leg("city")
    office.control.answered(mobile)
    office.control.digit(mobile, "1")
    press(office, mobile, "*2102#")
    assert hears_music(office, CALLER) and office.lines.shown[-1] == ("desk2", "101", "Anna")
    office.control.answered(office.leg("desk2"))
    hang_up(office, CALLER)
    assert talk(office, mobile, office.leg("desk2"))
    [call] = office.control.calls.values()
    assert (call.caller_person, call.person) == ("anna", "boris")
    assert office.control.outgoing.occupied("city") == 1 and office.control.person_states()["anna"] == "talking"
    press(office, mobile, "##101#")
    hang_up(office, mobile)
    assert office.control.outgoing.occupied("city") == 0 and office.leg("desk1"), "and sends him on"
