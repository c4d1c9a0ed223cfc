# SPDX-License-Identifier: GPL-2.0-or-later
"""A modem's port, ours alone: bytes both ways in the event loop, and one word when it is gone."""

import asyncio
import contextlib
import errno
import fcntl
import os
import struct
import termios
from collections.abc import Callable

import serial  # type: ignore[import-untyped]

TIOCGEXCL = 0x80045440  # "is it exclusive?", of Linux; the module termios has only the two that set it
AT_ONCE = 4096  # bytes in one read
WAITING_MOST = 64 * 1024  # bytes that a modem may leave untaken before it counts as gone


class PortTaken(Exception):
    """Another program has the port. Theirs."""

    id = "port-taken"


class PortMissing(Exception):
    """Nothing is plugged in there, or it is no port. Theirs."""

    id = "port-missing"


class Serial(serial.Serial):  # type: ignore[misc]
    """One that refuses to be told of its control lines is used all the same: the kernel raised them when it was opened."""

    def _update_dtr_state(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            super()._update_dtr_state()

    def _update_rts_state(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            super()._update_rts_state()


class Port:
    """An open port. heard(bytes) and lost(why) come in the loop's thread, lost() once and as the last."""

    def __init__(self, path: str, baud: int, heard: Callable[[bytes], None], lost: Callable[[str], None]) -> None:
        """PortTaken or PortMissing when it cannot be had."""
        self.serial = opened(path, baud)
        self.file = self.serial.fileno()
        self.heard, self.lost = heard, lost
        self.waiting = bytearray()
        self.open = True
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(self.file, self.readable)

    def write(self, data: bytes) -> None:
        """Never blocks."""
        if self.open and data:
            self.waiting += data
            self.writable()

    def writable(self) -> None:
        try:
            sent = os.write(self.file, self.waiting)
        except BlockingIOError:
            sent = 0
        except OSError as wrong:
            return self.gone(wrong.strerror or "write")
        del self.waiting[:sent]
        if len(self.waiting) > WAITING_MOST:
            self.gone("it takes nothing")
        elif self.waiting:
            self.loop.add_writer(self.file, self.writable)
        else:
            self.loop.remove_writer(self.file)

    def readable(self) -> None:
        try:
            data = os.read(self.file, AT_ONCE)
        except BlockingIOError:
            return
        except OSError as wrong:
            return self.gone(wrong.strerror or "read")
        if data:
            self.heard(data)
        else:
            self.gone("hung up")

    def gone(self, why: str) -> None:
        if self.open:
            self.close()
            self.lost(why)

    def close(self) -> None:
        if not self.open:
            return
        self.open = False
        self.loop.remove_reader(self.file)
        self.loop.remove_writer(self.file)
        closed(self.serial)


def closed(port: serial.Serial) -> None:
    """Close it, and let others have it."""
    with contextlib.suppress(OSError, termios.error):
        fcntl.ioctl(port.fileno(), termios.TIOCNXCL)
    with contextlib.suppress(OSError, termios.error):
        port.close()


def opened(path: str, baud: int) -> serial.Serial:
    """Raw, 8N1, not blocking, and closed to others: by flock for those who look, by TIOCEXCL for the rest."""
    try:
        port = Serial(path, baud, timeout=0, write_timeout=0, exclusive=True)
    except (OSError, ValueError, termios.error) as wrong:  # SerialException is an OSError
        taken = getattr(wrong, "errno", None) in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)
        raise (PortTaken if taken else PortMissing)(f"{path}: {wrong}") from None
    try:
        (exclusive,) = struct.unpack("i", fcntl.ioctl(port.fileno(), TIOCGEXCL, bytes(4)))
        if exclusive:
            raise PortTaken(path)
        fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
    except (PortTaken, OSError) as wrong:
        port.close()
        raise wrong if isinstance(wrong, PortTaken) else PortMissing(f"{path}: {wrong}") from None
    return port
