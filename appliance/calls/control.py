# SPDX-License-Identifier: GPL-2.0-or-later
"""Call control: facts from telephones and lines go to the core, its commands go to them."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

from appliance.calls.call import Call, Direction, Person, Ring, State
from appliance.calls.call import Outcome as OutcomeName
from appliance.calls.call import Status as StatusName
from appliance.calls.clock import Clock
from appliance.calls.mailbox import Mailboxes, salvage
from appliance.calls.ports import Audience, Journal, Leg, Port, Telephony
from appliance.core import Command, Core, CoreError
from appliance.core.names import Do, Fact, Outcome, Status, Why
from appliance.settings.models import TELEPHONES, Settings
from appliance.settings.names import Names
from appliance.settings.numbers import normalise

log = logging.getLogger("calls")

PersonState = Literal["unreachable", "free", "ringing", "talking"]

MISSED = ("abandoned", "voicemail", "refused")  # nobody spoke to him
TICK_AT_MOST = 60.0  # seconds; a clock that was set is noticed by then
DECLINED = 21  # Q.850
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


class Rules(NamedTuple):
    """Settings in force, compiled."""

    settings: Settings
    plan: bytes
    names: Names


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
        self.rules = rules
        self.calls: dict[int, Call] = {}
        self.people: dict[str, Person] = {}
        self.contacts: dict[str, tuple[list[str], str, int | None]] = {}  # phone -> contacts, agent, expires
        self.usable: dict[str, bool] = {}
        self._core = Core(rules.plan, memory)
        self._journal, self._voicemail, self._sounds = journal, voicemail, sounds
        self._legs: dict[Leg, tuple[Call, Ring | None]] = {}
        self._recorded: dict[int, Call] = {}  # calls whose message is being taken, also when they are over
        self._players: dict[str, Port] = {}  # hold music by file
        self._clock = Clock()
        self._quiet: asyncio.Event | None = None  # there when we are closing; set when nothing is left
        self._draining = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self, telephony: Telephony, audience: Audience, people: dict[str, Person]) -> None:
        """people: statuses known before a restart."""
        self._telephony, self._audience = telephony, audience
        self._mailboxes = Mailboxes(telephony, self._voicemail, self._message_done)
        for call, path in salvage(self._voicemail):
            log.warning("a message cut off when the program ended is kept: %s", path)
            self._journal.event(call, self.now(), "voicemail", {"file": str(path)})
        self.people = dict(people)
        self._people_of(self.rules)
        for name in self.rules.settings.person:
            if self.people[name].status != "available":
                self._feed(Fact.STATUS, person=self._id("person", name), value=Status[self.people[name].status.upper()])

    # ---- settings ---------------------------------------------------------------------------------------------------

    def apply(self, rules: Rules) -> None:
        """New rules for new calls; CoreError when the core refuses the plan, and the old stay."""
        self._core.swap(rules.plan, self.now())
        self.rules = rules
        self._people_of(rules)
        self.usable = {line: usable for line, usable in self.usable.items() if line in rules.settings.line}
        for line, usable in self.usable.items():
            self._feed(Fact.LINE, line=self._id("line", line), value=int(usable))
        for person in rules.settings.person:
            self._reachable(person)
        self.drain()

    def _people_of(self, rules: Rules) -> None:
        for name in rules.settings.person:
            self.people.setdefault(name, Person(since=self.now()))

    def memory(self) -> bytes:
        return self._core.memory()

    def set_status(self, person: str, status: StatusName, reason: str) -> None:
        """KeyError when there is no such person or status."""
        if person not in self.rules.settings.person:
            raise KeyError(person)
        self.people[person] = Person(status, reason, self.now())
        self._feed(Fact.STATUS, person=self._id("person", person), value=Status[status.upper()])
        self.drain()
        self._audience.person_changed(person)

    # ---- facts from telephones and lines ----------------------------------------------------------------------------

    def incoming(self, leg: Leg, source: str, phone: bool, number: str, name: str, called: str) -> None:
        settings = self.rules.settings
        caller = self._owner(source) if phone else ""
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
        self._legs[leg] = (call, None)
        self._journal.call(call.id, call.since, line, number, called, name)
        self._leg(call, leg, source, "caller", "started")
        log.info("call %d: %s (%s) calls %s on line %s", call.id, number or "withheld", name, called, line)
        digits = number.removeprefix("+")
        try:
            self._core.feed(
                Fact.ARRIVED,
                call.since,
                call=call.id,
                line=self._id("line", line),
                person=self._id("person", caller) if caller else 0,
                number=digits,
                other=called.removeprefix("+"),
            )
        except CoreError as fault:
            log.error("call %d is refused by the core: %s", call.id, fault.id)
            self._refuse(call, NO_SUCH_NUMBER if fault.id == "bad-event" else CONGESTION)
            return
        self._audience.call_changed(call.id)
        if caller:
            self._audience.person_changed(caller)
        self.drain()

    def _refuse(self, call: Call, cause: int) -> None:
        self._telephony.hang_up(call.leg, cause)
        self._close(call, "refused", "")

    def rang(self, leg: Leg) -> None:
        call, ring = self._legs.get(leg, (None, None))
        if not call or not ring:
            return
        self._leg(call, leg, ring.parties.get(leg, ""), self._kind(ring), "rang")
        if not call.up and not call.told_ringing and call.leg:
            call.told_ringing = True
            self._telephony.ringing(call.leg)
        self._feed(Fact.RANG, call=call.id, leg=ring.leg)
        self.drain()

    def answered(self, leg: Leg) -> None:
        call, ring = self._legs.get(leg, (None, None))
        if not call:
            return
        self._leg(
            call, leg, ring.parties.get(leg, "") if ring else call.phone or call.line, self._kind(ring), "answered"
        )
        if not ring:
            call.up = True
            return
        if ring.answered:
            self._telephony.hang_up(leg, 26)
            return
        ring.answered = leg
        for other in ring.parties:
            if other != leg:
                self._telephony.hang_up(other, 26)
        self._feed(Fact.ANSWERED, call=call.id, leg=ring.leg)
        self.drain()

    def over(self, leg: Leg, cause: int) -> None:
        call, ring = self._legs.pop(leg, (None, None))
        if not call:
            return
        party = ring.parties.pop(leg, "") if ring else call.phone or call.line
        self._leg(call, leg, party, self._kind(ring), "ended", cause)
        if not ring:
            call.leg = 0
            self._mailboxes.finish(call.id)
            if call.state is not State.OVER:
                self._feed(Fact.HUNG_UP, call=call.id)
        elif ring.answered == leg:
            if call.state is not State.OVER:
                self._feed(Fact.LEFT, call=call.id, leg=ring.leg)
        elif ring.leg in call.rings and not ring.answered:
            self._one_refused(call, ring, cause)
        self.drain()
        self._look_whether_quiet()

    def _one_refused(self, call: Call, ring: Ring, cause: int) -> None:
        """One of his telephones failed: he refused if he declined, or when it was the last."""
        if cause == DECLINED:
            for other in ring.parties:
                self._telephony.hang_up(other, 26)
        if cause == DECLINED or not ring.parties:
            call.rings.pop(ring.leg, None)
            self._feed(Fact.REFUSED, call=call.id, leg=ring.leg, value=cause)
            self._audience.call_changed(call.id)
            if ring.person:
                self._audience.person_changed(ring.person)

    def digit(self, leg: Leg, digit: str) -> None:
        call, ring = self._legs.get(leg, (None, None))
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
        for path, player in list(self._players.items()):
            if player == port:
                log.error("hold music %s cannot be played: %s", path, why)
                del self._players[path]
        self._mailboxes.stopped(port, why)

    def phone(self, phone: str, contacts: list[str], agent: str, expires: int | None) -> None:
        self.contacts[phone] = (contacts, agent, expires)
        if owner := self._owner(phone):
            self._reachable(owner)
            self.drain()
            self._audience.person_changed(owner)
        self._audience.phone_changed(phone)

    def line(self, line: str, usable: bool, why: str) -> None:
        self.usable[line] = usable
        self._journal.event(0, self.now(), "line", {"line": line, "usable": usable, "why": why})
        self._feed(Fact.LINE, line=self._id("line", line), value=int(usable))
        self.drain()
        self._audience.line_changed(line)

    def person_states(self) -> dict[str, PersonState]:
        """What everybody's telephones are doing, as everybody may see it."""
        under_way = [call for call in self.calls.values() if call.state is not State.OVER]
        talking = {person for call in under_way for person in (call.person, call.caller_person)}
        ringing = {ring.person for call in under_way for ring in call.rings.values()}

        def state(name: str, phones: Iterable[str]) -> PersonState:
            if name in talking:
                return "talking"
            if name in ringing:
                return "ringing"
            return (
                "free" if any(phone in self.contacts and self.contacts[phone][0] for phone in phones) else "unreachable"
            )

        return {name: state(name, person.phones) for name, person in self.rules.settings.person.items()}

    # ---- asked for by people ----------------------------------------------------------------------------------------

    def hang_up(self, call: int) -> None:
        """End a call as its caller would; KeyError when it is over."""
        leg = self.calls[call].leg
        if leg:
            self._telephony.hang_up(leg, 16)

    # ---- the core ---------------------------------------------------------------------------------------------------

    def _feed(self, fact: Fact, **fields: int) -> None:
        """Tell the core a fact; one that came too late is a race that was lost, and no harm."""
        try:
            self._core.feed(fact, self.now(), **fields)  # type: ignore[arg-type]
        except CoreError as fault:
            late = fault.id in ("no-call", "no-leg", "cannot")
            log.log(logging.DEBUG if late else logging.ERROR, "%s %s: %s", fact.name, fields, fault.id)

    def drain(self) -> None:
        """Carry out everything the core wants; facts that arise on the way come after."""
        if self._draining:
            return
        self._draining = True
        touched: set[int] = set()
        try:
            while commands := self._core.commands():
                self._traces()
                for command in commands:
                    touched.add(command.call)
                    try:
                        self._do(command)
                    except Exception:  # whatever one call's command meets must not cost the others theirs
                        log.exception("call %d: a command was not carried out: %s", command.call, command)
            self._traces()
        finally:
            self._draining = False
        for call in touched:
            if call in self.calls:
                self._audience.call_changed(call)
        if not self.calls:
            self._clock.set()
        self._alarm()

    def _traces(self) -> None:
        for one in self._core.trace():
            subject = ".".join(self.rules.names.named(one.subject) or ())
            self._journal.trace(one.call, one.at, one.rule, one.reason, subject, one.detail)
            if one.rule == Why.QUEUED and (call := self.calls.get(one.call)):
                call.queue, call.queued_at, call.state = subject.partition(".")[2], one.at, State.WAITING

    def _alarm(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        due = self._core.deadline()
        if due is not None:
            wait = min(max(due - self.now(), 0) / 1000, TICK_AT_MOST)
            self._timer = asyncio.get_running_loop().call_later(wait, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._feed(Fact.TICK)
        self.drain()

    def now(self) -> int:
        """ms UTC."""
        return self._clock.now()

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
        if self._quiet and not self._legs and not self._recorded:
            self._quiet.set()

    def close(self) -> None:
        self._mailboxes.close()
        if self._timer:
            self._timer.cancel()

    # ---- commands ---------------------------------------------------------------------------------------------------

    def _do(self, command: Command) -> None:
        call = self.calls.get(command.call)
        if not call:
            return
        match command.kind:
            case Do.RING:
                self._ring(call, command)
            case Do.DIAL:
                self._dial(call, command)
            case Do.STOP:
                self._stop(call, command.leg, command.value)
            case Do.ANSWER:
                self._answer(call)
            case Do.PLAY:
                self._hold_music(call)
            case Do.BRIDGE:
                self._bridge(call, command.leg)
            case Do.MAILBOX:
                self._mailbox(call, self._name(command.target))
            case Do.ACTION:
                self._audience.action_due(self._name(command.target), call.id)
                self._journal.event(call.id, self.now(), "action", {"action": self._name(command.target)})
            case Do.HANG_UP:
                self._hang_up(call, command.value)
            case Do.OVER:
                self._over(call, command)

    def _ring(self, call: Call, command: Command) -> None:
        person = self._name(command.target)
        ring = Ring(command.leg, person, "")
        name = call.name or call.caller or "Withheld"
        if queue := self._name(command.queue):
            name = f"{self.rules.settings.queue[queue].name if queue in self.rules.settings.queue else queue}: {name}"
        table = self.rules.settings.person.get(person)
        for phone in table.phones if table else ():
            for leg in self._telephony.ring_phone(phone, call.caller, name):
                ring.parties[leg] = phone
        self._begin(call, ring, "phone", 20)
        self._audience.happened("ringing", call, person)

    def _dial(self, call: Call, command: Command) -> None:
        line = self._name(command.target)
        ring = Ring(command.leg, "", line)
        before, call.direction, call.line = call.line, "out", line
        plus = "+" if call.called == f"+{command.number}" else ""  # the core keeps digits alone
        if leg := self._telephony.dial(line, plus + command.number, call.caller, call.name):
            ring.parties[leg] = line
        self._begin(call, ring, "trunk", 34)
        self._audience.line_changed(before)
        self._audience.line_changed(line)

    def _begin(self, call: Call, ring: Ring, kind: str, cause: int) -> None:
        call.rings[ring.leg] = ring
        for leg, party in ring.parties.items():
            self._legs[leg] = (call, ring)
            self._leg(call, leg, party, kind, "started")
        if ring.parties:
            if call.state is State.ARRIVED:
                call.state = State.RINGING
        else:
            self._feed(Fact.REFUSED, call=call.id, leg=ring.leg, value=cause)
            call.rings.pop(ring.leg, None)
        if ring.person:
            self._audience.person_changed(ring.person)

    def _stop(self, call: Call, leg: int, cause: int) -> None:
        ring = call.rings.pop(leg, None)
        if not ring:
            return
        for one in ring.parties:
            self._telephony.hang_up(one, cause)
        if ring.person:
            self._audience.person_changed(ring.person)

    def _answer(self, call: Call) -> None:
        if not call.up and call.leg:
            call.up = True
            self._telephony.answer(call.leg)

    def _hold_music(self, call: Call) -> None:
        path = str(self._sounds("music"))
        if not self._players.get(path):
            self._players[path] = self._telephony.play(path, True)
        if self._players[path] and call.leg:
            call.music = True
            self._telephony.hear(call.leg, self._players[path])

    def _no_music(self, call: Call) -> None:
        if call.music:
            call.music = False
            for player in self._players.values():
                self._telephony.unhear(call.leg, player)

    def _bridge(self, call: Call, leg: int) -> None:
        ring = call.rings.pop(leg, None)
        if not ring or not call.leg:
            return
        self._no_music(call)
        self._answer(call)
        self._telephony.hear(call.leg, ring.answered)
        self._telephony.hear(ring.answered, call.leg)
        call.talk, call.person, call.state, call.answered_at = ring, ring.person, State.TALKING, self.now()
        log.info(
            "call %d: answered by %s after %.1f s",
            call.id,
            ring.person or ring.line,
            (call.answered_at - call.since) / 1000,
        )
        self._audience.happened("answered", call, ring.person)
        self._people_changed(call)

    def _mailbox(self, call: Call, mailbox: str) -> None:
        if not call.leg:
            self._feed(Fact.DONE, call=call.id)
            return
        self._no_music(call)
        self._answer(call)
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
        self._feed(Fact.DONE, call=id)
        self.drain()
        self._look_whether_quiet()

    def _hang_up(self, call: Call, cause: int) -> None:
        if call.leg:
            self._telephony.hang_up(call.leg, cause)
        if call.talk and call.talk.answered:
            self._telephony.hang_up(call.talk.answered, cause)
        for leg in list(call.rings):
            self._stop(call, leg, cause)

    def _over(self, call: Call, command: Command) -> None:
        if call.talk and call.talk.answered:
            self._telephony.hang_up(call.talk.answered, 16)  # the caller hung up
        self._close(call, OUTCOMES[Outcome(command.value)], self._name(command.queue))

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
        self._people_changed(call)

    def _people_changed(self, call: Call) -> None:
        for person in {call.person, call.caller_person, *(ring.person for ring in call.rings.values())} - {""}:
            self._audience.person_changed(person)

    # ---- names ------------------------------------------------------------------------------------------------------

    def _id(self, kind: str, name: str) -> int:
        return self.rules.names.id(kind, name)

    def _name(self, id: int) -> str:
        return self.rules.names.name(id)

    def _owner(self, phone: str) -> str:
        return next((name for name, one in self.rules.settings.person.items() if phone in one.phones), "")

    def _reachable(self, person: str) -> None:
        phones = self.rules.settings.person[person].phones
        count = sum(len(self.contacts[phone][0]) for phone in phones if phone in self.contacts)
        self._feed(Fact.REACHABLE, person=self._id("person", person), value=count)

    @staticmethod
    def _kind(ring: Ring | None) -> str:
        return "caller" if ring is None else "phone" if ring.person else "trunk"

    def _leg(self, call: Call, leg: Leg, party: str, kind: str, state: str, cause: int = 0) -> None:
        self._journal.leg(call.id, call.row(leg), self.now(), party, kind, state, cause)
