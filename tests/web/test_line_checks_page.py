# SPDX-License-Identifier: GPL-2.0-or-later
"""The line doctor on pages and by the API: a line is checked by a button, and what was found is there to be read."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser

from appliance.control.doctor import CheckLine, Finding, LineChecked, Way
from appliance.control.messages import Document, Refused, Request, Written
from appliance.control.server import Peer
from appliance.web import standing
from appliance.web.access import EMPLOYEE, INSTALLER, OWNER, SUPERVISOR
from tests.fakes.switch import Switch
from tests.web.chromium import come_in, look, somebody
from tests.web.programs import Program, followed
from tests.web.visitors import Site, Visitor

ROOT = Path(__file__).parents[2]
SETTINGS = ROOT / "office.example.toml"
PAGE = "/settings/at/line/city"
WITHIN = 20.0  # seconds for anything that is waited for
WELL = Way(gain=-0.4, noise=-67.0, delay=148.0, clips=None, lost=0, echo_loss=None, echo_delay=None)
QUIET = LineChecked(
    line="city", other="backup", call=5, at=1_790_000_000_000, heard=WELL,
    said=msgspec.structs.replace(WELL, gain=-8.1),
    findings=(Finding(id="too-quiet", way="said", words="It is too quiet.", todo="Turn it up."),),
)  # fmt: skip


class Doctor(Switch):
    """Checks lines: once `may` is set."""

    def __init__(self, socket: Path) -> None:
        super().__init__(socket)
        self.may = asyncio.Event()
        self.finds: LineChecked | Refused = QUIET

    async def _handle(self, request: Request, peer: Peer) -> object:
        if isinstance(request, Document):
            return Written(1, SETTINGS.read_text())
        if isinstance(request, CheckLine):
            await self.may.wait()
            if isinstance(self.finds, Refused):
                raise self.finds
            self.line(request.line, checked=self.finds)
            return self.finds
        return await super()._handle(request, peer)


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Doctor]:
    async with Doctor(tmp_path / "control.sock") as switch:
        yield switch


@pytest.fixture
async def box(tmp_path: Path, switch: Doctor, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(standing, "FRESH", 0.0)
    async with followed(tmp_path / "pages", switch.socket, SETTINGS) as box:
        yield box


async def until(page: Visitor, path: str, word: str) -> str:
    async with asyncio.timeout(WITHIN):
        while word not in (text := (await page.get(path)).text):
            await asyncio.sleep(0.05)
    return text


async def test_a_line_is_checked_by_a_button_on_its_page_and_its_verdict_is_read_there_and_under_health(
    box: Site, switch: Doctor
) -> None:
    async with box.logged_in(OWNER) as owner:
        assert "No line was checked." in (await owner.get("/status")).text
        assert "It was not checked yet." in (await owner.get(PAGE)).text
        assert (await owner.fill(PAGE, "/settings/check-line/city")).headers["location"] == f"{PAGE}#check"
        running = (await owner.get(PAGE)).text
        assert "The line is being checked." in running and "Check this line" not in running
        assert 'hx-get="/settings/check-line/city?again"' in running
        switch.may.set()
        part = await until(owner, "/settings/check-line/city?again", "Check this line")
        assert "<html" not in part and "hx-get" not in part
        assert "Checked on 2026-09-2" in part and "came back by “backup”" in part
        assert "Line “City”: what is said into it arrives 8.1 dB too quiet." in part and "-8.1 dB" in part
        health = (await owner.get("/status")).text
        assert "Line “City”: what is said into it arrives 8.1 dB too quiet." in health
        assert "Turn this line up: the gain of its microphone." in health and f'<a href="{PAGE}">There</a>' in health
        owner.headers["Accept-Language"] = "uk"
        assert "Лінія «City»: те, що в неї кажуть, доходить на 8.1 дБ тихіше" in (await owner.get("/status")).text
        assert "-8.1 дБ" in (await owner.get(PAGE)).text
    async with box.logged_in(SUPERVISOR) as one:
        assert PAGE not in (await one.get("/status")).text, "who may not open the settings is led there by nothing"


@pytest.mark.parametrize(
    ("id", "words"),
    [("line-down", "It cannot be checked while it is out of order."), ("strange", "It could not be checked")],
)
async def test_a_line_that_cannot_be_checked_is_told_with_why(box: Site, switch: Doctor, id: str, words: str) -> None:
    switch.finds = Refused(id, "line city is down")
    switch.may.set()
    async with box.logged_in(INSTALLER) as one:
        await one.fill(PAGE, "/settings/check-line/city")
        assert "It was not checked yet." in await until(one, PAGE, words)
        switch.finds = QUIET
        await one.fill(PAGE, "/settings/check-line/city")
        assert words not in await until(one, PAGE, "8.1 dB too quiet")


async def test_who_may_not_change_settings_checks_no_line_and_none_is_checked_that_is_not_there(box: Site) -> None:
    async with box.logged_in(EMPLOYEE) as one:
        csrf = await one.csrf("/me")
        assert (await one.post("/settings/check-line/city", data={"csrf": csrf})).status_code == 403
    async with box.logged_in(OWNER) as owner:
        csrf = await owner.csrf("/me")
        assert (await owner.post("/settings/check-line/nowhere", data={"csrf": csrf})).status_code == 404
        assert (await owner.get("/settings/check-line/nowhere")).status_code == 404


async def test_a_program_has_a_line_checked_and_reads_what_was_found_last(box: Site, switch: Doctor) -> None:
    switch.may.set()
    async with Program(box) as program:
        assert (await program.get("/lines")).json()[0]["checked"] is None
        checked = (await program.post("/lines/city/check", json={})).json()
        assert checked["findings"][0] == {
            "id": "too-quiet",
            "way": "said",
            "words": "It is too quiet.",
            "todo": "Turn it up.",
        }
        assert (await program.get("/lines")).json()[0]["checked"] == checked
        assert (await program.post("/lines/nowhere/check", json={})).status_code == 404
        assert (await program.post("/lines/city/check", json={"to": "fire"})).status_code == 422
        switch.finds = Refused("line-busy", "line city carries a call")
        refused = await program.post("/lines/city/check", json={})
        assert (refused.status_code, refused.json()["error"]) == (409, "line-busy")
    async with Program(box, scopes=["office:read"]) as reader:
        assert (await reader.post("/lines/city/check", json={})).status_code == 403


@pytest.mark.asyncio(loop_scope="session")
async def test_the_page_shows_what_was_found_by_itself(tmp_path: Path, chromium: Browser) -> None:
    async with (
        Doctor(tmp_path / "control.sock") as switch,
        followed(tmp_path / "pages", switch.socket, SETTINGS) as box,
        somebody(chromium, width=360, dark=False) as page,
    ):
        await come_in(page, box, OWNER)
        await page.goto(box.address + PAGE)
        await page.get_by_role("button", name="Check this line").click()
        await page.get_by_text("The line is being checked.").wait_for()
        switch.may.set()
        await page.get_by_text("8.1 dB too quiet").wait_for()
        await look(page)
