# SPDX-License-Identifier: GPL-2.0-or-later
"""REFER within a call, and calls taken up by Replaces: what telephones may ask for, and what becomes of it."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard
from tests.sip.box import HOST, Box, Call, Telephone
from tests.sip.wire import Message, Wire, request, sdp


@pytest.fixture
async def second(endpoint: Box) -> AsyncIterator[Wire]:
    async with Wire(endpoint.address) as wire:
        yield wire


async def talking(box: Box, wire: Wire, phone: Telephone | None = None) -> Call:
    """A telephone has called and was answered."""
    call = await (phone or Telephone(box, wire)).call("100")
    box.sip.answer(call.handle)
    await call.answered()
    await box.told(Heard.ANSWERED, of=call.handle)
    return call


async def notified(wire: Wire) -> Message:
    notify = await wire.request("NOTIFY")
    wire.reply(notify, 200)
    return notify


def target(user: str, call: Call | None = None) -> dict[str, str]:
    return {"Refer-To": f"<sip:{user}@{HOST}{f'?Replaces={quote(call.name)}' if call else ''}>"}


# ---- REFER -----------------------------------------------------------------------------------------------------------


async def test_a_telephone_transfers_its_call_and_is_told_what_becomes_of_it(box: Box, wire: Wire) -> None:
    call = await talking(box, wire)
    assert (await call.ask("REFER", target("205"))).status == 202
    trying = await notified(wire)
    assert trying["event"].startswith("refer") and trying["subscription-state"].startswith("active")
    assert trying["content-type"].startswith("message/sipfrag") and trying.body == b"SIP/2.0 100 Trying\r\n"
    told = await box.told(Heard.TRANSFER, of=call.handle)
    assert (told.text[0], told.value) == ("205", 0)
    box.sip.referred(call.handle, 180)
    assert (await notified(wire)).body == b"SIP/2.0 180 Ringing\r\n"
    box.sip.referred(call.handle, 200)
    last = await notified(wire)
    assert last["subscription-state"].startswith("terminated") and last.body == b"SIP/2.0 200 OK\r\n"
    await call.bye()
    assert (await box.told(Heard.OVER, of=call.handle)).code == 200


async def test_a_telephone_that_was_called_transfers_too(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    leg = box.sip.call("", phone.contact, "+37060000001", "")
    call = await phone.picks_up(leg)
    await box.told(Heard.ANSWERED, of=leg)
    assert (await call.ask("REFER", target("205"))).status == 202
    await notified(wire)
    assert (await box.told(Heard.TRANSFER, of=leg)).text[0] == "205"
    box.sip.referred(leg, 486)
    assert (await notified(wire)).body == b"SIP/2.0 486 Busy Here\r\n"
    assert (await call.ask("REFER", target("206"))).status == 202  # and tries another
    await notified(wire)
    assert (await box.told(Heard.TRANSFER, of=leg)).text[0] == "206"
    box.sip.referred(leg, 404)
    assert b"404" in (await notified(wire)).body
    await call.bye()


async def test_a_telephone_that_hangs_up_at_once_is_still_told(box: Box, wire: Wire) -> None:
    call = await talking(box, wire)
    assert (await call.ask("REFER", target("205"))).status == 202
    await notified(wire)
    await call.bye()
    await box.told(Heard.OVER, of=call.handle)
    box.sip.referred(call.handle, 200)
    assert (await notified(wire)).body.startswith(b"SIP/2.0 200")
    box.sip.referred(call.handle, 200)  # told already
    await box.done()
    await wire.ping()
    assert len(wire.requests.all) == 2


async def test_an_attended_transfer_names_the_other_leg(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    first, other = await talking(box, wire, phone), await talking(box, wire, phone)
    assert (await first.ask("REFER", target("205", other))).status == 202
    await notified(wire)
    told = await box.told(Heard.TRANSFER, of=first.handle)
    assert (told.text[0], told.value) == ("205", other.handle)
    box.sip.referred(first.handle, 200)
    await notified(wire)
    await first.bye()
    await other.bye()


async def test_an_attended_transfer_to_one_who_still_rings(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    first, other = await talking(box, wire, phone), await phone.call("205")
    box.sip.progress(other.handle, 180)
    ringing = await wire.response()
    other.theirs(ringing["to"])
    assert (await first.ask("REFER", target("205", other))).status == 202
    await notified(wire)
    assert (await box.told(Heard.TRANSFER, of=first.handle)).value == other.handle
    box.sip.hang_up(other.handle, 487, 16)
    await other.answered(487)
    await first.bye()


@pytest.mark.parametrize("refer_sub", ["false", "false;x=y", "FALSE"])
async def test_who_wants_no_subscription_gets_none(box: Box, wire: Wire, refer_sub: str) -> None:
    call = await talking(box, wire)
    answer = await call.ask("REFER", target("205") | {"Refer-Sub": refer_sub, "Supported": "norefersub"})
    assert answer.status == 202 and answer["refer-sub"] == "false"
    assert (await box.told(Heard.TRANSFER, of=call.handle)).text[0] == "205"
    box.sip.referred(call.handle, 200)
    await box.done()
    await wire.ping()
    assert not wire.requests.all
    await call.bye()


async def test_one_transfer_at_a_time(box: Box, wire: Wire) -> None:
    call = await talking(box, wire)
    assert (await call.ask("REFER", target("205"))).status == 202
    await notified(wire)
    assert (await call.ask("REFER", target("206"))).status == 491
    assert [told.text[0] for told in box.told_so_far(Heard.TRANSFER)] == ["205"]
    await call.bye()


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("<sip:205@127.0.0.1>", "205"),
        ("sip:205@127.0.0.1", "205"),
        ("sip:205@127.0.0.1;early=1", "205"),
        ('"Anna <sip:9@x> \\"B\\"" <sip:205@127.0.0.1>;x=y', "205"),
        ("Anna <sips:205@127.0.0.1;user=phone>", "205"),
        ("<sip:%2A5@127.0.0.1>", "*5"),
        ("<sip:%23%23205@127.0.0.1>", "##205"),
        ("<tel:+37060000001>", "+37060000001"),
        ("<sip:205@127.0.0.1;method=INVITE>", "205"),
    ],
)
async def test_the_number_is_read_however_it_is_written(box: Box, wire: Wire, value: str, number: str) -> None:
    call = await talking(box, wire)
    assert (await call.ask("REFER", {"Refer-To": value})).status == 202
    await notified(wire)
    assert (await box.told(Heard.TRANSFER, of=call.handle)).text[0] == number
    await call.bye()


LONG = "9" * 64
REFUSED: dict[str, tuple[str | list[str], int]] = {
    "no Refer-To": ("", 400),
    "two": (["<sip:205@127.0.0.1>", "<sip:206@127.0.0.1>"], 400),
    "empty brackets": ("<>", 400),
    "never closed": ("<sip:205@127.0.0.1", 400),
    "never unquoted": ('"Anna <sip:205@127.0.0.1>', 400),
    "no user": ("<sip:127.0.0.1>", 400),
    "a number too long": (f"<sip:{LONG}@127.0.0.1>", 400),
    "a header too long": (f"<sip:205@{'x' * 600}>", 400),
    "a line end in the number": ("<sip:205%0d%0aX@127.0.0.1>", 400),
    "a zero in the number": ("<sip:205%00@127.0.0.1>", 400),
    "a space in the number": ("<sip:20%205@127.0.0.1>", 400),
    "quotes in the number": ("<sip:%22205%22@127.0.0.1>", 400),
    "not UTF-8": ("<sip:%ff%fe@127.0.0.1>", 400),
    "a web page": ("<http://127.0.0.1/>", 416),
    "no call at all": ("<sip:205@127.0.0.1;method=SUBSCRIBE>", 603),
    "a call unknown": ("<sip:205@127.0.0.1?Replaces=nobody%3Bto-tag%3D1%3Bfrom-tag%3D2>", 481),
    "Replaces without tags": ("<sip:205@127.0.0.1?Replaces=nobody>", 400),
    "Replaces of nothing": ("<sip:205@127.0.0.1?Replaces=>", 400),
    "Replaces of tags only": ("<sip:205@127.0.0.1?Replaces=%3Bto-tag%3D1%3Bfrom-tag%3D2>", 400),
    "Replaces twice": (
        "<sip:205@127.0.0.1?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2&Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2>",
        481,
    ),
    "a tag twice": ("<sip:205@127.0.0.1?Replaces=a%3Bto-tag%3D1%3Bto-tag%3D1%3Bfrom-tag%3D2>", 400),
    "a tag too long": (f"<sip:205@127.0.0.1?Replaces=a%3Bto-tag%3D{'1' * 300}%3Bfrom-tag%3D2>", 400),
    "a lamp of nobody": ("<sip:205@127.0.0.1?Replaces=leg-ffffff%3Bto-tag%3D1%3Bfrom-tag%3D2>", 481),
    "a lamp that is no number": ("<sip:205@127.0.0.1?Replaces=leg-12xyz%3Bto-tag%3D1%3Bfrom-tag%3D2>", 481),
    "a lamp beyond numbers": (f"<sip:205@127.0.0.1?Replaces=leg-{'f' * 40}%3Bto-tag%3D1%3Bfrom-tag%3D2>", 481),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_a_target_that_makes_no_sense_is_refused_and_the_call_goes_on(box: Box, wire: Wire, what: str) -> None:
    value, status = REFUSED[what]
    call = await talking(box, wire)
    answer = await call.ask("REFER", {"Refer-To": value})
    assert answer.status == status or (value == "<>" and answer.status >= 400)
    assert (await box.told(Heard.REFUSED, of="REFER")).code == answer.status
    assert not box.told_so_far(Heard.TRANSFER, Heard.OVER, of=call.handle)
    await call.bye()


async def test_only_a_call_that_is_answered_is_transferred(box: Box, wire: Wire) -> None:
    call = await Telephone(box, wire).call("100")
    box.sip.progress(call.handle, 180)
    call.theirs((await wire.response())["to"])
    call.say("REFER", target("205"))
    assert (await wire.response(final=True)).status == 603
    box.sip.hang_up(call.handle, 404, 1)
    await box.told(Heard.OVER, of=call.handle)


async def test_a_line_transfers_nothing(box: Box, ports: Ports) -> None:
    async with Wire(box.address, port=ports.take()) as line:
        box.sip.set_trunk("pushy", f"sip:{line.at}", "", "", line.at, 0)
        await box.told(Heard.TRUNK, of="pushy")
        line.send(request("INVITE", box.uri, line, body=sdp()))
        told = await box.told(Heard.INCOMING, of="trunk")
        box.sip.answer(told.handle)
        answer = await line.response(final=True)
        call = Call(line, told.handle, answer["call-id"], answer["from"], answer["to"], box.uri, 1)
        call.say("ACK", cseq=1)
        await box.told(Heard.ANSWERED, of=told.handle)
        assert (await call.ask("REFER", target("205"))).status == 603
        assert not box.told_so_far(Heard.TRANSFER)
        line.send(request("INVITE", box.uri, line, headers={"Replaces": call.name}, body=sdp()))
        assert (await line.response(final=True)).status == 603
        await call.bye()
    box.sip.remove_trunk("pushy")


async def test_a_refer_outside_a_call_or_of_a_call_unknown_is_refused(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    assert (await phone.ask("REFER", box.uri, headers=target("205"))).status == 603
    unknown = request("REFER", box.uri, wire, to=f"<{box.uri}>;tag=unknown", headers=target("205"))
    assert (await wire.ask(unknown)).status == 481
    assert not box.told_so_far(Heard.TRANSFER)


# ---- INVITE with Replaces --------------------------------------------------------------------------------------------


async def takes(box: Box, phone: Telephone, name: str) -> Message:
    """A telephone's INVITE that wants the place of a call."""
    return await phone.ask(
        "INVITE", f"sip:205@{HOST}:{box.address[1]}", headers={"Replaces": name, "Require": "replaces"}, body=sdp()
    )


