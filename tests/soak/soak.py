# SPDX-License-Identifier: GPL-2.0-or-later
"""A day in the life of a box, and the account of it."""

import asyncio
import os
import re
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from testbed import audio

from appliance.control import client
from appliance.control.messages import Office, Watch, Why
from appliance.programs.demo.ports import Ports
from appliance.store.reader import Reader
from tests.soak import account
from tests.soak.day import OPEN, Day
from tests.soak.office import SoakOffice
from tests.soak.telephones import Telephones

SETTLES = 45.0  # seconds: PJSIP keeps a transaction for 32 s, and memory goes back ten seconds after the last call
GONE_WITHIN = 40.0  # seconds: the last call
MARGIN = 1.10  # of memory
WARM_HOURS = 2  # of the busy ones
MUSIC = "/music.wav"  # one player of it stays from the first who is held on
PROGRAMS = ("switch", "web", "run")
MB = 1_000_000


@dataclass
class Idle:
    """The office when nobody calls."""

    programs: dict[str, account.Held]
    told: Office
    processes: int
    temporary: list[str]  # files where temporary ones go


class Soak:
    """`async with Soak(folder, calls=..., rate=...) as soak`, then live(), then faults()."""

    def __init__(
        self, folder: Path, *, calls: int, rate: float, settles: float = SETTLES, vanishing: bool = True
    ) -> None:
        self._folder, self._calls, self._rate, self._settles = folder, calls, rate, settles
        self._vanishing = vanishing
        self.memory: list[tuple[float, int]] = []  # seconds, bytes of the switch
        self.before: Idle | None = None

    async def __aenter__(self) -> "Soak":
        self._stack = stack = AsyncExitStack()
        self.scratch = self._folder / "tmp"
        self.scratch.mkdir(parents=True)
        os.environ["TMPDIR"] = str(self.scratch)
        stack.callback(os.environ.pop, "TMPDIR")
        ports = stack.enter_context(Ports())
        self.office = await stack.enter_async_context(SoakOffice(self._folder / "office", ports))
        sound = stack.enter_context(audio.running(ports.take(2)))
        line = Telephones(self.office.city, self.office.sip, sound.port)
        stack.callback(line.close)
        desks = Telephones(ports.take(), self.office.sip, sound.port)
        stack.callback(desks.close)
        switch = await stack.enter_async_context(await client.connect(self.office.socket))
        self.switch = switch
        self.day = Day(self.office, line, desks, sound, switch, self._calls, self._rate, self._vanishing)
        self.pid = self.office.pid("switch")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def live(self) -> None:
        began = time.monotonic()
        await self.day.open()
        await self.day.hold_somebody(lambda: any(MUSIC in name for name in account.held(self.pid).files))
        sampling = asyncio.create_task(self._sample(began))
        await self.day.run(self._after)
        sampling.cancel()
        self.lasted = time.monotonic() - began
        self.after = await self._idle()

    async def _after(self, hour: int) -> None:
        if hour == OPEN.start + WARM_HOURS - 1:
            await self.day.over()
            async with self.day.pause:
                self.before = await self._idle()

    async def _sample(self, began: float) -> None:
        while True:
            self.memory.append((time.monotonic() - began, account.held(self.pid).rss))
            await asyncio.sleep(5)

    async def _told(self) -> Office:
        """By a connection of its own: who asks is told of everything from then on."""
        async with await client.connect(self.office.socket) as switch:
            return await switch.request(Watch(0))

    async def _idle(self) -> Idle:
        """What is left once everything was given back that will be."""
        end = time.monotonic() + GONE_WITHIN
        while (await self._told()).calls and time.monotonic() < end:
            await asyncio.sleep(0.5)  # a telephone that vanished is given up after half a minute
        await asyncio.sleep(self._settles)
        programs = {name: account.held(self.office.pid(name)) for name in PROGRAMS}
        temporary = sorted(path.name for path in self.scratch.iterdir())
        return Idle(programs, await self._told(), len(self.office.processes()), temporary)

    async def why(self, faults: list[str]) -> list[str]:
        """Some of these with what the switch says about their calls."""
        said = []
        for fault in faults:
            said.append(fault)
            if (found := re.search(r"Call\(id=(\d+)", fault)) and len(said) < 40:
                said += await self.switch.request(Why(0, int(found[1])))
        return said

    def faults(self, *, memory: bool = True) -> list[str]:
        """Everything that is not as it should be, in sentences."""
        before, after = self.before, self.after
        assert before
        found = [repr(fault) for fault in self.day.faults]
        found += account.of_calls(self.day, self.office.journal)
        found += account.of_messages(self.office, self.office.journal)
        found += account.of_office(after.told)
        if after.processes != before.processes or after.temporary != before.temporary:
            found.append(f"{before.processes} processes, now {after.processes}; {after.temporary}")
        for name in PROGRAMS:
            was, now = before.programs[name], after.programs[name]
            if came := now.files - was.files:
                found.append(f"{name}: open files that were not there before: {came}")
            if now.threads > was.threads:
                found.append(f"{name}: {was.threads} threads, now {now.threads}")
            if memory and now.rss > was.rss * MARGIN:
                found.append(f"{name}: {was.rss / MB:.1f} MB, now {now.rss / MB:.1f} MB")
        return found

    def told(self) -> list[str]:
        """What went on, for people."""
        kinds = Counter(visit.kind for visit in self.day.visits.values())
        outcomes = Counter(call.outcome for call in Reader(self.office.journal).calls(limit=account.MANY))
        unsure = sum(len(visit.outcomes) > 1 for visit in self.day.visits.values())
        inside, whole = sum(self.day.internal.values()), len(self.day.visits) + sum(self.day.internal.values())
        lines = [
            f"{whole} calls in {self.lasted:.0f} s, {len(self.day.visits)} from outside and {inside} inside; "
            f"of {unsure} either of two outcomes is right",
            "callers: " + ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()),
            "outcomes: " + ", ".join(f"{outcome} {count}" for outcome, count in outcomes.most_common()),
            "besides: " + ", ".join(f"{thing} {count}" for thing, count in self.day.done.most_common()),
        ]
        for name in PROGRAMS:
            was, now = (one.programs[name] for one in (self.before, self.after))
            lines.append(
                f"{name}: {was.rss / MB:.1f} MB after {WARM_HOURS} busy hours, {now.rss / MB:.1f} MB at the end; "
                f"{was.files.total()} and {now.files.total()} open files, {now.threads} threads"
            )
        peaks = [max(rss for _, rss in part) / MB for part in thirds(self.memory) if part]
        lines.append(f"switch at its largest, by thirds of the day: {', '.join(f'{peak:.1f}' for peak in peaks)} MB")
        return lines


def thirds(samples: list[tuple[float, int]]) -> list[list[tuple[float, int]]]:
    third = -(-len(samples) // 3)
    return [samples[:third], samples[third : 2 * third], samples[2 * third :]]
