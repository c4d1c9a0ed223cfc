# SPDX-License-Identifier: GPL-2.0-or-later
"""Who guesses passwords or asks without end is banned for a time; telephones and trunks never are."""

import asyncio
import secrets
import socket
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest

from appliance.programs.demo.seen import NotSeen
from appliance.sip.names import Heard
from tests.sip.box import HOST, Account, Box, Event, Telephone
from tests.sip.wire import Message, Wire, authorization, request, sdp

WRONG, REQUESTS = 4, 40  # of a source in short time are too many
SILENCE = 1.0  # seconds in which an answer would have come
NUMBERS = count(1)


@pytest.fixture(autouse=True)
async def guarded(box: Box) -> AsyncIterator[None]:
    box.sip.guard(True, WRONG, REQUESTS, 600, "")
    await box.done()
    yield
    box.sip.lift("")
    await box.done()


def elsewhere() -> str:
    """An address nobody has come from before."""
    number = next(NUMBERS)
    return f"127.7.{number // 250}.{number % 250 + 1}"


@pytest.fixture
async def stranger(box: Box) -> AsyncIterator[Wire]:
    async with Wire(box.address, host=elsewhere()) as wire:
        yield wire


@pytest.fixture
async def office(box: Box) -> AsyncIterator[Wire]:
    """The address of telephones, where none has registered yet."""
    async with Wire(box.address, host=elsewhere()) as wire:
        yield wire


async def answered(wire: Wire, data: bytes, within: float = SILENCE) -> int:
    """The status of the final answer; 0 when none comes."""
    call_id = Message.parse(data)["call-id"]
    wire.send(data)
    try:
        answer = await wire.responses.next(
            "answer", lambda one: one["call-id"] == call_id and one.status >= 200, within
        )
        return answer.status
    except NotSeen:
        return 0


def ask(box: Box, wire: Wire, method: str = "REGISTER") -> bytes:
    user = f"desk{secrets.randbelow(1000)}"
    headers = {"Event": "dialog"} if method == "SUBSCRIBE" else {}
    body = sdp() if method == "INVITE" else b""
    uri = f"sip:{user}@{HOST}:{box.address[1]}"
    return request(method, uri, wire, user=user, headers=headers, body=body)


async def guess(box: Box, wire: Wire, account: Account | None = None) -> int:
    """The answer to a wrong password."""
    account = account or box.account()._replace(password=secrets.token_hex(4))
    data = request("REGISTER", box.uri, wire, to=f"<sip:{account.name}@{HOST}>")
    wire.send(data)
    try:
        challenge = (await wire.response(SILENCE)).challenge()
    except NotSeen:
        return 0
    said = authorization(challenge, "REGISTER", box.uri, *account)
    headers = {"Authorization": said}
    return await answered(wire, request("REGISTER", box.uri, wire, to=f"<sip:{account.name}@{HOST}>", headers=headers))


async def banned(box: Box, wire: Wire) -> Event:
    return await box.told(Heard.BANNED, of=wire.here[0])


def bans(box: Box, wire: Wire) -> list[Event]:
    return [event for event in box.told_so_far(Heard.BANNED) if event.text[0] == wire.here[0]]


async def storm(box: Box, wire: Wire, times: int = 10 * REQUESTS, method: str = "REGISTER") -> None:
    """Requests without a password, each sent when the box has had time for the one before."""
    for number in range(times):
        wire.send(ask(box, wire, method))
        if number % 20 == 19:
            await box.done()


async def works(phone: Telephone, box: Box) -> None:
    """It is let in, calls, and is called."""
    assert (await phone.register()).status == 200
    leg = box.sip.call("", phone.contact, "+37060000001", "")
    call = await phone.picks_up(leg)
    await box.told(Heard.ANSWERED, of=leg)
    await call.bye()
    call = await phone.call("100")
    box.sip.answer(call.handle)
    await call.answered()
    await call.bye()


# ---- who is banned ---------------------------------------------------------------------------------------------------


