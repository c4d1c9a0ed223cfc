# SPDX-License-Identifier: GPL-2.0-or-later
"""A day of calls, made faster: people outside who call, people inside who answer or do not, and what each of them saw."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from testbed.audio import Audio
from testbed.sip import Dialog, user_of

from appliance.control.client import Client
from appliance.control.messages import Apply, Override, SetStatus
from appliance.programs.demo.office import CREW_PASSWORD
from tests.soak.office import AGENTS, MAILBOX, MENU, PERSONS, QUEUE, UNWANTED, SoakOffice, extension
from tests.soak.telephones import Telephones

AT_ONCE = 40  # calls from outside
LONGEST = 50.0  # seconds a call may last, one with a telephone that vanished
HANDED_PATIENCE = 15.0  # seconds, of one who was handed on
RACE = 1.0  # seconds between two things of which either may have been first to the box
HOURS = (1, 1, 1, 1, 1, 1, 2, 6, 14, 22, 24, 22, 14, 18, 24, 22, 18, 12, 5, 3, 2, 2, 1, 1)  # calls, in proportion
OPEN = range(8, 18)
VANISH_EVERY = 3  # hours

# What people outside do, and how often of a hundred.
KINDS = {
    "talks": 26, "is put on hold": 6, "is handed on": 8, "is handed on by a code": 4, "is handed on after asking": 5,
    "gives up waiting": 12, "gives up at once": 6, "chooses": 10, "hears the address": 5, "leaves the menu": 3,
    "asks for somebody": 9, "leaves a message": 4, "is unwanted": 2,
}  # fmt: skip
HANDED = {"is handed on", "is handed on by a code", "is handed on after asking"}


@dataclass
class Visit:
    """One caller, and what became of him as he and whoever answered saw it."""

    number: str
    kind: str
    closed: bool
    answered: float = 0.0  # when a telephone said so; seconds of the loop
    left: float = 0.0  # when he hung up by himself
    refused: int = 0  # SIP status
    over: bool = False
    handed: bool = False  # to a second telephone
    goodbye: bool = False  # whoever talks to him leaves it to him to hang up

    @property
    def outcomes(self) -> set[str]:
        """Those the journal may have; more than one where two things raced."""
        unanswered = {
            "hears the address": {"abandoned" if self.left else "self-service"},
            "is unwanted": {"refused"},
            "leaves a message": {"voicemail"},
            "asks for somebody": {"voicemail", "abandoned"},  # whether he came to the mailbox he cannot tell
        }.get(self.kind, {"abandoned"})
        if self.closed and self.kind != "is unwanted":
            unanswered = {"voicemail"} | ({"abandoned"} if self.kind == "gives up at once" else set())
        if not self.answered:
            return unanswered
        if self.left and self.left - self.answered < RACE:
            return unanswered | {"answered"}
        if self.handed:  # nobody took him, and whoever sent him has his next caller already
            return {"answered", "voicemail"}
        return {"answered"}


@dataclass
class Day:
    """Everybody there is. `calls` from outside in all; seed: the same day again."""

    office: SoakOffice
    line: Telephones
    desks: Telephones
    sound: Audio
    switch: Client
    calls: int
    rate: float  # calls a second, when it is busiest
    vanishing: bool = True
    seed: int = 1
    visits: dict[str, Visit] = field(default_factory=dict)
    internal: Counter[str] = field(default_factory=Counter)  # calls by telephones of ours, by extension
    done: Counter[str] = field(default_factory=Counter)  # other things
    to_vanish: int = 0  # so many of the next talks end with a telephone that vanishes

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.faults: list[BaseException] = []
        self._room = asyncio.Semaphore(AT_ONCE)
        self.pause = asyncio.Lock()  # who holds it keeps everything but callers from going on
        self.desks.heard.invited = lambda dialog: self._begin(self._desk(dialog))

    def _begin(self, doing: Awaitable[None]) -> None:
        async def whole() -> None:
            try:
                await doing
            except Exception as fault:  # told at the end
                self.faults.append(fault)

        task = asyncio.create_task(whole())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def open(self) -> None:
        for agent in AGENTS:
            await self.desks.register(agent, CREW_PASSWORD)

    async def hold_somebody(self, held: Callable[[], bool]) -> None:
        """A colleague, until `held` says that the box knows: what it opens for the first and keeps is open from then on."""
        dialog = self.desks.call_as(AGENTS[0], extension(AGENTS[1]))
        self.internal[extension(AGENTS[0])] += 1
        assert await self.desks.until(lambda: dialog.up, 10), "nobody answered who could be held"
        self.desks.hold(dialog, True)
        async with asyncio.timeout(10):
            while not held():
                await asyncio.sleep(0.05)
        self.desks.hang_up(dialog)
        await self.desks.until(lambda: self._gone(dialog), 10)

    async def run(self, each_hour: Callable[[int], Awaitable[None]]) -> None:
        """All hours; each_hour is told when one is over and nobody calls any more."""
        others = asyncio.create_task(self._others())
        try:
            for hour, share in enumerate(HOURS):
                await self._hold_hours(hour not in OPEN)
                for _ in range(max(1, round(self.calls * share / sum(HOURS)))):
                    await self._room.acquire()
                    self._begin(self._visit(hour))
                    await asyncio.sleep(self.chance.expovariate(self.rate))
                await each_hour(hour)
                self.to_vanish = int(self.vanishing and hour % VANISH_EVERY == 0)
        finally:
            async with self.pause:  # what is under way is done to its end: a call left in a mailbox is ended by nobody
                others.cancel()
            with suppress(asyncio.CancelledError):
                await others
        await self.over()

    async def over(self) -> None:
        """Nobody from outside calls any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _hold_hours(self, closed: bool) -> None:
        """Nobody is on his way in just then: what is decided is decided when a call arrives."""
        if closed != self._closed or not self.visits:
            await asyncio.sleep(0.5)
            await self.switch.request(Override(0, "office", "closed" if closed else "as-written"))
            self._closed = closed

    # ---- outside ----------------------------------------------------------------------------------------------------

    async def _visit(self, hour: int) -> None:
        kind = self.chance.choices(list(KINDS), list(KINDS.values()))[0]
        count = len(self.visits)
        number = f"{UNWANTED}{count:06}" if kind == "is unwanted" else f"+37069{count:06}"
        visit = self.visits[number] = Visit(number, kind, self._closed)
        called = {"chooses": MENU, "hears the address": MENU, "leaves the menu": MENU, "leaves a message": MAILBOX}
        to = f"{PERSONS}{self.chance.randrange(10)}" if kind == "asks for somebody" else called.get(kind, QUEUE)
        try:
            dialog = self.line.call(number, to)
            await self._stays(visit, dialog)
            visit.over = await self.line.until(lambda: self._gone(dialog), 10)
        finally:
            self._room.release()

    async def _stays(self, visit: Visit, dialog: Dialog) -> None:
        """Until he hangs up, or the other side did."""
        if visit.kind == "gives up at once":
            await asyncio.sleep(self.chance.choice([0, 0.001, 0.005, 0.02, 0.1]))
        else:
            await self.line.until(lambda: dialog.up or self._gone(dialog), 20)
            await self._does(visit, dialog)
        if not self._gone(dialog):
            visit.left = self._now()
            self.line.leave(dialog)

    async def _does(self, visit: Visit, dialog: Dialog) -> None:
        if visit.closed or visit.kind == "leaves a message":
            await self._leaves_word(dialog)
            return
        if visit.kind in ("chooses", "hears the address"):
            await asyncio.sleep(self.chance.uniform(0.1, 1))
            if dialog.up and not self._gone(dialog):
                self.line.press(dialog, "1" if visit.kind == "chooses" else "2")
        if visit.kind in ("gives up waiting", "leaves the menu"):
            await asyncio.sleep(self.chance.uniform(0.3, 3))
        elif visit.kind == "hears the address":
            await self.line.until(lambda: self._gone(dialog), self.chance.choice([1, 15]))
        else:
            patience = 12 if visit.kind == "asks for somebody" else LONGEST
            await self.line.until(lambda: visit.goodbye or visit.handed or self._gone(dialog), patience)
            if visit.handed:
                await self.line.until(lambda: visit.goodbye or self._gone(dialog), HANDED_PATIENCE)

    async def _leaves_word(self, dialog: Dialog) -> None:
        if dialog.up and dialog.rtp:
            self.sound.speak(dialog.rtp)
            await asyncio.sleep(self.chance.uniform(0.5, 2.5))
            self.sound.hush(dialog.rtp)

    def _gone(self, dialog: Dialog) -> bool:
        return dialog.call_id not in self.line.dialogs and dialog.call_id not in self.desks.dialogs

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    # ---- inside -----------------------------------------------------------------------------------------------------

    async def _desk(self, dialog: Dialog) -> None:
        """A telephone rings."""
        visit = self.visits.get(dialog.caller)
        self.desks.ring(dialog)
        await asyncio.sleep(self.chance.uniform(0.02, 0.8))
        if self._gone(dialog):
            return
        if visit and not visit.handed and self.chance.random() < (0.5 if visit.kind == "asks for somebody" else 0.1):
            if self.chance.random() < 0.7:
                self.desks.refuse(dialog, self.chance.choice(["486 Busy Here", "603 Decline", "480 Not Now"]))
            return  # or it rings as long as it will
        if visit and not visit.answered:
            visit.answered = self._now()
        self.desks.answer(dialog)
        await self.desks.until(lambda: dialog.up or self._gone(dialog), 10)
        if visit:
            await self._talks(visit, dialog)
        else:  # a colleague: it is for him to end it
            await self.desks.until(lambda: self._gone(dialog), 25)
        if not self._gone(dialog):
            self.desks.hang_up(dialog)
            await self.desks.until(lambda: self._gone(dialog), 10)

    async def _talks(self, visit: Visit, dialog: Dialog) -> None:
        await self.desks.until(lambda: self._gone(dialog), self.chance.uniform(0.3, 3))
        if self._gone(dialog):
            return
        if not visit.handed and visit.kind in HANDED:
            visit.handed = True
            await self._hands_on(visit, dialog)
        elif visit.kind == "is put on hold" and not visit.handed:
            self.desks.hold(dialog, True)
            await self.desks.until(lambda: self._gone(dialog), self.chance.uniform(0.3, 2))
            if not self._gone(dialog):
                self.desks.hold(dialog, False)
                await self.desks.until(lambda: self._gone(dialog), self.chance.uniform(0.3, 1))
        elif self.to_vanish:
            self.to_vanish -= 1
            self.done["telephones vanished in a talk"] += 1
            self.desks.vanish(dialog)
        if not self._gone(dialog) and self.chance.random() < 0.5:
            self._goodbye(visit)
            await self.desks.until(lambda: self._gone(dialog), 10)

    async def _hands_on(self, visit: Visit, dialog: Dialog) -> None:
        to = extension(self.chance.choice(AGENTS))
        self.done[visit.kind] += 1
        if visit.kind == "is handed on":
            self.desks.hand_on(dialog, to)
        elif visit.kind == "is handed on by a code":
            self.desks.press(dialog, f"##{to}#")
        else:
            self.desks.press(dialog, f"*2{to}#")
            self.internal[extension(agent_of(dialog))] += 1  # a call of his own
            await self.desks.until(lambda: self._gone(dialog), self.chance.uniform(1, 3))
            if not self._gone(dialog):
                self.desks.press(dialog, "*2")
        await self.desks.until(lambda: self._gone(dialog), 8)
        if visit.kind == "is handed on after asking":  # his new partner does not know him by number
            await asyncio.sleep(1)
            self._goodbye(visit)

    def _goodbye(self, visit: Visit) -> None:
        visit.goodbye = True
        self.line.stir()

    # ---- what else goes on ------------------------------------------------------------------------------------------

    async def _others(self) -> None:
        """One thing after another, all day."""
        things = [self._telephone_restarts] * 4 + [self._calls_inside] * 6 + [self._status] * 2 + [self._settings] * 1
        while True:
            await asyncio.sleep(self.chance.uniform(0.2, 1.2))
            try:
                async with self.pause:
                    await self.chance.choice(things)()
            except Exception as fault:
                self.faults.append(fault)

    def _idle(self) -> str:
        busy = {agent_of(dialog) for dialog in self.desks.dialogs.values()}
        return self.chance.choice([agent for agent in AGENTS if agent not in busy] or AGENTS)

    async def _telephone_restarts(self) -> None:
        agent = self._idle()
        await self.desks.register(agent, CREW_PASSWORD, expires=0)
        await asyncio.sleep(self.chance.uniform(0, 0.5))
        await self.desks.register(agent, CREW_PASSWORD)
        self.done["telephones registered anew"] += 1

    async def _calls_inside(self) -> None:
        agent = self._idle()
        to = self.chance.choice(["*97", *map(extension, AGENTS)])
        dialog = self.desks.call_as(agent, to)
        self.internal[extension(agent)] += 1
        await self.desks.until(lambda: dialog.up or self._gone(dialog), self.chance.uniform(0.1, 4))
        await self.desks.until(lambda: self._gone(dialog), self.chance.uniform(0.1, 2))
        self.desks.leave(dialog)
        await self.desks.until(lambda: self._gone(dialog), 10)

    async def _status(self) -> None:
        agent = self.chance.choice(AGENTS)
        for status in ("break", "available"):
            await self.switch.request(SetStatus(0, agent, status))
            await asyncio.sleep(self.chance.uniform(0, 1))
        self.done["statuses set"] += 2

    async def _settings(self) -> None:
        await self.switch.request(Apply(0, self.office.any_other(self.chance)))
        self.done["settings applied"] += 1


def agent_of(dialog: Dialog) -> str:
    """Whose telephone has this call."""
    return user_of(dialog.invite.start.split()[1]) if dialog.invite else dialog.caller
