# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones fetch their settings from a whole box, and register with what those say; nobody else gets them."""

import asyncio
import http.client
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from appliance.control import client
from appliance.control.messages import Apply, Refused
from appliance.control.provisioning import Known, ProvisioningSecret, Reboot
from appliance.programs.demo.office import PASSWORDS, Office
from appliance.programs.demo.ports import Ports
from appliance.store.reader import Reader
from appliance.web.phone_files import WRONG_AT_ONCE
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.web.test_https import secure_site, trusting
from tests.web.test_phone_files import told
from tests.web.visitors import Visitor, site

pytestmark = pytest.mark.asyncio(loop_scope="module")
GIVES = "[provisioning]\nhttp = true\n"
YEALINK, SNOM = "80:5e:c0:00:00:01", "000413000002"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """Anna's telephone is a Yealink, Boris's a Snom."""
    with Ports() as ports:
        async with Office(tmp_path_factory.mktemp("office"), ports) as office:
            text = office.document.replace("[phone.desk1]", f'{GIVES}[phone.desk1]\nmac = "{YEALINK}"')
            text = text.replace("[phone.desk2]", f'[phone.desk2]\nmac = "{SNOM}"')
            async with await client.connect(office.socket) as switch:
                await switch.request(Apply(0, text))
            yield office


async def known(office: Office, phone: str) -> Known:
    async with await client.connect(office.socket) as switch:
        return await switch.request(ProvisioningSecret(0, phone, "maria"))  # type: ignore[no-any-return]


async def asked(office: Office, path: str, source: str = "127.0.0.1") -> httpx.Response:
    """source: the address that asks."""
    async with httpx.AsyncClient(timeout=30, transport=httpx.AsyncHTTPTransport(local_address=source)) as one:
        return await one.get(f"{office.page}{path}")


async def test_a_telephone_registers_with_what_its_file_says(office: Office, tmp_path: Path) -> None:
    secret = (await known(office, "desk1")).secret
    answer = await asked(office, f"provisioning/{secret}/805ec0000001.cfg")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    file = told(answer.text)
    assert file["static.auto_provision.server.url"] == f"{office.page}provisioning/{secret}/"
    server = f"{file['account.1.sip_server.1.address']}:{file['account.1.sip_server.1.port']}"
    user, password = file["account.1.user_name"], file["account.1.password"]
    with Ports() as ports:
        says = tone.write(tmp_path / "says.wav", 700, 1)
        async with Baresip(
            tmp_path / "phone", ports, user=user, password=password, registrar=server, says=says
        ) as telephone:
            await telephone.registered(60)
            async with await client.connect(office.socket) as switch:
                await switch.request(Reboot(0, "desk1", "maria"))
                with pytest.raises(Refused, match="not known"):
                    await switch.request(Reboot(0, "desk9"))
    for _ in range(400):  # the journal's writer takes a moment
        kinds = [one.kind for one in Reader(office.journal).events(0)]
        if {"provisioning-told", "provisioned", "reboot"} <= set(kinds):
            break
        await asyncio.sleep(0.05)
    assert {"provisioning-told", "provisioned", "reboot"} <= set(kinds)


async def test_a_telephone_fetches_the_phone_book_with_its_secret_and_nobody_else_does(office: Office) -> None:
    secret = (await known(office, "desk1")).secret
    before = sum(one.kind == "provisioned" for one in Reader(office.journal).events(0))
    for _ in range(3):
        file = told((await asked(office, f"provisioning/{secret}/805ec0000001.cfg", "127.0.0.5")).text)
    at = file["remote_phonebook.data.1.url"].removeprefix(office.page)
    for _ in range(3):
        book = await asked(office, at, "127.0.0.6")
    assert book.status_code == 200 and "<Name>Boris</Name>\n    <Telephone>102</Telephone>" in book.text
    assert PASSWORDS["desk1"] not in book.text
    for wrong in (at.replace(secret, "A" * 32), at.replace("805ec0000001", SNOM), at.replace("805ec0000001", "x")):
        assert (await asked(office, wrong)).status_code == 404
    for _ in range(400):  # the journal's writer takes a moment
        if told_now := sum(one.kind == "provisioned" for one in Reader(office.journal).events(0)) - before:
            break
        await asyncio.sleep(0.05)
    assert told_now == 1, (
        "who starts again and again is one row; a phone book, which is fetched every hour, is no password"
    )


async def test_each_has_an_address_and_a_password_of_its_own(office: Office) -> None:
    first, second = await known(office, "desk1"), await known(office, "desk2")
    assert first.secret != second.secret and first.admin != second.admin
    text = (await asked(office, f"provisioning/{second.secret}/snomD735-{SNOM}.htm")).text
    assert second.admin in text and PASSWORDS["desk2"] in text and PASSWORDS["desk1"] not in text
    with pytest.raises(Refused, match="unknown|not known"):
        await known(office, "desk3")


async def test_without_the_table_nobody_is_given_anything(office: Office) -> None:
    secret = (await known(office, "desk1")).secret
    async with await client.connect(office.socket) as switch:
        before = office.settings.read_text()
        await switch.request(Apply(0, before.replace(GIVES, "")))
        with pytest.raises(Refused):
            await switch.request(ProvisioningSecret(0, "desk1"))
        try:
            assert (await asked(office, f"provisioning/{secret}/805ec0000001.cfg")).status_code == 404
        finally:
            await switch.request(Apply(0, before))


