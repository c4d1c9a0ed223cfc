# SPDX-License-Identifier: GPL-2.0-or-later
"""What the core is told of callers, people, hours and days. Real core; telephones as told."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from appliance.calls import hours as calls_hours
from appliance.calls.call import Person, State
from appliance.calls.caller import read, who_calls
from appliance.calls.clock import now_ms
from appliance.calls.history import History, Known, earlier
from appliance.calls.hours import Midnight, Override, midnight_after
from appliance.calls.ports import Vouched
from appliance.core import CoreError
from appliance.core.names import Past, Trust
from tests.calls.office import CALLER, OFFICE, Office

Offices = Callable[..., Office]
NUMBER, OTHER = "+37060000001", "+37060000002"


def trusting(trust: str) -> str:
    return OFFICE.replace('host = "192.0.2.7"', f'host = "192.0.2.7"\ntrust = "{trust}"')


def graph(first: str) -> str:
    """The office with a graph of one step in front of the queue."""
    return OFFICE.replace(
        '[scenario.main]\nopen = "sales"', f'[scenario.main]\nstart = "first"\n[scenario.main.step.first]\n{first}'
    )


# ---- who calls ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "number", "asserted", "seen", "trust"),
    [
        ("claimed", NUMBER, "", NUMBER, Trust.CLAIMED),
        ("claimed", NUMBER, OTHER, NUMBER, Trust.CLAIMED),
        ("asserted", NUMBER, "", NUMBER, Trust.CLAIMED),
        ("asserted", NUMBER, OTHER, OTHER, Trust.ASSERTED),
        ("asserted", "", OTHER, "", Trust.NONE),
        ("network", NUMBER, "", NUMBER, Trust.NETWORK),
        ("network", NUMBER, OTHER, OTHER, Trust.NETWORK),
        ("network", "", "", "", Trust.NONE),
    ],
)
async def test_how_far_a_number_is_believed(
    offices: Offices, line: str, number: str, asserted: str, seen: str, trust: Trust
) -> None:
    rules = offices(trusting(line)).control.rules
    who = who_calls(rules, "city", None, number, "He himself", Vouched(asserted))
    assert (who.number, who.trust, who.person) == (seen, trust, "")


@pytest.mark.parametrize(
    ("line", "asserted", "stir", "trust"),
    [
        ("claimed", "", "passed", Trust.NETWORK),
        ("asserted", NUMBER, "passed", Trust.NETWORK),
        ("proven", "", "passed", Trust.PROVEN),
        ("network", NUMBER, "failed", Trust.CLAIMED),
        ("asserted", NUMBER, "", Trust.ASSERTED),
    ],
)
async def test_a_checked_number_is_believed_as_far_as_the_check_went_where_the_line_is_said_to_check(
    offices: Offices, line: str, asserted: str, stir: str, trust: Trust
) -> None:
    text = trusting(line)
    office = offices(text.replace('host = "192.0.2.7"', 'host = "192.0.2.7"\nstir = true'))
    vouched = Vouched(asserted, stir)
    assert who_calls(office.control.rules, "city", None, NUMBER, "", vouched).trust is trust
    office.apply(text)
    unchecked = who_calls(office.control.rules, "city", None, NUMBER, "", Vouched(asserted))
    assert who_calls(office.control.rules, "city", None, NUMBER, "", vouched) == unchecked


async def test_who_signs_his_own_number_is_not_believed_to_be_whom_he_says_he_is(offices: Offices) -> None:
    rules = offices(trusting("claimed").replace('host = "192.0.2.7"', 'host = "192.0.2.7"\nstir = true')).control.rules
    who = who_calls(rules, "city", None, NUMBER, "", Vouched(OTHER, "passed"))
    assert (who.number, who.trust) == (OTHER, Trust.NETWORK)
    assert who_calls(rules, "city", None, NUMBER, "", Vouched(OTHER, "failed")).trust is Trust.CLAIMED
    assert who_calls(rules, "city", None, "", "", Vouched(OTHER, "passed")).trust is Trust.NONE


async def test_our_own_telephones_are_ours(offices: Offices) -> None:
    rules = offices().control.rules
    assert who_calls(rules, "desk1", "anna", "boss", "The boss", Vouched())[1:] == ("Anna", "anna", Trust.OURS)
    assert who_calls(rules, "desk9", "", "boss", "The boss", Vouched()) == ("desk9", "desk9", "", Trust.OURS)


async def test_a_vouched_number_leads_another_way_than_one_that_is_only_claimed(offices: Offices) -> None:
    step = 'do = "trust"\nleast = "asserted"\nenough = "queue.sales"\nless = "mailbox.office"'
    office = offices(graph(step).replace('host = "192.0.2.7"', 'host = "192.0.2.7"\ntrust = "asserted"'))
    office.call_in(vouched=Vouched(NUMBER))
    assert office.call.state is State.WAITING
    office.control.over(CALLER, 16)
    office.call_in(leg=2)
    assert office.call.state is State.VOICEMAIL


async def test_numbers_are_read_as_the_line_writes_them(offices: Offices) -> None:
    rewrite = 'rewrite = { "00" = "+", "8" = "+370" }'
    rules = offices(OFFICE.replace('host = "192.0.2.7"', f'host = "192.0.2.7"\n{rewrite}')).control.rules
    assert read(rules, "city", "0049301234567") == "+49301234567"
    assert read(rules, "city", "860000001") == NUMBER


# ---- callers' history -----------------------------------------------------------------------------------------------


def history(of: str) -> str:
    return graph(f'do = "history"\nof = "{of}"\nyes = "person.anna"\nno = "mailbox.office"')


async def test_a_caller_nobody_spoke_to_is_known_when_he_calls_again(offices: Offices) -> None:
    office = offices(history("missed-last"))
    office.call_in()
    assert office.call.state is State.VOICEMAIL
    office.control.over(CALLER, 16)
    office.control.stopped(office.lines.port("greeting.wav"), "")
    office.call_in(leg=2)
    assert office.call.ringing_people() == ("anna",)
    office.control.answered(office.leg("desk1"))
    office.control.over(2, 16)
    assert office.control.history.of(NUMBER) == (Past.CALLED_BEFORE, "anna")
    office.call_in(OTHER, leg=3)
    assert office.call.state is State.VOICEMAIL


async def test_a_caller_gets_to_whom_he_spoke_last(offices: Offices) -> None:
    office = offices(graph('do = "last-person"\nunanswered = "mailbox.office"'))
    office.control.history.learn(earlier([(NUMBER, False, "boris", 1), (OTHER, False, "somebody-who-left", 1)]))
    office.call_in()
    assert office.call.ringing_people() == ("boris",)
    office.call_in(OTHER, leg=2)
    assert [call.state for call in office.control.calls.values()][1] is State.VOICEMAIL


async def test_a_return_call_reaches_who_tried_to_reach_him(offices: Offices) -> None:
    """NethServer/dev#7149"""
    office = offices(graph('do = "last-person"\nunanswered = "mailbox.office"'))
    office.control.incoming(9, "desk2", True, "desk2", "", "0860000001")
    office.control.over(office.leg("city"), 19)
    office.control.over(9, 19)
    office.call_in(leg=2)
    assert office.call.ringing_people() == ("boris",)


