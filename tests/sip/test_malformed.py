# SPDX-License-Identifier: GPL-2.0-or-later
"""What no telephone should send: it gets the answer the standard has for it, and the next call works."""

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator

import pytest

from appliance.programs.demo.seen import Seen
from appliance.sip.names import Heard
from tests.sip.box import HOST, Box, Telephone
from tests.sip.wire import Wire, request, sdp, text

FUZZ = 4.0  # seconds
METHODS = ("REGISTER", "INVITE")


def whole(box: Box, wire: Wire, method: str, user: str = "stranger") -> bytes:
    body = sdp() if method == "INVITE" else b""
    return request(method, f"sip:100@{HOST}:{box.address[1]}", wire, user=user, body=body)


def without(data: bytes, name: str) -> bytes:
    return b"\r\n".join(line for line in data.split(b"\r\n") if not line.startswith(name.encode() + b":"))


def instead(data: bytes, name: str, value: bytes) -> bytes:
    return b"\r\n".join(
        name.encode() + b": " + value if line.startswith(name.encode() + b":") else line for line in data.split(b"\r\n")
    )


async def works(box: Box) -> None:
    """A telephone comes, registers, calls and is called."""
    async with Wire(box.address) as wire:
        phone = Telephone(box, wire)
        assert (await phone.register()).status == 200
        call = await phone.call("100")
        box.sip.answer(call.handle)
        await call.answered()
        await call.bye()
        leg = box.sip.call("", phone.contact, "+37060000001", "")
        back = await phone.picks_up(leg)
        await box.told(Heard.ANSWERED, of=leg)
        await back.bye()


BAD_HEADERS = {
    "Contact": [b"<sip:anna@", b"<<sip:a@b>>", b"sip:a@b:port", b"<sip:a@[::1>", b'"anna <sip:a@b>', b"<sip:a@b;=>;=",
                b"<sip:a@b:99999999999>", b"<sip:a@b:-1>", b"\x00", b"<sip:a\x00b@c>"],
    "Via": [b"SIP/2.0/UDP", b"SIP/2.0/UDP host:99999", b"hello", b"SIP/2.0/UDP h;branch=;ttl=900"],
    "CSeq": [b"-1 INVITE", b"99999999999 INVITE", b"one INVITE", b"1", b"1 \xff"],
    "From": [b"nobody", b"<sip:a@b", b'"a" "b" <sip:a@b>;tag=x', b"<sip:a@b>;tag=\xff\xfe;=x"],
    "To": [b"", b"<sip:", b"<sip:a@b:x>"],
    "Expires": [b"-5", b"soon", b""],
    "Content-Length": [b"-1", b"none", b"99999999999999999999"],
    "Authorization": [b"Digest", b"Digest username", b'Digest username="a', b"Digest =,=,=", b"Basic YTpi", b"\xff\xfe"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, all in BAD_HEADERS.items() for value in all])
@pytest.mark.parametrize("method", METHODS)
async def test_a_header_that_makes_no_sense(box: Box, wire: Wire, method: str, name: str, value: bytes) -> None:
    """400 (or, where it can be read after all, what any stranger hears); never silence and never a call."""
    good = whole(box, wire, method)
    if name in ("Expires", "Authorization"):
        good = good.replace(b"Max-Forwards", name.encode() + b": x\r\nMax-Forwards")
    wire.send(instead(good, name, value))
    await wire.ping()
    told = box.told_so_far(Heard.REFUSED)
    answers = [answer for answer in wire.responses.all if "OPTIONS" not in answer["cseq"]]
    assert {answer.status for answer in answers} <= {400, 401}
    assert len(answers) == 1 or told, "neither an answer nor a word in the log"
    assert not box.told_so_far(Heard.INCOMING, Heard.BOUND)


@pytest.mark.parametrize("name", ["Via", "CSeq", "Call-ID", "From", "To"])
@pytest.mark.parametrize("method", METHODS)
async def test_what_lacks_a_header_cannot_be_answered_but_is_told(box: Box, wire: Wire, method: str, name: str) -> None:
    wire.send(without(whole(box, wire, method), name))
    refused = await box.told(Heard.REFUSED, of="malformed")
    assert refused.code == 0 and refused.text[3] == wire.at
    await wire.ping()
    assert len(wire.responses.all) == 1


@pytest.mark.parametrize("ends", [b"\r\n", b"\r\n\r\n", b"\n" * 7, b"\r\n" * 700])
async def test_line_ends_before_a_message_do_not_change_who_is_answered(box: Box, wire: Wire, ends: bytes) -> None:
    wire.send(ends + instead(whole(box, wire, "REGISTER"), "CSeq", b"x REGISTER"))
    assert (await wire.response()).status == 400
    assert (await box.told(Heard.REFUSED, of="malformed")).text[3] == wire.at


