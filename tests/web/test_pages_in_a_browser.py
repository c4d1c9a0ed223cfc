# SPDX-License-Identifier: GPL-2.0-or-later
"""Every page in a real browser, as all kinds of people use it: no violation of axe-core, nothing wider than its screen."""

import json
from pathlib import Path

import pytest

from tests.fakes.browser import Browser, browser
from tests.web.applying import Applying
from tests.web.visitors import PASSWORD, Site, site

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".build/npm/node_modules/axe-core/axe.min.js"
FULL = (ROOT / "docs/office.full.toml").read_text()
RULES = "axe.run().then(r => JSON.stringify([r.passes.length, r.violations.map(v => [v.id, v.nodes[0].html.slice(0, 200)])]))"
PAGES = (
    "/me", "/users", "/audit", "/settings", "/settings/at/person/anna", "/settings/at/queue/sales",
    "/settings/at/hours/office/week", "/settings/at/features", "/settings/history", "/settings/import",
    "/settings/draft", "/tokens", "/scenarios", "/scenarios/main", "/scenarios/night", "/authority",
    "/webhooks", "/status",
)  # fmt: skip


async def check(chromium: Browser, address: str, *, width: int, dark: bool) -> None:
    """Raises AssertionError with what axe-core finds."""
    await chromium.open(address, width=width, dark=dark)
    path = "/" + address.split("/", 3)[3]
    await chromium.until(f"document.readyState === 'complete' && location.pathname === {json.dumps(path)}")
    await chromium.do("Runtime.evaluate", expression=AXE.read_text())
    answer = await chromium.do("Runtime.evaluate", expression=RULES, awaitPromise=True, returnByValue=True)
    passed, violations = json.loads(answer["result"]["value"])
    assert passed > 10 and violations == [], address
    await chromium.until("document.documentElement.scrollWidth <= window.innerWidth")


async def log_in(chromium: Browser, box: Site) -> None:
    await chromium.open(f"{box.address}/log-in")
    await chromium.until("document.getElementById('password') !== null")
    fill = f"name.value = 'owner', password.value = {json.dumps(PASSWORD)}"
    script = f"(({{name, password}}) => {{{fill}}})(document.querySelector('main form').elements)"
    await chromium.do("Runtime.evaluate", expression=script)
    await chromium.do("Runtime.evaluate", expression="document.querySelector('main form button').click()")
    await chromium.until("location.pathname === '/' && document.body.textContent.includes('Settings')")


@pytest.mark.parametrize(("width", "dark"), [(380, True), (1200, False)])
async def test_every_page_is_for_everybody_at_every_size(tmp_path: Path, width: int, dark: bool) -> None:
    async with (
        Applying(tmp_path, FULL) as switch,
        site(tmp_path / "pages", switch.socket, switch.document) as box,
        browser(tmp_path / "profile") as chromium,
    ):
        await check(chromium, f"{box.address}/first-run", width=width, dark=dark)
        box.people()
        await check(chromium, f"{box.address}/log-in", width=width, dark=dark)
        await log_in(chromium, box)
        for page in PAGES:
            await check(chromium, box.address + page, width=width, dark=dark)
        assert chromium.complaints == []  # nothing was refused by the policy


async def test_somebody_logs_in_changes_a_setting_and_puts_it_in_force_by_clicks(tmp_path: Path) -> None:
    async with (
        Applying(tmp_path, FULL) as switch,
        site(tmp_path / "pages", switch.socket, switch.document) as box,
        browser(tmp_path / "profile") as chromium,
    ):
        box.people()
        await log_in(chromium, box)
        await chromium.open(f"{box.address}/settings/at/queue/sales")
        await chromium.until("document.querySelector('[name=max_wait]') !== null")
        await chromium.do("Runtime.evaluate", expression="document.querySelector('[name=max_wait]').value = '240'")
        await chromium.do("Runtime.evaluate", expression="document.querySelector('.save button').click()")
        await chromium.until("document.querySelector('[role=status]') !== null")
        await chromium.do("Runtime.evaluate", expression="document.querySelector('.bar a').click()")
        await chromium.until("document.querySelector('[action=\"/settings/apply\"] button') !== null")
        await chromium.do(
            "Runtime.evaluate", expression="document.querySelector('[action=\"/settings/apply\"] button').click()"
        )
        await chromium.until("document.body.textContent.includes('Version 2')")
        assert switch.text == FULL.replace("max_wait = 180", "max_wait = 240", 1)
