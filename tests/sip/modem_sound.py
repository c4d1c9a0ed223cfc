# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten minutes of calls by modems, one 100 ppm fast and one slow, by their ttys and by their sound cards, each with a telephone:
`make modem-sound`.

Both ways a tone of 1 kHz is said, and of every 20 ms that are heard its phase is looked at: where it does not go on as it
did before, by more than 0.2 rad (a quarter of a sample), that is a step. A tone that is not there is counted too, and the delays
are looked at.
"""

from __future__ import annotations

import asyncio
import cmath
import math
import os
from array import array
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard, LineCounters
from tests.lines.far_card import FarCard, alsa
from tests.lines.far_end import RATE, FarEnd
from tests.sip.box import Box, Telephone
from tests.sip.wire import Wire, sdp
from tests.telephones import tone
from tests.telephones.rtp import Rtp

HZ, PERIOD, BLOCK = 1000, 8, 160  # samples of a period, and of what is compared
STEP = 0.2  # rad
SETTLES = 10.0  # s that are not counted
MINUTES = float(os.environ.get("MINUTES", "10"))
DELAY_MOST = 200.0  # ms; what a busy machine may make of 40
PASSES = 1.0  # share of all blocks, per cent, that a busy machine may spoil


class Sounded(NamedTuple):
    steps: int
    missing: int  # blocks without the tone
    off: float  # most that its pitch was off, per cent


def heard(said: array[int]) -> Sounded:
    turns = [cmath.exp(-2j * math.pi * n / PERIOD) for n in range(PERIOD)]
    before, moved, stepped, missing, off = 0j, None, 0, 0, 0.0
    for at in range(0, len(said) - BLOCK, BLOCK):
        now = sum(sum(said[at + n : at + BLOCK : PERIOD]) * turns[n] for n in range(PERIOD))
        if abs(now) < 0.15 * 32767 * BLOCK / 2:
            missing += 1
            before, moved = 0j, None
            continue
        moves = cmath.phase(now / before) if before else None
        if moves is not None:
            off = max(off, abs(moves) / (2 * math.pi * HZ * BLOCK / RATE) * 100)
            if moved is not None:
                stepped += abs(math.remainder(moves - moved, 2 * math.pi)) > STEP
        before, moved = now, moves
    return Sounded(stepped, missing, off)


class Call:
    """A modem's leg and a telephone's, that hear each other."""

    def __init__(self, box: Box, far: FarEnd, ear: Rtp) -> None:
        self.box, self.far, self.ear = box, far, ear
        self.leg = box.sip.line()
        self.delays: list[tuple[float, float]] = []

    async def begin(self, wire: Wire) -> None:
        call = await Telephone(self.box, wire).call("100", body=sdp(self.ear.port))
        self.box.sip.answer(call.handle)
        await call.answered()
        await self.box.told(Heard.AUDIO, of=call.handle)
        self.box.sip.hear(self.leg, call.handle)
        self.box.sip.hear(call.handle, self.leg)
        self.far.carries(self.box.sip, self.leg)

    @property
    def counted(self) -> LineCounters:
        counted = self.box.sip.line_counters(self.leg)
        assert counted
        return LineCounters(*counted)

    def settled(self) -> None:
        self.far.heard = array("h")
        self.ear.forget()
        self.before, self.held_up = self.counted, self.far.held_up

    def look(self) -> None:
        self.delays.append((self.counted.down_delay, self.counted.up_delay))

    def told(self) -> dict[str, float]:
        now, before = self.counted, self.before
        down, up = heard(self.ear._pcm), heard(self.far.heard)
        return {
            "by a card": isinstance(self.far, FarCard),
            "ppm": self.far.ppm,
            "found ppm": round(now.down_skew),
            "steps to the telephone": down.steps,
            "steps to the modem": up.steps,
            "silent blocks": down.missing + up.missing,
            "most off pitch %": round(max(down.off, up.off), 3),
            "blocks": len(self.ear._pcm) // BLOCK + len(self.far.heard) // BLOCK,
            "modem itself held up": self.far.held_up - self.held_up,
            "underruns": now.down_underruns + now.up_underruns - before.down_underruns - before.up_underruns,
            "overruns": now.down_overruns + now.up_overruns - before.down_overruns - before.up_overruns,
            "xruns": now.xruns - before.xruns,
            "least delay ms": round(min(map(min, self.delays)), 1),
            "most delay ms": round(max(map(max, self.delays)), 1),
        }


@pytest.mark.timeout(MINUTES * 60 + 300)
async def test_ten_minutes_of_clocks_that_are_apart(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(alsa(tmp_path)))
    says = tone.samples(HZ, 1, RATE)
    ends = [
        *(FarEnd(says, ppm) for ppm in (100.0, -100.0)),
        FarCard(tmp_path, 1, says, 100.0),
        FarCard(tmp_path, 2, says, -100.0),
    ]
    with suppress(PermissionError):  # as the installed switch runs; without, whatever else is done here is heard
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
    box = Box(ports)
    async with AsyncExitStack() as stack:
        stack.callback(box.sip.close)
        stack.enter_context(box)
        calls = []
        for far in ends:
            stack.enter_context(far)
            ear = await stack.enter_async_context(Rtp(ports.take(2), says))
            calls.append(call := Call(box, far, ear))
            await call.begin(await stack.enter_async_context(Wire(box.address)))
        await asyncio.sleep(SETTLES)
        for call in calls:
            call.settled()
        for _ in range(round(MINUTES * 60)):
            await asyncio.sleep(1)
            for call in calls:
                call.look()
        found = [call.told() for call in calls]
    for one in found:
        print("\n" + "\n".join(f"{what:24} {value:g}" for what, value in one.items()))
    for one in found:
        assert one["most delay ms"] < DELAY_MOST, one
        assert abs(one["found ppm"] - one["ppm"]) < 100, one
        spoilt = one["steps to the telephone"] + one["steps to the modem"] + one["silent blocks"]
        assert spoilt * 100 <= PASSES * one["blocks"], one
