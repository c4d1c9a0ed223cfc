# SPDX-License-Identifier: GPL-2.0-or-later
"""A day of calls in a minute. `make soak` has a whole one."""

from pathlib import Path

import pytest

from tests.soak.soak import Soak


@pytest.mark.timeout(240)
async def test_every_call_of_a_day_is_accounted_for_and_nothing_is_left_of_it(tmp_path: Path) -> None:
    async with Soak(tmp_path, calls=100, rate=8.0, settles=1.0, vanishing=False) as soak:
        await soak.live()
        print("\n".join(soak.told()))
        faults = soak.faults(memory=False)  # so short a time says nothing about it
        assert not faults, "\n".join(await soak.why(faults))
