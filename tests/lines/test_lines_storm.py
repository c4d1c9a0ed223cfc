# SPDX-License-Identifier: GPL-2.0-or-later
"""Text messages and cuts of the power, as few as an ordinary run has time for; `make storm` has a thousand."""

from pathlib import Path

from appliance.programs.demo.ports import Ports
from tests.lines.storm import run


async def test_a_hundred_text_messages_are_told_once_each_whatever_the_power_does(tmp_path: Path, ports: Ports) -> None:
    await run(tmp_path, ports, 100, seed=1, places=20, times=4)
