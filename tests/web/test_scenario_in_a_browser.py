# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenario constructor in a real browser: forms in place, ways drawn by mouse and finger, a call tried with every change."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from appliance.settings import edits
from tests.web.applying import Applying
from tests.web.chromium import PHONE, check, come_in, drag, look, somebody, until
from tests.web.test_pages_in_a_browser import FULL
from tests.web.visitors import site

LIT = "[...document.querySelectorAll('#canvas a.lit')].map(one => one.dataset.box).join()"

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_scenario_is_built_by_mouse_finger_and_keys_and_tried(tmp_path: Path, chromium: Browser) -> None:
    async with (
        Applying(tmp_path, FULL) as switch,
        site(tmp_path / "pages", switch.socket, switch.document) as box,
        somebody(chromium, forgives="422") as page,  # a form with faults is answered so
    ):
        box.people()
        await come_in(page, box, "installer")
        await page.set_viewport_size({"width": 1500, "height": 1000})
        await page.goto(f"{box.address}/scenarios/main")
        form, trial = page.locator("#form-main"), page.locator("#try")

        def step(name: str) -> Locator:
            return page.locator(f'[data-box="{name}"]')

        # a call is tried: its path is lit, the trace stands beside it
        for field, value in {"from": "+37060000002", "when": "2026-12-01T10:00", "keys": "1"}.items():
            await page.fill(f"#ask-{field}", value)
        await page.select_option("#ask-answers", "anna")
        await page.click("#ask-go")
        await until(page, f"{LIT} === 'hours,busy,vip,known,welcome'")
        await expect(trial).to_contain_text("Anna answered after")
        await look(page, "scenario-tried")

        # by mouse a way is led elsewhere, and the call takes it at once
        dot = page.locator('.grip[data-step="known"][data-to="vip"]')
        await drag(page, dot, step("sooner"))
        await until(page, f"{LIT} === 'hours,busy,vip,known,welcome,sooner'")
        await expect(page.locator('.bar a[href="/settings/draft"]')).to_be_visible()

        # by finger, from the plus: which way is asked; now it leads round for ever, and is shown to
        await drag(page, page.locator('.grip.more[data-step="vip"]'), step("known"), finger=True)
        await expect(page.locator("#which[open]")).to_be_visible()
        await look(page, "scenario-which")
        await page.locator("#which button").filter(has_text="listed").first.click()
        await expect(page.locator(".line.wrong").first).to_be_attached()
        await expect(page.locator('[data-box="believed"].lost.faulty')).to_be_visible()
        await expect(trial).to_contain_text("First mend")

        # by keys: a step opens its form in place, the way is chosen there, and all is well again
        await step("vip").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".of:focus")).to_have_text("vip")
        await look(page, "scenario-form")
        await page.select_option("#f-listed", "believed")
        await form.locator(".save button").focus()
        await page.keyboard.press("Enter")
        await expect(form.get_by_role("status").first).to_be_visible()
        await until(page, f"document.querySelector('.faulty') === null && {LIT}.includes('sooner')")

        # a step of the palette comes with its form and its faults, gets another name, and goes again
        await page.locator('.kind[value="say"]').click()
        await expect(page.locator('[data-box="say"].lost.faulty')).to_be_visible()
        await expect(form.locator("#f-prompt")).to_be_focused()
        async with page.expect_response("**/scenarios/main*"):  # drawn anew
            await form.locator(".save button").click()
        await expect(form.locator(".wrong .fault").first).to_be_visible()  # beside its field
        await form.locator("#rename").fill("extra")
        await form.get_by_role("button", name="Rename").click()
        await expect(page.locator('a.open[data-box="extra"]')).to_be_visible()
        await form.locator(".danger").click()
        await expect(step("extra")).to_have_count(0)
        await expect(page.locator("#form")).to_be_hidden()
        await expect(page.locator(".faulty")).to_have_count(0)

        draft = box.office.draft("installer")
        assert draft is not None
        made = edits.changes(edits.values(FULL), edits.values(draft.document))
        assert made == [edits.Change(("scenario", "main", "step", "known", "no"), "vip", "sooner")]
        await page.set_viewport_size({"width": PHONE, "height": 844})
        await page.emulate_media(color_scheme="dark")
        await check(page, f"{box.address}/scenarios/main", "scenario-draft")
