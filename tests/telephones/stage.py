# SPDX-License-Identifier: GPL-2.0-or-later
"""One test's stage: an office, desk phones and the world outside, all put up with one call each and gone at the end."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from appliance.programs.demo.broker import Broker, Listener
from appliance.programs.demo.office import PASSWORDS, Office
from appliance.programs.demo.ports import Ports
from appliance.store.reader import Call, Event, Reader, Unreadable
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.rtp import Rtp
from tests.telephones.sipp import Sipp

CALLER, NUMBER = "+37060000001", "+37052000000"
CALLER_HZ, ANNA_HZ, BORIS_HZ = 1000, 700, 1500  # none of them a note of the hold music
LONGEST_CALL = 60  # seconds a desk phone can speak


class Stage:
    """`async with Stage(folder) as stage`; what is put up last goes first, and nothing may be left running."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        self.ports = self._stack.enter_context(Ports())
        self._offices: list[Office] = []
        self._count = 0
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._stack.aclose()
        left = [process for office in self._offices for process in office.processes().items()]
        if error is None:
            assert not left, f"still running: {left}"

    async def office(self, **changes: Any) -> Office:
        """A running box; `changes` as for Office, without pages unless they say so: they take as long to start as all else."""
        office = Office(self._folder("office"), self.ports, **{"pages": False} | changes)
        self._offices.append(office)
        return await self._stack.enter_async_context(office)

    async def desk(self, office: Office, user: str, hz: int, **how: Any) -> Baresip:
        """A registered desk phone that says one tone; `how` as for Baresip."""
        folder = self._folder(user)
        says = tone.write(self.folder / f"{hz}.wav", hz, LONGEST_CALL)
        usual = {"registrar": office.address, "says": says, "password": PASSWORDS.get(user, "")}
        phone = Baresip(folder, self.ports, user=user, **usual | how)
        await self._stack.enter_async_context(phone)
        await phone.registered()
        return phone

    async def desks(self, office: Office) -> tuple[Baresip, Baresip]:
        """Anna's telephone says 700 Hz, Boris's 1500 Hz."""
        anna, boris = await asyncio.gather(self.desk(office, "desk1", ANNA_HZ), self.desk(office, "desk2", BORIS_HZ))
        return anna, boris

    async def ear(self, hz: int = CALLER_HZ) -> Rtp:
        """The audio of somebody outside, who says one tone."""
        return await self._stack.enter_async_context(Rtp(self.ports.take(2), tone.samples(hz, 1, 8000)))

    async def outside(self, office: Office, scenario: str, ear: Rtp | None = None, **how: Any) -> Sipp:
        """Somebody who calls the office from its trunk `city`; `how` as for Sipp."""
        how = {"port": office.city, "number": NUMBER, "caller": CALLER, "rtp": ear.port if ear else None} | how
        return await self.sipp(scenario, to=office.address, **how)

    async def sipp(self, scenario: str, **how: Any) -> Sipp:
        return await self._stack.enter_async_context(Sipp(self._folder(scenario), self.ports, scenario, **how))

    def broker(self) -> Broker:
        """Not running yet; it goes with the stage."""
        broker = Broker(self.folder, self.ports.take())
        self._stack.push_async_callback(broker.end)
        return broker

    async def listener(self, broker: Broker, topic: str) -> Listener:
        return await self._stack.enter_async_context(Listener(broker.port, topic))

    async def call_over(self, office: Office, nth: int = 1) -> Call:
        """The nth call of the journal as soon as it and its legs have an end. Nothing tells when SQLite has a row."""
        journal = Reader(office.journal)
        for _ in range(400):
            try:
                calls = journal.calls(limit=1000)[::-1]
                if len(calls) >= nth and calls[nth - 1].ended_at is not None:
                    if all(leg.ended_at is not None for leg in journal.legs(calls[nth - 1].id)):
                        return calls[nth - 1]
            except Unreadable:
                calls = []
            await asyncio.sleep(0.05)
        raise AssertionError(f"call {nth} is not over in the journal within 20 s: {calls}")

    async def event(self, office: Office, call: Call, kind: str) -> Event:
        """The first event of this kind in the journal; it may come shortly after the call's end."""
        for _ in range(400):
            if found := [event for event in Reader(office.journal).events(call.id) if event.kind == kind]:
                return found[0]
            await asyncio.sleep(0.05)
        raise AssertionError(f"no event {kind} of call {call.id} in the journal within 20 s")

    def _folder(self, name: str) -> Path:
        self._count += 1
        return self.folder / f"{self._count}-{name}"


def near(ms: int | None, seconds: float, within: float = 1.0) -> bool:
    """Whether a time of the journal (ms UTC) is that of time.time(), to the second."""
    return ms is not None and abs(ms / 1000 - seconds) < within
