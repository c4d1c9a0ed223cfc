# SPDX-License-Identifier: GPL-2.0-or-later
"""One browser for all tests of a process that want one: these run on the session's loop, where it lives."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.web.chromium import launched


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser
