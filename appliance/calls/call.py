# SPDX-License-Identifier: GPL-2.0-or-later
"""One caller's visit as call control sees it: his leg, the rings under way, where he has got to."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

from appliance.calls.features import Dialled
from appliance.calls.ports import Leg, Port
from appliance.calls.rules import Rules
from appliance.core import names
from appliance.settings.outgoing import Asked, Number

Direction = Literal["in", "out", "internal"]
Status = Literal["available", "break", "away", "meeting", "off"]
Outcome = Literal["answered", "voicemail", "refused", "abandoned", "self-service"]
OUTCOMES: dict[int, Outcome] = {
    names.Outcome.ANSWERED: "answered",
    names.Outcome.VOICEMAIL: "voicemail",
    names.Outcome.REFUSED: "refused",
    names.Outcome.ABANDONED: "abandoned",
    names.Outcome.SELF_SERVICE: "self-service",
}

NOBODY = Number("", "unknown", "")
SHOWN = 40  # characters of attributes on a display, which has little more


class State(StrEnum):
    ARRIVED = "arrived"
    MENU = "menu"
    WAITING = "waiting"
    RINGING = "ringing"
    TALKING = "talking"
    VOICEMAIL = "voicemail"
    PARKED = "parked"
    OVER = "over"


class Party(NamedTuple):
    """Somebody as displays have him."""

    number: str  # "" when withheld
    name: str


@dataclass(slots=True)
class Ring:
    """One person or line being called: the core's leg, and a leg of ours for each telephone and for a number outside."""

    leg: int  # the core's
    person: str  # "" for a line
    line: str  # "" for a person
    parties: dict[Leg, str] = field(default_factory=dict)  # our leg -> telephone or line
    answered: Leg = 0
    queue: str = ""  # why, on displays
    shown: str = ""  # on displays; "" once he took it from elsewhere
    was: Party | None = None  # the caller of a call that he was taken from
    outside: Leg = 0  # the leg to a number outside, a mobile for one
    number: Number = NOBODY  # called there
    lines: list[str] = field(default_factory=list)  # still to be tried when the one before fails
    confirm: bool = False  # who answers there must press 1
    rang: bool = False  # it rings there: that line did not fail
    redirected: bool = False  # the line named another number, which was called
    waits: bool = False  # for room on a line, that a call for help is given
    down: list[str] = field(default_factory=list)  # lines that could not be called through
    anyway: bool = False  # they are tried all the same

    def kind(self, leg: Leg) -> str:
        """As the journal has it."""
        return "trunk" if not self.person else "mobile" if leg == self.outside else "phone"

    def line_used(self) -> str:
        """The line it is called through; "" for telephones."""
        return self.parties.get(self.outside, "")


