# SPDX-License-Identifier: GPL-2.0-or-later
"""What the sound of a modem's call costs and how late it is, beside a call between two telephones over the same bridge."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from array import array
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from testbed import process
from testbed.table import tell, wants_writing

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard
from tests.lines.far_card import FarCard, alsa
from tests.lines.far_end import RATE, FarEnd
from tests.sip.box import Box, Telephone
from tests.sip.wire import Wire, sdp
from tests.telephones import g711, tone
from tests.telephones.rtp import PACKET, Rtp

CALLS = 8  # at once, while CPU is measured
SECONDS = 20.0  # it is measured for
SETTLES = 5.0
BURSTS = 20  # whose way is timed
HZ, LOUD = 1000, 2000  # of 32767, RMS
QUIET = bytes([g711.ENCODED[32768]]) * PACKET
SAID = g711.encode(tone.samples(HZ, PACKET / RATE, RATE))


def loud(samples: array[int]) -> bool:
    return sum(one * one for one in samples) > len(samples) * LOUD * LOUD


class Ear(Rtp):
    """A telephone that notes when it hears something, and when it has said something."""

    def __init__(self, port: int, says: array[int] | None = None) -> None:
        super().__init__(port, says)
        self.heard_at = self.said_at = 0.0
        self.burst = 0  # packets still to be said

    def _record(self, ssrc: int, stamp: int, pcm: array[int]) -> None:
        if not self.heard_at and loud(pcm):
            self.heard_at = time.monotonic()

    def _next(self) -> bytes:
        if self._says is not None and self.burst:
            self.said_at = self.said_at or time.monotonic()
            self.burst -= 1
            return SAID
        return super()._next()


class Noting(FarEnd):
    """The same of a modem's far end."""

    heard_at = said_at = 0.0

    def _give(self, count: int) -> None:
        begins = bool(self._pressing) and not self.said_at
        super()._give(count)
        if begins:
            self.said_at = time.monotonic()

    def _take(self, count: int) -> None:
        before = len(self.heard)
        super()._take(count)
        if not self.heard_at and len(self.heard) > before and loud(self.heard[before:]):
            self.heard_at = time.monotonic()
        del self.heard[:]


class NotingCard(Noting, FarCard):
    """Behind a sound card."""


class Stage:
    """An endpoint without the short cut of handed-on packets, and calls of both kinds on it."""

    def __init__(self, ports: Ports, stack: AsyncExitStack) -> None:
        self.ports, self.stack, self.box, self.modems = ports, stack, Box(ports, relay=False), 0
        stack.callback(self.box.sip.close)
        stack.enter_context(self.box)

    async def phone(self, says: array[int] | None) -> tuple[int, Ear]:
        ear = await self.stack.enter_async_context(Ear(self.ports.take(2), says))
        wire = await self.stack.enter_async_context(Wire(self.box.address))
        call = await Telephone(self.box, wire).call("100", body=sdp(ear.port))
        self.box.sip.answer(call.handle)
        await call.answered()
        await self.box.told(Heard.AUDIO, of=call.handle)
        return call.handle, ear

    def join(self, one: int, other: int) -> None:
        self.box.sip.hear(one, other)
        self.box.sip.hear(other, one)

    async def modem(self, says: array[int], peer: int, cards: Path | None) -> Noting:
        """By its card, one of a folder, or by its tty."""
        self.modems += 1
        far = NotingCard(cards, self.modems, says, 50) if cards else Noting(says, 50)
        self.stack.enter_context(far)
        leg = self.box.sip.line()
        self.join(leg, peer)
        far.carries(self.box.sip, leg)
        return far


def busy() -> dict[str, float]:
    """Seconds of the threads that are not Python's."""
    found = process.threads(os.getpid())
    return {name: spent for name, spent in found.items() if name != "main" and not name.startswith("python")}


async def cost(modems: bool, cards: Path | None = None) -> dict[str, float]:
    """CPU seconds of CALLS calls in SECONDS, by thread."""
    speech = tone.samples(HZ, 1, RATE)
    with Ports() as ports:
        async with AsyncExitStack() as stack:
            on = Stage(ports, stack)
            for _ in range(CALLS):
                leg, _ = await on.phone(speech)
                if modems:
                    await on.modem(speech, leg, cards)
                else:
                    on.join(leg, (await on.phone(speech))[0])
            await asyncio.sleep(SETTLES)
            before = busy()
            await asyncio.sleep(SECONDS)
            return {name: spent - before.get(name, 0) for name, spent in busy().items()}


async def late(says: Ear | Noting, hears: Ear | Noting, say: Callable[[], None]) -> list[float]:
    """ms from when a burst is handed over to when its beginning comes out."""
    took = []
    for _ in range(BURSTS):
        await asyncio.sleep(0.5)
        says.said_at = hears.heard_at = 0.0
        say()
        async with asyncio.timeout(10):
            while not (says.said_at and hears.heard_at):
                await asyncio.sleep(0.02)
        took.append((hears.heard_at - says.said_at) * 1000)
    return took


async def delays(cards: Path) -> dict[str, list[float]]:
    silence = array("h", bytes(2 * RATE))

    def speaks(ear: Ear) -> Callable[[], None]:
        return lambda: setattr(ear, "burst", 5)

    with Ports() as ports:
        async with AsyncExitStack() as stack:
            on = Stage(ports, stack)
            leg, desk = await on.phone(silence)
            far = await on.modem(silence, leg, None)
            other_leg, other_desk = await on.phone(silence)
            card = await on.modem(silence, other_leg, cards)
            one, anna = await on.phone(silence)
            other, boris = await on.phone(silence)
            on.join(one, other)
            await asyncio.sleep(SETTLES * 2)
            return {
                "modem to telephone": await late(far, desk, lambda: far.press("5")),
                "telephone to modem": await late(desk, far, speaks(desk)),
                "modem to telephone, by a sound card": await late(card, other_desk, lambda: card.press("5")),
                "telephone to modem, by a sound card": await late(other_desk, card, speaks(other_desk)),
                "telephone to telephone": await late(anna, boris, speaks(anna)),
            }


async def measure(cards: Path) -> tuple[dict[str, dict[str, float]], dict[str, list[float]]]:
    costs = {
        "modem and telephone": await cost(modems=True),
        "the same, by a sound card": await cost(modems=True, cards=cards),
        "two telephones": await cost(modems=False),
    }
    return costs, await delays(cards)


def main() -> None:
    write = wants_writing(__doc__ or "")
    with suppress(PermissionError):  # as the installed switch runs
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
    with TemporaryDirectory() as folder:
        os.environ["ALSA_CONFIG_PATH"] = str(alsa(Path(folder)))
        share, took = asyncio.run(measure(Path(folder)))
    phones = share["two telephones"]
    rows = [["a call", "CPU, % of a processor", ": two telephones", "of it the pump"]]
    for name, spent in share.items():
        parts = [sum(spent.values()), spent.get("lines", 0.0)]
        whole, pump = (part / CALLS / SECONDS * 100 for part in parts)
        rows.append([name, f"{whole:.2f}", f"{sum(spent.values()) / sum(phones.values()):.2f}", f"{pump:.2f}"])
    plain = statistics.median(took["telephone to telephone"])
    notes = [
        f"From {name}: {statistics.median(each):.0f} ms (median of {BURSTS}, from {min(each):.0f} to {max(each):.0f}), "
        f"{statistics.median(each) / plain:.2f} of telephone to telephone."
        for name, each in took.items()
    ]
    tell(rows, write=write, notes=notes)


if __name__ == "__main__":
    main()
