# SPDX-License-Identifier: GPL-2.0-or-later
"""What changes while two are handed each other's packets: partners, ports, keys in the middle, packets of odd make."""

import asyncio
import random
import struct
import time
from array import array
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard
from tests.sip.box import Box, Call
from tests.sip.test_audio import talking
from tests.sip.wire import Wire, sdp
from tests.telephones import tone
from tests.telephones.rtp import Rtp

ANNA_HZ, BORIS_HZ, CARL_HZ, PLAYER_HZ = 1000, 1500, 2200, 700
PACKET = 160  # samples, and bytes
HEADER = struct.Struct("!BBHII")
ENOUGH = 20  # packets in a row that came unchanged


class Party(Rtp):
    """Somebody with a call; what he sends and hears is kept, packet by packet."""

    call: Call

    def __init__(self, port: int, hz: int) -> None:
        noise = array("h", (sample + random.randint(-500, 500) for sample in tone.samples(hz, 1, 8000)))
        super().__init__(port, noise)  # so that no two packets are alike
        self.came: list[tuple[float, bytes]] = []
        self.mute = False

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.came.append((time.monotonic(), data))
        super().datagram_received(data, addr)

    def _next(self) -> bytes:
        if self.mute:
            self._to = None
        return super()._next()

    @property
    def tape(self) -> bytes:
        return self._says * 2

    def sounds(self, since: int = 0) -> list[tuple[float, bytes]]:
        return [(at, data) for at, data in self.came[since:] if data[1] & 127 == 8]

    def as_said_by(self, other: "Party") -> bool:
        """Whether the last that came are whole packets of his."""
        last = [data[HEADER.size :] for _, data in self.sounds()[-ENOUGH:]]
        return len(last) == ENOUGH and all(payload in other.tape for payload in last)

    def hears(self, folder: Path, hz: int, since: int) -> float:
        """Seconds of a tone among the packets that came since."""
        whole = Rtp(0)
        for _, data in self.sounds(since):
            whole.datagram_received(data, ("", 0))
        return tone.heard(whole.heard(folder / f"{self.port}-{hz}.wav"), hz)


async def until(true: object, within: float = 20.0) -> None:
    """Nothing tells when packets begin to be handed on."""
    assert callable(true)
    async with asyncio.timeout(within):
        while not true():
            await asyncio.sleep(0.05)


@pytest.fixture
async def parties(box: Box, ports: Ports) -> AsyncIterator[tuple[Party, Party, Party]]:
    """Anna, Boris and Carl, who each have called the box and hear nobody yet."""
    async with AsyncExitStack() as stack:
        made = []
        for hz in (ANNA_HZ, BORIS_HZ, CARL_HZ):
            wire = await stack.enter_async_context(Wire(box.address))
            party = await stack.enter_async_context(Party(ports.take(2), hz))
            party.call = await talking(box, wire, party)
            made.append(party)
        yield made[0], made[1], made[2]
        for party in made:
            await party.call.bye()


def connect(box: Box, one: Party, other: Party, on: bool = True) -> None:
    for listener, source in ((one, other), (other, one)):
        (box.sip.hear if on else box.sip.unhear)(listener.call.handle, source.call.handle)


async def handed_on(box: Box, one: Party, other: Party) -> None:
    connect(box, one, other)
    await until(lambda: one.as_said_by(other) and other.as_said_by(one))


def in_order(party: Party) -> None:
    """All that came is one stream: nothing is missing, twice, or of an earlier time (RFC 3550)."""
    heads = [HEADER.unpack_from(data) for _, data in party.sounds()]
    assert len({ssrc for *_, ssrc in heads}) == 1
    for (_, _, number, stamp, _), (_, _, next_number, next_stamp, _) in pairwise(heads):
        assert (next_number - number) & 0xFFFF == 1
        assert 0 < (next_stamp - stamp) & 0xFFFFFFFF < 8000, "time went back, or forward by a second"


async def test_each_hears_what_the_other_says_unchanged_and_it_is_one_stream_through_all_changes(
    box: Box, parties: tuple[Party, Party, Party], tmp_path: Path
) -> None:
    anna, boris, carl = parties
    await handed_on(box, anna, boris)
    player = box.sip.play(str(tone.write(tmp_path / "music.wav", PLAYER_HZ, 1)), True)
    since = len(anna.came)
    box.sip.hear(anna.call.handle, player)
    await until(lambda: anna.hears(tmp_path, PLAYER_HZ, since) > 0.5 and anna.hears(tmp_path, BORIS_HZ, since) > 0.5)
    assert not anna.as_said_by(boris), "it was mixed"
    box.sip.unhear(anna.call.handle, player)
    await until(lambda: anna.as_said_by(boris))

    connect(box, anna, boris, False)
    await handed_on(box, anna, carl)
    await boris.listens(0.2)
    for party in parties:
        in_order(party)
    box.sip.stop(player)
    await box.told(Heard.STOPPED, of=player)


