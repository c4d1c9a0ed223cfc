# SPDX-License-Identifier: GPL-2.0-or-later
"""A telephone puts the box on hold and takes the call up again, in each of the ways telephones do it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard
from tests.sip.box import Box, Call, Telephone
from tests.sip.wire import Message, Wire, sdp
from tests.telephones import tone
from tests.telephones.rtp import Rtp

ANNA_HZ, BORIS_HZ, MUSIC_HZ = 1000, 700, 440


def nowhere(port: int) -> bytes:
    """As telephones held before RFC 3264: nobody is at this address."""
    return sdp(port).replace(b"c=IN IP4 127.0.0.1", b"c=IN IP4 0.0.0.0")


HOLDS = {
    "sendonly": lambda port: sdp(port, way="sendonly"),
    "inactive": lambda port: sdp(port, way="inactive"),
    "no address": nowhere,
    "no address, sendonly": lambda port: nowhere(port) + b"a=sendonly\r\n",
}


class Party:
    """A telephone spoken by hand that has called and was answered, with its sound."""

    def __init__(self, wire: Wire, call: Call, sound: Rtp) -> None:
        self.wire, self.call, self.sound = wire, call, sound
        self.leg = call.handle

    async def says(self, method: str, body: bytes) -> Message:
        return await self.call.ask(method, body=body)


async def party(box: Box, wire: Wire, sound: Rtp) -> Party:
    call = await Telephone(box, wire).call("100", body=sdp(sound.port))
    box.sip.answer(call.handle)
    await call.answered()
    await box.told(Heard.ANSWERED, of=call.handle)
    await box.told(Heard.AUDIO, of=call.handle)
    return Party(wire, call, sound)


@pytest.fixture
async def anna(box: Box, wire: Wire, ports: Ports) -> AsyncIterator[Party]:
    async with Rtp(ports.take(2), tone.samples(ANNA_HZ, 1, 8000)) as sound:
        party_of_hers = await party(box, wire, sound)
        yield party_of_hers
        await party_of_hers.call.bye()


@pytest.fixture
async def boris(box: Box, ports: Ports) -> AsyncIterator[Party]:
    async with Wire(box.address) as wire, Rtp(ports.take(2), tone.samples(BORIS_HZ, 1, 8000)) as sound:
        his = await party(box, wire, sound)
        yield his
        await his.call.bye()


async def held(box: Box, party: Party) -> bool:
    return bool((await box.told(Heard.HELD, of=party.leg)).code)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize("style", HOLDS)
async def test_hold_and_resume_are_told_once_each(box: Box, anna: Party, style: str, method: str) -> None:
    answer = await anna.says(method, HOLDS[style](anna.sound.port))
    assert answer.status == 200
    assert await held(box, anna)
    assert (await anna.says(method, HOLDS[style](anna.sound.port))).status == 200  # a session refresh while on hold
    assert (await anna.says(method, sdp(anna.sound.port))).status == 200
    assert not await held(box, anna)
    assert (await anna.says(method, sdp(anna.sound.port))).status == 200
    await anna.wire.ping()
    assert len(box.told_so_far(Heard.HELD, of=anna.leg)) == 2


@pytest.mark.parametrize(("way", "answered"), [("sendonly", b"a=recvonly"), ("inactive", b"a=inactive")])
async def test_the_answer_is_the_other_half_of_the_offer(box: Box, anna: Party, way: str, answered: bytes) -> None:
    assert answered in (await anna.says("INVITE", sdp(anna.sound.port, way=way))).body
    assert b"a=sendrecv" in (await anna.says("INVITE", sdp(anna.sound.port))).body


async def test_no_call_that_only_moves_or_changes_its_codec_is_on_hold(box: Box, anna: Party, ports: Ports) -> None:
    async with Rtp(ports.take(2), tone.samples(ANNA_HZ, 1, 8000)) as elsewhere:
        assert (await anna.says("INVITE", sdp(elsewhere.port, {0: "PCMU/8000"}))).status == 200
        await anna.wire.ping()
        assert not box.told_so_far(Heard.HELD, of=anna.leg)


async def test_an_offer_that_is_refused_changes_nothing(box: Box, anna: Party) -> None:
    assert (await anna.says("INVITE", sdp(anna.sound.port, {18: "G729/8000"}, way="sendonly"))).status >= 400
    await anna.wire.ping()
    assert not box.told_so_far(Heard.HELD, of=anna.leg)


@pytest.mark.parametrize("style", HOLDS)
async def test_who_is_held_is_asked_nothing_and_each_hears_whom_he_should(
    box: Box, anna: Party, boris: Party, tmp_path: Path, style: str
) -> None:
    box.sip.hear(anna.leg, boris.leg)
    box.sip.hear(boris.leg, anna.leg)
    await anna.sound.listens(0.5)
    await boris.sound.listens(0.5)
    assert (await anna.says("INVITE", HOLDS[style](anna.sound.port))).status == 200
    assert await held(box, anna)
    box.sip.unhear(boris.leg, anna.leg)  # what call control does: music for who is held
    music = box.sip.play(str(tone.write(tmp_path / "music.wav", MUSIC_HZ, 1)), True)
    box.sip.hear(boris.leg, music)
    anna.sound.forget()
    boris.sound.forget()
    await boris.sound.listens(1)
    assert tone.heard(boris.sound.heard(tmp_path / "boris.wav"), MUSIC_HZ) > 0.5
    assert anna.sound.packets == 0  # a telephone that holds gets no sound
    box.sip.unhear(boris.leg, music)
    box.sip.stop(music)
    box.sip.hear(boris.leg, anna.leg)
    assert (await anna.says("INVITE", sdp(anna.sound.port))).status == 200
    assert not await held(box, anna)
    await asyncio.sleep(0.3)  # what was under way
    anna.sound.forget()
    boris.sound.forget()
    await anna.sound.listens(0.5)
    await boris.sound.listens(0.5)
    assert tone.heard(anna.sound.heard(tmp_path / "anna.wav"), BORIS_HZ) > 0.5
    assert tone.heard(boris.sound.heard(tmp_path / "boris.wav"), ANNA_HZ) > 0.5
    assert not boris.wire.requests.all and not anna.wire.requests.all  # neither was re-INVITEd
