# SPDX-License-Identifier: GPL-2.0-or-later
"""Call control: facts from telephones and lines go to the core, its commands go to them."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from appliance.calls.call import Call, Direction, Person, State
from appliance.calls.call import Outcome as OutcomeName
from appliance.calls.call import Status as StatusName
from appliance.calls.mailbox import Mailboxes, salvage
from appliance.calls.people import People, PersonState
from appliance.calls.ports import Audience, Journal, Leg, Port, Telephony
from appliance.calls.ringing import Ringing
from appliance.calls.routing import Routing
from appliance.calls.rules import Rules
from appliance.calls.sound import Sound
from appliance.core import Command, CoreError, Trace
from appliance.core.names import Do, Fact, Outcome, Why
from appliance.settings.models import TELEPHONES
from appliance.settings.numbers import normalise

log = logging.getLogger("calls")

MISSED = ("abandoned", "voicemail", "refused")  # nobody spoke to him
NO_ROUTE = 3  # Q.850 no route to destination
NO_SUCH_NUMBER = 28  # Q.850 invalid number format
CONGESTION = 42  # Q.850 switching equipment congestion
OUTCOMES: dict[int, OutcomeName] = {
    Outcome.ANSWERED: "answered",
    Outcome.VOICEMAIL: "voicemail",
    Outcome.REFUSED: "refused",
    Outcome.ABANDONED: "abandoned",
    Outcome.SELF_SERVICE: "self-service",
}


class CallControl:
    """Every call under way; satisfies calls.ports.Listener. start() comes before any fact."""

    def __init__(
        self,
        rules: Rules,
        memory: bytes | None,
        *,
        journal: Journal,
        voicemail: Path,
        sounds: Callable[[str], Path],
    ) -> None:
        self.calls: dict[int, Call] = {}
        self.usable: dict[str, bool] = {}
        self._routing = Routing(rules, memory, journal, do=self._do, traced=self._traced, settled=self._settled)
        self._people = People(self._routing, self.calls)
        self.people, self.contacts = self._people.known, self._people.contacts
        self._journal, self._voicemail, self._sounds = journal, voicemail, sounds
        self._recorded: dict[int, Call] = {}  # calls whose message is being taken, also when they are over
        self._quiet: asyncio.Event | None = None  # there when we are closing; set when nothing is left

    def start(self, telephony: Telephony, audience: Audience, people: dict[str, Person]) -> None:
        """people: statuses known before a restart."""
        self._telephony, self._audience = telephony, audience
        self._sound = Sound(telephony, self._sounds)
        self._ringing = Ringing(self._routing, telephony, self._sound, self._journal, audience)
        self._mailboxes = Mailboxes(telephony, self._voicemail, self._message_done)
        for call, path in salvage(self._voicemail):
            log.warning("a message cut off when the program ended is kept: %s", path)
            self._journal.event(call, self.now(), "voicemail", {"file": str(path)})
        self._people.start(people)

    # ---- settings ---------------------------------------------------------------------------------------------------

    @property
    def rules(self) -> Rules:
        """In force for new calls."""
        return self._routing.rules

    def apply(self, rules: Rules) -> None:
        """New rules for new calls; CoreError when the core refuses the plan, and the old stay."""
        self._routing.apply(rules)
        self._people.enter()
        self.usable = {line: usable for line, usable in self.usable.items() if line in rules.settings.line}
        for line, usable in self.usable.items():
            self._routing.feed(Fact.LINE, line=self._routing.id("line", line), value=int(usable))
        for person in rules.settings.person:
            self._people.reachable(person)
        self.drain()

    def memory(self) -> bytes:
        return self._routing.memory()

    # ---- facts from telephones and lines ----------------------------------------------------------------------------

    def incoming(self, leg: Leg, source: str, phone: bool, number: str, name: str, called: str) -> None:
        settings = self.rules.settings
        caller = self._people.owner(source) if phone else ""
        if phone:
            number = settings.person[caller].extension or source if caller else source
            name = settings.person[caller].name if caller else source
            line = TELEPHONES
        elif source not in settings.line or self._quiet:  # its line was taken away a moment ago, or we are closing
            self._telephony.hang_up(leg, NO_ROUTE if source not in settings.line else CONGESTION)
            return
        else:
            country = settings.line[source].country or settings.office.country
            number, called = normalise(number, country), normalise(called, country)
            name = self.rules.names.caller(number) or name
            line = source
        direction: Direction = "internal" if phone else "in"
        call = Call(self._journal.next_call_id(), direction, line, number, called, name, self.now(), leg)
        call.phone, call.caller_person = source if phone else "", caller
        self.calls[call.id] = call
        self._ringing.legs[leg] = (call, None)
        self._journal.call(call.id, call.since, line, number, called, name)
        self._ringing.note(call, leg, source, "caller", "started")
        log.info("call %d: %s (%s) calls %s on line %s", call.id, number or "withheld", name, called, line)
        try:
            self._arrived(call)
        except CoreError as fault:
            log.error("call %d is refused by the core: %s", call.id, fault.id)
            self._telephony.hang_up(leg, NO_SUCH_NUMBER if fault.id == "bad-event" else CONGESTION)
            self._close(call, "refused", "")
            return
        self._audience.call_changed(call.id)
        if caller:
            self._audience.person_changed(caller)
        self.drain()

    def _arrived(self, call: Call) -> None:
        self._routing.tell(
            Fact.ARRIVED,
            call=call.id,
            line=self._routing.id("line", call.line),
            person=self._routing.id("person", call.caller_person) if call.caller_person else 0,
            number=call.caller.removeprefix("+"),
            other=call.called.removeprefix("+"),
        )

    def rang(self, leg: Leg) -> None:
        call, ring = self._ringing.legs.get(leg, (None, None))
        if call and ring:
            self._ringing.rang(call, ring, leg)
            self.drain()

    def answered(self, leg: Leg) -> None:
        call, ring = self._ringing.legs.get(leg, (None, None))
        if call and ring:
            self._ringing.answered(call, ring, leg)
            self.drain()
        elif call:
            call.up = True
            self._ringing.note(call, leg, call.phone or call.line, "caller", "answered")

    def over(self, leg: Leg, cause: int) -> None:
        call, ring = self._ringing.legs.pop(leg, (None, None))
        if not call:
            return
        if ring:
            self._ringing.over(call, ring, leg, cause)
        else:
            self._ringing.note(call, leg, call.phone or call.line, "caller", "ended", cause)
            call.leg = 0
            self._mailboxes.finish(call.id)
            if call.state is not State.OVER:
                self._routing.feed(Fact.HUNG_UP, call=call.id)
        self.drain()
        self._look_whether_quiet()

    def digit(self, leg: Leg, digit: str) -> None:
        call, ring = self._ringing.legs.get(leg, (None, None))
        if not call or (ring and ring is not call.talk):
            return
        if call.talk:  # the bridge carries sound alone; and a conversation is nobody's business
            self._telephony.press(call.leg if ring else call.talk.answered, digit)
            return
        self._journal.event(call.id, self.now(), "dtmf", {"digit": digit})
        self._audience.happened("dtmf", call, detail=digit)
        if digit == "#" and self._mailboxes.recording(call.id):
            self._mailboxes.finish(call.id)

    def played(self, port: Port) -> None:
        self._mailboxes.played(port)

    def stopped(self, port: Port, why: str) -> None:
        self._sound.stopped(port, why)
        self._mailboxes.stopped(port, why)

    def phone(self, phone: str, contacts: list[str], agent: str, expires: int | None) -> None:
        self.contacts[phone] = (contacts, agent, expires)
        if owner := self._people.owner(phone):
            self._people.reachable(owner)
            self.drain()
            self._audience.person_changed(owner)
        self._audience.phone_changed(phone)

    def line(self, line: str, usable: bool, why: str) -> None:
        self.usable[line] = usable
        self._journal.event(0, self.now(), "line", {"line": line, "usable": usable, "why": why})
        self._routing.feed(Fact.LINE, line=self._routing.id("line", line), value=int(usable))
        self.drain()
        self._audience.line_changed(line)

    def person_states(self) -> dict[str, PersonState]:
        """What everybody's telephones are doing, as everybody may see it."""
        return self._people.states()

    # ---- asked for by people ----------------------------------------------------------------------------------------

    def set_status(self, person: str, status: StatusName, reason: str) -> None:
        """KeyError when there is no such person or status."""
        self._people.set_status(person, status, reason)
        self.drain()
        self._audience.person_changed(person)

    def hang_up(self, call: int) -> None:
        """End a call as its caller would; KeyError when it is over."""
        leg = self.calls[call].leg
        if leg:
            self._telephony.hang_up(leg, 16)

    # ---- the core ---------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """ms UTC."""
        return self._routing.now()

    def drain(self) -> None:
        """Carry out everything the core wants."""
        self._routing.drain()

    def _traced(self, one: Trace, subject: str) -> None:
        if one.rule == Why.QUEUED and (call := self.calls.get(one.call)):
            call.queue, call.queued_at, call.state = subject.partition(".")[2], one.at, State.WAITING

    def _settled(self, touched: set[int]) -> None:
        for call in touched:
            if call in self.calls:
                self._audience.call_changed(call)
        if not self.calls:
            self._routing.set_clock()

    def _do(self, command: Command) -> None:
        call = self.calls.get(command.call)
        if not call:
            return
        match command.kind:
            case Do.RING:
                self._ringing.ring(call, command)
            case Do.DIAL:
                self._ringing.dial(call, command)
            case Do.STOP:
                self._ringing.stop(call, command.leg, command.value)
            case Do.ANSWER:
                self._ringing.answer(call)
            case Do.PLAY:
                self._sound.music(call)
            case Do.BRIDGE:
                self._ringing.bridge(call, command.leg)
            case Do.MAILBOX:
                self._mailbox(call, self._routing.name(command.target))
            case Do.ACTION:
                self._action(call, self._routing.name(command.target))
            case Do.HANG_UP:
                self._ringing.hang_up(call, command.value)
            case Do.OVER:
                self._over(call, command)

    def _action(self, call: Call, action: str) -> None:
        self._audience.action_due(action, call.id)
        self._journal.event(call.id, self.now(), "action", {"action": action})

    def _mailbox(self, call: Call, mailbox: str) -> None:
        if not call.leg:
            self._routing.feed(Fact.DONE, call=call.id)
            return
        self._sound.silence(call)
        self._ringing.answer(call)
        call.state = State.VOICEMAIL
        self._recorded[call.id] = call
        voicemail = self.rules.settings.voicemail
        greeting = Path(voicemail.greeting) if voicemail.greeting else self._sounds("greeting")
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        prompts = [str(greeting), str(self._sounds("beep"))]
        self._mailboxes.take(call.id, call.leg, mailbox, prompts, stamp, voicemail.max_length)

    def _message_done(self, id: int, path: Path | None) -> None:
        call = self._recorded.pop(id)
        if path:
            self._journal.event(id, self.now(), "voicemail", {"file": str(path)})
            self._audience.happened("voicemail", call, detail=str(path))
        self._routing.feed(Fact.DONE, call=id)
        self.drain()
        self._look_whether_quiet()

    def _over(self, call: Call, command: Command) -> None:
        if call.talk and call.talk.answered:
            self._telephony.hang_up(call.talk.answered, 16)  # the caller hung up
        self._close(call, OUTCOMES[Outcome(command.value)], self._routing.name(command.queue))

    def _close(self, call: Call, outcome: OutcomeName, queue: str) -> None:
        """The last word about a call; what its legs still have to say goes to the journal only."""
        call.state, call.outcome = State.OVER, outcome
        if queue:
            call.queue = queue
        self._journal.over(call.id, self.now(), outcome, call.queue, call.person, call.answered_at)
        self._journal.flush()
        log.info("call %d: over, %s", call.id, outcome)
        if call.direction == "in" and outcome in MISSED:
            self._audience.happened("missed", call)
        self._audience.happened("ended", call, detail=outcome)
        self._audience.call_changed(call.id)
        del self.calls[call.id]
        self._ringing.people_changed(call)

    # ---- the end ----------------------------------------------------------------------------------------------------

    async def finish(self, within: float) -> None:
        """End every call in order: messages are kept, everybody is hung up; at most so many seconds."""
        self._quiet = asyncio.Event()
        for call in list(self._recorded):
            self._mailboxes.finish(call)
        for under_way in list(self.calls.values()):
            self._telephony.hang_up(under_way.leg, 16)
        self._look_whether_quiet()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), within)

    def _look_whether_quiet(self) -> None:
        if self._quiet and not self._ringing.legs and not self._recorded:
            self._quiet.set()

    def close(self) -> None:
        self._mailboxes.close()
        self._routing.close()
