# SPDX-License-Identifier: GPL-2.0-or-later
"""One telephone at a card: its hook and keys in, what to do to it and what it means out. Times are ms.

As with fxo, every method gives actions and facts in order. While `listening` keys are looked for in its sound.
"""

from enum import Enum
from typing import NamedTuple

from appliance.lines.dahdi.callerid import Caller, write, write_waiting

FIRST_KEY = 15_000  # of dial tone, after which nobody is going to dial
NEXT_KEY = 4_000  # after which the number is whole
NUMBER_LONGEST = 32
SAID_AFTER = 500  # the first ring; caller ID has to be over before the second


class Play(Enum):
    """A tone of the country."""

    NOTHING = "nothing"
    DIAL = "dial"
    MESSAGES = "messages"  # dial tone with stutters: something waits in the mailbox
    RECALL = "recall"
    RINGING = "ringing"
    BUSY = "busy"
    CONGESTION = "congestion"


class State(Enum):
    IDLE = "idle"
    RINGING = "ringing"
    DIALLING = "dialling"
    TALKING = "talking"
    RECALLING = "recalling"  # the other side is held, a number is dialled
    LEFT = "left"  # the call is over and the receiver still off


class Ring(NamedTuple):
    """Do: ring the bell, or stop."""

    on: bool


class Tone(NamedTuple):
    """Do: play it until another one."""

    play: Play


class Say(NamedTuple):
    """Do: a message of caller ID, on hook."""

    message: bytes


class Off(NamedTuple):
    """The receiver was taken off to call somebody."""


class Called(NamedTuple):
    """A number was dialled; consulting: while another call is held."""

    number: str
    consulting: bool = False


class Answered(NamedTuple):
    """The telephone that rang was answered."""


class Held(NamedTuple):
    """Flash: the call is to be held, and a dial tone is heard."""


class Back(NamedTuple):
    """Flash again, or nothing dialled: back to the call that is held."""


class Key(NamedTuple):
    """Pressed during a call."""

    key: str


class HungUp(NamedTuple):
    """The receiver is on again; what is held and what was dialled meanwhile are to be put together, or are over."""


Out = Ring | Tone | Say | Off | Called | Answered | Held | Back | Key | HungUp


class Fxs:
    def __init__(self, scheme_said: bool = True) -> None:
        """scheme_said: the telephone shows caller ID."""
        self.scheme_said = scheme_said
        self.state = State.IDLE
        self.number = ""
        self.due: int | None = None
        self.caller: Caller | None = None
        self.stamp = ""
        self.bursts = 0
        self.holds = False  # a call, while another is asked for or talked on
        self.lamp = False
        self.lamp_said = True

    @property
    def deadline(self) -> int | None:
        return self.due

    @property
    def audio(self) -> bool:
        return self.state is State.TALKING

    @property
    def listening(self) -> bool:
        return self.state in (State.DIALLING, State.RECALLING)

    # The hook

    def lifted(self, now: int) -> list[Out]:
        if self.state is State.RINGING:
            self.enter(State.TALKING)
            return [Ring(False), Answered()]
        if self.state is not State.IDLE:
            return []
        self.dials(State.DIALLING, now)
        return [Off(), Tone(Play.MESSAGES if self.lamp else Play.DIAL)]

    def hung_up(self, now: int) -> list[Out]:
        if self.state in (State.IDLE, State.RINGING):
            return []
        self.enter(State.IDLE)
        self.holds = False
        return [Tone(Play.NOTHING), HungUp(), *self.say_lamp()]

    def flashed(self, now: int) -> list[Out]:
        if self.holds and self.state is not State.IDLE:
            return self.back()
        if self.state is State.TALKING:
            self.dials(State.RECALLING, now)
            self.holds = True
            return [Held(), Tone(Play.RECALL)]
        if self.state is State.LEFT:  # a new call without putting the receiver on
            self.dials(State.DIALLING, now)
            return [Off(), Tone(Play.DIAL)]
        return []

    # Keys, by tone or by pulses

    def key(self, key: str, now: int) -> list[Out]:
        if self.state is State.TALKING:
            return [Key(key)]
        if not self.listening or key not in "0123456789*#":
            return []
        if key == "#" and self.number and not self.number.startswith("*"):
            return self.call()
        first = not self.number
        self.number += key
        self.due = now + NEXT_KEY
        if len(self.number) >= NUMBER_LONGEST:
            return self.call()
        return [Tone(Play.NOTHING)] if first else []

    def call(self) -> list[Out]:
        number = self.number
        self.enter(State.TALKING)
        return [Called(number, self.holds)]

    def back(self) -> list[Out]:
        self.enter(State.TALKING)
        self.holds = False
        return [Tone(Play.NOTHING), Back()]

    def late(self, now: int) -> list[Out]:
        if self.due is None or now < self.due:
            return []
        self.due = None
        if self.state is State.RINGING:
            return [Say(write(self.caller, self.stamp))] if self.caller else []
        if not self.listening:
            return []
        if self.number:
            return self.call()
        if self.holds:
            return self.back()
        self.enter(State.LEFT)
        return [Tone(Play.CONGESTION), HungUp()]

    # What is wanted of it

    def ring(self, caller: Caller, stamp: str) -> list[Out]:
        """Nothing comes of it when it is in use. stamp: month, day, hour, minute, two digits each."""
        if self.state is not State.IDLE:
            return []
        self.enter(State.RINGING)
        self.caller, self.stamp, self.bursts = caller, stamp, 0
        return [Ring(True)]

    def burst_over(self, now: int) -> list[Out]:
        """The bell is in a pause."""
        if self.state is State.RINGING:
            self.bursts += 1
            if self.bursts == 1 and self.scheme_said:
                self.due = now + SAID_AFTER
        return []

    def stop(self) -> list[Out]:
        """The caller is gone, or another telephone has answered."""
        if self.state is not State.RINGING:
            return []
        self.enter(State.IDLE)
        return [Ring(False), *self.say_lamp()]

    def called_rings(self, rings: bool) -> list[Out]:
        """Whom it called rings, or is to be heard."""
        return [Tone(Play.RINGING if rings else Play.NOTHING)] if self.state is State.TALKING else []

    def held_left(self) -> None:
        """The call that is held is over."""
        self.holds = False

    def left(self, busy: bool) -> list[Out]:
        """The other side is gone; busy: it never answered."""
        if self.state is not State.TALKING:
            return []
        self.enter(State.LEFT)
        return [Tone(Play.BUSY if busy else Play.CONGESTION)]

    def messages(self, waiting: bool) -> list[Out]:
        """Something waits in the mailbox, or nothing any more: lamp and dial tone tell."""
        if waiting == self.lamp:
            return []
        self.lamp, self.lamp_said = waiting, False
        return self.say_lamp() if self.state is State.IDLE else []

    # Between states

    def say_lamp(self) -> list[Out]:
        if self.lamp_said or not self.scheme_said:
            return []
        self.lamp_said = True
        return [Say(write_waiting(self.lamp))]

    def enter(self, state: State) -> None:
        self.state, self.number, self.due = state, "", None

    def dials(self, state: State, now: int) -> None:
        self.enter(state)
        self.due = now + FIRST_KEY
