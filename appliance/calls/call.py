# SPDX-License-Identifier: GPL-2.0-or-later
"""One caller's visit as call control sees it: his leg, the rings under way, where he has got to."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from appliance.calls.ports import Leg

Direction = Literal["in", "out", "internal"]
Status = Literal["available", "break", "away", "meeting", "off"]
Outcome = Literal["answered", "voicemail", "refused", "abandoned", "self-service"]


class State(StrEnum):
    ARRIVED = "arrived"
    WAITING = "waiting"
    RINGING = "ringing"
    TALKING = "talking"
    VOICEMAIL = "voicemail"
    OVER = "over"


@dataclass(slots=True)
class Ring:
    """One person or line being called: the core's leg, and a leg of ours for each of his telephones."""

    leg: int  # the core's
    person: str  # "" for a line
    line: str  # "" for a person
    parties: dict[Leg, str] = field(default_factory=dict)  # our leg -> telephone or line
    answered: Leg = 0


@dataclass(slots=True)
class Call:
    """A call under way; times are ms UTC, ids those of the settings, "" where there is none."""

    id: int
    direction: Direction
    line: str  # the outside's line; the telephones' line for internal
    caller: str  # number, "" when withheld
    called: str
    name: str
    since: int
    leg: Leg  # the caller's; 0 when he is gone
    phone: str = ""  # the telephone it comes from
    caller_person: str = ""  # the one of ours who calls
    state: State = State.ARRIVED
    queue: str = ""
    queued_at: int | None = None
    person: str = ""  # who talks to him, or did
    rings: dict[int, Ring] = field(default_factory=dict)  # by the core's leg
    talk: Ring | None = None
    up: bool = False  # the caller's leg is answered
    told_ringing: bool = False
    music: bool = False
    answered_at: int | None = None
    outcome: Outcome | Literal[""] = ""
    rows: dict[Leg, int] = field(default_factory=dict)  # our leg -> its number in the journal

    def row(self, leg: Leg) -> int:
        """The leg's number within the call: 0 the caller, then in order of calling."""
        return self.rows.setdefault(leg, len(self.rows))

    def ringing_people(self) -> tuple[str, ...]:
        return tuple(ring.person or ring.line for ring in self.rings.values())


@dataclass(slots=True)
class Person:
    """Somebody who answers, as he is now."""

    status: Status = "available"
    reason: str = ""
    since: int = 0
