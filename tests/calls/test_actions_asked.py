# SPDX-License-Identifier: GPL-2.0-or-later
"""A caller sets something off by a menu: he is asked for a PIN, which nobody else sees, and hears what became of it."""

from collections.abc import Callable

import pytest

from appliance.calls.call import Call, State
from appliance.store.reader import Reader
from tests.calls.office import CALLER, Office
from tests.settings.premises import GATE, HEATING, LAMP, MENU, OFFICE

PHONES = """
[phone.desk1]
[person.anna]
phones = ["desk1"]
"""
DOCUMENT = OFFICE + PHONES + GATE + MENU
Offices = Callable[..., Office]
DONE = "done.wav"


@pytest.fixture
async def office(offices: Offices) -> Office:
    """Mr Kazlauskas has pressed 5 and hears that his PIN is asked for."""
    office = offices(DOCUMENT)
    office.call_in()
    press(office, "5")
    return office


def press(office: Office, keys: str) -> None:
    for key in keys:
        office.control.digit(CALLER, key)


def hears(office: Office) -> str:
    """The prompt being said to him."""
    return office.lines.files[office.call.saying].rpartition("/")[2] if office.call.saying else ""


def became(office: Office, result: str, reason: str = "") -> None:
    office.control.action_became(office.call.id, "gate", result, reason, office.witness.requests[-1])


async def test_the_pin_goes_to_whoever_asks_for_it_once_and_the_caller_hears_that_it_is_done(office: Office) -> None:
    assert hears(office) == "pin.wav"
    press(office, "4711#")
    assert office.witness.actions == ["gate"]
    [request] = office.witness.requests
    assert office.control.action_keys("another") == ""
    assert [office.control.action_keys(request) for _ in range(2)] == ["4711", ""]
    assert not hears(office)
    became(office, "confirmed")
    assert hears(office) == DONE and office.call.attributes == {}


@pytest.mark.parametrize("result", ["denied", "failed", "unconfirmed", "aborted"])
async def test_whatever_else_became_of_it_he_is_at_the_menu_again(office: Office, result: str) -> None:
    press(office, "4711#")
    became(office, result, "a reason")
    assert hears(office) == DONE and office.call.state is State.MENU
    press(office, "5")
    assert hears(office) == "pin.wav"


async def test_no_key_of_a_pin_is_in_the_journal_or_told_to_anybody(office: Office) -> None:
    press(office, "47#")  # too short: asked again, and that was traced with its key
    press(office, "8362#")
    became(office, "confirmed")
    call = office.call
    office.control.over(CALLER, 16)
    await office.journal.durable()
    reader = Reader(office.path)
    shown = [str(event.detail) for event in reader.events(call.id)]
    shown += [str(row) for row in reader.trace(call.id)]
    shown += [str(each) for each in office.witness.seen]
    assert not [each for each in shown if "8362" in each]
    told = [detail for kind, detail in office.witness.seen if kind == "dtmf"]
    assert told == ["5", *["•"] * 8]
    assert [row.detail for row in reader.trace(call.id) if row.rule == 16] == [ord("5"), ord("•")]
    assert call.keys == "5" and call.proof == "" and "8362" not in repr(call)


async def test_who_is_not_on_the_list_hears_what_he_hears_for_a_key_that_does_nothing(offices: Offices) -> None:
    def heard(number: str, keys: str) -> tuple[str, list[str], Call]:
        office.call_in(number)
        office.lines.asked.clear()
        press(office, keys)
        said = (hears(office), [what for what, leg, _ in office.lines.asked if leg == CALLER], office.call)
        office.control.over(CALLER, 16)
        return said

    office = offices(DOCUMENT)
    for number in ("+37060000009", "", "+3706000000", "+370600000011"):
        gate, nothing = heard(number, "5"), heard(number, "6")
        assert gate[:2] == nothing[:2]
        assert gate[2].state is nothing[2].state
    assert not office.witness.actions


async def test_nobody_answers_for_the_gate_and_the_caller_is_not_kept(office: Office) -> None:
    press(office, "4711#")
    request = office.witness.requests[-1]
    office.control.over(CALLER, 16)
    assert office.control.calls == {}
    office.control.action_became(0, "gate", "confirmed", "", request)  # late: nobody waits
    assert office.control.calls == {}


async def test_the_heating_is_set_off_by_a_menu_for_the_list_alone(offices: Offices) -> None:
    menu = MENU.replace('action = "gate"\nprompt = "pin"', 'action = "heating"')
    office = offices(OFFICE + PHONES + HEATING.replace("class = 1", "class = 1\ncalling = false") + menu)
    office.call_in()
    assert not office.witness.actions
    press(office, "5")
    assert office.witness.actions == ["heating"] and office.control.action_keys(office.witness.requests[-1]) == ""
    became(office, "published")
    assert hears(office) == DONE


async def test_who_waits_for_a_second_person_is_told_so(offices: Offices) -> None:
    waiting = 'next = "open"\nwaiting = "soon"\nrefused'
    soon = '[scenario.main.step.soon]\ndo = "say"\nprompt = "pin"\nnext = "mailbox.office"\n'
    office = offices(OFFICE + PHONES + GATE + MENU.replace('next = "open"\nrefused', waiting) + soon)
    office.call_in()
    press(office, "54711#")
    became(office, "waits", "second")
    assert hears(office) == "pin.wav" and office.call.state is State.MENU


async def test_a_call_that_sets_something_off_is_refused_unanswered_and_others_are_not(offices: Offices) -> None:
    office = offices(
        OFFICE + PHONES + LAMP.replace("topic", "reject = true\ntopic") + '[scenario.main]\nopen = "anna"\n'
    )
    office.call_in()
    assert office.witness.actions == ["lamp"]
    assert office.asked("hang up", CALLER) == [21] and not office.asked("answer", CALLER)
    office.control.over(CALLER, 21)
    assert ("ended", "refused") in office.witness.seen and ("missed", "") not in office.witness.seen
    for number in ("+37060000009", ""):
        office.call_in(number)
        assert office.call.state is State.RINGING
        office.control.over(CALLER, 16)
    assert office.witness.actions == ["lamp"] and office.asked("hang up", CALLER) == [21]