async def test_who_guesses_passwords_is_told_so_a_few_times_and_then_nothing_at_all(box: Box, stranger: Wire) -> None:
    assert [await guess(box, stranger) for _ in range(WRONG + 2)] == [403] * WRONG + [0, 0]
    told = await banned(box, stranger)
    assert told.text[1] == "passwords" and told.code == 1
    assert 560 <= told.value - time.time() <= 601
    async with Wire(box.address) as neighbour:
        await works(Telephone(box, neighbour), box)


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "SUBSCRIBE", "OPTIONS", "MESSAGE", "BYE", "JUMP"])
async def test_who_asks_and_asks_and_never_has_a_password_is_banned(box: Box, stranger: Wire, method: str) -> None:
    await storm(box, stranger, REQUESTS + 20, method)
    assert (await banned(box, stranger)).text[1] == "requests"
    assert await answered(stranger, ask(box, stranger)) == 0
    assert len(bans(box, stranger)) == 1
    async with Wire(box.address) as neighbour:
        assert (await neighbour.ping()).status == 200


async def test_who_sends_what_cannot_be_read_is_banned_sooner(box: Box, stranger: Wire) -> None:
    for _ in range(REQUESTS // 5 + 1):
        stranger.send(ask(box, stranger).replace(b"CSeq: 1", b"CSeq: x"))
    assert (await banned(box, stranger)).text[1] == "malformed"
    assert await answered(stranger, ask(box, stranger)) == 0


async def test_a_few_requests_in_a_second_are_no_storm(box: Box, stranger: Wire) -> None:
    for _ in range(REQUESTS // 2):
        assert await answered(stranger, ask(box, stranger), 5) == 401
    assert not bans(box, stranger)


async def test_what_a_banned_one_sends_does_not_reach_the_program(box: Box, stranger: Wire) -> None:
    """The kernel drops it: what it dropped at this socket is in the last column of /proc/net/udp."""

    def dropped() -> int:
        rows = [row.split() for row in Path("/proc/net/udp").read_text().splitlines()]
        return sum(int(row[-1]) for row in rows if row[1].endswith(f":{box.address[1]:04X}"))

    await storm(box, stranger, REQUESTS + 20)
    await banned(box, stranger)
    async with asyncio.timeout(20):
        before = dropped()
        while dropped() == before:  # the kernel is told ten times a second
            stranger.send(ask(box, stranger))
            await asyncio.sleep(0.01)
        before = dropped()
        for _ in range(500):
            stranger.send(ask(box, stranger))
        while dropped() < before + 500:
            await asyncio.sleep(0.01)
    assert await answered(stranger, ask(box, stranger)) == 0


async def test_over_tcp_the_connection_of_a_banned_one_is_closed(box: Box) -> None:
    address = elsewhere()
    async with Wire(box.address, "TCP", host=address) as wire:
        for _ in range(REQUESTS + 20):
            wire.send(ask(box, wire))
        await banned(box, wire)
        wire.send(ask(box, wire))
        async with asyncio.timeout(20):
            while not wire.responses.ended:
                await asyncio.sleep(0.01)
    async with Wire(box.address, "TCP", host=address) as again:
        again.send(ask(box, again))
        with pytest.raises(NotSeen, match="closed"):
            await again.response()


async def test_a_ban_is_over_after_its_time_and_the_next_is_twice_as_long(box: Box, stranger: Wire) -> None:
    box.sip.guard(True, WRONG, REQUESTS, 2, "")
    await storm(box, stranger, REQUESTS + 20)
    first = await banned(box, stranger)
    over = await box.told(Heard.LIFTED, of=stranger.here[0])
    assert over.text[1] == "expired" and 1.9e6 < over.at - first.at < 30e6
    assert await answered(stranger, ask(box, stranger), 5) == 401
    stranger.responses.all.clear()
    await storm(box, stranger, REQUESTS + 20)
    second = await banned(box, stranger)
    assert second.code == 2 and second.value - time.time() > 2.5


@pytest.mark.parametrize("whom", ["it", ""])
async def test_a_ban_is_lifted_by_hand_and_then_it_begins_from_nothing(box: Box, stranger: Wire, whom: str) -> None:
    for _ in range(WRONG + 1):
        await guess(box, stranger)
    await banned(box, stranger)
    box.sip.lift(stranger.here[0] if whom else "")
    assert (await box.told(Heard.LIFTED, of=stranger.here[0])).text[1] == "lifted"
    assert [await guess(box, stranger) for _ in range(WRONG)] == [403] * WRONG
    assert len(bans(box, stranger)) == 0 or bans(box, stranger)[-1].code == 1


async def test_switched_off_it_bans_nobody_and_forgives_all(box: Box, stranger: Wire) -> None:
    await storm(box, stranger, REQUESTS + 20)
    await banned(box, stranger)
    box.sip.guard(False, WRONG, REQUESTS, 600, "")
    assert (await box.told(Heard.LIFTED, of=stranger.here[0])).text[1] == "off"
    seen = len(box.told_so_far(Heard.BANNED))
    await storm(box, stranger, 3 * REQUESTS)
    assert len(box.told_so_far(Heard.BANNED)) == seen


# ---- telephones ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stale", [False, True])
async def test_a_hundred_telephones_that_start_at_once_behind_one_address_are_all_let_in(box: Box, stale: bool) -> None:
    """After a power cut: all ask at the same moment, with no password or with the answer to a challenge of yesterday."""
    box.sip.guard(True, 20, 500, 600, "")
    address = elsewhere()
    async with Wire(box.address, host=address) as wire:
        phones = [Telephone(box, wire) for _ in range(100)]
        old = {"realm": HOST, "nonce": "0" * 48}

        def first(phone: Telephone) -> bytes:
            said = authorization(old, "REGISTER", box.uri, *phone.account) if stale else ""
            headers = {"Authorization": said, "Contact": f"<{phone.contact}>"}
            to = f"<sip:{phone.account.name}@{HOST}>"
            return request(
                "REGISTER", box.uri, wire, user=phone.account.name, to=to, call_id=phone.call_id, headers=headers
            )

        for _ in range(2):  # each says it twice: the answer took too long
            for phone in phones:
                wire.send(first(phone))
        by_call = {phone.call_id: phone for phone in phones}
        while by_call:
            answer = await wire.responses.next("challenge", lambda one: one.status == 401, 5)
            if answer["call-id"] in by_call:
                phone = by_call.pop(answer["call-id"])
                said = authorization(answer.challenge(), "REGISTER", box.uri, *phone.account)
                headers = {"Authorization": said, "Contact": f"<{phone.contact}>"}
                to = f"<sip:{phone.account.name}@{HOST}>"
                wire.send(request("REGISTER", box.uri, wire, user=phone.account.name, to=to, cseq=2, headers=headers))
        bound = {(await box.told(Heard.BOUND)).text[0] for _ in phones}
        assert bound == {phone.account.name for phone in phones} and not bans(box, wire)
    async with Wire(box.address, host=address) as wire:
        await works(Telephone(box, wire, phones[0].account), box)


async def test_of_many_at_one_address_only_the_one_with_a_wrong_password_has_to_wait(box: Box, office: Wire) -> None:
    good = [Telephone(box, office) for _ in range(3)]
    assert (await good[0].register()).status == 200
    bad = box.account()._replace(password="wrong")
    statuses = [await guess(box, office, bad) for _ in range(8)]
    assert 403 in statuses and statuses[-1] == 0
    for phone in good:
        await works(phone, box)
    assert [await guess(box, office, bad) for _ in range(3)].count(403) <= 1  # one in ten seconds
    right = Telephone(box, office)
    assert (await right.register()).status == 200
    assert not bans(box, office)


async def test_a_telephone_that_is_registered_is_not_kept_out_by_a_neighbour_who_guesses_its_password(box: Box) -> None:
    address = elsewhere()
    async with Wire(box.address, host=address) as mine, Wire(box.address, host=address) as guessing:
        phone = Telephone(box, mine)
        assert (await phone.register()).status == 200
        for _ in range(7):
            await guess(box, guessing, phone.account._replace(password=secrets.token_hex(4)))
        assert await guess(box, guessing, phone.account) == 0  # not even the right one: no answer says that it was
        await works(phone, box)


async def test_who_writes_the_address_of_a_registered_telephone_on_his_storm_cannot_have_it_banned(box: Box) -> None:
    address = elsewhere()
    async with Wire(box.address, host=address) as mine, Wire(box.address, host=address) as forged:
        phone = Telephone(box, mine)
        assert (await phone.register()).status == 200
        await storm(box, forged, 25 * REQUESTS)
        for _ in range(REQUESTS):
            forged.send(ask(box, forged).replace(b"CSeq: 1", b"CSeq: x"))
        await box.done()
        assert not bans(box, forged)
        await asyncio.sleep(
            10 * REQUESTS * 0.005
        )  # what goes unanswered there is asked again, and five ms later it may
        await works(phone, box)


async def test_who_has_an_answer_to_a_challenge_is_heard_while_somebody_forges_a_storm_from_his_address(
    box: Box,
) -> None:
    address = elsewhere()
    async with Wire(box.address, host=address) as mine, Wire(box.address, host=address) as forged:
        phone = Telephone(box, mine)
        assert (await phone.register()).status == 200
        challenge = (await mine.ask(ask(box, mine))).challenge()
        await storm(box, forged, 25 * REQUESTS)
        said = authorization(challenge, "REGISTER", box.uri, *phone.account)
        to = f"<sip:{phone.account.name}@{HOST}>"
        assert (
            await mine.ask(request("REGISTER", box.uri, mine, to=to, headers={"Authorization": said}))
        ).status == 200


async def test_an_answer_to_a_challenge_sent_to_somebody_else_is_no_guess_and_opens_nothing(box: Box) -> None:
    """Else whoever forges an address could have it banned for passwords, or guess them from where nobody counts."""
    async with Wire(box.address, host=elsewhere()) as mine, Wire(box.address, host=elsewhere()) as other:
        account = box.account()
        challenge = (await mine.ask(ask(box, mine))).challenge()
        for password in ("wrong", account.password):
            said = authorization(challenge, "REGISTER", box.uri, account.name, password)
            data = request("REGISTER", box.uri, other, headers={"Authorization": said})
            answer = await other.ask(data)
            assert answer.status == 401 and "stale=true" in answer["www-authenticate"]


async def test_a_telephone_known_from_before_a_restart_is_not_banned_while_it_has_not_come_yet(box: Box) -> None:
    address, account = elsewhere(), box.account()
    target = f"sip:{account.name}@{address}:5070"
    box.sip.bind(account.name, target, target, "", int(time.time()) + 600)
    async with Wire(box.address, host=address) as forged:
        await storm(box, forged, 3 * REQUESTS)
        assert not bans(box, forged)


# ---- programs that say what they are ---------------------------------------------------------------------------------


def their_tag(of: str = "desk1") -> str:
    """As SIPVicious makes it."""
    return (of.encode() + b"\x01" + b"2837465910").hex()


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "SUBSCRIBE", "OPTIONS", "JUMP"])
@pytest.mark.parametrize("said", [{"agent": "Friendly-Scanner"}, {"agent": "my sipvicious 7"}, {"tag": their_tag()}])
async def test_a_scanner_that_connects_and_says_what_it_is_has_no_answer_and_is_banned_at_once(
    box: Box, method: str, said: dict[str, str]
) -> None:
    async with Wire(box.address, "TCP", host=elsewhere()) as stranger:
        headers = {"User-Agent": said.get("agent", "Snom 300")}
        stranger.send(request(method, box.uri, stranger, tag=said.get("tag", "here"), headers=headers, body=sdp()))
        assert (await banned(box, stranger)).text[1] == "scanner"
        assert await answered(stranger, ask(box, stranger), 0.3) == 0


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "SUBSCRIBE", "OPTIONS", "JUMP"])
async def test_a_packet_of_a_scanner_which_may_be_forged_bans_for_a_minute_however_often(
    box: Box, stranger: Wire, method: str
) -> None:
    for _ in range(2):
        stranger.send(request(method, box.uri, stranger, tag=their_tag(), body=sdp()))
        ban = await banned(box, stranger)
        assert (ban.text[1], ban.code) == ("scanner", 0)
        assert 50 <= ban.value - time.time() <= 61
        assert await answered(stranger, ask(box, stranger), 0.3) == 0
        box.sip.lift(stranger.here[0])
        await box.told(Heard.LIFTED, of=stranger.here[0])
    assert await answered(stranger, ask(box, stranger)) == 401


