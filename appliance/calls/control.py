# SPDX-License-Identifier: GPL-2.0-or-later
"""Call control: facts from telephones and lines go to the core, its commands go to them."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from appliance.calls.actions import Actions
from appliance.calls.announcing import Announcing
from appliance.calls.arriving import CONGESTION, Arriving
from appliance.calls.call import OUTCOMES, Call, Person, State
from appliance.calls.call import Outcome as OutcomeName
from appliance.calls.call import Status as StatusName
from appliance.calls.desk import Desk
from appliance.calls.duty import Duty
from appliance.calls.history import History
from appliance.calls.hours import Midnight, Mode, Override, Overrides
from appliance.calls.listening import Listening, Speak, unspoken
from appliance.calls.lookups import LookingUp
from appliance.calls.loopback import Arrived, Loopback
from appliance.calls.messages import Message, Messages
from appliance.calls.originate import Originate
from appliance.calls.outgoing import Outgoing
from appliance.calls.people import People, PersonState
from appliance.calls.ports import UNVOUCHED, Audience, Journal, Leg, Lookups, Port, Telephony, Vouched
from appliance.calls.prompts import Prompts
from appliance.calls.recorded import NOWHERE, Recorder
from appliance.calls.ringing import Ringing
from appliance.calls.routing import Routing
from appliance.calls.rules import Rules
from appliance.calls.sound import Sound
from appliance.calls.voicemail import LeftBy, Voicemail
from appliance.core import Command, CoreError, Trace
from appliance.core.names import LOOKED_FOR_BY, LOOKED_FOR_IN_VAIN, UNSPOKEN, Do, Fact, Outcome, Trust, Why
from appliance.settings.lines import account
from appliance.settings.models import TELEPHONES
from appliance.settings.scenarios import IN_VAIN, asks_for_proof, unanswered_by
from appliance.settings.words import PROOF

log = logging.getLogger("calls")

HIDDEN = "•"  # a key of a PIN or code, wherever it is shown
KEYS_KEPT = 64  # keys of a call that messages may have in them
NO_ROUTE = 3  # Q.850 no route to destination
NONE: Mapping[str, Override] = {}


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
        lookups: Lookups,
        spoken: Callable[[str, str], str] = lambda text, language: "",
        speak: Speak = unspoken,
        pin: Callable[[str], str] = lambda mailbox: "",
        recorder: Recorder = NOWHERE,
    ) -> None:
        """spoken: the WAV file of a text in a language, "" when there is none; speak: the same, made when there is none;
        pin: what is kept of a mailbox's PIN, "" when it has none."""
        self.calls: dict[int, Call] = {}
        self.history = History()
        self.outgoing = Outgoing(lambda: self.rules, self.calls, journal, lambda: self.now())
        self._routing = Routing(
            rules, memory, journal, do=self._do, traced=self._traced, settled=self._settled, told=self.outgoing.told
        )
        self._people = People(self._routing, journal, self.calls, lambda person: self._audience.person_changed(person))
        self.people: dict[str, Person] = self._people.known
        self.contacts, self.usable = self._people.contacts, self._people.usable
        self.why_not: dict[str, str] = {}  # a line cannot be used
        self._overrides = Overrides(self._routing, self._hours_changed)
        self.overrides = self._overrides.held
        self._duty = Duty(self._routing, self.overrides, lambda person: self._audience.person_changed(person))
        self.off_duty = self._people.off_duty = self._duty.off
        self._midnight = Midnight(lambda: ZoneInfo(self.rules.settings.office.time_zone), self._new_day)
        self._journal, self._sounds, self._lookups = journal, sounds, lookups
        self.messages = Messages(voicemail, journal, lambda mailbox: self._voicemail.changed(mailbox))
        self._spoken, self._speak, self._pin, self._recorder = spoken, speak, pin, recorder
        self._prompts = Prompts(spoken, speak)
        self.takes_calls = True  # else whoever calls is refused: we are about to end
        self._quiet: asyncio.Event | None = None  # there when we are closing; set when nothing is left

    def start(
        self,
        telephony: Telephony,
        audience: Audience,
        people: Mapping[str, Person],
        overrides: Mapping[str, Override] = NONE,
        ran: int | None = None,
        messages: Iterable[Message] = (),
        left_by: LeftBy = lambda call: None,
    ) -> None:
        """people, overrides, messages: as before a restart; ran: when we ran last, ms UTC; left_by: see Voicemail."""
        self._telephony, self._audience = telephony, audience
        self._sound = Sound(telephony, self._sounds, self._said)
        self._announcing = Announcing(self._sound, self._prompts, self.calls, self._people, self.now)
        words = partial(self._sounds, "confirm")
        self._ringing = Ringing(self._routing, telephony, self._sound, self._journal, audience, self.outgoing, words)
        self._actions = Actions(audience, self._journal, self.now)
        looks_up = (self._routing, self._lookups, self._journal, self._ringing.tell_ringing, self._actions)
        self._looking_up = LookingUp(*looks_up)
        self.originate = Originate(
            *(self._routing, telephony, self._sound, self._journal, audience, self, self.outgoing, self._people.owner)
        )
        self.loopback = Loopback(
            *(telephony, self._journal, audience, self, self.outgoing, self.calls, self.usable),
            *(lambda: self.rules, self.now),
        )
        self.outgoing.start(telephony, audience, (self._ringing, self.originate, self.loopback), self.hang_up)
        self._arriving = Arriving(
            *(self._routing, self._ringing, self._journal, audience, self.history, self._people, self.calls),
            self.closed,
        )
        self._voicemail = Voicemail(
            *(self._routing, telephony, self._sound, self._ringing, self._journal, audience),
            *(self.messages, self.overrides, self._sounds, self._spoken, self._look_whether_quiet),
        )
        told = (self._routing, telephony, self.messages, self._journal, self._sounds)
        self._listening = Listening(*told, self._speak, self._pin)
        self.desk = Desk(
            *(self._routing, telephony, self._sound, self._ringing, self._journal, audience, self, self._people),
            *(self._sounds, self._spoken, self._prompts.file, self._listening.begin, self.outgoing.may_dial),
            *(self._prompts.of, self._recorder),
        )
        self._voicemail.start(messages, left_by)
        self._people.start(people)
        self._overrides.start(overrides)
        self._duty.look()
        self._midnight.start(ran)
        self.drain()

    # ---- settings ---------------------------------------------------------------------------------------------------

    @property
    def rules(self) -> Rules:
        """In force for new calls."""
        return self._routing.rules

    def apply(self, rules: Rules) -> None:
        """New rules for new calls; CoreError when the core refuses the plan, and the old stay."""
        self._routing.apply(rules)
        self._people.enter()
        self._overrides.forget()
        self._duty.look()
        for line in self.usable.keys() - rules.settings.line.keys():
            del self.usable[line]
            self.why_not.pop(line, None)
        for line, usable in self.usable.items():
            self._routing.feed(Fact.LINE, line=self._routing.id("line", line), value=int(usable))
        for person in rules.settings.person:
            self._people.reachable(person)
        self._voicemail.tell_lamps()
        self.drain()

    @property
    def put_away(self) -> bool:
        """Whether no message is being taken or put away."""
        return self._voicemail.quiet

    def memory(self) -> bytes:
        return self._routing.memory()

    # ---- facts from telephones and lines ----------------------------------------------------------------------------

    def incoming(
        self,
        leg: Leg,
        source: str,
        phone: bool,
        number: str,
        name: str,
        called: str,
        vouched: Vouched = UNVOUCHED,
        replaces: Leg = 0,
    ) -> None:
        if not phone and source not in self.rules.settings.line:  # it was taken away a moment ago
            self._telephony.hang_up(leg, NO_ROUTE)
        elif not self.takes_calls:
            self._telephony.hang_up(leg, CONGESTION)
        elif not (
            self.desk.dialled(leg, source, called, replaces)
            if phone
            else self.loopback.incoming(leg, Arrived(source, number, name, called, vouched))
        ):
            begun = self._arriving.begin(leg, source, phone, number, name, called, vouched)
            if isinstance(begun, int):
                self._telephony.hang_up(leg, begun)

    def rang(self, leg: Leg) -> None:
        if self.originate.rang(leg) or self.desk.calling.rang(leg) or self.loopback.rang(leg):
            return
        call, ring = self._ringing.legs.get(leg, (None, None))
        if call and ring:
            self._ringing.rang(call, ring, leg)
            self.drain()

    def early(self, leg: Leg) -> None:
        call, ring = self._ringing.legs.get(leg, (None, None))
        if call and ring:
            self._ringing.early(call, ring, leg)

    def diverted(self, leg: Leg, number: str) -> None:
        call, ring = self._ringing.legs.get(leg, (None, None))
        if not call or not ring or call.rings.get(ring.leg) is not ring:
            return
        if leg == ring.outside:
            self._ringing.redirected(call, ring, number)
        elif call.direct == ring.person:
            self.desk.diverting.diverted(call, ring.person, number)
            self.drain()

    def answered(self, leg: Leg) -> None:
        if self.originate.answered(leg) or self.desk.calling.answered(leg) or self.loopback.answered(leg):
            self.drain()
            return
        call, ring = self._ringing.legs.get(leg, (None, None))
        if call and ring:
            self._ringing.answered(call, ring, leg)
            self.drain()
        elif call:
            call.up = True
            self._ringing.note(call, leg, call.party(), "caller", "answered")

    def over(self, leg: Leg, cause: int) -> None:
        self.outgoing.ended(leg)
        if self.originate.over(leg, cause) or self.desk.calling.over(leg) or self.loopback.over(leg, cause):
            self.drain()
            self._look_whether_quiet()
            return
        self.desk.over(leg)
        call, ring = self._ringing.legs.pop(leg, (None, None))
        if not call:
            return
        if ring:
            self._ringing.over(call, ring, leg, cause)
        else:
            self._ringing.note(call, leg, call.party(), "caller", "ended", cause)
            self._announcing.end(call)
            self._sound.silence(call)
            self._listening.over(leg)
            call.leg = 0
            self._voicemail.finish(call.id)
            if call.state is not State.OVER:
                self._routing.feed(Fact.HUNG_UP, call=call.id)
        self.drain()
        self._look_whether_quiet()

    def digit(self, leg: Leg, digit: str) -> None:
        if self.desk.supervision.digit(leg, digit) or self.loopback.digit(leg, digit):
            return
        call, ring = self._ringing.legs.get(leg, (None, None))
        if (
            not call
            or self._listening.digit(leg, digit)
            or self._ringing.digit(leg, digit)
            or (ring and ring is not call.talk)
        ):
            return
        if self.desk.digit(call, ring, leg, digit):
            return
        if call.talk:  # the bridge carries sound alone; and a conversation is nobody's business
            self._telephony.press(call.leg if ring else call.talk.answered, digit)
            return
        shown = HIDDEN if call.gives_proof else digit
        self._journal.event(call.id, self.now(), "dtmf", {"digit": shown})
        self._audience.happened("dtmf", call, detail=shown)
        if not call.gives_proof:
            call.keys = (call.keys + digit)[-KEYS_KEPT:]
        self._voicemail.digit(call.id, digit)
        if call.state is not State.OVER:
            self._routing.feed(Fact.DIGIT, call=call.id, value=ord(digit))
            self.drain()

    def played(self, port: Port) -> None:
        for part in (self._sound, self._ringing, self._voicemail, self._listening, self.desk, self.loopback):
            part.played(port)

    def stopped(self, port: Port, why: str) -> None:
        for part in (self._sound, self._ringing, self._voicemail, self._listening, self.desk, self.loopback):
            part.stopped(port, why)

    def held(self, leg: Leg, on: bool) -> None:
        self.desk.held(leg, on)

    def transfer(self, leg: Leg, number: str, replaces: Leg) -> None:
        self.desk.transfer(leg, number, replaces)

    def phone(self, phone: str, contacts: list[str], agent: str, expires: int | None) -> None:
        self.contacts[phone] = (contacts, agent, expires)
        if owner := self._people.owner(phone):
            self._people.reachable(owner)
            self.drain()
            self._audience.person_changed(owner)
        self._audience.phone_changed(phone)

    def registered(self, account: str) -> tuple[list[str], str, int | None]:
        """Contacts of a telephone or gateway, how the last calls itself, and until when it is there, ms UTC."""
        return self.contacts.get(account, ([], "", None))

    def gateway(self, line: str, contacts: list[str], agent: str, expires: int | None) -> None:
        self.contacts[account(line)] = (contacts, agent, expires)
        self._audience.line_changed(line)

    def line(self, line: str, usable: bool, why: str) -> None:
        self.usable[line], self.why_not[line] = usable, why
        self._journal.event(0, self.now(), "line", {"line": line, "usable": usable, "why": why})
        self._routing.feed(Fact.LINE, line=self._routing.id("line", line), value=int(usable))
        self.drain()
        self._audience.line_changed(line)

    def named(self, leg: Leg, number: str) -> None:
        if not self.loopback.named(leg, number):
            self._arriving.named(leg, number)

    def knocked(self, line: str, number: str) -> None:
        if line in self.rules.settings.line:
            self._arriving.knocked(line, number)

    def person_states(self, of: Collection[str] | None = None) -> dict[str, PersonState]:
        """What the telephones of these people are doing, or everybody's, as everybody may see it."""
        return self._people.states(of)

    # ---- asked for by people ----------------------------------------------------------------------------------------

    def set_status(
        self, person: str, status: StatusName, reason: str, source: str = "", until: int | None = None
    ) -> None:
        """KeyError when there is no such person or status; until, ms UTC: then it is again as before."""
        self._people.set_status(person, status, reason, source, until)
        self.drain()

    def set_dnd(self, person: str, on: bool) -> None:
        """KeyError when there is no such person."""
        self._people.set_dnd(person, on)
        self.drain()

    def action_keys(self, request: str) -> str:
        """The PIN or code a caller gave for an action, once; "" when there is none."""
        return self._actions.keys(request)

    def action_became(self, call: int, action: str, result: str, reason: str, request: str) -> None:
        detail: dict[str, object] = {"action": action, "result": result, "reason": reason}
        self._journal.event(call, self.now(), "action-result", detail)
        self._actions.became(request, result, reason)

    def hang_up(self, call: int) -> None:
        """End a call as its caller would; KeyError when it is over."""
        known = self.calls[call]
        if not (self.originate.hang_up(known) or self.loopback.hang_up(known)) and known.leg:
            self._telephony.hang_up(known.leg, 16)

    def prompt_file(self, prompt: str) -> str:
        """The file of a prompt, "" when its text was not spoken; KeyError when there is no such prompt."""
        return self._prompts.file(self.rules.settings, self.rules.settings.prompt[prompt])

    def send(self, call: int, to: str) -> None:
        """Send a call to a target such as "queue.sales", or "number.101"; KeyError when there is no such thing, CoreError."""
        known = self.calls[call]
        if to.startswith(("number.", "room.")):
            self.desk.send(known, to)
            return
        step = known.rules.names.id("step", f"own.{to}")
        self._routing.tell(Fact.SENT, call=call, what=step)
        self._journal.event(call, self.now(), "sent", {"to": to})
        self.drain()

    def override(self, hours: str, mode: Mode, until: int | None, source: str = "") -> None:
        """Hold hours open or closed; KeyError when there are none of that name."""
        self._overrides.hold(hours, mode, until, source)
        self._journal.event(0, self.now(), "override", {"hours": hours, "mode": mode, "until": until})
        self.drain()

    def _hours_changed(self, hours: str) -> None:
        self._duty.look()
        self._audience.hours_changed(hours)

    def _new_day(self) -> None:
        """The counts of fewest calls and least talk time begin anew."""
        self._routing.feed(Fact.RESET)
        self._voicemail.expire()
        self.drain()

    # ---- calls that are made, see originate.Calls and loopback.Calls ------------------------------------------------

    def begun(self, call: Call) -> None:
        self.calls[call.id] = call
        self._journal.call(call.id, call.since, TELEPHONES, "", call.called, call.name)

    def arrived(self, call: Call, leg: Leg, trust: Trust, step: int) -> None:
        self._ringing.legs[leg] = (call, None)
        call.trust = trust
        try:
            self._arriving.tell(call, trust, step)
        except CoreError:
            del self._ringing.legs[leg]
            raise
        self._audience.call_changed(call.id)
        if call.caller_person:
            self._audience.person_changed(call.caller_person)

    def place(self, leg: Leg, phone: str, called: str, **how: Any) -> Call | None:
        """See hands.Calls."""
        begun = self._arriving.begin(leg, phone, True, "", "", called, **how)
        return None if isinstance(begun, int) else begun

    def stranger(self, leg: Leg, arrived: Arrived, up: bool) -> None:
        line, number, name, called, vouched = arrived
        begun: Call | int = NO_ROUTE
        if line in self.rules.settings.line:
            begun = self._arriving.begin(leg, line, False, number, name, called, vouched, up=up)
        if isinstance(begun, int):
            self._telephony.hang_up(leg, begun)

    def missed(self, arrived: Arrived) -> None:
        if arrived.line in self.rules.settings.line:
            self._arriving.missed(arrived)

    def closed(self, call: Call, outcome: OutcomeName) -> None:
        self._close(call, outcome, "")

    # ---- the core ---------------------------------------------------------------------------------------------------

    def waiting(self, queue: str) -> list[Call]:
        """Who waits in a queue, in the order they are answered in."""
        return self._announcing.waiting(queue)

    def now(self) -> int:
        """ms UTC."""
        return self._routing.now()

    def drain(self) -> None:
        """Carry out everything the core wants."""
        self._routing.drain()

    def _traced(self, one: Trace, subject: str) -> None:
        call = self.calls.get(one.call)
        if call:
            call.looked_for |= one.rule in LOOKED_FOR_BY or one.reason in LOOKED_FOR_IN_VAIN
            self.desk.diverting.traced(call, one, subject.partition(".")[2])
        if call and one.rule == Why.STEP:
            call.gives_proof = asks_for_proof(subject.partition(".")[2])
        if call and one.rule == Why.QUEUED:
            call.queue, call.queued_at, call.state = subject.partition(".")[2], one.at, State.WAITING
            self._announcing.joined(call, one.detail)
        elif call and one.rule == Why.SKILL:
            call.wants_skill = True
        elif call and one.rule == Why.CALLER:
            call.lists += (subject.partition(".")[2],)
        elif call and one.rule == Why.STEP and call.state not in (State.VOICEMAIL, State.OVER):
            if call.state is State.WAITING:
                self._announcing.end(call)
                self._audience.queue_changed(call.queue)
            call.state = State.ARRIVED  # and on; what follows says where to

    def _settled(self, touched: set[int]) -> None:
        for call in touched:
            if call in self.calls:
                self._audience.call_changed(call)
        self.desk.look()
        if not self.calls:
            self._routing.set_clock()

    def _do(self, command: Command) -> None:
        if command.kind == Do.PAUSED:
            self._people.let_ring(self._routing.name(command.target), command.value)
        call = self.calls.get(command.call)
        if not call:
            return
        name = call.rules.names.name
        match command.kind:
            case Do.RING:
                if self.desk.diverting.rings(call, command):
                    self._ringing.ring(call, command)
            case Do.DIAL:
                self._ringing.dial(call, command)
            case Do.STOP:
                self._ringing.stop(call, command.leg, command.value)
            case Do.ANSWER:
                self._ringing.answer(call)
            case Do.PLAY:
                self._announcing.begin(call, name(command.target))
            case Do.BRIDGE:
                self._announcing.end(call)
                self._ringing.bridge(call, command.leg)
            case Do.MAILBOX:
                self._voicemail.take(call, name(command.target))
            case Do.ACTION:
                self._actions.due(call, name(command.target))
            case Do.HANG_UP:
                self.desk.returned(call)
                self._ringing.hang_up(call, command.value)
            case Do.PARK:
                self.desk.parked(call, name(command.target))
            case Do.OVER:
                self._over(call, command)
            case Do.SAY:
                call.state, prompt = State.MENU, name(command.target)
                self._sound.say(call, prompt, self._prompts.of(call, prompt))
            case Do.HUSH:
                self._sound.hush(call)
            case Do.LOOK_UP:
                about = name(command.target)
                if person := unanswered_by(about):
                    self.desk.diverting.unanswered(call, person)
                elif about == IN_VAIN:
                    self.desk.diverting.returned_in_vain(call)
                else:
                    self._looking_up.begin(call, about)
            case Do.SET:
                self._set(call, name(command.target), command.number)

    def _said(self, call: Call, whole: bool) -> None:
        if self.originate.said(call, whole) or self._announcing.said(call):
            return
        self._routing.feed(Fact.DONE if whole else Fact.FAILED, call=call.id)
        self.drain()

    def _set(self, call: Call, attribute: str, value: str) -> None:
        if attribute == PROOF:
            call.proof = value if value.isdigit() else ""  # else it is what became of the action
            return
        call.attributes[attribute] = value
        self._journal.event(call.id, self.now(), "attribute", {"attribute": attribute, "value": value})

    def _over(self, call: Call, command: Command) -> None:
        if call.talk and call.talk.answered:
            self._telephony.hang_up(call.talk.answered, 16)  # the caller hung up
        call.person = call.rules.names.name(command.target) or (call.person if call.talk else "")  # also just let go
        self._close(call, OUTCOMES[Outcome(command.value)], call.rules.names.name(command.queue))

    def _close(self, call: Call, outcome: OutcomeName, queue: str) -> None:
        """The last word about a call; what its legs still have to say goes to the journal only."""
        call.state, call.outcome, call.queue = State.OVER, outcome, queue or call.queue
        self._announcing.over(call)
        self._journal.over(call.id, self.now(), outcome, call.queue, call.person, call.answered_at)
        self._journal.flush()
        self.history.over(call)
        log.info("call %d: over, %s", call.id, outcome)
        if call.direction == "in" and outcome in UNSPOKEN and (outcome != "refused" or call.looked_for):
            self._audience.happened("missed", call)
        self._audience.happened("ended", call, detail=outcome)
        self._audience.call_changed(call.id)
        del self.calls[call.id]
        self._ringing.people_changed(call)

    # ---- the end ----------------------------------------------------------------------------------------------------

    async def finish(self, within: float) -> None:
        """End every call in order: messages are kept, everybody is hung up; at most so many seconds."""
        self._quiet, self.takes_calls = asyncio.Event(), False
        self._voicemail.finish_all()
        self.originate.close()
        self.loopback.close()
        for under_way in list(self.calls.values()):
            self._telephony.hang_up(under_way.leg, 16)
        self._look_whether_quiet()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._quiet.wait()

    def _look_whether_quiet(self) -> None:
        if (
            self._quiet
            and self._voicemail.quiet
            and not (self._ringing.legs or self.originate.legs or self.loopback.legs)
        ):
            self._quiet.set()

    def close(self) -> None:
        for part in (self._announcing, self.desk, self.outgoing, self._listening, self._voicemail, self._ringing):
            part.close()
        for clock in (self._people, self._overrides, self._duty, self._midnight, self._routing):
            clock.close()
