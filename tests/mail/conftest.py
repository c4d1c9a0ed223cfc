# SPDX-License-Identifier: GPL-2.0-or-later
from collections.abc import Iterator

import pytest

from appliance.programs.demo.ports import Ports


@pytest.fixture
def ports() -> Iterator[Ports]:
    with Ports() as ports:
        yield ports
