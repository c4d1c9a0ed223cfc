# SPDX-License-Identifier: GPL-2.0-or-later
"""The calls of one modem, from facts of any dialect: each call once, its number in time, its end for certain. Times are ms.

Modems tell the same thing twice and in any order (RING, +CLIP, +CLCC, +QIND). A call is known by the modem's number of
it as soon as that is told; until then there is only one that it can be.
"""

from dataclasses import dataclass
from typing import NamedTuple

from appliance.lines.at.causes import NORMAL, UNSPECIFIED
from appliance.lines.at.facts import Call, CallerId, Ended, Fact, Knocked, Missed, Rang, State, Talking

NUMBER_WITHIN = 1_500  # ms from the first ring after which a call is routed without a number
LOOK_AFTER = 1_000  # ms without a number after which the modem is asked for it
LOOK_EVERY = 2_000  # ms; the only way to learn of an end that was not told
GRACE = 800  # ms in which a new call need not be on the modem's list
DIAL_GRACE = 5_000
CAUSE_WITHIN = 300  # ms after the end of a call nobody answered in which a modem may still say why

TALKING = (State.ACTIVE, State.HELD)
FITS = {
    True: (State.INCOMING, State.WAITING, *TALKING),
    False: (State.DIALING, State.ALERTING, *TALKING),
}


class Incoming(NamedTuple):
    """Somebody calls; number: "" when it did not come in time or is withheld."""

    call: int
    number: str
    withheld: bool = False


class Named(NamedTuple):
    """The number came after all."""

    call: int
    number: str


class Changed(NamedTuple):
    call: int
    state: State


class Over(NamedTuple):
    """cause: Q.850."""

    call: int
    cause: int


class Second(NamedTuple):
    """Somebody calls while the line is busy. Nothing more is told of him unless he still rings when it is free."""

    call: int
    number: str
    withheld: bool


Event = Incoming | Named | Changed | Over | Second


@dataclass
class Kept:
    """One call. name: ours."""

    name: int
    incoming: bool
    state: State
    since: int
    id: int | None = None  # the modem's
    number: str = ""
    withheld: bool = False
    told: bool = False
    answered: bool = False
    over_at: int | None = None  # it is over, and the modem may still say why
    looked: bool = False


