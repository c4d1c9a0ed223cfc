# SPDX-License-Identifier: GPL-2.0-or-later
"""One modem as a line: whenever it is plugged in it is set up and used, and helped up when it falls.

The modem is found at `path`, a name that stays when its tty gets another number. Nothing here is told twice: calls by
their end, short messages by being deleted only once the listener has them.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from typing import Literal, Protocol

from appliance.lines.at import commands, gains
from appliance.lines.at.calls import NUMBER_WITHIN, TALKING, Calls, Event
from appliance.lines.at.causes import LOST, NORMAL, of_result
from appliance.lines.at.engine import MEDIUM, Command
from appliance.lines.at.facts import (
    Arrived,
    Booted,
    Digit,
    Fact,
    MemoryFull,
    Registered,
    Signal,
    Sim,
    State,
    Stored,
    Ussd,
)
from appliance.lines.at.families import REGISTRATION, SIGNAL, Rung, Sound
from appliance.lines.at.gains import Gain, Side
from appliance.lines.at.unsolicited import read
from appliance.lines.modems import messages
from appliance.lines.modems.messages import Messages
from appliance.lines.modems.network import Learned, Network
from appliance.lines.modems.port import PortMissing, PortTaken
from appliance.lines.modems.setup import Fitted, Identity, Refused, Unfit, identify, open_sim, set_up
from appliance.lines.modems.talk import Lost, Silent, Talk

log = logging.getLogger(__name__)

PING = 10.0  # s without a word after which the modem is asked whether it is there
AGAIN = 1.0  # s between two looks for a modem that is not plugged in
UNFIT_AGAIN = 60.0  # s until one that could not be used is looked at again

HOME, ABROAD, DENIED = {1}, {5}, 3  # <stat> of +CREG

Standing = Literal["absent", "starting", "unfit", "searching", "ready", "silent"]


class Listener(messages.Listener, Protocol):
    """What a modem tells, in the loop's thread."""

    def stands(self, standing: Standing, why: str) -> None: ...
    def call(self, event: Event) -> None: ...
    def digit(self, digit: str) -> None: ...
    def signal(self, dbm: int | None) -> None: ...
    def learned(self, what: Learned, value: str) -> None: ...


Device = tuple[str, int, int]


def device(path: str) -> Device:
    """What a port leads to now: one plugged in later is another, though it has the same name."""
    real = os.path.realpath(path)
    try:
        node = os.stat(real)
    except OSError:
        return real, 0, 0
    return real, node.st_ino, node.st_rdev


