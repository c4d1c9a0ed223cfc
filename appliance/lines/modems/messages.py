# SPDX-License-Identifier: GPL-2.0-or-later
"""Short messages and codes of one modem, beside its calls: a listener that is slow to keep a text holds up no call."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from appliance.lines.at import commands
from appliance.lines.at.engine import LONG, Command
from appliance.lines.at.facts import Arrived, Stored, Ussd
from appliance.lines.at.fields import fields, number
from appliance.lines.at.pdu import BadPdu, Deliver, Report, Submit, decode, encode
from appliance.lines.at.texts import Text, Together, bodies, piece
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


class Messages:
    """Of one talk. run() reads what comes; text() and report() of the listener are awaited before it is deleted.

    had(): whether a part of a long message, by its mark, is of one that the listener has already."""

    def __init__(
        self,
        talk: Talk,
        text: Callable[[Text], Awaitable[None]],
        report: Callable[[Report], Awaitable[None]],
        had: Callable[[str], bool],
    ) -> None:
        self.talk, self.text, self.report, self.had = talk, text, report, had
        self.together = Together()
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
            for text in self.together.late(self.talk.now):
                await self.keep(text)
            due = self.together.deadline
            wait = LOOK_EVERY if due is None else min(LOOK_EVERY, max(0, due - self.talk.now) / 1000 + 0.001)
            try:
                async with asyncio.timeout(wait):
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
                await self.talk.ask(Command("AT+CNMA"))
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
        """One message, which may be a part of one; what cannot be read is told too, as bytes."""
        places = () if place is None else (place,)
        try:
            message = decode(pdu)
        except BadPdu as wrong:
            log.warning("%s: a message that cannot be read: %s", self.talk.path, wrong)
            with contextlib.suppress(ValueError):
                await self.keep(Text("", None, "", places, whole=False, data=bytes.fromhex(pdu)))
            return
        match message:
            case Deliver() if message.body.part and self.had(piece(message)):
                await self.delete(places)  # the power went when the others were deleted, and this one was not yet
            case Deliver():
                for text in self.together.add(message, place, self.talk.now):
                    await self.keep(text)
            case Report():
                await self.report(message)
                await self.delete(places)

    async def keep(self, text: Text) -> None:
        await self.text(text)
        await self.delete(text.places)

    async def delete(self, places: tuple[int, ...]) -> None:
        for place in places:
            await self.talk.ask(commands.delete(place))

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
