# SPDX-License-Identifier: GPL-2.0-or-later
"""Supervisors: they answer waiting calls, listen to talks, whisper to our side, or talk with both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from appliance.calls.call import Call, Ring, State
from appliance.calls.calling import Calling
from appliance.calls.hands import Hands
from appliance.calls.ports import Leg, Telephony
from appliance.core import CoreError
from appliance.settings.dialled import NotDialled

How = Literal["listen", "whisper", "barge"]
RINGS_FOR = 25.0  # seconds
KEYS: Mapping[str, How] = {"4": "listen", "5": "whisper", "6": "barge"}  # of the supervisor's telephone


@dataclass(slots=True)
class Watched:
    """A talk a supervisor is on."""

    call: Call
    leg: Leg
    how: How
    by: str
    heard: set[tuple[Leg, Leg]] = field(default_factory=set)  # listener and source, as they are connected now


class Supervision:
    """By the leg of each supervisor."""

    def __init__(self, hands: Hands, telephony: Telephony, calling: Calling) -> None:
        self._hands, self._telephony, self._calling = hands, telephony, calling
        self.watched: dict[Leg, Watched] = {}

    def take(self, call: Call, phones: Iterable[str], by: str) -> None:
        """Ring telephones; where it is answered the call is taken, wherever it is then. Raises NotDialled."""

        def answered(leg: Leg, phone: str) -> None:
            self._calling.release(leg)
            if call.state is State.OVER:
                self._hands.hang_up(leg)
                return
            try:
                self._hands.take(call, Ring(0, self._hands.owner(phone), "", {leg: phone}, leg))
            except CoreError:  # he leaves a message just now
                self._hands.hang_up(leg)

        self._hands.note(call, "supervisor", how="take", by=by)
        self._ring(call, phones, answered, lambda leg: None)

    def listen(self, call: Call, phones: Iterable[str], how: How, by: str) -> None:
        """Ring telephones; where it is answered the talk is heard. Raises NotDialled."""
        if call.state is not State.TALKING or not call.talk:
            raise NotDialled("cannot", f"call {call.id} is no talk")

        def answered(leg: Leg, phone: str) -> None:
            self.watched[leg] = Watched(call, leg, how, by)
            self.look()

        self._hands.note(call, "supervisor", how=how, by=by)
        self._ring(call, phones, answered, self.over)

    def _ring(self, call: Call, phones: Iterable[str], answered, ended) -> None:  # type: ignore[no-untyped-def]
        if not self._calling.ring(phones, call.who().number, call.shown(""), RINGS_FOR, answered, ended):
            raise NotDialled("unreachable", "no telephone of these is registered")

    def digit(self, leg: Leg, digit: str) -> bool:
        """A key; whether a supervisor pressed it, who changes what he does."""
        watched = self.watched.get(leg)
        if watched and (how := KEYS.get(digit)) and how != watched.how:
            watched.how = how
            self._hands.note(watched.call, "supervisor", how=how, by=watched.by)
            self.look()
        return watched is not None

    def over(self, leg: Leg) -> None:
        if watched := self.watched.pop(leg, None):
            self._connect(watched, set())

    def look(self) -> None:
        """A talk may have another partner by now, or be over."""
        for watched in list(self.watched.values()):
            if watched.call.state is State.OVER:
                self._connect(watched, set())
                self._hands.hang_up(watched.leg)
            else:
                self._connect(watched, self._wanted(watched))

    @staticmethod
    def _wanted(watched: Watched) -> set[tuple[Leg, Leg]]:
        call, leg = watched.call, watched.leg
        if not call.talk:
            return set()
        ours, other = call.talk.answered, call.leg
        edges = {(leg, ours), (leg, other)}
        if watched.how != "listen":
            edges.add((ours, leg))
        if watched.how == "barge":
            edges.add((other, leg))
        return edges

    def _connect(self, watched: Watched, wanted: set[tuple[Leg, Leg]]) -> None:
        for listener, source in watched.heard - wanted:
            self._telephony.unhear(listener, source)
        for listener, source in wanted - watched.heard:
            self._telephony.hear(listener, source)
        watched.heard = wanted
