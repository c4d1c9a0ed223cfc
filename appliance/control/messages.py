"""The control socket's language: one JSON object per line, typed. Public; see docs/control.md. Times are ms UTC."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from appliance.control import health, modems, prompts, provisioning, recordings, restarts, secrets
from appliance.control.doctor import CheckLine, LineChecked
from appliance.control.fields import Id, Short
from appliance.control.guard import Ban, Banned, Lift, Lifted
from appliance.control.handling import CallFor, Disturb, Forward, Handling, Park, Press, Supervise, Take
from appliance.control.missed import Missed, MissedChanged

VERSION = 1
MAX_LINE = 1_048_576  # bytes; a longer line ends the connection
BACKLOG = 4_194_304  # bytes unsent to one client before it is dropped

CallState = Literal["arrived", "menu", "waiting", "ringing", "talking", "voicemail", "parked", "over"]
LineState = Literal["idle", "ringing", "dialing", "talking"]
Source = Literal["", "page", "phone", "mqtt", "api"]  # who set a status or held hours; "" is not known
Status = Literal["available", "break", "away", "meeting", "off"]
Time = Annotated[int, msgspec.Meta(gt=0, le=2**52)]  # LK_NOW_MAX
Spoken = Literal["", "en", "ru", "uk"]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Language = Annotated[str, msgspec.Meta(pattern=r"^([a-z]{2,3}(-[a-z0-9]{1,12}){0,3})?$")]
TARGET = r"^(queue|chain|person|mailbox|scenario)\.[^.]+$"
SENT_TO = r"^((queue|chain|person|mailbox|scenario|room)\.[^.]+|number\.\+?[0-9*#]{2,20})$"
ActionBecame = (
    Literal[  # waits: for a second person, a call back or a delay; unconfirmed: sent, but the thing did not say so
        "published", "confirmed", "waits", "denied", "failed", "unconfirmed", "aborted"
    ]
)
MessageState = Literal["new", "heard", "saved"]
Outcome = Literal["answered", "voicemail", "refused", "abandoned", "self-service"]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One caller's visit as it stands now. direction is the outside's: in, out or internal."""

    id: int
    direction: Literal["in", "out", "internal"]
    state: CallState
    line: str
    caller: str
    called: str
    since: int
    name: str = ""
    queue: str = ""
    person: str = ""
    ringing: tuple[str, ...] = ()
    queued_at: int | None = None  # when he joined the queue he waits in, or waited in last
    answered_at: int | None = None
    outcome: Outcome | None = None
    attributes: dict[str, str] = {}  # what is remembered of it: keys pressed, digits collected, what was looked up
    recorded: Literal["", "yes", "paused"] = ""
    slot: str = ""  # it is parked in


