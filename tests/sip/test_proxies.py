# SPDX-License-Identifier: GPL-2.0-or-later
"""The servers of a trunk: calls and the registration go to the next one when one fails, and back when it answers again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import count

import pytest

from appliance.sip.names import Heard
from tests.sip.box import HOST, Box
from tests.sip.wire import Message, Wire, request, sdp

NAMES = count(1)
SILENCE = 4.0  # seconds
SELDOM = 60  # seconds between questions: once, at the start


class Server:
    """One of a trunk's; it answers OPTIONS and REGISTER while it is `up`, and says nothing at all when it is not."""

    def __init__(self, wire: Wire) -> None:
        self.wire, self.up = wire, True
        self.registered: list[tuple[float, str]] = []  # when, and for how long

    async def serve(self) -> None:
        while True:
            asked = await self.wire.requests.next("any", lambda one: one.method in ("OPTIONS", "REGISTER"), 600)
            if not self.up:
                continue
            headers = {"Contact": asked["contact"], "Expires": asked["expires"]} if asked.method == "REGISTER" else {}
            self.wire.reply(asked, 200, headers=headers)
            if asked.method == "REGISTER":
                self.registered.append((time.monotonic(), asked["expires"]))

    async def answers_call(self) -> Message:
        invite = await self.wire.request("INVITE")
        self.wire.reply(invite, 200, body=sdp())
        await self.wire.request("ACK")
        return invite

    async def refuses(self, status: int) -> None:
        self.wire.reply(await self.wire.request("INVITE"), status, "No")
        await self.wire.request("ACK")


Servers = tuple[Server, Server]


@pytest.fixture
async def servers(box: Box) -> AsyncIterator[Servers]:
    async with Wire(box.address) as one, Wire(box.address) as two:
        both = Server(one), Server(two)
        serving = [asyncio.create_task(server.serve()) for server in both]
        yield both
        for task in serving:
            task.cancel()


def trunk(box: Box, servers: Servers, *, expires: int = 0, qualify: int = SELDOM) -> str:
    name = f"trunk{next(NAMES)}"
    where = " | ".join(server.wire.at for server in servers)
    box.sip.set_trunk(name, "sip:provider.example", "100200", "secret", where, expires, qualify)
    return name


def dial(box: Box, name: str) -> int:
    return box.sip.call(name, "sip:+37060000009@provider.example", "+37052000000", "")


async def hang_up(box: Box, leg: int, server: Server) -> None:
    box.sip.hang_up(leg, 0, 16)
    server.wire.reply(await server.wire.request("BYE"), 200)
    await box.told(Heard.OVER, of=leg)


def invites(server: Server) -> int:
    return len([one for one in server.wire.requests.all if one.method == "INVITE"])


async def test_one_that_says_nothing_is_passed_by_after_four_seconds_and_then_at_once(
    box: Box, servers: Servers
) -> None:
    first, second = servers
    name = trunk(box, servers)
    await asyncio.sleep(1.2)  # they are asked once, and both are there
    first.up = False
    for least, most in ((SILENCE - 0.5, SILENCE + 2), (0.0, 1.0)):
        began, leg = time.monotonic(), dial(box, name)
        invite = await second.answers_call()
        assert least < time.monotonic() - began < most
        assert invite.uri == "sip:+37060000009@provider.example"
        await box.told(Heard.ANSWERED, of=leg)
        await hang_up(box, leg, second)
    assert len({one["call-id"] for one in first.wire.requests.all if one.method == "INVITE"}) == 1
    box.sip.remove_trunk(name)


@pytest.mark.parametrize(("status", "again"), [(503, False), (500, True)])
async def test_one_that_cannot_gives_way_at_once(box: Box, servers: Servers, status: int, again: bool) -> None:
    """503 is of the server, which rests until it answers; any other is of this call."""
    first, second = servers
    name = trunk(box, servers)
    leg = dial(box, name)
    await first.refuses(status)
    await second.answers_call()
    await hang_up(box, leg, second)
    assert [one.code for one in box.told_so_far(Heard.OVER, of=leg)] == [200]
    leg, before = dial(box, name), invites(first)
    await (first if again else second).answers_call()
    assert (invites(first) > before) is again
    await hang_up(box, leg, first if again else second)
    box.sip.remove_trunk(name)


