# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that end in a mailbox: the caller is greeted, what he says is kept, and the core is told that it is done."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from appliance.calls.call import Call, State
from appliance.calls.mailbox import Mailboxes, salvage
from appliance.calls.ports import Audience, Journal, Port, Telephony
from appliance.calls.ringing import Ringing
from appliance.calls.routing import Routing
from appliance.calls.sound import Sound
from appliance.core.names import Fact

log = logging.getLogger("calls")


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
        folder: Path,
        sounds: Callable[[str], Path],
        taken: Callable[[], None],
    ) -> None:
        self._routing, self._sound, self._ringing = routing, sound, ringing
        self._journal, self._audience, self._folder, self._sounds = journal, audience, folder, sounds
        self._taken = taken
        self._mailboxes = Mailboxes(telephony, folder, self._done)
        self._calls: dict[int, Call] = {}  # whose message is being taken, also when they are over

    def start(self) -> None:
        for call, path in salvage(self._folder):
            log.warning("a message cut off when the program ended is kept: %s", path)
            self._journal.event(call, self._routing.now(), "voicemail", {"file": str(path)})

    @property
    def quiet(self) -> bool:
        """Whether no message is being taken."""
        return not self._calls

    def take(self, call: Call, mailbox: str) -> None:
        if not call.leg:
            self._routing.feed(Fact.DONE, call=call.id)
            return
        self._sound.silence(call)
        self._ringing.answer(call)
        call.state = State.VOICEMAIL
        self._calls[call.id] = call
        voicemail = call.rules.settings.voicemail
        greeting = Path(voicemail.greeting) if voicemail.greeting else self._sounds("greeting")
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        prompts = [str(greeting), str(self._sounds("beep"))]
        self._mailboxes.take(call.id, call.leg, mailbox, prompts, stamp, voicemail.max_length)

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

    def _done(self, id: int, path: Path | None) -> None:
        call = self._calls.pop(id)
        if path:
            self._journal.event(id, self._routing.now(), "voicemail", {"file": str(path)})
            self._audience.happened("voicemail", call, detail=str(path))
        self._routing.feed(Fact.DONE, call=id)
        self._routing.drain()
        self._taken()
