# SPDX-License-Identifier: GPL-2.0-or-later
"""Transfers: blind, or after asking; the partner who waits meanwhile, and talking all three."""

from collections.abc import Callable
from dataclasses import dataclass

from appliance.calls.call import Call, Ring
from appliance.calls.features import dialled
from appliance.calls.hands import Calls, Hands
from appliance.calls.holding import Holding
from appliance.calls.parking import Parking
from appliance.calls.ports import Leg
from appliance.core import CoreError
from appliance.settings.models import Settings

OK, FORBIDDEN, NOT_FOUND, BUSY_HERE, UNAVAILABLE = 200, 403, 404, 486, 503  # what a telephone is told of its REFER


@dataclass(slots=True)
class Asking:
    """Somebody asks another before he transfers. His leg is that of both calls; the core sees him on both."""

    leg: Leg
    person: str
    first: Call
    ring: Ring | None  # his in the first call; None: he is its caller
    second: Call  # whose caller he is
    back: bool = False  # he talks to the first now
    three: bool = False  # all talk


class Transfer:
    """By REFER and by keys."""

    def __init__(
        self, hands: Hands, holding: Holding, parking: Parking, calls: Calls, settings: Callable[[], Settings]
    ) -> None:
        self._hands, self._holding, self._parking, self._calls = hands, holding, parking, calls
        self._settings = settings
        self.asking: dict[Leg, Asking] = {}

    # ---- blind ------------------------------------------------------------------------------------------------------

    def blind(self, leg: Leg, number: str) -> int:
        """Send the partner to a number, a room or the park; a status of SIP. The leg is no longer on the call then."""
        found = self._hands.talking(leg)
        if not found or self.entangled(found[0]):
            return UNAVAILABLE
        call, ring = found
        meant = dialled(self._settings(), number)
        if meant and meant.feature in ("park", "slot"):
            return OK if self._parking.park(call, ring, leg, meant.what) else BUSY_HERE
        person = self._hands.person(call, ring)
        if not (meant and meant.feature == "room"):
            if meant or not self._hands.is_known(number):
                return NOT_FOUND
            if not self._hands.reaches(number, person):
                return FORBIDDEN
        self._send(self._hands.left_alone(call, ring), number, person)
        return OK

    def _send(self, alone: Call, number: str, person: str) -> None:
        alone.returns_to = person
        try:
            self._hands.send(alone, number, person)
        except CoreError:
            self._hands.hang_up(alone.leg, 38)  # network out of order: the plan changed in this moment
        self._hands.note(alone, "transfer", to=number, by=person, how="blind")

    def entangled(self, call: Call) -> bool:
        """Whether somebody asks by this call, or about it: then it is his alone to hand on."""
        return any(call in (one.first, one.second) for one in self.asking.values())

    # ---- after asking -----------------------------------------------------------------------------------------------

    def ask(self, leg: Leg, number: str) -> bool:
        """Call somebody while the partner is held; whether that can be."""
        found = self._hands.talking(leg)
        meant = dialled(self._settings(), number)
        if not found or self.entangled(found[0]) or meant:
            return False
        call, ring = found
        if not self._hands.reaches(number, self._hands.person(call, ring)):
            return False
        partner, phone = self._hands.partner(call, ring), self._hands.phone(call, ring)
        mobile = self._hands.mobile(call, ring)
        if not mobile and phone not in self._settings().phone:
            return False
        self._hands.part(leg, partner)
        self._holding.begin(partner, call.rules.settings)
        asking = Asking(leg, self._hands.person(call, ring), call, ring, call)
        self.asking[leg] = asking

        def begun(second: Call) -> None:
            asking.second = second
            self._hands.note(call, "consult", to=number, by=asking.person, second=second.id)

        if not self._calls.place(leg, phone, number, up=True, begun=begun, mobile=mobile):
            self._drop(asking)
            return False
        return True

    def swap(self, leg: Leg) -> bool:
        """To the other partner; who has not answered yet is let go."""
        asking = self.asking.get(leg)
        if not asking:
            return False
        first, second = self._partners(asking)
        if not second:
            self.returned(asking.second)
            return True
        if asking.three:
            self._hands.part(first, second)
            asking.three, asking.back = False, True  # and now the second again
        asking.back = not asking.back
        heard, held = (first, second) if asking.back else (second, first)
        self._hands.part(leg, held)
        self._holding.begin(held, asking.first.rules.settings)
        self._holding.end(heard)
        self._hands.join(leg, heard)
        return True

    def three(self, leg: Leg) -> bool:
        """All three talk, when the one who is asked is there."""
        asking = self.asking.get(leg)
        if not asking or not all(self._partners(asking)):
            return False
        first, second = self._partners(asking)
        for partner in (first, second):
            self._holding.end(partner)
        self._hands.join(leg, first, second)
        asking.three = True
        self._hands.note(asking.first, "conference", by=asking.person, second=asking.second.id)
        return True

    def complete(self, leg: Leg) -> bool:
        """The two are put through; or, when the second has not answered, the first is sent where he was called."""
        asking = self.asking.pop(leg, None)
        if not asking:
            return False
        first, second, number = asking.first, asking.second, asking.second.called
        if not self._holds_first(asking):
            self._let_go_of(second)
            if first.leg == leg:
                self._let_go_of(first)
            return True
        self._gone(first, asking)
        if asking.three:
            self._hands.part(*self._partners(asking))
        if second.talk:
            alone = self._hands.left_alone(first, asking.ring)
            self._put_through(alone, self._hands.as_ring(second, None), asking.person)
        else:
            self._let_go_of(second)
            self._send(self._hands.left_alone(first, asking.ring), number, asking.person)
        return True

    def join(self, leg: Leg, other: Leg) -> int:
        """Put through the partners of two legs of one telephone, as a REFER with Replaces asks; a status of SIP."""
        one, two = self._hands.talking(leg), self._hands.on(other)
        if not one or not two or one[0] is two[0] or self.entangled(one[0]) or self.entangled(two[0]):
            return UNAVAILABLE
        person = self._hands.person(*one)
        if not two[0].talk:
            if two[1]:
                return UNAVAILABLE
            if not self._hands.reaches(two[0].called, person):
                return FORBIDDEN
            number = two[0].called
            self._let_go_of(two[0])
            self._send(self._hands.left_alone(*one), number, person)
        else:
            alone = self._hands.left_alone(*one)
            self._put_through(alone, self._hands.as_ring(*two), person)
        self._hands.hang_up(other)
        return OK

    def _put_through(self, alone: Call, ring: Ring, person: str) -> None:
        alone.returns_to = ""
        try:
            self._hands.take(alone, ring)
        except CoreError:
            self._hands.hang_up(ring.answered, 38)
            self._hands.hang_up(alone.leg, 38)
        self._hands.note(alone, "transfer", to=ring.person or ring.line, by=person, how="attended")

    def pressed(self, leg: Leg, feature: str, number: str) -> bool:
        """Carry out what was pressed in a call; whether it could be."""
        match feature:
            case "transfer" if self.blind(leg, number) == OK:
                self._hands.hang_up(leg)
                return True
            case "consult" if leg in self.asking:
                self.complete(leg)
                self._hands.hang_up(leg)
                return True
            case "consult":
                return self.ask(leg, number)
            case "swap":
                return self.swap(leg)
            case "three_way":
                return self.three(leg)
        return False

    # ---- ends -------------------------------------------------------------------------------------------------------

    def over(self, leg: Leg) -> None:
        """A leg is over: of who asks, which puts the others through, or of his first partner."""
        if leg in self.asking:
            self.complete(leg)
            return
        for asking in list(self.asking.values()):
            if self._hands.partner(asking.first, asking.ring) == leg:
                del self.asking[asking.leg]
                self._gone(asking.first, asking)
                if asking.ring:
                    asking.first.talk = None
                else:
                    asking.first.leg = 0
                if (asking.back or asking.three) and (second := self._hands.partner(asking.second, None)):
                    self._hands.part(leg, second)
                    self._holding.end(second)
                    self._hands.join(asking.leg, second)

    def returned(self, second: Call) -> bool:
        """The second call ends: who asked has his first partner again. Whether it is one."""
        asking = next((one for one in self.asking.values() if one.second is second), None)
        if not asking:
            return False
        del self.asking[asking.leg]
        if other := self._hands.partner(second, None):
            self._hands.part(asking.leg, other)
            self._hands.part(self._hands.partner(asking.first, asking.ring), other)
            self._holding.end(other)
        self._let_go_of(second)
        self._hands.gone(second, asking.leg, second.party(), "caller")
        self._again(asking)
        return True

    def _drop(self, asking: Asking) -> None:
        if self.asking.pop(asking.leg, None):
            self._again(asking)

    def _again(self, asking: Asking) -> None:
        partner = self._hands.partner(asking.first, asking.ring)
        self._holding.end(partner)
        self._hands.back_on(asking.leg, asking.first, asking.ring)
        self._hands.join(asking.leg, partner)

    @staticmethod
    def _holds_first(asking: Asking) -> bool:
        """Whether who asks is on the first call still; a supervisor may have sent it elsewhere."""
        first = asking.first
        return first.talk is not None and (first.talk is asking.ring or (not asking.ring and first.leg == asking.leg))

    def _gone(self, first: Call, asking: Asking) -> None:
        kind = asking.ring.kind(asking.leg) if asking.ring else "caller"
        self._hands.gone(first, asking.leg, self._hands.phone(first, asking.ring), kind)

    def _let_go_of(self, call: Call) -> None:
        """End a call; the telephone of who asked stays."""
        self._hands.without_caller(call)

    def _partners(self, asking: Asking) -> tuple[Leg, Leg]:
        return self._hands.partner(asking.first, asking.ring), self._hands.partner(asking.second, None)
