# SPDX-License-Identifier: GPL-2.0-or-later
"""The live board in a real browser: by keys, by mouse, while calls come and go and the box is lost and found again."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from appliance.control.handling import Supervise
from appliance.control.messages import HangUp, Send
from appliance.web.access import OWNER, SUPERVISOR
from tests.fakes.switch import CALL, Switch, now
from tests.web.chromium import DESK, FITS, PHONE, come_in, laid, log_in, middle, somebody, until
from tests.web.programs import followed
from tests.web.test_board import asked
from tests.web.test_web_page import shown
from tests.web.visitors import Site

LIVELY = re.compile("^Example Ltd")  # the title, once the script has heard of the office
HOUR = re.compile(r"^1:00:\d\d$")

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def watched(
    folder: Path, chromium: Browser, who: str, width: int = DESK
) -> AsyncIterator[tuple[Switch, Site, Page]]:
    """A switch moved by hand, its pages, and somebody who may come in."""
    async with (
        Switch(folder / "control.sock") as switch,
        followed(folder / "pages", switch.socket) as box,
        somebody(chromium, width=width) as page,
    ):
        await come_in(page, box, who)
        yield switch, box, page


async def looks_on(switch: Switch, box: Site, page: Page) -> None:
    """Boris talks; who watches would answer at Anna's."""
    switch.call(state="talking", person="boris")
    await page.goto(f"{box.address}/")
    await expect(page).to_have_title(LIVELY)
    await page.select_option("#at", "anna")


async def test_by_keys_a_call_is_listened_to_and_ended_after_a_confirmation(tmp_path: Path, chromium: Browser) -> None:
    async with watched(tmp_path, chromium, SUPERVISOR) as (switch, box, page):
        switch.call(state="talking", person="boris")
        await log_in(page, box, SUPERVISOR)
        await page.select_option("#at", "anna")
        await page.locator("#calls a.pick").focus()
        switch.call(state="talking", person="anna")  # the list is drawn anew, and the call keeps the focus
        await expect(page.locator("#calls")).to_contain_text("talks with Anna")
        await page.keyboard.press("l")
        told = await asked(switch)
        assert isinstance(told, Supervise) and (told.how, told.person) == ("listen", "anna")
        await expect(page.locator("#done [role=status]")).to_be_visible()
        await page.keyboard.press("d")
        await expect(page.locator("button:focus")).to_have_attribute("value", "drop")
        assert switch.asked == []
        await page.keyboard.press("Enter")
        assert isinstance(await asked(switch), HangUp)
        await expect(page.locator("#panel")).to_be_hidden()


async def test_a_waiting_caller_is_dragged_onto_a_person_while_the_board_goes_on(
    tmp_path: Path, chromium: Browser
) -> None:
    async with watched(tmp_path, chromium, OWNER) as (switch, box, page):
        switch.call(state="waiting", queue="sales", name="Mr Kazlauskas")
        await page.goto(f"{box.address}/")
        await expect(page).to_have_title(LIVELY)  # the first live frames have come
        boris = page.locator("[data-to='person.boris']").first
        start, end = await middle(page.locator("#queues .call .who")), await middle(boris)
        await page.mouse.move(*start)
        await page.mouse.down()
        await page.mouse.move(start[0] + 20, start[1] + 20)
        await expect(page.locator("body.dragging")).to_be_visible()
        switch.call(id=5, state="talking", person="anna")
        await page.mouse.move(*end)
        await expect(page.locator(".over[data-to='person.boris']")).to_be_visible()
        await page.mouse.up()
        told = await asked(switch)
        assert isinstance(told, Send) and (told.call, told.to) == (CALL, "person.boris")
        await expect(page.locator("#calls")).to_contain_text("talks with Anna")


async def test_the_keys_the_buttons_of_an_open_call_name_press_them_and_none_ends_it_at_once(
    tmp_path: Path, chromium: Browser
) -> None:
    async with watched(tmp_path, chromium, SUPERVISOR) as (switch, box, page):
        await looks_on(switch, box, page)
        await page.click("#calls a.pick")
        await expect(page.locator("#panel h2:focus")).to_be_visible()
        await page.keyboard.press("d")
        await page.keyboard.press("d")
        await expect(page.locator("button[value=drop]:focus")).to_be_visible()
        await page.keyboard.press("s")
        await expect(page.locator("#panel-to:focus")).to_be_visible()
        assert switch.asked == []
        await page.keyboard.press("Tab")
        await page.locator("#panel button[value=send]").focus()
        await page.keyboard.press("w")
        told = await asked(switch)
        assert isinstance(told, Supervise) and (told.how, told.person) == ("whisper", "anna")


