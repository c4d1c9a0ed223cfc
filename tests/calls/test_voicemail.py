# SPDX-License-Identifier: GPL-2.0-or-later
"""Nobody answers: the caller leaves a message, or gives up."""

from pathlib import Path

from appliance import sounds
from appliance.sounds import make
from appliance.store.reader import Reader
from tests.telephones import tone
from tests.telephones.sipp import Sipp
from tests.telephones.stage import CALLER_HZ, Stage, near

AT_ONCE = 0.2  # seconds
BEEP_HZ = 850
PROMPTS = sum(sounds.path(sound).stat().st_size for sound in ("greeting", "beep")) / (2 * make.RATE)  # seconds


def messages(voicemail: Path) -> list[Path]:
    return sorted(voicemail.glob("*.wav"))


async def test_nobody_answers_and_the_caller_leaves_a_message(stage: Stage) -> None:
    office = await stage.office(max_wait=2)
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-hangs-up", ear, talk=2 + PROMPTS + 3)
    await anna.rings()
    await boris.rings()
    await anna.closed()
    await boris.closed()
    await caller.finished()
    call = await stage.call_over(office)
    assert (call.outcome, call.person, call.answered_at) == ("voicemail", "", None)

    heard = ear.heard(stage.folder / "caller.wav")
    assert 0.2 < tone.heard(heard, BEEP_HZ) < 0.6
    kept = await stage.event(office, call, "voicemail")
    [message] = messages(office.voicemail)
    assert tone.heard(message, CALLER_HZ) > 2
    assert tone.heard(message, BEEP_HZ) == 0
    assert kept.detail["file"] == str(message)


async def test_a_caller_who_reaches_an_empty_office_comes_to_the_answering_machine_at_once(stage: Stage) -> None:
    office = await stage.office()
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-hangs-up", ear, talk=PROMPTS + 2)
    await caller.finished()
    call = await stage.call_over(office)
    assert call.outcome == "voicemail"
    await stage.event(office, call, "voicemail")
    assert tone.heard(messages(office.voicemail)[0], CALLER_HZ) > 1


async def test_a_caller_who_hangs_up_during_the_greeting_leaves_no_message(stage: Stage) -> None:
    office = await stage.office()
    caller = await stage.outside(office, "caller-hangs-up", await stage.ear(), talk=1)
    await caller.finished()
    assert (await stage.call_over(office)).outcome == "voicemail"
    assert messages(office.voicemail) == []


async def test_a_caller_hangs_up_while_waiting_and_the_telephones_stop_at_once(stage: Stage) -> None:
    office = await stage.office()
    anna, boris = await stage.desks(office)
    caller = await stage.outside(office, "caller-hangs-up", talk=1.5)
    await anna.rings()
    await boris.rings()
    stops = [(await phone.closed()).at for phone in (anna, boris)]
    await caller.finished()
    gone = said(caller, "BYE ")
    assert all(0 <= stop - gone < AT_ONCE for stop in stops), (gone, stops)
    call = await stage.call_over(office)
    assert (call.outcome, call.queue, call.person, call.answered_at) == ("abandoned", "sales", "", None)
    assert near(call.ended_at, gone)
    assert Reader(office.journal).missed() == 1


async def test_a_caller_who_hears_ringing_gives_up_and_the_telephones_stop_at_once(stage: Stage) -> None:
    office = await stage.office(music=False)
    anna, boris = await stage.desks(office)
    caller = await stage.outside(office, "caller-gives-up", talk=1.0)
    await anna.rings()
    await boris.rings()
    stops = [(await phone.closed()).at for phone in (anna, boris)]
    await caller.finished()
    gone = said(caller, "CANCEL ")
    assert all(0 <= stop - gone < AT_ONCE for stop in stops), (gone, stops)
    call = await stage.call_over(office)
    assert (call.outcome, call.answered_at) == ("abandoned", None)


async def test_everybody_declines_and_the_call_comes_to_the_answering_machine(stage: Stage) -> None:
    office = await stage.office(max_wait=3)
    anna, boris = await stage.desks(office)
    caller = await stage.outside(office, "caller-hangs-up", await stage.ear(), talk=3 + PROMPTS + 1)
    for phone in (anna, boris):
        await phone.rings()
        await phone.hang_up()
    await caller.finished()
    assert (await stage.call_over(office)).outcome == "voicemail"
    for phone in (anna, boris):
        rung = [event for event in phone.seen.all if event.type == "CALL_INCOMING"]
        assert len(rung) == 1, "somebody who declined was rung again for the same call"


def said(caller: Sipp, request: str) -> float:
    """When the caller first said this, seconds since the epoch."""
    return next(message.at for message in caller.messages() if message.sent and message.first.startswith(request))
