# SPDX-License-Identifier: GPL-2.0-or-later
"""A thousand events a second: order kept for each topic, memory bounded, nothing made up. `make flood` for a minute of it."""

import asyncio
import itertools
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from appliance.control.messages import Happened
from appliance.mqtt.bridge import ActionFiles, Bridge, Logins
from appliance.mqtt.outbox import MOMENTS_MAX
from appliance.programs.demo.ports import Ports
from appliance.settings.models import Settings
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import Switch
from tests.mqtt.house import BOX, all_is_told, says, settings

RATE = 1000  # events a second, half of them changes of a line
STEP = 0.01  # seconds
LAST = 2**40  # the last event's call


GROWS = 30_000_000  # bytes at most, in a minute: 512 events wait, and what the interpreter does not give back


class Ear(Listener):
    """Keeps numbers alone of what it hears, so that what grows is the bridge."""

    numbers: list[int]
    states = 0

    async def _hear(self) -> None:
        self.numbers = []
        async for message in self.client.messages:
            async with self._changed:
                topic, payload = str(message.topic), message.payload
                self.now[topic] = payload.decode() if isinstance(payload, bytes) else ""
                if topic == f"{BOX}/call/event":
                    self.numbers.append(json.loads(self.now[topic])["call"])
                self.states += topic == f"{BOX}/line/backup/state"
                self._changed.notify_all()


class Flood(NamedTuple):
    """What came of it: sent and heard are momentary events; bytes held by the interpreter before and after."""

    sent: int
    heard: int
    states: int
    in_order: bool
    waiting: int
    seconds: float
    before: int
    after: int


async def flood(folder: Path, ports: Ports, seconds: float) -> Flood:
    async with Switch(folder / "control.sock") as switch, Mosquitto(folder, ports.take()) as broker:
        await broker.start()
        now = settings(broker.port)
        bridge = Bridge(now, switch.socket, version="0.1.0", actions=ActionFiles(folder / "state", folder / "class-4"))

        async def read() -> tuple[Settings, Logins]:
            return now, Logins()

        working = asyncio.create_task(bridge.run(read))
        async with Ear(broker.port) as house:
            await house.until(all_is_told(house))
            before = _resident()
            began, sent, most = time.monotonic(), 0, 0
            due = began
            while time.monotonic() - began < seconds:
                for _ in range(int(RATE * STEP) // 2):
                    switch.tell(Happened, kind="dtmf", call=sent, line="city", detail=str(sent))
                    switch.line("backup", state="ringing" if sent % 2 else "idle")
                    sent += 1
                most = max(most, len(bridge._home.outbox._moments))
                due += STEP
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            took = time.monotonic() - began
            switch.line("backup", state="talking")
            switch.tell(Happened, kind="ended", call=LAST, line="city")
            await house.until(says(house, "call/event", call=LAST), 30)
            await house.until(says(house, "line/backup/state", state="talking"), 30)
            after = _resident()
            numbers, states = house.numbers, house.states
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    in_order = all(a < b for a, b in itertools.pairwise(numbers))
    return Flood(sent, len(numbers) - 1, states, in_order, most, took, before, after)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder, Ports() as ports:
        told = asyncio.run(flood(Path(folder), ports, seconds))
    print(
        f"{2 * told.sent} events in {told.seconds:.0f} s ({2 * told.sent / told.seconds:.0f} a second): "
        f"{told.heard} of {told.sent} momentary ones heard, {told.states} states, in order: {told.in_order}, "
        f"at most {told.waiting} waiting, {told.before / 1e6:.0f} -> {told.after / 1e6:.0f} MB"
    )
    assert told.in_order and told.waiting <= MOMENTS_MAX and told.after - told.before < GROWS


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
