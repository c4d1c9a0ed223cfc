# SPDX-License-Identifier: GPL-2.0-or-later
"""Taking a call that rings at another telephone."""

from collections.abc import Callable, Iterable, Mapping

from appliance.calls.call import Call, Ring
from appliance.calls.hands import Hands
from appliance.calls.ports import Leg, Telephony
from appliance.settings import people
from appliance.settings.models import Settings


def group(s: Settings, person: str) -> set[str]:
    """Who is in a queue or department with a person."""
    together = [{member.person for member in people.of_queue(s, queue)} for queue in s.queue.values()]
    together += [{name.partition(".")[0] for name in one.people} for one in s.department.values()]
    return {name for names in together if person in names for name in names}


class Pickup:
    """Picks among the calls that ring."""

    def __init__(
        self, hands: Hands, telephony: Telephony, calls: Mapping[int, Call], settings: Callable[[], Settings]
    ) -> None:
        self._hands, self._telephony, self._calls, self._settings = hands, telephony, calls, settings

    def take(self, leg: Leg, phone: str, of: str) -> bool:
        """The call that rings at a person ("": at anybody) goes to whoever dialled; whether there was one."""
        person = self._hands.owner(phone)
        call = (
            self._at({of}, person)
            if of
            else self._at(group(self._settings(), person), person) or self._at(None, person)
        )
        return call is not None and self.take_call(call, leg, phone)

    def take_call(self, call: Call, leg: Leg, phone: str) -> bool:
        person = self._hands.owner(phone)
        rung = list(call.ringing_people())
        self._hands.display.tell(leg, call.leg)
        self._telephony.answer(leg)
        self._hands.take(call, Ring(0, person, "", {leg: phone}, leg))
        self._hands.note(call, "pickup", by=person or phone, rang=rung)
        return True

    def _at(self, rung: Iterable[str] | None, person: str) -> Call | None:
        """The one that has rung longest at one of these people; None: at anybody."""
        ringing = [
            call
            for call in self._calls.values()
            if call.leg
            and call.caller_person != person
            and any(self._wanted(ring, rung) for ring in call.rings.values())
        ]
        return min(ringing, key=lambda call: (call.since, call.id), default=None)

    @staticmethod
    def _wanted(ring: Ring, rung: Iterable[str] | None) -> bool:
        return bool(ring.person) and not ring.answered and (rung is None or ring.person in rung)
