# SPDX-License-Identifier: GPL-2.0-or-later
"""A few seconds of a thousand events a second."""

from pathlib import Path

from appliance.mqtt.outbox import MOMENTS_MAX
from appliance.programs.demo.ports import Ports
from tests.mqtt.flood import flood


async def test_three_seconds_of_a_thousand_events_a_second_in_order_and_bounded(tmp_path: Path, ports: Ports) -> None:
    told = await flood(tmp_path, ports, 3.0)
    assert told.in_order
    assert told.waiting <= MOMENTS_MAX
    assert told.sent >= 500  # the machine kept up well enough to tell anything
    assert told.heard >= told.sent // 2
