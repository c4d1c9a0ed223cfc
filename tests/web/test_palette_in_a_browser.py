# SPDX-License-Identifier: GPL-2.0-or-later
"""The palette of steps in a real browser: added by a click and by keys, dragged onto the drawing by mouse and finger."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from appliance.settings import edits
from tests.web.applying import Applying
from tests.web.chromium import PHONE, come_in, drag, look, middle, somebody
from tests.web.test_pages_in_a_browser import FULL
from tests.web.visitors import Site, site

pytestmark = pytest.mark.asyncio(loop_scope="session")
OPEN = '.line[data-step="hours"][data-to="busy"]'  # the way while it is open


@contextlib.asynccontextmanager
async def drawn(tmp_path: Path, chromium: Browser, **how: Any) -> AsyncIterator[tuple[Page, Site]]:
    """An installer before the drawing."""
    async with (
        Applying(tmp_path, FULL) as switch,
        site(tmp_path / "pages", switch.socket, switch.document) as box,
        somebody(chromium, forgives="422", **how) as page,
    ):
        box.people()
        await come_in(page, box, "installer")
        await page.goto(f"{box.address}/scenarios/main")
        yield page, box


def changed(box: Site) -> dict[str, Any]:
    """What the draft changes, by the path within the scenario."""
    draft = box.office.draft("installer")
    assert draft is not None
    made = edits.changes(edits.values(FULL), edits.values(draft.document))
    return {".".join(map(str, one.path[2:])): one.new for one in made}


def kind(page: Page, name: str) -> Any:
    return page.locator(f'.kind[value="{name}"]')


async def test_a_step_is_dragged_into_a_way_onto_a_dot_and_beside_them(tmp_path: Path, chromium: Browser) -> None:
    async with drawn(tmp_path, chromium) as (page, box):
        # onto a way: it leads through the new step from then on, whose form is open, what is missing first
        await drag(page, kind(page, "say"), page.locator(OPEN))
        await expect(page.locator('a.open[data-box="say"]')).to_be_attached()
        await expect(page.locator("#f-prompt")).to_be_focused()
        assert changed(box) == {"step.say": {"do": "say", "next": "busy"}, "step.hours.open": "say"}
        await look(page, "palette-into-a-way")

        # onto the dot where calls come in: what came first comes after it
        await drag(page, kind(page, "callers"), page.locator('.grip[data-step=""]'))
        await expect(page.locator('a.open[data-box="callers"]')).to_be_attached()
        assert changed(box)["start"] == "callers" and changed(box)["step.callers"]["listed"] == "hours"

        # beside them: it stands alone; brought back to the palette nothing comes of it
        await drag(page, kind(page, "hang-up"), page.locator(".drawing .zoom"))
        await expect(page.locator('a.open.lost[data-box="hang-up"]')).to_be_attached()
        await drag(page, kind(page, "voicemail"), page.locator("#palette-title"))
        await expect(page.locator('[data-box="voicemail"]')).to_have_count(0)

        # each of it is taken back, the last first
        undo = page.locator('.bar form[action="/settings/undo"] button')
        await undo.click()
        await expect(page.locator('[data-box="hang-up"]')).to_have_count(0)
        await expect(page.locator("#form")).to_be_hidden()
        await page.keyboard.press("Control+z")
        await expect(page.locator('[data-box="callers"]')).to_have_count(0)
        await undo.click()
        await expect(page.locator(".bar")).to_have_count(0)
        assert box.office.draft("installer") is None


async def test_a_step_is_added_by_keys_alone(tmp_path: Path, chromium: Browser) -> None:
    async with drawn(tmp_path, chromium, dark=True) as (page, box):
        await page.locator("#where").focus()
        await page.select_option("#where", "hours/open")
        await page.keyboard.press("Tab")
        await expect(kind(page, "hours")).to_be_focused()
        await page.keyboard.press("End")
        await expect(kind(page, "hang-up")).to_be_focused()
        await page.keyboard.press("Home")
        for _ in range(6):
            await page.keyboard.press("ArrowRight")
        await expect(kind(page, "say")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#f-prompt")).to_be_focused()
        await expect(page.locator('a.open[data-box="say"]')).to_be_attached()
        assert changed(box)["step.hours.open"] == "say"
        await page.keyboard.press("Escape")  # back to the drawing, where one was
        await expect(page.locator('[data-box="say"]')).to_be_focused()


async def test_a_step_is_dragged_by_a_finger_on_a_telephone(tmp_path: Path, chromium: Browser) -> None:
    async with drawn(tmp_path, chromium, width=PHONE) as (page, box):
        await middle(page.locator(OPEN))
        await drag(page, kind(page, "callers"), page.locator(OPEN), finger=True)
        await expect(page.locator('a.open[data-box="callers"]')).to_be_attached()
        assert changed(box)["step.callers"] == {"do": "callers", "listed": "busy", "others": "busy"}
        await look(page, "palette")

        # onto the plus of a step: which of its ways is asked
        await page.locator("#form .close").click()
        await middle(page.locator('.grip.more[data-step="busy"]'))
        await drag(page, kind(page, "hours"), page.locator('.grip.more[data-step="busy"]'), finger=True)
        await page.locator("#which button").filter(has_text="yes").click()
        await expect(page.locator('a.open[data-box="hours-2"]')).to_be_attached()
        assert changed(box)["step.busy.yes"] == "hours-2" and changed(box)["step.hours-2"]["closed"] == "vip"


async def test_the_drawing_of_a_whole_office_is_light(tmp_path: Path, chromium: Browser) -> None:
    async with drawn(tmp_path, chromium) as (page, _):
        each = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        await expect(page.locator(".drawing .zoom")).to_be_visible()
        await page.wait_for_load_state("networkidle")
        sent = await page.evaluate(f"{each}.map(one => one.transferSize)")
        assert len(sent) > 8 and sum(sent) < 100_000
