# SPDX-License-Identifier: GPL-2.0-or-later
"""Two telephones of one codec are handed each other's packets as they are, and each hears one stream all the same."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import pytest

from appliance.programs.demo.ports import Ports
from appliance.programs.demo.seen import Seen
from appliance.sip._sip import read_tape
from appliance.sip.names import Heard
from tests.sip.box import Box, Call, Telephone
from tests.sip.wire import Wire, sdp

A_LAW, EVENTS, UNKNOWN = 8, 101, 96  # payload types
HEADER = struct.Struct("!BBHII")
REPORT = struct.Struct("!BBHIIIIII")  # RFC 3550 section 6.4.1, without blocks
STEP = 160  # samples in a packet


class Packet(NamedTuple):
    marked: bool
    kind: int
    number: int
    stamp: int
    ssrc: int
    payload: bytes


class Socket(asyncio.DatagramProtocol):
    """What comes to one port of a telephone."""

    def __init__(self) -> None:
        self.seen: Seen[bytes] = Seen("packet")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.wire = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.seen.add(data)


class Ear:
    """A telephone's sound packet by packet: it says what it is told to, when it is."""

    def __init__(self, port: int, ssrc: int) -> None:
        self.port, self.ssrc, self.number, self.stamp = port, ssrc, 65500, 2**32 - 5 * STEP  # both soon begin anew
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._rtp, self._rtcp = [await self._open(self.port + odd) for odd in (0, 1)]
        return self

    async def _open(self, port: int) -> Socket:
        loop = asyncio.get_running_loop()
        transport, socket = await loop.create_datagram_endpoint(Socket, local_addr=("127.0.0.1", port))
        self._stack.callback(transport.close)
        return socket

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def says(self, to: int, payload: bytes, kind: int = A_LAW) -> None:
        """The next packet of its stream, to a port of the box."""
        head = HEADER.pack(0x80, kind, self.number & 0xFFFF, self.stamp & 0xFFFFFFFF, self.ssrc)
        self._rtp.wire.sendto(head + payload, ("127.0.0.1", to))  # type: ignore[attr-defined]
        self.number, self.stamp = self.number + 1, self.stamp + STEP

    def reports(self, to: int, packets: int) -> None:
        """A sender report of what it has said."""
        data = REPORT.pack(0x80, 200, 6, self.ssrc, 1, 2, self.stamp & 0xFFFFFFFF, packets, packets * STEP)
        self._rtcp.wire.sendto(data, ("127.0.0.1", to + 1))  # type: ignore[attr-defined]

    async def hears(self, *payloads: bytes) -> Packet:
        """The next packet with one of these payloads."""
        return self._packet(await self._rtp.seen.next("packet", lambda data: data[HEADER.size :] in payloads, 20))

    async def hears_a(self, kind: int, like: Callable[[bytes], bool]) -> Packet:
        """The next packet of this payload type whose payload is like that."""
        return self._packet(
            await self._rtp.seen.next("packet", lambda data: data[1] & 127 == kind and like(data[HEADER.size :]), 20)
        )

    @property
    def heard(self) -> list[Packet]:
        return [self._packet(data) for data in self._rtp.seen.all]

    async def reported(self, ntp: int) -> tuple[int, ...]:
        """The next report with these seconds: SSRC, timestamp, packets, octets."""
        data = await self._rtcp.seen.next(
            "report", lambda data: data[1] == 200 and REPORT.unpack_from(data)[4] == ntp, 20
        )
        fields = REPORT.unpack_from(data)
        return fields[3], fields[6], fields[7], fields[8]

    @staticmethod
    def _packet(data: bytes) -> Packet:
        _, kind, number, stamp, ssrc = HEADER.unpack_from(data)
        return Packet(bool(kind & 128), kind & 127, number, stamp, ssrc, data[HEADER.size :])


class Pair:
    """Two who talk: each with its ear, its call and the port at which the box hears it."""

    def __init__(self, box: Box, ears: tuple[Ear, Ear], calls: tuple[Call, Call], ports: tuple[int, int]) -> None:
        self.box, self.ears, self.calls, self.ports = box, ears, calls, ports

    @property
    def handles(self) -> tuple[int, int]:
        return self.calls[0].handle, self.calls[1].handle

    def say(self, which: int, payload: bytes, kind: int = A_LAW) -> None:
        self.ears[which].says(self.ports[which], payload, kind)

    async def passes(self, which: int) -> bytes:
        """One speaks until the other hears just what was said: the way by packets is there."""
        for word in range(100):
            said = bytes([word]) * STEP
            self.say(which, said)
            with contextlib.suppress(LookupError, AssertionError, TimeoutError):
                async with asyncio.timeout(0.05):
                    await self.ears[1 - which].hears(said)
                    return said
        raise AssertionError("what was said never came as it was said")


