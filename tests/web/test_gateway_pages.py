# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways as pages: found and made a line with one click, what is put in by hand, and a file for nobody but the one it is of."""

import html
import re
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from appliance.control import client
from appliance.control.messages import Apply
from appliance.control.provisioning import ProvisioningSecret
from appliance.programs.demo.office import Office
from appliance.programs.demo.phone import Phone
from appliance.programs.demo.ports import Ports
from tests.telephones import tone
from tests.web.applying import Applying
from tests.web.test_phone_pages import OFFICE, TABLE
from tests.web.visitors import Site, Visitor, site

alone = pytest.mark.asyncio(loop_scope="module")
MAC = "000b82000001"
GATEWAYS = """
[provisioning]
http = true
[phone.hall]
[line.copper]
kind = "gateway"
mac = "00:0b:82:00:00:01"
number = "+370 5 2000000"
phone = "hall"
scenario = "main"
[line.other]
kind = "gateway"
country = "GB"
scenario = "main"
[line.fixed]
kind = "gateway"
host = "192.0.2.14"
scenario = "main"
"""


def entered(page: str) -> dict[str, str]:
    """The table of what is put in by hand: each value by the setting it belongs to."""
    part = page.partition('id="entered"')[2]
    rows = re.findall(r"<th[^>]*>([^<]*)</th>\s*<td[^>]*><code>([^<]*)</code>", part)
    return {html.unescape(setting): html.unescape(value) for setting, value in rows}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    with Ports() as ports:
        async with Office(tmp_path_factory.mktemp("office"), ports) as office:
            async with await client.connect(office.socket) as switch:
                document = office.document.replace('lines = ["city"]', 'lines = ["city", "fixed"]')
                await switch.request(Apply(0, document + GATEWAYS))
            yield office


@pytest_asyncio.fixture(loop_scope="module")
async def installer(office: Office, tmp_path: Path) -> AsyncIterator[tuple[Site, Visitor]]:
    async with site(tmp_path, office.socket, office.settings, follows=True) as box:
        box.people()
        async with box.logged_in("installer") as one:
            yield box, one


@alone
async def test_any_gateway_registers_with_what_its_page_says(
    office: Office, installer: tuple[Site, Visitor], tmp_path: Path
) -> None:
    box, one = installer
    assert not entered((await one.get("/gateways/other")).text)  # only who asks is shown its password
    told = entered((await one.fill("/gateways/other", "/gateways/other/password")).text)
    assert ("line-password-shown", "other") in [(row.what, row.detail) for row in box.office.audited()]
    assert told["Server"] == office.address and told["Transport"] == "UDP"
    assert told["A call from the exchange goes at once to"] == f"sip:line-other@{office.address}"
    assert told["It hangs up when the line's current is cut, and at the busy tone"] == "400 Hz, 375/375 ms"
    with Ports() as ports:
        says = tone.write(tmp_path / "says.wav", 700, 1)
        async with Phone("gateway", tmp_path / "gateway", ports, says=says) as gateway:
            user, password = told["User, and user for authentication"], told["Password"]
            gateway.register(told["Server"], user, password)
            await gateway.event("registered")
            for _ in range(100):  # the pages are told a moment later, and each look is one
                if 'class="badge good"' in (page := (await one.get("/gateways/other")).text):
                    break
            assert f"127.0.0.1:{gateway.port}" in page and "Linekeeper demo telephone" in page
            row = (await one.get("/phones")).text.partition('data-gateway="other"')[2].partition("</tr>")[0]
            assert 'class="badge good"' in row and f"127.0.0.1:{gateway.port}" in row
            answer = await one.fill("/gateways/other", "/gateways/other/reboot")
            assert answer.headers["location"] == "/gateways/other?done=reboot"


@alone
async def test_a_gateway_known_by_its_address_is_told_everything_but_a_password(
    office: Office, installer: tuple[Site, Visitor]
) -> None:
    _box, one = installer
    told = entered((await one.get("/gateways/fixed")).text)
    assert told["It registers"] == "no" and "Nobody calls out" not in (await one.get("/gateways/fixed")).text
    assert "Password" not in told and told["Server"] == office.address
    assert (await one.fill("/gateways/other", "/gateways/fixed/password")).status_code == 409