class Calls:
    """Facts in, events out; look() is when the modem's list (+CLCC) is wanted."""

    def __init__(self, number_within: int = NUMBER_WITHIN) -> None:
        self.number_within = number_within
        self.kept: list[Kept] = []
        self.last = 0
        self.look_now = False
        self.looked_at = 0
        self.knocked: tuple[str, bool] | None = None

    def dial(self, now: int) -> int:
        """We dial; our name of the call."""
        return self.new(False, State.DIALING, now).name

    def end(self, name: int, cause: int) -> list[Event]:
        """We know that it is over."""
        call = self.named(name)
        return self.drop(call, cause) if call else []

    def lost(self, cause: int) -> list[Event]:
        """All are over."""
        return [event for call in list(self.kept) for event in self.drop(call, cause)]

    def named(self, name: int) -> Kept | None:
        return next((each for each in self.kept if each.name == name), None)

    def new(self, incoming: bool, state: State, now: int) -> Kept:
        self.last += 1
        call = Kept(self.last, incoming, state, now)
        if not self.kept:
            self.looked_at = now
        self.kept.append(call)
        return call

    def fact(self, fact: Fact, now: int) -> list[Event]:
        """What a fact changes."""
        match fact:
            case Rang(voice):
                return self.rang(now) if voice else []
            case CallerId(number, withheld):
                return self.caller(number, withheld, now)
            case Knocked(number, withheld):
                return self.second(number, withheld, now)
            case Call():
                return self.call(fact, now)
            case Talking():
                waiting = [each for each in self.living if each.state is not State.WAITING and not each.answered]
                return self.change(waiting[0], State.ACTIVE) if len(waiting) == 1 else self.unsure()
            case Ended():
                return self.ended(fact)
            case Missed():
                ringing = self.ringing
                return self.drop(ringing, NORMAL) if ringing else []
        return []

    @property
    def living(self) -> list[Kept]:
        return [each for each in self.kept if each.over_at is None]

    @property
    def ringing(self) -> Kept | None:
        return next((each for each in self.living if each.state is State.INCOMING), None)

    def unsure(self) -> list[Event]:
        self.look_now = bool(self.kept)
        return []

    def rang(self, now: int) -> list[Event]:
        if not self.living:
            self.new(True, State.INCOMING, now)
        return []

    def caller(self, number: str, withheld: bool, now: int) -> list[Event]:
        call = self.ringing
        if not call and self.living:
            return self.second(number, withheld, now)
        return self.know(call or self.new(True, State.INCOMING, now), number, withheld, now)

    def know(self, call: Kept, number: str, withheld: bool, now: int) -> list[Event]:
        """The number of an incoming call."""
        if call.number or not (number or withheld):
            return []
        if call.state is State.WAITING:
            return self.second(number, withheld, now)
        call.number, call.withheld = number, withheld
        if call.told:
            return [Named(call.name, number)] if number else []
        return self.tell(call)

    def tell(self, call: Kept) -> list[Event]:
        call.told = True
        return [Incoming(call.name, call.number, call.withheld)]

    def second(self, number: str, withheld: bool, now: int) -> list[Event]:
        if self.knocked == (number, withheld):
            return []  # said again with every knock
        call = next((each for each in self.living if each.state is State.WAITING), None)
        call = call or self.new(True, State.WAITING, now)
        self.knocked = call.number, call.withheld = number, withheld
        return [Second(call.name, number, withheld)]

    def call(self, fact: Call, now: int) -> list[Event]:
        call = next((each for each in self.kept if each.id == fact.id), None)
        call = call or next((each for each in self.living if each.id is None and self.may_be(each, fact)), None)
        if fact.state is State.OVER:
            return self.gone(call, None, now) if call else []
        if not call and fact.incoming and fact.voice and fact.state in (State.INCOMING, State.WAITING):
            call = self.new(True, fact.state, now)
        if not call or call.over_at is not None:
            return []
        call.id = fact.id
        events = self.change(call, fact.state)
        if call.incoming:
            events += self.know(call, fact.number or "", fact.withheld, now)
        return events

    def may_be(self, call: Kept, fact: Call) -> bool:
        """A call whose number the modem has not told yet."""
        if fact.incoming is not None and call.incoming != fact.incoming:
            return False
        only = fact.state is State.INCOMING and len(self.living) == 1  # who waited, and the line is free now
        return only or (call.state is State.WAITING) == (fact.state is State.WAITING)

    def change(self, call: Kept, state: State) -> list[Event]:
        """Never back from answered, nor to what a call of its direction cannot be."""
        if call.state is state or state not in (TALKING if call.answered else FITS[call.incoming]):
            return []
        if call.told and state is State.WAITING:
            return []
        was, call.state = call.state, state
        if state is State.ACTIVE:
            call.answered = True
        if was is State.WAITING and state is State.INCOMING and (call.number or call.withheld):
            return self.tell(call)  # the line is free again and this one rings
        return [Changed(call.name, state)] if call.told or not call.incoming else []

    def ended(self, fact: Ended) -> list[Event]:
        """Which call it was may have to be looked up; one that is over already may get its cause."""
        if fact.id is not None:
            call = next((each for each in self.kept if each.id == fact.id), None)
        else:
            over = [each for each in self.kept if each.over_at is not None]
            calls = over or self.living
            if len(calls) != 1:
                return self.unsure()
            call = calls[0]
        if not call and len(self.living) == 1 and self.living[0].id is None:
            call = self.living[0]
        return self.drop(call, fact.cause or default(call)) if call else []

    def gone(self, call: Kept, cause: int | None, now: int) -> list[Event]:
        """Over, without a cause: where that matters the modem has a moment to tell it."""
        if call.over_at is None and cause is None and not call.incoming and not call.answered:
            call.over_at = now
            return []
        return self.drop(call, cause or default(call)) if call.over_at is None else []

    def drop(self, call: Kept, cause: int) -> list[Event]:
        self.kept.remove(call)
        if not self.kept or (call.state is State.WAITING and call.id is not None):
            self.knocked = None  # one who is not on the modem's list may go on knocking
        return [Over(call.name, cause)] if call.told or not call.incoming else []

    def listed(self, facts: list[Fact], asked: int, now: int) -> list[Event]:
        """The modem's list, asked for at a time: what is not on it is over."""
        events = [event for fact in facts for event in self.fact(fact, now)]
        ids = {fact.id for fact in facts if isinstance(fact, Call)}
        for call in list(self.living):
            grace = GRACE if call.incoming else DIAL_GRACE
            if call.id not in ids and (call.id is not None or call.since + grace <= asked):
                events += self.gone(call, None, now)
        return events

    def looked(self, now: int) -> None:
        """The list is being asked for."""
        self.look_now, self.looked_at = False, now
        for call in self.kept:
            call.looked = call.looked or call.since + LOOK_AFTER <= now

    @property
    def look(self) -> int | None:
        """When to ask for the list; None: there is nothing to look for."""
        if not self.kept:
            return None
        if self.look_now:
            return 0
        nameless = [each.since + LOOK_AFTER for each in self.living if not each.told and not each.looked]
        return min([self.looked_at + LOOK_EVERY, *nameless])

    @property
    def deadline(self) -> int | None:
        """When late() has something to say."""
        untold = [each.since + self.number_within for each in self.living if self.due(each)]
        ending = [each.over_at + CAUSE_WITHIN for each in self.kept if each.over_at is not None]
        return min(untold + ending, default=None)

    def due(self, call: Kept) -> bool:
        return call.incoming and not call.told and call.state is State.INCOMING

    def late(self, now: int) -> list[Event]:
        """Calls whose number or cause did not come."""
        events: list[Event] = []
        for call in list(self.kept):
            if call.over_at is not None:
                if call.over_at + CAUSE_WITHIN <= now:
                    events += self.drop(call, UNSPECIFIED)
            elif self.due(call) and call.since + self.number_within <= now:
                events += self.tell(call)
        return events


def default(call: Kept | None) -> int:
    """The cause of an end that came without one."""
    return NORMAL if call and (call.answered or call.incoming) else UNSPECIFIED
