# SPDX-License-Identifier: GPL-2.0-or-later
"""Modems on USB: which ports the one in a socket has now. Ports are known by their interface, whatever they are called."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import pyudev  # type: ignore[import-untyped]

from appliance.lines.at.detect import guesses
from appliance.lines.at.families import Usb

log = logging.getLogger("lines")

LOOK_EVERY = 10.0  # s between looks that nothing asked for
SETTLES = 0.3  # s after a change until the next look: ports of one modem come one by one


class Found(NamedTuple):
    """A port or sound card of a USB device. usb: its socket, such as 1-1.3; interface: None when it has none."""

    node: str
    usb: str
    ids: Usb
    interface: int | None
    sound: bool = False


@dataclass
class Plugged:
    """A device with ports. sound: what ALSA calls its card, "" for none."""

    usb: str
    ids: Usb
    ports: dict[int, str] = field(default_factory=dict)  # by interface
    sound: str = ""

    def at(self) -> list[str]:
        """Where it may take commands, the likeliest first; [] when it is none that we know."""
        known = [ports.at for _, ports in guesses(self.ids)]
        likely = [self.ports[each] for each in known if each is not None and each in self.ports]
        rest = [port for _, port in sorted(self.ports.items())] if None in known else []
        return list(dict.fromkeys([*likely, *rest]))

    @property
    def family(self) -> str:
        """What its ids say it is, "" for none that we know."""
        return next((family.name for family, _ in guesses(self.ids)), "")

    def audio(self, at: str) -> str:
        """The port for sound of the one that takes commands at a port; "" when it has none."""
        for _, ports in guesses(self.ids):
            if ports.at is not None and ports.audio is not None and self.ports.get(ports.at) == at:
                return self.ports.get(ports.audio, "")
        return ""


def together(found: Iterable[Found]) -> dict[str, Plugged]:
    """By socket."""
    plugged: dict[str, Plugged] = {}
    for one in found:
        device = plugged.setdefault(one.usb, Plugged(one.usb, one.ids))
        if one.sound:
            device.sound = one.node
        elif one.interface is not None:
            device.ports[one.interface] = one.node
    return plugged


@cache
def _udev() -> pyudev.Context:
    """For looks, made once: its library is looked for by a program of the system, which takes some 60 ms."""
    return pyudev.Context()


def look() -> list[Found]:
    """All that is plugged in. OSError when the kernel does not say."""
    found = []
    for device in (*_udev().list_devices(subsystem="tty"), *_udev().list_devices(subsystem="sound")):
        if one := _read(device):
            found.append(one)
    return found


def _read(device: pyudev.Device) -> Found | None:
    """One device of udev's; it may be gone while it is looked at."""
    usb, interface = device.find_parent("usb", "usb_device"), device.find_parent("usb", "usb_interface")
    sound = device.subsystem == "sound"
    if usb is None or (sound and not device.sys_name.startswith("card")) or not (sound or device.device_node):
        return None
    try:
        ids = (int(usb.attributes.asstring("idVendor"), 16), int(usb.attributes.asstring("idProduct"), 16))
        number = int(interface.attributes.asstring("bInterfaceNumber"), 16) if interface is not None else None
    except (KeyError, ValueError, OSError):
        return None
    node = f"hw:{device.sys_name.removeprefix('card')},0" if sound else device.device_node
    return Found(node, usb.sys_name, ids, number, sound)


class Watch:
    """What is plugged in now; run() until cancelled."""

    def __init__(self, looked: Callable[[], list[Found]] = look) -> None:
        self._looks, self._changed = looked, asyncio.Event()
        self._looking = asyncio.Lock()  # udev is not asked by two threads at a time
        self.plugged: dict[str, Plugged] = {}

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        monitor = await asyncio.to_thread(self._monitor)  # before the first look: what is plugged in meanwhile is told
        if monitor:
            loop.add_reader(monitor.fileno(), self._told, monitor)
        try:
            while True:
                self._changed.clear()
                await self.look()
                try:
                    async with asyncio.timeout(LOOK_EVERY):
                        await self._changed.wait()
                    await asyncio.sleep(SETTLES)
                except TimeoutError:
                    pass
        finally:
            if monitor:
                loop.remove_reader(monitor.fileno())

    async def look(self) -> None:
        """Once, now."""
        async with self._looking:
            self.plugged = together(await asyncio.to_thread(self._looked))

    def _looked(self) -> list[Found]:
        try:
            return self._looks()
        except OSError as wrong:
            log.debug("USB cannot be looked at: %s", wrong)
            return []

    def _monitor(self) -> pyudev.Monitor | None:
        """Tells of what is plugged in and out, once udev is done with it; None when there is no udev. Its context is its own:
        one is not to be used by two threads."""
        try:
            monitor = pyudev.Monitor.from_netlink(pyudev.Context(), "udev")
            for subsystem in ("tty", "sound"):
                monitor.filter_by(subsystem)
            monitor.start()
        except OSError as wrong:
            log.info("USB is looked at every %.0f s: %s", LOOK_EVERY, wrong)
            return None
        return monitor

    def _told(self, monitor: pyudev.Monitor) -> None:
        while monitor.poll(timeout=0) is not None:
            self._changed.set()
