# SPDX-License-Identifier: GPL-2.0-or-later
"""Cards on a shelf: the driver's calls for several ports, and a whole office whose switch uses them and runs here."""

import argparse
import asyncio
import contextlib
import errno
import os
import socket
import struct
from array import array
from collections.abc import Callable, Sequence
from unittest.mock import patch

import numpy as np

from appliance.lines import cards
from appliance.lines.dahdi.card import CHANNEL, SPECIFY, Happens
from appliance.programs.demo.office import Office
from appliance.programs.switch import Switch
from tests.lines.card import Card
from tests.lines.far_end import FarEnd
from tests.lines.signals import linear, mu_law

BYTES = np.frombuffer(mu_law([value / 32124 * 4 for value in range(-8192, 8192)]), np.uint8)  # of samples, 4 a step
SAMPLES = np.array([round(value * 32124) for value in linear(bytes(range(256)))], np.int16)


class Shelf:
    """A kernel whose driver has these ports."""

    def __init__(self) -> None:
        self.ports: dict[int, Card] = {}
        self._open: dict[int, Card] = {}

    def open(self, path: str) -> int:
        assert path == CHANNEL
        return os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)

    def ioctl(self, fd: int, request: int, argument: bytes) -> bytes:
        if request == SPECIFY:
            [channel] = struct.unpack("=i", argument)
            card = self.ports.get(channel)
            if not card or card.pulled:
                raise OSError(errno.ENXIO, "No such device or address")
            os.dup2(card.near.fileno(), fd, inheritable=False)
            self._open[fd] = card
        return self._open[fd].ioctl(fd, request, argument)

    def close(self, fd: int) -> None:
        self._open.pop(fd, None)
        os.close(fd)


class CardEnd(FarEnd):
    """Who is at the other end of a port: an exchange, or somebody at a telephone."""

    def __init__(self, card: Card, says: Sequence[int]) -> None:
        super().__init__(says)
        self.card = card
        card.far.setblocking(False)

    def presses(self, keys: str) -> None:
        self.press(keys)

    def plays(self, companded: bytes) -> None:
        """Once, instead of what it says."""
        self._pressing += array("h", SAMPLES[np.frombuffer(companded, np.uint8)].tobytes())

    def _give(self, count: int) -> None:
        places = (np.frombuffer(self._said(count), np.int16).astype(np.int32) >> 2) + 8192
        with contextlib.suppress(BlockingIOError):  # nobody listens
            self.card.far.send(BYTES[places].tobytes())

    def _take(self, _count: int) -> None:
        self.card.urge()
        with contextlib.suppress(BlockingIOError):
            data = self.card.far.recv(65536)
            self.heard.frombytes(SAMPLES[np.frombuffer(data, np.uint8)].tobytes())


async def did(card: Card, *what: object, since: int = 0) -> int:
    """Until this was asked of a port, after so many other things; how many there are then."""
    for _ in range(600):
        if what in card.calls[since:]:
            return card.calls.index(what, since) + 1
        await asyncio.sleep(0.05)
    raise AssertionError(f"{what} was not asked of the port, but {card.calls[since:]}")


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not what():
            await asyncio.sleep(0.05)


class OfficeHere(Office):
    """Its switch runs in this process, with the cards of a shelf; there is no other program."""

    shelf: Shelf

    async def start(self) -> None:
        given = argparse.Namespace(settings=self.settings, state=self.state, socket=self.socket)
        with patch.object(cards, "Linux", lambda: self.shelf):
            switch = Switch(given)
        self.running = asyncio.create_task(switch.run())
        async with asyncio.timeout(30):
            while not self._answers():
                if self.running.done():
                    await self.running
                await asyncio.sleep(0.05)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as asked, contextlib.suppress(OSError):
            asked.connect(str(self.socket))
            return True
        return False

    async def end(self) -> int:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        return 0


def lifts(card: Card) -> None:
    card.off_hook = True
    card.happens(Happens.RING_OFF_HOOK)


def puts_down(card: Card) -> None:
    card.off_hook = False
    card.happens(Happens.ON_HOOK)
