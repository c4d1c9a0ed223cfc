# SPDX-License-Identifier: GPL-2.0-or-later
"""Menus, digits, prompts, look-ups: what is said, what is heard of it, and what is remembered. Telephones as told."""

from collections.abc import Callable

import pytest

from appliance.calls.call import State
from tests.calls.office import CALLER, OFFICE, Office

MORE = """
[prompt.welcome]
file = "/srv/prompts/welcome.wav"
[prompt.order]
file = "/srv/prompts/order.wav"
[lookup.crm]
url = "http://127.0.0.1:9/who?number={caller}&called={called}&line={line}&order={order}&none={topic}"
field = "department"
"""
MENU = """
[scenario.main]
start = "welcome"
[scenario.main.step.welcome]
do = "menu"
prompt = "welcome"
attribute = "topic"
tries = 2
timeout = 1
keys = { 1 = { to = "queue.sales", value = "invoice" }, 2 = "order", 3 = "person.anna" }
[scenario.main.step.order]
do = "collect"
prompt = "order"
attribute = "order"
least = 2
most = 4
next = "who"
[scenario.main.step.who]
do = "look-up"
lookup = "crm"
attribute = "department"
found = "queue.sales"
not_found = "again"
failed = "mailbox.office"
[scenario.main.step.again]
do = "say"
prompt = "welcome"
next = "queue.sales"
"""
DOCUMENT = OFFICE.replace('[scenario.main]\nopen = "sales"\n', MENU) + MORE
Offices = Callable[..., Office]


@pytest.fixture
async def office(offices: Offices) -> Office:
    """The caller hears the menu."""
    office = offices(DOCUMENT)
    office.call_in()
    return office


def hears(office: Office) -> list[str]:
    """The files the caller hears."""
    return sorted(
        office.lines.files[source].rpartition("/")[2] for listener, source in office.lines.heard if listener == CALLER
    )


def times_said(office: Office, prompt: str) -> int:
    return sum(path.endswith(prompt) for path in office.lines.files.values())


def press(office: Office, keys: str) -> None:
    for key in keys:
        office.control.digit(CALLER, key)


async def test_the_caller_is_answered_and_hears_the_menu(office: Office) -> None:
    assert office.asked("answer", CALLER) == [0]
    assert hears(office) == ["welcome.wav"] and office.call.state is State.MENU


async def test_a_key_stops_the_prompt_leads_on_and_is_on_the_display(office: Office) -> None:
    prompt = office.lines.port("welcome.wav")
    press(office, "1")
    assert office.asked("stop", prompt)
    assert office.lines.shown[0] == ("desk1", "+37060000001", "Sales [invoice]: Mr Kazlauskas")
    assert office.call.attributes == {"topic": "invoice"} and office.call.state is State.WAITING
    assert "music.wav" in hears(office)
    office.control.played(prompt)  # it came to its end before it was stopped
    assert office.call.state is State.WAITING
    kept = [event["value"] for event in await office.events("attribute")]
    assert kept[-1] == "invoice"


async def test_an_end_that_comes_late_is_not_taken_for_that_of_the_next_prompt(office: Office) -> None:
    first = office.lines.port("welcome.wav")
    press(office, "2")
    assert office.lines.port("order.wav") and office.call.saying == office.lines.port("order.wav")
    office.control.played(first)
    assert office.call.saying == office.lines.port("order.wav")
    office.control.stopped(first, "")
    assert office.call.saying == office.lines.port("order.wav")


async def test_a_wrong_key_makes_it_be_said_again(office: Office) -> None:
    press(office, "9")
    assert times_said(office, "welcome.wav") == 2 and office.call.state is State.MENU
    press(office, "9")
    assert office.call.state is State.VOICEMAIL


async def test_a_prompt_that_is_missing_never_ends_a_call(office: Office) -> None:
    office.control.stopped(office.lines.port("welcome.wav"), "it cannot be opened")
    assert office.call.state is State.MENU and not office.asked("hang up", CALLER)
    press(office, "1")
    assert office.call.state is State.WAITING


