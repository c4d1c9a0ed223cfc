# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of what is wrong: who sees it, what it says while the switch is away, and that it is looked at anew."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from appliance.control import messages as m
from appliance.control.health import Trouble, Troubled
from appliance.store.office import Draft
from appliance.web import standing
from appliance.web.access import EMPLOYEE, INSTALLER, OWNER, READER, SUPERVISOR, now
from tests.fakes.switch import Switch
from tests.web.kept import DOCUMENT, Kept
from tests.web.programs import Program, followed
from tests.web.visitors import Site, Visitor

ROOT = Path(__file__).parents[2]
WITHIN = 20.0  # seconds for anything that is waited for


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Switch]:
    async with Switch(tmp_path / "control.sock") as switch:
        yield switch


@pytest.fixture
async def box(tmp_path: Path, switch: Switch, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(standing, "FRESH", 0.0)
    async with followed(tmp_path / "pages", switch.socket, ROOT / "office.example.toml") as box:
        yield box


async def until(page: Visitor, word: str) -> str:
    async with asyncio.timeout(WITHIN):
        while word not in (text := (await page.get("/status")).text):
            await asyncio.sleep(0.05)
    return text


async def test_owner_installer_and_supervisor_see_it_and_nobody_else(box: Site) -> None:
    for role in (OWNER, INSTALLER, SUPERVISOR):
        async with box.logged_in(role) as one:
            page = await one.get("/status")
            assert page.status_code == 200 and "Line “Backup” is out of order." in page.text
            assert 'href="/status" aria-current="page"' in page.text
            assert ('<a href="/settings">There</a>' in page.text) is False or role != SUPERVISOR
    for role in (EMPLOYEE, READER):
        async with box.logged_in(role) as one, Program(box, role) as program:
            assert (await one.get("/status")).status_code == 403
            assert '"/status"' not in (await one.get("/me")).text
            assert (await program.get("/health")).status_code == 403


async def test_what_goes_wrong_appears_and_what_is_mended_goes(box: Site, switch: Switch) -> None:
    async with box.logged_in(OWNER) as owner:
        assert "Every call is written down." in (await owner.get("/status")).text
        switch.tell(Troubled, trouble=Trouble(id="journal", why="The disk is <full>.", since=1))
        assert "The disk is &lt;full&gt;." in await until(owner, "What happens is not written down")
        switch.tell(Troubled, trouble=Trouble(id="journal", why="", since=1))
        await until(owner, "Every call is written down.")
        part = await owner.get("/status", headers={"HX-Request": "true"})
        assert "<html" not in part.text and part.text.strip().startswith("<!doctype") is False
        assert 'hx-get="/status?again"' in part.text
        await switch.stop()
        away = await until(owner, "no call is taken")
        assert "Not known while the exchange does not answer." in away


async def test_drafts_webhooks_and_mail_of_this_box_are_looked_at(box: Site, switch: Switch) -> None:
    office = box.office
    office.keep(Draft(INSTALLER, "", "[office]", now() - 3 * 86_400_000))
    hook = office.webhooks.add("http://127.0.0.1:9/x", "whsec_x", {"call.ended"}, OWNER, now())
    office.webhooks.put(hook, "{}", now())
    delivery = office.webhooks.due(hook, now() + 1000)
    assert delivery
    office.webhooks.given_up(delivery, "Connection refused")
    async with box.logged_in(SUPERVISOR) as one:
        page = await until(one, "installer changed the settings on")
        assert "The webhook http://127.0.0.1 is not reached: Connection refused (waiting: 0, given up: 1)" in page
        assert "127.0.0.1:9/x" not in page, "what may be secret of its address is for who may see the webhook"
        one.headers["Accept-Language"] = "uk"
        assert "Вебхук http://127.0.0.1 недоступний" in (await one.get("/status")).text
    async with Program(box) as program:
        checks = {each["id"]: each for each in (await program.get("/health")).json()["checks"]}
        assert checks["webhooks"]["level"] == "warning" and checks["webhooks"]["found"][0]["todo"]
        assert (await program.get("/health?language=xx")).status_code == 422
        assert 'linekeeper_health{check="lines"} 2\n' in (await program.get(box.address + "/metrics")).text
    assert any(isinstance(asked, m.Messages) for asked in switch.asked)


async def test_a_digest_that_is_not_sent_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "FRESH", 0.0)
    mail = '[mail]\nhost = "mail.example.com"\nfrom = "box@example.com"\n[digest]\nto = ["a@example.com"]\n'
    async with (
        Kept(tmp_path, DOCUMENT + mail) as kept,
        followed(tmp_path / "pages", kept.socket, kept.settings) as box,
        box.logged_in(OWNER) as owner,
    ):
        await until(owner, "None waits for long, none was given up.")
        box.office.digests.keep(now() - 3 * 86_400_000)
        await until(owner, "E-mails that wait: 3; the oldest for")


async def test_an_office_without_lines_is_told_so(box: Site, switch: Switch) -> None:
    box.box.screen.on_office(msgspec.structs.replace(switch.office, lines=()))
    async with box.logged_in(OWNER) as owner:
        assert "nobody can call the office" in (await owner.get("/status")).text
