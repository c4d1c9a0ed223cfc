# SPDX-License-Identifier: GPL-2.0-or-later
"""Who hears whom: players, recordings, calls that begin, hold and end, and the keys pressed meanwhile."""

import asyncio
import os
import struct
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard
from tests.sip.box import Box, Call, Telephone
from tests.sip.wire import Message, Wire, sdp
from tests.telephones import tone
from tests.telephones.rtp import Rtp

CALLER_HZ, PLAYER_HZ = 1000, 700


@pytest.fixture
async def ear(ports: Ports) -> AsyncIterator[Rtp]:
    """The sound of a telephone spoken by hand; it says 1 kHz."""
    async with Rtp(ports.take(2), tone.samples(CALLER_HZ, 1, 8000)) as ear:
        yield ear


async def talking(box: Box, wire: Wire, ear: Rtp) -> Call:
    """A telephone that has called and was answered."""
    call = await Telephone(box, wire).call("100", body=sdp(ear.port))
    box.sip.answer(call.handle)
    await call.answered()
    await box.told(Heard.AUDIO, of=call.handle)
    return call


async def stopped(box: Box, port: int) -> tuple[int, str]:
    """How a player or recording ended: 0 when it was asked to, or 1 and why."""
    told = await box.told(Heard.STOPPED, of=port)
    return told.code, told.text[0]


# ---- files -----------------------------------------------------------------------------------------------------------


