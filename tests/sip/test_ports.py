# SPDX-License-Identifier: GPL-2.0-or-later
"""Ports for sound: a free pair is found past any number of those that are taken."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard
from tests.sip.box import HOST, Box, Telephone
from tests.sip.wire import Wire

PAIRS, TAKEN = 130, 120  # PJSIP by itself looks at a hundred


@pytest.fixture(scope="module")
def first(ports: Ports) -> int:
    return ports.take(2 * PAIRS)


@pytest.fixture(scope="module")
def endpoint(ports: Ports, first: int) -> Iterator[Box]:
    box = Box(ports, rtp_first=first, rtp_last=first + 2 * PAIRS - 1)
    yield box
    box.sip.close()


async def test_a_call_is_taken_while_a_hundred_pairs_of_ports_in_a_row_are_not_free(
    box: Box, wire: Wire, first: int
) -> None:
    with ExitStack() as others:
        for port in range(first, first + 2 * TAKEN, 2):
            other = others.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            other.bind((HOST, port))
        call = await Telephone(box, wire).call("100")
        box.sip.answer(call.handle)
        await call.answered()
        leg = box.sip.call("", Telephone(box, wire).contact, "1", "")
        invite = await wire.request("INVITE")
        assert f"m=audio {first + 2 * TAKEN + 2} " in invite.body.decode()
        wire.reply(invite, 486, "Busy Here")
        await box.told(Heard.OVER, of=leg)
        await call.bye()
