# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones that ask the network for their settings are told, if they are ours and where they say; nobody else is."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.control.messages import Refused, Request
from appliance.control.provisioning import Known, ProvisioningSecret
from appliance.control.server import Peer, Server
from appliance.settings import documents
from appliance.settings.models import Settings
from appliance.settings.rules import wrongs
from appliance.web import asking, pnp
from appliance.web.asking import GROUP, Asking
from tests.fakes.switch import small_office
from tests.web.visitors import Site, site

OFFICE = """
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[sip]
listen = "127.0.0.1"
[web]
port = 8088
[provisioning]
http = true
pnp = true
[phone.desk1]
mac = "0004134a5b6c"
[phone.desk2]
mac = "805ec0000002"
[scenario.main]
open = "anna"
[person.anna]
phones = ["desk1"]
[line.copper]
kind = "gateway"
mac = "000b82000001"
"""
ARP = """\
IP address       HW type     Flags       HW address            Mask     Device
127.0.0.1        0x1         0x2         {mac}     *        eth0
"""
SECRET = "s" * 32
EVENT = 'ua-profile;profile-type="device";vendor="snom";model="D735";version="10.1"'


def question(mac: str = "MAC%3a0004134a5b6c", event: str = EVENT, **more: str) -> bytes:
    lines = {
        "Via": "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-1;rport",
        "From": f"<sip:{mac}@224.0.1.75>;tag=1",
        "To": f"<sip:{mac}@224.0.1.75>",
        "Call-ID": "a@b",
        "CSeq": "1 SUBSCRIBE",
        "Event": event,
        "Contact": "<sip:192.0.2.9:5060>",
        "Expires": "0",
        "Content-Length": "0",
    } | more
    said = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"SUBSCRIBE sip:{mac}@224.0.1.75 SIP/2.0\r\n{said}\r\n".encode()


@pytest.mark.parametrize(
    "mac", ["MAC%3a0004134A5B6C", "MAC%3A00:04:13:4a:5b:6c", "MAC=0004134a5b6c", "mac:0004134a5b6c"]
)
def test_a_question_is_understood_as_each_maker_asks_it(mac: str) -> None:
    found = pnp.asked(question(mac))
    assert found and (found.mac, found.maker, found.model) == ("0004134a5b6c", "snom", "D735 10.1")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 100,
        question("0004134a5b6c"),
        question("MAC%3a0004134a5b"),
        question(event="presence"),
        question(Via=""),
        question(CSeq=""),
        question() + b"x" * 5000,
        question().replace(b"SUBSCRIBE sip:", b"REGISTER sip:", 1),
        question(From="<sip:MAC%3a0004134a5b6c@224.0.1.75>\nEvil: 1").replace(
            b"sip:MAC%3a0004134a5b6c@224.0.1.75 SIP", b"sip:x SIP"
        ),
    ],
)
def test_what_is_no_question_is_passed_over(data: bytes) -> None:
    assert pnp.asked(data) is None


def test_a_model_with_what_is_not_seen_is_none() -> None:
    found = pnp.asked(question(event='ua-profile;vendor="x";model="\u202eD735"'))
    assert found and found.model == "" and found.maker == "snom"  # by its address then
    long = pnp.asked(question(event=f'ua-profile;model="{"m" * 900}"'))
    assert long and len(long.model) == pnp.KEPT


def test_where_the_switch_has_the_port_at_all_addresses_it_is_a_fault() -> None:
    text = OFFICE.replace("127.0.0.1", "0.0.0.0")
    settings = documents.check(Settings, text, "office.toml")[0]
    assert "contradiction" in [wrong.id for wrong in wrongs(settings)]
    assert list(wrongs(documents.check(Settings, OFFICE, "office.toml")[0])) == []


class Telephone:
    """One that asks the group over the loopback interface, and hears what it is told."""

    def __init__(self, port: int) -> None:
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        self._sock.bind(("127.0.0.1", 0))
        self._sock.setblocking(False)
        self._port = port

    def asks(self, data: bytes) -> None:
        self._sock.sendto(data, (GROUP, self._port))

    async def told(self) -> str:
        async with asyncio.timeout(30):
            return (await asyncio.get_running_loop().sock_recv(self._sock, 65536)).decode()

    def heard(self) -> bool:
        try:
            return bool(self._sock.recv(65536))
        except BlockingIOError:
            return False

    def close(self) -> None:
        self._sock.close()


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[tuple[Site, list[Request], Telephone]]:
    """Pages that listen to the group, a switch that gives secrets, and whose address 127.0.0.1 has."""
    asked: list[Request] = []

    async def handle(request: Request, peer: Peer) -> object:
        asked.append(request)
        if isinstance(request, ProvisioningSecret) and request.phone in ("desk1", "line-copper"):
            return Known(SECRET, "admin")
        raise Refused("unknown", "-")

    (tmp_path / "office.toml").write_text(OFFICE)
    arp = tmp_path / "arp"
    arp.write_text(ARP.format(mac="00:04:13:4a:5b:6c"))
    server = Server(tmp_path / "control.sock", handle, small_office)
    await server.start()
    async with site(tmp_path / "pages", server.path, tmp_path / "office.toml", arp=arp) as box:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind((GROUP, 0))
            port = free.getsockname()[1]
        listening = asyncio.create_task(Asking(box.box).run(port))
        telephone = Telephone(port)
        await asyncio.sleep(0)  # it has joined
        try:
            yield box, asked, telephone
        finally:
            telephone.close()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await server.close()


async def test_a_telephone_of_ours_is_told_where_its_settings_are_and_another_is_not(box: Any) -> None:
    pages, asked, telephone = box
    telephone.asks(b"nonsense")
    telephone.asks(question())
    ok, notify = await telephone.told(), await telephone.told()
    assert ok.startswith("SIP/2.0 200 OK\r\n") and "Call-ID: a@b" in ok and "branch=z9hG4bK-1" in ok
    assert notify.startswith("NOTIFY sip:127.0.0.1:") and "Content-Type: application/url" in notify
    assert notify.endswith(f"\r\n\r\nhttp://127.0.0.1:8088/provisioning/{SECRET}/snom-{{mac}}.xml")
    assert [request.by for request in asked] == ["PnP 127.0.0.1"]
    telephone.asks(question("MAC%3a805ec0000002"))  # somebody in the name of another
    telephone.asks(question())
    await telephone.told()
    await telephone.told()
    assert len(asked) == 2 and not telephone.heard()
    [found] = pages.box.around.telephones()
    assert (found.mac, found.model, found.by) == ("0004134a5b6c", "D735 10.1", "PnP")


async def test_a_gateway_of_ours_is_told_where_its_settings_are(box: Any, tmp_path: Path) -> None:
    _pages, asked, gateway = box
    (tmp_path / "arp").write_text(ARP.format(mac="00:0b:82:00:00:01"))
    gateway.asks(question("MAC%3a000b82000001", 'ua-profile;vendor="grandstream";model="HT813";version="1.0.19.6"'))
    _ok, notify = await gateway.told(), await gateway.told()
    assert notify.endswith(f"\r\n\r\nhttp://127.0.0.1:8088/provisioning/{SECRET}/")
    assert [request.phone for request in asked] == ["line-copper"]


async def test_who_asks_without_end_is_heard_no_more(box: Any) -> None:
    _pages, asked, telephone = box
    for _ in range(40):
        telephone.asks(question())
    await telephone.told()
    for _ in range(9):
        await telephone.told()
    assert len(asked) == asking.AT_ONCE and not telephone.heard()
