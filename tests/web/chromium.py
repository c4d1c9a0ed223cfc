# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Chromium without a screen, driven by Playwright: people with browsers of their own, who look at pages and use them."""

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from appliance.web import access
from tests.web.visitors import PASSWORD, Site

ROOT = Path(__file__).parents[2]
AXE = (ROOT / ".build/npm/node_modules/axe-core/axe.min.js").read_text()
RULES = "axe.run().then(r => [r.passes.length, r.violations.map(v => [v.id, v.nodes[0].html.slice(0, 200)])])"
FITS = "document.documentElement.scrollWidth <= window.innerWidth"
TOO_SMALL = """[...document.querySelectorAll("button, .button, summary, select, input")]
    .filter(one => !["checkbox", "radio", "hidden"].includes(one.type) && !one.matches(".unseen") && one.checkVisibility())
    .filter(one => one.getBoundingClientRect().height < 43.5).map(one => one.outerHTML.slice(0, 120))"""  # for a thumb
WITHIN = 30_000  # ms for anything that is waited for; a cold start on a small machine takes some
PHONE, DESK = 390, 1280  # pixels
SCREENSHOTS = os.environ.get("SCREENSHOTS", "")  # a folder, for those who want to look at what is walked through
BOTH = [(PHONE, True), (DESK, False)]  # widths, and whether it is dark: all four to be looked at, two to be tested
SIZES = pytest.mark.parametrize(("width", "dark"), [*BOTH, (PHONE, False), (DESK, True)] if SCREENSHOTS else BOTH)

expect.set_options(timeout=WITHIN)


@contextlib.asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A browser, as long as the block lasts."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "this test needs a browser: apt-get install chromium"
    options = ["--disable-gpu", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=options)
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def somebody(
    chromium: Browser, *, width: int = DESK, dark: bool = False, forgives: str = "", trusts: bool = False
) -> AsyncIterator[Page]:
    """A visitor who was never here before. AssertionError for what the console complained of, but what `forgives` finds.

    trusts: any certificate, as who clicks on past the warning."""
    phone = width < 600
    context = await chromium.new_context(
        viewport={"width": width, "height": 844 if phone else 800},
        is_mobile=phone,
        has_touch=phone,
        color_scheme="dark" if dark else "light",
        locale="en-US",
        ignore_https_errors=trusts,
    )
    context.set_default_timeout(WITHIN)
    complaints: list[str] = []
    try:
        page = await context.new_page()
        page.on("console", lambda one: complaints.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        yield page
        unforgiven = [one for one in complaints if not forgives or not re.search(forgives, one)]
        assert unforgiven == [], unforgiven
    finally:
        await context.close()


async def come_in(page: Page, box: Site, name: str) -> None:
    """As one who logged in earlier."""
    token = re.sub(r"\W", "", f"{name}{os.urandom(16).hex()}").ljust(43, "x")[:43]
    box.office.begin(token, name, "its-csrf", at=access.now(), address="", agent="")
    await page.context.add_cookies([{"name": access.COOKIE, "value": token, "url": box.address}])


async def log_in(page: Page, box: Site, name: str = "owner", password: str = PASSWORD) -> None:
    await page.goto(f"{box.address}/log-in")
    await page.fill("#name", name)
    await page.fill("#password", password)
    await page.click("main form button")
    await page.wait_for_url(f"{box.address}/")


async def look(page: Page, name: str = "") -> None:
    """It is for everybody: AssertionError with what axe-core finds, or when it is wider than its screen."""
    await page.evaluate(AXE)
    passed, violations = await page.evaluate(RULES)
    assert passed > 10 and violations == [], (page.url, passed, violations)
    await until(page, FITS)
    if page.viewport_size and page.viewport_size["width"] == PHONE:
        assert await page.evaluate(TOO_SMALL) == [], page.url
    await photograph(page, name)


async def until(page: Page, script: str) -> None:
    """An expression is true. (Playwright's own way of waiting needs eval(), which the policy of the pages forbids.)"""
    async with asyncio.timeout(WITHIN / 1000):
        while not await page.evaluate(script):
            await asyncio.sleep(0.05)


async def many(page: Page, what: str, count: int) -> None:
    """So many of something; the page is looked at again until then."""
    async with asyncio.timeout(WITHIN / 1000):
        while (seen := await page.locator(what).count()) != count:
            assert seen < count, f"{seen} of {what}"
            await page.reload()


async def check(page: Page, address: str, name: str = "") -> None:
    """Opens a page, which is there and for everybody."""
    answer = await page.goto(address)
    assert answer and answer.ok and page.url == address, page.url
    await look(page, name)


async def photograph(page: Page, name: str = "") -> None:
    """Into SCREENSHOTS, if wanted: named after its path, its width and its light."""
    if not SCREENSHOTS:
        return
    size = page.viewport_size
    light = "dark" if await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
    name = name or re.sub(r"\d{6,}", "N", page.url.split("/", 3)[3].split("?")[0]).replace("/", "-") or "board"
    path = Path(SCREENSHOTS) / f"{name}-{size['width'] if size else 0}-{light}.png"
    await page.screenshot(path=path, full_page=True, caret="initial")  # hidden by a style, which our policy forbids


async def middle(one: Locator) -> tuple[float, float]:
    """Where it is on the screen, once it is."""
    await one.evaluate("one => one.scrollIntoView({block: 'center', inline: 'center'})")
    return await _now(one)


async def _now(one: Locator) -> tuple[float, float]:
    box = await one.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def drag(page: Page, one: Locator, onto: Locator, *, finger: bool = False) -> None:
    """By mouse or finger; the two are on the screen at once, as they are or where the one is in its middle."""
    here, there = await _now(one), await _now(onto)
    size = page.viewport_size
    assert size
    if not all(0 < x < size["width"] and 0 < y < size["height"] for x, y in (here, there)):
        here, there = await middle(one), await _now(onto)
    between = [(here[0] + (there[0] - here[0]) * n / 4, here[1] + (there[1] - here[1]) * n / 4) for n in range(1, 5)]
    if finger:
        async with laid(page, *here) as move:
            for at in between:
                await move(*at)
        return
    await page.mouse.move(*here)
    await page.mouse.down()
    for at in between:
        await page.mouse.move(*at)
    await page.mouse.up()


@contextlib.asynccontextmanager
async def laid(page: Page, x: float, y: float) -> AsyncIterator[Callable[[float, float], Awaitable[None]]]:
    """A finger on the screen, to be moved, lifted at the end. Playwright's own touch screen knows taps alone."""
    session = await page.context.new_cdp_session(page)

    async def touch(kind: str, *points: tuple[float, float]) -> None:
        touched = [{"x": x, "y": y} for x, y in points]
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    await touch("touchStart", (x, y))
    yield lambda x, y: touch("touchMove", (x, y))
    await touch("touchEnd")
    await session.detach()
