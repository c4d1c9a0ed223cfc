# SPDX-License-Identifier: GPL-2.0-or-later
"""The torture tests of RFC 4475 and RFC 5118: each is answered as it should be, or rightly not at all, and nobody is harmed.

A stranger hears no more than that he needs a password; so each is also sent from a trunk's address, where it goes further."""

import secrets
from collections.abc import AsyncIterator

import pytest

from appliance.sip.names import Heard
from tests.sip import torture
from tests.sip.box import HOST, Box, Telephone
from tests.sip.wire import Message, Wire

CALL = "a call"  # it rings at ours, and is declined by the test with 404
SILENT: tuple[int, ...] = ()

# What a stranger hears, and (where that is something else) what a trunk does. docs/torture.md tells why.
ANSWERS: dict[str, tuple[int | str, ...]] = {
    # valid
    "wsinv": (481,),  # within a call that is none
    "intmeth": (405,), "esc02": (405,), "mpart01": (405,), "esc01": (401, CALL), "escnull": (401,), "lwsdisp": (200,),
    "longreq": (401, CALL), "dblreq": (401,), "semiuri": (200,), "transports": (200,),
    "unreason": SILENT, "noreason": SILENT,
    # invalid; where it can be read after all, it is read
    "badinv01": (400,), "clerr": (400,), "ncl": (400,), "scalar02": (400,), "quotbal": (400,), "ltgtruri": (400,),
    "lwsruri": (400,), "lwsstart": (401, CALL), "trws": (200,), "escruri": (401, CALL), "baddate": (401, CALL),
    "regbadct": (400,), "badaspec": (200,), "baddn": (200,), "badvers": (505,), "mismatch01": (400,),
    "mismatch02": (400,), "scalarlg": SILENT, "bigcode": SILENT,
    # of meaning
    "badbranch": (200,), "insuf": SILENT, "unkscm": (416,), "novelsc": (416,), "unksm2": (401,), "bext01": (420,),
    "invut": (401, 415), "regaut01": (400,), "multi01": (400,), "mcl01": (400,), "bcast": SILENT, "zeromf": (200,),
    "cparam01": (401,), "cparam02": (401,), "regescrt": (401,), "sdp01": (401, 406), "inv2543": (401, 400),
    # IPv6
    "ipv6-4.1": (401,), "ipv6-4.2": (400,), "ipv6-4.3": (401,), "ipv6-4.4": (401,), "ipv6-4.5.1": (200,),
    "ipv6-4.5.2": (200,), "ipv6-4.6": (401, CALL), "ipv6-4.7": (200,), "ipv6-4.8": (401, CALL), "ipv6-4.9": (401, 500),
    "ipv6-4.10.1": (200,), "ipv6-4.10.2": (200,),
}  # fmt: skip


@pytest.fixture
async def trunk(box: Box, wire: Wire) -> AsyncIterator[Wire]:
    name = f"city{secrets.token_hex(3)}"
    box.sip.set_trunk(name, f"sip:{wire.at}", "", "", wire.at, 0)
    await box.told(Heard.TRUNK, of=name)
    yield wire
    box.sip.remove_trunk(name)
    await box.done()


async def answers(box: Box, wire: Wire, name: str) -> list[int | str]:
    """Final answers to a message, and whether it became a call."""
    message = torture.built(torture.ALL[name], wire.at, secrets.token_hex(4))
    wire.send(message)
    ping = await wire.ping()
    heard: list[int | str] = []
    if calls := box.told_so_far(Heard.INCOMING):
        box.sip.hang_up(calls[0].handle, 404, 1)
        assert (await wire.response(final=True)).status == 404
        heard.append(CALL)
    finals = [one for one in wire.responses.all if one.status >= 200 and one["call-id"] != ping["call-id"]]
    assert all(map(is_proper, finals)), finals
    if not calls:
        heard += [one.status for one in finals]
    wire.send(message.replace(b"INVITE", b"ACK"))  # whatever it was, its final answer is acknowledged
    await wire.ping()
    return heard


