# SPDX-License-Identifier: GPL-2.0-or-later
"""What the live board costs with fifty viewers, and how soon they see a change."""

import asyncio
import contextlib
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from testbed import process
from testbed.table import tell, wants_writing

from appliance.store.office import Office, User
from appliance.web.access import COOKIE, SUPERVISOR
from tests.calls.office import OFFICE
from tests.fakes.switch import Switch, now

VIEWERS, UNDER_WAY = 50, 20  # viewers, calls that go on all the time
CHANGES, EVERY = 60, 0.5  # marked changes, seconds between two: the pace of a busy office
PORT = 8088  # of the pages in a document, before they have one
QUIET = 10.0  # seconds without a change
SEEN = re.compile(rb"Mark (\d+)!")


class Viewer:
    """One stream; notes when each mark was there first."""

    def __init__(self) -> None:
        self.seen: dict[int, float] = {}

    async def watch(self, port: int, cookie: str, ready: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
        writer.write(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {COOKIE}={cookie}\r\n\r\n".encode())
        with contextlib.closing(writer):
            while data := await reader.read(1 << 18):
                at = time.monotonic()
                ready.set()
                for mark in SEEN.findall(data):
                    self.seen.setdefault(int(mark), at)


@contextlib.asynccontextmanager
async def pages(
    folder: Path, socket: Path, text: str = f"{OFFICE}\n[web]\nport = {PORT}\n", role: str = SUPERVISOR
) -> AsyncIterator[tuple[int, int, str]]:
    """The web program with this document: its pid, port and the cookie of somebody of this role."""
    with contextlib.closing(Office(folder / "pages")) as office:
        office.add(User("boss", role, "", "", 0, "anna", "", now()))
        office.begin("c" * 43, "boss", "csrf", at=now(), address="", agent="")
    with contextlib.closing(await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)) as free:
        port = free.sockets[0].getsockname()[1]
    (folder / "office.toml").write_text(text.replace(f"port = {PORT}\n", f"port = {port}\n"))
    command = [sys.executable, "-m", "appliance.programs", "web", "--settings", str(folder / "office.toml")]
    program = await asyncio.create_subprocess_exec(
        *command, "--state", str(folder), "--socket", str(socket), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.05)
        yield program.pid, port, "c" * 43
    finally:
        program.terminate()
        await program.wait()


async def measure(viewers: int) -> tuple[float, float, list[float]]:
    """Percent of a processor while nothing happens, and while calls change; seconds until each viewer saw each change."""
    folder = Path(tempfile.mkdtemp(prefix="board-"))
    async with Switch(folder / "control.sock") as switch, pages(folder, switch.socket) as (pid, port, cookie):
        for id in range(1, UNDER_WAY + 1):
            switch.call(
                id=id, state="talking" if id % 2 else "waiting", queue="" if id % 2 else "sales", name=f"C {id}"
            )
        crowd, ready = [Viewer() for _ in range(viewers)], [asyncio.Event() for _ in range(viewers)]
        tasks = [asyncio.create_task(v.watch(port, cookie, e)) for v, e in zip(crowd, ready, strict=True)]
        async with asyncio.timeout(60):
            await asyncio.gather(*(one.wait() for one in ready))
        began, used = time.monotonic(), process.cpu(pid)
        await asyncio.sleep(QUIET)
        quiet = 100 * (process.cpu(pid) - used) / (time.monotonic() - began)
        told, began, used = {}, time.monotonic(), process.cpu(pid)
        for mark in range(CHANGES):
            told[mark] = time.monotonic()
            switch.call(id=1 + mark % UNDER_WAY, state="talking", name=f"Mark {mark}!")
            await asyncio.sleep(EVERY)
        busy = 100 * (process.cpu(pid) - used) / (time.monotonic() - began)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    late = [one.seen[mark] - at if mark in one.seen else 9.0 for one in crowd for mark, at in told.items()]
    return quiet, busy, late


async def main(write: bool) -> None:
    rows = [("viewers", "CPU quiet %", "CPU busy %", "seen ms median", "p99", "longest")]
    for viewers in (1, VIEWERS):
        quiet, busy, late = await measure(viewers)
        ms = sorted(1000 * one for one in late)
        figures = (quiet, busy, statistics.median(ms), ms[int(len(ms) * 0.99)], ms[-1])
        rows.append((str(viewers), *(f"{figure:.1f}" for figure in figures)))
    tell(rows, write=write)


if __name__ == "__main__":
    asyncio.run(main(wants_writing(__doc__)))
