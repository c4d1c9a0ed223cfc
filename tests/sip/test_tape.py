# SPDX-License-Identifier: GPL-2.0-or-later
"""Tapes: what a leg and those it talks with say, in two channels, whoever that is."""

import asyncio
from array import array
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from appliance.programs.demo.ports import Ports
from appliance.sip._sip import read_tape
from appliance.sip.names import Heard
from tests.sip.box import Box, Call, Telephone
from tests.sip.wire import Wire, sdp
from tests.telephones import tone
from tests.telephones.rtp import Rtp

RATE = 16000
CALLER_HZ, ANNA_HZ, BORIS_HZ, MUSIC_HZ = 1000, 700, 1300, 500


class Tape:
    """A tape being read as it grows."""

    def __init__(self, box: Box, leg: int, sounds: bool = False, rate: int = RATE) -> None:
        self.box, self.handle, self.rate = box, box.sip.tape(leg, rate, sounds), rate
        self.samples, self.lost, self.ended = array("h"), 0, False

    def read(self) -> None:
        samples, lost, self.ended = read_tape(self.handle)
        self.samples.frombytes(samples)
        self.lost += lost

    async def runs(self, seconds: float) -> None:
        """Until so much more was taken down."""
        until = len(self.samples) + round(seconds * self.rate) * 2
        async with asyncio.timeout(seconds + 10):
            while len(self.samples) < until:
                await asyncio.sleep(0.02)
                self.read()

    async def ends(self) -> None:
        async with asyncio.timeout(20):
            while not self.ended:
                await asyncio.sleep(0.02)
                self.read()

    def heard(self, channel: int, hz: int, since: float = 0.0) -> float:
        """Seconds of a tone in the left (0) or right (1) channel."""
        samples = self.samples[channel::2][round(since * self.rate) :]
        size = round(tone.WINDOW * self.rate)
        windows = (samples[at : at + size] for at in range(0, len(samples) - size + 1, size))
        return tone.WINDOW * sum(tone.purity(window, hz, self.rate) >= tone.PURITY for window in windows)

    @property
    def seconds(self) -> float:
        return len(self.samples) / 2 / self.rate


class Three:
    """A caller, Anna and Boris, each with a tone of his own; nobody hears anybody yet."""

    def __init__(self, box: Box, calls: list[Call]) -> None:
        self.box = box
        self.caller, self.anna, self.boris = (call.handle for call in calls)
        self.calls = calls

    def join(self, one: int, other: int, on: bool = True) -> None:
        for pair in ((one, other), (other, one)):
            (self.box.sip.hear if on else self.box.sip.unhear)(*pair)


@pytest.fixture
async def three(box: Box, ports: Ports) -> AsyncIterator[Three]:
    async with AsyncExitStack() as stack:
        calls = []
        for hz in (CALLER_HZ, ANNA_HZ, BORIS_HZ):
            wire = await stack.enter_async_context(Wire(box.address))
            ear = await stack.enter_async_context(Rtp(ports.take(2), tone.samples(hz, 1, 8000)))
            call = await Telephone(box, wire).call("100", body=sdp(ear.port))
            box.sip.answer(call.handle)
            await call.answered()
            await box.told(Heard.AUDIO, of=call.handle)
            calls.append(call)
        yield Three(box, calls)
        for call in calls:
            if not box.told_so_far(Heard.OVER, of=call.handle):
                await call.bye()
                await box.told(Heard.OVER, of=call.handle)
        assert box.sip.counts()[2] == 0


async def test_each_side_has_a_channel_of_its_own(box: Box, three: Three) -> None:
    three.join(three.caller, three.anna)
    tape = Tape(box, three.caller)
    await tape.runs(1.5)
    box.sip.stop(tape.handle)
    await tape.ends()
    assert tape.heard(0, CALLER_HZ) > 1 and tape.heard(1, ANNA_HZ) > 1
    assert not tape.heard(1, CALLER_HZ) and not tape.heard(0, ANNA_HZ)
    assert tape.lost == 0


async def test_it_goes_on_with_whoever_has_the_call_next_and_ends_with_it(box: Box, three: Three) -> None:
    tape = Tape(box, three.caller)
    three.join(three.caller, three.anna)
    await tape.runs(1)
    three.join(three.caller, three.anna, on=False)
    three.join(three.caller, three.boris)
    await box.done()
    since = tape.seconds + 0.3
    await tape.runs(1.3)
    assert tape.heard(1, BORIS_HZ, since) > 0.7 and not tape.heard(1, ANNA_HZ, since)
    await three.calls[0].bye()
    await box.told(Heard.OVER, of=three.caller)
    await tape.ends()


