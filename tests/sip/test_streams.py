# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that strangers hold open, whatever they send: they end, and keep no telephone out."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from appliance.programs.demo.ports import Ports
from appliance.programs.demo.seen import NotSeen
from tests.sip.box import Box, Telephone
from tests.sip.wire import Wire

STAYS, STRANGERS = 10, 8
ELSEWHERE, NEITHER = "127.0.0.77", "127.0.0.78"  # addresses nobody was let in from


@pytest.fixture(scope="module")
def endpoint(ports: Ports) -> Iterator[Box]:
    box = Box(ports, strangers=STRANGERS, stranger_stays=STAYS)
    yield box
    box.sip.close()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def comes(stack: AsyncExitStack, box: Box, host: str) -> Wire:
    return await stack.enter_async_context(Wire(box.address, "TCP", host=host))


async def ended(wire: Wire) -> bool:
    """Until the box closes the connection."""
    with pytest.raises(NotSeen):
        await wire.response(30)
    return bool(wire.responses.ended)


async def test_who_says_nothing_or_never_comes_to_an_end_may_not_stay(box: Box, stack: AsyncExitStack) -> None:
    silent, slow = await comes(stack, box, ELSEWHERE), await comes(stack, box, ELSEWHERE)
    slow.send(b"OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/T")
    assert await ended(silent)
    assert await ended(slow)


async def test_many_of_one_source_end_the_oldest_of_it_and_no_others(box: Box, stack: AsyncExitStack) -> None:
    other = await comes(stack, box, NEITHER)
    many = [await comes(stack, box, ELSEWHERE) for _ in range(STRANGERS)]
    assert [await ended(one) for one in many[: STRANGERS - STRANGERS // 4]]
    assert not other.responses.ended
    assert (await other.ping()).status
    assert (await many[-1].ping()).status


async def test_the_oldest_end_also_when_they_come_at_the_same_instant(box: Box, stack: AsyncExitStack) -> None:
    many = [stack.enter_context(socket.create_connection(box.address, 30, (ELSEWHERE, 0))) for _ in range(STRANGERS)]
    for one in many[: STRANGERS - STRANGERS // 4]:
        assert await asyncio.to_thread(one.recv, 1) == b""
    many[-1].setblocking(False)
    with pytest.raises(BlockingIOError):
        many[-1].recv(1)


async def test_many_of_many_sources_end_the_oldest_of_all(box: Box, stack: AsyncExitStack) -> None:
    many = [await comes(stack, box, f"127.0.1.{number}") for number in range(1, STRANGERS + 3)]
    assert await ended(many[0]) and await ended(many[1])
    assert all([(await one.ping()).status for one in many[-2:]])


async def test_a_telephone_that_was_let_in_stays(box: Box, stack: AsyncExitStack) -> None:
    wire = await comes(stack, box, "127.0.0.79")
    assert (await Telephone(box, wire).register(f"<sip:desk@{wire.at};transport=tcp>")).status == 200
    stranger = await comes(stack, box, ELSEWHERE)
    assert await ended(stranger)
    assert not wire.responses.ended
    assert (await wire.ping()).status
