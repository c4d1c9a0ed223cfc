# SPDX-License-Identifier: GPL-2.0-or-later
"""A simulated modem plugged into the box, and who hears what it tells."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.lines.at.calls import Event
from appliance.lines.at.pdu import Report
from appliance.lines.at.texts import Text, Together
from appliance.lines.modems.messages import Came
from appliance.lines.modems.modem import Modem, Standing
from appliance.programs.demo.modem.dialects import DIALECTS
from appliance.programs.demo.modem.simulator import Simulator

ANNA, BORIS = "+15550100", "+15550101"
FRONT = "0791447700090000440C91447700091032000862118281035180"  # one part, in UCS2
ALL = pytest.mark.parametrize("family", DIALECTS)


@dataclass
class Office:
    """Hears what a modem tells."""

    told: list[Event] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    keys: str = ""
    why: str = ""
    keep: Callable[[Came], Awaitable[None]] | None = None
    together: Together = field(default_factory=Together)
    gone: list[Came] = field(default_factory=list)  # from the modem's memory
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def stands(self, standing: Standing, why: str) -> None:
        self.standings.append(standing)
        self.why = why
        self.changed.set()

    def call(self, event: Event) -> None:
        self.told.append(event)
        self.changed.set()

    def digit(self, digit: str) -> None:
        self.keys += digit
        self.changed.set()

    def signal(self, dbm: int | None) -> None:
        self.changed.set()

    def learned(self, what: str, value: str) -> None:
        self.known[what] = value
        self.changed.set()

    async def message(self, came: Came) -> bool:
        if self.keep:
            await self.keep(came)
        assert came.message
        body, part = came.message.body, came.message.body.part
        whole = Text(came.message.sender, came.message.at, body.text)
        self.texts += self.together.add(came.message, part, came.place or 0, 0) if part else [whole]
        self.changed.set()
        return True

    def deleted(self, came: Came) -> None:
        self.gone.append(came)

    async def report(self, report: Report) -> None:
        self.reports.append(report)
        self.changed.set()

    async def until(self, what: Callable[[], object], within: float = 10.0) -> None:
        async with asyncio.timeout(within):
            while not what():
                self.changed.clear()
                await self.changed.wait()

    async def ready(self) -> None:
        await self.until(lambda: self.standings[-1:] == ["ready"])


async def no_wait(seconds: float) -> None:
    """Waits between looks are not waited out."""
    await asyncio.sleep(min(seconds, 0.002))


@asynccontextmanager
async def plugged(
    family: str, tmp_path: Path, prepare: Callable[[Simulator], object] = lambda _: None, pin: str = "", **more: object
) -> AsyncIterator[tuple[Simulator, Modem, Office]]:
    """A modem in use."""
    simulator = Simulator(DIALECTS[family], tmp_path / "modem-at")
    prepare(simulator)
    simulator.plug()
    office = Office()
    modem = Modem(str(simulator.link), office, pin=pin, sleep=no_wait, **more)  # type: ignore[arg-type]
    running = asyncio.create_task(modem.run())
    try:
        yield simulator, modem, office
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        simulator.unplug()
        assert running.cancelled()