async def answered(box: Box, wire: Wire, ear: Ear, codecs: Mapping[int, str] | None = None) -> tuple[Call, int]:
    call = await Telephone(box, wire).call("100", body=sdp(ear.port, codecs))
    box.sip.answer(call.handle)
    answer = await call.answered()
    await box.told(Heard.AUDIO, of=call.handle)
    return call, int(answer.body.partition(b"m=audio ")[2].split()[0])


@pytest.fixture
async def pair(box: Box, wire: Wire, ports: Ports) -> AsyncIterator[Pair]:
    """They hear each other, by packets."""
    async with (
        Wire(box.address) as second,
        Ear(ports.take(2), 0x11111111) as one,
        Ear(ports.take(2), 0x22222222) as other,
    ):
        (anna, at), (boris, there) = await answered(box, wire, one), await answered(box, second, other)
        pair = Pair(box, (one, other), (anna, boris), (at, there))
        box.sip.hear(anna.handle, boris.handle)
        box.sip.hear(boris.handle, anna.handle)
        await pair.passes(0)
        await pair.passes(1)
        yield pair
        await anna.bye()
        await boris.bye()


def one_stream(packets: list[Packet]) -> None:
    """One SSRC, numbers without a jump, times that go on: RFC 3550 section 5.1."""
    assert len({packet.ssrc for packet in packets}) == 1
    steps = [(b.number - a.number) & 0xFFFF for a, b in pairwise(packets)]
    assert set(steps) == {1}
    waits = [(b.stamp - a.stamp) & 0xFFFFFFFF for a, b in pairwise(packets)]
    assert all(0 < wait < 8000 * 10 for wait in waits)


async def test_what_one_says_the_other_hears_as_it_was_said(pair: Pair) -> None:
    said = [bytes([200 + i]) * STEP for i in range(5)]
    for word in said:
        pair.say(0, word)
    heard = [await pair.ears[1].hears(word) for word in said]
    assert [packet.kind for packet in heard] == [A_LAW] * 5
    assert [(b.stamp - a.stamp) & 0xFFFFFFFF for a, b in pairwise(heard)] == [STEP] * 4


async def test_a_tape_takes_nothing_from_what_is_handed_on(pair: Pair) -> None:
    tape = pair.box.sip.tape(pair.handles[0], 16000, False, False)
    await pair.box.done()
    said = [bytes([200 + i]) * STEP for i in range(5)]
    for word in said:
        pair.say(0, word)
    assert len([await pair.ears[1].hears(word) for word in said]) == 5
    pair.box.sip.stop(tape)
    async with asyncio.timeout(20):
        while not read_tape(tape)[2]:
            await asyncio.sleep(0.02)


async def test_it_is_one_stream_whoever_speaks_and_whatever_comes_between(pair: Pair, tmp_path: Path) -> None:
    """A recording begins and ends: the bridge takes them, and gives them back."""
    recording = pair.box.sip.record(str(tmp_path / "both.wav"))
    pair.box.sip.hear(recording, pair.handles[1])
    await pair.box.done()
    before = len(pair.ears[0].heard)
    async with asyncio.timeout(20):
        while len(pair.ears[0].heard) < before + 20:  # what the bridge makes of nothing said
            pair.say(1, b"\x55" * STEP)
            await asyncio.sleep(0.02)
    pair.box.sip.stop(recording)
    assert (await pair.box.told(Heard.STOPPED, of=recording)).code == 0
    await pair.passes(1)
    one_stream(pair.ears[0].heard)


async def test_while_one_says_nothing_the_other_hears_silence(pair: Pair) -> None:
    """A telephone that suppresses silence sends nothing; the other must not think that the line is dead."""
    before = len(pair.ears[0].heard)
    async with asyncio.timeout(20):
        while len(pair.ears[0].heard) < before + 20:
            await asyncio.sleep(0.02)
    await pair.passes(1)
    one_stream(pair.ears[0].heard)


