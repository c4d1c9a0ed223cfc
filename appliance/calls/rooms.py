# SPDX-License-Identifier: GPL-2.0-or-later
"""Conferences: whoever is in a room hears all others in it."""

from collections.abc import Callable, Mapping
from functools import partial

from appliance.calls.call import Call, Party, State
from appliance.calls.hands import Hands
from appliance.calls.holding import Holding
from appliance.calls.ports import Leg
from appliance.calls.recorded_rooms import RecordedRooms
from appliance.calls.services import Services
from appliance.calls.telling import Telling
from appliance.settings.models import Settings

TRIES = 3  # at a PIN


class Rooms:
    """Who is in which room, and who is still asked for its PIN."""

    def __init__(
        self, hands: Hands, holding: Holding, telling: Telling, services: Services, settings: Callable[[], Settings]
    ) -> None:
        self._hands, self._holding, self._telling, self._services = hands, holding, telling, services
        self._settings = settings
        self.members: dict[str, dict[Leg, Call]] = {}
        self._asked: dict[Leg, tuple[str, str, int]] = {}  # room, keys so far, tries
        self.recorded: RecordedRooms | None = None

    def enter(self, call: Call, room: str) -> None:
        """A call that came to a room."""
        table = self._settings().room.get(room)
        if table is None or len(self.members.get(room, {})) >= table.most:
            self._services.told(call, "full")
        elif table.pin is not None:
            self._asked[call.leg] = (room, "", 1)
            self._telling.tell(call.leg, self._settings(), "pin")
        else:
            self._comes(call, room)

    def digit(self, call: Call, digit: str) -> bool:
        """A key of somebody who is asked for a PIN or is in a room; whether he is."""
        leg = call.leg
        if leg not in self._asked:
            return any(leg in members for members in self.members.values())
        room, keys, tries = self._asked[leg]
        if digit != "#":
            self._asked[leg] = (room, (keys + digit)[-16:], tries)
            return True
        del self._asked[leg]
        table = self._settings().room.get(room)
        if table and keys == table.pin:
            self._telling.forget(leg)
            self._comes(call, room)
        elif tries < TRIES:
            self._asked[leg] = (room, "", tries + 1)
            self._telling.tell(leg, self._settings(), "pin")
        else:
            self._hands.note(call, "room-refused", room=room)
            self._services.told(call, "failed")
        return True

    def _comes(self, call: Call, room: str) -> None:
        """He may; he is told first when the room is recorded."""
        members = self.members.get(room, {})
        if not self.recorded or not self.recorded.enters(call, room, members, partial(self._join, call, room)):
            self._join(call, room)

    def _join(self, call: Call, room: str) -> None:
        members = self.members.setdefault(room, {})
        for other in members:
            self._holding.end(other)
            self._hands.connect(call.leg, other)
        if not members:
            self._holding.begin(call.leg, self._settings())
        members[call.leg] = call
        call.state = State.TALKING
        self._show(room, members)
        self._hands.note(call, "room", room=room, people=len(members))
        if self.recorded:
            self.recorded.changed(room, members)

    def _show(self, room: str, members: Mapping[Leg, Call]) -> None:
        """Two see each other, one and many the room."""
        if len(members) == 2:
            self._hands.display.meet(*members)
        elif table := self._settings().room.get(room):
            for leg in members:
                self._hands.display.show(leg, Party(table.extension, table.name))

    def look(self) -> None:
        """Who was sent or taken elsewhere has left."""
        calls = [call for members in self.members.values() for call in members.values()]
        for call in calls:
            if call.talk or call.state is not State.TALKING:
                self.left(call.leg)

    def left(self, leg: Leg) -> None:
        """A leg is over, or elsewhere; who is alone now hears music again, and without one of ours it ends."""
        self._asked.pop(leg, None)
        for room, members in list(self.members.items()):
            if members.pop(leg, None) is None:
                continue
            self._holding.end(leg)
            for other in members:
                self._hands.part(leg, other)
            if not any(call.phone or call.caller_person for call in members.values()):
                for other in members:  # none of ours is left: nobody pays for strangers who talk with each other
                    self._hands.hang_up(other)
            elif len(members) == 1:
                self._holding.begin(next(iter(members)), self._settings())
            self._show(room, members)
            if self.recorded:
                self.recorded.changed(room, members)
            if not members:
                del self.members[room]
