# SPDX-License-Identifier: GPL-2.0-or-later
"""One modem as a line of the office: its calls are legs, its messages are kept, what is known of it is shown."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from appliance.calls.ports import Leg, Listener
from appliance.lines.at.calls import Changed, Event, Incoming, Named, Over, Second
from appliance.lines.at.facts import State
from appliance.lines.at.pdu import Report
from appliance.lines.modems.messages import Came, NotSent
from appliance.lines.modems.modem import Modem, Standing
from appliance.lines.modems.network import Learned
from appliance.lines.modems.setup import Unfit
from appliance.lines.modems.talk import Lost, Silent
from appliance.lines.sound import Sound, Speech

log = logging.getLogger("lines")

NOTHING_READ = "nothing-read"  # how sound stands
GONE = 38  # Q.850 network out of order
MOVED = 3  # dB that a signal changes by before it is told
CANNOT = (Lost, Silent, Unfit, NotSent)


@dataclass
class Known:
    """What is known of a modem; "" and None: not yet."""

    standing: Standing = "absent"
    why: str = ""
    signal: int | None = None  # dBm
    imei: str = ""
    model: str = ""
    sim: str = ""  # ready, or why it is not
    registration: str = ""  # home, roaming, none
    operator: str = ""
    divert: str = ""
    balance: str = ""
    sound: str = ""  # of its latest call: ok, or why there is none


class Office(Protocol):
    """What a line tells beside its legs."""

    def known(self, line: str) -> None:
        """What is known of its modem has changed."""

    async def message(self, line: str, came: Came) -> bool:
        """Whether it is kept safely; it is deleted in the modem then."""

    def deleted(self, line: str, came: Came) -> None: ...

    async def report(self, line: str, report: Report) -> None: ...


class Line:
    """Satisfies modems.modem.Listener. `modem` and `speech` are given by start()."""

    modem: Modem
    speech: Speech

    def __init__(self, name: str, number: str, listener: Listener, sound: Sound, office: Office) -> None:
        self.name, self.number, self._listener, self._sound, self._office = name, number, listener, sound, office
        self.known = Known()
        self._legs: dict[Leg, int | None] = {}  # the modem's call of each; None while it is being dialled
        self._ends: set[Leg] = set()  # hung up before they were the modem's
        self._answered: set[Leg] = set()
        self._gone: set[Leg] = set()  # whose sound is gone, which ends them
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: asyncio.Task[None] | None = None
        self._usable: bool | None = None

    def start(self, modem: Modem, speech: Speech) -> None:
        self.modem, self.speech = modem, speech
        self._running = asyncio.create_task(self._run(), name=f"line {self.name}")
        self.stands("absent", "")

    async def _run(self) -> None:
        """A fault of ours in one modem is no end of the line."""
        while True:
            try:
                await self.modem.run()
            except Exception:
                log.exception("line %s: a fault in the program itself; begun again", self.name)
                self.stands("silent", "fault")
                await asyncio.sleep(5)

    async def close(self) -> None:
        """Calls are hung up, and the modem let go."""
        for leg in list(self._legs):
            self.hang_up(leg, 16)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        for task in (*self._tasks, *([self._running] if self._running else [])):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def __contains__(self, leg: Leg) -> bool:
        return leg in self._legs

    # ---- asked for --------------------------------------------------------------------------------------------------

    def dial(self, number: str, withheld: bool, anyway: bool) -> Leg:
        """0 when the line cannot now."""
        ready = self.known.standing == "ready" or (anyway and self.modem.talk and self.modem.fitted)
        if not ready or self._legs or self.modem.calls.kept:
            return 0
        if leg := self._sound.line():
            self._legs[leg] = None
            self._begin(self._dial(leg, number, withheld, anyway))
        return leg

    async def _dial(self, leg: Leg, number: str, withheld: bool, anyway: bool) -> None:
        def begun(call: int) -> None:
            self._legs[leg] = call
            if leg in self._ends:
                self._begin(self.modem.hang_up(call))

        try:
            await self.modem.dial(number, withheld, anyway=anyway, begun=begun)
        except (*CANNOT, ValueError) as wrong:
            log.warning("line %s cannot call: %s", self.name, wrong)
            self._end(leg, GONE)

    def answer(self, leg: Leg) -> None:
        if call := self._legs.get(leg):
            self._begin(self._answer(leg, call))

    async def _answer(self, leg: Leg, call: int) -> None:
        if not await self.modem.answer(call):
            log.warning("line %s: the modem does not answer a call", self.name)
            await self.modem.hang_up(call)

    def hang_up(self, leg: Leg, cause: int) -> None:
        call = self._legs.get(leg)
        if call is None:
            self._ends.add(leg)
        else:
            self._begin(self.modem.hang_up(call))

    def press(self, leg: Leg, keys: str) -> None:
        if call := self._legs.get(leg):
            self._begin(self._press(call, keys))

    async def _press(self, call: int, keys: str) -> None:
        with contextlib.suppress(ValueError):
            await self.modem.press(call, keys)

    def _begin(self, work: Awaitable[object]) -> None:
        """In the order of what was asked for: the modem takes one command at a time."""

        async def do() -> None:
            with contextlib.suppress(*CANNOT):
                await work

        task = asyncio.create_task(do())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- what the modem tells ---------------------------------------------------------------------------------------

    def stands(self, standing: Standing, why: str) -> None:
        self.known.standing, self.known.why = standing, why
        if standing != "ready":
            self.known.signal = None
        if standing == "absent":  # the next one may be another
            self.known.sim = self.known.registration = self.known.operator = ""
        if standing == "unfit" and why.startswith("sim-"):
            self.known.sim = why.partition(":")[0]
        usable = standing == "ready"
        if usable is not self._usable:
            self._usable = usable
            log.log(logging.INFO if usable else logging.WARNING, "line %s is %s %s", self.name, standing, why)
            self._listener.line(self.name, usable, " ".join(filter(None, (standing, why))) if not usable else "")
        self._office.known(self.name)

    def call(self, event: Event) -> None:
        match event:
            case Incoming(call, number, _):
                self._incoming(call, number)
            case Named(call, number):
                if leg := self._leg(call):
                    self._listener.named(leg, number)
            case Changed(call, State.ALERTING):
                if leg := self._leg(call):
                    self._listener.rang(leg)
            case Changed(call, State.ACTIVE):
                if (leg := self._leg(call)) and leg not in self._answered:  # else it was held
                    self._answered.add(leg)
                    self._listener.answered(leg)
                    self._begin(self._speak(leg, call))
            case Over(call, cause):
                if leg := self._leg(call):
                    self._end(leg, GONE if leg in self._gone else cause)
            case Second(_, number, _):
                self._listener.knocked(self.name, number)

    def _incoming(self, call: int, number: str) -> None:
        leg = self._sound.line()
        if not leg:
            self._begin(self.modem.hang_up(call))
            return
        self._legs[leg] = call
        self._listener.incoming(leg, self.name, False, number, "", self.number)

    async def _speak(self, leg: Leg, call: int) -> None:
        await self.speech.begin(leg, call, self._sound_stands)
        self._sound_stands()

    async def _speak_otherwise(self, leg: Leg, call: int) -> None:
        if await self.speech.stalled(leg, call, self._sound_stands):
            self._sound_stands()

    def _sound_stands(self) -> None:
        self._sounds(self.speech.standing)

    def _sounds(self, standing: str) -> None:
        if self.known.sound != standing:
            self.known.sound = standing
            self._office.known(self.name)

    def _leg(self, call: int) -> Leg:
        return next((leg for leg, its in self._legs.items() if its == call), 0)

    def _end(self, leg: Leg, cause: int) -> None:
        self._legs.pop(leg, None)
        for legs in (self._ends, self._answered, self._gone):
            legs.discard(leg)
        self._sound.line_closed(leg)
        self._listener.over(leg, cause)
        if not self._legs:
            self._begin(self.speech.end())

    def stalls(self, leg: Leg, why: str) -> None:
        """Its sound is read or taken no more; "": it is again."""
        self._sounds(why or "ok")
        if why == NOTHING_READ and (call := self._legs.get(leg)):
            self._begin(self._speak_otherwise(leg, call))

    def device_over(self, leg: Leg) -> None:
        """Its sound is gone for good: so is the call."""
        self._sounds("gone")
        self._gone.add(leg)
        self.hang_up(leg, GONE)

    def digit(self, digit: str) -> None:
        """Of the call that is talked on; a modem does not say which."""
        for leg in self._legs:
            self._sound.line_digit(leg, digit)

    def signal(self, dbm: int | None) -> None:
        was = self.known.signal
        if was is None or dbm is None or abs(dbm - was) >= MOVED:
            self.known.signal = dbm
            if dbm != was:
                self._office.known(self.name)

    def learned(self, what: Learned, value: str) -> None:
        if getattr(self.known, what) != value:
            setattr(self.known, what, value)
            self._office.known(self.name)

    async def message(self, came: Came) -> bool:
        return await self._office.message(self.name, came)

    def deleted(self, came: Came) -> None:
        self._office.deleted(self.name, came)

    async def report(self, report: Report) -> None:
        await self._office.report(self.name, report)

    # ---- messages and codes -----------------------------------------------------------------------------------------

    async def send(self, to: str, text: str, report: bool) -> list[int]:
        """The references of its parts. BadPdu, NotSent, Lost, Unfit, Silent."""
        _ = self.modem.ready
        return await self.modem.send(to, text, report=report)

    async def code(self, code: str) -> str:
        """What the network says to a code such as *100#. ValueError when it is none; NotSent, Lost, Unfit, Silent."""
        _ = self.modem.ready
        return await self.modem.code(code)
