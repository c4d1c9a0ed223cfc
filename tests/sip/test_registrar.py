# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones register: what the box then knows of them, and what it will not be talked into."""

import secrets
import time

import pytest

from appliance.sip.names import Heard
from tests.sip.box import HOST, Box, Telephone
from tests.sip.wire import Message, Wire


def listed(answer: Message) -> list[str]:
    """The contacts in an answer, without their parameters."""
    return [value.partition(">")[0].lstrip("<") for value in answer.all("contact")]


async def known(phone: Telephone) -> list[str]:
    """What the box says when asked who is registered; in order of their names."""
    answer = await phone.ask("REGISTER", phone.box.uri, headers={"Contact": ""}, call_id=secrets.token_hex(8))
    assert answer.status == 200, answer
    return sorted(listed(answer))


async def test_a_telephone_registers_and_refreshes(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    answer = await phone.register(expires=600)
    assert (answer.status, listed(answer)) == (200, [phone.contact])
    assert answer["contact"].endswith(";expires=600") or answer["contact"].endswith(";expires=599")
    bound = await box.told(Heard.BOUND, of=phone.account.name)
    assert bound.text[1] == phone.contact and abs(bound.value - time.time() - 600) < 30
    await phone.register(expires=1200)
    again = await box.told(Heard.BOUND, of=phone.account.name)
    assert again.text[1] == bound.text[1] and again.value - bound.value >= 599
    assert await known(phone) == [phone.contact]


async def test_what_kind_of_telephone_it_is_is_known(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    headers = {"User-Agent": "Desk Phone 7 " + "x" * 200}
    assert (await phone.ask("REGISTER", box.uri, headers=headers)).status == 200
    agent = (await box.told(Heard.BOUND, of=phone.account.name)).text[3]
    assert agent.startswith("Desk Phone 7") and len(agent) == 63


async def test_who_asks_without_a_contact_is_told_all_and_changes_nothing(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    assert await known(phone) == []
    both = [f"<sip:home@{HOST}:7001>", f"<sip:work@{HOST}:7002>"]
    await phone.register(*both)
    before = len(box.told_so_far(Heard.BOUND, Heard.UNBOUND))
    assert await known(phone) == [one.strip("<>") for one in both]
    assert len(box.told_so_far(Heard.BOUND, Heard.UNBOUND)) == before


async def test_ten_telephones_share_an_account_and_the_eleventh_takes_the_oldest_place(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    for n in range(11):
        await phone.register(f"<sip:place{n}@{HOST}:7001>", expires=600 + n)
    gone = await box.told(Heard.UNBOUND, of=phone.account.name)
    assert gone.text[1:3] == (f"sip:place0@{HOST}:7001", "replaced")
    assert await known(phone) == sorted(f"sip:place{n}@{HOST}:7001" for n in range(1, 11))


async def test_eleven_at_once_are_refused_and_none_taken(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    answer = await phone.register(*(f"<sip:p{n}@{HOST}:7001>" for n in range(11)))
    assert answer.status == 503 and await known(phone) == []


async def test_a_registration_ends_when_it_is_not_refreshed(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    start = time.monotonic()
    assert (await phone.register(expires=2)).status == 200
    gone = await box.told(Heard.UNBOUND, of=phone.account.name, within=6)
    assert gone.text[1:3] == (phone.contact, "expired") and time.monotonic() - start > 1
    assert await known(phone) == []


async def test_a_contact_that_is_over_is_not_listed_though_it_was_not_cleared_away_yet(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    box.sip.bind(phone.account.name, f"sip:old@{HOST}:7001", f"sip:old@{HOST}:7001", "", int(time.time()) + 2)
    await box.told(Heard.BOUND, of=phone.account.name)
    while not box.told_so_far(Heard.UNBOUND):
        answer = await phone.ask("REGISTER", box.uri, headers={"Contact": ""})
        assert answer["contact"].partition("expires=")[2] in ("2", "1", ""), answer
        assert answer["contact"].endswith(("=2", "=1")) or not answer["contact"]


async def test_one_contact_is_taken_away_and_the_other_stays(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    await phone.register(f"<sip:home@{HOST}:7001>", f"<sip:work@{HOST}:7002>")
    answer = await phone.register(f"<sip:home@{HOST}:7001>;expires=0")
    assert listed(answer) == [f"sip:work@{HOST}:7002"]
    assert (await box.told(Heard.UNBOUND, of=phone.account.name)).text[2] == "removed"


async def test_a_star_takes_all_away(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    await phone.register(f"<sip:home@{HOST}:7001>", f"<sip:work@{HOST}:7002>")
    answer = await phone.register("*", expires=0)
    assert (answer.status, listed(answer)) == (200, [])
    assert await known(phone) == []


@pytest.mark.parametrize(
    ("contacts", "expires"),
    [
        (["*"], 600),
        (["*"], None),
        (["*", f"<sip:work@{HOST}:7002>"], 0),
        ([f"<sip:work@{HOST}:7002>", "*"], 0),
    ],
)  # fmt: skip
async def test_a_star_with_anything_else_is_refused(
    box: Box, wire: Wire, contacts: list[str], expires: int | None
) -> None:
    phone = Telephone(box, wire)
    await phone.register()
    assert (await phone.register(*contacts, expires=expires)).status == 400
    assert await known(phone) == [phone.contact]


async def test_too_short_a_time_is_refused_with_the_shortest_there_is(box: Box, wire: Wire) -> None:
    answer = await Telephone(box, wire).register(expires=1)
    assert (answer.status, answer["min-expires"]) == (423, "2")


async def test_too_long_a_time_is_cut_to_the_longest_there_is(box: Box, wire: Wire) -> None:
    answer = await Telephone(box, wire).register(expires=4_000_000_000)
    assert answer["contact"].endswith(("expires=3600", "expires=3599"))


async def test_without_a_time_it_is_an_hour(box: Box, wire: Wire) -> None:
    answer = await Telephone(box, wire).register(expires=None)
    assert answer["contact"].endswith(("expires=3600", "expires=3599"))


async def test_an_older_request_does_not_undo_a_newer_one(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    call_id = secrets.token_hex(8)

    async def register(cseq: int, contact: str, expires: str) -> int:
        headers = {"Contact": contact, "Expires": expires}
        return (await phone.ask("REGISTER", box.uri, headers=headers, call_id=call_id, cseq=cseq)).status

    assert await register(20, f"<{phone.contact}>", "600") == 200
    assert await register(19, f"<{phone.contact}>", "0") == 500
    assert await register(20, f"<{phone.contact}>", "0") == 500
    assert await register(18, "*", "0") == 500
    assert await known(phone) == [phone.contact]
    assert await register(21, "*", "0") == 200
    assert await known(phone) == []


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        ("<mailto:anna@example.com>", 416),
        ("<tel:+37060000001>", 416),
        (f"<sip:{'x' * 300}@{HOST}>", 400),
        (f"<sip:late@{HOST}>;expires=1", 423),
    ],
)
@pytest.mark.parametrize("first", [True, False])
async def test_with_one_contact_wrong_none_is_taken(box: Box, wire: Wire, bad: str, status: int, first: bool) -> None:
    phone = Telephone(box, wire)
    contacts = [f"<{phone.contact}>", bad]
    answer = await phone.register(*(reversed(contacts) if first else contacts))
    assert answer.status == status and await known(phone) == []
    assert not box.told_so_far(Heard.BOUND)


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
async def test_a_telephone_behind_a_router_is_called_where_it_was_heard_from(box: Box, transport: str) -> None:
    async with Wire(box.address, transport) as wire:
        phone = Telephone(box, wire)
        private = "sip:anna@192.0.2.7:5070" + (";transport=tcp" if transport == "TCP" else "")
        answer = await phone.register(f"<{private}>")
        assert listed(answer) == [private]
        target = (await box.told(Heard.BOUND, of=phone.account.name)).text[2]
        leg = box.sip.call("", target, "+37060000001", "")
        invite = await wire.request("INVITE")
        assert invite.uri.startswith(f"sip:anna@{wire.at}")
        wire.reply(invite, 486, "Busy Here")
        assert (await box.told(Heard.OVER, of=leg)).code == 486


async def test_a_contact_leads_no_call_anywhere_else_and_puts_nothing_into_it(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    sly = "sip:anna@192.0.2.7;maddr=192.0.2.8;ttl=5;method=BYE;transport=tcp?Subject=hello&Route=%3Csip:192.0.2.9%3E"
    assert (await phone.register(f"<{sly}>")).status == 200
    target = (await box.told(Heard.BOUND, of=phone.account.name)).text[2]
    assert target == f"sip:anna@{wire.at}"
    leg = box.sip.call("", target, "+37060000001", "")
    invite = await wire.request("INVITE")
    assert not invite.all("route") and not invite.all("subject")
    wire.reply(invite, 486, "Busy Here")
    await box.told(Heard.OVER, of=leg)


async def test_nobody_registers_for_another(box: Box, wire: Wire) -> None:
    anna, boris = Telephone(box, wire), box.account()
    for to in (f"<sip:{boris.name}@{HOST}>", f"<sip:nobody@{HOST}>", "<tel:+37060000001>", f"<sip:{HOST}>"):
        answer = await anna.ask("REGISTER", box.uri, to=to)
        assert answer.status == 403, to
    assert not box.told_so_far(Heard.BOUND)


async def test_after_a_restart_the_telephones_are_where_they_were(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    later = int(time.time()) + 500
    box.sip.bind(phone.account.name, "sip:anna@192.0.2.7", f"sip:anna@{wire.at}", "Desk Phone 7", later)
    bound = await box.told(Heard.BOUND, of=phone.account.name)
    assert bound.text[1:4] == ("sip:anna@192.0.2.7", f"sip:anna@{wire.at}", "Desk Phone 7")
    assert abs(bound.value - later) <= 1  # it is counted on another clock in between
    assert await known(phone) == ["sip:anna@192.0.2.7"]


async def test_what_was_kept_of_others_or_is_over_is_not_put_back(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    name, now = phone.account.name, int(time.time())
    box.sip.bind("gone", "sip:a@192.0.2.7", "sip:a@192.0.2.7", "", now + 500)
    box.sip.bind(name, "sip:a@192.0.2.7", "sip:a@192.0.2.7", "", now)
    box.sip.bind(name, "sip:a@192.0.2.7", "sip:" + "a" * 300, "", now + 500)
    box.sip.bind(name, "sip:" + "a" * 300, "sip:a@192.0.2.7", "", now + 500)
    await box.done()
    assert await known(phone) == []


async def test_an_account_taken_away_loses_its_telephones_and_lets_none_in(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    await phone.register()
    box.sip.remove_phone(phone.account.name)
    assert (await box.told(Heard.UNBOUND, of=phone.account.name)).text[1] == phone.contact
    assert (await phone.register()).status == 403


async def test_a_new_password_holds_at_once(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    assert (await phone.register()).status == 200
    box.sip.set_phone(phone.account.name, "0" * 32, "0" * 64)
    await box.done()
    assert (await phone.register()).status == 403
