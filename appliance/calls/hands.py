# SPDX-License-Identifier: GPL-2.0-or-later
"""Legs that change hands: a partner left alone, a leg that takes a call, a call sent on."""

import logging
import re
from collections.abc import Callable
from itertools import combinations
from typing import Protocol

from appliance.calls.call import Call, Ring, State
from appliance.calls.display import party
from appliance.calls.features import Dialled, dialled
from appliance.calls.holding import Holding
from appliance.calls.ports import Journal, Leg, Telephony
from appliance.calls.ringing import Ringing
from appliance.calls.routing import Routing
from appliance.calls.sound import Sound
from appliance.core.names import Fact, Trust
from appliance.settings.dialled import for_help
from appliance.settings.feature_rules import extensions
from appliance.settings.models import TELEPHONES, Settings
from appliance.settings.numbers import emergency_numbers, normalise
from appliance.settings.outgoing import outside

log = logging.getLogger("calls")

OUTSIDE = re.compile(r"\+?[0-9]{2,}")
SERVICE = "own.service"  # the step in which the switch does something with a call itself


class Calls(Protocol):
    """What call control does for us."""

    calls: dict[int, Call]

    def place(
        self,
        leg: Leg,
        phone: str,
        called: str,
        *,
        up: bool = False,
        purpose: Dialled | None = None,
        at_once: bool = False,
        begun: Callable[[Call], None] = lambda call: None,
        mobile: str = "",
        id: int = 0,
    ) -> Call | None:
        """A call from a telephone as if it had dialled; up: its leg is answered already; purpose: what the switch does
        with it itself; begun: told of it before anything happens; mobile: whose mobile it is, `phone` being its line;
        id: of a call that the journal has already.
        None: refused, which is for the caller to tell."""

    def arrived(self, call: Call, leg: Leg, trust: Trust, step: int) -> None: ...


def reaches(s: Settings, number: str) -> bool:
    """Whether a call may be sent to a number, as a telephone would dial it. Never to one that calls for help."""
    if number in extensions(s):
        return True
    bare = outside(s, (), number)
    if not s.outside.lines or bare is None or not OUTSIDE.fullmatch(bare):
        return False
    return number not in emergency_numbers(s.office.country) and not for_help(s, normalise(bare, s.office.country))


