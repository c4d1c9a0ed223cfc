# SPDX-License-Identifier: GPL-2.0-or-later
"""The switch beside Asterisk 22: what calls, their sound, and registrations cost each, turn and turn about."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

from testbed import asterisk, audio, process
from testbed.asterisk import KEYS, PLAIN, RECORDED, Asterisk
from testbed.audio import Audio
from testbed.callers import Callers
from testbed.office import Switch, stage
from testbed.sip import A_LAW, G722, OPUS, Telephone
from testbed.table import tell, wants_writing

from appliance.programs.demo.office import CREW_PASSWORD
from appliance.programs.demo.ports import Ports

ROUNDS = 3  # of each measurement, both sides in turn
CREW = 40
CALLS, RATE = 150, 30.0  # of signalling alone; calls a second
TALKS = 30  # at once, with sound
SECONDS = 8.0  # of them counted
SETTLES = 1.0  # seconds from the last answer until they are
GENTLE = 10.0  # calls a second where delays are measured
REGISTRATIONS, AT_ONCE = 800, 20
IDLE = 0.1  # seconds of CPU time in one
KB = 1000


class Side(Protocol):
    """One of the two."""

    name: str
    sip: int
    city: int
    crew: list[str]  # telephones, and their accounts
    records: bool  # calls, if asked to

    def start(self) -> None: ...
    def end(self) -> None: ...

    @property
    def pid(self) -> int: ...
    def number(self, agent: int, kind: str = PLAIN) -> str: ...
    async def ready(self, desks: Telephone) -> None: ...
    def words(self) -> str: ...


class Linekeeper(Switch):
    """As it is; each person has a number of his own on the line."""

    name = "Linekeeper"
    records = True  # calls through the queue that each person has for this

    def __init__(self, folder: Path, ports: Ports) -> None:
        super().__init__(folder, ports, crew=CREW, music=False)
        self.sip, self.city = self.office.sip, self.office.city
        self.crew = [f"agent{agent}" for agent in range(CREW)]
        leads = [f'"{self.number(agent)}" = "person.agent{agent}"' for agent in range(CREW)]
        leads += [f'"{self.number(agent, RECORDED)}" = "queue.tape{agent}"' for agent in range(CREW)]
        numbers = ", ".join(leads)
        line = 'kind = "sip"\n'
        document = self.office.document.replace(line, f"{line}numbers = {{ {numbers} }}\n", 1)
        queues = [f'[queue.tape{agent}]\npeople = ["agent{agent}"]\nmusic = false\n' for agent in range(CREW)]
        names = ", ".join(f'"tape{agent}"' for agent in range(CREW))
        rule = f"[recording.rule.bench]\nqueues = [{names}]\n"
        self.office.settings.write_text(document + "".join(queues) + rule)

    @property
    def pid(self) -> int:
        return self.process.pid

    def number(self, agent: int, kind: str = PLAIN) -> str:
        """Keys are looked for in every call."""
        return f"+3705200{RECORDED if kind == RECORDED else PLAIN}{agent:02}"

    async def ready(self, desks: Telephone) -> None:
        """As idle as it will be: its texts are spoken once, after the start."""
        await super().ready(desks)
        used = -1.0
        while (now := process.cpu(self.pid)) - used > IDLE:
            used = now
            await asyncio.sleep(1)


class Failed(Exception):
    """Calls or sound were lost."""


@dataclass
class Bench:
    """One side's line and telephones."""

    side: Side
    line: Telephone
    desks: Telephone
    sound: Audio

    def kind(self, kind: str) -> Callable[[int], str]:
        return lambda number: self.side.number(number % CREW, kind)

    async def signalling(self, called: Callable[[int], str], calls: int = CALLS) -> float:
        """CPU seconds per 1,000 calls."""
        callers = Callers(self.line, self.desks, self.sound, rate=RATE, called=called)
        used = process.cpu(self.side.pid)
        await self._done(callers.run(calls), callers)
        return (process.cpu(self.side.pid) - used) / calls * 1000

    async def talking(self, called: Callable[[int], str]) -> tuple[float, float]:
        """CPU seconds for a minute of one call's sound, both legs; KB held for a call."""
        callers = Callers(self.line, self.desks, self.sound, talk=0, rate=RATE, called=called)
        held = process.memory(self.side.pid).private
        await self._done(callers.up(TALKS), callers)
        await asyncio.sleep(SETTLES)
        before, used, began = self.sound.packets(), process.cpu(self.side.pid), time.monotonic()
        await asyncio.sleep(SECONDS)
        spent, lasted = process.cpu(self.side.pid) - used, time.monotonic() - began
        sent, heard = (now - then for now, then in zip(self.sound.packets(), before, strict=True))
        grown = process.memory(self.side.pid).private - held
        await self._done(callers.all_over(), callers)
        if heard < 0.9 * sent or sent < 0.9 * 2 * TALKS * 50 * lasted:
            raise Failed(f"{self.side.name}: {sent} packets were sent, {heard} came back in {lasted:.1f} s")
        return spent / (TALKS * lasted / 60), grown / TALKS / KB

    async def delays(self, called: Callable[[int], str]) -> tuple[float, float]:
        """ms, medians: INVITE in to INVITE out, and 200 in to 200 out."""
        callers = Callers(self.line, self.desks, self.sound, rate=GENTLE, called=called)
        await self._done(callers.run(CREW), callers)
        invites = [(desk.at - caller.at) / 1e6 for caller, desk in callers.pairs]
        answers = [(caller.answered - desk.answered) / 1e6 for caller, desk in callers.pairs]
        return median(invites), median(answers)

    async def registering(self) -> tuple[float, float]:
        """A second, for each second of CPU time; and as it came out here. Each with its challenge."""

        async def some(first: int) -> None:
            for number in range(first, REGISTRATIONS, AT_ONCE):
                await self.desks.register(self.side.crew[number % CREW], CREW_PASSWORD)

        used, began = process.cpu(self.side.pid), time.monotonic()
        await asyncio.gather(*(some(first) for first in range(AT_ONCE)))
        return REGISTRATIONS / (process.cpu(self.side.pid) - used), REGISTRATIONS / (time.monotonic() - began)

    async def _done(self, doing: Awaitable[None], callers: Callers) -> None:
        try:
            await doing
        except TimeoutError:
            raise Failed(
                f"{self.side.name}: {callers.answered} calls were answered, {callers.over} are over, refused with "
                f"{sorted(set(callers.refused))}. Its last words:\n{self.side.words()}"
            ) from None


