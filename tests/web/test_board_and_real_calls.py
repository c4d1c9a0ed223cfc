# SPDX-License-Identifier: GPL-2.0-or-later
"""The live board directs real calls at real telephones, by keys and by drag: the right ones are heard, and nobody else."""

import asyncio
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from appliance.programs.demo.office import Office
from tests.calls.house import CLARA_HZ, MORE, Customer, hears
from tests.calls.stories import changed, use
from tests.telephones.baresip import Baresip
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, CALLER_HZ, Stage
from tests.web.chromium import middle, photograph, somebody
from tests.web.visitors import PASSWORD

WITHIN = 60.0  # seconds
# When the board says something first, by the browser's clock; it is this machine's.
WATCH = """words => {
    window.shown = new Promise(done => {
        const look = () => document.querySelector(".board").textContent.includes(words) && (done(Date.now()), true);
        if (!look()) new MutationObserver((_, one) => look() && one.disconnect())
            .observe(document.querySelector(".board"), {subtree: true, childList: true, characterData: true});
    });
}"""

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Desk:
    """A telephone, and who hears what there now."""

    def __init__(self, phone: Baresip) -> None:
        self.phone = phone

    async def listens(self) -> Path:
        return await self.phone.moment()

    async def takes(self) -> float:
        """Answer what rings; when it is answered, time.time()."""
        await self.phone.rings(WITHIN)
        await self.phone.accept()
        return (await self.phone.talks(WITHIN)).at

    async def hang_up(self) -> None:
        await self.phone.hang_up()
        await self.phone.closed(WITHIN)


@dataclass
class Scene:
    stage: Stage
    office: Office
    page: Page
    anna: Desk
    boris: Desk
    clara: Desk

    async def customer(self) -> Customer:
        """He calls, and Anna's telephone rings."""
        ear = await self.stage.ear()
        caller = await self.stage.outside(self.office, "caller-waits", ear)
        await self.anna.phone.rings(WITHIN)
        return Customer(self.stage.folder, ear, caller)

    async def shows(self, words: str) -> None:
        await expect(self.page.locator(".board")).to_contain_text(words)


@asynccontextmanager
async def scene(folder: Path, chromium: Browser, *changes: tuple[str, str], more: str = "") -> AsyncIterator[Scene]:
    """Anna takes the calls of the line; the owner sits at Clara's telephone with the board before her.

    changes: of the document; more: further tables of it."""
    async with Stage(folder) as stage:
        office = await stage.office(pages=True)
        await use(
            office,
            changed(office.document, ('people = ["anna", "boris"]', 'people = ["anna"]'), *changes)
            + MORE.format(out=stage.ports.take())
            + more,
        )
        made = tomllib.loads((office.folder / "secrets.toml").read_text())["phone"]["desk3"]["password"]
        wide = {"codecs": ("g722",)}  # baresip's own way to 8 kHz weakens what is above 1300 Hz
        phones = await asyncio.gather(
            stage.desk(office, "desk1", ANNA_HZ, **wide),
            stage.desk(office, "desk2", BORIS_HZ, **wide),
            stage.desk(office, "desk3", CLARA_HZ, password=made, **wide),
        )
        async with somebody(chromium) as page:
            await page.goto(f"{office.page}first-run")
            for field in ("password", "again"):
                await page.fill(f"#{field}", PASSWORD)
            await page.click("main form button")
            await page.wait_for_url("**/begin")
            await page.goto(office.page)
            await expect(page.locator("#people")).to_contain_text("Clara")
            await page.select_option("#at", "clara")
            yield Scene(stage, office, page, *map(Desk, phones))


async def by_keys(page: Page, deed: str, to: str = "") -> None:
    await page.locator(".board li.call a.pick").first.focus()
    await page.keyboard.press({"send": "s", "drop": "d"}.get(deed, deed[0]))
    if deed == "send":
        await page.select_option("#panel-to", to)
        await page.locator("#panel button[value=send]").press("Enter")
    elif deed == "drop":
        await expect(page.locator("button[value=drop]:focus")).to_be_visible()
        await page.keyboard.press("Enter")


async def by_drag(page: Page, deed: str, to: str = "") -> None:
    x, y = await middle(page.locator(".board li.call .who").first)
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 20, y + 20)
    await expect(page.locator("body.dragging")).to_be_visible()
    onto = page.locator(f".board [data-to='{to}']" if to else f"#tray [data-drop={deed}]").first
    box = await onto.bounding_box()
    assert box
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await expect(page.locator(".over")).to_be_visible()
    await photograph(page, f"board-drag-{deed}")
    await page.mouse.up()


async def test_calls_are_answered_sent_listened_to_and_ended_from_the_board(tmp_path: Path, chromium: Browser) -> None:
    async with scene(tmp_path, chromium) as at:
        late = [await told(at, by, way) for way, by in (("keys", by_keys), ("drag", by_drag))]
    print(f"\nfrom the telephone to the board, ms: {', '.join(f'{1000 * one:.0f}' for round in late for one in round)}")
    assert max(max(one) for one in late) < 20


async def told(at: Scene, do, way: str) -> list[float]:  # type: ignore[no-untyped-def]
    """One customer's story, directed so; seconds from what a telephone did to the board's having it."""
    page, clara, boris, late = at.page, at.clara, at.boris, []
    customer = await at.customer()
    await at.shows("1 waiting")

    await page.evaluate(WATCH, "talks with Clara")
    await do(page, "answer")
    answered = await clara.takes()
    await at.anna.phone.closed(WITHIN)
    late.append(await page.evaluate("window.shown") / 1000 - answered)
    await asyncio.gather(hears(customer, CLARA_HZ), hears(clara, CALLER_HZ))

    await page.evaluate(WATCH, "talks with Boris")
    await do(page, "send", "person.boris")
    answered = await boris.takes()
    late.append(await page.evaluate("window.shown") / 1000 - answered)
    await clara.phone.closed(WITHIN)
    await asyncio.gather(hears(customer, BORIS_HZ), hears(boris, CALLER_HZ))

    for deed, at_customer, at_boris in (
        ("listen", (BORIS_HZ,), (CALLER_HZ,)),
        ("whisper", (BORIS_HZ,), (CALLER_HZ, CLARA_HZ)),
        ("barge", (BORIS_HZ, CLARA_HZ), (CALLER_HZ, CLARA_HZ)),
    ):
        await do(page, deed)
        await clara.takes()
        await asyncio.gather(hears(clara, BORIS_HZ, CALLER_HZ), hears(customer, *at_customer), hears(boris, *at_boris))
        await photograph(page, f"board-{deed}-{way}")
        await clara.hang_up()
        await asyncio.gather(hears(customer, BORIS_HZ), hears(boris, CALLER_HZ))

    await page.evaluate(WATCH, "All is quiet")
    await do(page, "drop")
    ended = (await boris.phone.closed(WITHIN)).at
    await customer.gone()
    late.append(await page.evaluate("window.shown") / 1000 - ended)
    return late
