# SPDX-License-Identifier: GPL-2.0-or-later
"""Modems outside of the guest, at serial cables that QEMU plugs in and out of its USB. The guest asks for it by a port.

A cable is a usb-serial of QEMU's (0403:6001) at the pty of our simulator.
"""

import asyncio
import json
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from appliance.programs.demo.modem.dialects import DIALECTS
from appliance.programs.demo.modem.simulator import Simulator

IMEIS = ("350000000000022", "350000000000030")
CALLERS = ("+37060000003", "+37060000004")
ASKED = "/dev/virtio-ports/stage"  # in the guest


class Stagehand:
    """options: QEMU's. Each request is a line, what to do and with which modem; the answer is a line, "" when it is done."""

    def __init__(self, folder: Path) -> None:
        """folder: with a short name, as sockets are in it."""
        self.modems = [
            Simulator(DIALECTS["sim800"], folder / f"modem{number}", imei) for number, imei in enumerate(IMEIS)
        ]
        for modem in self.modems:
            modem.plug()
        self.monitor, self.asked = folder / "qmp", folder / "asked"
        self.options = [
            "-device", "qemu-xhci,id=usb",
            *(word for number, modem in enumerate(self.modems)
              for word in ("-chardev", f"serial,id=cable{number},path={modem.link.resolve()}")),
            "-qmp", f"unix:{self.monitor},server=on,wait=off",
            "-device", "virtio-serial", "-chardev", f"socket,id=asked,path={self.asked},server=on,wait=off",
            "-device", "virtserialport,chardev=asked,name=stage",
        ]  # fmt: skip

    @asynccontextmanager
    async def works(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.work())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            for modem in self.modems:
                modem.unplug()

    async def work(self) -> None:
        self.qmp = await connected(self.monitor)
        reader, writer = await connected(self.asked)
        try:
            await self.qmp[0].readline()
            await self.told("qmp_capabilities")
            while line := await reader.readline():
                what, number = line.decode().split()
                try:
                    await self.do(what, int(number))
                    answer = ""
                except (RuntimeError, IndexError) as wrong:
                    answer = str(wrong)
                writer.write(f"{answer}\n".encode())
        finally:
            for each in (writer, self.qmp[1]):
                each.close()

    async def do(self, what: str, number: int) -> None:
        modem, name = self.modems[number], f"cable{number}"
        match what:
            case "plug":
                modem.rest, modem.echo = b"", True
                termios.tcflush(modem.slave, termios.TCIOFLUSH)
                await self.told("device_add", driver="usb-serial", id=name, chardev=name, bus="usb.0")
            case "unplug":
                modem.stop_ringing()
                modem.calls = []
                await self.told("device_del", id=name)
            case "ring":
                modem.ring(CALLERS[number])
            case "hang-up":
                modem.far_hangs_up()

    async def told(self, what: str, **arguments: str) -> None:
        """QEMU does it, and says so."""
        reader, writer = self.qmp
        writer.write(json.dumps({"execute": what, "arguments": arguments}).encode() + b"\n")
        while "event" in (answer := json.loads(await reader.readline())):
            pass
        if "return" not in answer:
            raise RuntimeError(f"{what}: {answer}")


async def connected(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """As soon as QEMU is there."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await asyncio.open_unix_connection(path)
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.sleep(0.1)
