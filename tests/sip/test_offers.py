# SPDX-License-Identifier: GPL-2.0-or-later
"""Who names another number (302), sound before the answer (183), and calls whose offer comes late."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from appliance.sip.names import Heard
from tests.sip.box import HOST, Box, Call, Telephone
from tests.sip.wire import Wire, request, sdp

FAR = "sip:+37060000009@provider.example"


@pytest.fixture
async def line(box: Box) -> AsyncIterator[Wire]:
    """The far end of the trunk `city`."""
    async with Wire(box.address) as wire:
        box.sip.set_trunk("city", "sip:provider.example", "", "", wire.at, 0)
        yield wire
        box.sip.remove_trunk("city")


async def diverted(box: Box, wire: Wire, contact: str) -> list[str]:
    """What is told of a telephone that answers 302 with this Contact."""
    phone = Telephone(box, wire)
    leg = box.sip.call("", phone.contact, "1", "")
    await phone.refuses(302, "Moved Temporarily", contact=contact)
    assert (await box.told(Heard.OVER, of=leg)).code == 302
    return [one.text[0] for one in box.told_so_far(Heard.DIVERTED, of=leg)]


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        ("<sip:103@192.0.2.1>", ["103"]),
        ("<tel:+37060000009>", []),
        ("<sip:103@192.0.2.1>, <sip:104@192.0.2.1>", ["103"]),
        ("<sip:192.0.2.1>", []),
        ("<sip:%s@192.0.2.1>" % ("1" * 70), []),
    ],
)
async def test_the_number_a_telephone_names_instead_is_told_and_not_called(
    box: Box, wire: Wire, contact: str, told: list[str]
) -> None:
    assert await diverted(box, wire, contact) == told
    await wire.ping()
    assert len([one for one in wire.requests.all if one.method == "INVITE"]) == 1


async def test_a_line_is_heard_before_the_answer_once_and_rings_after(box: Box, line: Wire) -> None:
    leg = box.sip.call("city", FAR, "1", "")
    invite = await line.request("INVITE")
    line.reply(invite, 183, "Session Progress", body=sdp())
    assert (await box.told(Heard.EARLY, of=leg)).value == 0  # it rings, or is on its way
    early = await box.told(Heard.EARLY, of=leg)
    assert (early.code, early.value) == (183, 1)
    line.reply(invite, 180, "Ringing")
    line.reply(invite, 200, body=sdp())
    await line.request("ACK")
    await box.told(Heard.ANSWERED, of=leg)
    assert len(box.told_so_far(Heard.EARLY, of=leg)) == 2
    box.sip.hang_up(leg, 0, 16)
    line.reply(await line.request("BYE"), 200)
    await box.told(Heard.OVER, of=leg)


async def test_an_answer_alone_is_not_heard_before_it(box: Box, line: Wire) -> None:
    leg = box.sip.call("city", FAR, "1", "")
    invite = await line.request("INVITE")
    line.reply(invite, 180, "Ringing")
    line.reply(invite, 200, body=sdp())
    await line.request("ACK")
    await box.told(Heard.ANSWERED, of=leg)
    assert [one.value for one in box.told_so_far(Heard.EARLY, of=leg)] == [0]
    box.sip.hang_up(leg, 0, 16)
    line.reply(await line.request("BYE"), 200)
    await box.told(Heard.OVER, of=leg)


async def test_who_calls_without_an_offer_gets_ours_and_answers_it(box: Box, line: Wire) -> None:
    line.send(request("INVITE", f"sip:100@{HOST}", line, call_id="late-offer"))
    told = await box.told(Heard.INCOMING, of="trunk")
    box.sip.answer(told.handle)
    answer = await line.response(final=True)
    assert answer.status == 200 and b"m=audio" in answer.body
    call = Call(
        line, told.handle, "late-offer", answer["from"], answer["to"], f"sip:{box.address[0]}:{box.address[1]}", 1
    )
    call.say("ACK", body=sdp(), cseq=1)
    assert (await box.told(Heard.AUDIO, of=told.handle)).text[0] == "PCMA/8000"
    await call.bye()


async def test_a_line_that_makes_the_offer_itself_is_called_without_one(box: Box, line: Wire) -> None:
    box.sip.set_trunk("city", "sip:provider.example", "", "", line.at, 0, 0, 1)
    leg = box.sip.call("city", FAR, "1", "")
    invite = await line.request("INVITE")
    assert not invite.body
    line.reply(invite, 200, body=sdp())
    ack = await line.request("ACK")
    assert b"m=audio" in ack.body
    assert (await box.told(Heard.AUDIO, of=leg)).text[0] == "PCMA/8000"
    box.sip.hang_up(leg, 0, 16)
    line.reply(await line.request("BYE"), 200)
    await box.told(Heard.OVER, of=leg)
