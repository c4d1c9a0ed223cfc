# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones that vanish in a call, and others that only say nothing."""

import asyncio
import time

import pytest

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard
from tests.sip.box import Box, Call, Telephone
from tests.sip.wire import Wire, request, sdp
from tests.telephones import tone
from tests.telephones.rtp import Rtp

SILENT = 2  # seconds
ENDPOINT = {"silent_after": SILENT}
FREED = 2 * SILENT + 2  # the box looks once a second


async def talking(box: Box, wire: Wire, body: bytes | None = None) -> Call:
    call = await Telephone(box, wire).call("100", body=body)
    box.sip.answer(call.handle)
    await call.answered()
    await box.told(Heard.ANSWERED, of=call.handle)
    return call


async def test_a_telephone_that_vanishes_frees_who_it_talked_with(box: Box, wire: Wire) -> None:
    call, began = await talking(box, wire), time.monotonic()
    asked = await wire.request("OPTIONS")
    assert time.monotonic() - began >= SILENT - 1
    over = await box.told(Heard.OVER, of=call.handle, within=FREED)
    assert (over.code, over.value) == (408, 102) and "vanished" in over.text[0]
    assert time.monotonic() - began <= FREED
    assert (await call.hung_up())["call-id"] == asked["call-id"]  # should it hear again
    assert len(box.told_so_far(Heard.OVER, of=call.handle)) == 1  # also when its BYE is answered


async def test_a_telephone_that_was_called_and_vanishes_ringing_nobody(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    leg = box.sip.call("", phone.contact, "+37060000001", "")
    call = await phone.picks_up(leg)
    await box.told(Heard.ANSWERED, of=leg)
    assert (await box.told(Heard.OVER, of=leg, within=FREED)).value == 102
    await call.hung_up()


@pytest.mark.parametrize(("status", "phrase"), [(200, "OK"), (405, "Method Not Allowed"), (501, "Not Implemented")])
async def test_a_telephone_that_is_silent_and_answers_stays(box: Box, wire: Wire, status: int, phrase: str) -> None:
    """It suppresses silence, or holds: it is asked again and again, and that is all."""
    call = await talking(box, wire)
    for _ in range(3):
        wire.reply(await wire.request("OPTIONS"), status, phrase)
    assert not box.told_so_far(Heard.OVER, of=call.handle)
    await call.bye()


async def test_a_telephone_that_speaks_is_not_asked(box: Box, wire: Wire, ports: Ports) -> None:
    async with Rtp(ports.take(2), tone.samples(1000, 1, 8000)) as sound, Wire(box.address) as other:
        call = await talking(box, wire, sdp(sound.port))
        silent = await talking(box, other)
        box.sip.hear(call.handle, silent.handle)  # it sends its sound to where ours comes from
        await box.told(Heard.OVER, of=silent.handle, within=FREED)
        await asyncio.sleep(1)
        assert not wire.requests.all
        await call.bye()


async def test_a_telephone_that_knows_no_such_call_any_more_is_over(box: Box, wire: Wire) -> None:
    """It has started anew."""
    call = await talking(box, wire)
    wire.reply(await wire.request("OPTIONS"), 481, "Call/Transaction Does Not Exist")
    wire.reply(await wire.request("BYE"), 481, "Call/Transaction Does Not Exist")
    assert (await box.told(Heard.OVER, of=call.handle)).code in (481, 200)


async def test_a_call_that_only_rings_is_not_asked(box: Box, wire: Wire) -> None:
    call = await Telephone(box, wire).call("100")
    box.sip.progress(call.handle, 180)
    await asyncio.sleep(FREED)
    assert not wire.requests.all and not box.told_so_far(Heard.OVER, of=call.handle)
    box.sip.hang_up(call.handle, 486, 17)
    await box.told(Heard.OVER, of=call.handle)


async def test_session_timers_are_agreed_on_both_ways(box: Box, wire: Wire) -> None:
    """RFC 4028: whoever calls; and to one that knows nothing of them, none."""
    phone = Telephone(box, wire)
    uri = f"sip:100@{box.address[0]}"
    headers = {"Supported": "timer", "Session-Expires": "120;refresher=uac", "Min-SE": "90"}
    await phone.ask("INVITE", uri, headers=headers, body=sdp())
    told = await box.told(Heard.INCOMING, of="phone")
    box.sip.answer(told.handle)
    answer = await wire.response(final=True)
    assert answer["session-expires"] == "120;refresher=uac" and "timer" in answer["require"]
    phone.ack(answer, uri)
    box.sip.hang_up(told.handle, 0, 16)
    wire.reply(await wire.request("BYE"), 200)
    leg = box.sip.call("", phone.contact, "1", "")
    invite = await phone.refuses(486, "Busy Here")
    assert "timer" in invite["supported"] and int(invite["session-expires"].partition(";")[0]) >= 90
    await box.told(Heard.OVER, of=leg)


async def test_a_session_too_short_is_refused(box: Box, wire: Wire) -> None:
    headers = {"Supported": "timer", "Session-Expires": "30"}
    answer = await Telephone(box, wire).ask("INVITE", f"sip:100@{box.address[0]}", headers=headers, body=sdp())
    assert answer.status == 422 and answer["min-se"] == "90"
    assert not box.told_so_far(Heard.INCOMING)
    await wire.ping()
    assert (await wire.ask(request("OPTIONS", box.uri, wire))).status == 200
