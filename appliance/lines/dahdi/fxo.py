# SPDX-License-Identifier: GPL-2.0-or-later
"""One line of the exchange: what happens at its plug in, what to do and what it means out. Times are ms.

Every method gives actions and facts in their order; `deadline` says when late() is due. While `listening` the samples of
the line are to be heard, and while `audio` they belong to a call.
"""

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from appliance.lines.dahdi.callerid import Caller
from appliance.settings.countries import BUSY, CONGESTION, DIAL, CallerIds, Starts

RINGS_END = 8_000  # without a ring after which the caller is gone; the longest pause of a country is 4.8 s
CALLER_WITHIN = 6_000  # of the first ring's begin at most, when no second one comes
CALLER_KEPT = 6_000  # what came before the first ring belongs to it
LISTENED_BEFORE = 5_000  # after a reversal, for a caller ID before the first ring
BEFORE_DIAL = 500  # off hook at least, so that the exchange is ready
REST = 2_000  # on hook before the next call, so that the exchange knows it too
SETTLES = 600  # after an answer, reversals mean nothing
NORMAL, IS_BUSY, NO_CHANNEL, OUT_OF_ORDER, CONGESTED = 16, 17, 34, 27, 42  # Q.850


class Habits(NamedTuple):
    """caller_id "none": the first ring is told at once. caller_wait: ms from the end of the first ring that the call waits
    for its caller; dial_tone: ms it is waited for; pulse: dialled by pulses."""

    caller_id: CallerIds = "bell202"
    starts: Starts = "ring"
    caller_wait: int = 1_500
    dial_tone: int = 3_000
    dial_tone_needed: bool = False
    pulse: bool = False
    answer_by_polarity: bool = False
    hang_up_by_polarity: bool = False
    silence: int = 120_000  # of both sides, after which the call is over; 0: never


class Plug(Enum):
    """What the card tells of the line."""

    RING_BEGINS = "ring begins"
    RING_ENDS = "ring ends"
    BATTERY_DROPPED = "battery dropped"
    REVERSED = "reversed"
    UNPLUGGED = "unplugged"
    PLUGGED = "plugged"
    DIALLED = "dialled"


class State(Enum):
    IDLE = "idle"
    RINGING = "ringing"
    SEIZING = "seizing"
    DIALLING = "dialling"
    TALKING = "talking"
    RESTING = "resting"
    UNPLUGGED = "unplugged"


class Hook(NamedTuple):
    """Do: off hook, or on."""

    off: bool


class Dial(NamedTuple):
    """Do: digits, with T or P before them as DAHDI has it."""

    text: str


class Flash(NamedTuple):
    """Do: on hook for a moment."""


class Rang(NamedTuple):
    """The first ring; who calls may follow."""


class Incoming(NamedTuple):
    """A caller to be routed; None when nothing is known of him."""

    caller: Caller | None


class Named(NamedTuple):
    """Who it is that was routed already."""

    caller: Caller


class Missed(NamedTuple):
    """The caller gave up."""


class Alerting(NamedTuple):
    """All is dialled: what the exchange says is to be heard."""


class Answered(NamedTuple):
    """The far end, or what has to be taken for it."""


class Ended(NamedTuple):
    """A call that was seized or answered is over. cause: Q.850; why: in words."""

    cause: int
    why: str


class Usable(NamedTuple):
    """There is a line in the socket, or none any more."""

    now: bool


Out = Hook | Dial | Flash | Rang | Incoming | Named | Missed | Alerting | Answered | Ended | Usable


