# SPDX-License-Identifier: GPL-2.0-or-later
"""The office changes its mind while people call: the real switch, SIPp outside, baresip on the desks."""

import asyncio
import time

import pytest

from appliance.control import client
from appliance.control.messages import Call, Override, Refused, Send, Watch
from appliance.control.messages import Office as Seen
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.calls.stories import PROMPT_HZ, SIMPLE, changed, hears, prompt, use
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, Stage

NEVER = '[scenario.main]\nhours = "never"\nopen = "sales"\nclosed = "office"\n'
WIDER = 2  # seconds until Boris is rung too
ONE_SECOND = 1000  # ms


async def seen(office: Office) -> Seen:
    async with await client.connect(office.socket) as switch:
        return await switch.request(Watch(0))  # type: ignore[no-any-return]


async def send(office: Office, to: str) -> Call:
    """Send the only call there; as it was."""
    async with await client.connect(office.socket) as switch:
        [call] = (await switch.request(Watch(0))).calls
        await switch.request(Send(0, call.id, to))
        return call  # type: ignore[no-any-return]


async def talk(stage: Stage, phone: Baresip) -> None:
    """The telephone that rings is answered, and hangs up."""
    await phone.accept()
    await phone.talks()
    await phone.hang_up()
    await phone.closed()


def times_rung(phone: Baresip) -> int:
    return sum(event.type == "CALL_INCOMING" for event in phone.seen.all)


# ---- sent elsewhere -------------------------------------------------------------------------------------------------


async def test_a_supervisor_sends_a_waiting_caller_to_a_colleague(stage: Stage) -> None:
    office = await stage.office()
    document = changed(office.document, ('people = ["anna", "boris"]', 'people = ["anna"]'))
    await use(office, document)
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await anna.rings()
    assert (await send(office, "person.boris")).state == "waiting"
    await anna.closed()
    await boris.rings()
    assert boris.screen() == "Mr Kazlauskas"
    [call] = (await seen(office)).calls
    assert (call.state, call.ringing) == ("ringing", ("boris",))
    await boris.accept()
    await boris.talks()
    await hears(stage, ear, BORIS_HZ, 0.5)
    await boris.hang_up()
    await caller.finished()
    ended = await stage.call_over(office)
    assert (ended.person, ended.outcome) == ("boris", "answered") and times_rung(anna) == 1
    assert (await stage.event(office, ended, "sent")).detail == {"to": "person.boris"}


async def test_a_talk_is_sent_back_to_the_queue_and_what_the_caller_chose_is_kept(stage: Stage) -> None:
    office = await stage.office()
    menu = (
        '[scenario.main]\nstart = "welcome"\n[scenario.main.step.welcome]\ndo = "menu"\nprompt = "welcome"\n'
        'attribute = "topic"\nkeys = { 1 = { to = "person.anna", value = "invoice" } }\n'
    )
    document = changed(office.document, (SIMPLE, menu), ('people = ["anna", "boris"]', 'people = ["boris"]'))
    await use(office, document + prompt(stage, "welcome"))
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await hears(stage, ear, PROMPT_HZ, 0.3)
    ear.press("1")
    await anna.rings()
    assert anna.screen() == "[invoice]: Mr Kazlauskas"
    await anna.accept()
    await anna.talks()
    await hears(stage, ear, ANNA_HZ, 0.5)
    assert (await send(office, "queue.sales")).state == "talking"
    await anna.closed()
    await boris.rings()
    assert boris.screen() == "Sales [invoice]: Mr Kazlauskas"
    before = len(tone.load(ear.heard(stage.folder / "sent.wav"))[0]) / 8000
    await ear.listens(1.0)
    heard = ear.heard(stage.folder / "music.wav")
    assert tone.loud(heard, since=before) > 0.5, "no music while he waits again"
    assert tone.heard(heard, ANNA_HZ, since=before + 0.3) == 0
    await talk(stage, boris)
    await caller.finished()
    ended = await stage.call_over(office)
    assert (ended.queue, ended.person, ended.outcome) == ("sales", "boris", "answered")


async def test_a_call_is_not_sent_where_there_is_nothing(stage: Stage) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    caller = await stage.outside(office, "caller-waits")
    await anna.rings()
    with pytest.raises(Refused, match="unknown|not known"):
        await send(office, "queue.nowhere")
    [call] = (await seen(office)).calls
    assert call.ringing == ("anna",)
    await talk(stage, anna)
    await caller.finished()


# ---- hours held open ------------------------------------------------------------------------------------------------


