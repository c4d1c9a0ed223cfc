# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest: the modems at QEMU's serial cables, asked for at the stagehand outside."""

import asyncio
import os
import time
from io import FileIO
from pathlib import Path

from tests.dahdi.told import ok
from tests.hotplug.house import BOX, USED_WITHIN, WITHIN, House, is_so
from tests.hotplug.stage import ASKED, CALLERS
from tests.lines.mobile import stands

LINES = ("three", "four")
SERIAL = Path("/dev/serial/by-path")


class Cables:
    """Both are named alike by the settings: of several ports a line's is the one with its IMEI."""

    def __init__(self) -> None:
        self.file = FileIO(ASKED, "r+")

    async def ask(self, what: str, number: int) -> None:
        answer = await asyncio.to_thread(self._ask, f"{what} {number}\n".encode())
        is_so(answer == b"\n", f"{what} {number}: {answer.decode()}")

    def _ask(self, request: bytes) -> bytes:
        self.file.write(request)
        return self.file.readline()

    async def plugged(self, number: int) -> float:
        """Seconds until its line is ready."""
        began = time.monotonic()
        await self.ask("plug", number)
        await stands(BOX, LINES[number], "ready", WITHIN)
        return time.monotonic() - began

    async def absent(self, number: int) -> None:
        await self.ask("unplug", number)
        await stands(BOX, LINES[number], "absent", WITHIN)


def ports() -> dict[str, str]:
    """What the ports are called now, by the sockets they are in."""
    return {path.name: Path(os.readlink(path)).name for path in SERIAL.glob("pci-*-usb-0:*")}


async def plugged_in_by_qemu(house: House) -> None:
    cables = Cables()
    times = []
    for _ in range(3):
        times.append(await cables.plugged(0))
        await cables.absent(0)
    print(f"cable plugged to usable: {' '.join(f'{seconds:.1f}' for seconds in times)} s", flush=True)
    is_so(max(times) < USED_WITHIN, "that is too long")
    ok("a modem at a serial cable that QEMU plugs in is used within 15 s")
    for number in (0, 1):
        await cables.plugged(number)
    before = ports()
    await talk(house, cables, 1)
    await cables.ask("unplug", 1)
    await house.desks[0].closed(WITHIN)
    await house.over(line="four", caller=CALLERS[1], outcome="answered")
    ok("its cable pulled out in a call ends that, as the journal says")
    await cables.absent(0)
    for number in (1, 0):
        await cables.plugged(number)
    print(f"{before} became {ports()}", flush=True)
    for number in (0, 1):
        await talk(house, cables, number)
        await cables.ask("hang-up", number)
        await house.desks[0].closed(WITHIN)
        await house.over(line=LINES[number], caller=CALLERS[number], outcome="answered")
    ok("two that have changed places are the lines they were, by IMEI")
    for number in (0, 1):
        await cables.absent(number)


async def talk(house: House, cables: Cables, number: int) -> None:
    """Without sound: such a cable has none."""
    await cables.ask("ring", number)
    is_so(CALLERS[number] in (await house.desks[0].rings(WITHIN)).uri, "the caller's number is not shown")
    await house.desks[0].accept()
    await house.desks[0].talks(WITHIN)