@pytest.mark.parametrize("tag", ["as7d3e9a1b", "64657369", their_tag()[:-12], their_tag() + "ff", "0131", "01" * 8])
async def test_a_telephone_whose_tag_is_of_digits_and_letters_too_is_none(box: Box, stranger: Wire, tag: str) -> None:
    headers = {"User-Agent": "Friendly Telephone, scanner of nothing"}
    assert (await stranger.ask(request("REGISTER", box.uri, stranger, tag=tag, headers=headers))).status == 401
    assert not bans(box, stranger)


async def test_a_scanner_beside_a_telephone_or_with_its_address_forged_does_not_have_it_banned(box: Box) -> None:
    address = elsewhere()
    async with Wire(box.address, host=address) as mine, Wire(box.address, host=address) as scanning:
        phone = Telephone(box, mine)
        assert (await phone.register()).status == 200
        for _ in range(5):
            scanning.send(request("OPTIONS", box.uri, scanning, tag=their_tag()))
        await works(phone, box)
        assert not bans(box, scanning)


# ---- trunks, and networks that are trusted ---------------------------------------------------------------------------


async def test_a_trunk_is_never_banned_whatever_comes_from_its_address(box: Box) -> None:
    address, name = elsewhere(), f"city{secrets.token_hex(3)}"
    async with Wire(box.address, host=address) as trunk, Wire(box.address, host=address) as forged:
        box.sip.set_trunk(name, f"sip:{trunk.at}", "", "", trunk.at, 0)
        await box.told(Heard.TRUNK, of=name)
        await storm(box, forged, 3 * REQUESTS)
        for _ in range(3 * WRONG):
            await guess(box, forged)
        trunk.send(ask(box, trunk, "INVITE"))
        told = await box.told(Heard.INCOMING, of="trunk")
        box.sip.hang_up(told.handle, 404, 1)
        assert (await trunk.response(final=True)).status == 404
        assert not bans(box, forged)
        box.sip.remove_trunk(name)


