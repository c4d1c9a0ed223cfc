# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that use the API of a box, with tokens."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import httpx

from appliance.control.client import follow
from appliance.web.access import OWNER, now
from appliance.web.api.scopes import EVERY
from appliance.web.token_pages import new
from tests.web.visitors import TRUST, Site, site


class Program(httpx.AsyncClient):
    """One that holds a token."""

    def __init__(self, box: Site, user: str = OWNER, scopes: Iterable[str] = EVERY) -> None:
        self.held = new()
        self.number = box.office.tokens.add(self.held, user, "a program", frozenset(scopes), at=now())
        headers = {"Authorization": f"Bearer {self.held}"}
        super().__init__(base_url=f"{box.address}/api/v1", timeout=60, headers=headers, verify=TRUST)


@contextlib.asynccontextmanager
async def followed(folder: Path, socket: Path, settings: Path | None = None) -> AsyncIterator[Site]:
    """Pages with a user of each role, that know what the switch tells."""
    async with site(folder, socket, settings) as box:
        box.people()
        feed = box.box.feed
        following = asyncio.create_task(follow(socket, feed.on_office, feed.on_event, feed.on_away))
        try:
            async with asyncio.timeout(30):
                while box.box.screen.live is None:
                    await asyncio.sleep(0.01)
            yield box
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
