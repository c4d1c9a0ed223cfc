# SPDX-License-Identifier: GPL-2.0-or-later
from collections import Counter
from collections.abc import Iterator

import pytest

from appliance.programs.demo.ports import Ports


@pytest.fixture(scope="module")
def ports() -> Iterator[Ports]:
    """No port is taken from those the kernel gives to outgoing connections: one of these could have it first."""
    with Ports() as ports:
        yield ports


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of few tests first: those are stories, and a long one begun last would be waited for alone."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: tests[item.path])