def riff(*chunks: bytes) -> bytes:
    body = b"".join(chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def chunk(name: bytes, data: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(data) if size is None else size) + data


def form(coding: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16, align: int | None = None) -> bytes:
    align = channels * bits // 8 if align is None else align
    return chunk(b"fmt ", struct.pack("<HHIIHH", coding, channels, rate, 0, align, bits))


SOUND = b"\x10\x20" * 4800  # 0.6 s at 8 kHz
NOT_A_SOUND = {
    "missing": None,
    "empty": b"",
    "text": b"hello" * 1000,
    "cut in the first header": riff(form(), chunk(b"data", SOUND))[:10],
    "cut in its format": riff(form())[:30],
    "without samples": riff(form()),
    "no format": riff(chunk(b"data", SOUND)),
    "no samples at all": riff(form(), chunk(b"data", b"")),
    "says many, has none": riff(form(), chunk(b"data", b"", 2**31)),
    "shorter than one frame": riff(form(), chunk(b"data", SOUND[:318])),
    "0 Hz": riff(form(rate=0), chunk(b"data", SOUND)),
    "0 Hz and empty": riff(form(rate=0), chunk(b"data", b"")) + b"\0" * 60,
    "4 GHz": riff(form(rate=2**32 - 1), chunk(b"data", SOUND)),
    "11,025 Hz, no whole samples in 20 ms": riff(form(rate=11025), chunk(b"data", SOUND)),
    "0 channels": riff(form(channels=0), chunk(b"data", SOUND)),
    "8 channels": riff(form(channels=8), chunk(b"data", SOUND)),
    "65,535 channels": riff(form(channels=65535, align=0), chunk(b"data", SOUND)),
    "24 bits": riff(form(bits=24), chunk(b"data", SOUND)),
    "0 bits": riff(form(bits=0), chunk(b"data", SOUND)),
    "blocks of 0 bytes": riff(form(align=0), chunk(b"data", SOUND)),
    "MP3 inside": riff(form(coding=85), chunk(b"data", SOUND)),
    "a format that is too short": riff(chunk(b"fmt ", b"\1\0"), chunk(b"data", SOUND)),
    "a format that never ends": riff(chunk(b"fmt ", b"\1\0" * 8, 2**32 - 1), chunk(b"data", SOUND)),
    "a chunk that never ends": riff(form(), chunk(b"LIST", b"", 2**32 - 1), chunk(b"data", SOUND)),
    "a thousand empty chunks": riff(form(), chunk(b"junk", b"") * 1000, chunk(b"data", SOUND)),
    "big endian": b"RIFX" + riff(form(), chunk(b"data", SOUND))[4:],
}


@pytest.mark.parametrize("what", NOT_A_SOUND)
@pytest.mark.parametrize("repeat", [True, False])
async def test_what_is_no_sound_is_told_and_not_played(
    box: Box, wire: Wire, tmp_path: Path, what: str, repeat: bool
) -> None:
    path, data = tmp_path / "sound.wav", NOT_A_SOUND[what]
    if data is not None:
        path.write_bytes(data)
    player = box.sip.play(str(path), repeat)
    code, why = await stopped(box, player)
    assert code == 1 and why
    await wire.ping()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
async def test_what_is_no_file_is_not_waited_for(box: Box, wire: Wire, tmp_path: Path, make: object) -> None:
    make(tmp_path / "sound.wav")  # type: ignore[operator]
    assert await stopped(box, box.sip.play(str(tmp_path / "sound.wav"), True)) == (1, "not a regular file")


SOUNDS = {
    "8 kHz": riff(form(), chunk(b"data", SOUND)),
    "stereo of 48 kHz": riff(form(channels=2, rate=48000), chunk(b"data", SOUND * 4)),
    "A-law": riff(form(coding=6, bits=8), chunk(b"data", SOUND)),
    "u-law": riff(form(coding=7, bits=8), chunk(b"data", SOUND)),
    "with other chunks": riff(chunk(b"LIST", b"x" * 100), form(), chunk(b"fact", b"1234"), chunk(b"data", SOUND)),
    "more said than there is": riff(form(), chunk(b"data", SOUND, 2**32 - 1)),
    "something behind": riff(form(), chunk(b"data", SOUND)) + b"x" * 5000,
}


@pytest.mark.parametrize("what", SOUNDS)
async def test_a_sound_is_played_to_its_end_once(box: Box, wire: Wire, tmp_path: Path, what: str) -> None:
    (tmp_path / "sound.wav").write_bytes(SOUNDS[what])
    player, ear = box.sip.play(str(tmp_path / "sound.wav"), False), box.sip.record(str(tmp_path / "heard.wav"))
    box.sip.hear(ear, player)
    await box.told(Heard.PLAYED, of=player)
    box.sip.stop(player)
    box.sip.stop(ear)
    assert await stopped(box, player) == await stopped(box, ear) == (0, "")
    assert tone.loud(tmp_path / "heard.wav") > 0.1
    assert len(box.told_so_far(Heard.PLAYED)) == 1


async def test_music_goes_on_and_on(box: Box, wire: Wire, tmp_path: Path) -> None:
    short = tone.write(tmp_path / "music.wav", PLAYER_HZ, 0.2)
    player, ear = box.sip.play(str(short), True), box.sip.record(str(tmp_path / "heard.wav"))
    box.sip.hear(ear, player)
    await asyncio.sleep(1.2)  # it sounds
    box.sip.stop(ear)
    await stopped(box, ear)
    box.sip.stop(player)
    await stopped(box, player)
    assert tone.heard(tmp_path / "heard.wav", PLAYER_HZ) > 0.7
    assert not box.told_so_far(Heard.PLAYED)


@pytest.mark.parametrize(
    "path", ["", "x", "heard.mp3", "heard", "nowhere/heard.wav", "/proc/heard.wav", "x" * 300 + ".wav", "folder.wav"]
)
async def test_a_recording_that_cannot_be_written_is_told(box: Box, wire: Wire, tmp_path: Path, path: str) -> None:
    (tmp_path / "folder.wav").mkdir()
    code, why = await stopped(box, box.sip.record(str(tmp_path / path) if path else ""))
    assert code == 1 and why
    await wire.ping()


async def test_a_recording_is_whole_when_it_is_told_to_be_over(box: Box, wire: Wire, tmp_path: Path) -> None:
    player = box.sip.play(str(tone.write(tmp_path / "music.wav", PLAYER_HZ, 1)), True)
    ears = []
    for n in range(20):
        ears.append(box.sip.record(str(tmp_path / f"{n}.wav")))
        box.sip.hear(ears[-1], player)
    await asyncio.sleep(0.5)  # it sounds
    for ear in ears:
        box.sip.stop(ear)
    for n, ear in enumerate(ears):
        await stopped(box, ear)
        path = tmp_path / f"{n}.wav"
        size = path.stat().st_size
        with wave.open(str(path)) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16000)
            assert 44 + file.getnframes() * 2 == size and file.getnframes() > 16000 * 0.2
        assert tone.heard(path, PLAYER_HZ) > 0.2
        assert path.stat().st_size == size
    box.sip.stop(player)
    await stopped(box, player)
    assert box.sip.counts()[2] == 0


