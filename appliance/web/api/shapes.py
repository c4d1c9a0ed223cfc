# SPDX-License-Identifier: GPL-2.0-or-later
"""What programs send and are answered, beside what the control socket says already. Times are ms UTC. Pure."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from appliance.control.fields import Id, Short
from appliance.control.messages import SENT_TO, TARGET, Language, MessageState, Status, Time, Words
from appliance.control.modems import TEXT_MOST
from appliance.web.access import ROLES

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
UserName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,30}$")]
Limit = Annotated[int, Meta(ge=1, le=1000)]
Moment = Annotated[int, Meta(ge=0, lt=2**53)]
Role = Literal["owner", "installer", "supervisor", "employee", "reader"]
assert set(Role.__args__) == set(ROLES)  # type: ignore[attr-defined]


class Strict(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing unknown: a field written wrongly is told, not passed over."""


class Problem(Struct, frozen=True):
    """Why something was not done: `error` is stable, `message` for people."""

    error: str
    message: str


class Done(Struct, frozen=True):
    """It was done; there is nothing to tell."""


class PastCall(Struct, frozen=True):
    """A call as the journal has it; ended_at null: it goes on. outcome: how it ended."""

    id: int
    at: int
    line: str
    caller: str
    called: str
    name: str
    queue: str
    person: str
    answered_at: int | None
    ended_at: int | None
    outcome: str | None


class Sentences(Struct, frozen=True):
    """Why a call went as it did, oldest first."""

    sentences: list[str]


class Since(Strict, frozen=True):
    """since: calls that began then or later; the newest come first."""

    since: Moment = 0
    limit: Limit = 100
    outcome: Literal["", "answered", "voicemail", "refused", "abandoned", "self-service", "cut"] = ""


class InLanguage(Strict, frozen=True):
    language: Literal["", "en", "ru", "uk"] = ""


class SendTo(Strict, frozen=True):
    """to: `queue.`, `chain.`, `person.`, `mailbox.`, `scenario.` or `room.` and a name, or `number.` and a number."""

    to: Annotated[str, Meta(pattern=SENT_TO, max_length=80)]


class ParkIn(Strict, frozen=True):
    """slot "": the first that is free; by: the person the call comes back to."""

    slot: Annotated[str, Meta(pattern="^[0-9]{0,6}$")] = ""
    by: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,30})?$")] = ""


class TakeOn(Strict, frozen=True):
    """Telephones, or all of a person, that are rung for a call."""

    phones: Annotated[list[Name], Meta(max_length=20)] = []
    person: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,30})?$")] = ""


class ListenOn(Strict, frozen=True):
    """whisper: our side hears who answers, too; barge: both sides do."""

    how: Literal["listen", "whisper", "barge"]
    phones: Annotated[list[Name], Meta(max_length=20)] = []
    person: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,30})?$")] = ""


class PressIn(Strict, frozen=True):
    """consult: ask at a number first; again, to put through who was asked. number: as a telephone dials it."""

    person: Name
    code: Literal["transfer", "consult", "swap", "three-way", "park", "record-pause"]
    number: Annotated[str, Meta(pattern=r"^\+?[0-9*#]{0,20}$")] = ""


class DialTo(Strict, frozen=True):
    """Call `to`; who answers is put through (`connect`) or told something (`say`, a text, or `prompt`): one of the three."""

    to: Annotated[str, Meta(min_length=2, max_length=60)]
    connect: Annotated[str, Meta(pattern=TARGET, max_length=80)] | None = None
    say: Words | None = None
    prompt: Name | None = None
    line: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,30})?$")] = ""
    language: Language = ""


class SayOn(Strict, frozen=True):
    """A text to be said on telephones, or all those of a person."""

    text: Words
    phones: Annotated[list[Name], Meta(max_length=20)] = []
    person: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,30})?$")] = ""
    language: Language = ""


class StatusOf(Strict, frozen=True):
    """until: when it ends by itself; null: not. unless_by_hand: one set so many minutes ago at a telephone or on a page stays."""

    status: Status
    reason: Short = ""
    until: Time | None = None
    unless_by_hand: Annotated[int, Meta(ge=0, le=1440)] = 0


class CheckOf(Strict, frozen=True):
    """to: a number that comes back to the box; "": one is found."""

    to: Annotated[str, Meta(pattern=r"^(\+?[0-9 ().\-/]{2,40})?$")] = ""


class CallOf(Strict, frozen=True):
    """number: as this person's telephone dials it, or whole."""

    number: Annotated[str, Meta(pattern=r"^\+?[0-9]{2,20}$")]