async def test_when_no_player_is_left_the_menu_still_takes_keys(
    offices: Offices, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = offices(DOCUMENT)
    monkeypatch.setattr(office.lines, "play", lambda path, repeat: 0)
    office.call_in()
    assert office.call.state is State.MENU
    press(office, "3")
    assert office.call.ringing_people() == ("anna",)


async def test_a_person_called_from_a_menu_is_waited_for_with_music(office: Office) -> None:
    press(office, "3")
    assert office.call.state is State.RINGING and "music.wav" in hears(office)
    office.control.answered(office.leg("desk1"))
    assert (CALLER, office.lines.port("music.wav")) not in office.lines.heard


async def test_the_caller_hangs_up_in_the_menu(office: Office) -> None:
    prompt = office.lines.port("welcome.wav")
    office.control.over(CALLER, 16)
    assert office.asked("stop", prompt) and not office.control.calls
    office.control.played(prompt)
    office.control.digit(CALLER, "1")
    assert await office.outcome() == "abandoned"


async def test_digits_are_collected_and_asked_about(office: Office) -> None:
    press(office, "2")
    office.control.played(office.lines.port("order.wav"))
    press(office, "47#")
    assert office.call.attributes["order"] == "47"
    [(url, told)] = office.questions.asked
    assert url == ("http://127.0.0.1:9/who?number=%2B37060000001&called=%2B37052000000&line=city&order=47&none=2")
    told("spare parts", "")
    assert office.call.attributes["department"] == "spare parts"
    assert office.lines.shown[0][2] == "Sales [2, 47, spare parts]: Mr Kazlauskas"


async def test_nothing_found_leads_elsewhere(office: Office) -> None:
    press(office, "2")
    press(office, "4711")
    office.questions.asked[0][1]("", "")
    assert "department" not in office.call.attributes and office.call.saying


async def test_a_look_up_that_fails_leads_elsewhere_and_is_written_down(office: Office) -> None:
    press(office, "2")
    press(office, "4711")
    office.questions.asked[0][1](None, "status 500")
    assert office.call.state is State.VOICEMAIL
    [event] = await office.events("look-up")
    assert (event["lookup"], event["failed"]) == ("crm", "status 500")


async def test_an_answer_that_comes_too_late_disturbs_nothing(office: Office) -> None:
    press(office, "2")
    press(office, "4711")
    told = office.questions.asked[0][1]
    told("", "")
    assert office.call.saying, "the prompt after it"
    told(None, "no answer within 2 s")
    assert office.call.saying and office.call.state is State.MENU, "taken for the failure of the prompt"
    office.control.over(CALLER, 16)
    told("sales", "")


async def test_a_long_display_is_cut_and_says_so(offices: Offices) -> None:
    office = offices(DOCUMENT)
    office.call_in()
    office.call.attributes.update(a="x" * 31, b="y" * 31, c="")
    press(office, "1")
    shown = office.lines.shown[0][2]
    assert shown.startswith("Sales [xxx") and shown.endswith("…]: Mr Kazlauskas") and len(shown) < 70


async def test_callers_who_are_kept_out_by_silence_hear_ringing_and_nobody_is_asked(offices: Offices) -> None:
    office = offices(
        DOCUMENT.replace(
            "[callers.regulars]", '[callers.pests]\nprefixes = ["+37069"]\nrefuse = "silence"\n[callers.regulars]'
        )
    )
    office.call_in("+37069000001")
    assert office.asked("ringing", CALLER) == [0] and not office.asked("answer", CALLER)
    assert not office.questions.asked and not office.lines.shown


async def test_settings_that_take_a_prompt_away_leave_the_calls_under_way_theirs(office: Office) -> None:
    office.apply(OFFICE)
    press(office, "9")
    assert times_said(office, "welcome.wav") == 2
    press(office, "1")
    assert office.call.attributes["topic"] == "invoice" and office.call.queue == "sales"
