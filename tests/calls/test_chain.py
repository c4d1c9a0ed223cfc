# SPDX-License-Identifier: GPL-2.0-or-later
"""Callers are led along a chain of people, and past the office when it is closed."""

from pathlib import Path

from appliance.control import client
from appliance.control.messages import Apply
from appliance.programs.demo.office import Office
from appliance.store.reader import Call, Reader
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.stage import CALLER_HZ, Stage

STEP = 2  # seconds each is rung
GREETING_HZ, GREETING = 500, 0.6  # our own greeting here is this tone, so many seconds
BEEP_AND_MORE = 1.8  # seconds from the end of the greeting to a message that is long enough
BUSY = 17  # Q.850; what this telephone says when its owner declines
OPEN = '[scenario.main]\nopen = "sales"\n'
CHAIN = f"""
[chain.managers]
steps = [{{ people = ["anna"], ring_for = {STEP} }}, {{ people = ["boris"], ring_for = {STEP} }}]
"""
NEVER = "\n[hours.never]\nweek = {}\n"
AT_ONCE = 0.3  # seconds


async def office_with(stage: Stage, scenario: str, more: str) -> Office:
    """A running office with another main scenario and a short greeting."""
    office = await stage.office()
    greeting = tone.write(stage.folder / "greeting.wav", GREETING_HZ, GREETING)
    assert OPEN in office.document
    document = office.document.replace(OPEN, f"[scenario.main]\n{scenario}\n") + more
    async with await client.connect(office.socket) as switch:
        await switch.request(Apply(0, f'{document}\n[voicemail]\ngreeting = "{greeting}"\n'))
    return office


def times_rung(phone: Baresip) -> int:
    return sum(event.type == "CALL_INCOMING" for event in phone.seen.all)


async def message(stage: Stage, office: Office, call: Call) -> Path:
    """What this caller left, and there is no other; it may become whole shortly after the call's end."""
    kept = Path((await stage.event(office, call, "voicemail")).detail["file"])
    assert list(office.voicemail.iterdir()) == [kept]
    return kept


async def test_one_after_the_other_is_rung_and_then_the_answering_machine_takes_the_call(stage: Stage) -> None:
    office = await office_with(stage, 'open = "managers"', CHAIN)
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-hangs-up", ear, talk=GREETING + BEEP_AND_MORE)
    first = await anna.rings()
    assert anna.screen() == "Mr Kazlauskas"
    passed = await anna.closed()
    second = await boris.rings()
    ended = await boris.closed()
    assert abs(passed.at - first.at - STEP) < 0.5 and abs(ended.at - second.at - STEP) < 0.5
    assert abs(second.at - passed.at) < AT_ONCE
    await caller.finished()
    call = await stage.call_over(office)
    assert (call.outcome, call.person, call.answered_at) == ("voicemail", "", None)
    assert times_rung(anna) == times_rung(boris) == 1
    assert tone.heard(ear.heard(stage.folder / "caller.wav"), GREETING_HZ) > GREETING - 0.2
    left = await message(stage, office, call)
    assert tone.heard(left, CALLER_HZ) > 1.0
    assert tone.heard(left, GREETING_HZ) == 0


async def test_whoever_declines_sends_the_call_on_at_once_and_the_second_answers(stage: Stage) -> None:
    office = await office_with(stage, 'open = "managers"', CHAIN)
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await anna.rings()
    await anna.hang_up()
    declined = await anna.closed()
    assert (await boris.rings()).at - declined.at < AT_ONCE
    await boris.accept()
    await boris.talks()
    await ear.listens(0.5)
    await boris.hang_up()
    await boris.closed()
    await caller.finished()
    call = await stage.call_over(office)
    assert (call.person, call.outcome) == ("boris", "answered")
    causes = {leg.party: leg.cause for leg in Reader(office.journal).legs(call.id) if leg.kind == "phone"}
    assert causes["desk1"] == BUSY
    assert tone.heard(boris.heard(), CALLER_HZ) > 0.3
    assert times_rung(anna) == 1


async def test_out_of_hours_a_caller_leaves_a_message_and_nobody_is_disturbed(stage: Stage) -> None:
    office = await office_with(stage, 'hours = "never"\nopen = "sales"\nclosed = "office"', NEVER)
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-hangs-up", ear, talk=GREETING + BEEP_AND_MORE)
    await caller.finished()
    call = await stage.call_over(office)
    assert (call.outcome, call.queue) == ("voicemail", "")
    assert tone.heard(await message(stage, office, call), CALLER_HZ) > 1.0
    assert times_rung(anna) == times_rung(boris) == 0
