# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole box started again from its pages, in a browser, and by a program: what waited is in force."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from appliance.programs.demo.office import Office
from tests.calls.house import Customer, hears
from tests.calls.stories import changed, use
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.rtp import Rtp
from tests.telephones.sipp import Sipp
from tests.telephones.stage import ANNA_HZ, CALLER_HZ, Stage
from tests.web.chromium import look, somebody
from tests.web.test_board_and_real_calls import Desk
from tests.web.visitors import PASSWORD

WITHIN = 60.0  # seconds
AWAY = "net::ERR_|htmx:"  # what the console says while the pages are away
EXCHANGE = "Bakery exchange"
PATH = "/api/v1/settings/restart"

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def owner(page: Page, office: Office) -> str:
    """Comes in as one who was never here, and makes a token."""
    await page.goto(f"{office.page}first-run")
    for field in ("password", "again"):
        await page.fill(f"#{field}", PASSWORD)
    await page.click("main form button")
    await page.wait_for_url("**/begin")
    await page.goto(f"{office.page}tokens")
    await page.fill("[name=name]", "a program")
    for scope in ("settings:read", "settings:write"):
        await page.check(f"[value='{scope}']")
    await page.click("main form:has([name=name]) button:not([popovertarget])")
    return await page.locator("#held").input_value()


async def starts_again(page: Page, office: Office, button: str) -> None:
    """By the button, and by nothing else is the page left that says so."""
    await page.goto(f"{office.page}settings")
    await page.click("main a[href='/settings/restart']")
    await look(page, f"restart-{button.split()[0]}")
    await page.get_by_role("button", name=button).click()
    await expect(page.get_by_role("status")).to_contain_text("It starts again")
    await page.wait_for_url("**/settings?done=started")
    await expect(page.get_by_role("status")).to_contain_text("It has started again")
    await expect(page.locator("main a[href='/settings/restart']")).to_have_count(0)


@asynccontextmanager
async def customer(stage: Stage, office: Office, anna: Baresip) -> AsyncIterator[tuple[Customer, Sipp]]:
    """Somebody outside, who talks with Anna; and what his telephone was sent."""
    async with Rtp(stage.ports.take(2), tone.samples(CALLER_HZ, 1, 8000)) as ear:
        wire = await stage.outside(office, "caller-waits", ear)
        one = Customer(stage.folder, ear, wire)
        await Desk(anna).takes()
        await talk(one, anna)
        yield one, wire


async def talk(one: Customer, anna: Baresip) -> None:
    await asyncio.gather(hears(one, ANNA_HZ), hears(Desk(anna), CALLER_HZ))


@pytest.mark.timeout(300)
async def test_the_box_starts_again_by_its_page_and_by_a_program(tmp_path: Path, chromium: Browser) -> None:
    async with Stage(tmp_path) as stage, somebody(chromium, forgives=AWAY) as page:
        office = await stage.office(pages=True)
        document = changed(office.document, ('people = ["anna", "boris"]', 'people = ["anna"]'))
        anna = await stage.desk(office, "desk1", ANNA_HZ)
        held = await owner(page, office)
        async with customer(stage, office, anna) as (one, wire):
            document = await the_pages_alone(page, office, document)
            await talk(one, anna)
            document = changed(document, ("[sip]\n", f'[sip]\nuser_agent = "{EXCHANGE}"\n'))
            await the_switch(page, office, document)
            await ended(one, wire, anna, "Linekeeper")
        other = stage.ports.take()
        async with customer(stage, office, anna) as (one, wire):  # nobody has done anything to her telephone
            document = changed(document, (f"port = {office.web}", f"port = {other}"), (EXCHANGE, "Another"))
            await use(office, document)
            await both_by_a_program(office, held, other)
            await ended(one, wire, anna, EXCHANGE)
        async with customer(stage, office, anna):
            pass


async def ended(one: Customer, wire: Sipp, anna: Baresip, by: str) -> None:
    """By a switch that calls itself so."""
    await asyncio.gather(anna.closed(WITHIN), one.gone())
    (bye,) = [each.text for each in wire.messages() if each.first.startswith("BYE ")]
    assert f"User-Agent: {by}" in bye


async def the_pages_alone(page: Page, office: Office, document: str) -> str:
    """With a setting of theirs, whose effect is seen; the document with it."""
    document = changed(document, ("[web]\n", '[web]\nmetrics_from = ["127.0.0.1/32"]\n'))
    switch, pages = office.pid("switch"), office.pid("web")
    async with httpx.AsyncClient(base_url=office.page) as stranger:
        await use(office, document)
        assert (await stranger.get("metrics")).status_code == 401
        await starts_again(page, office, "Start again now")
        assert (await stranger.get("metrics")).status_code == 200
    assert office.pid("web") != pages and office.pid("switch") == switch
    return document


async def the_switch(page: Page, office: Office, document: str) -> None:
    """With another name of the box in SIP; the call that is on is told of."""
    switch, pages = office.pid("switch"), office.pid("web")
    await use(office, document)
    await starts_again(page, office, "End the calls and start again at once")
    assert office.pid("web") == pages and office.pid("switch") != switch


async def both_by_a_program(office: Office, held: str, other: int) -> None:
    """Refused while a call is on; then the pages are at another port."""
    token = {"Authorization": f"Bearer {held}"}
    switch, pages = office.pid("switch"), office.pid("web")
    async with httpx.AsyncClient(base_url=office.page, headers=token) as program:
        refused = await program.post(PATH, json={})
        assert refused.status_code == 409 and refused.json()["error"] == "busy", refused.text
        assert (office.pid("switch"), office.pid("web")) == (switch, pages)
        begun = await program.post(PATH, json={"end_calls": True})
        assert begun.json() == {"switch": ["sip"], "pages": ["web"], "calls": 1}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{other}", headers=token) as program:
        async with asyncio.timeout(WITHIN):
            while await waiting(program) != {"switch": [], "pages": [], "calls": 0}:
                await asyncio.sleep(0.1)
    assert office.pid("web") != pages and office.pid("switch") != switch


async def waiting(program: httpx.AsyncClient) -> object:
    """What waits for a start; None while the pages are away."""
    try:
        return (await program.get(PATH)).json()
    except httpx.TransportError:
        return None
