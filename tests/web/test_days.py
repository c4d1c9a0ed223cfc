# SPDX-License-Identifier: GPL-2.0-or-later
"""A day of a supervisor, and one of an employee, on the pages of a whole box with real telephones: each one story."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.calls.house import hears
from tests.telephones.stage import BORIS_HZ, CALLER
from tests.web.chromium import PHONE, look, many, photograph, somebody, until
from tests.web.test_board_and_real_calls import WITHIN, Desk, Scene, scene
from tests.web.visitors import PASSWORD

HOURS = ('[scenario.main]\nopen = "sales"', '[scenario.main]\nhours = "day"\nopen = "sales"')
DAY = "[hours.day.week]\n" + "".join(
    f'{day} = ["00:00-24:00"]\n' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
)
BOXES = "[mailbox.anna]\n[mailbox.boris]\n"
OWN = tuple(
    (f'extension = "{n}"', f'extension = "{n}"\nmailbox = "{who}"') for n, who in ((101, "anna"), (102, "boris"))
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def user(at: Scene, chromium: Browser, role: str, person: str, width: int = 1280) -> AsyncIterator[Page]:
    """Somebody the owner has let in, at a browser of his own. He may try what he may not."""
    page = at.page
    await page.goto(f"{at.office.page}users")
    await page.fill("#name", "maria")
    await page.select_option("#role", role)
    await page.select_option("#person", person)
    await page.fill("#password", PASSWORD)
    await page.click("form[action='/users'] button")
    await expect(page.locator("main")).to_contain_text("maria")
    async with somebody(chromium, width=width, forgives="40") as own:
        await own.goto(f"{at.office.page}log-in")
        await own.fill("#name", "maria")
        await own.fill("#password", PASSWORD)
        await own.click("main form button")
        await own.wait_for_url(at.office.page)
        yield own


async def shows(page: Page, words: str, within: str = ".board") -> None:
    await expect(page.locator(within)).to_contain_text(words)


async def opened(page: Page, path: str) -> None:
    """By the navigation; on a narrow screen that is a menu."""
    if await page.locator("#menu").is_visible():
        await page.click("#menu")
    await page.click(f"#pages a[href='{path}']")
    await page.wait_for_url(f"**{path}")


async def test_a_supervisors_day(tmp_path: Path, chromium: Browser) -> None:
    async with (
        scene(tmp_path, chromium, HOURS, more=DAY) as at,
        user(at, chromium, "supervisor", "clara") as page,
    ):
        crowd = await at.stage.outside(at.office, "caller-waits", calls=2)
        await shows(page, "2 waiting")
        await photograph(page, "day-1-queue-fills")

        # she takes the first, hears who it is, hands him on and listens for a moment
        await page.locator("#queues li.call a.pick").first.click()
        await page.click("#panel button[value=answer]")
        await at.clara.takes()
        await shows(page, "talks with Clara")
        await shows(page, "1 waiting")
        await page.locator("#calls li.call a.pick").first.click()
        await page.select_option("#panel-to", "person.boris")
        await page.click("#panel button[value=send]")
        await at.boris.takes()
        await shows(page, "talks with Boris")
        await at.clara.phone.closed(WITHIN)
        await page.locator("#calls li.call a.pick").first.click()
        await page.click("#panel button[value=listen]")
        await at.clara.takes()
        await hears(at.clara, BORIS_HZ)
        await photograph(page, "day-2-listens")
        await at.clara.hang_up()

        # Anna goes for lunch; she is back by herself
        await page.click("#person-anna")
        await page.check("#panel input[value=break]")
        await page.fill("#panel-reason", "lunch")
        await page.fill("#panel-minutes", "30")
        await look(page, "day-3-break")
        await page.click("#panel form[action='/board/person'] button:not([value])")
        await shows(page, "back in 29:5", "#people")

        # those on the line are sent home, and the office is held closed for an hour
        for left in (1, 0):
            await page.locator(".board li.call a.pick").first.focus()
            await page.keyboard.press("d")
            await expect(page.locator("button[value=drop]:focus")).to_be_visible()
            await page.keyboard.press("Enter")
            await expect(page.locator(".board li.call")).to_have_count(left)
        await crowd.finished()
        await shows(page, "All is quiet")
        await opened(page, "/hours")
        await page.select_option("#for", "60")
        await page.click(".hold button[value=closed]")
        await shows(page, "held closed until", "main")
        await photograph(page, "day-4-held")
        await page.click("button[value=as-written]")

        # somebody gives up; why he was missed, and all of it as a table
        await (await at.stage.outside(at.office, "caller-hangs-up", talk=0.5)).finished()
        await opened(page, "/calls")
        await page.check("#missed")
        await page.click("main form[role=search] button")
        await photograph(page, "day-5-missed")
        async with page.expect_download() as download:
            await page.click("a[href^='/calls/export']")
        table = Path(await (await download.value).path()).read_text()
        assert CALLER in table and table.count("\n") == 3
        await page.locator("table.calls td.when a").first.click()
        await shows(page, "nobody in the queue could answer", "main")
        await photograph(page, "day-6-why")


async def leaves_a_message(caller: Desk, number: str, called: Desk) -> None:
    """Begins to; who is called declines."""
    await caller.phone.dial(number)
    await called.phone.rings(WITHIN)
    await called.phone.hang_up()
    await called.phone.closed(WITHIN)
    await caller.phone.talks(WITHIN)


async def test_an_employees_day(tmp_path: Path, chromium: Browser) -> None:
    async with (
        scene(tmp_path, chromium, *OWN, more=BOXES) as at,
        user(at, chromium, "employee", "anna", PHONE) as page,
    ):
        # her calls go to Boris while she is in a meeting
        await page.click("a[href='/board/person/anna']")
        await page.check("input[value=meeting]")
        await page.fill("#panel-always", "102")
        await look(page, "own-1-status")
        await page.click("form[action='/board/person'] button:not([value])")
        await page.wait_for_url(at.office.page)
        await shows(page, "in a meeting", "#people")
        await photograph(page, "own-2-board")
        await at.clara.phone.dial("101")
        await at.boris.takes()
        await at.clara.phone.talks(WITHIN)
        await at.clara.hang_up()
        await at.boris.phone.closed(WITHIN)

        # she is back, and has no time: Clara leaves a message
        await page.click("a[href='/board/person/anna']")
        await expect(page.locator("#panel-always")).to_have_value("102")
        await page.check("input[value=available]")
        await page.fill("#panel-always", "")
        await page.click("form[action='/board/person'] button:not([value])")
        await page.wait_for_url(at.office.page)
        await leaves_a_message(at.clara, "101", at.anna)
        await leaves_a_message(at.anna, "102", at.boris)
        await asyncio.gather(*(desk.phone.listens(8) for desk in (at.clara, at.anna)))  # our words, and his
        await asyncio.gather(at.clara.hang_up(), at.anna.hang_up())

        # it is heard and handled; nobody else's is there
        await opened(page, "/messages")
        await many(page, "article.message", 1)
        await photograph(page, "own-3-message")
        async with page.expect_response("**/messages/heard"):
            await page.locator("audio").evaluate("one => { one.muted = true; one.play(); }")
        await until(page, "document.querySelector('audio').currentTime > 0.2")
        await page.click("button[value=yes]")
        await shows(page, "0 to be handled", "main")

        # her own calls, and no others
        await opened(page, "/calls")
        await many(page, "table.calls tbody tr", 2)
        await photograph(page, "own-4-calls")
        owner = at.page
        await owner.goto(f"{at.office.page}calls")
        await many(owner, "table.calls tbody tr", 3)
        links = "all => all.map(one => one.getAttribute('href'))"
        every, hers = [await one.locator("td.when a").evaluate_all(links) for one in (owner, page)]
        [others] = set(every) - set(hers)
        await owner.goto(f"{at.office.page}messages?mailbox=boris")
        sound = await owner.locator("audio").get_attribute("src")
        for path, status in {
            others: 404, sound: 404, "/settings": 403, "/settings/export": 403, "/phones/anna": 403, "/users": 403,
            "/recordings": 403, "/audit": 403, "/board/call/1": 403, "/board/person/nobody": 404,
        }.items():  # fmt: skip
            answer = await page.goto(f"{at.office.page.rstrip('/')}{path}")
            assert answer and answer.status == status, (path, answer and answer.status)
        await page.goto(f"{at.office.page}board/person/boris")
        await expect(page.locator("input[name=status]")).to_have_count(0)
