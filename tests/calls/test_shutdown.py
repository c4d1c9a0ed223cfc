# SPDX-License-Identifier: GPL-2.0-or-later
"""The box is told to end, or loses its power, in the middle of what it does."""

import asyncio
import time
import wave
from collections.abc import Callable
from pathlib import Path

from appliance.control import client
from appliance.control.messages import Apply
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.telephones import tone
from tests.telephones.sipp import Sipp
from tests.telephones.stage import ANNA_HZ, CALLER_HZ, Stage, near

GREETING_HZ, GREETING = 500, 0.6  # our own greeting here is this tone, so many seconds
END_WITHIN = 15.0  # seconds a whole box takes to end
SECOND = 2 * 16000  # bytes of a message, at most


async def until(what: str, seen: Callable[[], object], within: float = 10.0) -> None:
    """Look again until it is so: a file that grows tells nobody."""
    for _ in range(round(within / 0.05)):
        if seen():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{what}: not within {within} s")


async def leaving_a_message(stage: Stage, office: Office) -> Sipp:
    """A caller in an empty office, of whom more than a second is recorded already."""
    greeting = tone.write(stage.folder / "greeting.wav", GREETING_HZ, GREETING)
    async with await client.connect(office.socket) as switch:
        await switch.request(Apply(0, f'{office.document}\n[voicemail]\ngreeting = "{greeting}"\n'))
    caller = await stage.outside(office, "caller-waits", await stage.ear())
    await until(
        "a message is being recorded",
        lambda: any(file.stat().st_size > 1.5 * SECOND for file in office.voicemail.glob("*")),
    )
    return caller


def said_bye(caller: Sipp) -> float:
    """When the box said goodbye to him, seconds since the epoch."""
    return next(one.at for one in caller.messages() if not one.sent and one.first.startswith("BYE "))


def playable(file: Path) -> float:
    """Seconds that a player finds in it, by its header."""
    with wave.open(str(file), "rb") as message:
        return message.getnframes() / message.getframerate()


async def test_the_box_ends_during_a_talk_and_both_are_told_and_the_talk_is_on_record(stage: Stage) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await anna.rings()
    await anna.accept()
    answered = await anna.talks()
    await ear.listens(2.0)
    told = time.time()
    assert await office.end() == 0
    assert time.time() - told < END_WITHIN
    closed = await anna.closed()
    await caller.finished(within=5)
    assert closed.at - told < 2 and said_bye(caller) - told < 2
    call = await stage.call_over(office)
    assert (call.outcome, call.person) == ("answered", "anna")
    assert near(call.answered_at, answered.at) and near(call.ended_at, told)
    assert all(near(leg.ended_at, told) for leg in Reader(office.journal).legs(call.id))
    assert not [line for line in office.log.all if "Traceback" in line]


async def test_the_box_ends_while_a_message_is_left_and_the_message_is_kept(stage: Stage) -> None:
    office = await stage.office()
    caller = await leaving_a_message(stage, office)
    told = time.time()
    assert await office.end() == 0
    await caller.finished(within=5)
    call = await stage.call_over(office)
    assert call.outcome == "voicemail" and near(call.ended_at, told)
    [message] = office.voicemail.iterdir()
    assert ".part" not in message.name and playable(message) > 1
    assert tone.heard(message, CALLER_HZ) > 1
    assert (await stage.event(office, call, "voicemail")).detail["file"] == str(message)


async def test_the_power_fails_while_a_message_is_left_and_what_was_said_is_not_lost(stage: Stage) -> None:
    office = await stage.office()
    await leaving_a_message(stage, office)
    office.kill("switch")
    await office.logged("switch ready")
    call = await stage.call_over(office)
    assert call.outcome == "cut"
    [message] = office.voicemail.iterdir()
    if ".part" in message.name:  # not to be listened to: then the owner must know
        assert any(message.stem.partition(".")[0] in line for line in office.log.all), "nothing is said of the message"
    else:
        assert playable(message) > 1
        assert tone.heard(message, CALLER_HZ) > 1
