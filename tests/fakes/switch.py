# SPDX-License-Identifier: GPL-2.0-or-later
"""A switch as its clients see it: the real control server, with an office that the test moves by hand."""

import asyncio
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from appliance.control.handling import CallFor
from appliance.control.health import TellBrokers
from appliance.control.messages import (
    VERSION,
    ActionDue,
    ActionKeys,
    ActionResult,
    Call,
    CallChanged,
    Dialled,
    Done,
    Event,
    Hours,
    Line,
    LineChanged,
    Office,
    Park,
    Parked,
    Person,
    PersonChanged,
    Phone,
    Queue,
    Refused,
    Request,
)
from appliance.control.modems import Modem, SendText, Sms, Texted, Texts
from appliance.control.server import Peer, Server

CALL = 2**53 - 2  # the largest ids must get through


def now() -> int:
    """ms UTC"""
    return time.time_ns() // 1_000_000


def small_office() -> Office:
    """Two lines, a queue, two people with a phone each; nobody calls."""
    return Office(
        version=VERSION,
        seq=0,
        name="Example Ltd",
        revision=1,
        calls=(),
        lines=(
            Line(id="city", name="City", kind="sip", usable=True),
            Line(id="backup", name="Backup", kind="sip", usable=False),
        ),
        queues=(Queue(id="sales", name="Sales", free=2),),
        people=(
            Person(id="anna", name="Anna", extension="101", status="available", state="free"),
            Person(id="boris", name="Boris", extension="102", status="break", reason="lunch", state="free"),
        ),
        hours=(Hours(id="office"), Hours(id="saturday")),
        phones=(Phone(id="desk1", contacts=("sip:desk1@127.0.0.1:5062",), agent="Desk"), Phone(id="desk2")),
    )


def with_modem(office: Office) -> Office:
    """And a third line, with a modem."""
    known = Modem(
        standing="ready", signal=-71, sim="ready", registration="home", operator="Tele 2", imei="350000000000006"
    )
    gsm = Line(id="gsm", name="Mobile", kind="modem", usable=True, modem=known)
    return msgspec.structs.replace(office, lines=(*office.lines, gsm))


class Switch:
    """Use it with `async with`; `office` is what a new client is told, `results` what became of actions, `asked` the rest."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.office = small_office()
        self.results: asyncio.Queue[ActionResult] = asyncio.Queue()
        self.asked: list[Request] = []  # oldest first
        self.refuses: Refused | None = None  # whatever is asked
        self.texts: list[Sms] = []  # that came
        self.network: asyncio.Event | None = None  # takes text messages once it is set
        self._server = Server(socket, self._handle, lambda: self.office)
        self._actions = 0
        self.brokers: tuple[object, ...] = ()  # as the bridge told last
        self.proofs: dict[str, str] = {}  # by request

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = Server(self.socket, self._handle, lambda: self.office)
        await self._server.start()

    async def stop(self) -> None:
        await self._server.close()

    async def _handle(self, request: Request, peer: Peer) -> object:
        if isinstance(request, ActionResult):
            self.results.put_nowait(request)
        elif isinstance(request, TellBrokers):
            self.brokers = request.brokers
        elif isinstance(request, Texts):
            return tuple(one for one in self.texts if one.id > request.after)[:100]
        elif isinstance(request, ActionKeys):
            return self.proofs.pop(request.request, "")
        else:
            self.asked.append(request)
            if self.refuses:
                raise self.refuses
        if isinstance(request, SendText):
            if self.network:
                await self.network.wait()
            return Sms(id=7, line="gsm", state="sent", at=now(), number=request.to, text=request.text)
        if isinstance(request, CallFor):
            return Dialled((7,))
        return Parked("71") if isinstance(request, Park) else Done()

    def tell(self, event: type[Event], **fields: object) -> None:
        self._server.tell(event, **fields)

    def line(self, id: str, **changes: object) -> None:
        """A line has changed: new clients and those who watch are told."""
        line = msgspec.structs.replace(next(line for line in self.office.lines if line.id == id), **changes)
        lines = tuple(line if old.id == id else old for old in self.office.lines)
        self.office = msgspec.structs.replace(self.office, lines=lines)
        self.tell(LineChanged, line=line)

    def text(self, state: str = "received", text: str = "hello", number: str = "+37060000001") -> None:
        """A text message on the line gsm."""
        id = len(self.texts) + 5
        sms = msgspec.convert(
            {"id": id, "line": "gsm", "state": state, "at": now(), "number": number, "text": text}, Sms
        )
        if state == "received":
            self.texts.append(sms)
        self.tell(Texted, sms=sms)

    def person(self, id: str, **changes: object) -> None:
        """A person has changed: new clients and those who watch are told."""
        person = msgspec.structs.replace(next(one for one in self.office.people if one.id == id), **changes)
        people = tuple(person if old.id == id else old for old in self.office.people)
        self.office = msgspec.structs.replace(self.office, people=people)
        self.tell(PersonChanged, person=person)

    def call(self, **changes: object) -> Call:
        """A call on the line city, as changed."""
        facts = {"id": CALL, "direction": "in", "state": "ringing", "line": "city", "caller": "+37060000001"}
        call = msgspec.convert({**facts, "called": "+37052000000", "since": now(), **changes}, Call)
        others = tuple(other for other in self.office.calls if other.id != call.id)
        calls = others if call.state == "over" else (*others, call)
        self.office = msgspec.structs.replace(self.office, calls=calls)
        self.tell(CallChanged, call=call)
        return call

    def action(
        self, *, lives: int = 10_000, action: str = "lamp", keys: str = "", request: str = "", **facts: object
    ) -> str:
        """A premises action is due for so many ms; its request. keys: what the caller gave for it, by a step."""
        self._actions += 1
        request = request or f"request-{self._actions}"
        if keys:
            self.proofs[request] = keys
        known = {"number": "+37060000001", "trust": "claimed", "line": "city", "asked": bool(keys), **facts}
        known.setdefault("lists", ("regulars", "residents"))
        self.tell(ActionDue, action=action, call=CALL, request=request, expires=now() + lives, **known)
        return request
