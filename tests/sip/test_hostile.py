# SPDX-License-Identifier: GPL-2.0-or-later
"""REFER, Replaces and SUBSCRIBE as no telephone would send them: thousands, by chance but the same each time."""

import random
import re

import pytest

from appliance.sip.names import Heard
from tests.sip.box import HOST, Box, Telephone
from tests.sip.wire import Wire, authorization, request, sdp

PIECES = [
    "", ";", ";;", ",", "<", ">", "<<", ">>", '"', '\\"', "?", "&", "=", "%", "%00", "%0d%0a", "%zz", "%3B", "@", ":", "*",
    "sip:", "sips:", "tel:", "mailto:", "Replaces=", "to-tag=", "from-tag=", "early-only", "leg-", "leg-ffff", "method=",
    "\t", " ", "\x01", "\x7f", "\xff", "ž", "9" * 70, "A" * 400, "a;" * 200, "%41" * 100, "127.0.0.1", "[::1]", "-1",
]  # fmt: skip
VALUES = {
    "Refer-To": "<sip:205@127.0.0.1?Replaces=abc%3Bto-tag%3D1%3Bfrom-tag%3D2>",
    "Replaces": "abc;to-tag=1;from-tag=2;early-only",
    "Event": "dialog;id=7",
    "Expires": "600",
    "Accept": "application/dialog-info+xml",
    "Refer-Sub": "false",
    "Referred-By": "<sip:desk1@127.0.0.1>",
}
TIMES = 400


def spoilt(value: str, chance: random.Random) -> str:
    """A piece put in, taken out, doubled, or the end cut off: once to four times."""
    for _ in range(chance.randint(1, 4)):
        at, to = sorted(chance.randint(0, len(value)) for _ in range(2))
        how = chance.randint(0, 3)
        if how == 0:
            value = value[:at] + chance.choice(PIECES) + value[at:]
        elif how == 1:
            value = value[:at] + value[to:]
        elif how == 2:
            value = value[:to] + value[at:]
        else:
            value = value[:at]
    return value[:1500].replace("\r", "").replace("\n", "")


@pytest.mark.parametrize("seed", range(3))
async def test_refer_within_a_call(box: Box, wire: Wire, seed: int) -> None:
    chance = random.Random(seed)
    call = await Telephone(box, wire).call("100")
    box.sip.answer(call.handle)
    await call.answered()
    for _ in range(TIMES):
        headers = {"Refer-To": spoilt(VALUES["Refer-To"], chance)}
        for name in ("Refer-Sub", "Referred-By", "Event"):
            if chance.random() < 0.2:
                headers[name] = spoilt(VALUES[name], chance)
        call.say("REFER", headers)
        if chance.random() < 0.1:
            box.sip.referred(call.handle, chance.randint(100, 699))
            await wire.ping()
    await wire.ping()
    numbers = [told.text[0] for told in box.told_so_far(Heard.TRANSFER)]
    assert all(re.fullmatch(r"[0-9A-Za-z+*#._-]{1,62}", number) for number in numbers), numbers
    assert not box.told_so_far(Heard.OVER, of=call.handle)
    call.say("BYE")
    await box.told(Heard.OVER, of=call.handle)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("method", ["INVITE", "SUBSCRIBE"])
async def test_requests_of_a_telephone_that_may(box: Box, wire: Wire, method: str, seed: int) -> None:
    """Each with an answer to a challenge of its own, so that the box reads on."""
    chance = random.Random(seed)
    phone, uri = Telephone(box, wire), f"sip:101@{HOST}"
    box.sip.publish("dialog", "101", "<dialog-info version=")
    ended: set[int] = set()
    names = ["Replaces"] if method == "INVITE" else ["Event", "Expires", "Accept"]
    async with Wire(box.address) as asking:
        for number in range(TIMES // 4):
            challenge = (await asking.ask(request(method, uri, asking, user=phone.account.name))).challenge()
            headers = {"Event": "dialog"} if method == "SUBSCRIBE" else {}
            headers |= {name: spoilt(VALUES[name], chance) for name in names if chance.random() < 0.7}
            headers["Authorization"] = authorization(challenge, method, uri, *phone.account)
            who = {"user": phone.account.name, "call_id": f"{method}-{seed}-{number}"}
            wire.send(request(method, uri, wire, headers=headers, body=sdp() if method == "INVITE" else b"", **who))
            await asking.ping()
            while calls := [one for one in box.told_so_far(Heard.INCOMING) if one.handle not in ended]:
                ended.add(calls[0].handle)
                box.sip.hang_up(calls[0].handle, 486, 17)
    answered = {answer.status for answer in wire.responses.all}
    assert answered >= ({481, 486} if method == "INVITE" else {200, 489}), answered


async def test_a_state_that_is_no_xml_is_told_as_it_is(box: Box, wire: Wire) -> None:
    for body in (
        "<dialog-info version=",
        '<dialog-info version="',
        '<dialog-info version="1',
        "<dialog-info",
        "%s%n",
        "x",
    ):
        box.sip.publish("dialog", "odd", body)
        await box.done()
        phone = Telephone(box, wire)
        headers = {"Event": "dialog", "Expires": "0"}
        assert (await phone.ask("SUBSCRIBE", f"sip:odd@{HOST}", headers=headers)).status == 200
        told = await wire.request("NOTIFY")
        wire.reply(told, 200)
        assert told.body == body.encode()
