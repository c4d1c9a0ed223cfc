# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said on which topic, from the live office and its events. Pure; times are ms UTC.

The structs are the payloads: docs/mqtt.md shows them as JSON schemas.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from appliance.control.live import Live
from appliance.control.messages import ActionDue, Call, CallState, Happened, Line, LineState, Person, Queue, Status
from appliance.control.messages import Hours as OfficeHours
from appliance.control.missed import Missed
from appliance.control.modems import TEXT_MOST, Modem, Sms, SmsState, Standing
from appliance.mqtt.privacy import Tell

TEXT_MAX = 128  # characters of a name or number shown; longer ones come from outside and are cut
CALLERS_MOST = 20  # missed callers told: Home Assistant keeps no more than 16 KB of attributes
MOMENT_EXPIRY = 10  # seconds a broker may keep what is momentary (MQTT 5)

Text = Annotated[str, msgspec.Meta(max_length=TEXT_MAX)]
# fmt: off
EventType = Literal[
    "ringing", "answered", "ended", "missed", "voicemail", "dtmf", "emergency", "alarm",
    "sms", "sms-sent", "sms-delivered", "sms-failed",
]
# fmt: on
EVENT_TYPES: frozenset[str] = frozenset(EventType.__args__)  # type: ignore[attr-defined]
Mode = Literal["as-written", "open", "closed"]
encode = msgspec.json.Encoder().encode


