# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones behind a router, and names that nobody answers for: whom the box writes to, and that it does not wait."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from appliance.sip.names import Heard
from tests.sip.box import HOST, Box, Telephone
from tests.sip.wire import Wire, request, sdp

HERE = Path(__file__).parent


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize(
    "contact", ["sip:anna@192.0.2.7:5070", "sip:anna@unknown.example", "sip:anna@{at};maddr=192.0.2.9"]
)
async def test_a_caller_behind_a_router_is_hung_up_on_where_he_was_heard_from(
    box: Box, transport: str, contact: str
) -> None:
    async with Wire(box.address, transport) as wire:
        phone = Telephone(box, wire)
        headers = {"Contact": f"<{contact.format(at=wire.at)}>"}
        assert (await phone.ask("INVITE", f"sip:100@{HOST}", headers=headers, body=sdp())).status == 100
        leg = (await box.told(Heard.INCOMING)).handle
        box.sip.answer(leg)
        answer = await wire.response(final=True)
        assert answer.status == 200
        phone.ack(answer, f"sip:100@{HOST}")
        await box.told(Heard.ANSWERED, of=leg)
        box.sip.hang_up(leg, 0, 16)
        wire.reply(await wire.request("BYE"), 200)


async def test_a_telephone_that_answers_from_behind_a_router_is_hung_up_on_too(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    leg = box.sip.call("", phone.contact, "+37060000001", "")
    invite = await wire.request("INVITE")
    wire.reply(invite, 200, headers={"contact": "<sip:anna@192.0.2.7:5070>"}, body=sdp())
    assert f"@{wire.at}" in (await wire.request("ACK")).uri
    await box.told(Heard.ANSWERED, of=leg)
    box.sip.hang_up(leg, 0, 16)
    wire.reply(await wire.request("BYE"), 200)


async def test_a_trunk_that_names_another_address_of_its_own_is_reached_there(box: Box, wire: Wire) -> None:
    async with Wire(box.address) as second:
        box.sip.set_trunk("city", f"sip:{wire.at}", "", "", wire.at, 0)
        await box.done()
        headers = {"Contact": f"<sip:gateway@{second.at}>"}
        wire.send(request("INVITE", f"sip:100@{HOST}", wire, headers=headers, body=sdp()))
        leg = (await box.told(Heard.INCOMING, of="trunk")).handle
        box.sip.answer(leg)
        answer = await wire.response(final=True)
        wire.send(request("ACK", f"sip:100@{HOST}", wire, to=answer["to"], call_id=answer["call-id"]))
        await box.told(Heard.ANSWERED, of=leg)
        box.sip.hang_up(leg, 0, 16)
        second.reply(await second.request("BYE"), 200)
    box.sip.remove_trunk("city")


@pytest.mark.parametrize("method", ["OPTIONS", "INVITE", "REGISTER", "MESSAGE"])
async def test_nobody_has_the_box_answer_somebody_else(box: Box, wire: Wire, method: str) -> None:
    async with Wire(box.address) as victim:
        port = victim.here[1]
        via = f"SIP/2.0/UDP {wire.here[0]}:{port};branch=z9hG4bKx;maddr={victim.here[0]};rport"
        assert (await wire.ask(request(method, box.uri, wire, headers={"Via": via}, body=sdp()))).status
        await wire.ping()
        assert not victim.responses.all


def test_no_name_server_is_waited_for(tmp_path: Path) -> None:
    """A DNS that does not answer would otherwise hold up every call: with each one PJSIP looks for the box's own name,
    and a stranger's Via or a telephone's Contact or SDP may hold any name. getaddrinfo and gethostbyname are listened
    to (names.c), in a process of its own."""
    library = tmp_path / "names.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, HERE / "names.c"], check=True)
    code = textwrap.dedent("""
        import asyncio, os
        from appliance.programs.demo.ports import Ports
        from appliance.sip.names import Heard
        from tests.sip.box import Box, Telephone
        from tests.sip.wire import Wire, request, sdp

        async def main():
            with Ports() as ports:
              endpoint = Box(ports)
              with endpoint as box:
                async with Wire(box.address) as wire:
                    os.write(2, b"-- ready\\n")
                    headers = {"Via": "SIP/2.0/UDP a.example;branch=z9hG4bK1;maddr=b.example;rport"}
                    await wire.ask(request("INVITE", box.uri, wire, headers=headers, body=sdp()))
                    phone = Telephone(box, wire)
                    await phone.register("<sip:c@c.example>")
                    leg = box.sip.call("", (await box.told(Heard.BOUND)).text[2], "1", "")
                    await (await phone.picks_up(leg)).bye()
                    box.sip.set_trunk("city", "sip:d.example", "", "", wire.at, 0)
                    leg = box.sip.call("city", "sip:100@d.example", "1", "")
                    await (await phone.picks_up(leg)).bye()
                    os.write(2, b"-- foreign sdp\\n")
                    leg = box.sip.call("", phone.contact, "1", "")
                    invite = await wire.request("INVITE")
                    wire.reply(invite, 200, body=sdp(host="e.example"))
                    await box.told(Heard.ANSWERED, of=leg)
                    leg = box.sip.call("", "sip:100@f.example:5060", "1", "")
                    await wire.ping()
                    os.write(2, b"-- end\\n")
              endpoint.sip.close()

        asyncio.run(main())
    """)
    done = subprocess.run(
        [sys.executable, "-c", code], env={"LD_PRELOAD": str(library), "PATH": ""}, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    asked = done.stderr.partition("-- ready\n")[2]
    usual, _, foreign = asked.partition("-- foreign sdp\n")
    assert not usual
    foreign, end, _ = foreign.partition("-- end\n")
    assert end and set(re.findall(r"name servers: (\d+)", foreign)) <= {"0"}
    assert "e.example" in foreign and "f.example" not in foreign
