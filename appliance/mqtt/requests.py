# SPDX-License-Identifier: GPL-2.0-or-later
"""What may be asked for on `request/<name>`, and which of it is not taken. Pure; times are ms UTC or monotonic seconds.

Refused: what is retained, late, not understood, or too often. What comes twice within a minute is done once.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Annotated

import msgspec

from appliance.control.fields import Id
from appliance.control.live import Live
from appliance.control.messages import TARGET, Dial, HangUp, Language, Override, Say, Send, SetStatus, Status, Words
from appliance.control.messages import Request as Command
from appliance.control.modems import TEXT_MOST, SendText
from appliance.mqtt.topics import Mode, Payload, Response, mode_of

LARGEST = 4096  # bytes of a request
AGAIN = 60.0  # seconds in which the same transaction is the same request
DELIVERED_TWICE = 5.0  # seconds in which the very same request without one is: QoS 1 may deliver twice
REMEMBERED = 1024  # transactions
RATE_SPAN = 60.0  # seconds that the settings' request_rate counts in
COMPLAINT = 1.0  # seconds between two answers that it is too often: a flood of requests makes no flood of answers

Short = Annotated[str, msgspec.Meta(max_length=200)]
Transaction = Annotated[str, msgspec.Meta(max_length=64)] | Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Expiry = Annotated[int, msgspec.Meta(gt=0, le=2**52)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=30 * 86_400)]


class Asked(Payload):
    """What every request may say: a transaction that comes back with the answer, or a request_id; when it is too late."""

    transaction: Transaction | None = None
    request_id: Annotated[str, msgspec.Meta(max_length=64)] = ""
    expires_at: Expiry | None = None


class StatusRequest(Asked, kw_only=True):
    """Set whether a person is rung. After expires_s the status is again as it was before."""

    person: Short
    status: Status
    reason: Short = ""
    expires_s: Seconds | None = None


class ModeRequest(Asked, kw_only=True):
    """Hold the office open or closed, or end that; one table of hours, or (left out) all of them."""

    mode: Mode
    hours: Short | None = None
    expires_s: Seconds | None = None


class HangUpRequest(Asked, kw_only=True):
    """End a call: by its id, or the one call on a line."""

    call: Id | None = None
    line: Short | None = None


class TransferRequest(Asked, kw_only=True):
    """Send a call elsewhere: to a queue, chain, person, mailbox or scenario, such as `queue.sales`."""

    to: Annotated[str, msgspec.Meta(pattern=r"^(queue|chain|person|mailbox|scenario)\.[^.]+$", max_length=80)]
    call: Id | None = None
    line: Short | None = None


class DialRequest(Asked, kw_only=True):
    """Call a number, an extension, `person.NAME` or `phone.NAME`; who answers is put through, or hears a text or prompt."""

    to: Annotated[str, msgspec.Meta(min_length=2, max_length=60)]
    connect: Annotated[str, msgspec.Meta(pattern=TARGET, max_length=80)] | None = None
    say: Words | None = None
    prompt: Short | None = None
    line: Short = ""
    language: Language = ""


class SayRequest(Asked, kw_only=True):
    """Say a text on telephones: those of a person, or some by name."""

    text: Words
    person: Short = ""
    phones: Annotated[tuple[str, ...], msgspec.Meta(max_length=20)] = ()
    language: Language = ""


class SmsRequest(Asked, kw_only=True):
    """Send a text message to a number outside, or to a person's mobile; by one line with a modem, or the cheapest."""

    to: Annotated[str, msgspec.Meta(min_length=2, max_length=60)] | None = None
    person: Short = ""
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MOST)]
    line: Short = ""


class HealthRequest(Asked, kw_only=True):
    """Ask whether everything works."""


