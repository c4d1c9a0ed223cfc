# SPDX-License-Identifier: GPL-2.0-or-later
"""How long until the house knows of a call: from the INVITE at the line to the event at a listener of the broker."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiomqtt
from testbed import process
from testbed.office import Switch, stage
from testbed.sip import Dialog, Telephone
from testbed.table import tell, wants_writing

from appliance.programs.demo import broker as mosquitto
from appliance.programs.demo.broker import Broker
from appliance.programs.demo.tied import TIED

CALLS, RATE = 300, 10.0  # calls, calls a second
CREW = 20
RINGS, TALK = 0.07, 0.16  # seconds; nobody answers or hangs up just when another call comes in
WARM = 10  # calls before that are not counted
IDLE = 10.0  # seconds without a call before its memory is looked at
EVENT, BARE = "linekeeper/office/call/event", "bare"
MB = 1_000_000


class Ear:
    """mosquitto_sub with the time, to the nanosecond, at which it took each message in: how busy we are does not count."""

    def __init__(self) -> None:
        self.heard: dict[tuple[str, str], float] = {}  # topic and number (or text): seconds since 1970, the first time
        self.ready = asyncio.Event()

    @asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[None]:
        program = await asyncio.create_subprocess_exec(
            *TIED, "mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-t", EVENT, "-t", BARE, "-t",
            "linekeeper/office/bridge/state", "-F", "%U %t %p", "-q", "0",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        reading = asyncio.create_task(self._read(program.stdout))
        try:
            yield
        finally:
            program.terminate()
            await program.wait()
            await reading

    async def _read(self, lines: Any) -> None:
        async for line in lines:
            at, topic, text = line.decode().split(" ", 2)
            if text.strip() == "online":
                self.ready.set()
            elif topic == EVENT:
                event = json.loads(text)
                self.heard.setdefault((event["event_type"], event["number"]), float(at))
            else:
                self.heard.setdefault((topic, text.strip()), float(at))


class Measurement:
    """Calls in one after the other; between every two a bare publication."""

    def __init__(self, line: Telephone, desks: Telephone, client: aiomqtt.Client) -> None:
        self.sent: dict[str, float] = {}  # by caller: seconds since 1970
        self.bare: dict[str, float] = {}
        self._line, self._desks, self._client = line, desks, client
        desks.heard.invited, desks.heard.up = self._rings, self._up

    async def run(self, calls: int) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for number in range(calls):
            caller = f"+447700900{number % 1000:03}"
            self.sent[caller] = self._line.call(caller, "100").at / 1e9
            await asyncio.sleep(due + 0.5 / RATE - loop.time())
            self.bare[str(number)] = time.time()
            await self._client.publish(BARE, str(number), qos=1)
            due += 1 / RATE
            await asyncio.sleep(due - loop.time())
        await asyncio.sleep(RINGS + TALK + 0.5)

    def _rings(self, dialog: Dialog) -> None:
        asyncio.get_running_loop().call_later(RINGS, self._desks.answer, dialog)

    def _up(self, dialog: Dialog) -> None:
        asyncio.get_running_loop().call_later(TALK, self._hang_up, dialog)

    def _hang_up(self, dialog: Dialog) -> None:
        if dialog.call_id in self._desks.dialogs:
            self._desks.hang_up(dialog)


async def measure() -> tuple[dict[str, list[float]], process.Memory]:
    """Milliseconds of each kind; the memory of the idle bridge."""
    with stage() as (folder, ports):
        async with Broker(folder, port := ports.take()):
            switch = Switch(folder / "office", ports, crew=CREW, mqtt=port)
            switch.start()
            line, desks = Telephone(switch.office.city, switch.office.sip), Telephone(ports.take(), switch.office.sip)
            bridge = switch.program("bridge")
            ear = Ear()
            try:
                async with ear.listening(port), aiomqtt.Client("127.0.0.1", port) as client:
                    await switch.ready(desks)
                    await asyncio.wait_for(ear.ready.wait(), 20)
                    await asyncio.sleep(IDLE)
                    held = process.memory(bridge.pid)
                    await Measurement(line, desks, client).run(WARM)
                    ear.heard.clear()
                    measurement = Measurement(line, desks, client)
                    await measurement.run(CALLS)
            finally:
                line.close()
                desks.close()
                bridge.terminate()
                bridge.wait(10)
                switch.end()
    found: dict[str, list[float]] = {
        "bare publication -> listener": delays(measurement.bare, ear, BARE),
        "INVITE -> `ringing` at the listener": delays(measurement.sent, ear, "ringing"),
    }
    if len(found["INVITE -> `ringing` at the listener"]) < CALLS * 0.99:
        sys.exit(f"only {[len(one) for one in found.values()]} of {CALLS} were heard:\n{switch.words()}")
    return found, held


def delays(sent: dict[str, float], ear: Ear, kind: str) -> list[float]:
    return [1000 * (ear.heard[kind, what] - at) for what, at in sent.items() if (kind, what) in ear.heard]


def main() -> None:
    write = wants_writing(__doc__ or "")
    if not mosquitto.installed():
        sys.exit("This needs a broker, and there is none: apt install mosquitto mosquitto-clients")
    found, held = asyncio.run(measure())
    floor = statistics.median(next(iter(found.values())))
    rows = [["ms", "median", "p99", "median : bare", "n"]]
    for what, times in found.items():
        median, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        rows.append([what, f"{median:.2f}", f"{p99:.2f}", f"{median / floor:.1f}", str(len(times))])
    rows.append([f"idle bridge, its own memory: {held.private / MB:.1f} MB", "", "", "", ""])
    tell(rows, write=write)


if __name__ == "__main__":
    main()
