# SPDX-License-Identifier: GPL-2.0-or-later
"""Whoever has no business here gets the proper answer, a line in the log, and disturbs nobody."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.stage import ANNA_HZ, CALLER_HZ, Stage

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP {codec}\r\n{more}"
COMMON, UNCOMMON = SDP.format(codec=8, more=""), SDP.format(codec=96, more="a=rtpmap:96 AMR/8000\r\n")


def request(method: str, office: Office, port: int, body: str = "", **headers: str) -> str:
    """A SIP request from 127.0.0.1:port; a header given replaces the usual one, an empty one takes it away."""
    usual = {
        "Via": f"SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{method}{port};rport",
        "From": "<sip:stranger@127.0.0.1>;tag=1",
        "To": f"<sip:101@{office.address}>",
        "Call-ID": f"{method}-{port}-{abs(hash(str(headers)))}",
        "CSeq": f"1 {method}",
        "Contact": f"<sip:stranger@127.0.0.1:{port}>",
        "Max-Forwards": "70",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    if body:
        usual["Content-Type"] = "application/sdp"
    lines = [f"{name}: {value}" for name, value in usual.items() if value]
    return "\r\n".join([f"{method} sip:101@{office.address} SIP/2.0", *lines, f"Content-Length: {len(body)}", "", body])


class Stranger(asyncio.DatagramProtocol):
    """Somebody who sends what he likes and sees what comes back."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: asyncio.Queue[str] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.answers.put_nowait(data.decode(errors="replace"))

    @asynccontextmanager
    async def says(self, office: Office, text: str) -> AsyncIterator[asyncio.DatagramTransport]:
        """Send this, and listen for a while."""
        loop = asyncio.get_running_loop()
        wire, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", self.port))
        try:
            wire.sendto(text.encode(), ("127.0.0.1", office.sip))
            yield wire
        finally:
            wire.close()

    async def asks(self, office: Office, text: str) -> int:
        """The final status of the answer; asked again in half a second when there is none (RFC 3261 section 17.1.2.2)."""
        async with self.says(office, text) as wire, asyncio.timeout(20):
            while True:
                try:
                    async with asyncio.timeout(0.5):
                        answer = await self.answers.get()
                except TimeoutError:
                    wire.sendto(text.encode(), ("127.0.0.1", office.sip))
                    continue
                status = int(re.match(r"SIP/2.0 (\d{3}) ", answer)[1])  # type: ignore[index]
                if status >= 200:
                    return status


async def test_wrong_passwords_and_unknown_accounts_are_refused_alike(stage: Stage) -> None:
    office = await stage.office()
    told = []
    for user, password in (("desk1", "a-guess"), ("nobody", "a-guess")):
        phone = Baresip(
            stage.folder / f"guess-{user}", stage.ports, user=user, password=password, registrar=office.address,
            says=tone.write(stage.folder / "silence.wav", 0, 1),
        )  # fmt: skip
        async with phone:
            told.append((await phone.event("REGISTER_FAIL")).detail)
        await office.logged(user)
    assert told[0] == told[1], "a guesser learns which accounts there are"
    assert "401" in told[0] or "403" in told[0]


@pytest.mark.parametrize(
    ("method", "status", "headers", "body"),
    [
        ("REGISTER", 400, {"CSeq": "not a number REGISTER"}, ""),
        ("REGISTER", 400, {"Contact": "<<<>>>"}, ""),
        ("INVITE", 400, {"From": "nobody at all"}, COMMON),
    ],
)
async def test_what_is_malformed_is_answered_and_logged_and_that_is_all(
    stage: Stage, method: str, status: int, headers: dict[str, str], body: str
) -> None:
    office = await stage.office()
    stranger = Stranger(stage.ports.take())
    assert await stranger.asks(office, request(method, office, stranger.port, body, **headers)) == status
    await office.logged(f"127.0.0.1:{stranger.port}")
    assert Reader(office.journal).calls() == []


@pytest.mark.parametrize(
    "text",
    [
        "REGISTER without anything\r\n\r\n",
        "INVITE sip:101@127.0.0.1 SIP/2.0\r\nFrom: <sip:a@b>;tag=1\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n",
        "INVITE sip:101@127.0.0.1 SIP/2.0\r\n" + "Via: SIP/2.0/UDP 127.0.0.1\r\n" * 1000 + "\r\n",
        "\0" * 3000,
        "\xff" * 1400,
    ],
    ids=["words", "no-via", "vias", "zeros", "noise"],
)
async def test_what_cannot_even_be_answered_harms_nobody(stage: Stage, text: str) -> None:
    office = await stage.office()
    pid = office.pid("switch")
    stranger = Stranger(stage.ports.take())
    async with stranger.says(office, text):
        await stage.desk(office, "desk1", ANNA_HZ)
    assert stranger.answers.empty() and office.pid("switch") == pid
    assert Reader(office.journal).calls() == []


async def test_a_stranger_is_asked_for_a_password_before_anything_rings(stage: Stage) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    for method, body in (("REGISTER", ""), ("INVITE", COMMON)):
        stranger = Stranger(stage.ports.take())
        assert await stranger.asks(office, request(method, office, stranger.port, body)) == 401
    assert Reader(office.journal).calls() == []
    assert not [event for event in anna.seen.all if event.type == "CALL_INCOMING"]


@pytest.mark.parametrize("body", [UNCOMMON, "v=0\r\nm=what is this\r\n"])
async def test_a_caller_with_whom_no_codec_is_shared_is_told_so(stage: Stage, body: str) -> None:
    office = await stage.office()
    caller = Stranger(office.city)  # the address of the trunk
    status = await caller.asks(office, request("INVITE", office, office.city, body))
    assert status in (400, 488)
    await office.logged(f"INVITE from 127.0.0.1:{office.city} (sip:stranger@127.0.0.1) refused with {status}", within=5)
    assert Reader(office.journal).calls() == []


async def test_a_refer_from_outside_dials_nothing(stage: Stage) -> None:
    office = await stage.office()
    for port in (stage.ports.take(), office.city):
        asked = request("REFER", office, port, Refer_To="<sip:+15550100@127.0.0.1>")
        assert await Stranger(port).asks(office, asked) >= 400
    assert Reader(office.journal).calls() == []


async def test_a_talk_goes_on_while_strangers_knock(stage: Stage) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await anna.rings()
    await anna.accept()
    await anna.talks()
    before = len(tone.load(ear.heard(stage.folder / "before.wav"))[0]) / 8000
    for knock in range(50):
        stranger = Stranger(stage.ports.take())
        method = ("REGISTER", "INVITE")[knock % 2]
        async with stranger.says(office, request(method, office, stranger.port, From="" if knock % 3 else "no one")):
            pass
    await ear.listens(1.0)
    await anna.hang_up()
    await caller.finished()
    await anna.closed()
    assert tone.heard(ear.heard(stage.folder / "caller.wav"), ANNA_HZ, since=before) > 0.9
    assert tone.heard(anna.heard(), CALLER_HZ) > 0.7
    assert (await stage.call_over(office)).outcome == "answered"