Request = (
    StatusRequest
    | ModeRequest
    | HangUpRequest
    | TransferRequest
    | DialRequest
    | SayRequest
    | SmsRequest
    | HealthRequest
)
KINDS: dict[str, type[Request]] = {  # by name of the topic
    "status": StatusRequest,
    "mode": ModeRequest,
    "hang-up": HangUpRequest,
    "transfer": TransferRequest,
    "dial": DialRequest,
    "say": SayRequest,
    "sms": SmsRequest,
    "health": HealthRequest,
}


ONCE = (DialRequest, SayRequest, SmsRequest, HangUpRequest, TransferRequest)  # done twice, more comes of it


class Refused(Exception):
    """A request that is not carried out; `id` says why, transaction is the request's own as far as it is known."""

    def __init__(self, id: str, message: str, transaction: str | int | None = None) -> None:
        super().__init__(message)
        self.id, self.message, self.transaction = id, message, transaction

    def response(self) -> Response:
        return Response(status="error", error=f"{self.id}: {self.message}", transaction=self.transaction)


class Same(Exception):
    """The request came before, within a minute; response is what was answered, None while it is still under way."""

    def __init__(self, response: Response | None) -> None:
        super().__init__("the same request")
        self.response = response


class Gate:
    """Lets each request of one broker through once, in time, and not too often. `rate`: so many of a kind a minute."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._times: dict[str, deque[float]] = {}
        self._complained: dict[str, float] = {}
        self._answers: OrderedDict[tuple[str, str], tuple[float, Response | None]] = OrderedDict()

    def take(
        self, name: str, payload: bytes, *, retained: bool, until: float | None, now_ms: int, now: float
    ) -> Request:
        """The request, counted. until: when the broker's own expiry passes. Raises Refused, Same."""
        self._count(name if name in KINDS else "", now)
        if name not in KINDS:
            raise Refused("unknown-request", f"known are {', '.join(KINDS)}")
        if retained:
            raise Refused("retained", "requests must not be retained: they would be carried out again")
        request = read(name, payload)
        transaction = request.transaction
        late = request.expires_at is not None and request.expires_at <= now_ms
        if late or (until is not None and until <= now):
            raise Refused("expired", "it came too late", transaction)
        if (key := _key(name, request)) is not None:
            self._forget(now)
            if key in self._answers and now - self._answers[key][0] < (AGAIN if _named(request) else DELIVERED_TWICE):
                raise Same(self._answers[key][1])
            self._answers.pop(key, None)
            self._answers[key] = (now, None)
        return request

    def answered(self, name: str, request: Request, response: Response) -> None:
        """Remember what was answered, for the same request once more."""
        if (key := _key(name, request)) in self._answers and key is not None:
            self._answers[key] = (self._answers[key][0], response)

    def _count(self, name: str, now: float) -> None:
        times = self._times.setdefault(name, deque())
        while times and times[0] <= now - RATE_SPAN:
            times.popleft()
        if len(times) >= self._rate:
            silent = now - self._complained.get(name, -COMPLAINT) < COMPLAINT
            if not silent:
                self._complained[name] = now
            raise Refused("too-often", "" if silent else f"at most {self._rate} a minute are taken")
        times.append(now)

    def _forget(self, now: float) -> None:
        while self._answers:
            key, (at, _) = next(iter(self._answers.items()))
            if at > now - AGAIN and len(self._answers) < REMEMBERED:
                return
            del self._answers[key]


def read(name: str, payload: bytes) -> Request:
    """A request of a known name from its payload. Raises Refused."""
    if len(payload) > LARGEST:
        raise Refused("too-long", f"at most {LARGEST} bytes are taken")
    try:
        return msgspec.json.decode(payload or b"{}", type=KINDS[name])
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        raise Refused("bad-request", str(fault), _transaction(payload)) from None


def commands(request: Request, live: Live, now: int, holds: int) -> list[Command]:
    """What the switch is to be asked, one after the other. holds: ms for which a person's own word is left alone.

    Raises Refused for what cannot be; [] when nothing needs to be asked."""
    try:
        return _commands(request, live, now, holds)
    except Refused as refused:
        refused.transaction = request.transaction
        raise


