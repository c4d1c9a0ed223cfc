# SPDX-License-Identifier: GPL-2.0-or-later
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.calls.house import House
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole_house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A file may set HOUSE."""
    async with House(tmp_path_factory.mktemp("house"), **getattr(request.module, "HOUSE", {})) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(whole_house: House, tmp_path: Path) -> AsyncIterator[House]:
    await whole_house.quiet()
    async with Stage(tmp_path) as whole_house.world:
        yield whole_house