def test_what_the_journal_says_of_callers_and_of_those_we_called() -> None:
    visits = [(NUMBER, True, "anna", 5), (OTHER, False, "anna", 9)]
    known = earlier(visits, [(OTHER, "boris", 7), (NUMBER, "boris", 8), ("+37060000003", "boris", 8)])
    assert known == {
        NUMBER: Known(True, True, "boris"),  # he tried to reach the caller after she had spoken to him
        OTHER: Known(True, False, "anna"),
        "+37060000003": Known(False, False, "boris"),
    }


def test_the_numbers_longest_silent_are_forgotten_first() -> None:
    known = History(most=3)
    known.learn({f"+{n}": Known(True, True, "") for n in range(5)})
    assert [len(known), known.of("+1")[0], known.of("+2")[0]] == [3, 0, Past.CALLED_BEFORE | Past.MISSED_LAST]


async def test_what_came_since_the_start_is_newer_than_the_journal(offices: Offices) -> None:
    office = offices()
    office.call_in()
    office.control.over(CALLER, 16)
    office.control.history.learn({NUMBER: Known(True, False, "anna"), OTHER: Known(True, False, "boris")})
    assert office.control.history.of(NUMBER) == (Past.CALLED_BEFORE | Past.MISSED_LAST, "anna")
    assert office.control.history.of(OTHER) == (Past.CALLED_BEFORE, "boris")
    assert office.control.history.of("") == (Past(0), "")