class Payload(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What all JSON payloads have in common."""


class LineInfo(Payload):
    id: str
    name: Text
    kind: str


class BridgeInfo(Payload):
    """The box: version of Linekeeper, name of the office, its lines."""

    version: str
    office: Text
    lines: tuple[LineInfo, ...]


class LineCall(Payload):
    """A call on a line; number and name of whoever is outside."""

    call: int
    number: Text
    name: Text
    state: CallState


class LineNow(Payload):
    """A line: its first call (null and "" when there is none), and all of them."""

    state: LineState
    call: int | None
    number: Text
    name: Text
    calls: tuple[LineCall, ...]


class ModemState(Payload):
    """The modem of a line: how it stands and why, its signal in dBm, SIM, network and money; null and "": not known."""

    standing: Standing
    why: Text
    signal: int | None
    sim: Text
    registration: Text
    operator: Text
    balance: Text
    model: Text


class QueueState(Payload):
    """A queue: callers waiting, seconds the longest of them has waited, people who could be rung now."""

    waiting: int
    longest_s: int
    free: int


class PersonState(Payload):
    """A person: the status, why, since when, when it ends by itself, when he was reminded of it (ms UTC); his telephones."""

    status: Status
    reason: Text
    since: int
    until: int | None
    reminded: int | None
    state: Literal["unreachable", "free", "ringing", "talking"]


class HoursState(Payload):
    """Opening hours: as written, or held open or closed, and until when (ms UTC; null: till told otherwise)."""

    mode: Mode
    until: int | None


class MissedCall(Payload):
    """Somebody to be called back: when he called first and last (ms UTC), how often, by which line and queue the last time."""

    number: Text
    name: Text
    since: int
    at: int
    calls: int
    line: str
    queue: str


class MissedState(Payload):
    """Missed callers who are to be called back: how many, how many of them for too long; those who called last."""

    open: int
    overdue: int
    callers: Annotated[tuple[MissedCall, ...], msgspec.Meta(max_length=CALLERS_MOST)]


class ModeState(Payload):
    """The office: all hours held open, all held closed, else as written."""

    mode: Mode


class CallEvent(Payload):
    """Something momentary of a call. Never retained."""

    event_type: EventType
    event_id: str
    at: int
    call: int
    line: str
    number: Text
    name: Text
    person: str
    queue: str
    detail: Text
    lists: tuple[str, ...]
    first: bool
    text: Annotated[str, msgspec.Meta(max_length=TEXT_MOST)] = ""


class ActionEvent(Payload):
    """What becomes of a premises action: due, and then how it ended and why. Never retained."""

    event_type: str
    request_id: str
    expires_at: int
    call: int
    line: str
    reason: str


class Response(Payload):
    """What became of a request; transaction is the request's own."""

    status: Literal["ok", "error"]
    data: dict[str, Any] = {}
    error: str = ""
    transaction: str | int | None = None


PAYLOADS: Mapping[str, type[Payload]] = {  # by topic under <base>/<box>; + stands for a name
    "bridge/info": BridgeInfo,
    "line/+/state": LineNow,
    "line/+/modem": ModemState,
    "queue/+/state": QueueState,
    "person/+/state": PersonState,
    "hours/+/state": HoursState,
    "mode/state": ModeState,
    "missed/state": MissedState,
    "call/event": CallEvent,
    "action/+/event": ActionEvent,
    "response/+": Response,
}
WORDS: Mapping[str, tuple[str, ...]] = {  # those whose payload is one word
    "bridge/state": ("online", "offline"),
    "line/+/availability": ("online", "offline"),
}


_TEXTS: Mapping[SmsState, EventType] = {
    "received": "sms",
    "sent": "sms-sent",
    "delivered": "sms-delivered",
    "failed": "sms-failed",
}
RETAINED = ("bridge", "line", "queue", "person", "hours", "mode", "missed")  # of these; what is not is momentary


class Message(NamedTuple):
    """One publication. expiry is seconds a broker may keep it; that, properties and correlation are MQTT 5's."""

    topic: str
    payload: bytes
    retain: bool
    qos: int = 1
    expiry: int | None = None
    properties: tuple[tuple[str, str], ...] = ()
    correlation: bytes | None = None


class Topics:
    """The names under one box: `<base>/<box>/...`; `number` and `name` say what is told of callers.

    texts: whether what stands in text messages is told."""

    def __init__(self, base: str, box: str, number: Tell = str, name: Tell = str, texts: bool = True) -> None:
        self.root = f"{base}/{box}"
        self._number, self._name, self._texts = number, name, texts

    def kept(self) -> list[str]:
        """Filters of all that is retained under this box."""
        kept = [topic for topic in (*PAYLOADS, *WORDS) if topic.split("/")[0] in RETAINED]
        return [f"{self.root}/{topic}" for topic in kept]

    def bridge_state(self, online: bool) -> Message:
        """Whether what is retained under this box is live; offline is also the last will."""
        return self._kept("bridge/state", b"online" if online else b"offline")

    def retained(self, live: Live, version: str, now: int) -> dict[str, Message]:
        """Everything that should be retained for this office, by topic, the bridge's own state last."""
        messages = [
            self.bridge_info(live, version),
            *(message for line in live.lines.values() for message in self.line(live, line)),
            *(self.queue(queue, now) for queue in live.queues.values()),
            *(self.person(person) for person in live.people.values()),
            *(self.hours(hours) for hours in live.hours.values()),
            self.mode(live.hours.values()),
            self.missed(live.missed),
            self.bridge_state(True),
        ]
        return {message.topic: message for message in messages}

    def bridge_info(self, live: Live, version: str) -> Message:
        lines = tuple(LineInfo(id=line.id, name=_text(line.name), kind=line.kind) for line in live.lines.values())
        return self._state("bridge/info", BridgeInfo(version=version, office=_text(live.name), lines=lines))

    def line(self, live: Live, line: Line) -> list[Message]:
        """State (with the first call's caller, and the list of all calls), availability, and its modem if it has one."""
        calls = tuple(self._call(live.calls[call]) for call in line.calls if call in live.calls)
        first = calls[0] if calls else None
        shown = LineNow(
            state=line.state,
            call=first.call if first else None,
            number=first.number if first else "",
            name=first.name if first else "",
            calls=calls,
        )
        return [
            self._state(f"line/{line.id}/state", shown),
            self._kept(f"line/{line.id}/availability", b"online" if line.usable else b"offline"),
            *([self._modem(line.id, line.modem)] if line.modem else []),
        ]

    def _modem(self, line: str, modem: Modem) -> Message:
        """Neither its IMEI nor where callers were diverted to: those are nobody's business."""
        shown = ModemState(
            standing=modem.standing,
            why=_text(modem.why.partition(":")[0]),
            signal=modem.signal,
            sim=_text(modem.sim),
            registration=_text(modem.registration),
            operator=_text(modem.operator),
            balance=_text(modem.balance),
            model=_text(modem.model),
        )
        return self._state(f"line/{line}/modem", shown)

    def queue(self, queue: Queue, now: int) -> Message:
        longest = 0 if queue.oldest is None else max(0, now - queue.oldest) // 1000
        shown = QueueState(waiting=len(queue.waiting), longest_s=longest, free=queue.free)
        return self._state(f"queue/{queue.id}/state", shown)

    def person(self, person: Person) -> Message:
        shown = PersonState(
            status=person.status,
            reason=_text(person.reason),
            since=person.since,
            until=person.until,
            reminded=person.reminded,
            state=person.state,
        )
        return self._state(f"person/{person.id}/state", shown)

    def hours(self, hours: OfficeHours) -> Message:
        shown = HoursState(mode=hours.override or "as-written", until=hours.until)
        return self._state(f"hours/{hours.id}/state", shown)

    def mode(self, hours: Iterable[OfficeHours]) -> Message:
        return self._state("mode/state", ModeState(mode=mode_of(hours)))

    def missed(self, missed: Missed) -> Message:
        callers = tuple(
            MissedCall(
                number=_text(self._number(one.number)),
                name=_text(self._name(one.name)),
                since=one.since,
                at=one.at,
                calls=one.calls,
                line=one.line,
                queue=one.queue,
            )
            for one in missed.callers[:CALLERS_MOST]
        )
        return self._state("missed/state", MissedState(open=missed.open, overdue=missed.overdue, callers=callers))

    def call_event(self, event: Happened, *, first: bool = True) -> Message | None:
        """The momentary event, never retained; None for a kind that is not told outside. first: of its kind for the call."""
        if event.kind not in EVENT_TYPES:
            return None
        shown = CallEvent(
            event_type=event.kind,  # type: ignore[arg-type]
            event_id=f"{event.call}-{event.seq}",
            at=event.at,
            call=event.call,
            line=event.line,
            number=_text(self._number(event.number)),
            name=_text(self._name(event.name)),
            person=event.person,
            queue=event.queue,
            detail=_text(event.detail),
            lists=event.lists,
            first=first,
        )
        return self._moment("call/event", shown)

    def text_event(self, sms: Sms, at: int) -> Message:
        """A text message came, or became of ours what its kind says. What stands in it is told where numbers are in full."""
        shown = CallEvent(
            event_type=_TEXTS[sms.state],
            event_id=f"sms-{sms.id}-{sms.state}",
            at=at,
            call=0,
            line=sms.line,
            number=_text(self._number(sms.number)),
            name="",
            person="",
            queue="",
            detail="",
            lists=(),
            first=True,
            text=sms.text[:TEXT_MOST] if self._texts and sms.state == "received" else "",
        )
        return self._moment("call/event", shown)

    def action_event(self, due: ActionDue, event_type: str, reason: str = "") -> Message:
        """due, published or failed (and why), for `action/<id>/event`."""
        shown = ActionEvent(
            event_type=event_type,
            request_id=due.request,
            expires_at=due.expires,
            call=due.call,
            line=due.line,
            reason=reason,
        )
        return self._moment(f"action/{due.action}/event", shown)

    def response(self, name: str, response: Response, topic: str = "", correlation: bytes | None = None) -> Message:
        """The answer to a request, on a topic the asker chose or on the usual one."""
        return Message(
            topic or f"{self.root}/response/{name}",
            encode(response),
            retain=False,
            expiry=MOMENT_EXPIRY,
            correlation=correlation,
        )

    def _call(self, call: Call) -> LineCall:
        number = call.called if call.direction == "out" else call.caller
        return LineCall(
            call=call.id, number=_text(self._number(number)), name=_text(self._name(call.name)), state=call.state
        )

    def _kept(self, topic: str, payload: bytes) -> Message:
        return Message(f"{self.root}/{topic}", payload, retain=True)

    def _state(self, topic: str, shown: Payload) -> Message:
        return self._kept(topic, encode(shown))

    def _moment(self, topic: str, shown: Payload) -> Message:
        return Message(f"{self.root}/{topic}", encode(shown), retain=False, expiry=MOMENT_EXPIRY)


def mode_of(hours: Iterable[OfficeHours]) -> Mode:
    """How the office is held: as all its hours are, when they are held alike."""
    held = {each.override for each in hours}
    [alike] = held if len(held) == 1 else [None]
    return alike or "as-written"


def removed(topic: str) -> Message:
    """An empty retained message: the broker forgets the topic."""
    return Message(topic, b"", retain=True)


def _text(text: str) -> str:
    return text[:TEXT_MAX]