def _commands(request: Request, live: Live, now: int, holds: int) -> list[Command]:
    match request:
        case StatusRequest(person=name, status=status, reason=reason, expires_s=expires):
            person = live.people.get(name)
            if person is None:
                raise Refused("unknown", f"there is no person of this name; known are {_listed(live.people)}")
            _let(person.source, person.since, now, holds)
            return [SetStatus(0, name, status, reason, "mqtt", _until(expires, now))]
        case ModeRequest(mode=mode, hours=name, expires_s=expires):
            if name is not None and name not in live.hours:
                raise Refused("unknown", f"there are no hours of this name; known are {_listed(live.hours)}")
            chosen = [live.hours[name]] if name is not None else list(live.hours.values())
            if not chosen:
                raise Refused("no-hours", "the office has no hours: it is always open")
            for hours in chosen:
                _let(hours.source, hours.since, now, holds)
            return [Override(0, hours.id, mode, _until(expires, now), "mqtt") for hours in chosen]
        case HangUpRequest():
            return [HangUp(0, _call(request, live))]
        case TransferRequest(to=to):
            return [Send(0, _call(request, live), to)]
        case DialRequest():
            if sum(each is not None for each in (request.connect, request.say, request.prompt)) != 1:
                raise Refused("bad-request", "say one of connect, say and prompt")
            asked = (request.to, request.connect, request.say, request.prompt, request.line, request.language)
            return [Dial(0, *asked)]
        case SayRequest(text=text, phones=phones, person=name, language=language):
            return [Say(0, text, phones, name, language)]
        case SmsRequest(to=to, person=name, text=text, line=line):
            if (to is None) == (name == ""):
                raise Refused("bad-request", "say one of to and person")
            return [SendText(0, to or f"person.{name}", text, line)]
        case HealthRequest():
            return []


def _let(source: str, since: int, now: int, holds: int) -> None:
    """What somebody said by hand a moment ago is not undone by a program."""
    if source in ("page", "phone") and now - since < holds:
        raise Refused("held", f"it was set by hand, and stays for {-(-(since + holds - now) // 1000)} s more")


def _call(request: HangUpRequest | TransferRequest, live: Live) -> int:
    if request.call is not None:
        if request.call not in live.calls:
            raise Refused("unknown", "this call is not under way")
        return request.call
    if request.line is None:
        raise Refused("bad-request", "which call? say call or line")
    if request.line not in live.lines:
        raise Refused("unknown", f"there is no line of this name; known are {_listed(live.lines)}")
    match live.lines[request.line].calls:
        case (only,):
            return only
        case ():
            raise Refused("no-call", "nobody calls on this line")
        case _:
            raise Refused("several-calls", "there are several calls on this line; say which, by call")


def health(live: Live | None, version: str) -> dict[str, object]:
    """How the box is."""
    if live is None:
        return {"switch": "offline", "version": version}
    return {
        "switch": "online",
        "version": version,
        "settings": live.revision,
        "mode": mode_of(live.hours.values()),
        "calls": len(live.calls),
        "lines": {line.id: "online" if line.usable else "offline" for line in live.lines.values()},
        "people": {person.id: person.state for person in live.people.values()},
    }


def _until(expires: int | None, now: int) -> int | None:
    return None if expires is None else now + 1000 * expires


def _listed(known: Iterable[str]) -> str:
    return ", ".join(list(known)[:20]) or "none"


def _named(request: Request) -> str | int | None:
    said = request.request_id or request.transaction
    return None if said == "" else said


def _key(name: str, request: Request) -> tuple[str, str] | None:
    """What makes it the same request again; None where it may be done any number of times."""
    if (said := _named(request)) is not None:
        return name, repr(said)
    return (name, f"as {request!r}") if isinstance(request, ONCE) else None


def _transaction(payload: bytes) -> str | int | None:
    """That of a request which is not understood otherwise."""

    class Only(msgspec.Struct):
        transaction: Transaction | None = None

    try:
        return msgspec.json.decode(payload, type=Only).transaction
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
