# SPDX-License-Identifier: GPL-2.0-or-later
"""The main act of each page that sets something, by a thumb on a telephone: from the menu to what it leaves behind."""

import io
import wave
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from appliance.web.access import READER
from tests.web.applying import Applying
from tests.web.chromium import FITS, PHONE, come_in, somebody, until
from tests.web.kept import DOCUMENT, GSM, Kept, T, tone
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


async def test_a_supervisor_looks_after_yesterdays_calls_with_a_thumb(tmp_path: Path, chromium: Browser) -> None:
    (tmp_path / "state").mkdir()
    kept = Kept(tmp_path / "state", DOCUMENT + GSM)
    call = kept.call(name="Olga")
    kept.message(kept.call(T + 60_000, outcome="voicemail", person=""), "office")
    kept.recording(call, tone(16_000))
    async with (
        kept,
        site(tmp_path / "pages", kept.socket, kept.settings, kept.state, follows=True) as box,
        somebody(chromium, width=PHONE) as page,
    ):
        box.people()
        await come_in(page, box, "owner")
        await page.goto(f"{box.address}/me")

        await goes_to(page, "/calls")
        await page.fill("#q", "Olga")
        await page.get_by_role("button", name="Search").tap()
        await page.wait_for_url("**/calls?*q=Olga*")
        await page.locator(f"a[href='/calls/{call}']").tap()
        await expect(page.locator("h2").first).to_contain_text("Olga")

        await goes_to(page, "/messages")
        await page.get_by_role("button", name="Handled").tap()
        await expect(page.locator("main")).to_contain_text("0 to be handled")
        assert [one.handled for one in kept.messages.all()] == [True]
        await page.locator("summary", has_text="Delete").tap()
        await page.get_by_role("button", name="Delete for good").tap()
        await expect(page.locator("main")).to_contain_text("No messages.")

        await goes_to(page, "/recordings")
        await page.locator("audio").evaluate("one => { one.muted = true; one.play(); }")
        await until(page, "document.querySelector('audio').ended")

        await goes_to(page, "/reports")
        await page.fill("#from", "2026-09-20")
        await page.fill("#until", "2026-09-24")
        await page.get_by_role("button", name="Show").tap()
        await expect(page.locator(".chart canvas").first).to_be_visible()

        await goes_to(page, "/what-if")
        await page.fill("#from", "2026-09-23")
        await page.fill("#until", "2026-09-23")
        await page.get_by_role("button", name="Try it").tap()
        await expect(page.locator("main table").first).to_be_visible()

        await goes_to(page, "/status")
        await expect(page.locator("#check-switch")).to_be_visible()


async def test_an_installer_sets_up_what_callers_hear_and_programs_are_told_with_a_thumb(
    tmp_path: Path, chromium: Browser
) -> None:
    async with (
        Applying(tmp_path, FULL) as switch,
        site(tmp_path / "pages", switch.socket, switch.document) as box,
        somebody(chromium, width=PHONE) as page,
    ):
        box.people()
        await come_in(page, box, "owner")
        await page.goto(f"{box.address}/me")

        await goes_to(page, "/webhooks")
        await page.fill("#url", "https://crm.example/calls")
        await page.locator("[name=kind]").first.locator("..").tap()
        await page.get_by_role("button", name="Add").tap()
        await expect(page.locator("main")).to_contain_text("crm.example")
        await page.get_by_role("button", name="Remove webhook 1").tap()
        await expect(page.locator("main table")).to_have_count(0)

        await goes_to(page, "/prompts")
        await page.set_input_files("#file", {"name": "hello.wav", "mimeType": "audio/wav", "buffer": wav()})
        await page.fill("#name", "hello")
        await page.get_by_role("button", name="Bring it into my draft").tap()
        await expect(page.get_by_role("status").first).to_be_visible()
        await page.goto(f"{box.address}/settings/draft")
        await expect(page.locator("table.carded")).to_contain_text("prompt.hello")
        await page.get_by_role("button", name="Throw the draft away").tap()

        await goes_to(page, "/begin")
        await page.fill("#name", "Bakery")
        await page.get_by_role("button", name="Put it in force").tap()
        await page.wait_for_url("**/begin?done=applied*")
        assert 'name = "Bakery"' in switch.text


def wav() -> bytes:
    """A second of a tone."""
    file = io.BytesIO()
    with wave.open(file, "wb") as one:
        one.setparams((2, 2, 16_000, 0, "NONE", ""))
        one.writeframes(tone(16_000))
    return file.getvalue()