async def test_more_recordings_than_there_is_room_for_are_told(box: Box, wire: Wire, tmp_path: Path) -> None:
    ears = [box.sip.record(str(tmp_path / f"{n}.wav")) for n in range(140)]
    await box.done()
    full = [event for event in box.told_so_far(Heard.STOPPED) if event.handle in ears]
    assert len(full) == 12 and {event.code for event in full} == {1}
    for ear in ears[:128]:
        box.sip.stop(ear)
    for ear in ears[:128]:
        assert await stopped(box, ear) == (0, "")
    assert box.sip.counts()[2] == 0


# ---- calls -----------------------------------------------------------------------------------------------------------


async def test_a_caller_is_heard_by_a_recording_and_hears_a_player(
    box: Box, wire: Wire, ear: Rtp, tmp_path: Path
) -> None:
    call = await talking(box, wire, ear)
    recording = box.sip.record(str(tmp_path / "message.wav"))
    player = box.sip.play(str(tone.write(tmp_path / "music.wav", PLAYER_HZ, 1)), True)
    box.sip.hear(recording, call.handle)
    box.sip.hear(call.handle, player)
    await ear.listens(1.5)
    box.sip.stop(recording)
    await stopped(box, recording)
    assert tone.heard(tmp_path / "message.wav", CALLER_HZ) > 0.8
    assert tone.heard(tmp_path / "message.wav", PLAYER_HZ) == 0  # nobody is recorded with what he is made to hear
    assert tone.heard(ear.heard(tmp_path / "caller.wav"), PLAYER_HZ) > 0.8
    box.sip.unhear(call.handle, player)
    await asyncio.sleep(0.3)  # until what is on its way has come
    before = tone.heard(ear.heard(tmp_path / "caller.wav"), PLAYER_HZ)
    await asyncio.sleep(0.4)
    assert tone.heard(ear.heard(tmp_path / "caller.wav"), PLAYER_HZ) == before
    box.sip.stop(player)
    await call.bye()


async def test_what_was_said_while_nobody_listened_is_not_heard_late(
    box: Box, wire: Wire, ear: Rtp, tmp_path: Path
) -> None:
    """As when he was held: whoever listens to him then hears what he says then, and not what he said half a second ago."""
    call = await talking(box, wire, ear)
    player = box.sip.play(str(tone.write(tmp_path / "music.wav", PLAYER_HZ, 1)), True)
    box.sip.hear(call.handle, player)
    before = box.sip.record(str(tmp_path / "before.wav"))
    box.sip.hear(before, call.handle)
    await ear.listens(1)
    box.sip.stop(before)
    await stopped(box, before)
    assert tone.heard(tmp_path / "before.wav", CALLER_HZ) > 0.5
    await ear.listens(1)
    recording = box.sip.record(str(tmp_path / "message.wav"))
    ear.falls_silent()
    await ear.listens(0.1)  # what is on its way has come
    box.sip.hear(recording, call.handle)
    await ear.listens(1.5)
    box.sip.stop(recording)
    await stopped(box, recording)
    assert tone.heard(tmp_path / "message.wav", CALLER_HZ) == 0
    box.sip.stop(player)
    await call.bye()


async def test_what_is_wished_before_there_is_sound_comes_true_with_it(
    box: Box, wire: Wire, ear: Rtp, tmp_path: Path
) -> None:
    player = box.sip.play(str(tone.write(tmp_path / "music.wav", PLAYER_HZ, 1)), True)
    call = await Telephone(box, wire).call("100", body=sdp(ear.port))
    box.sip.hear(call.handle, player)
    box.sip.hear(call.handle, player)
    box.sip.answer(call.handle)
    await call.answered()
    await ear.listens(1)
    assert tone.heard(ear.heard(tmp_path / "caller.wav"), PLAYER_HZ) > 0.5
    await call.bye()
    box.sip.stop(player)
    await stopped(box, player)


