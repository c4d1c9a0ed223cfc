# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones as a page: found on the network, given to somebody with one click, their keys drawn; and who may."""

import tomllib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.web import mdns
from appliance.web.around import HEARD_MOST, Around, Neighbour
from tests.web.applying import Applying
from tests.web.programs import Program, followed
from tests.web.visitors import Site, site

OFFICE = """
# kept
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[provisioning]
[phone.desk1]
mac = "0004130000aa"
keys = [{ number = "102" }]
[phone.desk2]
[person.anna]
name = "Anna"
extension = "101"
phones = ["desk1"]
[person.boris]
name = "Boris"
extension = "102"
phones = ["desk2"]
[person.carl]
name = "Carl <b>"
extension = "103"
"""
TABLE = """\
IP address       HW type     Flags       HW address            Mask     Device
192.0.2.20       0x1         0x2         80:5e:c0:00:00:07     *        eth0
192.0.2.21       0x1         0x2         00:04:13:00:00:aa     *        eth0
192.0.2.22       0x1         0x0         00:00:00:00:00:00     *        eth0
192.0.2.23       0x1         0x2         02:00:00:00:00:01     *        eth0
<script>         0x1         0x2         80:5e:c0:00:00:08     *        eth0
nonsense
"""


@pytest.fixture
def arp(tmp_path: Path) -> Path:
    (tmp_path / "arp").write_text(TABLE)
    return tmp_path / "arp"


@pytest.fixture
async def office(tmp_path: Path, arp: Path) -> AsyncIterator[tuple[Applying, Site]]:
    async with (
        Applying(tmp_path, OFFICE) as switch,
        site(tmp_path / "pages", switch.socket, switch.document, arp=arp) as box,
    ):
        box.people()
        yield switch, box


def written(switch: Applying) -> Any:
    return tomllib.loads(switch.text)


async def test_a_telephone_found_on_the_network_is_somebodys_by_one_click(office: tuple[Applying, Site]) -> None:
    switch, box = office
    async with box.logged_in("installer") as one:
        page = (await one.get("/phones")).text
        assert 'data-mac="805ec0000007"' in page and "192.0.2.20" in page and "yealink" in page
        assert 'data-mac="0004130000aa"' not in page and "020000000001" not in page  # ours, and no telephone
        assert page.index('value="carl"') < page.index('value="anna"')  # who has none comes first
        answer = await one.fill("/phones", "/phones/bind", mac="805ec0000007", maker="yealink", person="carl")
        assert answer.headers["location"] == "/phones?done=applied"
        document = written(switch)
        assert document["phone"]["carl"] == {"mac": "80:5e:c0:00:00:07"}
        assert document["person"]["carl"]["phones"] == ["carl"] and "# kept" in switch.text
        assert 'data-mac="805ec0000007"' not in (await one.get("/phones")).text
        again = await one.fill("/phones", "/phones/bind", mac="80:5E:C0:00:00:07", person="anna")
        assert again.status_code == 409
        for wrong in ({"mac": "nonsense", "person": "anna"}, {"mac": "805ec0000009", "person": "nobody"}):
            assert (await one.fill("/phones", "/phones/bind", **wrong)).status_code == 404
        assert box.office.audited()[0].what == "settings-applied"


async def test_a_telephone_set_up_by_hand_is_of_somebody_new_with_the_next_extension(
    office: tuple[Applying, Site],
) -> None:
    switch, box = office
    async with box.logged_in("installer") as one:
        answer = await one.fill("/phones", "/phones/add", new="  Ольга   Ёлкина ")
        assert answer.headers["location"] == "/phones/person?done=applied"
        assert written(switch)["person"]["person"] == {
            "name": "Ольга Ёлкина", "extension": "104", "phones": ["person"]
        }  # fmt: skip
        answer = await one.fill("/phones", "/phones/add", new="Anna")
        assert answer.headers["location"] == "/phones/anna-2?done=applied"
        assert written(switch)["person"]["anna-2"]["extension"] == "105"
        answer = await one.fill("/phones", "/phones/add", person="anna")
        assert answer.headers["location"] == "/phones/anna?done=applied"
        assert written(switch)["person"]["anna"]["phones"] == ["desk1", "anna"]
        for wrong in ({"person": "nobody"}, {"new": "x" * 65}, {"new": "a\x07b"}):
            assert (await one.fill("/phones", "/phones/add", **wrong)).status_code == 422
    async with box.logged_in("employee") as one:
        assert (await one.post("/phones/add", data={"new": "Eve"})).status_code == 403


