# SPDX-License-Identifier: GPL-2.0-or-later
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.telephones.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path) as stage:
        yield stage
