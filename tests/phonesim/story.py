# SPDX-License-Identifier: GPL-2.0-or-later
"""The modem line at a simulator that is not ours, ofono's phonesim: a second opinion on what a modem says. `make phonesim`"""

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.lines.at import families
from appliance.lines.at.calls import Changed, Incoming, Over
from appliance.lines.at.facts import State
from appliance.lines.modems.modem import Modem
from appliance.programs.demo.ports import Ports
from tests.lines.plugged import Office
from tests.phonesim.install import PACKAGE, ROOT

CALLS_BACK = "177"  # a number that it knows: it hangs up, and calls
SYNTHETIC = families.SILENT._replace(name="synthetic", models="MeeGo.*Synthetic", usb={})
WITHIN = 60.0


@asynccontextmanager
async def phonesim(folder: Path, port: int) -> AsyncIterator[Path]:
    """Its tty: it has a TCP port, and what passes there is carried."""
    rules = f"/usr/share/{PACKAGE}/default.xml"
    simulator = await asyncio.create_subprocess_exec(
        "chroot", str(ROOT), f"/usr/bin/{PACKAGE}", "-p", str(port), rules,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    loop = asyncio.get_running_loop()
    carrying = None
    try:
        async with asyncio.timeout(WITHIN):
            while True:
                try:
                    said, asked = await asyncio.open_connection("127.0.0.1", port)
                    break
                except OSError:
                    await asyncio.sleep(0.1)
        loop.add_reader(master, lambda: asked.write(os.read(master, 4096)))

        async def carry() -> None:
            while data := await said.read(4096):
                os.write(master, data)

        carrying = asyncio.create_task(carry())
        (folder / "modem").symlink_to(os.ttyname(slave))
        yield folder / "modem"
    finally:
        loop.remove_reader(master)
        if carrying:
            asked.close()
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)
        simulator.kill()
        await simulator.wait()
        os.close(slave)
        os.close(master)


@pytest.mark.timeout(240)
async def test_it_is_set_up_called_and_calls(tmp_path: Path, ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.lines.at.detect.FAMILIES", (SYNTHETIC,))
    async with phonesim(tmp_path, ports.take()) as tty:
        office = Office()
        modem = Modem(str(tty), office)
        running = asyncio.create_task(modem.run())
        try:
            await office.until(lambda: office.standings[-1:] == ["ready"], WITHIN)
            call = await modem.dial("+37060000001")
            await modem.hang_up(call)
            await office.until(lambda: office.told[-1] == Over(call, 16), WITHIN)
            refused = await modem.dial(CALLS_BACK)
            await office.until(lambda: Over(refused, 31) in office.told, WITHIN)
            await office.until(lambda: isinstance(office.told[-1], Incoming), WITHIN)
            came = office.told[-1]
            assert isinstance(came, Incoming) and came.number == "1234567"
            assert await modem.answer(came.call)
            await office.until(lambda: Changed(came.call, State.ACTIVE) in office.told, WITHIN)
            await modem.hang_up(came.call)
            await office.until(lambda: office.told[-1] == Over(came.call, 16), WITHIN)
            assert len(await modem.send("+37060000001", "hello " * 40)) == 2
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