async def test_by_plain_http_only_where_the_settings_say_so(office: Office, tmp_path: Path) -> None:
    secret = (await known(office, "desk2")).secret
    path = f"/provisioning/{secret}/snom-{SNOM}.xml"
    before = office.settings.read_text()
    careful = tmp_path / "office.toml"
    careful.write_text(before.replace("http = true\n", ""))
    async with site(tmp_path / "one", office.socket, careful) as box, box.visitor() as one:
        assert (await one.get(path)).status_code == 404
    async with site(tmp_path / "two", office.socket, office.settings) as box, box.visitor() as one:
        assert (await one.get(path)).status_code == 200
        assert next((row.what, row.detail) for row in box.office.audited()) == ("phone-provisioned", "desk2")
        assert (await one.post(path)).status_code == 405


async def test_an_installer_is_shown_where_a_telephone_finds_its_file(office: Office, tmp_path: Path) -> None:
    async with site(tmp_path, office.socket, office.settings) as box:
        box.people()
        async with box.logged_in("installer") as one:
            page = (await one.fill("/phones/desk1", "/phones/desk1/address")).text
            address = re.search(r'value="(http://[^"]+/provisioning/[^"]+/)"', page)
            assert address and (await known(office, "desk1")).admin in page
            assert (await one.get(f"{address[1]}805ec0000001.cfg")).status_code == 200
            assert "/provisioning/" not in (await one.get("/phones/desk1")).text  # only who asks is shown it
        assert "phone-address-shown" in [row.what for row in box.office.audited()]


async def test_an_installer_is_shown_what_to_put_into_a_telephone_by_hand(office: Office, tmp_path: Path) -> None:
    async with site(tmp_path, office.socket, office.settings) as box:
        box.people()
        async with box.logged_in("installer") as one:
            assert PASSWORDS["desk1"] not in (await one.get("/phones/desk1")).text  # only who asks is shown it
            page = (await one.fill("/phones/desk1", "/phones/desk1/password")).text
            for shown in (PASSWORDS["desk1"], "desk1", office.address):
                assert f'value="{shown}"' in page
            assert (await one.fill("/phones/desk1", "/phones/nobody/password")).status_code == 404
        assert ("phone-password-shown", "desk1") in [(row.what, row.detail) for row in box.office.audited()]


async def test_by_https_always_and_beside_it_by_http_where_the_settings_say_so(office: Office, tmp_path: Path) -> None:
    path = f"/provisioning/{(await known(office, 'desk2')).secret}/snom-{SNOM}.xml"
    careful = tmp_path / "office.toml"
    careful.write_text(office.settings.read_text().replace("http = true\n", ""))
    for document, by_http in ((office.settings, 200), (careful, 404)):
        async with secure_site(tmp_path / str(by_http), None, office.socket, document) as (https, http, tls):
            assert tls.authority
            async with Visitor(https.address, verify=trusting(tls.authority.file)) as one:
                answer = await one.get(path)
                assert answer.status_code == 200 and f"{https.address}/provisioning/" in answer.text
            async with Visitor(http) as one:
                assert (await one.get(path)).status_code == by_http


async def test_nobody_else_is_given_anything(office: Office) -> None:
    """Whatever is wrong, it is not there; after too many wrong secrets for a telephone one has to wait with that one alone."""
    first, second = await known(office, "desk1"), await known(office, "desk2")
    other = "A" * 32
    wrong = [
        f"provisioning/{second.secret}/805ec0000001.cfg",  # the secret of another
        f"provisioning/{first.secret}/{SNOM}.cfg",
        f"provisioning/{other}/805ec0000001.cfg",
    ]
    not_there = [
        f"provisioning/{first.secret}/cfg805ec0000001.xml",  # right, and not as this maker asks
        f"provisioning/{first.secret}/",
        f"provisioning/{first.secret}/office.toml",
        f"provisioning/{first.secret}/y000000000028.cfg",
        f"provisioning/{first.secret[:-1]}/805ec0000001.cfg",
        f"provisioning/{first.secret}x/805ec0000001.cfg",
        f"provisioning/{'A' * 8000}/805ec0000001.cfg",
        f"provisioning/{first.secret}/..%2f805ec0000001.cfg",
        f"provisioning/{first.secret}/805ec0000001.cfg%00",
        f"provisioning/{first.secret}/805ec0000001.cfg%0a",
        f"provisioning/{first.secret}/%ef%bc%98%ef%bc%9005ec0000001.cfg",  # digits that are none of ASCII's
        "provisioning/805ec0000001.cfg",
        "provisioning//805ec0000001.cfg",
    ]
    for path in wrong + not_there:
        answer = await asked(office, path)
        assert answer.status_code in (404, 400, 414), path[:80]
        assert PASSWORDS["desk1"] not in answer.text and PASSWORDS["desk2"] not in answer.text
    raw = http.client.HTTPConnection("127.0.0.1", office.web, timeout=30)
    raw.request("GET", f"/provisioning/{first.secret}/../{second.secret}/805ec0000001.cfg")
    answered = await asyncio.to_thread(raw.getresponse)
    assert answered.status == 404
    raw.close()
    assert (await asked(office, f"provisioning/{first.secret}/805ec0000001.cfg")).status_code == 200
    codes = [(await asked(office, wrong[-1])).status_code for _ in range(round(WRONG_AT_ONCE) + 2)]
    assert codes[0] == 404 and codes[-1] == 429
    assert (await asked(office, f"provisioning/{second.secret}/snomD735-{SNOM}.htm")).status_code == 200