class DisturbOf(Strict, frozen=True):
    may: bool


class ForwardOf(Strict, frozen=True):
    """Where calls to this person alone go, as a telephone dials it; "": nowhere."""

    when: Literal["always", "busy", "no-answer"]
    number: Annotated[str, Meta(pattern="^[0-9]{0,20}$")]


class OverrideOf(Strict, frozen=True):
    """as-written ends what is held; until null: till told otherwise."""

    mode: Literal["open", "closed", "as-written"]
    until: Time | None = None


class TextsAfter(Strict, frozen=True):
    """after: only text messages with a higher id, as one answer has 100; 0: the newest."""

    after: Id = 0


class TextTo(Strict, frozen=True):
    """to: a number, or person.NAME; line "": the cheapest with a modem that is ready; report: ask when it is delivered."""

    to: Annotated[str, Meta(min_length=2, max_length=60)]
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_MOST)]
    line: Short = ""
    report: bool = True


class OfMailbox(Strict, frozen=True):
    """mailbox "": all; after: only messages with a higher id, as one answer has 1,000."""

    mailbox: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,30})?$")] = ""
    after: Id = 0


class VoiceMessage(Struct, frozen=True):
    """A message; duration in ms, sha256 that of its file. The sound is at /voicemail/{message}/audio."""

    id: int
    mailbox: str
    at: int
    caller: str
    name: str
    duration: int
    sha256: str
    state: MessageState
    handled: bool
    changed_at: int


class MessageBecame(Strict, frozen=True):
    """null leaves either as it is."""

    state: MessageState | None = None
    handled: bool | None = None


class Found(Struct, frozen=True):
    """How one thing is, and what to do about it. level none: not used, or not known here and now."""

    level: Literal["good", "none", "warning", "bad"]
    says: str
    todo: str


class Checked(Struct, frozen=True):
    """One thing that can be wrong, and what was found, the worst first."""

    id: str
    name: str
    level: Literal["good", "none", "warning", "bad"]
    found: list[Found]


class Health(Struct, frozen=True):
    """How the box is; level: that of the worst."""

    level: Literal["good", "warning", "bad"]
    at: int
    checks: list[Checked]


class Version(Struct, frozen=True):
    number: int
    at: int
    comment: str
    sha256: str


class Waiting(Struct, frozen=True):
    """Tables that wait for a start of the switch, and of the pages; calls: those a start of the switch would end."""

    switch: list[str]
    pages: list[str]
    calls: int


class StartAnew(Strict, frozen=True):
    """Without end_calls nothing is started while there are calls a start would end (`busy`)."""

    end_calls: bool = False


class Changed(Struct, frozen=True):
    """Where two documents differ, and what stands in each, shortened; – is nothing."""

    path: str
    old: str
    new: str


class Warnings(Struct, frozen=True):
    """The document is sound; what in it may not be meant all the same."""

    warnings: list[str]


class InForce(Struct, frozen=True):
    """restart: the tables taken up only when the programs start again."""

    revision: int
    restart: list[str]
    warnings: list[str]


class OneUser(Struct, frozen=True):
    """codes: whether codes of six digits are asked for at log-in; limits: the departments and branches a supervisor is of."""

    name: str
    role: str
    codes: bool
    person: str
    at: int
    limits: list[str]


PersonOrNone = Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,30})?$")]


Limits = Annotated[
    list[Annotated[str, Meta(pattern=r"^(branch|department)\.[a-z0-9][a-z0-9-]{0,30}$")]], Meta(max_length=128)
]


class NewUser(Strict, frozen=True):
    """person: who of the office he is, "" nobody; limits: what a supervisor sees and directs, [] the whole office."""

    name: UserName
    role: Role
    password: Annotated[str, Meta(min_length=10, max_length=200)]
    person: PersonOrNone = ""
    limits: Limits = []


class ChangedUser(Strict, frozen=True):
    """What is left out stays. A new password also turns codes off; it, another role and other limits end the user's sessions."""

    role: Role | UnsetType = UNSET
    password: Annotated[str, Meta(min_length=10, max_length=200)] | UnsetType = UNSET
    person: PersonOrNone | UnsetType = UNSET
    limits: Limits | UnsetType = UNSET


class OneSession(Struct, frozen=True):
    """A browser that is logged in: from where, what it says it is, since when, and when it was used last."""

    address: str
    agent: str
    began: int
    seen: int


class Self(Struct, frozen=True):
    """The token that asks: its name, whose it is, and what it may."""

    name: str
    user: str
    role: str
    scopes: list[str]
    until: int