def is_proper(answer: Message) -> bool:
    """It repeats what it must (RFC 3261 section 8.2.6.2), and has one length; a tag, but to a caller of RFC 2543."""
    repeated = all(answer.all(name) for name in ("via", "call-id", "from", "to", "cseq"))
    return repeated and len(answer.all("content-length")) == 1 and bool(answer.tag or "inv2543" in answer["call-id"])


def test_none_is_missing() -> None:
    assert set(ANSWERS) == set(torture.ALL) and len(torture.VALID) == 13 and len(torture.INVALID) == 19
    assert len(torture.SEMANTIC) == 17 and len(torture.IPV6) == 12


@pytest.mark.parametrize("name", ANSWERS)
async def test_from_a_stranger(box: Box, wire: Wire, name: str) -> None:
    assert await answers(box, wire, name) == list(ANSWERS[name][:1])
    assert not box.told_so_far(Heard.INCOMING, Heard.BOUND)


@pytest.mark.parametrize("name", ANSWERS)
async def test_from_a_trunk(box: Box, trunk: Wire, name: str) -> None:
    assert await answers(box, trunk, name) == list(ANSWERS[name][-1:])


async def test_over_tcp_one_after_another_in_one_connection(box: Box) -> None:
    """All whose end can be told: those that lie about their length end what follows them."""
    liars = {"clerr", "ncl", "mcl01", "inv2543"}
    async with Wire(box.address, "TCP") as wire:
        for name in sorted(torture.ALL.keys() - liars):
            wire.send(
                torture.built(torture.ALL[name], wire.at, secrets.token_hex(4)).replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP")
            )
        async with Wire(box.address) as other:
            assert (await other.ping()).status == 200
    await a_telephone_works(box)


async def test_contacts_with_strange_parameters_are_kept_as_they_were_given(box: Box, wire: Wire) -> None:
    """cparam01, cparam02, escnull and regescrt of somebody who may: and no header of a URI comes into a call to it."""
    phone = Telephone(box, wire)
    for contact, kept in (
        (f"<sip:+19725552222@{wire.at}>;unknownparam", f"<sip:+19725552222@{wire.at}>"),
        (f"<sip:+19725552222@{wire.at};unknownparam>", f"<sip:+19725552222@{wire.at};unknownparam>"),
        (f"<sip:null%00@{wire.at}>", f"<sip:null%00@{wire.at}>"),
        (
            f"<sip:here@{wire.at}?Route=%3Csip:sip.example.com%3E>",
            f"<sip:here@{wire.at}?Route=%3Csip:sip.example.com%3E>",
        ),
    ):
        answer = await phone.register(contact)
        assert answer.status == 200 and any(one.lower().startswith(kept.lower()) for one in answer.all("contact")), (
            answer
        )
        bound = await box.told(Heard.BOUND, of=phone.account.name)
        assert "?" not in bound.text[2]
        leg = box.sip.call("", bound.text[2], "+37060000001", "")
        invite = await phone.refuses(486, "Busy Here")
        assert not invite.all("route")
        await box.told(Heard.OVER, of=leg)
        assert (await phone.register("*", expires=0)).status == 200


async def a_telephone_works(box: Box) -> None:
    async with Wire(box.address) as wire:
        phone = Telephone(box, wire)
        assert (await phone.register()).status == 200
        call = await phone.call("100")
        box.sip.answer(call.handle)
        await call.answered()
        await call.bye()


async def test_after_all_of_it_ten_times_a_telephone_works(box: Box, wire: Wire) -> None:
    for _ in range(10):
        for name in torture.ALL:
            wire.send(torture.built(torture.ALL[name], wire.at, secrets.token_hex(4)))
        await wire.ping()
    await a_telephone_works(box)
    assert HOST in box.uri and not box.told_so_far(Heard.DEAD)