async def test_a_stranger_who_sends_to_the_port_is_not_heard(pair: Pair, ports: Ports) -> None:
    async with Ear(ports.take(2), 0x33333333) as stranger:
        for _ in range(5):
            stranger.says(pair.ports[0], b"\x99" * STEP)
        await pair.passes(0)
        assert b"\x99" * STEP not in {packet.payload for packet in pair.ears[1].heard}


async def test_a_packet_that_is_none_is_not_handed_on(pair: Pair) -> None:
    wire, port = pair.ears[0]._rtp.wire, pair.ports[0]
    for data in (b"", b"\x80", b"\x80" * 11, b"\0" * 172, b"\xff" * 1500, b"\x8f\x08" + bytes(30)):
        wire.sendto(data, ("127.0.0.1", port))  # type: ignore[attr-defined]
    pair.say(0, b"\x77" * STEP, UNKNOWN)
    await pair.passes(0)
    assert b"\x77" * STEP not in {packet.payload for packet in pair.ears[1].heard}
    one_stream(pair.ears[1].heard)


async def test_a_key_is_told_once_and_is_not_for_the_other(pair: Pair) -> None:
    for length in range(1, 4):
        pair.say(0, struct.pack("!BBH", 5, 10, length * STEP), EVENTS)
    pair.ears[0].stamp -= 3 * STEP
    for _ in range(3):
        pair.say(0, struct.pack("!BBH", 5, 0x8A, 4 * STEP), EVENTS)
    pair.say(0, b"\x44" * STEP)
    await pair.ears[1].hears(b"\x44" * STEP)
    assert chr((await pair.box.told(Heard.DIGIT, of=pair.handles[0])).code) == "5"
    await pair.passes(0)
    assert {packet.kind for packet in pair.ears[1].heard} == {A_LAW}
    one_stream(pair.ears[1].heard)


async def test_keys_the_box_sends_meanwhile_arrive(pair: Pair) -> None:
    pair.box.sip.digits(pair.handles[1], "12")
    keys: list[int] = []
    async with asyncio.timeout(20):
        while len(keys) < 2:
            pair.say(0, b"\x33" * STEP)
            await asyncio.sleep(0.02)
            ended = {p.stamp: p.payload[0] for p in pair.ears[1].heard if p.kind == EVENTS and p.payload[1] & 0x80}
            keys = list(ended.values())
    assert keys == [1, 2]
    await pair.passes(0)
    assert len({packet.ssrc for packet in pair.ears[1].heard}) == 1


async def test_keys_arrive_too_when_they_are_sent_as_he_just_begins_to_speak(pair: Pair) -> None:
    """The box says silence until then, and leaves that off a moment later: with the key still to be sent."""

    def keys() -> int:
        return len({p.stamp for p in pair.ears[1].heard if p.kind == EVENTS and p.payload[1] & 0x80})

    for nth in range(8):
        await asyncio.sleep(1.2)  # nobody says anything
        pair.say(0, b"\x33" * STEP)
        pair.box.sip.digits(pair.handles[1], "1")
        async with asyncio.timeout(20):
            while keys() <= nth:
                pair.say(0, b"\x33" * STEP)
                await asyncio.sleep(0.02)


async def test_a_report_names_the_stream_it_is_about(pair: Pair) -> None:
    """What anna's telephone reports of what it sent, boris's hears of the stream he hears."""
    said = await pair.passes(0)
    last = next(packet for packet in reversed(pair.ears[1].heard) if packet.payload == said)
    pair.ears[0].reports(pair.ports[0], 7)
    ssrc, stamp, packets, octets = await pair.ears[1].reported(1)
    assert (ssrc, packets, octets) == (last.ssrc, 7, 7 * STEP)
    assert (stamp - last.stamp) & 0xFFFFFFFF == STEP


async def test_when_one_goes_nothing_of_his_is_heard_any_more(pair: Pair, wire: Wire) -> None:
    pair.box.sip.unhear(pair.handles[1], pair.handles[0])
    pair.box.sip.unhear(pair.handles[0], pair.handles[1])
    await pair.box.done()
    for _ in range(5):
        pair.say(0, b"\x66" * STEP)
    await wire.ping()
    before = len(pair.ears[1].heard)
    async with asyncio.timeout(20):
        while len(pair.ears[1].heard) < before + 5:
            await asyncio.sleep(0.02)
    assert b"\x66" * STEP not in {packet.payload for packet in pair.ears[1].heard}
    one_stream(pair.ears[1].heard)
