# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that end in a mailbox: the caller is greeted, what he says is kept, and the core is told that it is done."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from pathlib import Path

from appliance.calls.call import Call, State
from appliance.calls.hours import Override
from appliance.calls.mailbox import Mailboxes, salvage
from appliance.calls.messages import Full, Mailed, Message, Messages, described, measured
from appliance.calls.ports import Audience, Journal, Port, Telephony
from appliance.calls.ringing import Ringing
from appliance.calls.routing import Routing
from appliance.calls.sound import Sound
from appliance.core.names import Fact
from appliance.languages.spoken import Spoken
from appliance.settings import people
from appliance.settings.compile import is_open
from appliance.settings.models import Settings
from appliance.settings.prompts import Prompt

log = logging.getLogger("calls")

SUMMARY = "message-summary"  # RFC 3842
LeftBy = Callable[[int], tuple[int, str, str] | None]  # of a call: when it began, its number and name


class Voicemail:
    """Messages being taken. `taken` is told after each call that left one, or left none."""

    def __init__(
        self,
        routing: Routing,
        telephony: Telephony,
        sound: Sound,
        ringing: Ringing,
        journal: Journal,
        audience: Audience,
        messages: Messages,
        overrides: Mapping[str, Override],
        sounds: Callable[[str], Path],
        spoken: Callable[[str, str], str],
        taken: Callable[[], None],
    ) -> None:
        """overrides: hours held against what is written; spoken: the WAV file of a text in a language, "" without one."""
        self._routing, self._telephony, self._sound, self._ringing = routing, telephony, sound, ringing
        self._journal, self._audience, self._messages = journal, audience, messages
        self._overrides, self._sounds, self._spoken, self._taken = overrides, sounds, spoken, taken
        self._mailboxes = Mailboxes(telephony, messages.folder, self._done)
        self._calls: dict[int, tuple[Call, str, int]] = {}  # whose message is being taken, also when they are over
        self._keeping: set[asyncio.Task[None]] = set()
        self._lamps: set[str] = set()  # telephones, and their lamps of mailboxes, that were told something

    def start(self, known: Iterable[Message], left_by: LeftBy) -> None:
        """known: as before a restart; left_by is asked in a thread about files nothing is known of."""
        for _, path in salvage(self._messages.folder):
            log.warning("a message cut off when the program ended is kept: %s", path)
        if unknown := self._messages.learn(known):
            self._in_time(self._describe(unknown, left_by))
        self.expire()
        self.tell_lamps()

    @property
    def quiet(self) -> bool:
        """Whether no message is being taken or put away."""
        return not self._calls and not self._keeping

    # ---- a call ----------------------------------------------------------------------------------------------------

    def take(self, call: Call, mailbox: str) -> None:
        if not call.leg:
            self._routing.feed(Fact.DONE, call=call.id)
            return
        self._sound.silence(call)
        self._ringing.answer(call)
        call.state = State.VOICEMAIL
        now = self._routing.now()
        self._calls[call.id] = (call, mailbox, now)
        beep = str(self._sounds("beep"))
        try:
            longest = self._messages.room(call.rules.settings, mailbox)
            prompts = [self._greeting(call.rules.settings, mailbox, now), beep]
        except Full as full:
            log.warning("call %d: mailbox %s takes no message: %s", call.id, mailbox, full)
            self._journal.event(call.id, now, "voicemail-refused", {"mailbox": mailbox, "why": full.id})
            self._audience.happened("mailbox-full", call, detail=mailbox)
            office = call.rules.settings.office
            said = self._spoken(Spoken(office.language).full(), office.language)
            longest, prompts = 0, [said] if said else [beep] * 3
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self._mailboxes.take(call.id, call.leg, mailbox, prompts, stamp, longest)

    def _greeting(self, settings: Settings, mailbox: str, now: int) -> str:
        """The file of what callers of a mailbox hear before the tone."""
        table, recorded = settings.mailbox[mailbox], self._messages.greeting(mailbox)
        if table.greeting_closed and table.hours and not self._open(settings, table.hours, now):
            if file := self._file(settings, settings.prompt[table.greeting_closed]):
                return file
        if recorded.is_file():
            return str(recorded)
        if table.greeting and (file := self._file(settings, settings.prompt[table.greeting])):
            return file
        return settings.voicemail.greeting or str(self._sounds("greeting"))

    def _open(self, settings: Settings, hours: str, now: int) -> bool:
        held = self._overrides.get(hours)
        return held.mode == "open" if held else is_open(settings, hours, now)

    def _file(self, settings: Settings, prompt: Prompt) -> str:
        said = prompt.spoken(settings.office.language)
        return self._spoken(*said) if said else prompt.file or ""

    def digit(self, call: int, digit: str) -> None:
        """# ends a message."""
        if digit == "#" and self._mailboxes.recording(call):
            self._mailboxes.finish(call)

    def finish(self, call: int) -> None:
        """Its caller has hung up."""
        self._mailboxes.finish(call)

    def finish_all(self) -> None:
        for call in list(self._calls):
            self._mailboxes.finish(call)

    def played(self, port: Port) -> None:
        self._mailboxes.played(port)

    def stopped(self, port: Port, why: str) -> None:
        self._mailboxes.stopped(port, why)

    def close(self) -> None:
        self._mailboxes.close()
        for task in self._keeping:
            task.cancel()

    # ---- what is kept ----------------------------------------------------------------------------------------------

    def _done(self, id: int, path: Path | None) -> None:
        call, mailbox, at = self._calls.pop(id)
        if path:
            self._in_time(self._keep(call, mailbox, at, path))
        self._routing.feed(Fact.DONE, call=id)
        self._routing.drain()
        self._taken()

    def _in_time(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._keeping.add(task)
        task.add_done_callback(self._kept)

    def _kept(self, task: asyncio.Task[None]) -> None:
        self._keeping.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            log.error("a message has no record", exc_info=fault)
        self._taken()

    async def _keep(self, call: Call, mailbox: str, at: int, path: Path) -> None:
        """Enter a message; reading a long one takes a moment, and calls do not wait for it."""
        try:
            duration, sha256 = await asyncio.to_thread(measured, path)
        except OSError as fault:
            log.error("the message %s cannot be read: %s", path, fault)
            duration, sha256 = 0, ""
        mail = self._mail(mailbox)
        self._enter(Message(call.id, mailbox, at, *call.who(), duration, path.name, sha256, mail=mail))
        self._audience.happened("voicemail", call, detail=str(path))

    async def _describe(self, unknown: list[Path], left_by: LeftBy) -> None:
        """Enter files nothing is known of: of messages cut off, or of a journal set aside."""
        for path in unknown:
            try:
                message = await asyncio.to_thread(described, path, left_by)
            except (OSError, ValueError) as fault:
                log.error("the message %s cannot be read: %s", path, fault)
            else:
                log.warning("mailbox %s has a message nothing was known of: %s", message.mailbox, path)
                self._enter(message._replace(mail=self._mail(message.mailbox)))

    def _enter(self, message: Message) -> None:
        self._messages.add(message)
        detail: dict[str, object] = {
            "mailbox": message.mailbox,
            "file": str(self._messages.path(message)),
            "ms": message.duration,
            "sha256": message.sha256,
        }
        self._journal.event(message.id, self._routing.now(), "voicemail", detail)

    def _mail(self, mailbox: str) -> Mailed:
        table = self._routing.rules.settings.mailbox.get(mailbox)
        return "due" if table and table.mail else ""

    def expire(self) -> None:
        self._messages.expire(self._routing.rules.settings, self._routing.now())

    # ---- lamps -----------------------------------------------------------------------------------------------------

    def changed(self, mailbox: str) -> None:
        """A mailbox has other messages, or the same in another state."""
        self._audience.mailbox_changed(mailbox)
        settings = self._routing.rules.settings
        if mailbox in settings.mailbox:
            for person in people.of_mailbox(settings, mailbox):
                self._tell_lamp(settings, person)

    def tell_lamps(self) -> None:
        """All of them: at the start, and when the settings are others."""
        settings = self._routing.rules.settings
        lamps = {lamp for person in settings.person for lamp, _ in self._of(settings, person)}
        for lamp in self._lamps - lamps:  # nobody's any more
            self._telephony.publish(SUMMARY, lamp, "")
        self._lamps = lamps
        for person in settings.person:
            self._tell_lamp(settings, person)

    def _tell_lamp(self, settings: Settings, person: str) -> None:
        for lamp, mailboxes in self._of(settings, person):
            self._telephony.publish(SUMMARY, lamp, summary(*self._messages.waiting(mailboxes)))

    @staticmethod
    def _of(settings: Settings, person: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The lamps of somebody's telephones: that of all his mailboxes, and one of each that is not his alone."""
        his = people.mailboxes(settings, person)
        for phone in settings.person[person].phones:
            yield phone, his
            for name in his[1:]:
                if number := settings.mailbox[name].number:
                    yield f"{phone}/{number}", (name,)


def summary(new: int, old: int) -> str:
    """What a lamp is told, RFC 3842."""
    return f"Messages-Waiting: {'yes' if new else 'no'}\r\nVoice-Message: {new}/{old}\r\n"
