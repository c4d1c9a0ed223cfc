# SPDX-License-Identifier: GPL-2.0-or-later
"""A broker behind a network that is really cut: in a network namespace, with a cable of its own. Needs root: `make network`."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.control.messages import Happened
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import CALL, Switch
from tests.mqtt.house import BOX, RIGHT_WITHIN, Bridging, all_is_told, is_said, says, settings

PORT = 1883  # within the namespace
OURS, HOUSES = "10.213.17", "10.213.18"  # the bridge's cable to the broker, and that of the house


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@pytest.fixture
def far() -> Iterator[str]:
    """The name of a namespace with two cables to it: pull() is done to the first."""
    name = f"linekeeper-{os.getpid()}"
    ip("netns", "add", name)
    try:
        for cable, net in (("lk-ours", OURS), ("lk-house", HOUSES)):
            ip("link", "add", cable, "type", "veth", "peer", "name", f"{cable}-far", "netns", name)
            ip("addr", "add", f"{net}.1/30", "dev", cable)
            ip("link", "set", cable, "up")
            ip("-n", name, "addr", "add", f"{net}.2/30", "dev", f"{cable}-far")
            ip("-n", name, "link", "set", f"{cable}-far", "up")
        yield name
    finally:
        for cable in ("lk-ours", "lk-house"):
            subprocess.run(["ip", "link", "del", cable], check=False)  # the end elsewhere goes with it
        ip("netns", "del", name)


@pytest.mark.parametrize("seconds", [1.0, 8.0, 20.0])
async def test_a_cable_pulled_and_plugged_in_again_all_is_right_within_five_seconds(
    switch: Switch, tmp_path: Path, far: str, bridge: Bridging, seconds: float
) -> None:
    broker = Mosquitto(tmp_path, PORT, address="0.0.0.0", before=("ip", "netns", "exec", far))
    async with broker:
        await broker.start()
        async with Listener(PORT, host=f"{HOUSES}.2") as house:
            async with bridge(settings(PORT, mqtt={"host": f"{OURS}.2"})):
                await house.until(all_is_told(house))
                ip("link", "set", "lk-ours", "down")
                for state in ("ringing", "talking", "idle", "dialing"):
                    switch.line("city", state=state)
                switch.action(lives=round(seconds * 500))
                await asyncio.sleep(seconds)
                ip("link", "set", "lk-ours", "up")
                await house.until(says(house, "line/city/state", state="dialing"), RIGHT_WITHIN)
                await house.until(is_said(house, "bridge/state", "online"), RIGHT_WITHIN)
                switch.tell(Happened, kind="answered", call=CALL, line="city")
                await house.until(says(house, "call/event", event_type="answered"))
                async with asyncio.timeout(20):
                    told = await switch.results.get()
                assert told.result == "failed"
                assert house.payloads("home/lamp/set") == []
                assert house.payloads(f"{BOX}/line/city/state")[-1]
