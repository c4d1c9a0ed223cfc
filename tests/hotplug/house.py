# SPDX-License-Identifier: GPL-2.0-or-later
"""The box in the guest: its settings, its two modems that are USB devices of the kernel's, and two desks."""

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from appliance.store.reader import Call, Reader
from tests.hotplug.gadget import COUNT, Modem
from tests.lines.mobile import stands
from tests.telephones import tone
from tests.telephones.baresip import Baresip

WITHIN = 60.0  # s; an emulated machine is slow
USED_WITHIN = 15.0  # s from plug to use
UNITS = ("switch", "bridge", "web", "fence")
IMEIS = ("350000000000006", "350000000000014")
DESKS = {"desk1": ("first-desk-telephone", 700), "desk2": ("second-desk-telephone", 1500)}
FAR_HZ = (1000, 1200)
CALLER, OTHER = "+37060000001", "+37060000002"
SETTINGS, SECRETS = Path("/etc/linekeeper/office.toml"), Path("/etc/linekeeper/secrets.toml")
BOX: Any = SimpleNamespace(socket=Path("/run/linekeeper/control.sock"), journal=Path("/var/lib/linekeeper/journal.db"))
DOCUMENT = """
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"

[sip]
listen = "127.0.0.1"
port = 5060

[web]
listen = "127.0.0.1"
port = 8080

[guard]
mode = "nftables"

[phone.desk1]
[phone.desk2]

[person.anna]
extension = "101"
phones = ["desk1"]

[person.boris]
extension = "102"
phones = ["desk2"]

[scenario.main]
open = "person.anna"

[line.one]
kind = "modem"
usb = "{one}"
number = "+37060000100"
numbers = {{ "+37060000100" = "person.anna" }}

[line.two]
kind = "modem"
imei = "{two}"
number = "+37060000200"
numbers = {{ "+37060000200" = "person.boris" }}

[line.three]
kind = "modem"
port = "/dev/serial/by-path/pci-*-usb-0:*"
imei = "{three}"

[line.four]
kind = "modem"
port = "/dev/serial/by-path/pci-*-usb-0:*"
imei = "{four}"

[line.land]
kind = "fxo"
channel = 1
tones = "us"

[phone.kitchen]
channel = 3
tones = "us"

[person.carol]
extension = "103"
phones = ["kitchen"]
"""


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def is_so(what: object, otherwise: str) -> None:
    if not what:
        raise AssertionError(otherwise)


async def until(what: Callable[[], object], otherwise: str, within: float = WITHIN) -> None:
    end = time.monotonic() + within
    while not what():
        is_so(time.monotonic() < end, otherwise)
        await asyncio.sleep(0.1)


class House:
    """Two modems, not plugged in yet, and the two desks."""

    def __init__(self) -> None:
        self.modems = [Modem(f"modem{n}", n, IMEIS[n], FAR_HZ[n]) for n in (0, 1)]
        self.desks: list[Baresip] = []
        self.calls = 0

    async def plugged(self, number: int) -> float:
        """Seconds until its line is ready."""
        began = time.monotonic()
        self.modems[number].plug()
        await stands(BOX, ("one", "two")[number], "ready", WITHIN)
        return time.monotonic() - began

    async def talks(self, number: int) -> None:
        """A call by that modem, with sound both ways."""
        modem, desk = self.modems[number], self.desks[number]
        modem.ring((CALLER, OTHER)[number])
        is_so((CALLER, OTHER)[number] in (await desk.rings(WITHIN)).uri, "the caller's number is not shown")
        await desk.accept()
        await desk.talks(WITHIN)
        await self.hear(number)

    async def hear(self, number: int) -> None:
        modem, desk = self.modems[number], self.desks[number]
        await modem.caller.hears(list(DESKS.values())[number][1])
        moment = await desk.moment(1.0, WITHIN)
        is_so(tone.heard(moment, FAR_HZ[number]) > 0.3, "the desk does not hear the caller")

    def ports(self, number: int) -> dict[str, str]:
        """Of the names that udev gave, the ports they lead to now."""
        socket = self.modems[number].gadget.usb.name
        return {
            path.name.removeprefix(f"{socket}-"): os.readlink(path)
            for path in Path("/dev/linekeeper").glob(f"{socket}-*")
        }

    def named(self, number: int) -> bool:
        """All its ports are, as they come one by one."""
        return len(self.ports(number)) == COUNT + 2

    async def over(self, **wanted: object) -> Call:
        """The next call of the journal, with its end."""
        self.calls += 1
        found: list[Call] = []

        def ended() -> bool:
            found[:] = Reader(BOX.journal).calls(limit=100)[::-1][self.calls - 1 : self.calls]
            return bool(found) and found[0].ended_at is not None

        await until(ended, f"call {self.calls} is not over in the journal")
        is_so({name: getattr(found[0], name) for name in wanted} == wanted, f"the journal has {found[0]}, not {wanted}")
        return found[0]
