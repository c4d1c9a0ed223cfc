# SPDX-License-Identifier: GPL-2.0-or-later
"""Rooms that are recorded: on the leg of one who is in it, which says and hears all of the conference; then on another's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appliance.calls.call import Call
from appliance.calls.ports import Leg, Port, Telephony
from appliance.calls.recording import Recording, rule_in_room


@dataclass(slots=True)
class _Enters:
    """Somebody who is told that he will be recorded before he comes in."""

    call: Call
    player: Port
    then: Callable[[], None]


class RecordedRooms:
    """Of whom a room is recorded, and who must be told before."""

    def __init__(self, recording: Recording, telephony: Telephony, prompt: Callable[[Call, str], str]) -> None:
        """prompt: as of Recording."""
        self._recording, self._telephony, self._prompt = recording, telephony, prompt
        self._told: dict[Leg, _Enters] = {}

    def enters(self, call: Call, room: str, members: Mapping[Leg, Call], then: Callable[[], None]) -> bool:
        """Somebody is to come in; whether that is done later, by us, once he was told."""
        recording, consent = self._recording, call.rules.settings.recording.consent
        on = any(leg in recording.taped for leg in members) or self._rule(call, room)
        if not on or consent is None or call.leg in recording.heard or call.leg in recording.never:
            return False
        file = self._prompt(call, consent)
        player = self._telephony.play(file, False) if file else 0
        if not player:
            recording.untold(call, call.leg, "its prompt could not be spoken")
            return False
        self._told[call.leg] = _Enters(call, player, then)
        self._telephony.hear(call.leg, player)
        return True

    def changed(self, room: str, members: Mapping[Leg, Call]) -> None:
        """Others are in the room now: one who does not want it ends the recording for as long as he is there."""
        recording = self._recording
        taped = [recording.taped[leg] for leg in members if leg in recording.taped]
        if any(leg in recording.never for leg in members):
            for one in taped:
                recording.end(one)
        elif not taped and len(members) > 1:
            rules = ((leg, call, self._rule(call, room)) for leg, call in members.items())
            if found := next(((leg, call, rule) for leg, call, rule in rules if rule), None):
                leg, call, rule = found
                recording.begin(call, rule, leg)

    def _rule(self, call: Call, room: str) -> str:
        return self._recording.drawn(call, rule_in_room(call, room), call.leg)

    def digit(self, leg: Leg, digit: str) -> bool:
        """A key of somebody who is told; whether he refused by it."""
        one = self._told.get(leg)
        if not one or digit != one.call.rules.settings.recording.refuse:
            return False
        self._recording.never.add(leg)
        self._enter(leg)
        return True

    def _enter(self, leg: Leg) -> None:
        one = self._told.pop(leg)
        self._telephony.stop(one.player)
        one.then()

    def played(self, port: Port) -> None:
        for leg in [leg for leg, one in self._told.items() if one.player == port]:
            self._recording.heard.add(leg)
            self._enter(leg)

    def stopped(self, port: Port, why: str) -> None:
        for leg, one in [(leg, one) for leg, one in self._told.items() if one.player == port]:
            self._recording.untold(one.call, leg, f"its prompt cannot be played: {why}")
            self._enter(leg)

    def over(self, leg: Leg) -> None:
        """He has hung up."""
        if one := self._told.pop(leg, None):
            self._telephony.stop(one.player)