class Fxo:
    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self.state = State.IDLE
        self.caller: Caller | None = None
        self.caller_at = 0
        self.told = False  # the caller of this call
        self.rings = 0
        self.since = 0  # of the state
        self.listens_until = 0
        self.due: int | None = None
        self.number = ""
        self.dial_tone = False  # heard
        self.incoming = False
        self.answered: int | None = None

    @property
    def deadline(self) -> int | None:
        """When late() is to be called."""
        return self.due

    @property
    def audio(self) -> bool:
        return self.state in (State.TALKING, State.DIALLING)

    @property
    def listening(self) -> bool:
        """Are the samples of the line to be heard while no call has them?"""
        if self.state is State.SEIZING:
            return True
        if self.habits.caller_id == "none" or (self.caller and self.told):
            return False
        if self.state is State.RINGING:
            return self.rings == 1
        return self.state is State.IDLE and (self.habits.starts == "before-ring" or self.listens_until > 0)

    # What comes from the line

    def plug(self, what: Plug, now: int) -> list[Out]:
        return PLUGS[what](self, now)

    def ring_begins(self, now: int) -> list[Out]:
        if self.state in (State.IDLE, State.RESTING):
            if self.caller and now - self.caller_at > CALLER_KEPT:
                self.caller = None
            self.enter(State.RINGING, now, CALLER_WITHIN)
            self.rings, self.told, self.incoming = 1, False, True
            known = self.caller is not None or self.habits.caller_id == "none"
            return [Rang(), *(self.route() if known else [])]
        if self.state is not State.RINGING:
            return []
        self.rings += 1
        self.due = now + RINGS_END
        return self.route()

    def ring_ends(self, now: int) -> list[Out]:
        if self.state in (State.IDLE, State.RESTING):  # its begin went by
            return self.ring_begins(now)
        if self.state is not State.RINGING:
            return []
        if self.told:
            self.due = now + RINGS_END
        else:
            self.due = min(now + self.habits.caller_wait, self.since + CALLER_WITHIN)
        return []

    def route(self) -> list[Out]:
        """The caller is as known as he will be."""
        if self.told:
            return []
        self.told = True
        self.due = self.since + RINGS_END if self.rings == 1 else self.due
        return [Incoming(self.caller)]

    def battery_dropped(self, now: int) -> list[Out]:
        return self.over(NORMAL, "battery dropped", now) if self.holds else []

    def reversed(self, now: int) -> list[Out]:
        if self.state is State.IDLE and self.habits.starts == "polarity":
            self.listens_until = self.due = now + LISTENED_BEFORE
            return []
        if self.state is not State.TALKING:
            return []
        if self.answered is None:
            if not self.habits.answer_by_polarity:
                return []
            self.answered = now
            return [Answered()]
        if self.habits.hang_up_by_polarity and now - self.answered > SETTLES:
            return self.over(NORMAL, "polarity reversed", now)
        return []

    def unplugged(self, now: int) -> list[Out]:
        if self.state is State.UNPLUGGED:
            return []
        out = self.over(OUT_OF_ORDER, "unplugged", now) if self.holds else []
        if self.state is State.RINGING and self.told:
            out.append(Missed())
        self.enter(State.UNPLUGGED, now)
        return [*out, Usable(False)]

    def plugged(self, now: int) -> list[Out]:
        if self.state is not State.UNPLUGGED:
            return []
        self.idle(now)
        return [Usable(True)]

    def dialled(self, now: int) -> list[Out]:
        if self.state is not State.DIALLING:
            return []
        self.enter(State.TALKING, now)
        if self.habits.answer_by_polarity:
            return [Alerting()]
        self.answered = now
        return [Alerting(), Answered()]

    # What is heard on it

    def calls(self, caller: Caller, now: int) -> list[Out]:
        """A caller ID was read."""
        if self.state is State.IDLE:
            self.caller, self.caller_at = caller, now
        elif self.state is State.RINGING and not self.caller:
            self.caller = caller
            return [Named(caller)] if self.told else self.route()
        return []

    def tone(self, tone: int, now: int) -> list[Out]:
        """tone: DIAL, BUSY or CONGESTION."""
        if self.state is State.SEIZING:
            if tone != DIAL:
                return self.over(CONGESTED, "no dial tone but busy", now)
            wait = self.since + BEFORE_DIAL - now
            if wait <= 0:
                return self.dial_now(now)
            self.due = now + wait
            self.dial_tone = True
            return []
        if self.state is not State.TALKING:
            return []
        cause = {BUSY: NORMAL if self.incoming else IS_BUSY, CONGESTION: NORMAL if self.incoming else NO_CHANNEL}
        why = {DIAL: "dial tone", BUSY: "busy tone", CONGESTION: "congestion tone"}[tone]
        return self.over(cause.get(tone, NORMAL), why, now)

    def silent(self, ms: int, now: int) -> list[Out]:
        """Nobody has said a word for so long."""
        if self.state is State.TALKING and self.habits.silence and ms >= self.habits.silence:
            return self.over(NORMAL, "silence", now)
        return []

    # What is wanted of it

    def answer(self, now: int) -> list[Out]:
        if self.state is not State.RINGING:
            return []
        self.enter(State.TALKING, now)
        self.answered = now
        return [Hook(True), Answered()]

    def dial(self, number: str, now: int) -> list[Out]:
        """Begin a call out; nothing comes of it when the line is not free or the number is none."""
        if self.state is not State.IDLE or not number or number.strip("0123456789*#w"):
            return []
        self.enter(State.SEIZING, now, max(self.habits.dial_tone, BEFORE_DIAL))
        self.number, self.dial_tone, self.incoming, self.answered = number, False, False, None
        return [Hook(True)]

    def digits(self, digits: str) -> list[Out]:
        """Keys pressed during the call, always by tone."""
        return [Dial("T" + digits)] if self.state is State.TALKING and digits else []

    def flash(self) -> list[Out]:
        return [Flash()] if self.state is State.TALKING else []

    def hang_up(self, now: int) -> list[Out]:
        """Ours: no fact comes of it. A ringing line rings on: it cannot be refused."""
        if not self.holds:
            return []
        self.enter(State.RESTING, now, REST)
        return [Hook(False)]

    # Time

    def late(self, now: int) -> list[Out]:
        if self.due is None or now < self.due:
            return []
        self.due = None
        if self.state is State.RINGING:
            return self.rings_late(now)
        if self.state is State.SEIZING:
            if self.habits.dial_tone_needed and not self.dial_tone:
                return self.over(OUT_OF_ORDER, "no dial tone", now)
            return self.dial_now(now)
        if self.state is State.RESTING:
            self.idle(now)
        self.listens_until = 0
        return []

    def rings_late(self, now: int) -> list[Out]:
        if not self.told:
            out = self.route()
            self.due = self.since + RINGS_END
            return out
        self.idle(now)
        return [Missed()]

    # Between states

    @property
    def holds(self) -> bool:
        """Is the line off hook because of us?"""
        return self.state in (State.SEIZING, State.DIALLING, State.TALKING)

    def enter(self, state: State, now: int, wait: int | None = None) -> None:
        self.state, self.since = state, now
        self.due = None if wait is None else now + wait

    def idle(self, now: int) -> None:
        self.enter(State.IDLE, now)
        self.caller, self.rings, self.told, self.listens_until = None, 0, False, 0

    def dial_now(self, now: int) -> list[Out]:
        self.enter(State.DIALLING, now)
        return [Dial(("P" if self.habits.pulse else "T") + self.number)]

    def over(self, cause: int, why: str, now: int) -> list[Out]:
        self.enter(State.RESTING, now, REST)
        self.caller, self.told = None, False
        return [Hook(False), Ended(cause, why)]


PLUGS: dict[Plug, Callable[[Fxo, int], list[Out]]] = {
    Plug.RING_BEGINS: Fxo.ring_begins,
    Plug.RING_ENDS: Fxo.ring_ends,
    Plug.BATTERY_DROPPED: Fxo.battery_dropped,
    Plug.REVERSED: Fxo.reversed,
    Plug.UNPLUGGED: Fxo.unplugged,
    Plug.PLUGGED: Fxo.plugged,
    Plug.DIALLED: Fxo.dialled,
}
