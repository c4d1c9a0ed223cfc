# SPDX-License-Identifier: GPL-2.0-or-later
"""The sound of a provider between two calls of a trunk: what is said into one is heard from the other, as its way makes it."""

from array import array
from collections.abc import Iterable

from tests.lines.exchange import Way
from tests.telephones import g711
from tests.telephones.rtp import EVENTS, PACKET, RATE, Rtp

AWAY = 3 * PACKET  # samples under way
PILED = RATE // 2  # samples that wait at most


class Carried(Rtp):
    """`async with Carried(port, way) as one`, joined by `one.other = another`. kind: of the keys it sends, by the offer."""

    def __init__(self, port: int, way: Way, kind: int = EVENTS) -> None:
        super().__init__(port)
        self.way, self.kind, self.other = way, kind, self
        self._coming, self._echoed = array("h"), array("h")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        before = len(self.keys)
        super().datagram_received(data, addr)
        if keys := self.way.keys(self.keys[before:]):
            self.other.press(keys, self.other.kind)

    def _record(self, ssrc: int, stamp: int, pcm: "array[int]") -> None:
        if self._source is None:  # the first of it: from now on as much is under way
            self._source = (ssrc, stamp, 0)
            self.other._coming = array("h", bytes(2 * AWAY))
            self._echoed = array("h", bytes(2 * round(self.way.echo[1] * RATE)))
        self.other._coming = (self.other._coming + _scaled(pcm, self.way.gain))[-PILED:]
        self._echoed = (self._echoed + _scaled(pcm, self.way.echo[0]))[-PILED:]

    def _next(self) -> bytes:
        come, back = self._coming[:PACKET], self._echoed[:PACKET]
        del self._coming[:PACKET], self._echoed[:PACKET]
        silence = array("h", bytes(2 * PACKET))
        both = map(sum, zip((come + silence)[:PACKET], (back + silence)[:PACKET], strict=True))
        return g711.encode(_within(both))


def _scaled(pcm: "array[int]", by: float) -> "array[int]":
    return _within(one * by for one in pcm)


def _within(samples: Iterable[float]) -> "array[int]":
    return array("h", (max(-32768, min(32767, round(one))) for one in samples))
