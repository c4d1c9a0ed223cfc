# SPDX-License-Identifier: GPL-2.0-or-later
"""Ringing people and lines, and putting the caller through to whoever answers."""

import logging

from appliance.calls.call import Call, Ring, State
from appliance.calls.ports import Audience, Journal, Leg, Telephony
from appliance.calls.routing import Routing
from appliance.calls.sound import Sound
from appliance.core import Command
from appliance.core.names import Fact

log = logging.getLogger("calls")

DECLINED = 21  # Q.850


class Ringing:
    """Every leg under way and whose it is; ring None: the caller's."""

    def __init__(
        self, routing: Routing, telephony: Telephony, sound: Sound, journal: Journal, audience: Audience
    ) -> None:
        self.legs: dict[Leg, tuple[Call, Ring | None]] = {}
        self._routing, self._telephony, self._sound = routing, telephony, sound
        self._journal, self._audience = journal, audience

    # ---- commands ---------------------------------------------------------------------------------------------------

    def ring(self, call: Call, command: Command) -> None:
        settings = self._routing.rules.settings
        person = self._routing.name(command.target)
        ring = Ring(command.leg, person, "")
        name = call.name or call.caller or "Withheld"
        if queue := self._routing.name(command.queue):
            name = f"{settings.queue[queue].name if queue in settings.queue else queue}: {name}"
        table = settings.person.get(person)
        for phone in table.phones if table else ():
            for leg in self._telephony.ring_phone(phone, call.caller, name):
                ring.parties[leg] = phone
        self._begin(call, ring, "phone", 20)
        self._audience.happened("ringing", call, person)

    def dial(self, call: Call, command: Command) -> None:
        line = self._routing.name(command.target)
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
            self.legs[leg] = (call, ring)
            self.note(call, leg, party, kind, "started")
        if ring.parties:
            if call.state is State.ARRIVED:
                call.state = State.RINGING
        else:
            self._routing.feed(Fact.REFUSED, call=call.id, leg=ring.leg, value=cause)
            call.rings.pop(ring.leg, None)
        if ring.person:
            self._audience.person_changed(ring.person)

    def stop(self, call: Call, leg: int, cause: int) -> None:
        ring = call.rings.pop(leg, None)
        if not ring:
            return
        for one in ring.parties:
            self._telephony.hang_up(one, cause)
        if ring.person:
            self._audience.person_changed(ring.person)

    def answer(self, call: Call) -> None:
        if not call.up and call.leg:
            call.up = True
            self._telephony.answer(call.leg)

    def bridge(self, call: Call, leg: int) -> None:
        ring = call.rings.pop(leg, None)
        if not ring or not call.leg:
            return
        self._sound.silence(call)
        self.answer(call)
        self._telephony.hear(call.leg, ring.answered)
        self._telephony.hear(ring.answered, call.leg)
        call.talk, call.person, call.state, call.answered_at = ring, ring.person, State.TALKING, self._routing.now()
        log.info(
            "call %d: answered by %s after %.1f s",
            call.id,
            ring.person or ring.line,
            (call.answered_at - call.since) / 1000,
        )
        self._audience.happened("answered", call, ring.person)
        self.people_changed(call)

    def hang_up(self, call: Call, cause: int) -> None:
        """End every leg of a call."""
        if call.leg:
            self._telephony.hang_up(call.leg, cause)
        if call.talk and call.talk.answered:
            self._telephony.hang_up(call.talk.answered, cause)
        for leg in list(call.rings):
            self.stop(call, leg, cause)

    # ---- facts of those who are rung --------------------------------------------------------------------------------

    def rang(self, call: Call, ring: Ring, leg: Leg) -> None:
        self.note(call, leg, ring.parties.get(leg, ""), kind(ring), "rang")
        if not call.up and not call.told_ringing and call.leg:
            call.told_ringing = True
            self._telephony.ringing(call.leg)
        self._routing.feed(Fact.RANG, call=call.id, leg=ring.leg)

    def answered(self, call: Call, ring: Ring, leg: Leg) -> None:
        self.note(call, leg, ring.parties.get(leg, ""), kind(ring), "answered")
        if ring.answered:
            self._telephony.hang_up(leg, 26)
            return
        ring.answered = leg
        for other in ring.parties:
            if other != leg:
                self._telephony.hang_up(other, 26)
        self._routing.feed(Fact.ANSWERED, call=call.id, leg=ring.leg)

    def over(self, call: Call, ring: Ring, leg: Leg, cause: int) -> None:
        self.note(call, leg, ring.parties.pop(leg, ""), kind(ring), "ended", cause)
        if ring.answered == leg:
            if call.state is not State.OVER:
                self._routing.feed(Fact.LEFT, call=call.id, leg=ring.leg)
        elif ring.leg in call.rings and not ring.answered:
            self._one_refused(call, ring, cause)

    def _one_refused(self, call: Call, ring: Ring, cause: int) -> None:
        """One of his telephones failed: he refused if he declined, or when it was the last."""
        if cause == DECLINED:
            for other in ring.parties:
                self._telephony.hang_up(other, 26)
        if cause == DECLINED or not ring.parties:
            call.rings.pop(ring.leg, None)
            self._routing.feed(Fact.REFUSED, call=call.id, leg=ring.leg, value=cause)
            self._audience.call_changed(call.id)
            if ring.person:
                self._audience.person_changed(ring.person)

    # ---- what is written and told -----------------------------------------------------------------------------------

    def note(self, call: Call, leg: Leg, party: str, kind: str, state: str, cause: int = 0) -> None:
        """Write down what became of a leg."""
        self._journal.leg(call.id, call.row(leg), self._routing.now(), party, kind, state, cause)

    def people_changed(self, call: Call) -> None:
        for person in {call.person, call.caller_person, *(ring.person for ring in call.rings.values())} - {""}:
            self._audience.person_changed(person)


def kind(ring: Ring) -> str:
    return "phone" if ring.person else "trunk"
