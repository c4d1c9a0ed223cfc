# SPDX-License-Identifier: GPL-2.0-or-later
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.calls.office import OFFICE, Office
from tests.telephones.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path) as stage:
        yield stage


@pytest.fixture
async def offices(tmp_path: Path) -> AsyncIterator[Callable[..., Office]]:
    """Makes offices by their documents, and closes them."""
    made: list[Office] = []

    def make(document: str = OFFICE, **how: object) -> Office:
        made.append(Office(tmp_path, document, **how))
        return made[-1]

    yield make
    for office in made:
        office.close()
