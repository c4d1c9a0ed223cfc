# SPDX-License-Identifier: GPL-2.0-or-later
"""An office of three softphones and a customer, one for all stories of a file; who is heard is known by his tone."""

import asyncio
import tomllib
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Protocol, Self

import pytest

from appliance.control import client
from appliance.control.handling import Disturb, Forward
from appliance.control.messages import Call, HangUp, Refused, SetStatus, Watch, Why
from appliance.control.messages import Office as Seen
from appliance.programs.demo.office import Office
from tests.calls.stories import AGAIN_HZ, PROMPT_HZ, changed, use
from tests.telephones import tone
from tests.telephones.linphone import Linphone
from tests.telephones.rtp import Rtp
from tests.telephones.sipp import Sipp
from tests.telephones.softphone import Softphone
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, CALLER_HZ, Stage

CLARA_HZ, MOBILE_HZ = 2300, 850
EVERYBODY = (ANNA_HZ, BORIS_HZ, CLARA_HZ, CALLER_HZ, MOBILE_HZ)
PROMPTS = (PROMPT_HZ, AGAIN_HZ)
SHARE = 0.12  # of what is heard in a moment, from which on somebody is there; three who talk at once have a third each
MORE = """
[phone.desk3]
[person.clara]
name = "Clara"
extension = "103"
phones = ["desk3"]
[room.board]
extension = "300"
[parking]
timeout = 10
[line.out]
kind = "sip"
host = "127.0.0.1"
port = {out}
"""
MOBILE = "061234567"  # as a telephone dials it with goes_out()
alone = pytest.mark.asyncio(loop_scope="module")  # the stories of a file run in the loop of its house


class Ear(Protocol):
    async def listens(self) -> Path:
        """What is heard in the next moment."""


def voices(path: Path, among: tuple[int, ...] = EVERYBODY) -> set[int]:
    """Those of these tones that are heard in most of it."""
    pcm, rate = tone.load(path)
    size = rate // 20
    windows = [pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size)]
    return {hz for hz in among if sum(tone.purity(one, hz, rate) > SHARE for one in windows) > 0.5 * len(windows) > 0}


async def hears(ear: Ear, *wanted: int, within: float = 20.0) -> None:
    """Until these are heard, and nobody else; nor a prompt that is a tone."""
    for _ in range(round(within / 0.4)):
        if (heard := voices(await ear.listens(), EVERYBODY + PROMPTS)) == set(wanted):
            return
    raise AssertionError(f"{sorted(heard)} Hz are heard, waiting for {sorted(wanted)}")


async def hears_music(ear: Ear) -> None:
    for _ in range(10):
        if not voices(heard := await ear.listens()) and tone.loud(heard) > 0.2:
            return
    raise AssertionError(f"no music: {voices(heard)} Hz, {tone.loud(heard)} s are loud")


async def talk(one: Softphone, other: Softphone) -> None:
    """Each hears the other, and nobody else."""
    await asyncio.gather(hears(one, other.hz), hears(other, one.hz))


async def call(one: Softphone, other: Softphone, number: str) -> None:
    """One calls the other, and each hears the other."""
    one.dial(number)
    await other.takes()
    await one.talks()
    await talk(one, other)


class Customer:
    """Somebody outside who calls the house."""

    def __init__(self, folder: Path, ear: Rtp, caller: Sipp) -> None:
        self._folder, self.rtp, self._caller, self._count = folder, ear, caller, 0

    async def listens(self) -> Path:
        await self.rtp.listens(0.04)  # what is on its way
        self.rtp.forget()
        await self.rtp.listens(0.4)
        self._count += 1
        return self.rtp.heard(self._folder / f"customer-{id(self)}-{self._count}.wav")

    async def gone(self) -> None:
        """We hung up, and he has."""
        await self._caller.finished()