async def test_a_telephone_takes_the_place_of_another_in_its_call(box: Box, wire: Wire, second: Wire) -> None:
    call = await talking(box, wire)
    taker = Telephone(box, second)
    assert (await takes(box, taker, call.name)).status == 100
    told = await box.told(Heard.INCOMING, of="phone")
    assert told.value == call.handle and told.text[1] == taker.account.name
    assert not box.told_so_far(Heard.OVER, of=call.handle)  # what becomes of the other leg is not PJSIP's to say
    box.sip.hang_up(told.handle, 486, 17)
    await second.response(final=True)
    await call.bye()


async def test_a_telephone_takes_a_call_that_rings_at_another(box: Box, wire: Wire, second: Wire) -> None:
    phone = Telephone(box, wire)
    leg = box.sip.call("", phone.contact, "+37060000001", "")
    invite = await wire.request("INVITE")
    wire.reply(invite, 180, "Ringing", tag="bell")
    await box.told(Heard.EARLY, of=leg)
    ours = invite["from"].partition("tag=")[2]
    names = [
        f"{invite['call-id']};to-tag={ours};from-tag=bell;early-only",
        f"{invite['call-id']};from-tag={ours};to-tag=bell",  # as the telephone that rings sees it
        f"leg-{leg:x};to-tag=lamp;from-tag=lamp;early-only",  # as our lamps tell it
    ]
    for name in names:
        assert (await takes(box, Telephone(box, second), name)).status == 100
        told = await box.told(Heard.INCOMING, of="phone")
        assert told.value == leg
        box.sip.hang_up(told.handle, 486, 17)
        await second.response(final=True)
    box.sip.hang_up(leg, 0, 26)
    wire.reply(await wire.request("CANCEL"), 200)
    wire.reply(invite, 487, "Request Terminated", tag="bell")
    await box.told(Heard.OVER, of=leg)
    assert (await takes(box, Telephone(box, second), names[2])).status == 481


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("nobody;to-tag=1;from-tag=2", 481),
        ("nobody", 401),  # PJSIP reads on to the next semicolon, over the credentials
        ("nobody;to-tag=1", 400),
        (f"{'x' * 300};to-tag=1;from-tag=2", 400),
        (f"nobody;to-tag={'1' * 300};from-tag=2", 400),
        (f"leg-{2**64 - 1:x};to-tag=1;from-tag=2", 481),
        (";;;", 400),
        ("leg-;to-tag=1;from-tag=2", 481),
    ],
)
async def test_a_call_that_is_not_there_is_not_taken(box: Box, wire: Wire, name: str, status: int) -> None:
    assert (await takes(box, Telephone(box, wire), name)).status == status
    assert not box.told_so_far(Heard.INCOMING)


async def test_what_is_answered_is_not_taken_as_one_that_rings(box: Box, wire: Wire, second: Wire) -> None:
    call = await talking(box, wire)
    assert (await takes(box, Telephone(box, second), f"{call.name};early-only")).status == 486
    await call.bye()


async def test_two_calls_are_not_taken_at_once(box: Box, wire: Wire, second: Wire) -> None:
    call = await talking(box, wire)
    taker = Telephone(box, second)
    answer = await taker.ask(
        "INVITE", f"sip:205@{HOST}:{box.address[1]}", headers={"Replaces": [call.name, call.name]}, body=sdp()
    )
    assert answer.status == 400
    await call.bye()