async def test_nobody_hears_anything_of_an_earlier_partner_and_no_change_makes_a_gap(
    box: Box, parties: tuple[Party, Party, Party], tmp_path: Path
) -> None:
    anna, boris, carl = parties
    await handed_on(box, anna, boris)
    connect(box, anna, boris, False)
    await box.done()
    before = {party: len(party.came) for party in parties}
    connect(box, anna, carl)
    await asyncio.gather(*(party.listens(1.0) for party in parties))
    assert anna.hears(tmp_path, BORIS_HZ, before[anna]) < 0.1
    assert carl.hears(tmp_path, BORIS_HZ, before[carl]) == boris.hears(tmp_path, ANNA_HZ, before[boris]) == 0
    assert anna.hears(tmp_path, CARL_HZ, before[anna]) > 0.7 and carl.hears(tmp_path, ANNA_HZ, before[carl]) > 0.7
    await until(lambda: anna.as_said_by(carl) and carl.as_said_by(anna))
    connect(box, boris, anna)  # all three
    connect(box, boris, carl)
    since = len(boris.came)
    await until(lambda: min(boris.hears(tmp_path, hz, since) for hz in (ANNA_HZ, CARL_HZ)) > 0.5)
    for party in parties:
        times = [at for at, _ in party.sounds()]
        longest = max(later - at for at, later in pairwise(times))
        assert longest < 0.4, f"nothing came for {longest:.2f} s"


async def test_keys_are_told_once_and_not_handed_on(
    box: Box, parties: tuple[Party, Party, Party], tmp_path: Path
) -> None:
    anna, boris, _ = parties
    await handed_on(box, anna, boris)
    anna.press("15#")
    told = [chr((await box.told(Heard.DIGIT, of=anna.call.handle)).code) for _ in range(3)]
    assert told == list("15#")
    player = box.sip.play(str(tone.write(tmp_path / "music.wav", PLAYER_HZ, 1)), True)
    box.sip.hear(anna.call.handle, player)  # in the middle of the last one
    await anna.listens(0.6)
    assert not box.told_so_far(Heard.DIGIT, of=anna.call.handle)[3:]
    assert boris.keys == ""
    anna.press("7")
    box.sip.unhear(anna.call.handle, player)
    assert chr((await box.told(Heard.DIGIT, of=anna.call.handle)).code) == "7"
    await until(lambda: boris.as_said_by(anna))
    assert len(box.told_so_far(Heard.DIGIT, of=anna.call.handle)) == 4
    box.sip.stop(player)
    in_order(boris)


async def test_a_packet_that_is_odd_is_handed_on_plain(box: Box, parties: tuple[Party, Party, Party]) -> None:
    """With contributing sources, a header extension and padding; and none that lies about its lengths."""
    anna, boris, _ = parties
    await handed_on(box, anna, boris)
    assert anna._to
    marks = {
        b"\xa1" * PACKET: lambda mark: (0x81, b"\0\0\0\1" + mark),
        b"\xa2" * PACKET: lambda mark: (0x90, b"\xbe\xde\0\1" + b"\0\0\0\0" + mark),
        b"\xa3" * PACKET: lambda mark: (0xA0, mark + b"\0\0\0\4"),
        b"\xa5" * PACKET: lambda mark: (0x90, b"\xbe\xde\xff\xff" + mark),
        b"\xa6" * PACKET: lambda mark: (0x8F, mark[:20]),
        b"\xa7" * PACKET: lambda mark: (0xA0, mark[:-1] + b"\xff"),
    }
    for mark, build in marks.items():
        first, rest = build(mark)
        anna._wire.sendto(HEADER.pack(first, 8, anna._sequence, anna._stamp, anna._ssrc) + rest, anna._to)
        await anna.listens(0.04)
    came = [data for _, data in boris.sounds()]
    for mark in list(marks)[:3]:
        assert [data[0] for data in came if data[HEADER.size :] == mark] == [0x80]
    assert not [data for data in came if data[HEADER.size :][:8] in {mark[:8] for mark in list(marks)[3:]}]


async def test_a_call_that_changes_ports_is_followed(
    box: Box, parties: tuple[Party, Party, Party], ports: Ports
) -> None:
    anna, boris, _ = parties
    await handed_on(box, anna, boris)
    async with Party(ports.take(2), CARL_HZ) as other:
        anna.mute = True  # the old port
        await anna.listens(0.1)
        assert (await anna.call.ask("INVITE", body=sdp(other.port))).status == 200
        await until(lambda: other.as_said_by(boris) and boris.as_said_by(other))