async def test_over_tcp_it_is_answered_too_and_the_connection_goes_on(box: Box) -> None:
    async with Wire(box.address, "TCP") as wire:
        bad = instead(whole(box, wire, "INVITE"), "CSeq", b"x INVITE")
        good = whole(box, wire, "INVITE")
        wire.send(b"\r\n\r\n" + bad + b"\r\n\r\n" + good)
        assert [(await wire.response()).status for _ in range(2)] == [400, 401]
        refused = await box.told(Heard.REFUSED, of="malformed")
        assert refused.code == 400 and refused.text[3] == wire.at


@pytest.mark.parametrize("version", [b"SIP/3.0", b"SIP/1.0"])
@pytest.mark.parametrize("method", METHODS)
async def test_another_version_of_sip_is_told_apart(box: Box, wire: Wire, method: str, version: bytes) -> None:
    answer = await wire.ask(whole(box, wire, method).replace(b" SIP/2.0\r\n", b" " + version + b"\r\n", 1))
    assert answer.status == 505


@pytest.mark.parametrize("line", [b"INVITE", b"INVITE  SIP/2.0", b"HTTP/1.1 200 OK", b"GET / HTTP/1.1", b"\xff" * 60])
async def test_a_first_line_that_is_none(box: Box, wire: Wire, line: bytes) -> None:
    wire.send(line + whole(box, wire, "INVITE")[whole(box, wire, "INVITE").index(b"\r\n") :])
    await wire.ping()
    assert {answer.status for answer in wire.responses.all[:-1]} <= {400}
    assert box.told_so_far(Heard.REFUSED)


async def test_a_bad_answer_or_acknowledgement_is_never_answered(box: Box, wire: Wire) -> None:
    bad = instead(whole(box, wire, "INVITE"), "CSeq", b"x INVITE")
    wire.send(bad.replace(b"INVITE sip", b"ACK sip", 1))
    wire.send(b"SIP/2.0 200 OK" + bad[bad.index(b"\r\n") :])
    wire.send(b"SIP/2.0 999 What" + whole(box, wire, "INVITE")[bad.index(b"\r\n") :])
    await wire.ping()
    assert len(wire.responses.all) == 1 and len(wire.requests.all) == 0


async def test_a_method_that_is_not_the_one_counted_is_refused(box: Box, wire: Wire) -> None:
    for method, other in (("INVITE", b"1 REGISTER"), ("REGISTER", b"1 INVITE")):
        wire.send(instead(whole(box, wire, method), "CSeq", other))
    await wire.ping()
    assert {answer.status for answer in wire.responses.all[:-1]} <= {400, 401}
    assert not box.told_so_far(Heard.INCOMING)


@pytest.mark.parametrize("length", [0, 10, 5000, 2**31, 2**63])
async def test_a_content_length_that_lies(box: Box, wire: Wire, length: int) -> None:
    wire.send(instead(whole(box, wire, "INVITE"), "Content-Length", str(length).encode()))
    await wire.ping()
    assert {answer.status for answer in wire.responses.all[:-1]} <= {400, 401, 488}
    assert not box.told_so_far(Heard.INCOMING)


async def test_a_message_cut_anywhere_is_refused_or_dropped(box: Box, wire: Wire) -> None:
    for method in METHODS:
        data = whole(box, wire, method)
        for end in range(1, len(data), 3):
            wire.send(data[:end])
        await wire.ping()
    assert {answer.status for answer in wire.responses.all} <= {200, 400, 401, 488}
    assert not box.told_so_far(Heard.INCOMING, Heard.BOUND)
    await works(box)


@pytest.mark.parametrize("size", [33, 1000, 3900, 4000, 4001, 16_000, 65_507])
@pytest.mark.parametrize("byte", [b"\x00", b"\xff", b"\r\n", b"a", b"\xf0\x9f\x98\x80", b": "])
async def test_a_datagram_of_nothing_in_particular(box: Box, wire: Wire, size: int, byte: bytes) -> None:
    wire.send((byte * size)[:size])
    await wire.ping()
    assert len(wire.responses.all) == 1


