# SPDX-License-Identifier: GPL-2.0-or-later
"""Session timers that run out (RFC 4028): nothing is shorter than 90 seconds there, so `make timers` takes a minute and a half.

All stories at once, each with a telephone of its own."""

import asyncio
import time

import pytest

from appliance.sip.names import Heard
from tests.sip.box import Box, Call, Telephone
from tests.sip.wire import Message, Wire, sdp

LEAST = 90  # seconds
HALF, LAST = LEAST / 2, LEAST - 30  # when we refresh it, when we give up one that the other side does not refresh
GIVEN_UP = 32  # when nobody answers a request, RFC 3261 timer F
OURS = {"Supported": "timer", "Session-Expires": f"{LEAST};refresher=uas"}  # the box is to refresh it
THEIRS = {"Supported": "timer", "Session-Expires": f"{LEAST};refresher=uac"}
NO_UPDATE = {"Allow": "INVITE, ACK, CANCEL, BYE, OPTIONS"}
ENDPOINT = {"session_expires": LEAST, "silent_after": 0}


async def talking(box: Box, wire: Wire, headers: dict[str, str]) -> tuple[Call, float]:
    call = await Telephone(box, wire).call("100", headers=headers)
    box.sip.answer(call.handle)
    await call.answered()
    await box.told(Heard.ANSWERED, of=call.handle)
    return call, time.monotonic()


async def refreshed(wire: Wire, method: str, began: float) -> Message:
    """The box's refresh, in time."""
    asked = await wire.requests.next(f"refresh by {method}", lambda one: one.method == method, HALF + 5)
    assert HALF - 2 < time.monotonic() - began < HALF + 3
    assert asked["session-expires"] == f"{LEAST};refresher=uac"
    return asked


async def update_where_it_is_known(box: Box, wire: Wire) -> None:
    call, began = await talking(box, wire, OURS | {"Allow": "INVITE, ACK, BYE, UPDATE"})
    wire.reply(await refreshed(wire, "UPDATE", began), 200, headers={"Session-Expires": f"{LEAST};refresher=uac"})
    await asyncio.sleep(LEAST - HALF + 2)  # past the end of the first
    assert not box.told_so_far(Heard.OVER, of=call.handle)
    await call.bye()


async def invite_where_it_is_not(box: Box, wire: Wire) -> None:
    call, began = await talking(box, wire, OURS | NO_UPDATE)
    invite = await refreshed(wire, "INVITE", began)
    wire.reply(invite, 200, headers={"Session-Expires": f"{LEAST};refresher=uac"}, body=sdp())
    await wire.request("ACK")
    await asyncio.sleep(LEAST - HALF + 2)
    assert not box.told_so_far(Heard.OVER, of=call.handle)
    await call.bye()


async def glare(box: Box, wire: Wire) -> None:
    """Both send a re-INVITE at once, each refuses the other's (491), and ours comes again (RFC 3261 14.1)."""
    call, began = await talking(box, wire, OURS | NO_UPDATE)
    invite = await refreshed(wire, "INVITE", began)
    call.say("INVITE", body=sdp())
    crossed = await wire.response(final=True)
    assert crossed.status == 491
    call.ack(crossed)
    wire.reply(invite, 491, "Request Pending")
    await wire.request("ACK")
    again = await wire.requests.next("the refresh again", lambda one: one.method == "INVITE", 5)
    wire.reply(again, 200, headers={"Session-Expires": f"{LEAST};refresher=uac"}, body=sdp())
    await wire.request("ACK")
    await asyncio.sleep(LEAST - HALF + 2)
    assert not box.told_so_far(Heard.OVER, of=call.handle)
    await call.bye()


async def refresh_nobody_answers(box: Box, wire: Wire) -> None:
    """The telephone is gone: over as soon as the INVITE has been sent for half a minute, and before the session ends."""
    call, began = await talking(box, wire, OURS | NO_UPDATE)
    await refreshed(wire, "INVITE", began)
    over = await box.told(Heard.OVER, of=call.handle, within=LEAST)
    assert time.monotonic() - began < HALF + 32 + 3 and over.code == 408


async def refresh_that_never_comes(box: Box, wire: Wire) -> None:
    call, began = await talking(box, wire, THEIRS)
    over = await box.told(Heard.OVER, of=call.handle, within=LEAST)
    assert LAST - 3 < time.monotonic() - began < LAST + 3 and over.code == 408
    await wire.request("BYE")  # it is gone, and answers nothing


async def one_that_starts_anew(box: Box, wire: Wire) -> None:
    """It knows no such call any more, and says so to our refresh."""
    call, began = await talking(box, wire, OURS | NO_UPDATE)
    wire.reply(await refreshed(wire, "INVITE", began), 481, "Call/Transaction Does Not Exist")
    await wire.request("ACK")
    await box.told(Heard.OVER, of=call.handle)


async def update_of_the_display_nobody_answers(box: Box, wire: Wire) -> None:
    """A telephone that says nothing to it keeps its call, and is not asked again."""
    call = await Telephone(box, wire).call("100", headers={"Allow": "INVITE, ACK, BYE, UPDATE"})
    box.sip.answer(call.handle)
    await call.answered()
    await box.told(Heard.ANSWERED, of=call.handle)
    box.sip.show(call.handle, "102", "Boris")
    first = await wire.request("UPDATE")
    await asyncio.sleep(GIVEN_UP + 3)
    box.sip.show(call.handle, "103", "Clara")
    await wire.ping()
    assert {one["cseq"] for one in wire.requests.all if one.method == "UPDATE"} == {first["cseq"]}
    assert not box.told_so_far(Heard.OVER, of=call.handle)
    await call.bye()


STORIES = [
    update_of_the_display_nobody_answers,
    update_where_it_is_known,
    invite_where_it_is_not,
    glare,
    refresh_nobody_answers,
    refresh_that_never_comes,
    one_that_starts_anew,
]


@pytest.mark.timeout(150)
async def test_sessions_are_refreshed_and_run_out(box: Box) -> None:
    async def with_a_wire(story: object) -> None:
        async with Wire(box.address) as wire:
            await story(box, wire)  # type: ignore[operator]

    said = await asyncio.gather(*map(with_a_wire, STORIES), return_exceptions=True)
    failed = {story.__name__: fault for story, fault in zip(STORIES, said, strict=True) if fault}
    assert not failed, failed
