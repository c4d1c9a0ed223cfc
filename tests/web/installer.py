# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody with a mouse and a keyboard before the pages: what he does is counted, and how long a person takes for it."""

from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

from tests.web.chromium import photograph

# Seconds, of the keystroke-level model (Card, Moran and Newell): an average typist's key, pointing, a press of the button,
# a hand from mouse to keyboard or back, making up one's mind.
KEY, POINT, PRESS, HAND, MIND = 0.28, 1.1, 0.2, 0.4, 1.35
READ = 6.0  # seconds for a page one has not seen before


@dataclass
class Hands:
    """One at a page."""

    page: Page
    clicks: int = 0
    keys: int = 0
    pages: int = 0
    seconds: float = 0.0

    async def click(self, what: str | Locator) -> None:
        await self._find(what).click()
        self.clicks += 1
        self.seconds += MIND + POINT + PRESS

    async def opens(self, what: str | Locator, page: str) -> None:
        """A click after which a page of this address is there, and is read."""
        await self.click(what)
        await self.page.wait_for_url(page)
        self.pages += 1
        self.seconds += READ

    async def write(self, what: str | Locator, text: str) -> None:
        """Into a field, instead of what is there."""
        await self._find(what).fill(text)
        self.clicks += 1
        self.keys += len(text)
        self.seconds += MIND + POINT + PRESS + 2 * HAND + KEY * len(text)

    async def choose(self, what: str | Locator, value: str) -> None:
        await self._find(what).select_option(value)
        self.clicks += 2
        self.seconds += MIND + 2 * (POINT + PRESS)

    async def copies(self, what: str) -> str:
        """What a field shows, typed into something else."""
        value = await self._find(what).input_value()
        self.keys += len(value)
        self.seconds += MIND + KEY * len(value)
        return value

    async def sees(self, words: str, within: str = "main") -> None:
        await expect(self.page.locator(within)).to_contain_text(words)

    async def photograph(self, name: str) -> None:
        await photograph(self.page, name)

    def _find(self, what: str | Locator) -> Locator:
        return self.page.locator(what) if isinstance(what, str) else what
