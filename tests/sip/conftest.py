# SPDX-License-Identifier: GPL-2.0-or-later
from collections.abc import AsyncIterator, Iterator

import pytest

from appliance.programs.demo.ports import Ports
from tests.sip.box import Box
from tests.sip.wire import Wire


@pytest.fixture(scope="module")
def endpoint(request: pytest.FixtureRequest, ports: Ports) -> Iterator[Box]:
    """One for all tests of a file, which may set ENDPOINT: one process has one, and it takes a second to end."""
    box = Box(ports, **getattr(request.module, "ENDPOINT", {}))
    yield box
    box.sip.close()


@pytest.fixture
async def box(endpoint: Box) -> AsyncIterator[Box]:
    with endpoint:
        yield endpoint


@pytest.fixture
async def wire(endpoint: Box) -> AsyncIterator[Wire]:
    async with Wire(endpoint.address) as wire:
        yield wire
