# SPDX-License-Identifier: GPL-2.0-or-later
"""What a modem tells by itself, one fact a line. Nothing here depends on the kind of modem: each says only its own."""

from enum import IntEnum
from typing import NamedTuple


class State(IntEnum):
    """Of a call, as in +CLCC; OVER is -1 in +QIND and 6 with SIMCom."""

    OVER = -1
    ACTIVE = 0
    HELD = 1
    DIALING = 2
    ALERTING = 3
    INCOMING = 4
    WAITING = 5


class Rang(NamedTuple):
    """One ring; voice: False when the caller wants data or fax."""

    voice: bool = True


class CallerId(NamedTuple):
    """number: "" when it is withheld or not known."""

    number: str
    withheld: bool = False


class Knocked(NamedTuple):
    """A second caller while the line is busy (+CCWA)."""

    number: str
    withheld: bool = False


class Call(NamedTuple):
    """how a call stands. id: the modem's. number: None when this line does not tell it."""

    id: int
    incoming: bool | None
    state: State
    number: str | None = None
    withheld: bool = False
    voice: bool = True


class Ended(NamedTuple):
    """A call is over; id None: the modem does not say which. cause: Q.850, None when it does not say."""

    id: int | None = None
    cause: int | None = None
    seconds: int | None = None


class Talking(NamedTuple):
    """A call was answered; the modem does not say which."""


class Missed(NamedTuple):
    number: str


class Digit(NamedTuple):
    """The far end pressed a key."""

    digit: str


class Registered(NamedTuple):
    """net: the answer's prefix (+CREG, +CEREG, ..); stat as in 3GPP TS 27.007; act: radio, None when not said."""

    net: str
    stat: int
    act: int | None = None

    @property
    def usable(self) -> bool:
        return self.stat in (1, 5)


class Signal(NamedTuple):
    """dbm: None when the modem does not know."""

    dbm: int | None


class Sim(NamedTuple):
    """READY, SIM PIN, SIM PUK, ..."""

    state: str


class Stored(NamedTuple):
    """A short message (or, report: a delivery report) lies in the modem's memory."""

    memory: str
    place: int
    report: bool = False


class Arrived(NamedTuple):
    """A short message or a delivery report itself, as hexadecimal digits; it wants +CNMA."""

    pdu: str
    report: bool = False


class MemoryFull(NamedTuple):
    pass


class Ussd(NamedTuple):
    """mode: 0 done, 1 a reply is wanted, 2 ended by the network, 3 another answered, 4 not supported, 5 time-out."""

    mode: int
    text: str
    coding: int | None


class Flow(NamedTuple):
    """The modem's uplink has room for audio again, or has not (Quectel)."""

    go: bool


class Booted(NamedTuple):
    """The modem started anew; what it was told before is forgotten."""


class Noise(NamedTuple):
    """Known, and of no use to us."""

    line: str


class Unknown(NamedTuple):
    line: str


Fact = (
    Rang
    | CallerId
    | Knocked
    | Call
    | Ended
    | Talking
    | Missed
    | Digit
    | Registered
    | Signal
    | Sim
    | Stored
    | Arrived
    | MemoryFull
    | Ussd
    | Flow
    | Booted
    | Noise
    | Unknown
)
