# SPDX-License-Identifier: GPL-2.0-or-later
"""Every page that sets something, in a real browser: for everybody, and nothing wider than its screen; a setting put in force."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from starlette.routing import compile_path

from appliance.web.app import rows
from tests.web.applying import Applying
from tests.web.chromium import ROOT, SIZES, check, come_in, log_in, somebody
from tests.web.test_office_pages_in_a_browser import BOARD, FIRST, PAST
from tests.web.visitors import site

FULL = (ROOT / "docs/office.full.toml").read_text()
BEFORE = ("/first-run", "/log-in")
PAGES = (
    "/me", "/users", "/audit", "/settings", "/settings/at/person/anna", "/settings/at/queue/sales",
    "/settings/at/hours/office/week", "/settings/at/features", "/settings/history", "/settings/version/1",
    "/settings/restart", "/settings/at/action/gate",
    "/settings/import", "/settings/draft", "/tokens", "/scenarios", "/scenarios/main", "/scenarios/night", "/authority",
    "/webhooks", "/status", "/phones", "/phones/desk1", "/gateways/copper", "/gateways/gate", "/codes", "/prompts", "/backups",
)  # fmt: skip
# Routes that are no pages: streams, files, sounds, what a part of a page is fetched from.
NO_PAGES = {
    "/events", "/health", "/messages/{id:int}/sound", "/recordings/{id:int}/sound", "/reports/export", "/reports/pdf",
    "/settings/export", "/settings/check-line/{line}", "/settings/restart/over",
    "/calls/export", "/what-if/state", "/what-if/table", "/linekeeper-authority.crt",
    "/provisioning/{secret}/{file}", "/provisioning/{secret}/{mac}/phonebook.xml", "/prompts/{file}", "/backups/{name}",
}  # fmt: skip

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_no_page_is_forgotten_here(tmp_path: Path) -> None:
    async with site(tmp_path) as box:
        routes = {row.path for row in rows(box.box) if row.method == "GET"}
    looked_at = (*BEFORE, *PAGES, *PAST, *BOARD, *FIRST)
    forgotten = {one for one in routes if not any(compile_path(one)[0].match(path) for path in looked_at)}
    assert forgotten == NO_PAGES


@SIZES
async def test_every_page_is_for_everybody_at_every_size(
    tmp_path: Path, chromium: Browser, width: int, dark: bool
) -> None:
    async with (
        Applying(tmp_path, FULL) as switch,
        site(tmp_path / "pages", switch.socket, switch.document) as box,
        somebody(chromium, width=width, dark=dark) as page,
    ):
        await check(page, f"{box.address}/first-run")
        box.people()
        await check(page, f"{box.address}/log-in")
        await come_in(page, box, "owner")
        for path in PAGES:
            await check(page, box.address + path)


async def test_somebody_logs_in_changes_a_setting_and_puts_it_in_force_by_clicks(
    tmp_path: Path, chromium: Browser
) -> None:
    async with (
        Applying(tmp_path, FULL) as switch,
        site(tmp_path / "pages", switch.socket, switch.document) as box,
        somebody(chromium) as page,
    ):
        box.people()
        await log_in(page, box)
        await page.goto(f"{box.address}/settings/at/queue/sales")
        await page.fill("[name=max_wait]", "240")
        await page.click(".save button")
        await expect(page.get_by_role("status").first).to_be_visible()
        await page.click(".bar a")
        await page.click("[action='/settings/apply'] button")
        await expect(page.locator("body")).to_contain_text("Version 2")
        assert switch.text == FULL.replace("max_wait = 180", "max_wait = 240", 1)
