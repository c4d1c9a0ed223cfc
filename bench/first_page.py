# SPDX-License-Identifier: GPL-2.0-or-later
"""What a browser that was never here before is sent for a page, and how soon it shows it."""

import asyncio
import statistics
import tempfile
from pathlib import Path

from live_board import UNDER_WAY, pages
from playwright.async_api import Page
from testbed.table import tell, wants_writing

from appliance.web.access import COOKIE
from tests.fakes.switch import Switch
from tests.web.chromium import launched

TIMES = 15  # each page is opened
BYTES, MS = 100_000, 200.0  # what the first page may have and take
PAGES = (
    ("/log-in", "log in", False),
    ("/", "live board", True),
    ("/status", "health", True),
    ("/calls", "calls", True),
)
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
    await page.goto(address)
    async with asyncio.timeout(30):
        while not (measured := await page.evaluate(MEASURED)):
            await asyncio.sleep(0.05)
    return tuple(measured)


async def main(write: bool) -> None:
    folder = Path(tempfile.mkdtemp(prefix="page-"))
    rows = [
        (
            "page",
            "answers",
            "kB",
            "sent ms median",
            "painted ms median",
            "loaded ms median",
            "least",
            "most",
            "kB again",
        )
    ]
    worst = (0, 0.0)
    async with (
        Switch(folder / "control.sock") as switch,
        pages(folder, switch.socket) as (_pid, port, cookie),
        launched() as chromium,
    ):
        for id in range(1, UNDER_WAY + 1):
            switch.call(
                id=id, state="talking" if id % 2 else "waiting", queue="" if id % 2 else "sales", name=f"C {id}"
            )
        here = f"http://127.0.0.1:{port}"
        for path, name, inside in PAGES:
            seen = []
            for _ in range(TIMES):
                visitor = await chromium.new_context()  # with nothing kept of what others were sent
                if inside:
                    await visitor.add_cookies([{"name": COOKIE, "value": cookie, "url": here}])
                page = await visitor.new_page()
                seen.append(await opened(page, here + path))
                again = await opened(page, here + path)
                await visitor.close()
            sent, painted, loaded, there = (statistics.median(one[n] for one in seen) for n in (1, 2, 3, 4))
            least, most = (of(one[3] for one in seen) for of in (min, max))
            figures = (
                f"{sent / 1000:.1f}",
                f"{there:.0f}",
                f"{painted:.0f}",
                f"{loaded:.0f}",
                f"{least:.0f}",
                f"{most:.0f}",
                f"{again[1] / 1000:.1f}",
            )
            rows.append((name, str(seen[0][0]), *figures))
            worst = (max(worst[0], int(sent)), max(worst[1], painted, loaded))
    kept = worst[0] <= BYTES and worst[1] <= MS
    tell(
        rows,
        write=write,
        notes=[f"At most {BYTES // 1000} kB and {MS:.0f} ms (medians): {'kept' if kept else 'NOT KEPT'}."],
    )


if __name__ == "__main__":
    asyncio.run(main(wants_writing(__doc__)))