class Modem:
    """run() until cancelled; the rest is asked of a modem that is ready."""

    def __init__(
        self,
        places: str | Callable[[], Collection[str]],
        listener: Listener,
        *,
        pin: str = "",
        refused_pins: Refused | None = None,
        imei: str = "",
        roaming: bool = True,
        clip_wait: int = NUMBER_WITHIN,
        levels: Mapping[Side, int] | None = None,
        network: Network | None = None,
        baud: int = 115200,
        reset: Callable[[str, Rung], Awaitable[None]] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """places: its port, or those it may be at, of which it is the one with this IMEI. refused_pins: as known before.

        levels: how loud its calls are to be. network: what is asked beside calls. reset: carries out the rungs that
        need more than its port. sleep: waits between rungs and looks."""
        self.places = places if callable(places) else lambda: (places,)
        self.path = ""
        self.listener, self.pin, self.imei, self.roaming, self.baud = listener, pin, imei, roaming, baud
        self.clip_wait, self.network = clip_wait, network or Network()
        self.levels = levels or {}
        self.others: dict[Device, float] = {}  # what is not its own, until when it is not looked at
        self.reset, self.sleep = reset, sleep
        self.standing: Standing = "absent"
        self.why = ""
        self.fitted: Fitted | None = None
        self.refused_pins: Refused = set() if refused_pins is None else refused_pins
        self.talk: Talk | None = None
        self.calls = Calls(clip_wait)
        self.nets: dict[str, Registered] = {}
        self.rung = 0
        self.messages: Messages | None = None
        self.reference = 0  # of the last long message
        self.wake = asyncio.Event()
        self.restarted = False
        self.alarm: asyncio.TimerHandle | None = None

    # Standing

    async def run(self) -> None:
        while True:
            wait = AGAIN
            self.path = self.place()
            try:
                async with Talk(self.path, self.baud, self.heard) as talk:
                    self.talk = talk
                    self.stand("starting")
                    await self.use(talk)
            except (PortMissing, PortTaken) as wrong:
                self.stand("absent", wrong.id)
                self.pass_by(AGAIN)
            except Lost as wrong:
                self.stand("absent", str(wrong))
            except Unfit as wrong:
                self.stand("unfit", str(wrong))
                wait = UNFIT_AGAIN
                if self.imei and wrong.id in ("other-modem", "unknown-modem"):
                    self.pass_by(UNFIT_AGAIN)
                    wait = UNFIT_AGAIN
            except Silent as wrong:
                self.stand("silent", wrong.id)
                wait = await self.climb()
            finally:
                self.forget()
            await self.rest(wait)

    def place(self) -> str:
        """Where to look for it now: a port that was not found to be another's, else the one longest ago."""
        now = asyncio.get_running_loop().time()
        self.others = {device: until for device, until in self.others.items() if until > now}
        found = self.places()
        return min(found, key=lambda path: self.others.get(device(path), 0.0), default="")

    def better(self) -> bool:
        """Whether there is a port that was not looked at."""
        place = self.place()
        return place not in ("", self.path) and device(place) not in self.others

    def pass_by(self, seconds: float) -> None:
        """What is at this port now is not ours; another that takes its name is looked at at once."""
        self.others[device(self.path)] = asyncio.get_running_loop().time() + seconds

    async def rest(self, wait: float) -> None:
        """Until it is worth looking again; another modem, or the same one plugged in anew, is looked at sooner."""
        place = os.path.realpath(self.path)
        while wait > 0 and os.path.realpath(self.path) == place and not self.better():
            await self.sleep(min(wait, AGAIN))
            wait -= AGAIN

    def stand(self, standing: Standing, why: str = "") -> None:
        if (standing, why) != (self.standing, self.why):
            self.standing, self.why = standing, why
            log.info("%s: %s %s", self.path, standing, why)
            self.listener.stands(standing, why)

    def forget(self) -> None:
        """What was known of the modem until now."""
        self.talk = None
        self.network.gone()
        for event in self.calls.lost(LOST):
            self.listener.call(event)
        if self.alarm:
            self.alarm.cancel()
            self.alarm = None
        self.nets, self.restarted = {}, False
        if self.messages:
            self.messages.lost(self.why)
            self.messages = None

    async def use(self, talk: Talk) -> None:
        """From a fresh port until it is lost or silent."""
        identity = await identify(talk)
        if self.imei and identity.imei != self.imei:
            raise Unfit("other-modem", identity.imei)
        self.listener.learned("imei", identity.imei)
        self.listener.learned("model", " ".join(filter(None, (identity.maker, identity.model, identity.revision))))
        await open_sim(talk, identity.family, self.pin, self.refused_pins)
        self.listener.learned("sim", "ready")
        self.messages = Messages(talk, self.listener)
        self.fitted = await set_up(talk, identity, self.levels)
        for line in (await talk.ask(REGISTRATION)).lines:
            self.heard(read(line))
        self.registration()
        beside = [
            asyncio.create_task(self.messages.run()),
            asyncio.create_task(self.network.run(talk, self.code, self.listener.learned)),
        ]
        try:
            while not self.restarted:
                await self.once(talk, beside)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def once(self, talk: Talk, beside: list[asyncio.Task[None]]) -> None:
        """Wait until there is something to do, and do it."""
        look = self.calls.look
        wait = PING if look is None else min(PING, max(0, look - talk.now) / 1000)
        gone, wake = asyncio.ensure_future(talk.gone.wait()), asyncio.ensure_future(self.wake.wait())
        await asyncio.wait((gone, wake, *beside), timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        quiet = not wake.done()
        for each in (gone, wake):
            each.cancel()
        self.wake.clear()
        if talk.gone.is_set():
            raise Lost(talk.why)
        for task in beside:
            if task.done():
                task.result()
        if self.calls.look is not None:
            await self.look(talk)
        elif quiet:
            await self.ping(talk)

    async def ping(self, talk: Talk) -> None:
        """Is it there, and how well does it hear?"""
        for question in (SIGNAL, REGISTRATION):
            for line in (await talk.ask(question)).lines:
                self.heard(read(line))

    async def look(self, talk: Talk) -> None:
        if (self.calls.look or 0) > talk.now:
            return
        asked = talk.now
        self.calls.looked(asked)
        answer = await talk.ask(commands.CALLS)
        if answer.ok:
            self.tell(self.calls.listed([read(line) for line in answer.lines], asked, talk.now))

    async def climb(self) -> float:
        """The next rung of the family's ladder; s until it is worth looking again."""
        ladder = self.fitted.identity.family.ladder if self.fitted else ()
        if self.rung >= len(ladder):
            self.rung = 0
        if not ladder:
            return AGAIN
        rung = ladder[self.rung]
        self.rung += 1
        log.warning("%s: silent, now %s %s", self.path, rung.do, " ".join(rung.commands))
        self.stand("silent", rung.do)
        if rung.do == "command":
            await self.shout(rung)
        elif rung.do in ("usb", "power") and self.reset:
            await self.reset(self.path, rung)
        return rung.wait / 1000

    async def shout(self, rung: Rung) -> None:
        """Commands to a modem that does not answer; it may hear them all the same."""
        with contextlib.suppress(PortMissing, PortTaken, Lost, Silent):
            async with Talk(self.path, self.baud, lambda _: None) as talk:
                talk.misses = 1
                for text in rung.commands:
                    talk.port.write(b"\x1b" + text.encode() + b"\r")
                    await self.sleep(rung.pause / 1000)

    # What it says

    def heard(self, fact: Fact) -> None:
        match fact:
            case Digit(digit):
                self.listener.digit(digit)
            case Signal(dbm):
                self.listener.signal(dbm)
            case Registered():
                self.nets[fact.net] = fact
                self.registration()
            case Stored() | Arrived() | Ussd():
                if self.messages:
                    self.messages.heard(fact)
            case Booted() | Sim("NOT INSERTED" | "NOT READY"):
                self.restarted = True
            case MemoryFull():
                log.warning("%s: the memory for short messages is full", self.path)
            case _ if self.talk:
                self.tell(self.calls.fact(fact, self.talk.now))
        self.wake.set()

    def registration(self) -> None:
        if not self.fitted or self.standing not in ("starting", "searching", "ready"):
            return
        stats = {net.stat for net in self.nets.values()}
        at_home = bool(stats & HOME)
        self.listener.learned("registration", "home" if at_home else "roaming" if stats & ABROAD else "none")
        if at_home or (self.roaming and stats & ABROAD):
            self.rung = 0
            self.stand("ready")
            self.network.there(abroad=not at_home)
        else:
            self.network.gone()
            self.stand("searching", "roaming" if stats & ABROAD else "denied" if DENIED in stats else "")

    def tell(self, events: list[Event]) -> None:
        for event in events:
            self.listener.call(event)
        self.set_alarm()

    def set_alarm(self) -> None:
        """Calls have deadlines that wait for no command."""
        if self.alarm:
            self.alarm.cancel()
            self.alarm = None
        due = self.calls.deadline
        if due is not None and self.talk:
            self.alarm = self.talk.loop.call_later(max(0, due - self.talk.now) / 1000 + 0.001, self.late)

    def late(self) -> None:
        if self.talk:
            self.tell(self.calls.late(self.talk.now))

    # Calls

    @property
    def there(self) -> Talk:
        """Lost when it is not. A call can be ended also when the network is gone."""
        if not self.talk or not self.fitted:
            raise Lost(self.why or self.standing)
        return self.talk

    @property
    def ready(self) -> Talk:
        """Lost when it is not there, Unfit when it cannot be used as it stands."""
        talk = self.there
        if self.standing != "ready":
            raise Unfit(self.standing, self.why)
        return talk

    @property
    def identity(self) -> Identity:
        assert self.fitted
        return self.fitted.identity

    async def dial(
        self,
        number: str,
        withheld: bool = False,
        *,
        anyway: bool = False,
        begun: Callable[[int], None] = lambda call: None,
    ) -> int:
        """Our name of the call, told at once by begun(); what becomes of it is told. anyway: also without a network of ours."""
        talk = self.there if anyway else self.ready
        what = commands.dial(number, withheld)
        call = self.calls.dial(talk.now)
        begun(call)
        self.wake.set()
        answer = await talk.ask(what)
        if not answer.ok:
            self.tell(self.calls.end(call, of_result(answer.result)))
        return call

    async def answer(self, call: int) -> bool:
        """False when it is over, or the modem could not."""
        kept = self.calls.named(call)
        if not kept or kept.state is not State.INCOMING:
            return False
        answer = await self.there.ask(commands.ANSWER)
        if answer.ok and self.calls.named(call):
            self.tell(self.calls.change(kept, State.ACTIVE))  # some say no more than OK
        self.calls.unsure()
        self.wake.set()
        return answer.ok

    async def hang_up(self, call: int) -> None:
        """End it, or refuse it while it rings; one that is over stays so."""
        kept = self.calls.named(call)
        if not kept:
            return
        what = commands.HANG_UP
        if kept.state is State.WAITING:
            what = commands.REFUSE_SECOND
        elif len(self.calls.living) > 1 and kept.id is not None:
            what = Command(f"AT+CHLD=1{kept.id}", within=commands.HANG_UP.within)
        answer = await self.there.ask(what)
        if not answer.ok and what is commands.HANG_UP:
            answer = await self.there.ask(Command("ATH", within=what.within))
        if answer.ok:
            self.tell(self.calls.end(call, NORMAL))
        else:
            self.calls.unsure()
        self.wake.set()

    async def press(self, call: int, keys: str) -> bool:
        kept = self.calls.named(call)
        if not kept:
            return False
        each = commands.press(self.identity.family, keys, kept.id)
        return all([(await self.there.ask(what)).ok for what in each])

    # Sound

    @property
    def sounds(self) -> tuple[Sound, ...]:
        """How its calls are heard, the best way first; none: they cannot be."""
        return self.fitted.sounds if self.fitted else ()

    async def do(self, commands: tuple[str, ...]) -> bool:
        """Whether it took the last of them."""
        return [True, *[(await self.there.ask(Command(text, within=MEDIUM))).ok for text in commands]][-1]

    async def gains(self) -> list[Gain]:
        """How loud its calls are, as far as it says."""
        found = []
        for side in gains.SIDES:
            if command := gains.command(self.identity.family, side):
                level, levels = gains.asked(command)
                found.append(gains.read(side, command, await self.there.ask(level), await self.there.ask(levels)))
        return [one for one in found if one]

    def talks(self, call: int) -> bool:
        kept = self.calls.named(call)
        return kept is not None and kept.state in TALKING

    async def restart(self) -> None:
        """As the last rung of its family that is a command does."""
        rungs = [rung.commands for rung in self.identity.family.ladder if rung.do == "command"]
        log.warning("%s: is started anew", self.path)
        await self.do(rungs[-1])

    # Short messages and codes

    async def send(
        self, number: str, text: str, *, report: bool = False, validity: timedelta | None = None
    ) -> list[int]:
        """The references of its parts, which reports come back with. BadPdu, or NotSent with the part and why."""
        self.reference = (self.reference + 1) & 255
        return await self.writing.send(number, text, self.reference, report, validity)

    async def code(self, code: str) -> str:
        """What the network says to a code like *100#."""
        return await self.writing.code(code)

    @property
    def writing(self) -> Messages:
        assert self.ready and self.messages
        return self.messages
