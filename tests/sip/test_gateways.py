# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways at the registrar: what registers with a line's account is that line, where it registered from, and no telephone."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from appliance.programs.demo.ports import Ports
from appliance.settings.load import parse
from appliance.settings.passwords import Secrets
from appliance.sip.gateways import Binding
from appliance.sip.telephony import Telephony
from tests.sip.box import HOST, Account, Telephone
from tests.sip.test_telephony import OFFICE, Desk
from tests.sip.wire import Message, Wire, request, sdp

LINES = """
[line.copper]
kind = "gateway"
number = "+37052000000"
qualify = 0
[line.hidden]
kind = "gateway"
host = "127.0.0.1"
port = {other}
withhold = "*67"
qualify = 0
"""
PASSWORD = "correct-horse"
SECRETS = Secrets.model_validate(
    {
        "line": {"copper": {"password": PASSWORD}},
        "phone": {name: {"password": PASSWORD} for name in ("desk1", "line-copper")},
    }
)
CALLER = "+37060000009"


class Office:
    def __init__(self, ports: Ports, *known: Binding) -> None:
        self.desk = Desk()
        self.port, rtp, self.other = ports.take(2), ports.take(40), ports.take(2)
        text = OFFICE.format(port=self.port, rtp=rtp, rtp_end=rtp + 39, city=ports.take())
        self.text = text + LINES.format(other=self.other)
        self.telephony = Telephony(self.desk, self.desk, opened=self.desk.opened, died=self.desk.died, bans=self.desk)
        self.telephony.start(parse(self.text, Path("office.toml")), SECRETS, known)

    def gateway(self, wire: Wire, password: str = PASSWORD) -> Telephone:
        box: Any = SimpleNamespace(address=wire.box, uri=f"sip:{HOST}")
        return Telephone(box, wire, Account("line-copper", password))

    def telephone(self, wire: Wire, name: str = "desk1") -> Telephone:
        return Telephone(self.gateway(wire).box, wire, Account(name, PASSWORD))

    def wire(self, port: int = 0, transport: str = "UDP") -> Wire:
        return Wire((HOST, self.port), transport, port=port)

    async def up(self) -> None:
        await self.desk.told("line", "copper", True)


@pytest.fixture
async def office(ports: Ports) -> AsyncIterator[Office]:
    office = Office(ports)
    yield office
    await office.telephony.close()


def invite(wire: Wire, caller: str, called: str = "line-copper", **more: str) -> bytes:
    headers = {"From": f"<sip:{caller}@{HOST}>;tag=here"} | more
    return request("INVITE", f"sip:{called}@{HOST}", wire, headers=headers, body=sdp())


async def came(office: Office) -> tuple[object, ...]:
    """Line, whether it is a telephone, who calls and what number."""
    told = await office.desk.told("incoming")
    office.telephony.hang_up(int(str(told[1])), 17)
    return (told[2], told[3], told[4], told[6])


async def test_who_registers_as_the_line_is_the_line_at_that_place(office: Office) -> None:
    await office.desk.told("line", "copper", False)
    assert office.telephony.dial("copper", "1", "", "") == 0
    async with office.wire() as wire, office.wire() as elsewhere:
        assert (await office.gateway(wire, "wrong").register()).status == 403
        assert (await office.gateway(wire).register()).status == 200
        told = await office.desk.told("gateway", "copper")
        assert told[2] == [f"sip:line-copper@{wire.at}"]
        await office.up()
        leg = office.telephony.dial("copper", "852000001", CALLER, "")
        asked = await wire.request("INVITE")
        assert asked.uri == f"sip:852000001@{wire.at}"
        wire.reply(asked, 503, "Service Unavailable")
        assert (await office.desk.told("over", leg))[2] == 41

        wire.send(invite(wire, CALLER))
        assert await came(office) == ("copper", False, CALLER, "+37052000000")
        wire.send(invite(wire, "line-copper", **{"P-Asserted-Identity": f"<sip:{CALLER}@{HOST}>"}))
        assert (await came(office))[2] == CALLER
        wire.send(invite(wire, "line-copper"))
        assert (await came(office))[2] == ""  # the exchange did not tell it
        wire.send(invite(wire, CALLER, "+37052000001"))
        assert (await came(office))[3] == "+37052000001"  # of several lines each says its own

        elsewhere.send(invite(elsewhere, CALLER))
        assert (await elsewhere.response(final=True)).status == 401
        await office.gateway(elsewhere).ask("INVITE", f"sip:line-copper@{HOST}", body=sdp())
        assert (await came(office))[:2] == ("copper", False)
        assert not [one for one in office.desk.seen.all if one[0] == "phone"]


async def test_a_telephone_at_the_address_of_a_gateway_calls_as_itself_and_not_as_the_line(office: Office) -> None:
    async with office.wire(transport="TCP") as gateway, office.wire(transport="TCP") as beside:
        assert (await office.gateway(gateway).register()).status == 200
        await office.up()
        beside.send(invite(beside, CALLER))
        assert (await beside.response(final=True)).status == 401
        telephone = office.telephone(beside)
        assert (await telephone.register()).status == 200
        await telephone.ask("INVITE", f"sip:101@{HOST}", body=sdp())
        assert (await came(office))[:2] == ("desk1", True)
        gateway.send(invite(gateway, CALLER))
        assert (await came(office))[:3] == ("copper", False, CALLER)


