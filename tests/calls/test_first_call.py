# SPDX-License-Identifier: GPL-2.0-or-later
"""A customer calls and is answered: SIPp is the outside world, baresip is on the desks."""

import asyncio
import time

import pytest

from appliance.store.reader import Reader
from tests.telephones import tone
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, CALLER, CALLER_HZ, NUMBER, Stage, near

ELSEWHERE = 26  # Q.850 cause of a telephone that stops because another was answered
AT_ONCE = 0.2  # seconds


@pytest.mark.parametrize("first", ["caller", "anna"])
async def test_a_customer_waits_with_music_both_desks_ring_one_answers_and_they_talk(stage: Stage, first: str) -> None:
    office = await stage.office(pages=True)
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    began = time.time()
    caller = await stage.outside(
        office, "caller-hangs-up" if first == "caller" else "caller-waits", ear, talk=4.5, name="K."
    )
    await anna.rings()
    await boris.rings()
    assert anna.screen() == boris.screen() == "Sales: Mr Kazlauskas"
    await ear.listens(1.0)
    await anna.accept()
    answered = await anna.talks()
    stopped = await boris.closed()
    assert stopped.at - answered.at < AT_ONCE
    await ear.listens(2.0)
    if first == "anna":
        await anna.hang_up()
    ended = await anna.closed()
    await caller.finished()

    assert tone.heard(anna.heard(), CALLER_HZ) > 1.5
    heard = ear.heard(stage.folder / "caller.wav")
    assert tone.heard(heard, ANNA_HZ) > 1.5
    assert tone.loud(heard, until=1.0) > 0.7, "no music was heard while waiting"
    assert tone.heard(heard, ANNA_HZ, until=0.9) == 0

    call = await stage.call_over(office)
    assert (call.line, call.caller, call.called, call.name) == ("city", CALLER, NUMBER, "Mr Kazlauskas")
    assert (call.queue, call.person, call.outcome) == ("sales", "anna", "answered")
    assert near(call.at, began) and near(call.answered_at, answered.at) and near(call.ended_at, ended.at)
    legs = {leg.party: leg for leg in Reader(office.journal).legs(call.id)}
    assert {party: leg.kind for party, leg in legs.items()} == {"city": "caller", "desk1": "phone", "desk2": "phone"}
    assert near(legs["desk1"].answered_at, answered.at) and near(legs["desk1"].ended_at, ended.at)
    assert legs["desk2"].answered_at is None and near(legs["desk2"].ended_at, stopped.at)
    assert legs["desk2"].cause == ELSEWHERE
    assert all(near(leg.rang_at, began) for leg in (legs["desk1"], legs["desk2"]))


@pytest.mark.parametrize("codec", ["pcmu", "g722", "opus/48000/2"])
async def test_telephones_of_unlike_codecs_understand_each_other(stage: Stage, codec: str) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ, codecs=(codec,))
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await anna.rings()
    await anna.accept()
    await anna.talks()
    await ear.listens(1.5)
    await anna.hang_up()
    await caller.finished()
    await anna.closed()
    assert tone.heard(anna.heard(), CALLER_HZ) > 0.8
    assert tone.heard(ear.heard(stage.folder / "caller.wav"), ANNA_HZ) > 0.8


async def test_colleagues_call_each_other_by_extension(stage: Stage) -> None:
    office = await stage.office()
    anna, boris = await stage.desks(office)
    await anna.dial("102")
    await anna.event("CALL_RINGING")
    await boris.rings()
    assert boris.screen() == "Anna"
    await boris.accept()
    await boris.talks()
    await anna.talks()
    await anna.listens(1.0)
    await boris.listens(1.0)
    await boris.press("7")
    assert (await anna.event("CALL_DTMF_START")).detail == "7"
    await boris.press("89")  # and some time to hear each other
    assert [(await anna.event("CALL_DTMF_START")).detail for _ in range(2)] == ["8", "9"]
    await anna.hang_up()
    await boris.closed()
    call = await stage.call_over(office)
    assert (call.line, call.caller, call.called, call.person) == ("phones", "101", "102", "boris")
    assert tone.heard(anna.heard(), BORIS_HZ) > 0.5
    assert tone.heard(boris.heard(), ANNA_HZ) > 0.5


async def test_an_employee_calls_out_over_the_trunk_and_presses_keys(stage: Stage) -> None:
    office = await stage.office()
    anna, _ = await stage.desks(office)
    ear = await stage.ear()
    callee = await stage.sipp("callee-waits", port=office.city, rtp=ear.port, talk=0.3)
    await anna.dial("+37060000009")
    await anna.event("CALL_RINGING")
    await anna.talks()
    await ear.listens(1.0)
    await anna.press("15")
    async with asyncio.timeout(20):
        while ear.keys != "15":
            await ear.listens(0)
    await anna.hang_up()
    await callee.finished()
    assert "sip:+37060000009@" in callee.messages()[0].first
    assert tone.heard(ear.heard(stage.folder / "callee.wav"), ANNA_HZ) > 0.5
    call = await stage.call_over(office)
    assert (call.outcome, call.called) == ("answered", "+37060000009")


async def test_every_telephone_of_a_person_rings_and_one_refusal_is_his_refusal(stage: Stage) -> None:
    office = await stage.office()
    upstairs, downstairs = await stage.desk(office, "desk1", ANNA_HZ), await stage.desk(office, "desk1", BORIS_HZ)
    caller = await stage.outside(office, "caller-waits")
    await upstairs.rings()
    await downstairs.rings()
    await downstairs.accept()
    await downstairs.talks()
    await upstairs.closed()
    await downstairs.hang_up()
    await caller.finished()
    assert (await stage.call_over(office)).person == "anna"


async def test_calls_go_to_each_in_turn(stage: Stage) -> None:
    office = await stage.office(strategy="round-robin")
    desks = await stage.desks(office)
    for phone, other in (desks, desks[::-1], desks):
        caller = await stage.outside(office, "caller-waits")
        await phone.rings()
        await phone.accept()
        await phone.talks()
        await phone.hang_up()
        await caller.finished()
        await phone.closed()
        assert [event.type for event in other.seen.all].count("CALL_INCOMING") == [
            event.type for event in other.seen.all
        ].count("CALL_ESTABLISHED"), "the other desk rang although it was not its turn"


async def test_a_trunk_that_wants_a_registration_gets_one_and_its_calls_are_taken(stage: Stage) -> None:
    port = stage.ports.take()
    registrar = await stage.sipp("registrar", port=port, number="100200", password="provider")
    began = time.time()
    office = await stage.office(backup=port)
    await office.logged("line backup is up")
    welcome = [message for message in registrar.messages() if message.sent and message.first.endswith("200 OK")]
    assert welcome and welcome[0].at - began < 30
    await registrar.__aexit__(None, None, None)  # callers come from the same address as the registrar
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    caller = await stage.outside(office, "caller-waits", port=port, number="100200", caller="+37060000003")
    await anna.rings()
    await anna.accept()
    await anna.talks()
    await anna.hang_up()
    await caller.finished()
    call = await stage.call_over(office)
    assert (call.line, call.caller, call.person) == ("backup", "+37060000003", "anna")