async def test_what_the_called_says_is_not_asked_of_the_next(box: Box, servers: Servers) -> None:
    first, second = servers
    name = trunk(box, servers)
    leg = dial(box, name)
    await first.refuses(486)
    assert (await box.told(Heard.OVER, of=leg)).code == 486
    assert not invites(second)
    box.sip.remove_trunk(name)


async def test_when_all_fail_the_last_word_is_told(box: Box, servers: Servers) -> None:
    first, second = servers
    name = trunk(box, servers)
    leg = dial(box, name)
    await first.refuses(503)
    await second.refuses(500)
    assert (await box.told(Heard.OVER, of=leg)).code == 500
    box.sip.remove_trunk(name)


async def test_who_gives_up_between_two_of_them_is_gone(box: Box, servers: Servers) -> None:
    first, _ = servers
    name = trunk(box, servers)
    leg = dial(box, name)
    invite = await first.wire.request("INVITE")
    box.sip.hang_up(leg, 0, 16)
    first.wire.reply(invite, 503, "No")
    await box.told(Heard.OVER, of=leg)
    await box.done()
    box.sip.remove_trunk(name)


async def test_one_that_answers_again_is_called_again(box: Box, servers: Servers) -> None:
    first, second = servers
    first.up = False
    name = trunk(box, servers, qualify=1)
    await asyncio.sleep(SILENCE + 2)  # nothing tells that the first of two is down
    leg = dial(box, name)
    await second.answers_call()
    await hang_up(box, leg, second)
    assert not invites(first)
    first.up = True
    await asyncio.sleep(2)
    leg = dial(box, name)
    await first.answers_call()
    await hang_up(box, leg, first)
    box.sip.remove_trunk(name)


async def test_a_line_whose_servers_are_all_gone_is_told_not_to_be_usable_and_when_it_is(
    box: Box, servers: Servers
) -> None:
    name = trunk(box, servers, qualify=1)
    assert (await box.told(Heard.TRUNK, of=name)).code == 200
    for server in servers:
        server.up = False
    assert (await box.told(Heard.TRUNK, of=name, within=SILENCE + 4)).code == 503
    servers[1].up = True
    assert (await box.told(Heard.TRUNK, of=name)).code == 200
    box.sip.remove_trunk(name)


def left(server: Server) -> float:
    """When it was told that we are registered there no more; 0: it was not."""
    return max((at for at, expires in server.registered if expires == "0"), default=0.0)


async def test_the_registration_goes_to_the_next_and_comes_back(box: Box, servers: Servers) -> None:
    first, second = servers
    first.up = False
    name = trunk(box, servers, expires=600, qualify=1)
    told = await box.told(Heard.TRUNK, of=name, within=SILENCE + 4)
    assert (told.code, told.value) == (200, 600) and second.registered and not first.registered
    first.up = True
    async with asyncio.timeout(40):  # an earlier REGISTER may be under way
        while not left(second) or first.registered[-1:] < [(left(second), "")]:  # should both servers have one memory
            await asyncio.sleep(0.05)
    assert first.registered[-1][1] == "600"
    box.sip.remove_trunk(name)


async def test_calls_from_each_of_them_are_the_trunks(box: Box, servers: Servers) -> None:
    name = trunk(box, servers)
    await box.told(Heard.TRUNK, of=name)
    for server in servers:
        server.wire.send(request("INVITE", f"sip:100@{HOST}", server.wire, body=sdp()))
        told = await box.told(Heard.INCOMING, of="trunk")
        assert told.text[1] == name
        box.sip.hang_up(told.handle, 486, 17)
        assert (await server.wire.response(final=True)).status == 486
        await box.told(Heard.OVER, of=told.handle)
    box.sip.remove_trunk(name)


async def test_one_server_alone_is_always_tried(box: Box, servers: Servers) -> None:
    """Without questions nobody would ever learn that it is back."""
    first, _ = servers
    name = trunk(box, (first,), qualify=0)  # type: ignore[arg-type]
    for _ in range(2):
        leg = dial(box, name)
        await first.refuses(503)
        await box.told(Heard.OVER, of=leg)
    box.sip.remove_trunk(name)