class House:
    """Anna takes the calls of the line; Boris and Clara have telephones. quiet() before each story."""

    def __init__(self, folder: Path, clara: type[Softphone] | type[Linphone] = Softphone) -> None:
        """clara: what her telephone is."""
        self.stage, self._hers = Stage(folder), clara
        self.world: Stage  # of one story: who is outside

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        await self._stack.enter_async_context(self.stage)
        try:
            await self._begin()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        phones = (self.anna, self.boris, self.clara)
        await asyncio.gather(*(phone.__aexit__(None, None, None) for phone in phones))
        await self._stack.aclose()

    async def _begin(self) -> None:
        self.office: Office = await self.stage.office()
        people = ('people = ["anna", "boris"]', 'people = ["anna"]')
        self.out = self.stage.ports.take()
        self.document = changed(self.office.document, people) + MORE.format(out=self.out)
        await use(self.office, self.document)
        self._used = self.document
        self.anna, self.boris, self.clara = await asyncio.gather(
            self.phone(Softphone, "desk1", ANNA_HZ),
            self.phone(Softphone, "desk2", BORIS_HZ),
            self.phone(self._hers, "desk3", CLARA_HZ),
        )

    async def phone(self, kind: Any, user: str, hz: int) -> Any:
        folder = self.stage.folder / f"telephone-{user}"
        phone = kind(folder, self.stage.ports, **self.account(user), hz=hz)
        return await phone.__aenter__()

    def account(self, user: str) -> dict[str, Any]:
        secrets = tomllib.loads((self.office.folder / "secrets.toml").read_text())
        return {"user": user, "password": secrets["phone"][user]["password"], "registrar": self.office.address}

    async def use(self, *pairs: tuple[str, str], more: str = "") -> None:
        """Other settings, till the next story."""
        self._used = changed(self.document, *pairs) + more
        await use(self.office, self._used)

    async def goes_out(self, *pairs: tuple[str, str], more: str = "") -> None:
        """Calls go out by a line of their own, till the next story."""
        await self.use(('lines = ["city"]', 'prefix = "0"\nlines = ["out"]'), *pairs, more=more)

    async def quiet(self) -> None:
        """As it was at the beginning."""
        for phone in (self.anna, self.boris, self.clara):
            phone.stop()
        for call in (await self.seen()).calls:
            with suppress(Refused):  # it ended by itself: its telephone was stopped
                await self.ask(HangUp(0, call.id))
        for person in (await self.seen()).people:
            await self.ask(SetStatus(0, person.id, "available"), Disturb(0, person.id, True))
            await self.ask(*(Forward(0, person.id, when, "") for when in ("always", "busy", "no-answer")))
        if self._used != self.document:
            self._used = self.document
            await use(self.office, self.document)
        await self.until(lambda seen: not seen.calls)
        for phone in (self.anna, self.boris, self.clara):
            phone.forgets()

    async def customer(self, **how: Any) -> Customer:
        """He calls; Anna's telephone will ring."""
        ear = await self.world.ear()
        caller = await self.world.outside(self.office, "caller-waits", ear, **how)
        return Customer(self.world.folder, ear, caller)

    async def customer_with_anna(self) -> Customer:
        customer = await self.customer()
        await self.anna.takes()
        await asyncio.gather(hears(customer, ANNA_HZ), hears(self.anna, CALLER_HZ))
        return customer

    async def outside(self) -> Customer:
        """Somebody outside who answers, with the settings of goes_out."""
        ear = await self.world.ear(MOBILE_HZ)
        callee = await self.world.sipp("callee-waits", port=self.out, rtp=ear.port, talk=0.2)
        return Customer(self.world.folder, ear, callee)

    async def ask(self, *requests: Any) -> list[Any]:
        async with await client.connect(self.office.socket) as switch:
            return [await switch.request(request) for request in requests]

    async def why(self, call: int) -> str:
        [said] = await self.ask(Why(0, call))
        return "\n".join(said)

    async def seen(self) -> Seen:
        [seen] = await self.ask(Watch(0))
        return seen  # type: ignore[no-any-return]

    async def until(self, wanted: Any, within: float = 20.0) -> Seen:
        """Until the office is so."""
        for _ in range(round(within / 0.05)):
            if wanted(seen := await self.seen()):
                return seen
            await asyncio.sleep(0.05)
        raise AssertionError(f"not within {within} s: {seen}")

    async def call(self) -> Call:
        [call] = (await self.seen()).calls
        return call

    async def all_over(self, *phones: Softphone) -> None:
        """Their calls end, and with them all of the house."""
        await asyncio.gather(*(phone.over() for phone in phones))
        await self.until(lambda seen: not seen.calls)
