# SPDX-License-Identifier: GPL-2.0-or-later
"""A channel of DAHDI: its file, the calls into the driver, and its events. Figures from dahdi/user.h.

The driver says by POLLPRI that an event waits, which asyncio does not look for: all channels are in one epoll, which
the loop watches.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import select
import struct
from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

CHANNEL = "/dev/dahdi/channel"
BLOCK = 160  # samples: 20 ms

SPECIFY, SET_BLOCKSIZE, HOOK, GETEVENT = 0x4004DA26, 0x4004DA01, 0x4004DA07, 0x8004DA08
GET_PARAMS, SET_BUFINFO, DIAL, SENDTONE = 0xC088DA05, 0x4018DA1B, 0x4104DA1F, 0x4004DA15
SETLAW, FLUSH, ONHOOKTRANSFER, SETCADENCE = 0x4004DA27, 0x4004DA03, 0x4004DA33, 0x4040DA2A
ECHOCANCEL, ECHOTRAIN = 0x4004DA21, 0x4004DA32
ON_HOOK, OFF_HOOK, WINK, FLASH, START, RING, RING_OFF = range(7)
APPEND, REPLACE, CANCEL = 1, 2, 3
FXO_PORT, FXS_PORT = 0x2000, 0x1000  # bits of the signalling: a port is named after its opposite's signalling
FLUSH_ALL = 7
IMMEDIATE = 0
PARAMS = struct.Struct("=11i40s12iI")
DIALOP = struct.Struct("=i256s")
EVENTS_AT_ONCE = 64
BUSY_TRIES, BUSY_WAIT = 10, 0.01  # s; a hook that still moves
DIAL_LONGEST = 64


class Happens(IntEnum):
    """Events of a channel; a key or a pulse digit comes with its flag and the digit in the low byte."""

    NONE = 0
    ON_HOOK = 1
    RING_OFF_HOOK = 2
    FLASHED = 3
    ALARM = 4
    NO_ALARM = 5
    DIALLED = 9
    BURST = 10
    BURST_OVER = 11
    REVERSED = 17
    RING_BEGINS = 18
    REMOVED = 20


PULSE_DIGIT, KEY_DOWN = 1 << 16, 1 << 17


class Kernel(Protocol):
    """What is asked of the operating system; tests put another driver in its place."""

    def open(self, path: str) -> int: ...
    def ioctl(self, fd: int, request: int, argument: bytes) -> bytes: ...
    def close(self, fd: int) -> None: ...


class Linux:
    def open(self, path: str) -> int:
        return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def ioctl(self, fd: int, request: int, argument: bytes) -> bytes:
        return fcntl.ioctl(fd, request, argument)

    def close(self, fd: int) -> None:
        os.close(fd)


class Missing(Exception):
    """There is no such channel, or another program has it."""

    id = "no-channel"


class Channel:
    """One port of a card, opened. Every method may raise OSError: the card is gone."""

    def __init__(self, number: int, kernel: Kernel | None = None, *, law: int = 1) -> None:
        self.number, self.kernel = number, kernel or Linux()
        try:
            self.fd = self.kernel.open(CHANNEL)
        except OSError as wrong:
            raise Missing(f"the DAHDI driver is not there: {wrong.strerror}") from wrong
        try:
            self.tell(SPECIFY, number)
            self.tell(SET_BLOCKSIZE, BLOCK)
            self.buffers(8)
            self.tell(SETLAW, law)
            self.is_fxo, self.is_fxs, self.off_hook, self.alarm = self.kind()
        except OSError as wrong:
            self.close()
            raise Missing(f"channel {number}: {wrong.strerror}") from wrong

    def tell(self, request: int, value: int) -> None:
        self.kernel.ioctl(self.fd, request, struct.pack("=i", value))

    def buffers(self, count: int) -> None:
        self.kernel.ioctl(self.fd, SET_BUFINFO, struct.pack("=6i", IMMEDIATE, IMMEDIATE, count, BLOCK, 0, 0))

    def kind(self) -> tuple[bool, bool, bool, bool]:
        """Line, telephone, whether its other side is off hook now, and whether the driver sees none: no cable, no battery."""
        params = PARAMS.unpack(self.kernel.ioctl(self.fd, GET_PARAMS, bytes(PARAMS.size)))
        return bool(params[3] & FXO_PORT), bool(params[3] & FXS_PORT), bool(params[5]), bool(params[-1])

    def events(self) -> list[int]:
        """All that wait."""
        found = []
        for _ in range(EVENTS_AT_ONCE):
            [event] = struct.unpack("=i", self.kernel.ioctl(self.fd, GETEVENT, bytes(4)))
            if event == Happens.NONE:
                break
            found.append(event)
        return found

    async def hook(self, what: int) -> None:
        for _ in range(BUSY_TRIES):
            try:
                self.tell(HOOK, what)
                return
            except OSError as wrong:
                if wrong.errno == errno.EINPROGRESS:
                    return
                if wrong.errno != errno.EBUSY:
                    raise
                await asyncio.sleep(BUSY_WAIT)
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    def dial(self, text: str, *, more: bool = False) -> None:
        """text: T or P and digits."""
        told = text[:DIAL_LONGEST].encode("ascii")
        self.kernel.ioctl(self.fd, DIAL, DIALOP.pack(APPEND if more else REPLACE, told))

    def tone(self, tone: int) -> None:
        """-1: none."""
        self.tell(SENDTONE, tone)

    def cadence(self, ms: tuple[int, ...]) -> None:
        """Of the bell: ringing and pause in turn."""
        self.kernel.ioctl(self.fd, SETCADENCE, struct.pack("=16i", *ms[:16], *[0] * (16 - len(ms[:16]))))

    def cancel_echo(self, taps: int, train: int = 0) -> None:
        """taps: 0 off. train: ms. Without a canceller in the driver nothing happens."""
        with contextlib.suppress(OSError):
            self.tell(ECHOCANCEL, taps)
            if taps and train:
                self.tell(ECHOTRAIN, train)

    def speak_on_hook(self, ms: int) -> None:
        """Sound passes to a telephone that is on hook, for so long. Ports where it always does know no such thing."""
        try:
            self.tell(ONHOOKTRANSFER, ms)
        except OSError as wrong:
            if wrong.errno not in (errno.ENOTTY, errno.ENOSYS, errno.EINVAL):
                raise

    def flush(self) -> None:
        """Old sound and unsaid sound are dropped."""
        self.tell(FLUSH, FLUSH_ALL & ~4)

    def lend(self) -> int:
        """The same open file under a number of its own, for who reads and writes the sound of a call and closes it."""
        return os.dup(self.fd)

    def close(self) -> None:
        if self.fd >= 0:
            self.kernel.close(self.fd)
            self.fd = -1


class Watch:
    """Channels in the loop: `ready(what)` of one is called with epoll's flags while it has something to say."""

    def __init__(self) -> None:
        self.epoll = select.epoll()
        self.loop = asyncio.get_running_loop()
        self.ready: dict[int, Callable[[int], None]] = {}
        self.loop.add_reader(self.epoll.fileno(), self.look)

    def add(self, fd: int, flags: int, ready: Callable[[int], None]) -> None:
        self.epoll.register(fd, flags)
        self.ready[fd] = ready

    def want(self, fd: int, flags: int) -> None:
        self.epoll.modify(fd, flags)

    def remove(self, fd: int) -> None:
        if self.ready.pop(fd, None):
            with contextlib.suppress(OSError):
                self.epoll.unregister(fd)

    def look(self) -> None:
        for fd, flags in self.epoll.poll(0):
            if ready := self.ready.get(fd):
                ready(flags)

    def close(self) -> None:
        self.loop.remove_reader(self.epoll.fileno())
        self.epoll.close()