# ---- hours and days -------------------------------------------------------------------------------------------------

HOURS = OFFICE.replace('open = "sales"', 'hours = "never"\nopen = "sales"\nclosed = "office"') + "[hours.never]\n"


async def test_hours_are_held_open_until_a_time_and_then_as_written_again(offices: Offices) -> None:
    """FreePBX/issue-tracker#534"""
    office = offices(HOURS)
    office.call_in()
    assert office.call.state is State.VOICEMAIL
    office.control.over(CALLER, 16)
    until = office.control.now() + 300
    office.control.override("never", "open", until)
    assert office.control.overrides == {"never": Override("open", until)} and office.witness.hours == ["never"]
    office.call_in(leg=2)
    assert office.call.state is State.WAITING
    office.control.over(2, 16)
    while office.control.overrides:
        await asyncio.sleep(0.05)
    assert office.witness.hours == ["never", "never"]
    office.call_in(leg=3)
    assert office.call.state is State.VOICEMAIL
    assert [event["mode"] for event in await office.events("override")] == ["open"]


async def test_hours_held_open_are_as_written_when_somebody_says_so(offices: Offices) -> None:
    office = offices(HOURS)
    office.control.override("never", "open", None)
    office.control.override("never", "as-written", None)
    office.call_in()
    assert office.call.state is State.VOICEMAIL and not office.control.overrides
    with pytest.raises(KeyError):
        office.control.override("nowhere", "open", None)


async def test_hours_stay_held_after_a_restart_also_when_the_memory_is_lost(offices: Offices) -> None:
    later = now_ms() + 60_000
    office = offices(HOURS, overrides={"never": Override("open", later), "gone": Override("open")})
    office.call_in()
    assert office.call.state is State.WAITING and set(office.control.overrides) == {"never"}


def test_midnight_is_that_of_the_office() -> None:
    zone = ZoneInfo("Europe/Vilnius")  # UTC+2 in winter, +3 in summer from 28 March 2027
    at = datetime(2027, 3, 27, 22, 30, tzinfo=UTC).timestamp() * 1000
    assert midnight_after(int(at), zone) == datetime(2027, 3, 28, 21, 0, tzinfo=UTC).timestamp() * 1000


