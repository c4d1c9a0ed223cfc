# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may call, and what a stranger gets to know."""

import secrets

import pytest

from appliance.sip.names import Heard
from tests.sip.box import HOST, Account, Box, Telephone
from tests.sip.wire import Message, Wire, authorization, request, sdp


def resident() -> int:
    """Memory of this process, bytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def invite(box: Box, wire: Wire, user: str = "stranger") -> bytes:
    return request("INVITE", f"sip:100@{HOST}:{box.address[1]}", wire, user=user, body=sdp())


async def trunk(box: Box, wire: Wire, addresses: str = "") -> str:
    """A trunk whose calls come from this wire; its name."""
    name = f"city{secrets.token_hex(3)}"
    box.sip.set_trunk(name, f"sip:{wire.at}", "", "", addresses or wire.at, 0)
    assert (await box.told(Heard.TRUNK, of=name)).code == 200
    return name


# ---- calls -----------------------------------------------------------------------------------------------------------


async def test_a_stranger_who_calls_is_asked_for_a_password_and_nobody_is_disturbed(box: Box, wire: Wire) -> None:
    answer = await wire.ask(invite(box, wire))
    assert answer.status == 401 and answer["www-authenticate"]
    await wire.ping()
    assert {event.kind for event in box.seen.all} <= {Heard.OPEN}


async def test_a_telephone_calls_with_its_password_and_is_known_by_its_account(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    headers = {"From": f'"Mr \\"A\\" Kazlauskas" <sip:boss@{HOST}>;tag=here'}
    uri = f"sip:%2B37060000001@{HOST}:{box.address[1]}"
    assert (await phone.ask("INVITE", uri, headers=headers, body=sdp())).status == 100
    told = await box.told(Heard.INCOMING)
    assert told.text[:3] == ("phone", phone.account.name, "boss") and told.text[4] == "+37060000001"
    assert told.text[3] == 'Mr "A" Kazlauskas' and told.text[5] == wire.at
    box.sip.hang_up(told.handle, 486, 17)
    answer = await wire.response(final=True)
    assert answer.status == 486 and answer["reason"] == "Q.850;cause=17"
    phone.ack(answer, uri)


async def test_a_telephone_with_a_wrong_password_does_not_get_through(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire, box.account()._replace(password="wrong"))
    answer = await phone.ask("INVITE", f"sip:100@{HOST}", body=sdp())
    assert answer.status == 403 and not box.told_so_far(Heard.INCOMING)


async def test_a_call_from_the_trunks_address_needs_no_password(box: Box, wire: Wire) -> None:
    name = await trunk(box, wire)
    wire.send(invite(box, wire, user="+37060000001"))
    assert (await wire.response()).status == 100
    told = await box.told(Heard.INCOMING)
    assert told.text == ("trunk", name, "+37060000001", "", "100", wire.at, "", "")
    box.sip.hang_up(told.handle, 404, 1)
    assert (await wire.response(final=True)).status == 404


async def test_the_same_address_with_another_port_is_a_stranger(box: Box, wire: Wire) -> None:
    await trunk(box, wire)
    async with Wire(box.address) as stranger:
        assert (await stranger.ask(invite(box, stranger))).status == 401


async def test_a_trunk_without_a_port_may_call_from_any_and_a_closer_match_goes_before(box: Box, wire: Wire) -> None:
    anywhere = await trunk(box, wire, HOST)
    async with Wire(box.address) as second, Wire(box.address) as third:
        exact = await trunk(box, third)
        for end, name in ((second, anywhere), (third, exact)):
            end.send(invite(box, end))
            told = await box.told(Heard.INCOMING, of="trunk")
            assert told.text[1] == name
            box.sip.hang_up(told.handle, 404, 1)
            await end.response(final=True)
    for name in (anywhere, exact):
        box.sip.remove_trunk(name)
    await box.done()
    async with Wire(box.address) as fourth:
        assert (await fourth.ask(invite(box, fourth))).status == 401


@pytest.mark.parametrize(
    ("user", "said", "verstat"),
    [
        ("+37060000001", "", ""),
        ("+37060000001;verstat=TN-Validation-Passed", "", "TN-Validation-Passed"),
        ("+37060000001;npdi;verstat=TN-Validation-Failed;cpc=x", "", "TN-Validation-Failed"),
        (
            "+37060000001;verstat=TN-Validation-Passed",
            "<sip:+37060000001;verstat=No-TN-Validation@a.example>",
            "No-TN-Validation",
        ),
        (
            "+37060000001;verstat=TN-Validation-Passed",
            "<sip:+37060000001@a.example>",
            "",
        ),  # what the trunk itself says counts
        ("+37060000001", "<tel:+37060000001;verstat=TN-Validation-Passed>", "TN-Validation-Passed"),
        (
            "+37060000001",
            '";verstat=TN-Validation-Passed" <sip:+37060000001@a.example>',
            "",
        ),  # anybody may be called so
        ("+37060000001;verstat=" + "x" * 200, "", "x" * 63),
    ],
)
async def test_what_a_trunk_found_when_it_checked_a_number_is_told_and_is_no_part_of_it(
    box: Box, wire: Wire, user: str, said: str, verstat: str
) -> None:
    name = await trunk(box, wire)
    uri = f"sip:100;npdi@{HOST}:{box.address[1]}"
    headers = {"P-Asserted-Identity": said} if said else {}
    wire.send(request("INVITE", uri, wire, user=user, headers=headers, body=sdp()))
    told = await box.told(Heard.INCOMING, of="trunk")
    assert (told.text[2], told.text[4], told.text[7]) == ("+37060000001", "100", verstat)
    box.sip.hang_up(told.handle, 404, 1)
    await wire.response(final=True)
    box.sip.remove_trunk(name)


@pytest.mark.parametrize(
    ("said", "asserted"),
    [
        ("", ""),
        ("<sip:+37060000001@trunk.example>", "+37060000001"),
        ('"Mr <K>" <sip:+37060000001@trunk.example>', ""),  # not worth a parser of its own
        ('"Mr K." <sip:+37060000001@trunk.example;user=phone>, <tel:+37060000002>', "+37060000001"),
        ("<tel:+37060000002>", "+37060000002"),
        ("tel:+37060000002", "+37060000002"),
        ("sip:+37060000001@trunk.example, tel:+37060000002", "+37060000001"),
        ("<<<>>>", ""),
        ("<sip:+3706>" + "x" * 600, ""),
        ("\xff" * 80, ""),
    ],
)
async def test_the_number_a_trunk_vouches_for_is_told_beside_what_the_caller_says(
    box: Box, wire: Wire, said: str, asserted: str
) -> None:
    name = await trunk(box, wire)
    uri = f"sip:100@{HOST}:{box.address[1]}"
    headers = {"P-Asserted-Identity": said} if said else {}
    wire.send(request("INVITE", uri, wire, user="stranger", headers=headers, body=sdp()))
    told = await box.told(Heard.INCOMING, of="trunk")
    assert (told.text[2], told.text[6]) == ("stranger", asserted)
    box.sip.hang_up(told.handle, 404, 1)
    await wire.response(final=True)
    box.sip.remove_trunk(name)


async def test_before_the_box_ends_whoever_calls_is_told_to_come_again_and_all_else_goes_on(
    box: Box, wire: Wire
) -> None:
    await trunk(box, wire)
    phone = Telephone(box, wire)
    wire.send(invite(box, wire))
    early = await box.told(Heard.INCOMING)
    box.sip.open(False)
    await wire.ping()
    answer = await wire.ask(invite(box, wire))
    assert (answer.status, answer["retry-after"]) == (503, "5")
    assert (await phone.register()).status == 200
    box.sip.hang_up(early.handle, 503, 42)  # who came a moment before is told the same
    answer = await wire.response(final=True)
    assert (answer.status, answer["retry-after"], answer["reason"]) == (503, "5", "Q.850;cause=42")
    box.sip.open()
    wire.send(invite(box, wire))
    box.sip.hang_up((await box.told(Heard.INCOMING)).handle, 503, 42)
    answer = await wire.response(final=True)
    assert (answer.status, answer["retry-after"]) == (503, "")


async def test_a_trunk_taken_away_is_a_stranger(box: Box, wire: Wire) -> None:
    box.sip.remove_trunk(await trunk(box, wire))
    await box.done()
    assert (await wire.ask(invite(box, wire))).status == 401


async def test_a_caller_who_shares_no_codec_is_told_so(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    uri = f"sip:100@{HOST}"
    answer = await phone.ask("INVITE", uri, body=sdp(codecs={18: "G729/8000"}))
    answer = answer if answer.status >= 200 else await wire.response(final=True)
    assert answer.status == 488 and not box.told_so_far(Heard.INCOMING)
    phone.ack(answer, uri)
    refused = await box.told(Heard.REFUSED, of="INVITE")
    assert refused.code == 488 and phone.account.name in refused.text[2] and refused.text[3] == wire.at


@pytest.mark.parametrize("body", [b"hello", b"v=0\r\n", b"v=0\r\no=x\r\nm=audio x RTP/AVP y\r\n", b"\x00" * 100])
async def test_a_caller_whose_offer_is_nonsense_is_refused(box: Box, wire: Wire, body: bytes) -> None:
    phone = Telephone(box, wire)
    uri = f"sip:100@{HOST}"
    answer = await phone.ask("INVITE", uri, body=body)
    answer = answer if answer.status >= 200 else await wire.response(final=True)
    assert 400 <= answer.status < 500 and not box.told_so_far(Heard.INCOMING)
    phone.ack(answer, uri)
    assert (await box.told(Heard.REFUSED, of="INVITE")).code == answer.status


async def test_two_thousand_calls_of_strangers_leave_nothing_behind(box: Box, wire: Wire) -> None:
    async def flood(count: int) -> None:
        for _ in range(count // 20):
            for _ in range(20):
                wire.send(invite(box, wire))
            for _ in range(20):
                assert (await wire.response()).status == 401
            wire.responses.all.clear()

    await flood(400)
    before = resident()
    await flood(2000)
    assert resident() - before < 1_000_000
    phone = Telephone(box, wire)
    assert (await phone.register()).status == 200
    assert not box.told_so_far(Heard.INCOMING)


# ---- what else is asked ----------------------------------------------------------------------------------------------

REFUSED = {
    "MESSAGE": 405, "PUBLISH": 405, "NOTIFY": 405, "INFO": 405, "REFER": 603, "UPDATE": 405,
    "PRACK": 405, "JUMP": 405, "BYE": 481, "CANCEL": 481,
}  # fmt: skip


@pytest.mark.parametrize("method", REFUSED)
async def test_what_is_not_used_here_is_refused_alike_for_known_and_unknown(box: Box, wire: Wire, method: str) -> None:
    answers = []
    for name in (box.account().name, "nobody"):
        headers = {"Event": "presence", "Refer-To": "<sip:+1900@example.com>"}
        uri = f"sip:{name}@{HOST}"
        answers.append(await wire.ask(request(method, uri, wire, to=f"<{uri}>", headers=headers)))
    assert [answer.status for answer in answers] == [REFUSED[method]] * 2
    own = ("via", "to", "from", "call-id", "cseq")
    known, unknown = ([pair for pair in answer.headers if pair[0] not in own] for answer in answers)
    assert known == unknown
    if method != "CANCEL":
        refused = await box.told(Heard.REFUSED, of=method)
        assert refused.code == REFUSED[method] and refused.text[3] == wire.at
    assert not box.told_so_far(Heard.INCOMING, Heard.BOUND)


async def test_what_is_allowed_is_said(box: Box, wire: Wire) -> None:
    answer = await wire.ask(request("MESSAGE", box.uri, wire))
    assert "INVITE" in answer["allow"] and "REGISTER" not in answer["allow"]


@pytest.mark.parametrize("name", ["", "desk1@", "nobody@"])
async def test_who_asks_what_the_box_can_do_hears_of_no_account(box: Box, wire: Wire, name: str) -> None:
    answer = await wire.ask(request("OPTIONS", f"sip:{name}{HOST}:{box.address[1]}", wire))
    assert answer.status == 200 and "desk" not in str(answer.headers).replace(name, "")


@pytest.mark.parametrize("method", ["INVITE", "BYE", "INFO", "NOTIFY", "MESSAGE"])
async def test_a_request_within_a_call_that_is_none_is_refused(box: Box, wire: Wire, method: str) -> None:
    answer = await wire.ask(request(method, box.uri, wire, to=f"<{box.uri}>;tag=never", body=sdp()))
    assert answer.status == 481


async def test_transfer_by_refer_dials_nothing_by_itself(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    call = await phone.call("100")
    box.sip.answer(call.handle)
    await call.answered()
    async with Wire(box.address) as elsewhere:
        headers = {"Refer-To": f"<sip:+19005550100@{elsewhere.at}>", "Referred-By": f"<{phone.contact}>"}
        assert (await call.ask("REFER", headers)).status == 202
        assert (await box.told(Heard.TRANSFER, of=call.handle)).text[0] == "+19005550100"
        wire.reply(await wire.request("NOTIFY"), 200)
        await wire.ping()
        assert not elsewhere.requests.all
    await call.bye()


async def test_a_call_that_moves_elsewhere_by_itself_is_not_followed(box: Box, wire: Wire) -> None:
    """A telephone that answers 302 would otherwise dial at the office's cost."""
    phone = Telephone(box, wire)
    async with Wire(box.address) as elsewhere:
        leg = box.sip.call("", phone.contact, "+37060000001", "")
        await phone.refuses(302, "Moved Temporarily", contact=f"<sip:+19005550100@{elsewhere.at}>")
        assert (await box.told(Heard.OVER, of=leg)).code == 302
        await wire.ping()
        assert not elsewhere.requests.all


