# SPDX-License-Identifier: GPL-2.0-or-later
"""The last rungs for a modem that is silent: taken off the bus and put back, and its socket without power for a moment."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from appliance.lines.at.families import Rung

log = logging.getLogger("lines")

SYSFS = Path("/sys/bus/usb/devices")
OFF_BUS, OFF_POWER = 1.0, 5.0  # s
SOCKET = re.compile(r"(?P<bus>\d+)-(?P<hubs>(?:\d+\.)*)(?P<port>\d+)")

Sleep = Callable[[float], Awaitable[None]]


async def reset(socket: str, rung: Rung, sysfs: Path = SYSFS, sleep: Sleep = asyncio.sleep) -> bool:
    """Whether the kernel took it: some hubs switch no power, and a modem that has left the bus cannot be taken off it."""
    bus, power = switches(socket, sysfs)
    switch, wait = (bus, OFF_BUS) if rung.do == "usb" else (power, OFF_POWER)
    try:
        try:
            await asyncio.to_thread(switch.file.write_text, switch.off)
            await sleep(wait)
        finally:  # ended in between, too: nobody else would. The kernel asks the modem, which may take it seconds
            await asyncio.to_thread(switch.file.write_text, switch.on)
    except OSError as wrong:
        log.warning("the modem in the socket %s gets no %s: %s", socket, rung.do, wrong)
        return False
    return True


def put_back(socket: str, sysfs: Path = SYSFS) -> None:
    """A modem that was left off the bus or off its power, for whoever took it off was killed before it put it back."""
    for switch in reversed(switches(socket, sysfs)):  # without power it is on no bus
        try:
            if switch.file.read_text().strip() == switch.off:
                switch.file.write_text(switch.on)
                log.warning("the modem in the socket %s was left off (%s), and is on again", socket, switch.file.name)
        except FileNotFoundError:
            pass  # nothing is plugged in, or the hub switches no power
        except OSError as wrong:
            log.warning("the modem in the socket %s was left off (%s): %s", socket, switch.file.name, wrong)


class Switch(NamedTuple):
    """A file of the kernel's, and what is written there."""

    file: Path
    off: str
    on: str


def switches(socket: str, sysfs: Path) -> tuple[Switch, Switch]:
    """That of a modem on the bus, and that of its power."""
    return Switch(sysfs / socket / "authorized", "0", "1"), Switch(power_of(socket, sysfs), "1", "0")


def power_of(socket: str, sysfs: Path) -> Path:
    """What switches the power of a socket: a file of the hub it is one of, which stays when the modem is gone."""
    found = SOCKET.fullmatch(socket)
    if not found:
        raise ValueError(f"not a socket: {socket!r}")
    bus, hubs, port = found["bus"], found["hubs"].rstrip("."), found["port"]
    hub, interface = (f"{bus}-{hubs}",) * 2 if hubs else (f"usb{bus}", f"{bus}-0")
    return sysfs / f"{interface}:1.0" / f"{hub}-port{port}" / "disable"