async def test_a_closed_office_is_held_open_also_over_a_restart_and_closes_by_itself(stage: Stage) -> None:
    """FreePBX/issue-tracker#534"""
    office = await stage.office()
    await use(office, changed(office.document, (SIMPLE, NEVER)) + "[hours.never]\nweek = {}\n")
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    async with await client.connect(office.socket) as switch:
        await switch.request(Override(0, "never", "open"))
        [never] = (await switch.request(Watch(0))).hours
        assert (never.id, never.override, never.until) == ("never", "open", None)
    caller = await stage.outside(office, "caller-waits")
    await anna.rings()
    await talk(stage, anna)
    await caller.finished()

    assert await office.end() == 0
    await office.start()
    caller = await stage.outside(office, "caller-waits")
    await anna.rings()
    await talk(stage, anna)
    await caller.finished()

    until = time.time_ns() // 1_000_000 + ONE_SECOND
    async with await client.connect(office.socket) as switch:
        await switch.request(Override(0, "never", "open", until))
        async with asyncio.timeout(20):
            while (await switch.request(Watch(0))).hours[0].override:
                await asyncio.sleep(0.1)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-hangs-up", ear, talk=0.5)
    await caller.finished()
    call = await stage.call_over(office, 3)
    assert call.outcome == "voicemail" and times_rung(anna) == 2


# ---- more people after a while --------------------------------------------------------------------------------------


async def test_a_caller_who_waits_is_rung_for_by_more_people(stage: Stage) -> None:
    office = await stage.office()
    people = f'people = ["anna"]\nwiden = [{{ after = {WIDER}, people = ["boris"] }}]'
    await use(office, changed(office.document, ('people = ["anna", "boris"]', people)))
    anna, boris = await stage.desks(office)
    caller = await stage.outside(office, "caller-waits", await stage.ear())
    first = await anna.rings()
    second = await boris.rings(within=WIDER + 5)
    assert second.at - first.at == pytest.approx(WIDER, abs=0.5)
    assert not [event for event in anna.seen.all if event.type == "CALL_CLOSED"], "she was given up for him"
    await boris.accept()
    await boris.talks()
    await anna.closed()
    await boris.hang_up()
    await caller.finished()
    assert (await stage.call_over(office)).person == "boris"


# ---- who called before ----------------------------------------------------------------------------------------------


async def test_a_caller_gets_to_whom_he_spoke_last_also_after_a_restart(stage: Stage) -> None:
    office = await stage.office()
    last = (
        '[scenario.main]\nstart = "last"\n[scenario.main.step.last]\ndo = "last-person"\nunanswered = "queue.sales"\n'
    )
    await use(office, changed(office.document, (SIMPLE, last)))
    anna, boris = await stage.desks(office)
    caller = await stage.outside(office, "caller-waits")
    await anna.rings()
    await boris.rings()
    await boris.accept()
    await boris.talks()
    await anna.closed()
    await boris.hang_up()
    await boris.closed()
    await caller.finished()
    await stage.call_over(office)

    assert await office.end() == 0
    await office.start()
    await office.logged("earlier callers are known", within=10)
    caller = await stage.outside(office, "caller-waits")
    await boris.rings()
    await talk(stage, boris)
    await caller.finished()
    assert (await stage.call_over(office, 2)).person == "boris" and times_rung(anna) == 1


# ---- who vouches for a number ---------------------------------------------------------------------------------------


async def test_a_number_the_trunk_vouches_for_counts_more_than_one_a_caller_only_claims(stage: Stage) -> None:
    office = await stage.office()
    trust = (
        '[scenario.main]\nstart = "trust"\n[scenario.main.step.trust]\ndo = "trust"\nleast = "asserted"\n'
        'enough = "person.anna"\nless = "person.boris"\n'
    )
    port = f"port = {office.city}\n"
    await use(office, changed(office.document, (SIMPLE, trust), (port, f'{port}trust = "asserted"\n')))
    anna, boris = await stage.desks(office)
    vouched = await stage.outside(office, "caller-vouched-for", caller="+15550100", rows=(("+37060000001",),))
    await anna.rings()
    assert anna.screen() == "Mr Kazlauskas", "the trunk's word is for the regular"
    await talk(stage, anna)
    await vouched.finished()
    claimed = await stage.outside(office, "caller-waits")
    await boris.rings()
    await talk(stage, boris)
    await claimed.finished()
    assert [call.caller for call in Reader(office.journal).calls()] == ["+37060000001", "+37060000001"]