async def test_who_has_a_draft_finds_the_telephone_in_it(office: tuple[Applying, Site]) -> None:
    switch, box = office
    async with box.logged_in("owner") as one:
        await one.fill("/phones/desk1", "/phones/desk1/keys", do="add", known="103", lamp="1")
        answer = await one.fill("/phones", "/phones/bind", mac="0c383e000001", maker="snom", person="boris")
        assert answer.headers["location"] == "/phones?done=draft"
        draft = box.office.draft("owner")
        assert draft and switch.text == OFFICE
        document = tomllib.loads(draft.document)
        assert document["phone"]["boris"] == {"mac": "0c:38:3e:00:00:01", "maker": "snom"}
        assert document["person"]["boris"]["phones"] == ["desk2", "boris"]


async def test_keys_are_added_moved_and_taken_away(office: tuple[Applying, Site]) -> None:
    _switch, box = office

    def keys() -> Any:
        draft = box.office.draft("owner")
        return tomllib.loads(draft.document)["phone"]["desk1"].get("keys") if draft else None

    async with box.logged_in("owner") as one:
        page = "/phones/desk1"

        async def does(**fields: str) -> None:
            assert (await one.fill(page, f"{page}/keys", **fields)).status_code == 303

        assert "Boris" in (await one.get(page)).text
        await does(do="add", number="71", label="Parked", lamp="1")
        await does(do="add", known="103")
        assert keys() == [{"number": "102"}, {"number": "71", "label": "Parked"}, {"number": "103", "lamp": False}]
        shown = (await one.get(page)).text
        assert "Carl &lt;b&gt;" in shown and "<b>" not in shown and shown.count(" lit") == 2
        await does(do="up", at="2")
        await does(do="remove", at="0")
        assert [key["number"] for key in keys()] == ["103", "71"]
        for at in ("0", "9", "-1", "x", ""):  # the first goes no further up, and others are not there
            await does(do="up", at=at)
        assert [key["number"] for key in keys()] == ["103", "71"]
        await does(do="remove", at="0")
        await does(do="remove", at="0")
        assert keys() is None
        assert (await one.get("/phones/nobody")).status_code == 404


async def test_a_telephone_is_forgotten_by_whoever_says_so_twice(office: tuple[Applying, Site]) -> None:
    switch, box = office
    async with box.logged_in("installer") as one, box.logged_in("supervisor") as other:
        answer = await one.fill("/phones/desk1", "/phones/desk1/forget")
        assert answer.headers["location"] == "/phones?done=applied"
        assert "desk1" not in written(switch)["phone"] and "desk1" not in written(switch)["person"]["anna"]["phones"]
        assert (await one.fill("/phones", "/phones/desk1/forget")).status_code == 404
        assert (await other.fill("/me", "/phones/desk2/forget")).status_code == 403
    assert "phone-forgotten" in {row.what for row in box.office.audited()}


