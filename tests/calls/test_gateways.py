# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways with analogue lines, by the settings their pages in hardware/ata say; SIPp stands for the gateway."""

import re
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from appliance.control import client
from appliance.control.messages import Apply
from appliance.store.reader import Reader
from tests.telephones import tone
from tests.telephones.stage import ANNA_HZ, CALLER_HZ, Stage

PAGES = Path(__file__).parents[2] / "hardware" / "ata"
DIALLED = "852000001"  # Lithuania's, as a telephone dials it


def block(page: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", (PAGES / f"{page}.md").read_text(), re.DOTALL)
    assert found, f"{page}.md has no {language}"
    return found[1]


@pytest.mark.parametrize("page", ["ht813", "generic"])
async def test_the_page_of_a_gateway_makes_it_a_line(stage: Stage, page: str) -> None:
    """Out in one stage with the digits as they were dialled, and in with the caller's number."""
    text = block(page, "toml")
    [(name, line)] = tomllib.loads(text)["line"].items()
    office, port = await stage.office(), stage.ports.take()
    at_home = text.replace(line["host"], "127.0.0.1").replace(f"port = {line['port']}\n", f"port = {port}\n")
    document = office.document.replace('[outside]\nlines = ["city"]\n', f'[outside]\nlines = ["{name}"]\n')
    async with await client.connect(office.socket) as switch:
        await switch.request(Apply(0, f"{document}\n{at_home}"))
    anna = await stage.desk(office, "desk1", ANNA_HZ)

    ear = await stage.ear()
    gateway = await stage.sipp("callee-waits", port=port, rtp=ear.port, talk=0.2)
    await anna.dial(DIALLED)
    await anna.talks()
    await ear.listens(1.0)
    await anna.hang_up()
    await gateway.finished()
    [invite] = [m for m in gateway.messages() if not m.sent and m.first.startswith("INVITE")]
    assert invite.first.startswith(f"INVITE sip:{DIALLED}@127.0.0.1:{port}")
    assert tone.heard(ear.heard(stage.folder / "exchange.wav"), ANNA_HZ) > 0.6
    await stage.call_over(office)

    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear, port=port, caller="+37060000009")
    await anna.rings()
    await anna.accept()
    await anna.talks()
    await ear.listens(0.5)
    await anna.hang_up()
    await caller.finished()
    call = await stage.call_over(office, 2)
    assert (call.line, call.caller) == (name, "+37060000009")
    assert [leg.party for leg in Reader(office.journal).legs(call.id) if leg.kind != "trunk"]
    await anna.closed()
    assert tone.heard(anna.heard(), CALLER_HZ) > 0.1


def test_the_file_for_an_ht813_is_whole_and_says_the_ports_of_its_page() -> None:
    values = {each.tag: each.text for each in ElementTree.fromstring(block("ht813", "xml").encode()).iter()}
    line = tomllib.loads(block("ht813", "toml"))["line"]["copper"]
    assert values["P740"] == str(line["port"])
    assert values["P747"] == values["P47"] and values["P34"] == "PASSWORD"
