# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones that say of themselves, by multicast DNS, what they are; and answers that are none."""

import asyncio
import os
import random
import socket
import struct

import pytest

from appliance.web import mdns
from appliance.web.around import Neighbour


def answer(*services: tuple[str, str]) -> bytes:
    """PTR records, each of a service to an instance; the second of the same service by a pointer to the first."""
    data = struct.pack("!6H", 0, 0x8400, 0, len(services), 0, 0)
    for service, instance in services:
        inside = mdns.written(instance)
        data += mdns.written(service) + struct.pack("!2HIH", mdns.PTR, 1, 120, len(inside)) + inside
    return data


def test_a_telephone_is_known_by_its_neighbours_table_or_by_its_name() -> None:
    one = answer(("_http._tcp.local", "snomD735-0004134A5B6C._http._tcp.local"))
    assert mdns.telephone(one, "192.0.2.9", lambda ip: "") == Neighbour(
        "0004134a5b6c", "192.0.2.9", "snom", "snomD735-0004134A5B6C", "mDNS"
    )
    other = answer(("_sip._udp.local", "Yealink T54W._sip._udp.local"))
    known = mdns.telephone(other, "192.0.2.9", lambda ip: "020000000001")
    assert known and (known.mac, known.maker, known.model) == ("020000000001", "yealink", "Yealink T54W")
    printer = answer(("_http._tcp.local", "Printer 0123456789ab._http._tcp.local"))
    assert mdns.telephone(printer, "192.0.2.9", lambda ip: "020000000001") is None


def test_a_pointer_is_followed_backwards_only() -> None:
    head, name = struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0), mdns.written("_http._tcp.local")
    inside = b"\x04snom\xc0\x0c"
    sound = head + name + struct.pack("!2HIH", mdns.PTR, 1, 120, len(inside)) + inside
    assert mdns.names(sound) == ["_http._tcp.local", "snom._http._tcp.local"]
    assert mdns.names(head + b"\xc0\x0c" + b"\0" * 20) == []  # to itself
    assert mdns.names(head + b"\x01a\xc0\x0c" + b"\0" * 20) == []  # round
    assert mdns.names(head + b"\xc0\xff" + b"\0" * 20) == []


def test_whatever_comes_is_read_without_a_fault() -> None:
    chance = random.Random(1)
    sound = answer(
        ("_http._tcp.local", "snomD735-0004134A5B6C._http._tcp.local"), ("_sip._udp.local", "x._sip._udp.local")
    )
    for size in range(len(sound)):
        mdns.names(sound[:size])
    for _ in range(3000):
        bad = bytearray(sound)
        for _ in range(chance.randint(1, 6)):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        mdns.telephone(bytes(bad), "192.0.2.9", lambda ip: "")
        mdns.names(os.urandom(chance.randint(0, 200)))


async def test_somebody_looks_and_hears_who_answers() -> None:
    loop, found = asyncio.get_running_loop(), list[Neighbour]()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        one.setblocking(False)
        port = one.getsockname()[1]
        looking = asyncio.create_task(mdns.look(found.append, lambda ip: "", "127.0.0.1", port))
        async with asyncio.timeout(30):
            data, back = await loop.sock_recvfrom(one, 9000)
            assert data == mdns.question() and data[4:6] == b"\0\3"
            await loop.sock_sendto(one, b"nonsense", back)
            told = answer(("_http._tcp.local", "snomD735-0004134A5B6C._http._tcp.local"))
            await loop.sock_sendto(one, told, back)
            await looking
    assert [each.mac for each in found] == ["0004134a5b6c"]


@pytest.mark.parametrize("data", [b"", b"\0" * 11, mdns.question()])
def test_what_is_no_response_has_no_names(data: bytes) -> None:
    assert mdns.names(data) == []
