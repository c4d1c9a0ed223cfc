# SPDX-License-Identifier: GPL-2.0-or-later
"""What a browser that was never here before is sent for a page, and how soon it shows it."""

import asyncio
import re
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from live_board import PORT, UNDER_WAY, pages
from playwright.async_api import Browser, Page
from testbed.table import tell, wants_writing

from appliance.web.access import COOKIE, OWNER
from tests.fakes.switch import Switch
from tests.web.chromium import ROOT, launched
from tests.web.kept import Kept, T

TIMES = 9  # each page is opened
REST = 500  # ms: a browser somebody clicks in was started before, and waits for him
BYTES, MS = 100_000, 200.0  # what a page may have, and those of LIVE may take
DAYS, CALLS = 28, 40  # of the past that is reported, and calls of each
FULL = ROOT / "docs/office.full.toml"  # an office that uses all there is
LIVE = (("/log-in", "log in"), ("/", "live board"), ("/status", "health"), ("/calls", "calls"))
FILLED = (
    ("/hours", "hours"),
    ("/phones", "phones"),
    ("/scenarios/main", "scenario"),
    ("/reports?from=2026-09-23&until=2026-10-20", "reports"),
    ("/settings", "settings"),
    ("/settings/at/queue/sales", "a table of settings"),
    ("/what-if", "what if"),
)
TIMED = ("sent ms median", "painted ms median", "loaded ms median", "least", "most")
HEADS = ("page", "answers", "kB", *TIMED, ": log in", "kB again")
MEASURED = """() => {
    const [page] = performance.getEntriesByType("navigation"), parts = performance.getEntriesByType("resource");
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    if (!page || !page.loadEventEnd || !paint) return null;
    const sent = [page, ...parts].filter(one => !one.name.endsWith("/events"));
    const bytes = sent.reduce((sum, one) => sum + one.transferSize, 0);
    return [sent.length, bytes, paint.startTime, page.loadEventEnd, page.responseEnd];
}"""


async def opened(page: Page, address: str) -> tuple[int, int, float, float, float]:
    """Answers, bytes with their heads; ms to the first paint, to the end of loading, to the end of the page itself."""
    await page.goto("about:blank")
    await page.wait_for_timeout(REST)
    await page.goto(address)
    async with asyncio.timeout(30):
        while not (measured := await page.evaluate(MEASURED)):
            await asyncio.sleep(0.05)
    return tuple(measured)


@asynccontextmanager
async def live(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """A board with calls: where it is, and a cookie for it."""
    async with Switch(folder / "control.sock") as switch, pages(folder, switch.socket) as (_pid, port, cookie):
        for id in range(1, UNDER_WAY + 1):
            switch.call(
                id=id, state="talking" if id % 2 else "waiting", queue="" if id % 2 else "sales", name=f"C {id}"
            )
        yield f"http://127.0.0.1:{port}", cookie


@asynccontextmanager
async def filled(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """The pages of an office that uses all there is and has had a month of calls."""
    text = re.sub(r"(?m)^https = true.*", f"port = {PORT}", FULL.read_text())
    async with Kept(folder, text) as kept, pages(folder, kept.socket, text, OWNER) as (_pid, port, cookie):
        for call in range(DAYS * CALLS):
            day, nth = divmod(call, CALLS)
            kept.call(T + day * 86_400_000 + nth * 600_000, outcome="answered" if nth % 7 else "abandoned")
        await kept.journal.durable()
        yield f"http://127.0.0.1:{port}", cookie


async def seen(chromium: Browser, here: str, cookie: str, path: str) -> list[float]:
    """How many answers, bytes, ms until sent, painted and loaded (medians), the least and the most, bytes again."""
    first, again = [], []
    for _ in range(TIMES):
        visitor = await chromium.new_context()  # with nothing kept of what others were sent
        if path != "/log-in":
            await visitor.add_cookies([{"name": COOKIE, "value": cookie, "url": here}])
        page = await visitor.new_page()
        first.append(await opened(page, here + path))
        assert page.url == here + path, page.url
        again.append(await opened(page, here + path))
        await visitor.close()
    sent, painted, loaded, there = (statistics.median(one[n] for one in first) for n in (1, 2, 3, 4))
    least, most = (of(one[3] for one in first) for of in (min, max))
    return [first[0][0], sent, there, painted, loaded, least, most, again[-1][1]]


async def main(write: bool) -> None:
    rows, figures = [HEADS], []
    async with launched() as chromium:
        for begun, shown in ((live, LIVE), (filled, FILLED)):
            async with begun(Path(tempfile.mkdtemp(prefix="page-"))) as (here, cookie):
                for path, name in shown:
                    figures.append((name, await seen(chromium, here, cookie, path)))
    plain = max(figures[0][1][3:5])
    for name, (answers, sent, there, painted, loaded, least, most, again) in figures:
        times = (f"{one:.0f}" for one in (there, painted, loaded, least, most))
        ratio = f"{max(painted, loaded) / plain:.1f}"
        rows.append((name, f"{answers:.0f}", f"{sent / 1000:.1f}", *times, ratio, f"{again / 1000:.1f}"))
    over = [f"{name} has {one[1] / 1000:.0f} kB" for name, one in figures if one[1] > BYTES]
    over += [f"{name} takes {max(one[3:5]):.0f} ms" for name, one in figures[: len(LIVE)] if max(one[3:5]) > MS]
    kept = f"NOT KEPT: {', '.join(over)}" if over else "kept"
    tell(rows, write=write, notes=[f"At most {BYTES // 1000} kB, and down to *calls* {MS:.0f} ms (medians): {kept}."])


if __name__ == "__main__":
    asyncio.run(main(wants_writing(__doc__)))
