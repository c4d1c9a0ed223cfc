# SPDX-License-Identifier: GPL-2.0-or-later
"""A telephone is told whom it talks with now (RFC 3325, 4916, 5876), and whatever it makes of that, its call stays."""

import re

import pytest

from appliance.sip.names import Heard
from tests.sip.box import HOST, Box, Call, Telephone
from tests.sip.wire import Message, Wire, sdp

ENDPOINT = {"session_expires": 600}
ALLOW = {"Allow": "INVITE, ACK, BYE, CANCEL, UPDATE"}
NO_UPDATE = {"Allow": "INVITE, ACK, BYE, CANCEL"}
BORIS, CLARA, DORA = ("102", "Boris"), ("103", "Clara"), ("104", "Dora")


def shown(who: tuple[str, str]) -> str:
    return f'"{who[1]}" <sip:{who[0]}@{HOST}>'


async def talking(box: Box, wire: Wire, headers: dict[str, str] = ALLOW) -> Call:
    call = await Telephone(box, wire).call("100", headers=headers)
    box.sip.show(call.handle, *BORIS)
    box.sip.answer(call.handle)
    assert (await call.answered())["p-asserted-identity"] == shown(BORIS)
    await box.told(Heard.ANSWERED, of=call.handle)
    return call


async def told(wire: Wire, who: tuple[str, str], method: str = "UPDATE") -> Message:
    """The request that tells it."""
    asked = await wire.request(method)
    assert asked["p-asserted-identity"] == shown(who)
    return asked


async def asked(box: Box, wire: Wire) -> int:
    """How often a telephone was asked so far, once all is done."""
    await box.done()
    await wire.ping()
    return len({one["cseq"] for one in wire.requests.all if one.method in ("UPDATE", "INVITE")})


async def goes_on(box: Box, wire: Wire, call: Call, times: int = 1) -> None:
    """The call is there still; so often, and no more, its telephone was asked."""
    assert await asked(box, wire) == times
    assert not box.told_so_far(Heard.OVER, of=call.handle)
    await call.bye()


async def test_who_calls_is_told_while_it_rings_and_by_the_answer_who_is_there(box: Box, wire: Wire) -> None:
    call = await Telephone(box, wire).call("100", headers=ALLOW)
    box.sip.show(call.handle, *BORIS)
    box.sip.progress(call.handle, 180)
    assert (await wire.response())["p-asserted-identity"] == shown(BORIS)
    box.sip.show(call.handle, *CLARA)  # who picked it up
    box.sip.answer(call.handle)
    assert (await call.answered()).all("p-asserted-identity") == [shown(CLARA)]
    await box.told(Heard.ANSWERED, of=call.handle)
    await goes_on(box, wire, call, 0)


async def test_another_partner_is_told_by_an_update_without_media_once(box: Box, wire: Wire) -> None:
    call = await talking(box, wire)
    for who in (CLARA, DORA):
        box.sip.show(call.handle, *who)
        update = await told(wire, who)
        assert not update.body and update["contact"]
        wire.reply(update, 200)
        await box.done()
        await wire.ping()
        box.sip.show(call.handle, *who)
    await goes_on(box, wire, call, 2)


async def test_who_was_called_is_told_only_what_it_does_not_show(box: Box, wire: Wire) -> None:
    leg = box.sip.call("", Telephone(box, wire).contact, *BORIS)
    invite = await wire.request("INVITE")
    wire.reply(invite, 200, headers=ALLOW, body=sdp())
    await wire.request("ACK")
    await box.told(Heard.ANSWERED, of=leg)
    box.sip.show(leg, *BORIS)
    box.sip.show(leg, *CLARA)
    wire.reply(await told(wire, CLARA), 200)
    assert await asked(box, wire) == 2, "the call itself, and the other name"
    box.sip.hang_up(leg, 0, 16)
    wire.reply(await wire.request("BYE"), 200)


async def test_one_question_at_a_time_and_the_newest_name_wins(box: Box, wire: Wire) -> None:
    call = await talking(box, wire)
    box.sip.show(call.handle, *CLARA)
    first = await told(wire, CLARA)
    for number in range(200, 260):
        box.sip.show(call.handle, str(number), "Somebody")
    box.sip.show(call.handle, *DORA)
    assert await asked(box, wire) == 1, "before the first was answered"
    wire.requests.skip()  # the first, sent again
    wire.reply(first, 200)
    wire.reply(await told(wire, DORA), 200)
    await goes_on(box, wire, call, 2)


async def test_a_withheld_number_is_told_as_anonymous(box: Box, wire: Wire) -> None:
    call = await talking(box, wire)
    box.sip.show(call.handle, "anonymous", "Withheld")
    wire.reply(await told(wire, ("anonymous", "Withheld")), 200)
    await goes_on(box, wire, call)


async def test_from_changes_where_that_is_understood(box: Box, wire: Wire) -> None:
    call = await talking(box, wire, ALLOW | {"Supported": "from-change"})
    box.sip.show(call.handle, *CLARA)
    update = await told(wire, CLARA)
    assert update["from"].startswith(f"{shown(CLARA)};tag=")
    wire.reply(update, 200)
    await goes_on(box, wire, call)


