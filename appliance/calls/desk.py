# SPDX-License-Identifier: GPL-2.0-or-later
"""What people do with calls at their telephones: each thing is a file of its own, here it is found out which is meant."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from appliance.calls.call import Call, Ring, State
from appliance.calls.callback import CallBack
from appliance.calls.calling import Calling
from appliance.calls.diverting import Diverting
from appliance.calls.features import Dialled, Keys, dialled
from appliance.calls.hands import Calls, Hands
from appliance.calls.holding import Holding
from appliance.calls.listening import ANY, OWN
from appliance.calls.paging import Paging
from appliance.calls.parking import Parking
from appliance.calls.people import People
from appliance.calls.pickup import Pickup
from appliance.calls.ports import Audience, Journal, Leg, Port, Telephony
from appliance.calls.recorded import Recorder
from appliance.calls.recorded_rooms import RecordedRooms
from appliance.calls.recording import Recording
from appliance.calls.reminding import remind
from appliance.calls.ringing import Ringing
from appliance.calls.rooms import Rooms
from appliance.calls.routing import Routing
from appliance.calls.services import Services
from appliance.calls.sound import Sound
from appliance.calls.supervision import Supervision
from appliance.calls.telling import FAILED, Telling
from appliance.calls.transfer import OK, Transfer
from appliance.core import CoreError
from appliance.settings.dialled import NotDialled
from appliance.settings.feature_rules import slots
from appliance.settings.models import TELEPHONES, Settings
from appliance.settings.prompts import Prompt

log = logging.getLogger("calls")

NOBODY_THERE, REFUSED = 1, 21  # Q.850: a number nobody has, rejected


class Desk:
    """Everything but the routing of calls. Methods that say whether leave the rest to call control when it was not theirs."""

    def __init__(
        self,
        routing: Routing,
        telephony: Telephony,
        sound: Sound,
        ringing: Ringing,
        journal: Journal,
        audience: Audience,
        control: Calls,
        people: People,
        sounds: Callable[[str], Path],
        spoken: Callable[[str, str], str],
        prompt: Callable[[Settings, Prompt], str],
        listen: Callable[[Call], None],
        may_dial: Callable[[str, str], bool],
        words: Callable[[Call, str], str],
        recorder: Recorder,
    ) -> None:
        """spoken: the WAV file of a text in a language; prompt: that of a prompt; words: the same in a caller's language;
        listen: lets a caller listen to the messages of the mailbox he called; may_dial: whether a person may have a call
        sent to a number."""
        self._listen, self._people = listen, people
        self._routing, self._telephony, self._ringing, self._control = routing, telephony, ringing, control
        self._journal = journal
        self._sound = sound
        settings = self._settings
        self.calling = Calling(telephony)
        self._holding = Holding(telephony, sounds, prompt)
        self._telling = Telling(telephony, sounds, spoken)
        self._hands = hands = Hands(
            routing, telephony, ringing, sound, self._holding, journal, control, people.owner, may_dial
        )
        self.parking = Parking(hands, self._holding, self._telling, telephony, settings, audience.slot_changed)
        self.pickup = Pickup(hands, telephony, control.calls, settings)
        self._transfer = Transfer(hands, self._holding, self.parking, control, settings)
        self.diverting = Diverting(routing, hands, self.calling, people.known, settings)
        self._services = Services(hands, self._telling, people, settings)
        self.rooms = Rooms(hands, self._holding, self._telling, self._services, settings)
        self._paging = Paging(hands, telephony, self.calling, self._services, settings)
        self.call_back = CallBack(self.calling, control, hands.hang_up, settings, routing.now)
        self.supervision = Supervision(hands, telephony, self.calling)
        self.recording = Recording(
            *(hands, self._holding, telephony, journal, audience, recorder, control.calls, routing.now, sounds, words)
        )
        ringing.meet = self.recording.meet
        self.rooms.recorded = self._recorded_rooms = RecordedRooms(self.recording, telephony, words)
        people.remind = self._remind
        self._keys: dict[Leg, tuple[Keys, asyncio.TimerHandle | None]] = {}

    def _settings(self) -> Settings:
        return self._routing.rules.settings

    def _remind(self, person: str) -> None:
        status = self._people.known[person].status
        remind(person, status, self._settings(), self._hands, self.calling, self._telling)

    # ---- dialled ----------------------------------------------------------------------------------------------------

    def dialled(self, leg: Leg, phone: str, number: str, replaces: Leg) -> bool:
        """A telephone dials; whether it is for us."""
        if replaces:
            self._replace(leg, phone, replaces)
        elif asked := dialled(self._settings(), number):
            self._asked(leg, phone, number, asked)
        else:
            return False
        self._routing.drain()
        return True

    def _asked(self, leg: Leg, phone: str, number: str, asked: Dialled) -> None:
        try:
            match asked.feature:
                case "slot":
                    found = self.parking.take(leg, phone, asked.what)
                case "pickup":
                    found = self.pickup.take(leg, phone, asked.what.partition(".")[2])
                case "park":
                    found = False
                case "intercom":
                    person = self._settings().person[asked.what.partition(".")[2]]
                    found = self._control.place(leg, phone, person.extension or "", at_once=True) is not None
                case "voicemail" | "mailbox":  # whatever the codes of the settings are
                    called = OWN if asked.feature == "voicemail" else ANY + asked.what
                    found = self._control.place(leg, phone, called, purpose=asked) is not None
                case _:
                    found = self._control.place(leg, phone, number, purpose=asked) is not None
        except CoreError as fault:
            log.info("%s cannot have %s: %s", phone, asked.feature, fault.id)
            found = False
        if not found:
            self._telephony.hang_up(leg, NOBODY_THERE)

    def _replace(self, leg: Leg, phone: str, replaces: Leg) -> None:
        """A telephone wants the call of another: one that rings there or is parked, or one talked on by the same person."""
        found = self._hands.on(replaces)
        try:
            if found and self._taken(leg, phone, *found):
                return
        except CoreError as fault:
            log.info("%s cannot have the call: %s", phone, fault.id)
        self._telephony.hang_up(leg, NOBODY_THERE)

    def _taken(self, leg: Leg, phone: str, call: Call, ring: Ring | None) -> bool:
        if ring is None and call.slot:
            return self.parking.take(leg, phone, call.slot)
        if ring and ring is not call.talk:
            return self.pickup.take_call(call, leg, phone)
        person = self._hands.owner(phone)
        if not call.talk or not person or person != self._hands.person(call, ring):
            return False
        self._hands.display.tell(leg, self._hands.partner(call, ring))
        self._telephony.answer(leg)
        old = ring.answered if ring else call.leg
        self._hands.move(call, ring, leg, phone)
        self.recording.moved(old, leg)
        return True

    def parked(self, call: Call, step: str) -> None:
        """The core leaves a call to us."""
        self._sound.silence(call)
        asked = call.purpose
        if step == "own.parked":
            self.parking.parked(call)
        elif asked:
            call.purpose = None
            call.state = State.MENU
            self._serve(call, asked)

    def _serve(self, call: Call, asked: Dialled) -> None:
        if asked.feature in ("voicemail", "mailbox"):
            self._ringing.answer(call)
            self._listen(call)
        elif asked.feature == "room":
            self.rooms.enter(call, asked.what)
        elif asked.feature == "paging":
            self._paging.page(call, asked.what, self._not_to_be_paged)
        elif asked.feature == "call_back":
            wished = self.call_back.wish(call.caller_person, call.phone, asked.what.partition(".")[2])
            self._hands.note(call, "feature", feature=asked.feature, what=asked.what, done=wished)
            self._services.told(call, asked.feature if wished else FAILED)
        elif not self._services.serve(call, asked):
            self._services.told(call, FAILED)

    def _not_to_be_paged(self, person: str) -> bool:
        return bool(person) and (self._hands.is_on_a_call(person) or self._people.known[person].dnd)

    # ---- pressed in a call ------------------------------------------------------------------------------------------

    def digit(self, call: Call, ring: Ring | None, leg: Leg, digit: str) -> bool:
        """A key; whether it is for us."""
        if self._holding.digit(leg, digit) or (ring is None and self.rooms.digit(call, digit)):
            return True
        if self.recording.digit(leg, digit) or self._recorded_rooms.digit(leg, digit):
            return True
        ours = self._hands.person(call, ring) or (ring is None and call.phone)
        if not ours or not (call.talk or leg in self._transfer.asking):
            return False
        keys, timer = self._keys.get(leg) or (Keys(call.rules.settings), None)
        if timer:
            timer.cancel()
        told = keys.press(digit, leg in self._transfer.asking)
        if told == digit:
            return False
        wait = call.rules.settings.features.key_wait
        loop = asyncio.get_running_loop()
        self._keys[leg] = (keys, loop.call_later(wait, self._no_more_keys, leg) if keys.open else None)
        self._pressed(leg, told)
        return True

    def _no_more_keys(self, leg: Leg) -> None:
        keys, _ = self._keys[leg]
        self._keys[leg] = (keys, None)
        self._pressed(leg, keys.give_up())

    def _pressed(self, leg: Leg, told: Dialled | str) -> None:
        if isinstance(told, str):
            found = self._hands.talking(leg)
            for key in told if found else "":
                self._telephony.press(self._hands.partner(*found), key)  # type: ignore[misc]
            return
        if not self._carry_out(leg, told):
            self._telling.tell(leg, self._settings(), FAILED)

    def _carry_out(self, leg: Leg, told: Dialled) -> bool:
        """A code of somebody who is on a call; whether that can be."""
        found = self._hands.talking(leg)
        if told.feature == "record_pause":
            if said := self.recording.pause(leg):
                self._telling.tell(leg, self._settings(), said)
            return bool(said)
        if told.feature == "park" and found and not self._transfer.entangled(found[0]):
            done = bool(self.parking.park(*found, leg, stays=True))
        else:
            done = self._transfer.pressed(leg, told.feature, told.what)
        self._routing.drain()
        return done

    # ---- what telephones ask in a call ------------------------------------------------------------------------------

    def held(self, leg: Leg, on: bool) -> None:
        """Its telephone holds or resumes."""
        found = self._hands.talking(leg)
        if not found or self._transfer.entangled(found[0]):
            return  # music is there already
        call, ring = found
        partner = self._hands.partner(call, ring)
        self._hands.note(call, "hold" if on else "resume", by=self._hands.person(call, ring))
        if on:
            self._telephony.unhear(partner, leg)
            self._holding.begin(partner, call.rules.settings)
        else:
            self._holding.end(partner)
            self._hands.join(partner, leg)  # also who was to be told first that he is recorded

    def transfer(self, leg: Leg, number: str, replaces: Leg) -> None:
        """Its telephone sends REFER."""
        status = self._transfer.join(leg, replaces) if replaces else self._transfer.blind(leg, number)
        self._telephony.referred(leg, status)
        if status == OK:
            self._telephony.hang_up(leg, 16)
        self._routing.drain()

    # ---- asked for by supervisors and programs ----------------------------------------------------------------------

    def press(self, call: Call, person: str, feature: str, number: str, by: str) -> None:
        """Do for a person on a call what a code pressed in it does. Raises NotDialled."""
        leg = self._hands.leg_of(call, person)
        if leg:  # of a call of others nothing is written down
            self._hands.note(call, "pressed", feature=feature, to=number, person=person, by=by)
        if not leg or not self._carry_out(leg, Dialled(feature, number)):
            raise NotDialled("cannot", f"that {person} does so in call {call.id}")

    def call_for(self, person: str, phones: Sequence[str], number: str, by: str) -> int:
        """Ring somebody's telephones; where they answer the number is called, as if it were dialled there. The call, which
        the journal has from now on. Raises KeyError, NotDialled."""
        if not self._hands.reaches(number, person):
            raise KeyError(f"number {number}")
        id, journal, table = self._journal.next_call_id(), self._journal, self._settings().person[person]

        def unanswered() -> None:
            journal.event(id, self._routing.now(), "dial-result", {"result": "not answered"})
            journal.over(id, self._routing.now(), "refused", "", "", None)
            journal.flush()

        if not self.call_back.ring(phones, number, number, id, unanswered):
            raise NotDialled("unreachable", "no telephone of these is registered")
        asked = {"feature": "call", "to": number, "person": person, "by": by}
        journal.call(id, self._routing.now(), TELEPHONES, table.extension or "", number, table.name)
        journal.event(id, self._routing.now(), "pressed", asked)
        journal.flush()
        return id

    def park_call(self, call: Call, slot: str, by: str) -> str:
        """Park a call wherever it is; its slot. Raises KeyError, CoreError."""
        slot = slot or self.parking.free()
        if slot not in slots(self._settings()) or slot in self.parking.slots:
            raise KeyError(f"a free slot {slot}")
        self.parking.put(call, slot, by)
        self._routing.drain()
        return slot

    def send(self, call: Call, to: str) -> None:
        """Send a call to "number.101", as a telephone would dial it, or "room.board". Raises KeyError, CoreError."""
        kind, _, number = to.partition(".")
        if kind == "room":
            number = self._settings().room[number].extension
        elif dialled(self._settings(), number) or not self._hands.reaches(number, ""):
            raise KeyError(f"number {number}")
        self._hands.send(call, number, "")
        self._routing.drain()

    def forward(self, person: str, when: str, number: str) -> None:
        """Forward calls to a person alone; "" no longer. Raises KeyError."""
        if number and not self._hands.reaches(number, person):
            raise KeyError(f"number {number}")
        self._people.set_forward(person, when, number)

    # ---- what happens -----------------------------------------------------------------------------------------------

    def over(self, leg: Leg) -> None:
        """A leg is over; call control does the rest."""
        _, timer = self._keys.pop(leg, (None, None))
        if timer:
            timer.cancel()
        self._telling.forget(leg)
        self._transfer.over(leg)
        self._recorded_rooms.over(leg)
        self.rooms.left(leg)
        self._paging.over(leg)
        self.recording.over(leg)
        self._holding.end(leg)

    def returned(self, call: Call) -> None:
        """The core ends a call: who asked somebody by it has his first partner again."""
        self._transfer.returned(call)

    def look(self) -> None:
        """Something has changed."""
        self.parking.look()
        self.rooms.look()
        self.diverting.look(self._control.calls)
        self.supervision.look()
        self.recording.look()
        self.call_back.look(self._people.states)

    def played(self, port: Port) -> None:
        self._holding.played(port)
        self._telling.played(port)
        self.recording.played(port)
        self._recorded_rooms.played(port)

    def stopped(self, port: Port, why: str) -> None:
        self._holding.stopped(port, why)
        self._telling.stopped(port, why)
        self.recording.stopped(port, why)
        self._recorded_rooms.stopped(port, why)

    def close(self) -> None:
        for _, timer in self._keys.values():
            if timer:
                timer.cancel()
        self.calling.close()
        self.diverting.close()
        self.recording.close()