@contextmanager
def bench(side: Side, ports: Ports) -> Iterator[Bench]:
    with audio.running(port := ports.take(2)) as sound:
        line, desks = Telephone(side.city, side.sip, port), Telephone(ports.take(), side.sip, port)
        try:
            yield Bench(side, line, desks, sound)
        finally:
            line.close()
            desks.close()


Figures = dict[str, list[float]]  # of each round, by what was measured

# What is measured, and to how many places: of us, and what of Asterisk's it is held against.
PERSON, QUEUE = "CPU s per 1,000 calls to a person", "CPU s per 1,000 calls through a queue"
SOUND, SOUND_KEYS = "CPU s per call-minute of G.711", "CPU s per call-minute of G.711, transfer key armed"
TRANSCODED, TO_OPUS = "CPU s per call-minute of G.711 to G.722", "CPU s per call-minute of G.711 to Opus"
RECORDING = "CPU s per call-minute of G.711, recorded"
HELD = "KB held for a call with sound"
INVITES, ANSWERS = "ms from INVITE to INVITE", "ms from 200 to 200"
REGISTERED, REGISTERED_HERE = "registrations for a CPU second", "registrations a second, as measured"
ROWS = [
    (PERSON, PERSON, 2), (QUEUE, QUEUE, 2), (SOUND, SOUND, 3), (SOUND_KEYS, SOUND, 3), (TRANSCODED, TRANSCODED, 3),
    (TO_OPUS, TO_OPUS, 3), (RECORDING, RECORDING, 3), (HELD, HELD, 0), (INVITES, INVITES, 2), (ANSWERS, ANSWERS, 2),
    (REGISTERED, REGISTERED, 0), (REGISTERED_HERE, REGISTERED_HERE, 0),
]  # fmt: skip


async def one_round(one: Bench, figures: Figures) -> None:
    def note(what: str, value: float) -> None:
        figures.setdefault(what, []).append(value)

    plain = one.kind(PLAIN)
    note(PERSON, await one.signalling(plain))
    note(QUEUE, await one.signalling(lambda number: "100"))
    note(SOUND, (await one.talking(plain))[0])
    if isinstance(one.side, Asterisk):
        note(SOUND_KEYS, (await one.talking(one.kind(KEYS)))[0])
    if one.side.records:
        note(RECORDING, (await one.talking(one.kind(RECORDED)))[0])
    for one.desks.codec, what in ((G722, TRANSCODED), (OPUS, TO_OPUS)):
        note(what, (await one.talking(plain))[0])
    one.desks.codec = A_LAW
    invites, answers = await one.delays(plain)
    note(INVITES, invites)
    note(ANSWERS, answers)
    a_cpu_second, here = await one.registering()
    note(REGISTERED, a_cpu_second)
    note(REGISTERED_HERE, here)


def row(what: str, ours: list[float], theirs: list[float], places: int) -> list[str]:
    """Medians; the ratio is that of the rounds, each with its own, as what else the machine does hits both."""
    values = [f"{median(values):.{places}f}" if values else "-" for values in (ours, theirs)]
    ratios = sorted(one / other for one, other in zip(ours, theirs, strict=False))
    said = [f"{median(ratios):.2f}", f"{ratios[0]:.2f} to {ratios[-1]:.2f}"] if ratios else ["-", "-"]
    return [what, *values, *said]


async def measure() -> tuple[Figures, Figures]:
    with stage() as (folder, ports), Ports() as more:
        sides: list[Side] = [Linekeeper(folder / "office", ports), Asterisk(more, crew=CREW)]
        figures: tuple[Figures, Figures] = ({}, {})
        try:
            for side in sides:
                side.start()
            with bench(sides[0], ports) as ours, bench(sides[1], ports) as theirs:
                for one, into in zip((ours, theirs), figures, strict=True):
                    await one.side.ready(one.desks)
                    into[HELD] = [(await one.talking(one.kind(PLAIN)))[1]]  # its first calls
                for number in range(ROUNDS):
                    for one, into in list(zip((ours, theirs), figures, strict=True))[:: -1 if number % 2 else 1]:
                        await one_round(one, into)
        finally:
            for side in sides:
                side.end()
    return figures


def main() -> None:
    write = wants_writing(__doc__ or "")
    said = asterisk.version()
    ours, theirs = asyncio.run(measure())
    rows = [["", "Linekeeper", "Asterisk", "ours : theirs", "of single rounds"]]
    rows += [row(what, ours.get(of, []), theirs.get(what, []), places) for what, of, places in ROWS]
    tell(rows, write=write, notes=[f"{said}, {ROUNDS} rounds."])


if __name__ == "__main__":
    main()