async def test_a_trunk_that_is_entered_while_its_address_is_banned_is_banned_no_longer(
    box: Box, stranger: Wire
) -> None:
    await storm(box, stranger, REQUESTS + 20)
    await banned(box, stranger)
    name = f"city{secrets.token_hex(3)}"
    box.sip.set_trunk(name, f"sip:{stranger.at}", "", "", stranger.at, 0)
    assert (await box.told(Heard.LIFTED, of=stranger.here[0])).text[1] == "known"
    assert (await stranger.ping()).status == 200
    box.sip.remove_trunk(name)


async def test_networks_named_in_the_settings_are_never_banned(box: Box, stranger: Wire) -> None:
    box.sip.guard(True, WRONG, REQUESTS, 600, "192.0.2.0/24 127.7.0.0/16 2001:db8::/32")
    await storm(box, stranger, 3 * REQUESTS)
    assert (await stranger.ping()).status == 200 and not bans(box, stranger)
    box.sip.guard(True, WRONG, REQUESTS, 600, "127.8.0.0/16")
    await storm(box, stranger, 3 * REQUESTS)
    await banned(box, stranger)


# ---- how much it takes -----------------------------------------------------------------------------------------------


@pytest.fixture
def many() -> Iterator[list[socket.socket]]:
    """Sockets of two thousand addresses."""
    made = []
    for number in range(2000):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((f"127.{20 + number // 250}.{number % 250}.1", 0))
        made.append(one)
    yield made
    for one in made:
        one.close()


async def test_two_thousand_attackers_are_banned_and_a_telephone_does_not_notice(
    box: Box, wire: Wire, many: list[socket.socket]
) -> None:
    """More than the kernel is told of (256): of the others the box throws away what they send."""
    box.sip.guard(True, WRONG, 2, 600, HOST)
    phone = Telephone(box, wire)
    assert (await phone.register()).status == 200
    for number, one in enumerate(many):
        for _ in range(4):
            one.sendto(ask(box, wire), box.address)
        if number % 50 == 49:
            await wire.ping()
    out = {event.text[0] for event in box.told_so_far(Heard.BANNED)}
    assert len(out) == len(many)
    await works(phone, box)
    for one in many:
        one.setblocking(False)
        while True:
            try:
                one.recv(4096)
            except BlockingIOError:
                break
        one.sendto(ask(box, wire), box.address)
    await wire.ping()
    heard = 0
    for one in many:
        try:
            one.recv(4096)
            heard += 1
        except BlockingIOError:
            pass
    forgotten = [event for event in box.told_so_far(Heard.LIFTED) if event.text[1] == "forgotten"]
    assert heard <= len(forgotten) < 20  # there are places for 8,192, eight for those that chance puts together
