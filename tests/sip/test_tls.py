# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS and encrypted sound with trunks: whose certificate is taken, and what is said about keys."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import secrets
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard, How
from tests.fakes.certificates import Authority, Certificate
from tests.sip.box import HOST, Box, Call, Telephone
from tests.sip.wire import Wire, request, sdp

NAME = "sip.provider.example"
FAR = f"sip:+37060000009@{NAME};transport=tls"
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def endpoint(ports: Ports, authority: Authority) -> Iterator[Box]:
    own = authority.certificate("box")
    box = Box(
        ports, tls_port=ports.take(), certificate=str(own.file), key=str(own.key), authorities=str(authority.file)
    )
    yield box
    box.sip.close()


class Provider:
    """A TLS server that takes the first request of a connection, and what came of it."""

    def __init__(self, certificate: Certificate) -> None:
        self._open: list[asyncio.StreamWriter] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate)
        self.first: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Provider:
        self._server = await asyncio.start_server(self._take, HOST, 0, ssl=self._context)
        self.at = f"{HOST}:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await asyncio.sleep(0.05)  # what was cut off ends in a later turn of the loop

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.append(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            body = await reader.readexactly(int(re.findall(r"(?i)content-length:\s*(\d+)", head)[0]))
        except (asyncio.IncompleteReadError, OSError):
            return
        if not self.first.done():
            self.first.set_result(head + body.decode())
        said = [
            line
            for line in head.split("\r\n")
            if line.lower().startswith(("via:", "from:", "to:", "call-id:", "cseq:"))
        ]
        said = [f"{line};tag=there" if line.lower().startswith("to:") else line for line in said]
        writer.write("\r\n".join(["SIP/2.0 486 Busy Here", *said, "Content-Length: 0", "", ""]).encode())
        with contextlib.suppress(OSError):
            await reader.read()


async def called(box: Box, provider: Provider, how: How, names: str = NAME) -> tuple[int, str]:
    """The status a call to it ends with, and the request it got ("": none)."""
    box.sip.set_trunk("secret", f"sip:{NAME};transport=tls", "", "", provider.at, 0, 0, how, names)
    leg = box.sip.call("secret", FAR, "1", "")
    over = await box.told(Heard.OVER, of=leg, within=8)
    box.sip.remove_trunk("secret")
    return over.code, provider.first.result() if provider.first.done() else ""


async def test_a_trunk_with_a_good_certificate_is_called(box: Box, authority: Authority) -> None:
    async with Provider(authority.certificate("good", host=NAME)) as provider:
        code, invite = await called(box, provider, How.TLS | How.PROOF)
        assert code == 486 and "SIP/2.0/TLS" in invite and "transport=TLS" in invite


@pytest.mark.parametrize("wrong", ["another authority", "another name"])
async def test_a_wrong_certificate_gets_no_request_at_all(
    box: Box, authority: Authority, tmp_path: Path, wrong: str
) -> None:
    by = Authority(tmp_path, "stranger") if wrong == "another authority" else authority
    shown = by.certificate("wrong", host=NAME if wrong == "another authority" else "sip.stranger.example")
    async with Provider(shown) as provider:
        code, invite = await called(box, provider, How.TLS | How.PROOF)
        assert code >= 500 and not invite
        assert "line secret: its certificate" in (await box.told(Heard.LOG)).text[0]
        code, invite = await called(box, provider, How.TLS)  # asked for no proof
        assert code == 486 and invite


async def test_a_call_over_tcp_from_any_port_is_a_trunks_that_is_called_so(box: Box, wire: Wire) -> None:
    box.sip.set_trunk("plain", f"sip:{NAME}", "", "", f"{HOST}:9", 0)
    async with Wire(box.address, "TCP") as from_any:
        for how, taken in ((How(0), False), (How.TCP, True)):
            box.sip.set_trunk("secret", f"sip:{NAME}", "", "", f"{HOST}:10", 0, 0, how)
            await box.done()
            from_any.send(request("INVITE", f"sip:100@{HOST}", from_any, body=sdp()))
            if not taken:
                assert (await from_any.response(final=True)).status == 401
                continue
            told = await box.told(Heard.INCOMING, of="trunk")
            assert told.text[1] == "secret"
            box.sip.hang_up(told.handle, 486, 17)
            assert (await from_any.response(final=True)).status == 486
    box.sip.remove_trunk("plain")
    box.sip.remove_trunk("secret")


async def test_a_server_of_the_trunk_may_have_its_own_name(box: Box, authority: Authority) -> None:
    async with Provider(authority.certificate("second", host="s2.provider.example")) as provider:
        code, _ = await called(box, provider, How.TLS | How.PROOF, f"{NAME} s2.provider.example")
        assert code == 486


async def test_a_telephone_that_is_to_use_tls_is_not_taken_without(box: Box, wire: Wire) -> None:
    account = box.account()
    box.sip.set_phone(account.name, "0" * 32, "0" * 64, How.PROOF)
    refused = await Telephone(box, wire, account).register()
    assert refused.status == 403


@pytest.mark.parametrize(
    ("how", "offered"), [(How(0), "RTP/AVP"), (How.SRTP, "RTP/AVP"), (How.SRTP | How.SRTP_ONLY, "RTP/SAVP")]
)
async def test_keys_are_offered_as_the_settings_say(box: Box, wire: Wire, how: How, offered: str) -> None:
    phone = Telephone(box, wire)
    leg = box.sip.call("", phone.contact, "1", "", False, "", how)
    offer = (await phone.refuses(486, "Busy Here")).body.decode()
    assert f" {offered} " in offer and ("a=crypto:" in offer) is bool(how)
    await box.told(Heard.OVER, of=leg)


async def test_a_telephone_that_is_to_encrypt_its_sound_cannot_call_without(box: Box, wire: Wire) -> None:
    account = box.account()
    secret = f"{account.name}:{HOST}:{account.password}".encode()
    ha1 = hashlib.md5(secret).hexdigest(), hashlib.sha256(secret).hexdigest()
    box.sip.set_phone(account.name, *ha1, How.SRTP | How.SRTP_ONLY)
    await box.done()
    answer = await Telephone(box, wire, account).ask("INVITE", f"sip:100@{HOST}", body=sdp())
    if answer.status == 100:
        answer = await wire.response(final=True)
    assert answer.status == 488


@pytest.mark.parametrize(
    ("how", "keys", "status"),
    [
        (How(0), False, 200),
        (How(0), True, 488),
        (How.SRTP, False, 200),
        (How.SRTP, True, 200),
        (How.SRTP | How.SRTP_ONLY, False, 488),
        (How.SRTP | How.SRTP_ONLY, True, 200),
    ],
)
async def test_a_trunk_that_offers_keys_or_none_is_taken_as_the_settings_say(
    box: Box, wire: Wire, how: How, keys: bool, status: int
) -> None:
    box.sip.set_trunk("secret", f"sip:{NAME}", "", "", wire.at, 0, 0, how)
    offer, call_id = sdp(), secrets.token_hex(8)
    if keys:
        offer = offer.replace(b"RTP/AVP", b"RTP/SAVP") + f"{CRYPTO}\r\n".encode()
    wire.send(request("INVITE", f"sip:100@{HOST}", wire, call_id=call_id, body=offer))
    if status == 200:
        told = await box.told(Heard.INCOMING, of="trunk")
        box.sip.answer(told.handle)
        answer = await wire.response(final=True)
        assert answer.status == 200 and (b"a=crypto:" in answer.body) is keys
        call = Call(wire, told.handle, call_id, answer["from"], answer["to"], box.uri, 1)
        call.say("ACK", cseq=1)
        await call.bye()
        await box.told(Heard.OVER, of=told.handle)
    else:
        assert (await wire.response(final=True)).status == status
    box.sip.remove_trunk("secret")