async def test_who_calls_from_the_one_port_of_a_gateway_and_its_telephones_is_who_proves_it(office: Office) -> None:
    async with office.wire() as wire:
        gateway, telephone = office.gateway(wire), office.telephone(wire)
        assert (await gateway.register()).status == 200
        assert (await telephone.register()).status == 200
        await office.up()
        await telephone.ask("INVITE", f"sip:101@{HOST}", body=sdp())
        assert (await came(office))[:2] == ("desk1", True)
        telephone.ack(await wire.response(final=True), f"sip:101@{HOST}")
        await gateway.ask("INVITE", f"sip:line-copper@{HOST}", body=sdp())
        assert (await came(office))[:2] == ("copper", False)


async def test_where_a_telephone_of_a_lines_name_was_is_no_place_of_the_line(office: Office) -> None:
    line = LINES.format(other=office.other)
    without = office.text.replace(line, "")
    phone, secrets = parse(without + "[phone.line-copper]\n", Path("office.toml")), SECRETS
    office.telephony.configure(phone, secrets)
    async with office.wire() as wire:
        assert (await office.telephone(wire, "line-copper").register()).status == 200
        assert await office.desk.told("phone", "line-copper", [f"sip:line-copper@{wire.at}"])
        office.telephony.configure(parse(office.text, Path("office.toml")), secrets)
        assert await office.desk.told("gateway", "copper", [])
        assert office.telephony.dial("copper", "1", "", "") == 0
        wire.send(invite(wire, CALLER))
        assert (await wire.response(final=True)).status == 401


async def test_who_registered_with_a_password_that_was_changed_is_the_line_no_longer(office: Office) -> None:
    async with office.wire() as wire:
        assert (await office.gateway(wire).register()).status == 200
        await office.up()
        secrets = Secrets.model_validate({"line": {"copper": {"password": "battery-staple"}}})
        office.telephony.configure(parse(office.text, Path("office.toml")), secrets)
        assert office.telephony.dial("copper", "1", "", "") == 0
        assert await office.desk.told("gateway", "copper", [])
        wire.send(invite(wire, CALLER))
        assert (await wire.response(final=True)).status == 401
        assert (await office.gateway(wire).register()).status == 403
        assert (await office.gateway(wire, "battery-staple").register()).status == 200
        await office.up()


async def test_a_gateway_whose_contact_names_no_user_is_the_line_all_the_same(office: Office) -> None:
    async with office.wire() as wire:
        assert (await office.gateway(wire).register(f"<sip:{wire.at}>")).status == 200
        await office.up()
        leg = office.telephony.dial("copper", "1", "", "")
        wire.reply(await wire.request("INVITE"), 486, "Busy Here")
        assert await office.desk.told("over", leg)


async def test_a_line_whose_registration_is_gone_is_down_and_calls_no_more(office: Office) -> None:
    async with office.wire() as wire:
        gateway = office.gateway(wire)
        assert (await gateway.register()).status == 200
        await office.up()
        assert (await gateway.register(expires=0)).status == 200
        assert (await office.desk.told("line", "copper", False, "not-registered"))[3]
        assert office.telephony.dial("copper", "1", "", "") == 0
        answer: Message = await gateway.ask("INVITE", f"sip:line-copper@{HOST}", body=sdp())
        assert answer.status == 403
        assert not [one for one in office.desk.seen.all if one[0] == "incoming"]


async def test_a_line_that_moves_is_called_where_it_is_now(office: Office) -> None:
    async with office.wire() as first, office.wire() as second:
        assert (await office.gateway(first).register()).status == 200
        await office.up()
        assert (await office.gateway(second).register(expires=900)).status == 200
        await office.up()
        leg = office.telephony.dial("copper", "1", "", "")
        second.reply(await second.request("INVITE"), 486, "Busy Here")
        assert await office.desk.told("over", leg)


async def test_a_line_is_told_of_nobodys_calls(office: Office) -> None:
    async with office.wire() as wire:
        gateway = office.gateway(wire)
        headers = {"Event": "dialog", "Expires": "60", "Contact": f"<{gateway.contact}>"}
        assert (await gateway.ask("SUBSCRIBE", f"sip:101@{HOST}", headers=headers)).status == 403


async def test_a_gateway_is_known_from_before_a_restart(ports: Ports) -> None:
    at = f"sip:line-copper@{HOST}:9"
    office = Office(ports, Binding("line-copper", at, at, "HT813", int(time.time()) + 99))
    try:
        assert await office.desk.told("gateway", "copper", [at], "HT813")
        await office.up()
    finally:
        await office.telephony.close()


async def test_a_number_is_hidden_by_what_the_exchange_knows_or_not_called_at_all(office: Office) -> None:
    async with office.wire(office.other) as other, office.wire() as wire:
        await office.desk.told("line", "hidden", True)
        leg = office.telephony.dial("hidden", "852000001", CALLER, "", withheld=True)
        asked = await other.request("INVITE")
        other.reply(asked, 486, "Busy Here")
        assert await office.desk.told("over", leg)
        assert asked.uri.startswith("sip:*67852000001@") and "privacy" not in asked.headers
        assert (await office.gateway(wire).register()).status == 200
        await office.up()
        assert office.telephony.dial("copper", "852000001", CALLER, "", withheld=True) == 0
