# SPDX-License-Identifier: GPL-2.0-or-later
"""A bad network between somebody outside and the box: a UDP relay that loses, doubles and holds back packets by a seed."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from types import TracebackType
from typing import Self

Address = tuple[str, int]

LATER = 0.03  # seconds that a packet held back comes later than those after it


class Lossy:
    """`async with Lossy(...) as relay`: who sends to `relay.port` is heard by the box from `own`, and answered back.

    Contacts that name the far port name ours, so that requests within a call come this way too."""

    def __init__(
        self,
        box: Address,
        *,
        port: int,
        own: int,
        far: int,
        seed: int = 1,
        loss: float = 0.0,
        doubled: float = 0.0,
        late: float = 0.0,
        drops: Callable[[bytes], bool] = lambda packet: False,
    ) -> None:
        """port: where it is spoken to; own: the port the box knows; far: the port of who stands behind it. loss, doubled,
        late: shares of the packets, each way. drops: loses a packet besides."""
        self.port, self._own, self._box, self._far = port, own, box, ("127.0.0.1", far)
        self._chance, self._loss, self._doubled, self._late = random.Random(seed), loss, doubled, late
        self._drops = drops
        self.passed = self.lost = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        outwards = _Side(lambda packet: self._carry(packet, self._to_far))
        inwards = _Side(lambda packet: self._carry(self._renamed(packet), self._to_box))
        self._to_box, _ = await loop.create_datagram_endpoint(
            lambda: outwards, local_addr=("127.0.0.1", self._own), remote_addr=self._box
        )
        self._to_far, _ = await loop.create_datagram_endpoint(
            lambda: inwards, local_addr=("127.0.0.1", self.port), remote_addr=self._far
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._to_box.close()
        self._to_far.close()
        await asyncio.sleep(0)  # the ports are free in a later turn of the loop

    def _renamed(self, packet: bytes) -> bytes:
        return re.sub(rb"(?m)^(Contact:[^\r\n]*127\.0\.0\.1:)%d\b" % self._far[1], rb"\g<1>%d" % self._own, packet)

    def _carry(self, packet: bytes, to: asyncio.DatagramTransport) -> None:
        if self._drops(packet) or self._chance.random() < self._loss:
            self.lost += 1
            return
        self.passed += 1
        for _ in range(1 + (self._chance.random() < self._doubled)):
            if self._chance.random() < self._late:
                asyncio.get_running_loop().call_later(LATER, self._send, to, packet)
            else:
                self._send(to, packet)

    @staticmethod
    def _send(to: asyncio.DatagramTransport, packet: bytes) -> None:
        if not to.is_closing():
            to.sendto(packet)


class _Side(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._take(data)

    def error_received(self, exc: Exception) -> None:
        """Nobody is there yet, or any more."""
