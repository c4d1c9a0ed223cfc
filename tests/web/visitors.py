# SPDX-License-Identifier: GPL-2.0-or-later
"""A web server with its database, and people who come to it."""

import asyncio
import contextlib
import re
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from appliance.control.client import follow
from appliance.settings.models import Settings
from appliance.store.office import Office, User
from appliance.web.access import ROLES
from appliance.web.app import listener, serve
from appliance.web.around import ARP, Around
from appliance.web.box import Box
from appliance.web.drafts import Drafts
from appliance.web.known import Known
from appliance.web.proofs import hashed
from appliance.web.screen import Screen

PASSWORD = "horse battery staple"
_KEPT = hashed(PASSWORD, "")  # hashing takes a while: once for all
TRUST = ssl.create_default_context()  # and so does reading who is trusted: ten times as long as a page


def user(name: str, role: str) -> User:
    return User(name, role, _KEPT, "", 0, "", "", time.time_ns() // 1_000_000)


class Site:
    """Where the pages are, and their database."""

    def __init__(self, address: str, box: Box, ended: asyncio.Event | None = None) -> None:
        """ended: set where the program of the pages would end."""
        self.ended = ended or asyncio.Event()
        self.address, self.box, self.office = address, box, box.office

    def people(self) -> None:
        """One user of each role, named after it, with PASSWORD."""
        for role in ROLES:
            self.office.add(user(role, role))

    def visitor(self) -> "Visitor":
        return Visitor(self.address)

    @contextlib.asynccontextmanager
    async def logged_in(self, name: str) -> AsyncIterator["Visitor"]:
        async with self.visitor() as one:
            answer = await one.log_in(name)
            assert answer.status_code == 303, answer.text
            yield one


class Visitor(httpx.AsyncClient):
    """Somebody with a browser that keeps cookies and sends forms as they stand on the page."""

    def __init__(self, address: str, verify: ssl.SSLContext = TRUST) -> None:
        super().__init__(base_url=address, timeout=20, headers={"Accept-Language": "en"}, verify=verify)

    async def csrf(self, page: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', (await self.get(page)).text)
        assert found, page
        return found[1]

    async def fill(self, page: str, path: str = "", **fields: str) -> httpx.Response:
        """The form of a page, filled in so."""
        return await self.post(path or page, data={"csrf": await self.csrf(page), **fields})

    async def put_in(self, table: str, **fields: str | list[str]) -> httpx.Response:
        """Some fields of a table of the settings, as if the others were not on the page."""
        page = f"/settings/at/{table}"
        data: dict[str, str | list[str]] = {"csrf": await self.csrf(page), "do": "save"}
        return await self.post(page, data=data | {f"has:{key}": "1" for key in fields} | fields)

    async def log_in(self, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
        return await self.fill("/log-in", name=name, password=password, **more)


@contextlib.asynccontextmanager
async def site(
    folder: Path,
    socket: Path | None = None,
    settings: Path | None = None,
    state: Path | None = None,
    *,
    follows: bool = False,
    arp: Path = ARP,
    begun: Settings | None = None,
) -> AsyncIterator[Site]:
    """Pages of a box; its switch is not there unless told, and watched only when `follows`.

    arp: as /proc/net/arp; begun: what the program started with."""
    document = settings or folder / "office.toml"
    drafts = Drafts(socket or folder / "no.sock", document)
    with listener("127.0.0.1", 0) as sock, contextlib.closing(Office(folder)) as office:
        known, around, ended = Known(document), Around(arp), asyncio.Event()
        box = Box(
            Screen(), office, drafts, state or folder, known=known, around=around, begun=begun, end=ended.set
        )  # fmt: skip
        box.feed.to(box.screen.on_office, box.screen.on_event, box.screen.on_away)
        tasks = [asyncio.create_task(serve(box, sock, "127.0.0.1"))]
        if follows and socket:
            tasks.append(asyncio.create_task(follow(socket, box.feed.on_office, box.feed.on_event, box.feed.on_away)))
        try:
            yield Site(f"http://127.0.0.1:{sock.getsockname()[1]}", box, ended)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
