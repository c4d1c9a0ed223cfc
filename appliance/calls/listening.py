# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls of those who listen to their messages: does what the menu says, with sounds, keys and the disk."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from appliance.calls import message_menu as menu
from appliance.calls.call import Call
from appliance.calls.locks import Locks
from appliance.calls.mailbox import LEAST
from appliance.calls.messages import Messages
from appliance.calls.ports import Journal, Leg, Port, Telephony
from appliance.calls.routing import Routing
from appliance.core import CoreError
from appliance.core.names import Fact
from appliance.languages.spoken import Spoken
from appliance.settings import people, pins
from appliance.settings.dialled import for_help

log = logging.getLogger("mailbox")

OWN, ANY = "*97", "*98"  # called for one's own mailbox; for any, its number after it or asked for; see Desk
EXTENSION_MOST = 6  # digits; longer numbers are outside
LONGEST_GREETING = 120.0  # seconds


async def unspoken(text: str, language: str) -> str:
    """Where there is no voice."""
    return ""


Speak = Callable[[str, str], Awaitable[str]]  # the WAV file of a text in a language, "" when it cannot be spoken


@dataclass(slots=True)
class Session:
    """One call."""

    call: Call
    leg: Leg
    menu: menu.MessageMenu
    mailbox: str = ""
    saying: asyncio.Task[None] | None = None
    player: Port = 0
    played: asyncio.Future[None] | None = None
    recording: Port = 0
    timer: asyncio.TimerHandle | None = None
    opening: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def by(self) -> str:
        return self.call.caller_person or self.call.phone or self.call.caller