@pytest.mark.parametrize(("layout", "of_l"), [("Russian", "д"), ("English", "l")])
async def test_the_keys_are_the_same_in_whatever_alphabet_one_types(
    tmp_path: Path, chromium: Browser, layout: str, of_l: str
) -> None:
    async with watched(tmp_path, chromium, SUPERVISOR) as (switch, box, page):
        await looks_on(switch, box, page)
        await page.locator("#calls a.pick").focus()
        keyboard = await page.context.new_cdp_session(page)  # Playwright's own is an American one
        await keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", "key": of_l, "code": "KeyL"})
        told = await asked(switch)
        assert isinstance(told, Supervise) and told.how == "listen", layout


async def test_by_a_finger_a_caller_is_sent_to_somebody_who_stands_below_the_screen(
    tmp_path: Path, chromium: Browser
) -> None:
    async with watched(tmp_path, chromium, SUPERVISOR, PHONE) as (switch, box, page):
        for id in range(1, 9):
            switch.call(id=id, state="waiting", queue="sales")
        await page.goto(f"{box.address}/")
        await expect(page).to_have_title(LIVELY)
        boris = page.locator("[data-to='person.boris']").first
        await expect(boris).not_to_be_in_viewport()
        x, y = await middle(page.locator("#call-1 .grip"))
        async with laid(page, x, y) as move:
            await move(x, y + 20)
            tray = await page.locator("#tray").bounding_box()
            assert tray
            await move(x, tray["y"] - 10)
            await until(
                page, "scrollY + innerHeight >= document.documentElement.scrollHeight - 1"
            )  # it went on by itself
            there = await boris.bounding_box()
            assert there
            await move(x, there["y"] + there["height"] / 2)
            await expect(page.locator(".over[data-to='person.boris']")).to_be_visible()
        told = await asked(switch)
        assert isinstance(told, Send) and (told.call, told.to) == (1, "person.boris")


async def test_a_browser_shows_the_call_runs_its_clock_and_finds_the_box_again(
    tmp_path: Path, chromium: Browser
) -> None:
    async with (
        Switch(tmp_path / "control.sock") as switch,
        shown(switch) as address,
        somebody(chromium) as page,
    ):
        switch.call(state="waiting", queue="sales", queued_at=now() - 3_600_000, name="<b>Mr Kazlauskas</b>")
        await page.goto(address)
        await expect(page).to_have_title(LIVELY)
        await expect(page.locator("#queues .call bdi").first).to_have_text("<b>Mr Kazlauskas</b>")
        await expect(page.locator("#queues .call time")).to_have_text(HOUR)
        await switch.stop()
        await expect(page.locator("#away")).to_be_visible()
        await switch.start()
        await expect(page.locator("#away")).to_be_hidden()
        switch.call(state="over")
        await expect(page.locator(".call")).to_have_count(0)


async def test_a_page_that_lost_the_box_says_so_and_comes_back_by_itself(tmp_path: Path, chromium: Browser) -> None:
    async with Switch(tmp_path / "control.sock") as switch, somebody(chromium, forgives="net::ERR_") as page:
        async with shown(switch) as address:
            await page.goto(address)
            await expect(page).to_have_title(LIVELY)
            port = int(address.rpartition(":")[2])
        await expect(page.locator("#lost")).to_be_visible()
        async with shown(switch, port):
            await expect(page.locator("#lost")).to_be_hidden()
            switch.call(state="talking", person="anna")
            await expect(page.locator("#calls")).to_contain_text("talks with Anna")


async def test_the_page_fits_its_screen(tmp_path: Path, chromium: Browser) -> None:
    async with Switch(tmp_path / "control.sock") as switch, shown(switch) as address:
        switch.call(name="A caller with a name that is far too long for the screen of a telephone " + "w" * 60)
        for width in (360, 768, 1400):  # pixels: a phone, a tablet, a desk
            async with somebody(chromium, width=width) as page:
                await page.goto(address)
                await expect(page.locator("#calls .call")).to_have_count(1)
                await until(page, FITS)