async def test_a_call_that_holds_comes_back_and_moves_is_heard_each_time(
    box: Box, wire: Wire, ports: Ports, tmp_path: Path
) -> None:
    """Each of these is a re-INVITE, and with each the box takes its sound apart and puts it together again."""
    player = box.sip.play(str(tone.write(tmp_path / "music.wav", PLAYER_HZ, 1)), True)
    async with Rtp(ports.take(2)) as ear:
        call = await talking(box, wire, ear)
        box.sip.hear(call.handle, player)
        await ear.listens(0.5)
        for way in ("inactive", "sendrecv", "sendonly", "sendrecv"):
            assert (await call.ask("INVITE", body=sdp(ear.port, way=way))).status == 200
            await box.told(Heard.AUDIO, of=call.handle)
            if way == "sendrecv":
                await ear.listens(0.5)
    async with Rtp(ports.take(2)) as ear:
        assert (await call.ask("INVITE", body=sdp(ear.port))).status == 200
        await ear.listens(1)
        assert tone.heard(ear.heard(tmp_path / "moved.wav"), PLAYER_HZ) > 0.5
    await call.bye()
    box.sip.stop(player)
    await stopped(box, player)


async def test_two_callers_hear_each_other_and_when_one_goes_the_other_hears_nothing(
    box: Box, wire: Wire, ear: Rtp, ports: Ports, tmp_path: Path
) -> None:
    async with Wire(box.address) as second, Rtp(ports.take(2), tone.samples(PLAYER_HZ, 1, 8000)) as other:
        anna, boris = await talking(box, wire, ear), await talking(box, second, other)
        box.sip.hear(anna.handle, boris.handle)
        box.sip.hear(boris.handle, anna.handle)
        await asyncio.gather(ear.listens(1.2), other.listens(1.2))
        assert tone.heard(ear.heard(tmp_path / "anna.wav"), PLAYER_HZ) > 0.6
        assert tone.heard(other.heard(tmp_path / "boris.wav"), CALLER_HZ) > 0.6
        await boris.bye()
        await box.told(Heard.OVER, of=boris.handle)
        box.sip.hear(anna.handle, boris.handle)
        box.sip.unhear(anna.handle, boris.handle)
        await box.done()
        await anna.bye()
    await box.told(Heard.OVER, of=anna.handle)
    assert box.sip.counts()[2] == 0


# ---- keys ------------------------------------------------------------------------------------------------------------


async def test_keys_pressed_are_told(box: Box, wire: Wire, ear: Rtp) -> None:
    call = await talking(box, wire, ear)
    player = box.sip.play("/nonexistent.wav", True)
    await stopped(box, player)
    await ear.listens(0)
    ear.press("159*0#D")
    assert "".join([chr((await box.told(Heard.DIGIT, of=call.handle)).code) for _ in range(7)]) == "159*0#D"
    await call.bye()


async def test_keys_sent_are_heard(box: Box, wire: Wire, ear: Rtp) -> None:
    call = await talking(box, wire, ear)
    box.sip.digits(call.handle, "159*0#")
    box.sip.digits(call.handle, "")
    box.sip.digits(call.handle, "hello\x01" * 50)
    async with asyncio.timeout(20):
        while len(ear.keys) < 6:
            await ear.listens(0)
    assert ear.keys[:6] == "159*0#"
    await call.bye()


async def relay(call: Call, body: bytes) -> Message:
    """An INFO with a key, as older telephones send it, answered."""
    return await call.ask("INFO", {"Content-Type": "application/dtmf-relay"}, body)


@pytest.mark.parametrize("sent", ["5", "5 ", "*"])
async def test_a_key_by_info_is_told(box: Box, wire: Wire, ear: Rtp, sent: str) -> None:
    call = await talking(box, wire, ear)
    assert (await relay(call, f"Signal={sent}\r\nDuration=160\r\n".encode())).status == 200
    assert chr((await box.told(Heard.DIGIT, of=call.handle)).code) == sent.strip()
    await call.bye()


@pytest.mark.parametrize(
    "body",
    [
        b"Signal=\xff\r\nDuration=160\r\n",
        b"Signal=\x80\r\nDuration=1\r\n",
        b"Signal=x\r\nDuration=160\r\n",
        b"Signal=\x01\r\nDuration=99999999999999999999\r\n",
        b"Signal",
        b"Signal=",
        b"\r\n",
        b"Signal=\r\n\r\n\r\n",
        b"Duration=5\r\nSignal=",
        b"\x00" * 300,
    ],
)
async def test_a_key_that_there_is_not_is_not_told(box: Box, wire: Wire, ear: Rtp, body: bytes) -> None:
    call = await talking(box, wire, ear)
    await relay(call, body)
    assert not box.told_so_far(Heard.DIGIT)
    await call.bye()