async def test_a_day_that_ended_while_we_were_off_begins_anew_too(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [datetime(2026, 12, 1, 21, 59, 59, tzinfo=UTC).timestamp() * 1000]
    monkeypatch.setattr(calls_hours, "now_ms", lambda: int(now[0]))
    monkeypatch.setattr(calls_hours, "LOOK_EVERY", 0.01)
    passed: list[int] = []
    midnight = Midnight(lambda: ZoneInfo("Europe/Vilnius"), lambda: passed.append(1))
    midnight.start(None)
    assert not passed
    now[0] += 1000
    while not passed:
        await asyncio.sleep(0.01)
    midnight.close()
    midnight.start(int(now[0]) - 2000)
    assert len(passed) == 2
    midnight.close()


# ---- people who let calls ring --------------------------------------------------------------------------------------

PAUSING = OFFICE.replace('extension = "101"', 'extension = "101"\npause_after = 2\npause_for = 600').replace(
    "[queue.sales]", "[queue.sales]\nring_for = 1\nagain_after_no_answer = 0"
)


async def test_who_lets_too_many_calls_ring_is_paused_until_he_says_that_he_is_back(offices: Offices) -> None:
    """FreePBX/issue-tracker#816"""
    office = offices(PAUSING)
    for leg in (11, 12):
        office.call_in(leg=leg)
        office.control.over(office.leg("desk1"), 19)
        office.control.over(leg, 16)
    anna = office.control.people["anna"]
    assert anna.paused and anna.paused_until is not None and 590_000 < anna.paused_until - now_ms() <= 600_000
    assert await office.events("paused") == [{"person": "anna", "ms": 600_000}]
    office.lines.shown.clear()
    office.call_in(leg=13)
    assert [phone for phone, _, _ in office.lines.shown] == ["desk2"]
    office.control.over(13, 16)
    office.control.set_status("anna", "available", "")
    assert not office.control.people["anna"].paused
    office.lines.shown.clear()
    office.call_in(leg=14)
    assert [phone for phone, _, _ in office.lines.shown] == ["desk1", "cordless", "desk2"]


async def test_a_pause_known_before_a_restart_ends_for_those_who_look_on(offices: Offices) -> None:
    office = offices(people={"anna": Person(paused=True, paused_until=now_ms() + 100)})
    assert office.control.people["anna"].paused
    while office.control.people["anna"].paused:
        await asyncio.sleep(0.02)


# ---- calls sent elsewhere -------------------------------------------------------------------------------------------


async def test_a_waiting_call_is_sent_to_a_person_and_whoever_was_rung_stops(offices: Offices) -> None:
    office = offices()
    office.call_in()
    rung = office.leg("desk2")
    office.control.send(office.call.id, "person.anna")
    assert office.asked("hang up", rung) == [16]
    assert office.call.state is State.RINGING and office.call.ringing_people() == ("anna",)
    assert await office.events("sent") == [{"to": "person.anna"}]


async def test_a_talk_is_sent_on_and_the_partner_is_let_go(offices: Offices) -> None:
    office = offices()
    office.call_in()
    anna = office.leg("desk1")
    office.control.answered(anna)
    office.control.send(office.call.id, "person.boris")
    assert office.asked("hang up", anna) == [16] and not office.asked("hang up", CALLER)
    assert (CALLER, anna) not in office.lines.heard and office.call.person == ""
    office.control.over(anna, 16)
    assert office.call.state is State.RINGING
    boris = office.leg("desk2")
    office.control.answered(boris)
    assert (CALLER, boris) in office.lines.heard and office.call.person == "boris"
    office.control.over(boris, 16)
    assert await office.outcome() == "answered"


async def test_a_call_cannot_be_sent_nowhere_or_while_a_message_is_left(offices: Offices) -> None:
    office = offices()
    office.call_in()
    for to in ("queue.nobody", "sales", ""):
        with pytest.raises(KeyError):
            office.control.send(office.call.id, to)
    with pytest.raises(KeyError):
        office.control.send(1, "queue.sales")
    office.control.send(office.call.id, "mailbox.office")
    with pytest.raises(CoreError, match="cannot"):
        office.control.send(office.call.id, "queue.sales")


async def test_a_status_set_for_a_time_ends_by_itself_and_is_as_before(offices: Offices) -> None:
    control = offices().control
    control.set_status("anna", "break", "lunch", "page")
    control.set_status("anna", "meeting", "calendar", "mqtt", control.now() + 150)
    control.set_status("anna", "away", "left the house", "mqtt", control.now() + 400)
    assert (control.people["anna"].status, control.people["anna"].source) == ("away", "mqtt")
    await asyncio.sleep(0.2)
    assert control.people["anna"].status == "away"
    while control.people["anna"].status != "break":
        await asyncio.sleep(0.05)
    assert (control.people["anna"].reason, control.people["anna"].until) == ("lunch", None)


async def test_a_status_that_ended_while_the_switch_was_away_is_as_before_after_it(offices: Offices) -> None:
    past = {"anna": Person("away", "", 0, source="mqtt", until=1, before="break", before_reason="lunch")}
    assert offices(people=past).control.people["anna"].status == "break"