@alone
async def test_an_ht813_is_told_by_hand_what_its_file_cannot_say(
    office: Office, installer: tuple[Site, Visitor]
) -> None:
    box, one = installer
    page = (await one.get("/gateways/copper")).text
    told = entered(page)
    forward = "Unconditional Call Forward to VOIP: "
    assert told[f"{forward}User ID"] == "line-copper" and told[f"{forward}Sip Server"] == "127.0.0.1"
    assert told[f"{forward}Sip Destination Port"] == office.address.partition(":")[2]
    assert (told["Stage Method (1/2)"], told["Number of Rings"], told["PSTN Ring Thru FXS"]) == ("1", "2", "No")
    assert told["PSTN Disconnect Tone"] == "f1=425@-32,f2=425@-32,c=350/350;"  # Lithuania's
    assert "/provisioning/" not in page and "Nobody calls out by it yet" in page
    shown = (await one.fill("/gateways/copper", "/gateways/copper/address")).text
    address = re.search(r'value="(http://[^"]+/provisioning/[^"]+/)"', shown)
    assert address and (await one.get(f"{address[1]}cfg{MAC}.xml")).status_code == 200
    assert box.office.audited()[0].what == "phone-provisioned" and "line-address-shown" in [
        row.what for row in box.office.audited()
    ]
    assert (await one.get("/gateways/nobody")).status_code == (await one.get("/gateways/city")).status_code == 404


@alone
async def test_the_file_of_a_gateway_is_for_it_alone(office: Office) -> None:
    async with await client.connect(office.socket) as switch:
        secret = (await switch.request(ProvisioningSecret(0, "line-copper", "maria"))).secret
    async with httpx.AsyncClient(timeout=30, base_url=f"{office.page}provisioning/") as one:
        for right in (f"cfg{MAC}", f"cfg{MAC}.xml", f"cfg{MAC.upper()}.xml"):
            answer = await one.get(f"{secret}/{right}")
            assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
        for wrong in (f"{MAC}.cfg", "cfg000b82000002.xml", "cfg.xml", f"{MAC}/phonebook.xml"):
            assert (await one.get(f"{secret}/{wrong}")).status_code == 404, wrong
        assert (await one.get(f"{'A' * 32}/cfg{MAC}.xml")).status_code == 404


async def test_an_ht813_found_on_the_network_is_a_line_by_one_click(tmp_path: Path) -> None:
    (tmp_path / "arp").write_text(TABLE.replace("80:5e:c0:00:00:07", "c0:74:ad:00:00:07"))
    waits = OFFICE + '[line.copper]\nkind = "gateway"\nscenario = "main"\n[scenario.main]\nopen = "anna"\n'
    async with (
        Applying(tmp_path, waits) as switch,
        site(tmp_path / "pages", switch.socket, switch.document, arp=tmp_path / "arp") as box,
    ):
        box.people()
        async with box.logged_in("installer") as one:
            page = (await one.get("/phones")).text
            assert page.index('data-mac="c074ad000007"') < page.index('action="/gateways/bind"')
            assert page.index('<option value="copper">') < page.index("a new line")
            answer = await one.fill("/phones", "/gateways/bind", mac="c074ad000007", line="copper")
            assert answer.headers["location"] == "/gateways/copper?done=applied"
            assert tomllib.loads(switch.text)["line"]["copper"]["mac"] == "c0:74:ad:00:00:07"
            assert 'data-mac="c074ad000007"' not in (await one.get("/phones")).text
            assert (await one.fill("/phones", "/gateways/bind", mac="c074ad000007", line="")).status_code == 409
            assert (await one.fill("/phones", "/phones/bind", mac="c074ad000007", person="anna")).status_code == 409
            answer = await one.fill("/phones", "/gateways/bind", mac="c074ad000008", line="")
            assert answer.headers["location"] == "/gateways/landline?done=applied"
            made = tomllib.loads(switch.text)["line"]["landline"]
            assert made == {"kind": "gateway", "mac": "c0:74:ad:00:00:08"}
            for wrong in ({"mac": "nonsense"}, {"mac": "c074ad000009", "line": "copper"}):
                assert (await one.fill("/phones", "/gateways/bind", **wrong)).status_code == 404
        async with box.logged_in("supervisor") as one:
            assert (await one.get("/gateways/copper")).status_code == 403
