# SPDX-License-Identifier: GPL-2.0-or-later
"""Who asks the network for linekeeper.local is told where the box is; nobody is told of anything else."""

import asyncio
import socket
import struct
from pathlib import Path

import pytest

from appliance.programs.demo.ports import Ports
from appliance.web import mdns, named
from appliance.web.named import Named
from tests.namespace import alone

GROUP = "239.255.80.53"  # of the tests: nobody outside hears it


def question(name: str = "linekeeper.local", kind: int = 1, of: int = 1, flags: int = 0) -> bytes:
    return struct.pack("!6H", 7, flags, 1, 0, 0, 0) + mdns.written(name) + struct.pack("!2H", kind, of)


def test_our_name_is_known_however_it_is_written_and_no_other() -> None:
    assert named.asked(question("LineKeeper.Local")) == (7, False)
    assert named.asked(question(kind=255, of=0x8001)) == (7, True)
    other = [question("printer.local"), question(kind=28), question(flags=0x8000), question()[:-3], b"", b"x" * 40]
    assert [named.asked(data) for data in other] == [None] * len(other)


def test_an_answer_to_all_is_the_only_one_there_is_and_one_to_a_stranger_has_his_question() -> None:
    one = named.Question(7, False)
    for legacy, id, unique in ((False, 0, 0x8001), (True, 7, 1)):
        data = named.answer(one, "192.0.2.1", legacy=legacy)
        assert data[:2] == struct.pack("!H", id)
        assert mdns.names(data) == ["linekeeper.local"]
        assert struct.pack("!2H", 1, unique) in data and data.endswith(bytes((192, 0, 2, 1)))


async def test_whoever_asks_the_network_is_told_the_address_he_reaches_the_box_at(ports: Ports) -> None:
    port, loop = ports.take(), asyncio.get_running_loop()
    answering = asyncio.create_task(Named(GROUP, port).run())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        one.setblocking(False)
        heard = loop.create_task(loop.sock_recv(one, 4096))
        async with asyncio.timeout(10):
            while not heard.done():  # it may not listen yet, and this is a network that loses things
                await loop.sock_sendto(one, question("printer.local"), (GROUP, port))
                await loop.sock_sendto(one, question(), (GROUP, port))
                await asyncio.wait([heard], timeout=0.1)
        assert heard.result().endswith(socket.inet_aton("127.0.0.1"))
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering


async def test_a_box_that_starts_before_its_network_is_found_once_that_is_there() -> None:
    await alone(Path(__file__).with_name("later_network.py"))
