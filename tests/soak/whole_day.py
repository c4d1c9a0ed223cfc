# SPDX-License-Identifier: GPL-2.0-or-later
"""Five thousand calls and more: `make soak`. What it told last stands in bench/soak.md."""

from pathlib import Path

import pytest

from tests.soak.soak import Soak


@pytest.mark.timeout(2400)
async def test_five_thousand_calls_leave_nothing_behind(tmp_path: Path) -> None:
    async with Soak(tmp_path, calls=5200, rate=9.0) as soak:
        await soak.live()
        print("", *soak.told(), sep="\n")
        faults = soak.faults()
        assert not faults, "\n".join(await soak.why(faults))
