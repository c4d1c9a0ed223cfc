# SPDX-License-Identifier: GPL-2.0-or-later
"""IPv6 beside IPv4, on real sockets of ::1: telephones, trunks, the torture messages of RFC 5118, and who is banned."""

import secrets
from collections.abc import AsyncIterator

import pytest

from appliance.sip.names import Heard
from tests.sip import torture
from tests.sip.box import Box, Call, Telephone, address_of
from tests.sip.test_guard import REQUESTS, WRONG, guess, works
from tests.sip.test_torture import ANSWERS, CALL, answers
from tests.sip.wire import Wire, literal, request, sdp

HOME = "::1"
ENDPOINT = {"listen6": HOME, "name6": HOME}


@pytest.fixture(params=["UDP", "TCP"])
async def six(box: Box, request: pytest.FixtureRequest) -> AsyncIterator[Wire]:
    async with Wire((HOME, box.address[1]), request.param) as wire:
        yield wire


@pytest.fixture
async def far(box: Box) -> AsyncIterator[Wire]:
    """A trunk there."""
    async with Wire((HOME, box.address[1])) as wire:
        name = f"city{secrets.token_hex(3)}"
        box.sip.set_trunk(name, f"sip:{wire.at}", "", "", wire.at, 0)
        await box.told(Heard.TRUNK, of=name)
        wire.name = name  # type: ignore[attr-defined]
        yield wire
        box.sip.remove_trunk(name)
        await box.done()


async def test_who_guesses_passwords_is_banned_with_his_network_and_ipv4_is_not(box: Box, wire: Wire) -> None:
    """First of all: where a telephone has registered, more is borne with."""
    box.sip.guard(True, WRONG, REQUESTS, 600, "")
    await box.done()
    async with Wire((HOME, box.address[1])) as stranger:
        assert [await guess(box, stranger) for _ in range(WRONG + 2)] == [403] * WRONG + [0, 0]
        banned = await box.told(Heard.BANNED)
        assert banned.text[:2] == ("::/64", "passwords")
        await works(Telephone(box, wire), box)
        box.sip.lift("::/64")
        await box.told(Heard.LIFTED)
        assert await guess(box, stranger) == 403
    box.sip.guard(False, WRONG, REQUESTS, 600, "")
    await box.done()


async def test_a_telephone_registers_is_called_and_calls(box: Box, six: Wire) -> None:
    phone = Telephone(box, six)
    assert (await phone.register()).status == 200
    bound = await box.told(Heard.BOUND, of=phone.account.name)
    assert f"@{six.at}" in bound.text[2]
    leg = box.sip.call("", bound.text[2], "101", "Anna")
    invite = await six.request("INVITE")
    assert f"<sip:[{HOME}]:{box.address[1]}" in invite["contact"] and "IN IP6 ::1" in invite.body.decode()
    six.reply(invite, 200, body=sdp(host=HOME))
    await six.request("ACK")
    await box.told(Heard.ANSWERED, of=leg)
    box.sip.hang_up(leg, 0, 16)
    bye = await six.request("BYE")
    six.reply(bye, 200)
    await box.told(Heard.OVER, of=leg)

    call = await phone.call("100", sdp(host=HOME))
    box.sip.answer(call.handle)
    answer = await call.answered()
    assert "c=IN IP6 ::1" in answer.body.decode() and f"[{HOME}]:{box.address[1]}" in answer["contact"]
    await call.bye()


async def test_one_who_offers_sound_by_ipv4_alone_is_refused(box: Box, six: Wire) -> None:
    phone = Telephone(box, six)
    first = await phone.ask("INVITE", f"sip:100@[{HOME}]:{box.address[1]}", body=sdp())
    answer = first if first.status >= 200 else await six.response(final=True)
    assert answer.status in (488, 500)


async def test_a_trunk_calls_and_is_called(box: Box, far: Wire) -> None:
    far.send(request("INVITE", f"sip:100@[{HOME}]:{box.address[1]}", far, body=sdp(host=HOME)))
    told = await box.told(Heard.INCOMING)
    assert told.text[:2] == ("trunk", far.name)  # type: ignore[attr-defined]
    box.sip.hang_up(told.handle, 486, 17)
    assert (await far.response(final=True)).status == 486
    leg = box.sip.call(far.name, f"sip:860000009@{far.at}", "101", "")  # type: ignore[attr-defined]
    invite = await far.request("INVITE")
    assert "c=IN IP6 ::1" in invite.body.decode()
    far.reply(invite, 486, "Busy Here")
    await far.request("ACK")
    await box.told(Heard.OVER, of=leg)


async def test_a_trunk_known_by_both_kinds_of_address_calls_and_is_called_by_either(box: Box, wire: Wire) -> None:
    """As a name with A and AAAA records is; whichever of them comes first in the list."""
    async with Wire((HOME, box.address[1])) as six:
        for first, second in ((wire, six), (six, wire)):
            name = f"city{secrets.token_hex(3)}"
            box.sip.set_trunk(name, f"sip:{first.at}", "", "", f"{first.at} {second.at}", 0)
            await box.told(Heard.TRUNK, of=name)
            for at in (second, first, second):
                host = at.here[0]
                kind = "IN IP6 ::1" if at is six else "IN IP4 127.0.0.1"
                uri = f"sip:100@{literal(at.box[0])}:{at.box[1]}"
                call_id = secrets.token_hex(8)
                at.send(request("INVITE", uri, at, call_id=call_id, body=sdp(host=host)))
                told = await box.told(Heard.INCOMING)
                assert told.text[:2] == ("trunk", name)
                box.sip.answer(told.handle)
                answer = await at.response(final=True)
                assert answer.status == 200 and f"c={kind}" in answer.body.decode()
                call = Call(at, told.handle, call_id, answer["from"], answer["to"], address_of(answer), 1)
                call.ack(answer)
                await call.bye()
                leg = box.sip.call(name, f"sip:860000009@{first.at}", "101", "")
                invite = await first.request("INVITE")
                assert f"c={'IN IP6' if first is six else 'IN IP4'}" in invite.body.decode()
                first.reply(invite, 486, "Busy Here")
                await first.request("ACK")
                await box.told(Heard.OVER, of=leg)
            box.sip.remove_trunk(name)
            await box.done()


@pytest.mark.parametrize("name", torture.IPV6)
async def test_torture_from_a_stranger(box: Box, six: Wire, name: str) -> None:
    assert await answers(box, six, name) == list(ANSWERS[name][:1])
    assert not box.told_so_far(Heard.INCOMING, Heard.BOUND)


@pytest.mark.parametrize("name", torture.IPV6)
async def test_torture_from_a_trunk(box: Box, far: Wire, name: str) -> None:
    expected = [CALL] if name == "ipv6-4.9" else list(ANSWERS[name][-1:])  # its sound is by IPv6, too
    assert await answers(box, far, name) == expected


async def test_ipv4_is_spoken_as_before(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    assert (await phone.register()).status == 200
    call = await phone.call("100")
    box.sip.answer(call.handle)
    assert "c=IN IP4 127.0.0.1" in (await call.answered()).body.decode()
    await call.bye()