async def test_from_stays_where_it_is_not(box: Box, wire: Wire) -> None:
    call = await talking(box, wire)
    box.sip.show(call.handle, *CLARA)
    update = await told(wire, CLARA)
    assert "sip:100@" in update["from"]
    wire.reply(update, 200)
    await goes_on(box, wire, call)


@pytest.mark.parametrize("headers", [NO_UPDATE, {}], ids=["no UPDATE", "no Allow"])
async def test_without_update_the_session_is_offered_as_it_is(box: Box, wire: Wire, headers: dict[str, str]) -> None:
    call = await Telephone(box, wire).call("100", headers=headers)
    box.sip.answer(call.handle)
    answer = await call.answered()
    await box.told(Heard.ANSWERED, of=call.handle)
    box.sip.show(call.handle, *CLARA)
    invite = await told(wire, CLARA, "INVITE")
    assert invite.body == answer.body, "the media is another"
    wire.reply(invite, 200, body=sdp(), headers=headers)
    await wire.request("ACK")
    box.sip.show(call.handle, *DORA)
    again = await told(wire, DORA, "INVITE")
    assert re.findall(rb"o=.*", again.body) == re.findall(rb"o=.*", answer.body)
    wire.reply(again, 500, "Server Internal Error")
    await wire.request("ACK")
    box.sip.show(call.handle, *BORIS)
    await goes_on(box, wire, call, 2)


@pytest.mark.parametrize("status", [400, 401, 405, 422, 481, 488, 500, 503, 603])
async def test_a_telephone_that_refuses_keeps_its_call_and_is_asked_no_more(box: Box, wire: Wire, status: int) -> None:
    call = await talking(box, wire)
    box.sip.show(call.handle, *CLARA)
    wire.reply(await told(wire, CLARA), status, "No")
    box.sip.show(call.handle, *DORA)
    await goes_on(box, wire, call)


@pytest.mark.parametrize(("method", "status"), [("UPDATE", 500), ("INVITE", 503)])
async def test_a_telephone_that_cannot_take_it_now_is_told_again_as_often_as_at_a_glare(
    box: Box, wire: Wire, method: str, status: int
) -> None:
    headers = ALLOW if method == "UPDATE" else NO_UPDATE
    call = await talking(box, wire, headers)
    box.sip.show(call.handle, *CLARA)
    for _ in range(4):
        wire.reply(await told(wire, CLARA, method), status, "Later", headers={"Retry-After": "0"})
        if method == "INVITE":
            await wire.request("ACK")
    box.sip.show(call.handle, *DORA)
    await goes_on(box, wire, call, 4)


@pytest.mark.parametrize("headers", [ALLOW, NO_UPDATE], ids=["UPDATE", "INVITE"])
async def test_told_in_the_midst_of_something_it_is_told_again(box: Box, wire: Wire, headers: dict[str, str]) -> None:
    """491: who was called waits at most two seconds."""
    method = "UPDATE" if headers is ALLOW else "INVITE"
    call = await talking(box, wire, headers)
    box.sip.show(call.handle, *CLARA)
    crossed = await told(wire, CLARA, method)
    box.sip.show(call.handle, *DORA)
    held = await call.ask("INVITE", headers, sdp(way="sendonly"))
    if method == "INVITE":
        assert held.status == 491
    else:
        assert held.status == 200 and (await box.told(Heard.HELD, of=call.handle)).code == 1
    wire.reply(crossed, 491, "Request Pending")
    if method == "INVITE":
        await wire.request("ACK")
        assert (await call.ask("INVITE", headers, sdp(way="sendonly"))).status == 200
        assert (await box.told(Heard.HELD, of=call.handle)).code == 1
    again = await told(wire, DORA, method)
    assert int(again["cseq"].split()[0]) > int(crossed["cseq"].split()[0])
    wire.reply(again, 200, headers=headers, body=sdp(way="sendonly") if method == "INVITE" else b"")
    if method == "INVITE":
        await wire.request("ACK")
    assert (await call.ask("INVITE", headers, sdp())).status == 200
    assert (await box.told(Heard.HELD, of=call.handle)).code == 0
    await goes_on(box, wire, call, 2)


async def test_a_session_timer_is_renewed_and_not_ended_by_it(box: Box, wire: Wire) -> None:
    call = await talking(box, wire, ALLOW | {"Supported": "timer", "Session-Expires": "120;refresher=uac"})
    box.sip.show(call.handle, *CLARA)
    update = await told(wire, CLARA)
    assert update["session-expires"] == "120;refresher=uas", "the telephone refreshes it, as was agreed"
    wire.reply(update, 200, headers={"Session-Expires": "120;refresher=uas"})
    await goes_on(box, wire, call)


async def test_a_trunk_is_told_nothing(box: Box, wire: Wire) -> None:
    box.sip.set_trunk("city", f"sip:{wire.at}", "", "", wire.at, 0)
    await box.told(Heard.TRUNK, of="city")
    leg = box.sip.call("city", f"sip:061@{wire.at}", "100", "")
    invite = await wire.request("INVITE")
    wire.reply(invite, 200, headers=ALLOW, body=sdp())
    await wire.request("ACK")
    await box.told(Heard.ANSWERED, of=leg)
    box.sip.show(leg, *CLARA)
    assert await asked(box, wire) == 1, "the call itself"
    box.sip.hang_up(leg, 0, 16)
    wire.reply(await wire.request("BYE"), 200)
    box.sip.remove_trunk("city")
