# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo's cast and its scenes: two desk phones, the world outside, a modem, a lamp and a gate on the broker."""

import asyncio
import math
import secrets
import time
import wave
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance import sounds
from appliance.control.client import connect, follow
from appliance.control.messages import CallChanged, HangUp, Happened, LineChanged, Refused, Watch
from appliance.control.messages import Office as OfficeNow
from appliance.control.modems import Texted
from appliance.lines.at.pdu import Body, Deliver, encode
from appliance.programs.demo.broker import Broker, Listener, installed, publish
from appliance.programs.demo.modem.dialects import DIALECTS
from appliance.programs.demo.modem.simulator import Simulator
from appliance.programs.demo.modem.voice import Voice
from appliance.programs.demo.office import PASSWORDS, Office
from appliance.programs.demo.phone import Phone
from appliance.programs.demo.ports import Ports
from appliance.programs.demo.seen import NotSeen, Seen
from appliance.programs.demo.story import Story, row
from appliance.sounds.make import RATE, speak
from appliance.store import office as store
from appliance.store.reader import Call as Row
from appliance.store.reader import Reader
from appliance.web.access import OWNER
from appliance.web.proofs import hashed

MAX_WAIT = 8  # seconds a caller waits in this office: people who look on wait too
GREETING = sounds.path("greeting").stat().st_size / (2 * RATE)  # seconds
CALLER, NUMBER = "+37060000001", "+37052000000"
ORDER = "Good day, I call from my mobile. Is my box of tea there already?"
SILENT = 100  # of 32,767: softer than speech, louder than the noise of codecs
MOBILE = """
[line.gsm]
name = "Mobile"
kind = "modem"
port = "{port}"
audio_port = "{sound}"
number = "+37060000100"
scenario = "main"
"""
GATE = """
[hours.always]
week = {{ {week} }}

[action.gate]
class = 2
callers = "regulars"
lines = ["gsm"]
hours = "always"
by_number = true
calling = true
reject = true
topic = "home/gate/set"
payload = "OPEN"
state_topic = "home/gate/state"
state_expected = "open"
""".format(week=", ".join(f'{day} = ["00:00-24:00"]' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")))


@dataclass
class House:
    """What is on the broker."""

    port: int
    lamp: Listener
    gate: Listener


@dataclass
class Cast:
    office: Office
    story: Story
    anna: Phone
    boris: Phone
    world: Phone
    gsm: Simulator
    far: Voice  # who is heard through it
    house: House | None
    tell: Callable[[str], None]

    def begin(self) -> None:
        """A new scene: what was seen in the one before is not taken for something that happens now."""
        for one in self._seen:
            one.skip()

    @property
    def _seen(self) -> tuple[Seen[Any], ...]:
        return self.anna.seen, self.boris.seen, self.world.seen, self.story.events

    @property
    def gone(self) -> bool:
        """Whether somebody is there no longer."""
        return any(one.ended for one in self._seen)

    async def break_off(self) -> None:
        """No call goes on. Raises TimeoutError."""
        async with asyncio.timeout(20), await connect(self.office.socket) as switch:
            while calls := (await switch.request(Watch(0))).calls:
                for call in calls:
                    with suppress(Refused):  # it is over already
                        await switch.request(HangUp(0, call.id))
                await asyncio.sleep(0.2)

    async def talking(self) -> None:
        """The switch says so too, and it has been told who answered."""
        await self.story.happens(CallChanged, lambda event: event.call.state == "talking", within=5)

    async def ended(self, outcome: str) -> None:
        """The call is over with this outcome, and the journal has it."""
        over = await self.story.happens(CallChanged, lambda event: event.call.state == "over", within=10)
        if over.call.outcome != outcome:
            raise NotSeen(f"the call ended as {over.call.outcome}, not as {outcome}")
        self.tell(f"Journal: {row(await self._kept(over.call.id))}")

    async def _kept(self, call: int) -> Row:
        """The journal's row of a call that is over. Nothing tells when SQLite has it."""
        for _ in range(40):
            for kept in Reader(self.office.journal).calls(limit=1):
                if kept.id == call and kept.outcome is not None:
                    return kept
            await asyncio.sleep(0.05)
        raise NotSeen(f"the journal does not know the end of call {call} after 2 s")


async def play(folder: Path, tell: Callable[[str], None], *, once: bool) -> None:
    """Every scene in turn, again and again, whoever has a hand in it; or `once`, and then it raises NotSeen when something
    expected did not come."""
    tell("Starting the office, two desk phones and the world outside ...")
    async with on_stage(folder, tell) as cast:
        password = let_owner_in(cast.office.state / "pages")
        tell(
            f"The pages are at {cast.office.page}: log in as owner with the password {password}. Ctrl-C ends the office."
        )
        while True:
            for scene in (answered, voicemail, between_desks, by_mobile, text, gate):
                tell("")
                cast.begin()
                try:
                    await scene(cast)
                except NotSeen:
                    if once or cast.gone:
                        raise
                    tell("It went otherwise, as when somebody directs calls on the live board. On with the next scene.")
                    await cast.break_off()
                await asyncio.sleep(1 if once else 5)  # for whoever looks on
            if once:
                return


def let_owner_in(folder: Path) -> str:
    """An owner for the pages; his password."""
    password = secrets.token_urlsafe(12)
    with closing(store.Office(folder)) as pages:
        pages.add(store.User("owner", OWNER, hashed(password, "owner"), "", 0, "", "", time.time_ns() // 1_000_000))
    return password


@asynccontextmanager
async def on_stage(folder: Path, tell: Callable[[str], None]) -> AsyncIterator[Cast]:
    """Everybody at their places; all gone afterwards, in whatever order things went wrong."""
    async with AsyncExitStack() as stack:
        ports = stack.enter_context(Ports())
        house = None
        if installed():
            mqtt = ports.take()
            await stack.enter_async_context(Broker(folder, mqtt))
            lamp = await stack.enter_async_context(Listener(mqtt, "home/porch/lamp/set"))
            house = House(mqtt, lamp, await stack.enter_async_context(Listener(mqtt, "home/gate/set")))
        else:
            tell("Mosquitto is not installed: the lamp stays dark, and the gate shut.")
        gsm = Simulator(DIALECTS["ec25"], folder / "modem")
        speak(ORDER, folder / "mobile.wav")
        gsm.far = far = stack.enter_context(Voice(narrow(recorded(folder / "mobile.wav"))))
        far.quiet = True  # until a call is answered
        gsm.plug()
        stack.callback(gsm.unplug)
        tables = MOBILE.format(port=gsm.link, sound=far.path) + (GATE if house else "")
        mqtt_port = house.port if house else None
        office = await stack.enter_async_context(
            Office(folder / "office", ports, mqtt=mqtt_port, max_wait=MAX_WAIT, more=tables)
        )
        story = Story(tell)
        watching = asyncio.create_task(follow(office.socket, story.begin, story.take))
        stack.callback(watching.cancel)

        async def phone(name: str, words: str, port: int | None = None) -> Phone:
            says = folder / f"{name}.wav"
            speak(words, says)
            return await stack.enter_async_context(Phone(name, folder / name, ports, says=says, port=port))

        world = await phone("world", "Good day. I would like to order a box of your finest tea.", office.city)
        anna = await phone("anna", "Example Limited, Anna speaking. What can I do for you?")
        boris = await phone("boris", "Example Limited, Boris speaking. What can I do for you?")
        for desk, telephone in ((anna, "desk1"), (boris, "desk2")):
            desk.register(office.address, telephone, PASSWORDS[telephone])
            await desk.event("registered")
        await works(office.socket, "gsm")
        yield Cast(office, story, anna, boris, world, gsm, far, house, tell)


async def works(socket: Path, name: str, within: float = 20.0) -> None:
    """Until a line does. Raises TimeoutError."""
    async with asyncio.timeout(within), await connect(socket) as switch:
        async for said in switch.watch():
            lines = said.lines if isinstance(said, OfficeNow) else (said.line,) if isinstance(said, LineChanged) else ()
            if any(line.id == name and line.usable for line in lines):
                return


async def answered(cast: Cast) -> None:
    """A regular calls, both desks ring, Anna answers, the lamp goes on."""
    cast.anna.answer_after(3)
    cast.boris.answer_after(None)
    cast.world.call(f"sip:{NUMBER}@{cast.office.address}", number=CALLER)
    await cast.world.event("audio")
    cast.tell("The caller hears music.")
    await cast.anna.event("rings")
    await cast.boris.event("rings")
    if cast.house:
        await cast.house.lamp.hears("home/porch/lamp/set ON")
        cast.tell("The lamp on the porch goes ON.")
    await cast.anna.event("talking", within=10)
    await cast.boris.event("over")
    await cast.talking()
    cast.tell("They talk for 5 s.")
    await asyncio.sleep(5)
    cast.world.hang_up()
    await cast.anna.event("over")
    await cast.world.event("over")
    await cast.ended("answered")


async def voicemail(cast: Cast) -> None:
    """Somebody calls and nobody answers; he leaves a message."""
    cast.anna.answer_after(None)
    cast.world.call(f"sip:{NUMBER}@{cast.office.address}", number="+37060000002")
    await cast.story.happens(CallChanged, lambda event: event.call.state == "voicemail", within=MAX_WAIT + 5)
    await asyncio.sleep(GREETING + 5)
    cast.world.hang_up()
    for desk in (cast.anna, cast.boris):
        await desk.event("rings")
        await desk.event("over")
    await cast.world.event("over")
    message = await cast.story.happens(Happened, lambda event: event.kind == "voicemail", within=5)
    if not Path(message.detail).is_file():
        raise NotSeen(f"the message is not where it should be: {message.detail}")
    await cast.ended("voicemail")


async def between_desks(cast: Cast) -> None:
    """Boris calls Anna by her extension."""
    cast.anna.answer_after(2)
    cast.boris.dial("101", cast.office.address, "desk2")
    await cast.anna.event("talking", within=10)
    await cast.boris.event("talking")
    await cast.talking()
    cast.tell("They talk for 3 s.")
    await asyncio.sleep(3)
    cast.anna.hang_up()
    await cast.boris.event("over")
    await cast.anna.event("over")
    await cast.ended("answered")


async def by_mobile(cast: Cast) -> None:
    """Somebody calls the number of the SIM, both desks ring, Boris answers."""
    cast.anna.answer_after(None)
    cast.boris.answer_after(2)
    cast.gsm.ring("+37060000003")
    await cast.anna.event("rings")
    await cast.boris.event("talking", within=10)
    await cast.anna.event("over")
    await cast.talking()
    cast.boris.listen(3)
    del cast.far.heard[:]
    cast.tell("They talk for 3 s.")
    listened = await cast.boris.event("listened", within=10)
    for who, heard in (("Boris", recorded(Path(listened["file"]))), ("the caller", cast.far.heard)):
        if loudness(heard) < SILENT:
            raise NotSeen(f"{who} hears nothing over the line Mobile")
    cast.tell("Boris and the caller hear each other.")
    cast.gsm.far_hangs_up()
    await cast.boris.event("over")
    await cast.ended("answered")


def recorded(file: Path) -> "array[int]":
    with wave.open(str(file), "rb") as sound:
        return array("h", sound.readframes(sound.getnframes()))


def narrow(samples: "array[int]") -> "array[int]":
    """At 8 kHz, of 16 kHz."""
    return array("h", ((one + next_) // 2 for one, next_ in zip(samples[::2], samples[1::2], strict=False)))


def loudness(samples: "array[int]") -> float:
    """The root of their mean square."""
    return math.sqrt(sum(one * one for one in samples) / len(samples)) if samples else 0.0


async def text(cast: Cast) -> None:
    """A text message comes; once it is in the journal the modem has it no more."""
    said = Body("The tea has come, thank you.")
    cast.gsm.text_comes(encode(Deliver("+37060000003", datetime.now(UTC), said)))
    await cast.story.happens(Texted, lambda event: event.sms.text == said.text, within=10)
    await cast.gsm.until(lambda: not cast.gsm.memory)


async def gate(cast: Cast) -> None:
    """A regular calls the SIM: he is refused unanswered, which costs him nothing, and the gate opens."""
    if not cast.house:
        return
    cast.gsm.ring(CALLER)
    await cast.house.gate.hears("home/gate/set OPEN")
    cast.tell("The gate OPENS.")
    await publish(cast.house.port, "home/gate/state", "open")
    await cast.gsm.until(lambda: not cast.gsm.calls)
    await cast.ended("refused")
