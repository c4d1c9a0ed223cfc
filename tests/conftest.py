# SPDX-License-Identifier: GPL-2.0-or-later
from collections.abc import Iterator

import pytest

from appliance.programs.demo.ports import Ports


@pytest.fixture(scope="module")
def ports() -> Iterator[Ports]:
    """No port is taken from those the kernel gives to outgoing connections: one of these could have it first."""
    with Ports() as ports:
        yield ports