class Hands:
    """A pair (call, ring) names somebody on a call: ring None is its caller, else the one who answered."""

    def __init__(
        self,
        routing: Routing,
        telephony: Telephony,
        ringing: Ringing,
        sound: Sound,
        holding: Holding,
        journal: Journal,
        calls: Calls,
        owner: Callable[[str], str],
        may_dial: Callable[[str, str], bool],
    ) -> None:
        """owner: whose a telephone is; may_dial: whether a person may have a call sent to a number."""
        self._may_dial, self.display = may_dial, ringing.display
        self._routing, self._telephony, self._ringing, self._sound = routing, telephony, ringing, sound
        self._holding, self._journal, self._calls, self.owner = holding, journal, calls, owner

    def is_known(self, number: str) -> bool:
        """Whether a call can be sent to a number at all."""
        return reaches(self._routing.rules.settings, number)

    def reaches(self, number: str, person: str) -> bool:
        """Whether somebody may send a call to a number."""
        return self.is_known(number) and self._may_dial(number, person)

    # ---- who is who -------------------------------------------------------------------------------------------------

    def on(self, leg: Leg) -> tuple[Call, Ring | None] | None:
        """Whose a leg is on a call under way."""
        call, ring = self._ringing.legs.get(leg, (None, None))
        return (call, ring) if call and call.state is not State.OVER else None

    def talking(self, leg: Leg) -> tuple[Call, Ring | None] | None:
        """The same, of somebody who talks."""
        if (found := self.on(leg)) and found[0].talk and found[1] in (None, found[0].talk):
            return found
        return None

    @staticmethod
    def partner(call: Call, ring: Ring | None) -> Leg:
        """The leg at the other end; 0 when there is none."""
        if ring:
            return call.leg
        return call.talk.answered if call.talk else 0

    @staticmethod
    def person(call: Call, ring: Ring | None) -> str:
        return ring.person if ring else call.caller_person

    @staticmethod
    def phone(call: Call, ring: Ring | None) -> str:
        """The telephone, or line of a mobile."""
        return ring.parties.get(ring.answered, "") if ring else call.party()

    @staticmethod
    def leg_of(call: Call, person: str) -> Leg:
        """The leg of somebody who answered a call, or began it; 0 when he is not on it."""
        if call.talk and person and call.talk.person == person:
            return call.talk.answered
        return call.leg if person and call.caller_person == person else 0

    def mobile(self, call: Call, ring: Ring | None) -> str:
        """Whose mobile it is, "" when it is none."""
        on_mobile = ring.answered == ring.outside if ring else call.mobile
        return self.person(call, ring) if on_mobile else ""

    def is_busy(self, person: str) -> bool:
        """Whether somebody has a call in his hands that he answered."""
        return any(call.talk and call.talk.person == person for call in self._calls.calls.values())

    def is_on_a_call(self, person: str) -> bool:
        """Whether somebody talks, whoever called."""
        calls = self._calls.calls.values()
        return self.is_busy(person) or any(call.talk and call.caller_person == person for call in calls)

    def is_rung(self, person: str) -> bool:
        """Whether a telephone of somebody rings."""
        return any(ring.person == person for call in self._calls.calls.values() for ring in call.rings.values())

    def ringing(self, call: Call) -> None:
        """The caller hears that it rings, by music when he is answered."""
        if call.up:
            self._sound.music(call)
        else:
            self._ringing.tell_ringing(call)

    def note(self, call: Call, kind: str, **detail: object) -> None:
        self._journal.event(call.id, self._routing.now(), kind, detail)

    # ---- audio ------------------------------------------------------------------------------------------------------

    def join(self, *legs: Leg) -> None:
        """Each hears all others, and is told who they are."""
        for one, other in combinations(legs, 2):
            self.connect(one, other)
        self.display.meet(*legs)

    def connect(self, one: Leg, other: Leg) -> None:
        self._telephony.hear(one, other)
        self._telephony.hear(other, one)

    def part(self, one: Leg, other: Leg) -> None:
        self._telephony.unhear(one, other)
        self._telephony.unhear(other, one)

    # ---- changing hands ---------------------------------------------------------------------------------------------

    def left_alone(self, call: Call, ring: Ring | None) -> Call:
        """The partner's call once somebody has let go of it: the partner is its caller. He who lets go keeps his leg.

        What is to become of the call must be told to the core next: it is SENT or TAKEN."""
        partner = self.partner(call, ring)
        self.part(partner, ring.answered if ring else call.leg)
        self._holding.end(partner)
        self._ringing.people_changed(call)
        if ring:
            call.talk, call.person = None, ""
            return call
        return self._of_partner(call)

    def _of_partner(self, call: Call) -> Call:
        """A call of his own for the one who was called."""
        ring = call.talk
        assert ring is not None  # as of everybody who talks
        call.talk, call.leg = None, 0
        now, line = self._routing.now(), ring.line_used() or ring.line
        outside = ring.number.e164 or ring.number.dialled
        who = party(call, ring)
        new = Call(
            self._journal.next_call_id(),
            self._routing.rules,
            "in" if line else "internal",
            line or TELEPHONES,
            outside if line else who.number,
            call.caller,
            who.name or call.name,
            now,
            ring.answered,
            phone="" if line else ring.parties.get(ring.answered, ""),
            caller_person=ring.person,
            was=who if line and who.number != outside else None,
            attributes=dict(call.attributes),
            up=True,
        )
        self._calls.calls[new.id] = new
        self._journal.call(new.id, now, new.line, new.who().number, new.called, new.name)
        self._ringing.note(new, ring.answered, ring.parties.get(ring.answered, ""), "caller", "answered")
        self.gone(call, ring.answered, ring.parties.get(ring.answered, ""), ring.kind(ring.answered))
        self.note(new, "from", before=call.id)
        self._routing.feed(Fact.HUNG_UP, call=call.id)
        step = self._routing.id("step", SERVICE)
        self._calls.arrived(new, ring.answered, Trust.PROVEN if line else Trust.OURS, step)
        return new

    def as_ring(self, call: Call, ring: Ring | None) -> Ring:
        """The partner of somebody who lets go of a call, to be put through to another; the call ends."""
        partner = self.partner(call, ring)
        self.part(partner, ring.answered if ring else call.leg)
        self._holding.end(partner)
        found = call.talk
        if ring:
            line = "" if call.phone or call.mobile else call.line
            found = Ring(0, call.caller_person, line, {partner: call.party()}, partner)
            found.outside = partner if call.mobile else 0
            found.was = party(call, None)
        assert found is not None
        found.was = found.was or (party(call, found) if found.line else None)
        kind = "caller" if ring else found.kind(partner)
        self.gone(call, partner, found.parties.get(partner, ""), kind)
        self._sound.silence(call)
        call.talk, call.leg = None, 0
        self._routing.feed(Fact.HUNG_UP, call=call.id)
        return found

    def take(self, call: Call, ring: Ring) -> None:
        """Somebody whose leg is there already has the call now, wherever it was. Raises CoreError."""
        old = self._ringing.legs.get(ring.answered)
        place = ring.parties.get(ring.answered, "")
        call.taking, ring.shown = ring, ""
        self._ringing.legs[ring.answered] = (call, ring)
        person = ring.person if ring.person in self._routing.rules.settings.person else ""
        if person and (self.is_busy(person) or person == call.caller_person):
            person = ""  # the core ends the call somebody has for the one he takes; his telephone holds it
        try:
            who = self._routing.id("person", person) if person else 0
            self._routing.tell(Fact.TAKEN, call=call.id, person=who)
        except Exception:
            call.taking = None
            if old:
                self._ringing.legs[ring.answered] = old
            else:
                del self._ringing.legs[ring.answered]
            raise
        self._ringing.note(call, ring.answered, place, ring.kind(ring.answered), "answered")

    def move(self, call: Call, ring: Ring | None, leg: Leg, phone: str) -> None:
        """Somebody goes on talking at another telephone of his own; of that the core need not know."""
        old, partner = ring.answered if ring else call.leg, self.partner(call, ring)
        kind = ring.kind(old) if ring else "caller"
        self.part(partner, old)
        self.gone(call, old, self.phone(call, ring), kind)
        del self._ringing.legs[old]
        if ring:
            ring.parties, ring.answered = {leg: phone}, leg
        else:
            call.leg, call.phone, call.mobile = leg, phone, ""
        self._ringing.legs[leg] = (call, ring)
        self._ringing.note(call, leg, phone, kind, "answered")
        self._holding.end(partner)
        self.join(partner, leg)
        self.hang_up(old)

    def gone(self, call: Call, leg: Leg, party: str, kind: str) -> None:
        """Write down that a leg is no longer on a call; it may be on another."""
        self._ringing.note(call, leg, party, kind, "ended", 16)

    def without_caller(self, call: Call) -> None:
        """A call ends whose caller's leg goes on elsewhere."""
        self._sound.silence(call)
        call.leg = 0
        self._routing.feed(Fact.HUNG_UP, call=call.id)

    def back_on(self, leg: Leg, call: Call, ring: Ring | None) -> None:
        """What comes from a leg is about this call again."""
        self._ringing.legs[leg] = (call, ring)

    def send(self, call: Call, number: str, by: str) -> None:
        """Send a call to a number that reaches() accepts, or a room. Raises CoreError."""
        s = self._routing.rules.settings
        meant = dialled(s, number)
        who = self._routing.id("person", by) if by in s.person else 0
        if meant and meant.feature == "room":
            call.purpose = meant
            self._routing.tell(Fact.SENT, call=call.id, what=self._routing.id("step", SERVICE), person=who)
        else:
            call.called = number
            self._routing.tell(Fact.SENT, call=call.id, other=number.removeprefix("+"), person=who)
        self.note(call, "sent", to=number, by=by)

    def send_to(self, call: Call, step: str, by: str) -> None:
        """Send a call to a step of the plan such as own.parked. Raises CoreError."""
        who = self._routing.id("person", by) if by in self._routing.rules.settings.person else 0
        self._routing.tell(Fact.SENT, call=call.id, what=call.rules.names.id("step", step), person=who)

    def hang_up(self, leg: Leg, cause: int = 16) -> None:
        self._telephony.hang_up(leg, cause)