async def test_all_three_of_a_conference_are_on_it(box: Box, three: Three) -> None:
    three.join(three.caller, three.anna)
    tape = Tape(box, three.caller)
    three.join(three.caller, three.boris)
    await tape.runs(1.2)
    assert len(tape.samples) and tape.heard(0, CALLER_HZ) > 0.8
    right, size = tape.samples[1::2], RATE // 10
    windows = [right[at : at + size] for at in range(RATE // 2, len(right) - size, size)]
    assert all(tone.purity(window, hz, RATE) > 0.25 for window in windows for hz in (ANNA_HZ, BORIS_HZ))
    box.sip.stop(tape.handle)
    await tape.ends()


@pytest.mark.parametrize("sounds", [False, True])
async def test_who_is_held_is_not_on_it_and_music_only_when_asked_for(
    box: Box, three: Three, tmp_path: object, sounds: bool
) -> None:
    music = box.sip.play(str(tone.write(tmp_path / "music.wav", MUSIC_HZ, 1)), True)  # type: ignore[operator]
    tape = Tape(box, three.caller, sounds)
    box.sip.hear(three.caller, music)
    await tape.runs(1.2)
    assert (tape.heard(1, MUSIC_HZ) > 0.7) is sounds
    assert not tape.heard(0, CALLER_HZ)  # nobody hears him
    for handle in (music, tape.handle):
        box.sip.stop(handle)
    await tape.ends()
    await box.told(Heard.STOPPED, of=music)


async def test_nothing_said_in_a_pause_is_on_it(box: Box, three: Three) -> None:
    three.join(three.caller, three.anna)
    tape = Tape(box, three.caller)
    await tape.runs(0.6)
    box.sip.pause(tape.handle, True)
    await box.done()
    tape.read()
    begun = len(tape.samples)
    await tape.runs(0.6)
    box.sip.pause(tape.handle, False)
    await box.done()
    tape.read()
    assert not any(tape.samples[begun + RATE // 50 * 2 * 2 : -RATE // 50 * 2 * 2])
    since = tape.seconds
    await tape.runs(0.6)
    assert tape.heard(0, CALLER_HZ, since) > 0.4 and tape.heard(1, ANNA_HZ, since) > 0.4
    box.sip.stop(tape.handle)
    await tape.ends()


async def test_what_nobody_reads_is_counted_and_the_call_goes_on(box: Box, three: Three) -> None:
    three.join(three.caller, three.anna)
    tape = Tape(box, three.caller, rate=48000)
    await asyncio.sleep(3.2)  # of this rate it holds less than three seconds
    tape.read()
    assert 2.6 < tape.seconds < 2.8 and tape.lost > 48000 // 4
    since = tape.seconds
    await tape.runs(1)
    assert tape.heard(0, CALLER_HZ, since) > 0.7
    box.sip.stop(tape.handle)
    await tape.ends()


async def test_more_tapes_than_there_is_room_for_are_refused(box: Box, three: Three) -> None:
    tapes = [Tape(box, three.caller) for _ in range(129)]
    assert [bool(tape.handle) for tape in tapes] == [True] * 128 + [False]
    await box.done()
    for tape in tapes[:128]:
        box.sip.stop(tape.handle)
    for tape in tapes[:128]:
        await tape.ends()


async def test_a_tape_of_a_leg_that_is_over_says_so(box: Box, three: Three) -> None:
    await three.calls[1].bye()
    await box.told(Heard.OVER, of=three.anna)
    tape = Tape(box, three.anna)
    told = await box.told(Heard.STOPPED, of=tape.handle)
    assert told.code == 1 and told.text[0] == "the leg is over"
    await tape.ends()


async def test_a_tape_of_finer_samples_adds_nothing_to_what_is_handed_on(box: Box, ports: Ports) -> None:
    """3 kHz of a leg of 8,000 samples a second on a tape of 16,000: its mirror image would be at 5 kHz."""
    async with AsyncExitStack() as stack:
        calls = []
        for hz in (3000, 1500):
            wire = await stack.enter_async_context(Wire(box.address))
            ear = await stack.enter_async_context(Rtp(ports.take(2), tone.samples(hz, 1, 8000)))
            call = await Telephone(box, wire).call("100", body=sdp(ear.port))
            box.sip.answer(call.handle)
            await call.answered()
            await box.told(Heard.AUDIO, of=call.handle)
            calls.append(call)
        for one, other in (calls, calls[::-1]):
            box.sip.hear(one.handle, other.handle)
        tape = Tape(box, calls[0].handle)
        await tape.runs(1.5)
        for call in calls:
            await call.bye()
            await box.told(Heard.OVER, of=call.handle)
        await tape.ends()
    assert tape.heard(0, 3000) > 1 and tape.heard(1, 1500) > 1
    for channel, hz in ((0, 3000), (1, 1500)):
        samples = tape.samples[channel::2][RATE // 2 : RATE]
        assert tone.purity(samples, hz, RATE) > 0.98 and tone.purity(samples, RATE // 2 - hz, RATE) < 0.001
