# SPDX-License-Identifier: GPL-2.0-or-later
"""Legs of lines whose sound goes through a tty: heard both ways, keys told once, stalls and ends."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard, LineCounters, Stall
from tests.lines.far_card import FarCard, alsa
from tests.lines.far_end import RATE, FarEnd
from tests.sip.box import Box, Telephone
from tests.sip.test_tape import Tape
from tests.sip.wire import Wire, sdp
from tests.telephones import tone
from tests.telephones.rtp import Rtp

PATIENT = 2000  # ms without sound until it has stalled

FAR_HZ, ANNA_HZ = 1000, 700


async def until(what: Callable[[], object], within: float = 20.0) -> None:
    async with asyncio.timeout(within):
        while not what():
            await asyncio.sleep(0.05)


@pytest.fixture
def leg(box: Box) -> int:
    handle = box.sip.line()
    assert handle
    return handle


class Desk(NamedTuple):
    leg: int
    ear: Rtp


@pytest.fixture
async def anna(box: Box, wire: Wire, ports: Ports) -> AsyncIterator[Desk]:
    async with Rtp(ports.take(2), tone.samples(ANNA_HZ, 1, RATE)) as ear:
        call = await Telephone(box, wire).call("100", body=sdp(ear.port))
        box.sip.answer(call.handle)
        await call.answered()
        await box.told(Heard.AUDIO, of=call.handle)
        yield Desk(call.handle, ear)
        await call.bye()
        await box.told(Heard.OVER, of=call.handle)


def speaker(ppm: float = 0.0, burst: float = 0.02) -> FarEnd:
    return FarEnd(tone.samples(FAR_HZ, 1, RATE), ppm, burst)


def counters(box: Box, leg: int) -> LineCounters:
    counted = box.sip.line_counters(leg)
    assert counted
    return LineCounters(*counted)


async def test_each_hears_the_other_and_is_taken_down(box: Box, leg: int, anna: Desk, tmp_path: Path) -> None:
    for pair in ((leg, anna.leg), (anna.leg, leg)):
        box.sip.hear(*pair)  # before there is sound
    tape = Tape(box, leg)
    with speaker(ppm=80) as far:
        box.sip.line_sound(leg, far.slave)
        await tape.runs(2.5)
        await until(lambda: far.heard_tone(ANNA_HZ) > 1)
        assert tone.heard(anna.ear.heard(tmp_path / "anna.wav"), FAR_HZ) > 1
        assert tape.heard(0, FAR_HZ) > 1 and tape.heard(1, ANNA_HZ) > 1
        counted = counters(box, leg)
        assert counted.read == counted.written + counted.refused, "not as many written as read"
        assert counted.refused == 0
        box.sip.line_closed(leg)
        await tape.ends()


async def test_it_is_silent_while_nothing_is_plugged_in_and_heard_then(box: Box, leg: int, anna: Desk) -> None:
    box.sip.hear(leg, anna.leg)
    for _ in range(2):
        with speaker() as far:
            box.sip.line_sound(leg, far.slave)
            await until(lambda far=far: far.heard_tone(ANNA_HZ) > 0.2)
            with pytest.raises(OSError) as wrong:
                box.sip.line_sound(leg, far.slave)
            assert wrong.value.errno == errno.EBUSY
        told = await box.told(Heard.SOUND, of=leg)
        assert told.code == Stall.GONE and told.text[0], "unplugged, and nobody knows"
        assert box.sip.line_counters(leg) is None
    with speaker() as far:
        for _ in range(20):
            box.sip.line_sound(leg, far.slave)
            box.sip.line_silent(leg)
        assert box.sip.line_counters(leg) is None
        before = len(far.heard)
        box.sip.line_sound(leg, far.slave)
        await until(lambda: far.heard_tone(ANNA_HZ, before) > 0.2)
        box.sip.line_silent(leg)
        await box.done()
        assert box.sip.line_counters(leg) is None
    box.sip.line_closed(leg)


async def test_keys_are_told_whether_they_are_heard_or_told(box: Box, leg: int) -> None:
    with speaker() as far:
        box.sip.line_sound(leg, far.slave)
        await until(lambda: counters(box, leg).read > RATE // 4)
        far.press("42#4")
        for key in "42#4":
            assert (await box.told(Heard.DIGIT, of=leg)).code == ord(key)
            box.sip.line_digit(leg, key)
        box.sip.line_digit(leg, "9")
        while (told := await box.told(Heard.DIGIT, of=leg)).code != ord("9"):
            assert chr(told.code) in "42#"  # told too late to be the one heard: test_keys.c has that, by its own clock
        with pytest.raises(ValueError):
            box.sip.line_digit(leg, "x")
    box.sip.line_closed(leg)


async def test_a_modem_that_stalls_is_told_of(box: Box, leg: int) -> None:
    with speaker() as far:
        box.sip.line_sound(leg, far.slave, PATIENT)
        await until(lambda: counters(box, leg).read > RATE // 4)
        far.quiet = True
        told = await box.told(Heard.SOUND, of=leg)
        assert told.code == Stall.NOTHING_READ and told.value >= PATIENT
        far.quiet = False
        assert (await box.told(Heard.SOUND, of=leg)).code == Stall.FLOWS
        far.deaf = True  # the known fault of some revisions: what is said is never taken
        assert (await box.told(Heard.SOUND, of=leg)).code == Stall.NOTHING_TAKEN
        far.deaf = False
        assert (await box.told(Heard.SOUND, of=leg)).code == Stall.FLOWS
        assert counters(box, leg).stalls >= 2 and counters(box, leg).refused > 0
    box.sip.line_closed(leg)


async def test_what_is_over_is_an_error(box: Box, leg: int, anna: Desk) -> None:
    no_tty, other_end = os.pipe()
    with speaker() as far:
        with pytest.raises(OSError, match="Inappropriate ioctl"):
            box.sip.line_sound(leg, no_tty)
        os.close(no_tty)
        os.close(other_end)
        box.sip.line_sound(leg, far.slave)
        box.sip.line_closed(leg)
        await box.done()
        for other in (leg, anna.leg, 0, 1 << 62):
            for ask in (
                lambda other=other: box.sip.line_sound(other, far.slave),
                lambda other=other: box.sip.line_counters(other),
            ):
                with pytest.raises(OSError) as wrong:
                    ask()
                assert wrong.value.errno == errno.EBADF
        box.sip.line_digit(leg, "1")
        box.sip.line_closed(leg)
        box.sip.line_silent(anna.leg)
        await box.done()
        assert not box.told_so_far(Heard.DIGIT, of=leg)


async def test_a_card_that_cannot_be_had_is_an_error_and_the_leg_may_have_another(
    box: Box, leg: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(alsa(tmp_path)))
    says = tone.samples(FAR_HZ, 1, RATE)
    with FarCard(tmp_path, 1, says) as card, FarCard(tmp_path, 2, says, rate=48000):
        for name, why in (("hw:2,0", errno.EINVAL), ("hw:3,0", errno.ENOENT)):
            with pytest.raises(OSError) as wrong:
                box.sip.line_uac(leg, name)
            assert wrong.value.errno == why
        for other in (0, 1 << 62):
            with pytest.raises(OSError) as wrong:
                box.sip.line_uac(other, card.name)
            assert wrong.value.errno == errno.EBADF
        card.carries(box.sip, leg)
        with pytest.raises(OSError) as wrong:
            box.sip.line_uac(box.sip.line(), card.name)
        assert wrong.value.errno == errno.EBUSY
        await until(lambda: counters(box, leg).read > RATE // 4)
        assert counters(box, leg).written > 0
    told = await box.told(Heard.SOUND, of=leg)
    assert told.code == Stall.GONE and told.text[0] == "No such device"
    with speaker() as far:
        far.carries(box.sip, leg)
        await until(lambda: counters(box, leg).read > RATE // 4)
    box.sip.line_closed(leg)
