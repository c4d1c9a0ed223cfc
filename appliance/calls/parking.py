# SPDX-License-Identifier: GPL-2.0-or-later
"""Parked calls: each in a slot, till somebody dials it, or it returns to who parked it."""

from collections.abc import Callable
from functools import partial

from appliance.calls.call import Call, Ring, State
from appliance.calls.hands import Hands
from appliance.calls.holding import Holding
from appliance.calls.ports import Leg, Telephony
from appliance.calls.telling import SAYS_NUMBER, Telling
from appliance.core import CoreError
from appliance.settings.feature_rules import slots
from appliance.settings.models import Settings

STEP = "own.parked"


class Parking:
    """Slots and the calls in them."""

    def __init__(
        self,
        hands: Hands,
        holding: Holding,
        telling: Telling,
        telephony: Telephony,
        settings: Callable[[], Settings],
        lamp: Callable[[str, Call | None], None],
    ) -> None:
        """lamp: told of each slot with the call that is in it now, or none."""
        self._hands, self._holding, self._telling, self._telephony = hands, holding, telling, telephony
        self._settings, self._lamp = settings, lamp
        self.slots: dict[str, Call] = {}

    def free(self) -> str:
        """The first free slot, "" when all are taken."""
        return next((slot for slot in slots(self._settings()) if slot not in self.slots), "")

    def park(self, call: Call, ring: Ring | None, leg: Leg, slot: str = "", *, stays: bool = False) -> str:
        """Park the partner of somebody who talks; the slot, "" when there is none. stays: his telephone is told which,
        and hung up then; else it hangs up itself."""
        slot = slot or self.free()
        if not slot or slot in self.slots:
            return ""
        person = self._hands.person(call, ring)
        alone = self._hands.left_alone(call, ring)
        self.put(alone, slot, person)
        if stays:
            self._telling.tell(leg, self._settings(), SAYS_NUMBER, slot, partial(self._hands.hang_up, leg))
        return slot

    def put(self, call: Call, slot: str, by: str) -> None:
        """A call that nobody has goes into a free slot; CoreError when it cannot be parked."""
        call.slot, call.handed_on_by = slot, by
        self.slots[slot] = call
        try:
            self._hands.send_to(call, STEP, by)
        except CoreError:
            del self.slots[slot]
            call.slot = ""
            raise
        self._hands.note(call, "parked", slot=slot, by=by)

    def parked(self, call: Call) -> None:
        """The core has it so."""
        call.state = State.PARKED
        if not call.slot and (slot := self.free()):  # sent here by somebody who did not say where
            call.slot = slot
            self.slots[slot] = call
        self._holding.begin(call.leg, call.rules.settings)
        if call.slot:
            self._lamp(call.slot, call)

    def take(self, leg: Leg, phone: str, slot: str) -> bool:
        """Whoever dialled the slot has its call; whether there was one."""
        call = self.slots.get(slot)
        if not call or call.state is not State.PARKED:
            return False
        person = self._hands.owner(phone)
        self._holding.end(call.leg)
        self._hands.display.tell(leg, call.leg)
        self._telephony.answer(leg)
        self._hands.take(call, Ring(0, person, "", {leg: phone}, leg))
        self._hands.note(call, "unparked", slot=slot, by=person or phone)
        return True

    def look(self) -> None:
        """Slots whose call is elsewhere by now are free."""
        for slot, call in list(self.slots.items()):
            if call.state is not State.PARKED:
                del self.slots[slot]
                call.slot = ""
                self._holding.end(call.leg)
                self._lamp(slot, None)
