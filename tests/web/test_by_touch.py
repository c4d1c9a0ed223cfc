# SPDX-License-Identifier: GPL-2.0-or-later
"""The main act of each page that sets something, by a thumb on a telephone: from the menu to what it leaves behind."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from appliance.web.access import READER
from tests.web.applying import Applying
from tests.web.chromium import FITS, PHONE, somebody, until
from tests.web.test_pages_in_a_browser import FULL
from tests.web.visitors import PASSWORD, site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def goes_to(page: Page, path: str) -> None:
    """By the menu."""
    await page.locator("#menu").tap()
    await page.locator(f"#pages a[href='{path}']").tap()
    await page.wait_for_url(f"**{path}")
    await until(page, FITS)


async def test_an_owner_sets_his_office_up_with_a_thumb(tmp_path: Path, chromium: Browser) -> None:
    async with (
        Applying(tmp_path, FULL) as switch,
        site(tmp_path / "pages", switch.socket, switch.document) as box,
        somebody(chromium, width=PHONE) as page,
    ):
        box.people()
        await page.goto(f"{box.address}/log-in")
        await page.fill("#name", "owner")
        await page.fill("#password", PASSWORD)
        await page.locator("main form button").tap()
        await page.wait_for_url(f"{box.address}/")

        await goes_to(page, "/users")
        await page.fill("#name", "wall")
        await page.select_option("#role", READER)
        await page.fill("#password", PASSWORD)
        await page.get_by_role("button", name="Add").tap()
        await expect(page.locator("summary", has_text="wall")).to_be_visible()
        assert (one := box.office.user("wall")) and one.role == READER

        await goes_to(page, "/tokens")
        await page.fill("#name", "calendar")
        await page.locator("label", has_text="people:write").tap()
        await page.get_by_role("button", name="Make a token").tap()
        await expect(page.locator("#held")).to_be_visible()
        await page.get_by_role("button", name="Revoke calendar").tap()
        await expect(page.locator("main")).to_contain_text("There is none.")

        await goes_to(page, "/phones")
        await page.fill("#new", "Olga")
        await page.get_by_role("button", name="Add").tap()
        await page.wait_for_url("**/phones/*")

        await goes_to(page, "/settings")
        await page.locator("ul.names a", has_text="sales").first.tap()
        await page.goto(f"{box.address}/settings/at/queue/sales")
        await page.fill("[name=max_wait]", "240")
        await page.get_by_role("button", name="Keep in the draft").tap()
        await expect(page.get_by_role("status").first).to_be_visible()
        await page.locator(".bar a").tap()
        await expect(page.locator("table.carded")).to_contain_text("240")
        await page.locator("[action='/settings/apply'] button").tap()
        await expect(page.locator("body")).to_contain_text("Version 3")
        assert "max_wait = 240" in switch.text

        await page.goto(f"{box.address}/settings/history")
        await page.get_by_role("link", name="Version 1").tap()
        await page.get_by_role("button", name="Put it in force again").tap()
        await expect(page.locator("body")).to_contain_text("Version 4")
        assert switch.text == FULL

        await goes_to(page, "/me")
        await page.select_option("#language", "uk")
        await page.get_by_role("button", name="Use it").tap()
        await expect(page.locator("html")).to_have_attribute("lang", "uk")