@dataclass(slots=True)
class Call:
    """A call under way; times are ms UTC, ids those of the settings, "" where there is none."""

    id: int
    rules: Rules  # it is handled by
    direction: Direction
    line: str  # the outside's line; the telephones' line for internal
    caller: str  # number, "" when withheld
    called: str
    name: str
    since: int
    leg: Leg  # the caller's; 0 when he is gone
    phone: str = ""  # the telephone it comes from
    mobile: str = ""  # the line of the mobile it comes from, whose owner asks somebody
    caller_person: str = ""  # the one of ours who calls
    was: Party | None = None  # who he is to displays, when the number he is at is his own business
    state: State = State.ARRIVED
    queue: str = ""
    queued_at: int | None = None
    person: str = ""  # who talks to him, or did
    spoke: str = ""  # the last who did, also before the call was sent elsewhere
    lists: tuple[str, ...] = ()  # caller lists he is on
    attributes: dict[str, str] = field(default_factory=dict)  # what is remembered of it, as it was learnt
    rings: dict[int, Ring] = field(default_factory=dict)  # by the core's leg
    talk: Ring | None = None
    trust: int = 0  # in his number, core.names.Trust
    keys: str = ""  # the last he pressed, but for PINs and codes
    gives_proof: bool = False  # he is asked for a PIN or code: what he presses is nobody's to see
    proof: str = ""  # what he gave, until the action it is for is due
    called_back: bool = False  # we called him, at a number the settings have
    up: bool = False  # the caller's leg is answered
    told_ringing: bool = False
    music: str = ""  # the file of the music he hears
    saying: Port = 0  # the prompt he hears
    wants_skill: bool = False  # of whoever answers
    looked_up: int = 0  # look-ups begun so far
    dialled: str = ""  # the outside number one of ours called, normalised
    outgoing: Asked | None = None  # the number outside that was asked for, and by whom
    refused: bool = False  # the number outside is not called: he is told why, and not answered
    gave_way: int = 0  # calls that ended to make room for it
    taking: Ring | None = None  # who takes it from where it is, until the core has it so
    purpose: Dialled | None = None  # what the switch is to do with it itself
    slot: str = ""  # it is parked in
    direct: str = ""  # the person who is rung alone
    looked_for: bool = False  # anybody, for him: to be turned away then is to be missed
    busy: bool = False  # why he did not take it: he was on another call, or declined
    forwarded: tuple[str, ...] = ()  # by these people
    forwarded_to: str = ""  # where the last of them sends his calls
    returns_to: str = ""  # the person who transferred it, until somebody has it
    handed_on_by: str = ""  # the person it comes back to, or did, from the park or because nobody took it
    at_once: bool = False  # telephones are asked to answer it by themselves
    recorded: Literal["", "yes", "paused"] = ""
    answered_at: int | None = None
    outcome: Outcome | Literal[""] = ""
    rows: dict[Leg, int] = field(default_factory=dict)  # our leg -> its number in the journal

    def row(self, leg: Leg) -> int:
        """The leg's number within the call: 0 the caller, then in order of calling."""
        return self.rows.setdefault(leg, len(self.rows))

    def ringing_people(self) -> tuple[str, ...]:
        return tuple(ring.person or ring.line for ring in self.rings.values())

    def lines_used(self) -> set[str]:
        """Every line it occupies."""
        rings = [*self.rings.values(), *([self.talk] if self.talk else [])]
        return {self.line, self.mobile, *(ring.line_used() for ring in rings)} - {""}

    def party(self) -> str:
        """The telephone, or line, the caller is at."""
        return self.phone or self.mobile or self.line

    def shown(self, queue: str) -> str:
        """What a telephone's display says of it, e.g. "Sales [invoice]: Mr X"."""
        known = ", ".join(dict.fromkeys(value for value in self.attributes.values() if value))
        if len(known) > SHOWN:
            known = known[: SHOWN - 1] + "…"
        why = f"{queue} [{known}]".strip() if known else queue
        who = self.who()
        return f"{why}: {who.name or who.number or 'Withheld'}".removeprefix(": ")

    def who(self) -> Party:
        """The caller, as displays have him."""
        return self.was or Party(self.caller, self.name)

    def forwarder(self) -> str:
        """The person who sends his calls to the number called now; "" for nobody."""
        return self.forwarded[-1] if self.forwarded and self.called == self.forwarded_to else ""

    def whom(self) -> str:
        """The number called, as all may see it: where somebody sends his calls to is his own business."""
        person = self.rules.settings.person.get(self.forwarder())
        return person.extension or "" if person else self.called


@dataclass(slots=True)
class Person:
    """Somebody who answers, as he is now."""

    status: Status = "available"
    reason: str = ""
    since: int = 0
    paused: bool = False  # he let too many calls ring
    paused_until: int | None = None  # None while paused: until his status is set
    source: str = ""  # who set the status: page, phone, mqtt or api; "" nobody yet
    until: int | None = None  # the status ends by itself then, ms UTC, and is as before
    reminded: int | None = None  # when he was told last that it is his status still, ms UTC
    before: Status = "available"
    before_reason: str = ""
    dnd: bool = False  # not to be disturbed
    forward_always: str | None = None  # where calls to him alone go, as he dialled it; None: as the settings say
    forward_busy: str | None = None
    forward_no_answer: str | None = None