async def test_a_program_does_with_telephones_what_the_pages_do(office: tuple[Applying, Site]) -> None:
    switch, box = office
    async with Program(box, "installer") as program:
        [yealink, *_others] = (await program.get("/phones/all")).json()["about"]
        assert (yealink["mac"], yealink["maker"], yealink["ip"]) == ("805ec0000007", "yealink", "192.0.2.20")
        bound = await program.post("/phones/bind", json={"mac": "80:5E:C0:00:00:07", "person": "carl"})
        assert bound.json() == {"phone": "carl", "became": "applied"}
        assert (await program.post("/phones/bind", json={"mac": "805ec0000007", "person": "anna"})).status_code == 409
        added = (await program.post("/phones", json={"new": "Ольга"})).json()
        assert written(switch)["person"]["person"] == {"name": "Ольга", "extension": "104", "phones": [added["phone"]]}
        known = {one["phone"]: one for one in (await program.get("/phones/all")).json()["known"]}
        assert known["carl"]["mac"] == "805ec0000007" and known["carl"]["contacts"] == []
        assert (await program.post("/phones", json={"person": "nobody"})).status_code == 422
        assert (await program.post("/phones/look")).status_code == 409
        assert (await program.post("/phones/carl/reboot")).status_code == 200
        assert (await program.delete("/phones/carl")).json()["became"] == "applied"
        assert (await program.delete("/phones/carl")).status_code == 404
        keys = {"edits": [{"path": ["phone", "desk1", "keys"], "value": [{"number": "71"}]}]}
        tag = {"If-Match": (await program.get("/draft")).headers["etag"]}
        assert (await program.patch("/draft", json=keys, headers=tag)).status_code == 200
        assert (await program.delete("/phones/desk1")).json()["became"] == "draft", "there was a draft"
    noted = {(row.user, row.what) for row in box.office.audited()}
    assert {("installer (a program)", "phone-reboot"), ("installer (a program)", "phone-forgotten")} <= noted
    async with Program(box, "supervisor") as program:
        assert (await program.get("/phones/all")).status_code == 403


async def test_what_is_registered_from_where_with_what_firmware(tmp_path: Path) -> None:
    async with (
        Applying(tmp_path, OFFICE) as switch,
        followed(tmp_path / "pages", switch.socket, switch.document) as box,
    ):
        async with box.logged_in("installer") as one:
            page = (await one.get("/phones")).text
            row = page.partition('data-phone="desk1"')[2].partition("</tr>")[0]
            assert "127.0.0.1:5062" in row and "Desk" in row and 'class="badge good"' in row
            other = page.partition('data-phone="desk2"')[2].partition("</tr>")[0]
            assert 'class="badge bad"' in other
            assert "/phones/desk2/reboot" not in (await one.get("/phones/desk2")).text  # it is not there to be asked
            answer = await one.fill("/phones/desk1", "/phones/desk1/reboot")
            assert answer.headers["location"] == "/phones/desk1?done=reboot"
            assert box.office.audited()[0].what == "phone-reboot"


async def test_the_network_is_asked_only_where_the_settings_say_so(
    office: tuple[Applying, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    switch, box = office
    looked: list[str] = []

    async def look(heard: Callable[[Neighbour], None], mac_at: Callable[[str], str]) -> None:
        looked.append(mac_at("192.0.2.21"))
        heard(Neighbour("0c383e000009", "192.0.2.29", "fanvil", "X4U", "mDNS"))

    monkeypatch.setattr(mdns, "look", look)
    async with box.logged_in("installer") as one:
        assert (await one.fill("/phones", "/phones/look")).status_code == 409 and looked == []
        assert "/phones/look" not in (await one.get("/phones")).text
        switch.document.write_text(OFFICE.replace("[provisioning]", "[provisioning]\nmdns = true"))
        assert (await one.fill("/phones", "/phones/look")).status_code == 303 and looked == ["0004130000aa"]
        page = (await one.get("/phones")).text
        assert "/phones/look" in page and 'data-mac="0c383e000009"' in page and "X4U" in page


async def test_supervisors_employees_and_readers_have_no_such_page(office: tuple[Applying, Site]) -> None:
    _switch, box = office
    for who in ("supervisor", "employee", "reader"):
        async with box.logged_in(who) as one:
            assert (await one.get("/phones")).status_code == 403
            assert (await one.get("/phones/desk1")).status_code == 403


def test_telephones_heard_of_are_bounded_and_the_table_may_be_missing(tmp_path: Path, arp: Path) -> None:
    around = Around(tmp_path / "none")
    for n in range(HEARD_MOST + 3):
        around.heard(Neighbour(f"{n:012x}", "192.0.2.9", None, by="PnP"))
    assert len(around.telephones()) == HEARD_MOST and around.mac_at("192.0.2.20") == ""
    around = Around(arp)
    around.heard(Neighbour("805ec0000007", "192.0.2.20", "yealink", "T54W", "PnP"))
    assert [one.model for one in around.telephones()] == ["", "T54W"]
    assert around.mac_at("192.0.2.21") == "0004130000aa"