class Line(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    kind: str
    usable: bool
    why: str = ""  # it is not usable, as far as that is known
    state: LineState = "idle"
    calls: tuple[int, ...] = ()
    modem: modems.Modem | None = None  # null: it has none
    checked: LineChecked | None = None  # by the line doctor, the last time; null: never
    contacts: tuple[str, ...] = ()  # where a gateway registered from, how it calls itself, and until when
    agent: str = ""
    expires: int | None = None


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    waiting: tuple[int, ...] = ()  # calls, in the order they are answered in
    oldest: int | None = None  # when the longest waiting caller joined
    free: int = 0  # people who could be rung now


class Person(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    extension: str
    position: str = ""
    status: Status
    reason: str = ""
    since: int = 0
    state: Literal["unreachable", "free", "ringing", "talking"] = "unreachable"
    paused: bool = False  # too many calls rang unanswered: queues leave this person alone
    paused_until: int | None = None  # null while paused: until the status is set
    source: Source = ""
    until: int | None = None  # the status ends by itself then
    reminded: int | None = None  # when he was told last that it is his status still
    dnd: bool = False  # not to be disturbed
    off_duty: bool = False  # outside the duty hours: queues leave this person alone
    on_duty_at: int | None = None  # when these begin; null: not known, or they are now
    forwards: dict[str, str] = {}  # always, busy, no-answer: where calls to this person alone go then


class Phone(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    contacts: tuple[str, ...] = ()
    agent: str = ""
    expires: int | None = None


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """Opening hours; override is what somebody holds against them as written."""

    id: str
    override: Literal["open", "closed"] | None = None
    until: int | None = None  # null: till told otherwise
    source: Source = ""
    since: int = 0


class Mailbox(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages a mailbox has; those not handled may be new, heard or saved."""

    id: str
    name: str
    new: int = 0
    heard: int = 0
    saved: int = 0
    unhandled: int = 0


class Office(msgspec.Struct, frozen=True, kw_only=True):
    """The whole state, answered to `watch`; every event after it has a higher seq."""

    version: int
    seq: int
    name: str
    revision: int  # of the settings in force
    zone: str = ""  # the time zone of the office
    calls: tuple[Call, ...]
    lines: tuple[Line, ...]
    queues: tuple[Queue, ...]
    people: tuple[Person, ...]
    phones: tuple[Phone, ...]
    hours: tuple[Hours, ...] = ()
    mailboxes: tuple[Mailbox, ...] = ()
    bans: tuple[Ban, ...] = ()
    troubles: tuple[health.Trouble, ...] = ()  # of the switch itself
    bridge: health.Bridge | None = None  # null: it has told nothing yet
    missed: Missed = Missed()


# ---- requests -------------------------------------------------------------------------------------------------------


class Watch(msgspec.Struct, tag_field="do", tag="watch", frozen=True):
    """Answer with Office, then send every event."""

    id: Id


class Check(msgspec.Struct, tag_field="do", tag="check", frozen=True):
    """Validate a settings document; answer with what is sound but may not be meant, or refuse with its faults."""

    id: Id
    document: str


class Apply(msgspec.Struct, tag_field="do", tag="apply", frozen=True):
    """Validate, keep and use a settings document; answer with its revision. Calls under way end under the old one."""

    id: Id
    document: str
    comment: Short = ""
    base: str = (
        ""  # SHA-256 in hex of the document it was made from; refused (`changed`) when that is in force no longer
    )


class History(msgspec.Struct, tag_field="do", tag="history", frozen=True):
    """Answer with every version of the settings kept, oldest first."""

    id: Id


class Document(msgspec.Struct, tag_field="do", tag="document", frozen=True):
    """Answer with the settings document of a revision; 0: the one in force."""

    id: Id
    revision: Id = 0


class Restore(msgspec.Struct, tag_field="do", tag="restore", frozen=True):
    """Apply an older revision again; answer with the new revision."""

    id: Id
    revision: Id


class SetStatus(msgspec.Struct, tag_field="do", tag="status", frozen=True):
    """Say whether a person is to be rung; until a time, after which it is as before, or till told otherwise."""

    id: Id
    person: str
    status: Status
    reason: Short = ""
    source: Source = ""
    until: Time | None = None


class HangUp(msgspec.Struct, tag_field="do", tag="hang-up", frozen=True):
    """End a call and all its legs."""

    id: Id
    call: Id


class Send(msgspec.Struct, tag_field="do", tag="send", frozen=True):
    """Send a call elsewhere, wherever it is; whoever has it or is rung for it is let go. What is known of it is kept."""

    id: Id
    call: Id
    to: Annotated[str, msgspec.Meta(pattern=SENT_TO, max_length=80)]


class Override(msgspec.Struct, tag_field="do", tag="override", frozen=True):
    """Hold hours open or closed until a time, or till told otherwise; as-written ends it."""

    id: Id
    hours: str
    mode: Literal["open", "closed", "as-written"]
    until: Time | None = None
    source: Source = ""


class Dial(msgspec.Struct, tag_field="do", tag="dial", frozen=True):
    """Call a number outside, or telephones of ours, and put whoever answers through, or tell him something.

    Exactly one of connect, say and prompt."""

    id: Id
    to: Annotated[str, msgspec.Meta(min_length=2, max_length=60)]  # a number, an extension, "person.x" or "phone.x"
    connect: Annotated[str, msgspec.Meta(pattern=TARGET, max_length=80)] | None = None
    say: Words | None = None
    prompt: Short | None = None
    line: Short = ""  # "": the lines telephones call out by, in turn
    language: Language = ""  # of what is said; "": the office's


class Say(msgspec.Struct, tag_field="do", tag="say", frozen=True):
    """Say something on telephones, which answer by themselves where they can, and ring where not."""

    id: Id
    text: Words
    phones: Annotated[tuple[str, ...], msgspec.Meta(max_length=20)] = ()
    person: Short = ""  # all telephones of a person
    language: Language = ""


class Why(msgspec.Struct, tag_field="do", tag="why", frozen=True):
    """The trace of a call, in words, oldest first; language en, ru or uk, the office's own when it is left out."""

    id: Id
    call: Id
    language: Spoken = ""


class Messages(msgspec.Struct, tag_field="do", tag="messages", frozen=True):
    """Answer with the messages of a mailbox, or of all, oldest first; mail: only those whose e-mail is so."""

    id: Id
    mailbox: Short = ""
    mail: Literal["", "due", "sent", "failed"] = ""
    after: Id = 0  # only those whose id is higher; for what did not fit into one answer


class SetMessage(msgspec.Struct, tag_field="do", tag="message", frozen=True):
    """Say that a message is new, heard or saved, and whether somebody did what it asked for; null leaves it."""

    id: Id
    message: Id
    state: MessageState | None = None
    handled: bool | None = None
    by: Short = ""


class DeleteMessage(msgspec.Struct, tag_field="do", tag="delete-message", frozen=True):
    """Delete a message and its file."""

    id: Id
    message: Id
    by: Short = ""


class Mailed(msgspec.Struct, tag_field="do", tag="mailed", frozen=True):
    """The web program says what became of the e-mail about a message."""

    id: Id
    message: Id
    result: Literal["sent", "failed"]
    reason: Short = ""


class ActionResult(msgspec.Struct, tag_field="do", tag="action-result", frozen=True):
    """The bridge says what became of an action; request is that of the event which said that it was due."""

    id: Id
    call: Id
    action: str
    result: ActionBecame
    reason: str = ""
    request: Annotated[str, msgspec.Meta(max_length=64)] = ""


class ActionKeys(msgspec.Struct, tag_field="do", tag="action-keys", frozen=True):
    """Answer with the keys a caller gave for an action, once; they are nowhere else. "" when he gave none."""

    id: Id
    request: Annotated[str, msgspec.Meta(max_length=64)]


class AbortAction(msgspec.Struct, tag_field="do", tag="abort-action", frozen=True):
    """Tell the bridge not to carry out an action whose delay is not over."""

    id: Id
    action: Short


Asking = Watch | Check | Apply | History | Document | Restore | SetStatus | HangUp | Send | Override | Dial | Say | Why
OfMessages = Messages | SetMessage | DeleteMessage | Mailed
OfParts = (
    recordings.OfRecordings
    | modems.OfModems
    | provisioning.OfProvisioning
    | secrets.OfSecrets
    | restarts.OfRestarts
    | prompts.OfPrompts
    | health.TellBrokers
    | CheckLine
)
Request = Asking | Handling | OfMessages | OfParts | ActionResult | ActionKeys | AbortAction | Lift

# ---- events ---------------------------------------------------------------------------------------------------------


class CallChanged(msgspec.Struct, tag_field="event", tag="call", frozen=True, kw_only=True):
    """A call as it is now; after `over` it is not mentioned again."""

    seq: int
    at: int
    call: Call


class LineChanged(msgspec.Struct, tag_field="event", tag="line", frozen=True, kw_only=True):
    seq: int
    at: int
    line: Line


class QueueChanged(msgspec.Struct, tag_field="event", tag="queue", frozen=True, kw_only=True):
    seq: int
    at: int
    queue: Queue


class PersonChanged(msgspec.Struct, tag_field="event", tag="person", frozen=True, kw_only=True):
    seq: int
    at: int
    person: Person


class PhoneChanged(msgspec.Struct, tag_field="event", tag="phone", frozen=True, kw_only=True):
    seq: int
    at: int
    phone: Phone


class HoursChanged(msgspec.Struct, tag_field="event", tag="hours", frozen=True, kw_only=True):
    seq: int
    at: int
    hours: Hours


class MailboxChanged(msgspec.Struct, tag_field="event", tag="mailbox", frozen=True, kw_only=True):
    seq: int
    at: int
    mailbox: Mailbox


class Happened(msgspec.Struct, tag_field="event", tag="happened", frozen=True, kw_only=True):
    """Something momentary: ringing, answered, ended, missed, voicemail, mailbox-full, dtmf, emergency, alarm."""

    seq: int
    at: int
    kind: str
    call: int
    line: str = ""
    number: str = ""
    name: str = ""
    person: str = ""
    queue: str = ""
    detail: str = ""
    lists: tuple[str, ...] = ()  # caller lists he is on


class ActionDue(msgspec.Struct, tag_field="event", tag="action", frozen=True, kw_only=True):
    """A premises action is to be carried out by the bridge; not after expires."""

    seq: int
    at: int
    action: str
    call: int
    request: str  # unique, for the topic's request_id
    expires: int
    number: str = ""
    name: str = ""
    line: str = ""
    trust: str = "none"  # in the number, as in the settings; none when it is withheld
    queue: str = ""
    keys: str = ""  # pressed before, in menus; never a PIN or code
    asked: bool = False  # a step of a scenario set it off, and waits for what becomes of it
    called_back: bool = False  # we called the number, and talk to whoever answered there
    lists: tuple[str, ...] = ()  # caller lists the caller is on


class ActionAborted(msgspec.Struct, tag_field="event", tag="action-aborted", frozen=True, kw_only=True):
    """An action that waits for the end of its delay is not to be carried out."""

    seq: int
    at: int
    action: str


class Applied(msgspec.Struct, tag_field="event", tag="applied", frozen=True, kw_only=True):
    """New settings are in force; clients read the document again if they use it."""

    seq: int
    at: int
    revision: int


Event = (
    CallChanged
    | LineChanged
    | QueueChanged
    | PersonChanged
    | PhoneChanged
    | HoursChanged
    | MailboxChanged
    | MissedChanged
    | Happened
    | ActionDue
    | ActionAborted
    | Applied
    | secrets.SecretKept
    | Banned
    | Lifted
    | modems.Texted
    | health.BridgeChanged
    | health.Troubled
)


# ---- answers --------------------------------------------------------------------------------------------------------


class Done(msgspec.Struct, frozen=True):
    """It was done; there is nothing to tell."""


class Dialled(msgspec.Struct, frozen=True):
    """The calls that are being made; what becomes of them comes as events."""

    calls: tuple[int, ...]


class Message(msgspec.Struct, frozen=True):
    """A message; id is the call that left it, duration ms, file its path, sha256 of the file in hex."""

    id: int
    mailbox: str
    at: int
    caller: str
    name: str
    duration: int
    file: str
    sha256: str
    state: MessageState
    handled: bool
    changed_at: int  # when state or handled did last; 0: never
    mail: Literal["", "due", "sent", "failed"]


class Parked(msgspec.Struct, frozen=True):
    """The slot a call is parked in."""

    slot: str


class Checked(msgspec.Struct, frozen=True):
    """The document is sound; what in it may not be meant all the same, each with its place."""

    warnings: tuple[str, ...] = ()


class Revision(msgspec.Struct, frozen=True):
    """The revision of the settings now in force; the tables that are taken up only when the programs start again."""

    revision: int
    restart: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()  # prompts that cannot be spoken


class Written(msgspec.Struct, frozen=True):
    """The settings document of a revision."""

    revision: int
    document: str


class Version(msgspec.Struct, frozen=True):
    """One kept version of the settings; sha256 of the document in hex."""

    number: int
    at: int
    comment: str
    sha256: str


ANSWERS: Mapping[type, object] = {  # what `ok` holds
    Watch: Office,
    Check: Checked,
    Apply: Revision,
    History: tuple[Version, ...],
    Restore: Revision,
    Document: Written,
    SetStatus: Done,
    HangUp: Done,
    Send: Done,
    Dial: Dialled,
    Say: Dialled,
    Override: Done,
    Park: Parked,
    Take: Done,
    Supervise: Done,
    Press: Done,
    CallFor: Dialled,
    Disturb: Done,
    Forward: Done,
    Why: tuple[str, ...],
    Messages: tuple[Message, ...],
    SetMessage: Done,
    DeleteMessage: Done,
    Mailed: Done,
    modems.Texts: tuple[modems.Sms, ...],
    modems.SendText: modems.Sms,
    modems.Code: str,
    modems.Plugged: tuple[modems.Socket, ...],
    CheckLine: LineChecked,
    recordings.Recordings: tuple[recordings.Recording, ...],
    recordings.VerifyRecording: recordings.Verified,
    recordings.ExportRecording: recordings.Piece,
    recordings.HearRecording: recordings.Heard,
    recordings.KeepRecording: Done,
    recordings.DeleteRecording: Done,
    provisioning.Provision: provisioning.Provisioned,
    provisioning.ProvisioningSecret: provisioning.Known,
    provisioning.PhonePassword: provisioning.Registers,
    provisioning.Reboot: Done,
    secrets.KeepSecret: Done,
    secrets.DropSecret: Done,
    secrets.BridgeSecrets: secrets.Kept,
    secrets.MailSecrets: secrets.Kept,
    restarts.Pending: restarts.Waiting,
    restarts.Restart: Done,
    prompts.KeepPrompt: prompts.KeptPrompt,
    prompts.SpeakPrompt: prompts.SpokenPrompt,
    prompts.DeletePrompt: Done,
    ActionResult: Done,
    ActionKeys: str,
    AbortAction: Done,
    Lift: Done,
    health.TellBrokers: Done,
}


class Refused(Exception):
    """A request that is not carried out. The handler raises it in the switch, the client at the other end."""

    def __init__(self, id: str, message: str) -> None:
        super().__init__(message)
        self.id, self.message = id, message


class Fault(msgspec.Struct, frozen=True):
    """Why a request was refused; `id` is stable, message is for people."""

    id: str
    message: str


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """ok holds what the request asks for (Office, faults, revision ...), or error says why not."""

    id: int
    ok: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: Fault | None = None
