# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks that simulated modems, and ports of a card, call each other by; and what these do to sound and keys on the way."""

import asyncio
import threading
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from appliance.lines._dahdi import Mouth
from appliance.lines.dahdi import card
from appliance.lines.dahdi.callerid import Caller, write
from appliance.lines.dahdi.sounds import BELL202, MU_LAW
from appliance.programs.demo.modem.simulator import Simulator
from tests.lines.card import Card
from tests.lines.far_end import RATE, FarEnd
from tests.lines.shelf import CardEnd
from tests.lines.signals import mu_law, silence, tone

AWAY = 0.04  # s that sound is under way
PILED = round(0.3 * RATE)  # samples that wait at most; nobody listens


@dataclass
class Way:
    """From one modem to another. What is wrong with it can be changed between calls."""

    gain: float = 1.0
    clip: int = 32767
    echo: tuple[float, float] = (0.0, 0.0)  # gain and s: what of it comes back to who said it
    keys: Callable[[str], str] = str  # what is heard of those pressed


class Joining(FarEnd):
    """What is said into it is heard from another."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.quiet = True
        self.coming, self.echoed, self._lock = array("h"), array("h"), threading.Lock()
        self.way, self.other = Way(), self

    def join(self, other: "Joining", way: Way) -> None:
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


class Joined(Joining):
    """The tty of a modem's sound."""

    def __init__(self) -> None:
        super().__init__([0] * RATE)


class JoinedPort(Joining, CardEnd):
    """The exchange's end of an analogue line."""

    def __init__(self, port: Card) -> None:
        super().__init__(port, [0] * RATE)


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


class AnalogExchange:
    """`async with AnalogExchange(a, b) as exchange`: whoever dials on one port rings the other, and they talk.

    ways: what becomes of what is said into each; shows: the number of who calls, "" for none."""

    def __init__(self, *ports: JoinedPort) -> None:
        self.ports = ports
        self.ways = [Way(), Way()]
        self.shows = ""
        self._done = [0, 0]  # of what each port was asked
        self._calls: int | None = None  # the port that has dialled
        self._talk = False

    async def __aenter__(self) -> Self:
        self._serving = asyncio.create_task(self._serve())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._serving.cancel()
        await asyncio.gather(self._serving, return_exceptions=True)

    async def _serve(self) -> None:
        while True:
            for which, port in enumerate(self.ports):
                for asked in port.card.calls[self._done[which] :]:
                    self._done[which] += 1
                    self._asked(which, *asked)
            await asyncio.sleep(0.02)

    def _asked(self, which: int, what: str, argument: object) -> None:
        port, other = self.ports[which], self.ports[1 - which]
        match what, argument:
            case "hook", card.OFF_HOOK if self._calls is None:
                port.plays(mu_law(tone(1200, 350, 440, level=-13)))
            case "hook", card.OFF_HOOK if self._calls == 1 - which:
                self._talk = True
                port.join(other, self.ways[which])
                other.join(port, self.ways[1 - which])
                port.quiet = other.quiet = False
            case "hook", card.ON_HOOK:
                port.quiet = other.quiet = True
                if self._talk:
                    other.card.happens(card.Happens.ON_HOOK)  # no battery any more
                self._calls, self._talk = None, False
            case "dial", str(keys) if self._calls is not None:
                port.card.happens(card.Happens.DIALLED)
                other.presses(self.ways[which].keys(keys.lstrip("T")))
            case "dial", str():
                self._calls = which
                port.card.happens(card.Happens.DIALLED)
                self._ring(other)

    def _ring(self, port: JoinedPort) -> None:
        port.card.happens(card.Happens.RING_BEGINS)
        port.card.happens(card.Happens.RING_OFF_HOOK)
        if self.shows:
            spill = Mouth(MU_LAW, BELL202, write(Caller(self.shows), "11282305"), 300, 180, 60, -20.0).signal()
            port.plays(mu_law(silence(300)) + spill)
