# SPDX-License-Identifier: GPL-2.0-or-later
"""A network that simulated modems call each other by, and what it does to sound and keys on the way."""

import asyncio
import threading
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from appliance.programs.demo.modem.simulator import Simulator
from tests.lines.far_end import RATE, FarEnd

AWAY = 0.04  # s that sound is under way
PILED = round(0.3 * RATE)  # samples that wait at most; nobody listens


@dataclass
class Way:
    """From one modem to another. What is wrong with it can be changed between calls."""

    gain: float = 1.0
    clip: int = 32767
    echo: tuple[float, float] = (0.0, 0.0)  # gain and s: what of it comes back to who said it
    keys: Callable[[str], str] = str  # what is heard of those pressed


class Joined(FarEnd):
    """The tty of a modem's sound; what is said into it is heard from that of another."""

    def __init__(self) -> None:
        super().__init__([0] * RATE)
        self.quiet = True
        self.coming, self.echoed, self._lock = array("h"), array("h"), threading.Lock()
        self.way, self.other = Way(), self

    def join(self, other: "Joined", way: Way) -> None:
        with self._lock:
            self.way, self.other = way, other
            self.coming = array("h", bytes(2 * round(AWAY * RATE)))
            self.echoed = array("h", bytes(2 * round(way.echo[1] * RATE)))

    def hears(self, samples: "array[int]") -> None:
        with self._lock:
            self.coming += samples
            del self.coming[:-PILED]

    def _give(self, count: int) -> None:
        if self.quiet:
            with self._lock:
                del self.coming[: -round(AWAY * RATE)]
        else:
            with self._lock:
                said = [a + b for a, b in zip(_first(self.coming, count), _first(self.echoed, count), strict=True)]
            self.says = array("h", (max(-32768, min(32767, one)) for one in said))
            self.given, self._length = 0, count
        super()._give(count)

    def _take(self, count: int) -> None:
        before = len(self.heard)
        super()._take(count)
        new, way = self.heard[before:], self.way
        if self.other is not self:
            self.other.hears(array("h", (max(-way.clip, min(way.clip, round(one * way.gain))) for one in new)))
            with self._lock:
                self.echoed += array("h", (round(one * way.echo[0]) for one in new))


def _first(waiting: "array[int]", count: int) -> list[int]:
    """Take so many, silence for those that are missing."""
    taken = list(waiting[:count])
    del waiting[:count]
    return taken + [0] * (count - len(taken))


@dataclass
class Exchange:
    """Satisfies simulator.Network."""

    modems: dict[str, Simulator] = field(default_factory=dict)  # by number
    ways: dict[tuple[str, str], Way] = field(default_factory=dict)  # from one number to another
    shows: bool = True  # the numbers of callers
    calls: dict[str, str] = field(default_factory=dict)  # whom each number talks with

    def enter(self, number: str, modem: Simulator) -> None:
        self.modems[number], modem.network = modem, self

    def way(self, from_: str, to: str) -> Way:
        return self.ways.setdefault((from_, to), Way())

    def number(self, modem: Simulator) -> str:
        return next(number for number, one in self.modems.items() if one is modem)

    def dialled(self, modem: Simulator, number: str) -> None:
        own, other = self.number(modem), self.modems.get(number)
        if other and not other.calls:
            self.calls |= {own: number, number: own}
            other.ring(own if self.shows else "")
            asyncio.get_running_loop().call_soon(modem.far_rings)

    def answered(self, modem: Simulator) -> None:
        own = self.number(modem)
        if other := self.calls.get(own):
            for one, two in ((own, other), (other, own)):
                says, hears = self.modems[one], self.modems[two]
                assert isinstance(says.far, Joined) and isinstance(hears.far, Joined)
                way, louder = self.way(one, two), says.louder("+QMIC") * hears.louder("+QRXGAIN")
                says.far.join(hears.far, replace(way, gain=way.gain * louder))
            asyncio.get_running_loop().call_soon(self.modems[other].far_answers)

    def over(self, modem: Simulator) -> None:
        other = self.calls.pop(self.number(modem), "")
        if other and self.calls.pop(other, "") and self.modems[other].calls:
            asyncio.get_running_loop().call_soon(self._ends, self.modems[other])

    @staticmethod
    def _ends(modem: Simulator) -> None:
        if modem.calls:
            modem.far_hangs_up()

    def pressed(self, modem: Simulator, keys: str) -> None:
        own = self.number(modem)
        if other := self.calls.get(own):
            self.modems[other].far_presses(self.way(own, other).keys(keys))