class Listening:
    """Everybody who listens now."""

    def __init__(
        self,
        routing: Routing,
        telephony: Telephony,
        messages: Messages,
        journal: Journal,
        sounds: Callable[[str], Path],
        speak: Speak,
        pin: Callable[[str], str],
    ) -> None:
        """pin: what secrets keep of a mailbox's PIN, "" when it has none."""
        self._routing, self._telephony, self._messages, self._journal = routing, telephony, messages, journal
        self._sounds, self._speak, self._pin = sounds, speak, pin
        self._sessions: dict[Leg, Session] = {}
        self._ports: dict[Port, Session] = {}
        self._locks = Locks()

    def begin(self, call: Call) -> None:
        """A telephone called one of our codes, and is answered."""
        office = call.rules.settings.office
        words = Spoken(office.language, ZoneInfo(office.time_zone))
        person, number = call.caller_person, call.called[len(ANY) :] if call.called.startswith(ANY) else ""
        his = people.mailboxes(call.rules.settings, person) if person in call.rules.settings.person else ()
        choices = self._choices(call, his) if call.called == OWN else ()
        session = self._sessions[call.leg] = Session(call, call.leg, menu.MessageMenu(words, choices=choices))
        mailbox = people.numbered_mailbox(call.rules.settings, number) if number else ""
        if call.called == OWN and his:
            news = [one for one in his if self._messages.waiting([one])[0]]
            if len(his) == 1 or len(news) == 1:
                self._opened(session, (news or his)[0])  # what lit his lamp
            else:
                self._do(session, session.menu.choose())
        elif mailbox in his:
            self._opened(session, mailbox)
        else:
            self._do(session, session.menu.ask(number))

    def _choices(self, call: Call, his: Sequence[str]) -> Sequence[menu.Choice]:
        """His mailboxes, where he has several."""
        tables = call.rules.settings.mailbox
        if len(his) < 2:
            return ()
        return [menu.Choice(name, tables[name].name or name, self._messages.waiting([name])[0]) for name in his]

    def digit(self, leg: Leg, digit: str) -> bool:
        """Whether the key was the menu's; then it is nobody else's: it may be one of a PIN."""
        session = self._sessions.get(leg)
        if not session:
            return False
        self._do(session, session.menu.key(digit))
        return True

    def over(self, leg: Leg) -> None:
        """He has hung up."""
        if session := self._sessions.get(leg):
            self._forget(session)
            self._do(session, session.menu.hung_up())

    def played(self, port: Port) -> None:
        if (session := self._ports.get(port)) and session.played and not session.played.done():
            session.played.set_result(None)

    def stopped(self, port: Port, why: str) -> None:
        session = self._ports.pop(port, None)
        if not session:
            return
        if why:
            log.warning("call %d: a sound of the mailbox failed: %s", session.call.id, why)
        if port == session.recording:
            session.recording = 0
            self._do(session, session.menu.recorded(not why and self._said_something(session)))
        elif session.played and not session.played.done():
            session.played.set_result(None)

    def close(self) -> None:
        for session in list(self._sessions.values()):
            self._forget(session)

    # ---- what the menu wants ----------------------------------------------------------------------------------------

    def _do(self, session: Session, wanted: menu.Answer) -> None:
        if wanted and session.timer:
            session.timer.cancel()
        for one in wanted:
            match one:
                case menu.Hear(parts=parts):
                    self._hear(session, parts)
                case menu.Wait(seconds=seconds):
                    loop = asyncio.get_running_loop()
                    session.timer = loop.call_later(seconds, lambda: self._do(session, session.menu.silent()))
                case menu.Open(number=number, pin=pin):
                    task = asyncio.create_task(self._prove(session, number, pin))
                    session.opening.add(task)
                    task.add_done_callback(session.opening.discard)
                case menu.Enter(name=name):
                    self._leave(session)
                    self._opened(session, name)
                case menu.Mark(message=message, state=state):
                    self._mark(session, message, state)
                case menu.Delete(message=message):
                    self._delete(session, message)
                case menu.CallBack(message=message):
                    self._connect(session, message)
                case menu.Record():
                    self._hear(session, (), record=True)
                case menu.Stop():
                    self._stop(session)
                case menu.HearGreeting(then=then):
                    self._hear(session, (self._tried(session), then))
                case menu.Greeting(keep=keep):
                    self._greeting(session, keep)
                case menu.End():
                    self._forget(session)
                    self._routing.feed(Fact.DONE, call=session.call.id)
                    self._routing.drain()

    def _hear(self, session: Session, parts: Sequence[str | int | Path], record: bool = False) -> None:
        if session.saying:
            session.saying.cancel()
            session.saying = None
        if parts or record:
            session.saying = asyncio.create_task(self._say(session, parts, record))

    async def _say(self, session: Session, parts: Sequence[str | int | Path], record: bool) -> None:
        """Play one after the other; what cannot be played is left out, and ends no call."""
        for part in (self._sounds("beep"),) if record else parts:
            if file := await self._file(session, part):
                await self._play(session, file)
        session.saying = None
        if record:
            self._record(session)
        else:
            self._do(session, session.menu.ended())

    async def _file(self, session: Session, part: str | int | Path) -> str:
        if isinstance(part, str):
            return await self._speak(part, session.call.rules.settings.office.language)
        if isinstance(part, Path):
            return str(part)
        try:
            return str(self._messages.path(self._messages.one(part)))
        except KeyError:  # deleted meanwhile, from elsewhere
            return ""

    async def _play(self, session: Session, file: str) -> None:
        port = self._telephony.play(file, False)
        if not port:
            return
        session.player, session.played = port, asyncio.get_running_loop().create_future()
        self._ports[port] = session
        self._telephony.hear(session.leg, port)
        try:
            await session.played
        finally:
            session.player, session.played = 0, None
            self._ports.pop(port, None)
            self._telephony.stop(port)

    # ---- messages ---------------------------------------------------------------------------------------------------

    def _opened(self, session: Session, mailbox: str) -> None:
        session.mailbox = mailbox
        self._journal.event(session.call.id, self._routing.now(), "mailbox-opened", {"mailbox": mailbox})
        held = sorted(self._messages.of(mailbox), key=lambda one: one.state != "new")
        entries = tuple(menu.Entry(one.id, one.caller, one.at, one.state) for one in held)
        self._do(session, session.menu.opened(menu.Box(mailbox, entries, self._routing.now())))

    async def _prove(self, session: Session, number: str, pin: str) -> None:
        """Whether this is the PIN of the mailbox; trying takes as long when there is no such mailbox."""
        mailbox = people.numbered_mailbox(session.call.rules.settings, number)
        kept = self._pin(mailbox) if mailbox else ""
        whose = (f"mailbox {mailbox or number}", f"telephone {session.call.phone or session.call.caller}")
        if not self._locks.may_try(*whose):
            log.warning("call %d: too many wrong PINs for %s", session.call.id, " or ".join(whose))
            self._do(session, session.menu.locked())
            return
        right = await asyncio.to_thread(pins.is_pin, pin, kept or pins.NOBODYS) and bool(kept)
        if self._sessions.get(session.leg) is not session:
            return  # he has hung up
        if right:
            self._locks.right(*whose)
            self._opened(session, mailbox)
            return
        self._journal.event(session.call.id, self._routing.now(), "mailbox-refused", {"mailbox": mailbox or number})
        self._do(session, session.menu.refused())

    def _mark(self, session: Session, message: int, state: str) -> None:
        with suppress(KeyError):  # deleted meanwhile, from elsewhere
            kept = "heard" if state == "heard" else "saved"
            self._messages.change(message, self._routing.now(), state=kept, by=session.by)  # type: ignore[arg-type]

    def _delete(self, session: Session, message: int) -> None:
        try:
            self._messages.delete(message, self._routing.now(), session.by)
        except KeyError:
            pass
        except OSError as fault:
            log.error("message %d cannot be deleted: %s", message, fault)

    def _connect(self, session: Session, message: int) -> None:
        try:
            self._call_back(session.call, self._messages.one(message).caller)
        except (KeyError, CoreError) as fault:
            log.warning("call %d: who left a message cannot be called: %s", session.call.id, fault)
            self._do(session, session.menu.not_possible())
            return
        self._forget(session)
        self._routing.drain()

    def _call_back(self, call: Call, number: str) -> None:
        """Connect a telephone with a number, as if it had dialled it. Raises CoreError, KeyError."""
        settings = call.rules.settings
        if for_help(settings, number):
            raise KeyError(f"{number} is no number to be called back")
        outside = not number.startswith("+") and len(number) > EXTENSION_MOST
        dialled = settings.outside.prefix + number if outside else number.removeprefix("+")  # + itself leads outside
        person = self._routing.id("person", call.caller_person) if call.caller_person else 0
        called, call.called = call.called, number
        try:
            self._routing.tell(Fact.SENT, call=call.id, person=person, what=0, other=dialled)
        except CoreError:
            call.called = called
            raise
        self._journal.event(call.id, self._routing.now(), "sent", {"to": number})

    # ---- the greeting -----------------------------------------------------------------------------------------------

    def _tried(self, session: Session) -> Path:
        greeting = self._messages.greeting(session.mailbox)
        return greeting.with_name(f"{greeting.stem}.{session.call.id}.wav")

    def _record(self, session: Session) -> None:
        path = self._tried(session)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            log.error("no greeting can be kept: %s", fault)
        session.recording = self._telephony.record(str(path))
        if not session.recording:
            self._do(session, session.menu.recorded(False))
            return
        self._ports[session.recording] = session
        self._telephony.hear(session.recording, session.leg)
        session.timer = asyncio.get_running_loop().call_later(LONGEST_GREETING, self._stop, session)

    def _stop(self, session: Session) -> None:
        if session.timer:
            session.timer.cancel()
        if session.recording:
            self._telephony.stop(session.recording)
        else:
            self._do(session, session.menu.recorded(False))

    def _said_something(self, session: Session) -> bool:
        try:
            return self._tried(session).stat().st_size >= LEAST
        except OSError:
            return False

    def _greeting(self, session: Session, keep: bool) -> None:
        greeting = self._messages.greeting(session.mailbox)
        try:
            if keep:
                os.replace(self._tried(session), greeting)
            else:
                greeting.unlink(missing_ok=True)
        except OSError as fault:
            log.error("the greeting of mailbox %s cannot be changed: %s", session.mailbox, fault)
            return
        detail: dict[str, object] = {"mailbox": session.mailbox, "recorded": keep, "by": session.by}
        self._journal.event(session.call.id, self._routing.now(), "greeting", detail)

    # ---- the end ----------------------------------------------------------------------------------------------------

    def _forget(self, session: Session) -> None:
        self._sessions.pop(session.leg, None)
        if session.timer:
            session.timer.cancel()
        if session.saying and session.saying is not asyncio.current_task():
            session.saying.cancel()
        if session.recording:
            self._ports.pop(session.recording, None)
            self._telephony.stop(session.recording)
        self._leave(session)

    def _leave(self, session: Session) -> None:
        """A greeting that was tried in a mailbox, and not kept, goes."""
        if session.mailbox:
            with suppress(OSError):
                self._tried(session).unlink(missing_ok=True)
