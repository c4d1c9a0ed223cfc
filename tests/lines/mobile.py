# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole office with a modem on one of its lines: the box is the real one, the modem a simulator on a pty."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from appliance.control import client
from appliance.control.messages import Line, Watch
from appliance.programs.demo.modem.dialects import DIALECTS
from appliance.programs.demo.modem.simulator import Simulator
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.calls.stories import changed, use
from tests.lines.far_end import FarEnd
from tests.telephones.stage import Stage

IMEI, OTHER_IMEI = "350000000000006", "350000000000014"
OWN, CALLER, CALLED = "+37060000100", "+37060000001", "+37060000009"
# From +447700900123 by the centre +447700090000: hellohello
HELLO = "07914477000900000" + "40C91447700091032" + "0000" + "62118281035180" + "0AE8329BFD4697D9EC37"
LINE = '\n[line.{name}]\nkind = "modem"\nport = "{port}"\nnumber = "' + OWN + '"\n{more}\n'


def modem(folder: Path, name: str = "gsm", family: str = "ec25", imei: str = IMEI) -> Simulator:
    """Not plugged in yet."""
    return Simulator(DIALECTS[family], folder / f"modem-{name}", imei)


def line(simulator: Simulator, name: str = "gsm", more: str = "") -> str:
    return LINE.format(name=name, port=simulator.link, more=more)


def with_ways_out(document: str) -> str:
    """Calls go out by the modem first."""
    return changed(document, ('[outside]\nlines = ["city"]', '[outside]\nlines = ["gsm", "city"]'))


@asynccontextmanager
async def office_with(
    stage: Stage,
    family: str = "ec25",
    more: str = "",
    document: Callable[[str], str] = str,
    far: FarEnd | None = None,
    **changes: Any,
) -> AsyncIterator[tuple[Office, Simulator]]:
    """Its line `gsm` is ready; more: further lines of its table; document: makes other settings of them; far: who calls."""
    simulator = modem(stage.folder, family=family)
    simulator.far = far
    if far:
        far.quiet = True
        more += f'\naudio_port = "{far.path}"'
    simulator.plug()
    office = await stage.office(**changes)
    try:
        await use(office, document(office.document + line(simulator, more=more)))
        await stands(office, "gsm", "ready")
        yield office, simulator
    finally:
        simulator.unplug()


async def seen(office: Office, name: str) -> Line:
    async with await client.connect(office.socket) as switch:
        return next(one for one in (await switch.request(Watch(0))).lines if one.id == name)


async def stands(office: Office, name: str, standing: str, within: float = 30.0) -> Line:
    """Until its modem does."""
    for _ in range(round(within / 0.1)):
        one = await seen(office, name)
        if one.modem and one.modem.standing == standing:
            return one
        await asyncio.sleep(0.1)
    raise AssertionError(f"line {name} is {one}, waiting for {standing}")


async def events(office: Office, kind: str, many: int = 1, within: float = 20.0) -> list[dict[str, Any]]:
    """So many events of no call, from the journal."""
    for _ in range(round(within / 0.1)):
        found = [event.detail for event in Reader(office.journal).events(0) if event.kind == kind]
        if len(found) >= many:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"{len(found)} events {kind}, waiting for {many}")
