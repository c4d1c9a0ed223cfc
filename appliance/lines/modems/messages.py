# SPDX-License-Identifier: GPL-2.0-or-later
"""Short messages and codes of one modem, beside its calls: a listener that is slow to keep a text holds up no call."""

import asyncio
import logging
import re
from datetime import timedelta
from typing import NamedTuple, Protocol

from appliance.lines.at import commands
from appliance.lines.at.engine import LONG, Command
from appliance.lines.at.facts import Arrived, Stored, Ussd
from appliance.lines.at.fields import fields, number
from appliance.lines.at.pdu import BadPdu, Deliver, Report, Submit, decode, encode
from appliance.lines.at.texts import bodies
from appliance.lines.at.ussd import Charset, command, said
from appliance.lines.modems.talk import Lost, Talk

log = logging.getLogger(__name__)

LOOK_EVERY = 600.0  # s; for what was stored and not told
UNREAD_MOST = 512  # places; a modem that tells more is read through as a whole
USSD_WITHIN = 30.0  # s
CHARSETS: tuple[Charset, ...] = ("ucs2", "plain", "packed")


class NotSent(Exception):
    """The network or the modem did not take a message, or a code. Theirs."""

    id = "not-sent"


class Came(NamedTuple):
    """A message, or a part of one, as it lies in the modem. message: None when it cannot be read; place: None, nowhere."""

    pdu: str
    message: Deliver | None
    place: int | None


class Listener(Protocol):
    async def message(self, came: Came) -> bool:
        """Whether it is kept safely, so that it may be deleted in the modem."""

    def deleted(self, came: Came) -> None:
        """It is not in the modem any more."""

    async def report(self, report: Report) -> None: ...


class Messages:
    """Of one talk. run() reads what comes; it is deleted once the listener has it."""

    def __init__(self, talk: Talk, listener: Listener) -> None:
        self.talk, self.listener = talk, listener
        self.unread: dict[int, None] = {}  # places, in the order they were told
        self.direct: list[str] = []
        self.all = True  # read the whole memory
        self.come = asyncio.Event()
        self.told: asyncio.Future[Ussd] | None = None
        self.asking = asyncio.Lock()
        self.charset: Charset | None = None

    def heard(self, fact: Stored | Arrived | Ussd) -> None:
        match fact:
            case Stored(_, place):
                self.unread[place] = None
                if len(self.unread) > UNREAD_MOST:
                    self.unread, self.all = {}, True
            case Arrived(pdu):
                self.direct = [*self.direct[-UNREAD_MOST:], pdu]
            case Ussd():
                if self.told and not self.told.done():
                    self.told.set_result(fact)
        self.come.set()

    async def run(self) -> None:
        """Until the talk is over."""
        while True:
            self.come.clear()
            await self.read()
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self.come.wait()
            except TimeoutError:
                self.all = True

    async def read(self) -> None:
        while self.all or self.unread or self.direct:
            if self.all:
                self.all = False
                await self.sweep()
            elif self.direct:
                await self.arrived(self.direct.pop(0), None)
            else:
                place = next(iter(self.unread))
                del self.unread[place]
                answer = await self.talk.ask(commands.read(place))
                if answer.ok and len(answer.lines) > 1:
                    await self.arrived(answer.lines[1], place)

    async def sweep(self) -> None:
        """What lies in the modem."""
        place: int | None = None
        for line in (await self.talk.ask(commands.STORED)).lines:
            if line.upper().startswith("+CMGL"):
                place = number(fields(line)[0])
            elif place is not None:
                self.unread.pop(place, None)
                await self.arrived(line, place)
                place = None

    async def arrived(self, pdu: str, place: int | None) -> None:
        """One message, which is let go once it is kept; what cannot be read is kept too, as bytes."""
        message = None
        try:
            message = decode(pdu)
        except BadPdu as wrong:
            log.warning("%s: a message that cannot be read: %s", self.talk.path, wrong)
            if not re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", pdu):
                return
        if isinstance(message, Report):
            await self.listener.report(message)
            await self.let_go(place)
        elif isinstance(message, Deliver | None):
            came = Came(pdu, message, place)
            if await self.listener.message(came) and await self.let_go(place):
                self.listener.deleted(came)

    async def let_go(self, place: int | None) -> bool:
        return (await self.talk.ask(Command("AT+CNMA") if place is None else commands.delete(place))).ok

    async def send(self, to: str, text: str, reference: int, report: bool, validity: timedelta | None) -> list[int]:
        """The references of its parts. BadPdu before anything is sent; NotSent with the part and why."""
        pdus = [encode(Submit(to, each, 0, validity, report)) for each in bodies(text, reference)]
        references: list[int] = []
        for at, pdu in enumerate(pdus, 1):
            answer = await self.talk.ask(commands.send(pdu))
            if not answer.ok:
                raise NotSent(f"part {at} of {len(pdus)}: {answer.result}")
            told = number(fields(answer.lines[0])[0]) if answer.lines else None
            references.append(told or 0)
        return references

    async def code(self, code: str) -> str:
        """What the network says to a code like *100#. ValueError when it is none, NotSent when there is no answer."""
        async with self.asking:
            self.told = self.talk.loop.create_future()
            try:
                await self.send_code(code)
                async with asyncio.timeout(USSD_WITHIN):
                    return said(await self.told)
            except TimeoutError:
                raise NotSent("no answer") from None
            finally:
                self.told = None

    async def send_code(self, code: str) -> None:
        for charset in (self.charset,) if self.charset else CHARSETS:
            if (await self.talk.ask(Command(command(code, charset), within=LONG))).ok:
                self.charset = charset
                return
        raise NotSent("no way of writing a code is taken")

    def lost(self, why: str) -> None:
        if self.told and not self.told.done():
            self.told.set_exception(Lost(why))
