# SPDX-License-Identifier: GPL-2.0-or-later
"""A modem of our simulator that is a USB device of the kernel's: its ports are those of a gadget on a dummy host controller, and
the driver of the other side is the one real modems have.

Its cable is the gadget's controller: bound it is plugged in. In the socket N + 1 of the dummies; interfaces as an EC25 has them.
"""

import asyncio
import os
import termios
import tty
from pathlib import Path

from appliance.programs.demo.modem.dialects import DIALECTS
from appliance.programs.demo.modem.simulator import Simulator
from tests.lines.far_end import RATE, FarEnd
from tests.telephones import tone

CONFIG = Path("/sys/kernel/config/usb_gadget")
VENDOR, PRODUCT = 0x2C7C, 0x0125
COUNT, AT, PCM = 4, 2, 1  # interfaces; the two that are used


class Gadget:
    """Ports of the other side, by interface: `ports`. controller: 0 and up."""

    def __init__(self, name: str, controller: int, interfaces: int = COUNT) -> None:
        self.folder, self.controller = CONFIG / name, f"dummy_udc.{controller}"
        self.folder.mkdir()
        (self.folder / "idVendor").write_text(f"{VENDOR:#06x}")
        (self.folder / "idProduct").write_text(f"{PRODUCT:#06x}")
        configuration = self.folder / "configs/c.1"
        configuration.mkdir()
        self.ports = []
        for number in range(interfaces):
            function = self.folder / f"functions/gser.{name}{number}"
            function.mkdir()
            (configuration / function.name).symlink_to(function)
            self.ports.append(f"/dev/ttyGS{(function / 'port_num').read_text().strip()}")

    def bind(self) -> None:
        (self.folder / "UDC").write_text(self.controller)

    def unbind(self) -> None:
        (self.folder / "UDC").write_text("\n")

    @property
    def usb(self) -> Path:
        """The device as the host sees it, wherever it is."""
        number = int(self.controller.removeprefix("dummy_udc."))
        [bus] = Path(f"/sys/devices/platform/dummy_hcd.{number}").glob("usb[0-9]*")
        return bus / f"{bus.name.removeprefix('usb')}-1"


def opened(port: str) -> int:
    fd = os.open(port, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    tty.setraw(fd, termios.TCSANOW)  # what is still to be said would be waited for
    return fd


class Far(FarEnd):
    """Who is heard through the port for sound."""

    def __init__(self, port: str, hz: int) -> None:
        super().__init__(tone.samples(hz, 1, RATE))
        self.port, self.quiet = port, True
        self._gives = self._takes = opened(port)

    def hangs(self) -> None:
        """The cable is out: the kernel has hung it up."""
        os.close(self._gives)
        self._gives = self._takes = opened(self.port)

    def _give(self, count: int) -> None:
        try:
            super()._give(count)
        except OSError:
            pass  # the cable is out


class Modem(Simulator):
    """plug() and unplug() are the kernel's; far: who is at the other end of a call."""

    def __init__(self, name: str, controller: int, imei: str, hz: int) -> None:
        self.gadget = Gadget(name, controller)
        super().__init__(DIALECTS["ec25"], Path(self.gadget.ports[AT]), imei)
        self.caller = self.far = Far(self.gadget.ports[PCM], hz)

    def plug(self) -> None:
        self.rest, self.in_text, self.echo = b"", False, True
        self.gadget.bind()
        self._open()

    def unplug(self) -> None:
        """Calls end, and nobody is told."""
        self.stop_ringing()
        self.calls = []
        self._close()
        self.caller.quiet = True
        self.gadget.unbind()
        self.caller.hangs()

    def readable(self) -> None:
        try:
            data = os.read(self.master, 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.take(data)
        else:
            self._close()  # taken off the bus
            self._open()
            self.caller.hangs()

    def go_on(self) -> None:
        try:
            super().go_on()
        except OSError:  # the cable is out
            self.unsaid.clear()

    def _open(self) -> None:
        self.master = opened(str(self.link))
        asyncio.get_running_loop().add_reader(self.master, self.readable)

    def _close(self) -> None:
        loop = asyncio.get_running_loop()
        if self.master >= 0:
            loop.remove_reader(self.master)
            loop.remove_writer(self.master)
            os.close(self.master)
        self.unsaid.clear()
        self.master = -1