@pytest.mark.parametrize("size", [3000, 60_000])
@pytest.mark.parametrize("name", ["Call-ID", "From", "To", "Via", "Subject", "Contact", "Authorization"])
async def test_a_header_that_does_not_end(box: Box, wire: Wire, name: str, size: int) -> None:
    good = whole(box, wire, "INVITE")
    wire.send(good.replace(b"Max-Forwards", name.encode() + b": " + b"x" * size + b"\r\nMax-Forwards"))
    wire.send(good.replace(b"Max-Forwards", (name.encode() + b": <sip:x@y>\r\n") * (size // 20) + b"Max-Forwards"))
    await wire.ping()
    assert not box.told_so_far(Heard.INCOMING)


@pytest.mark.parametrize("sly", ["%00", "%0d%0aVia:%20x", "%ff%fe", "%1b%5b2J", "a" * 200, "%E2%80%AE", '"%22<>'])
async def test_text_that_is_no_text_in_a_call_that_is_let_in(box: Box, wire: Wire, sly: str) -> None:
    """A telephone with a password says such a name and number; the box shows them to another."""
    phone = Telephone(box, wire)
    uri = f"sip:{sly.strip('<>').replace(chr(34), '')}@{HOST}"
    headers = {"From": f'"\udcff{sly.replace(chr(34), "")}" <{uri}>;tag=here'}
    assert (await phone.ask("INVITE", uri, headers=headers, body=sdp())).status == 100
    told = await box.told(Heard.INCOMING)
    assert len(told.text[2]) <= 63 and len(told.text[3]) <= 127 and len(told.text[4]) <= 63
    leg = box.sip.call("", f"sip:here@{wire.at}", told.text[2], told.text[3])
    invite = await phone.refuses(486, "Busy Here")
    assert len(invite.all("via")) == len(invite.all("from")) == 1
    assert all(character.isprintable() for character in invite["from"].replace("\u202e", ""))
    await box.told(Heard.OVER, of=leg)
    box.sip.hang_up(told.handle, 404, 1)
    await box.told(Heard.OVER, of=told.handle)


async def test_the_log_has_one_line_for_a_packet_and_nothing_of_what_is_in_it(box: Box, wire: Wire) -> None:
    wire.send(without(whole(box, wire, "INVITE", user="shout"), "Call-ID"))
    await wire.ping()
    for event in box.told_so_far(Heard.LOG):
        assert "\n" not in event.text[0] and "shout" not in event.text[0]


async def test_a_flood_of_nonsense_does_not_keep_a_telephone_from_calling(box: Box, wire: Wire) -> None:
    """Nobody reads the events meanwhile: what strangers cause is dropped and counted, what happens is kept."""
    phone = Telephone(box, wire)
    asyncio.get_running_loop().remove_reader(box.sip.fileno())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.connect(box.address)
        for _ in range(50):
            for _ in range(100):
                stranger.send(request("MESSAGE", box.uri, wire))
            await wire.ping()
            wire.responses = Seen("response")
    dropped = box.sip.counts()[1]
    assert dropped > 2000
    first = await phone.ask("INVITE", f"sip:100@{HOST}", body=sdp())
    assert first.status == 100, first
    asyncio.get_running_loop().add_reader(box.sip.fileno(), box.read)
    told = await box.told(Heard.INCOMING, of="phone")
    box.sip.hang_up(told.handle, 404, 1)
    await box.told(Heard.OVER, of=told.handle)
    assert box.sip.counts()[1] == dropped
    await works(box)


async def test_after_seconds_of_damaged_messages_a_telephone_registers_and_calls(box: Box, wire: Wire) -> None:
    dice = random.Random(5060)
    phone = Telephone(box, wire)
    assert (await phone.register()).status == 200
    seeds = [
        whole(box, wire, "INVITE"), whole(box, wire, "REGISTER"), request("OPTIONS", box.uri, wire),
        request("SUBSCRIBE", box.uri, wire, headers={"Event": "dialog"}), request("BYE", box.uri, wire),
        request("REFER", box.uri, wire, headers={"Refer-To": "<sip:a@b>"}), request("CANCEL", box.uri, wire),
        request("REGISTER", box.uri, wire, headers={"Authorization": 'Digest username="a", realm="127.0.0.1", '
                'nonce="b", uri="sip:c", response="d", qop=auth, nc=00000001, cnonce="e"'}),
        text("SIP/2.0 200 OK", [("Via", f"SIP/2.0/UDP {HOST};branch=z9hG4bKx"), ("From", "<sip:a@b>;tag=a"),
             ("To", "<sip:a@b>;tag=b"), ("Call-ID", "c"), ("CSeq", "1 INVITE")], sdp()),
    ]  # fmt: skip
    end, sent = time.monotonic() + FUZZ, 0
    while time.monotonic() < end:
        for _ in range(40):
            wire.send(damaged(dice.choice(seeds), dice))
        sent += 40
        await wire.ping(within=10)
        wire.responses, wire.requests, box.seen = Seen("response"), Seen("request"), Seen("box")
    assert sent > 1000
    await works(box)


def damaged(data: bytes, dice: random.Random) -> bytes:
    """One to four small misfortunes."""
    for _ in range(dice.randint(1, 4)):
        at, to = sorted(dice.randrange(len(data) + 1) for _ in range(2))
        match dice.randrange(8):
            case 0:
                data = data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]
            case 1:
                data = data[:at] + data[min(to, at + dice.randrange(20)) :]
            case 2:
                data = data[:at] + data[at : at + 40] * dice.randint(2, 30) + data[at:]
            case 3:
                data = (
                    data[:at]
                    + dice.choice([b"\r\n", b"\x00", b'"', b"<", b";", b"%", b"@", b":", b"[", b"\\"])
                    + data[at:]
                )
            case 4:
                number = str(dice.choice([-1, 0, 2**16, 2**31, 2**32, 2**63, 2**64])).encode()
                data = data[:at] + number + data[at + 1 :]
            case 5:
                lines = data.split(b"\r\n")
                dice.shuffle(lines)
                data = b"\r\n".join(lines)
            case 6:
                data = data[:at]
            case _:
                data = data.upper()
        data = data[:60_000] or b"x"
    return data


# ---- answers to what the box asked -----------------------------------------------------------------------------------

BAD_CONTACTS = [
    "<sip:anna@",
    "sip:a@b:port",
    "<sip:a@[::1>",
    '"anna <sip:a@b>',
    "\x00",
    "<sip:\r\n a@b",
    "@,;<<\r\n\t>",
]


@pytest.fixture(params=["UDP", "TCP"])
async def called(box: Box, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Telephone, int]]:
    """A telephone whose answer is awaited, and the box's leg."""
    async with Wire(box.address, request.param) as wire:
        phone = Telephone(box, wire)
        yield phone, box.sip.call("", phone.contact, "+37060000001", "")


@pytest.mark.parametrize("contact", BAD_CONTACTS)
async def test_a_call_that_is_sent_elsewhere_by_a_contact_that_makes_no_sense_is_over_at_once(
    box: Box, called: tuple[Telephone, int], contact: str
) -> None:
    phone, leg = called
    await phone.refuses(302, "Moved Temporarily", contact=contact)
    over = await box.told(Heard.OVER, of=leg, within=4)  # without an answer it would ring for half a minute
    assert over.code == 302 and not box.told_so_far(Heard.DIVERTED, of=leg)


async def test_the_contact_that_makes_sense_is_gone_by(box: Box, called: tuple[Telephone, int]) -> None:
    phone, leg = called
    good = f"<sip:103@{HOST}>"
    await phone.refuses(302, "Moved Temporarily", contact="<sip:a@b:port>", Contact=good, Expires="soon")
    assert (await box.told(Heard.DIVERTED, of=leg)).text[0] == "103"


@pytest.mark.parametrize(
    ("name", "value"), [("contact", "<sip:anna@"), ("Session-Expires", "soon"), ("Expires", "-5x")]
)
async def test_an_answer_with_a_header_that_makes_no_sense_is_an_answer(
    box: Box, called: tuple[Telephone, int], name: str, value: str
) -> None:
    phone, leg = called
    invite = await phone.wire.request("INVITE")
    phone.wire.reply(invite, 180, "Ringing", headers={name: value})
    assert (await box.told(Heard.EARLY, of=leg)).code == 180
    phone.wire.reply(invite, 200, headers={name: value}, body=sdp())
    await box.told(Heard.ANSWERED, of=leg)
    await phone.wire.request("ACK")
    box.sip.hang_up(leg, 0, 16)
    phone.wire.reply(await phone.wire.request("BYE"), 200)
    await box.told(Heard.OVER, of=leg)


async def test_an_answer_that_names_no_call_is_still_none(box: Box, called: tuple[Telephone, int]) -> None:
    phone, leg = called
    invite = await phone.wire.request("INVITE")
    for name in ("via", "from", "to", "cseq"):
        lines = {key: value for key, value in invite.headers if key in ("via", "from", "to", "call-id", "cseq")}
        phone.wire.send(text("SIP/2.0 486 Busy Here", (lines | {name: "\xff"}).items()))
    phone.wire.reply(invite, 486, "Busy Here")
    await box.told(Heard.OVER, of=leg)
    assert [refused.code for refused in box.told_so_far(Heard.REFUSED)] == [0] * 4