async def test_a_call_is_taken_by_nobody_but_call_control(box: Box, wire: Wire) -> None:
    """An INVITE with Replaces (RFC 3891) would take it: PJSIP does so by itself."""
    call = await Telephone(box, wire).call("100")
    box.sip.answer(call.handle)
    await call.answered()
    async with Wire(box.address) as other:
        uri = f"sip:100@{HOST}"
        taken = await Telephone(box, other).ask("INVITE", uri, headers={"Replaces": call.name}, body=sdp())
        assert taken.status == 100
        await box.told(Heard.INCOMING)
        told = box.told_so_far(Heard.INCOMING)
        assert [event.value for event in told] == [0, call.handle] and not box.told_so_far(Heard.OVER, of=call.handle)
        box.sip.hang_up(told[1].handle, 486, 17)
        assert (await other.response(final=True)).status == 486
        stranger = request("INVITE", uri, other, headers={"Replaces": call.name}, body=sdp())
        assert (await other.ask(stranger)).status == 401
    await call.bye()


async def test_a_call_needs_a_password_though_another_call_with_the_same_identity_had_one(box: Box, wire: Wire) -> None:
    """The first INVITE is one of a telephone, the second is a stranger's right behind it."""
    phone = Telephone(box, wire)
    uri = f"sip:100@{HOST}"
    challenge = (await wire.ask(invite(box, wire))).challenge()
    headers = {"Authorization": authorization(challenge, "INVITE", uri, *phone.account)}
    first = request("INVITE", uri, wire, headers=headers, body=sdp())
    wire.send(first)
    wire.send(request("INVITE", uri, wire, body=sdp()))
    answers: list[Message] = [await wire.response() for _ in range(2)]
    assert sorted(answer.status for answer in answers) == [100, 401]
    told = await box.told(Heard.INCOMING)
    box.sip.hang_up(told.handle, 404, 1)
    assert (await wire.response(final=True)).status == 404
    assert len(box.told_so_far(Heard.INCOMING)) == 1


async def test_the_name_of_an_account_has_no_other_spelling(box: Box, wire: Wire) -> None:
    account = box.account()
    for name in (account.name.upper(), account.name + " ", f" {account.name}", f"{account.name}%00"):
        phone = Telephone(box, wire, Account(name, account.password))
        headers = {"From": f"<sip:{HOST}>;tag=a", "Contact": f"<sip:{wire.at}>"}
        answer = await phone.ask("INVITE", f"sip:100@{HOST}", headers=headers, body=sdp())
        assert answer.status == 403
