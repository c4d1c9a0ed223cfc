# SPDX-License-Identifier: GPL-2.0-or-later
"""What is set by hand in a real browser: a week painted, a telephone given to somebody and its keys drawn."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.telephones import tone
from tests.web.applying import Applying
from tests.web.chromium import DESK, PHONE, check, come_in, drag, log_in, look, photograph, somebody, until
from tests.web.kept import Kept
from tests.web.test_hours_pages import HOLIDAYS, week
from tests.web.test_phone_pages import OFFICE, TABLE, written
from tests.web.visitors import site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_week_is_painted_by_mouse_finger_and_keyboard(tmp_path: Path, chromium: Browser) -> None:
    (tmp_path / "state").mkdir()
    async with (
        Kept(tmp_path / "state", HOLIDAYS) as kept,
        site(tmp_path / "pages", kept.socket, kept.settings, kept.state, follows=True) as box,
    ):
        box.people()
        async with somebody(chromium) as page:

            def cell(day: int, half_hour: int) -> Locator:
                return page.locator(f'[data-day="{day}"][data-n="{half_hour}"]')

            await come_in(page, box, "owner")
            await page.goto(f"{box.address}/hours")
            await expect(page.locator(".cell")).to_have_count(336)
            await drag(page, cell(2, 16), cell(2, 23))
            await expect(page.locator("#wed")).to_have_value("08:00-12:00")
            await cell(2, 18).click()  # over open hours: they are closed
            await expect(page.locator("#wed")).to_have_value("08:00-09:00 09:30-12:00")
            for key in ("Space", "Shift+ArrowRight", "Shift+ArrowRight", "ArrowDown", "Space"):
                await page.keyboard.press(key)
            await expect(page.locator("#wed")).to_have_value("08:00-12:00")
            await expect(page.locator("#thu")).to_have_value("10:00-10:30")
        async with somebody(chromium, width=PHONE) as page:
            await come_in(page, box, "owner")
            await page.goto(f"{box.address}/hours")
            await expect(page.locator(".cell")).to_have_count(336)
            await drag(page, cell(5, 20), cell(5, 30), finger=True)
            await expect(page.locator("#sat")).to_have_value("10:00-15:30")
            await photograph(page, "hours-painted")
            await page.locator("#week button").click()
            await expect(page.get_by_role("status").first).to_be_visible()
        assert week(box, "owner")["sat"] == ["10:00-15:30"]


async def test_an_installer_gives_a_telephone_to_somebody_and_draws_its_keys(tmp_path: Path, chromium: Browser) -> None:
    arp = tmp_path / "arp"
    arp.write_text(TABLE)
    async with (
        Applying(tmp_path, OFFICE) as switch,
        site(tmp_path / "pages", switch.socket, switch.document, arp=arp) as box,
        somebody(chromium, width=PHONE, dark=True) as page,
    ):
        box.people()
        await log_in(page, box)
        for path in ("/phones", "/phones/desk1"):
            await check(page, box.address + path, f"{path[1:].replace('/', '-')}-found")
        await page.goto(f"{box.address}/phones")
        await page.click('[data-mac="805ec0000007"] button')
        await expect(page.get_by_role("status").first).to_be_visible()
        assert written(switch)["person"]["carl"]["phones"] == ["carl"]
        await page.click("[data-phone=carl] a")
        await page.select_option("#known", "101")
        await page.click("button[value=add]")
        await expect(page.locator("ol.phonekeys li")).to_have_count(2)
        await expect(page.locator("ol.phonekeys")).to_contain_text("Anna")
        await check(page, f"{box.address}/phones/carl")
        await page.set_viewport_size({"width": DESK, "height": 800})
        await check(page, f"{box.address}/phones")


async def test_an_installer_hears_a_text_and_deletes_a_recording_with_two_clicks(
    tmp_path: Path, chromium: Browser
) -> None:
    async with (
        Applying(tmp_path, OFFICE) as switch,
        site(tmp_path / "pages", switch.socket, switch.document, tmp_path) as box,
        somebody(chromium, width=PHONE) as page,
    ):
        box.people()
        tone.write(tmp_path / "old.wav", 440, 0.2)
        await log_in(page, box)
        await page.goto(f"{box.address}/prompts")
        await page.set_input_files("#file", tmp_path / "old.wav")
        await page.fill("#name", "old")
        await page.get_by_role("button", name="Bring it into my draft").click()
        await expect(page.get_by_role("status").first).to_be_visible()
        await page.fill("#text", "We are closed today.")
        await page.get_by_role("button", name="Hear it").click()
        sound = page.locator("audio[autoplay]")
        await expect(sound).to_be_visible()
        await until(page, "document.querySelector('audio[autoplay]').duration > 0.5")
        await expect(page.locator("#text")).to_have_value("We are closed today.")
        await page.click("[data-prompt=old] summary")
        await look(page, "prompts-heard")
        await page.click("[data-prompt=old] button")
        await page.click("[data-file] summary")
        await look(page, "prompts-unnamed")
        await page.click("[data-file] button")
        await expect(page.locator("[data-file]")).to_have_count(0)
        assert not list((tmp_path / "prompts").glob("*.wav"))
