# SPDX-License-Identifier: GPL-2.0-or-later
"""What the live board says about the office, in words. Pure; times are ms UTC; `say` puts a sentence into a language."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from appliance.control.live import Live
from appliance.control.messages import Call, Happened, Person, Queue

KNOWN_SHOWN = 40  # characters of each thing that is remembered of a call
CALLS_SHOWN = 100  # the page stays fast when the office does not
Say = Callable[[str], str]


def _(words: str) -> str:
    """Marks words for translation, which is done by `say`."""
    return words


STATUS = {
    "available": _("available"),
    "break": _("on a break"),
    "away": _("away"),
    "meeting": _("in a meeting"),
    "off": _("off duty"),
}
DISTURBED = _("do not disturb")
FORWARDS = {"always": _("all calls"), "busy": _("when busy"), "no-answer": _("unanswered")}
REACH = {"unreachable": _("no phone"), "free": _("free"), "ringing": _("ringing"), "talking": _("talking")}
KINDS = {"sip": _("SIP trunk"), "modem": _("GSM or LTE modem"), "fxo": _("Analogue line"), "gateway": _("Gateway")}
LINE = {"idle": _("free"), "ringing": _("ringing"), "dialing": _("dialling"), "talking": _("in use")}
HAPPENED = {
    "ringing": _("{} calls."),
    "missed": _("{} was missed."),
    "voicemail": _("{} left a message."),
    "ended": _("The call of {} is over."),
}


class CallRow(NamedTuple):
    """One call: who, by which way, what is happening; tone chooses the colour of its badge, `can` what may be done."""

    id: int
    who: str
    number: str
    way: str
    doing: str
    tone: str
    since: int
    can: str
    known: dict[str, str]  # what he pressed or was looked up, by the attribute that remembers it


class QueueRow(NamedTuple):
    """A queue and who waits in it, in the order they are answered in; more: how many are not shown."""

    id: str
    name: str
    waiting: int
    oldest: int | None
    free: int
    calls: list[CallRow]
    more: int


class PersonRow(NamedTuple):
    id: str
    name: str
    extension: str
    state: str
    tone: str
    note: str  # status where it matters, with its reason
    until: int | None  # it ends by itself then
    call: CallRow | None  # the one he is on
    begins: int | None = None  # his duty, while he is off duty
    position: str = ""


class LineRow(NamedTuple):
    name: str
    kind: str
    state: str
    tone: str
    calls: int


class PhoneRow(NamedTuple):
    name: str
    registered: int
    agent: str


class Rows(NamedTuple):
    """What a part of the board shows, and how many more there are."""

    rows: list[CallRow] | list[QueueRow] | list[PersonRow] | list[LineRow] | list[PhoneRow]
    more: int = 0


def calls(live: Live, say: Say) -> Rows:
    """All that neither wait in a queue nor are parked, the longest first."""
    here = [one for one in live.calls.values() if one.state != "parked" and not _queued(live, one)]
    return _first(live, sorted(here, key=lambda call: (call.since, call.id)), say)


def parked(live: Live, say: Say) -> Rows:
    here = [one for one in live.calls.values() if one.state == "parked"]
    return _first(live, sorted(here, key=lambda call: (call.slot, call.id)), say)


def queues(live: Live, say: Say) -> Rows:
    waiting: dict[str, list[Call]] = {}
    for call in live.calls.values():
        if _queued(live, call):
            waiting.setdefault(call.queue, []).append(call)
    return Rows([_queue(live, queue, waiting.get(queue.id, []), say) for queue in live.queues.values()])


def people(live: Live, say: Say, numbers: Callable[[str], bool] = lambda person: False) -> Rows:
    """numbers: of whom it is shown where calls to him are forwarded to, which may be a private number."""
    talks = [call for call in live.calls.values() if call.state == "talking"]
    whose = {person.extension: person.id for person in live.people.values() if person.extension}
    on = {whose[call.caller]: call for call in talks if call.direction != "in" and call.caller in whose}
    on |= {call.person: call for call in talks if call.person}
    return Rows([_person(live, one, on.get(one.id), say, numbers(one.id)) for one in live.people.values()])


def lines(live: Live, say: Say) -> Rows:
    return Rows(
        [
            LineRow(
                line.name or line.id,
                say(KINDS.get(line.kind, line.kind)),
                say(LINE[line.state]),
                _busy(line.state),
                len(line.calls),
            )
            if line.usable
            else LineRow(
                line.name or line.id, say(KINDS.get(line.kind, line.kind)), say("out of order"), "bad", len(line.calls)
            )
            for line in live.lines.values()
        ]
    )


def phones(live: Live, say: Say) -> Rows:
    return Rows([PhoneRow(phone.id, len(phone.contacts), phone.agent) for phone in live.phones.values()])


def sentence(live: Live, event: Happened, say: Say) -> str:
    """What has just happened, for the status line; "" for what only machines want to know."""
    caller = event.name or event.number or say("Somebody without a number")
    person = person_name(live, event.person)
    match event.kind:
        case "answered":
            return say("{} answered {}.").format(person or say("Somebody"), caller)
        case "emergency":
            return say("{} calls {} for help.").format(person or caller, event.detail)
        case "alarm" if not event.call:
            return say("An address is {}.").format(event.detail)
        case "alarm":
            return say("Calls outside: an alarm ({}).").format(event.detail)
        case _:
            return say(HAPPENED[event.kind]).format(caller) if event.kind in HAPPENED else ""


def clock(since: int, now: int) -> str:
    """How long ago, as 1:23 or 1:02:03."""
    seconds = max(0, now - since) // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def at(moment: int, zone: ZoneInfo, now: int) -> str:
    """`08:00`, with the date when it is not today; where the office is."""
    then, today = (datetime.fromtimestamp(ms / 1000, zone) for ms in (moment, now))
    return then.strftime("%H:%M" if then.date() == today.date() else "%Y-%m-%d %H:%M")


def row(live: Live, call: Call, say: Say) -> CallRow:
    line = live.lines[call.line].name or call.line if call.line in live.lines else call.line
    if call.direction == "in":
        who, number = call.name or call.caller or say("Number withheld"), call.caller if call.name else ""
    elif call.caller == call.called:  # the box calls, as a program asked
        who, number = call.name or call.called, say("called by the box")
    elif call.direction == "out":
        who, number = call.name or call.called, say("from {}").format(call.caller)
    else:
        who, number = f"{call.caller} → {call.called}", ""
    doing, tone = _doing(live, call, say)
    way = line if call.direction != "internal" else say("inside")
    return CallRow(call.id, who, number, way, doing, tone, _since(call), can(call), known(call))


def can(call: Call) -> str:
    """What may be done with a call as it is now, as words for the page."""
    if call.state == "voicemail" or call.state == "over":
        return "drop"
    if call.state == "talking":
        return "answer send park listen whisper barge drop"
    return "answer send drop" if call.state == "parked" else "answer send park drop"


def known(call: Call) -> dict[str, str]:
    """What is remembered of a call, in few characters: digits and answers of other programs may have many."""
    return {name: value[:KNOWN_SHOWN] for name, value in call.attributes.items() if value}


def person_name(live: Live, person: str) -> str:
    return (live.people[person].name or person) if person in live.people else person


def _since(call: Call) -> int:
    if call.state == "talking":
        return call.answered_at or call.since
    return call.queued_at or call.since if call.state == "waiting" else call.since


def _queued(live: Live, call: Call) -> bool:
    return call.state == "waiting" and call.queue in live.queues


def _first(live: Live, ordered: list[Call], say: Say) -> Rows:
    return Rows([row(live, call, say) for call in ordered[:CALLS_SHOWN]], max(0, len(ordered) - CALLS_SHOWN))


def _queue(live: Live, queue: Queue, waiting: list[Call], say: Say) -> QueueRow:
    place = {id: n for n, id in enumerate(queue.waiting)}
    waiting.sort(key=lambda call: (place.get(call.id, len(place)), call.since, call.id))
    shown = _first(live, waiting, say)
    many, oldest = len(waiting) or len(queue.waiting), queue.oldest
    rows: list[CallRow] = shown.rows  # type: ignore[assignment]
    return QueueRow(queue.id, queue.name or queue.id, many, oldest, queue.free, rows, shown.more)


def _doing(live: Live, call: Call, say: Say) -> tuple[str, str]:
    queue = live.queues[call.queue].name or call.queue if call.queue in live.queues else call.queue
    person = person_name(live, call.person)
    match call.state:
        case "arrived":
            return say("arrives"), "quiet"
        case "menu":
            return say("in the menu"), "quiet"
        case "waiting":
            if call.ringing:
                return say("rings {}").format(_rung(live, call)), "ring"
            return (say("waits in {}").format(queue) if queue else say("waits")), "wait"
        case "ringing":
            rung = _rung(live, call) or person
            return (say("rings {}").format(rung) if rung else say("rings")), "ring"
        case "talking":
            return (say("talks with {}").format(person) if person else say("talks")), "talk"
        case "voicemail":
            return say("leaves a message"), "quiet"
        case "parked":
            return (say("parked on {}").format(call.slot) if call.slot else say("parked")), "wait"
        case "over":
            return say("over"), "quiet"


def _rung(live: Live, call: Call) -> str:
    return ", ".join(person_name(live, name) for name in call.ringing)


def _person(live: Live, person: Person, call: Call | None, say: Say, numbers: bool) -> PersonRow:
    """Somebody free but not available is shown by his status; somebody busy keeps it as a note."""
    begins = person.on_duty_at if person.status == "available" else None
    status = say(DISTURBED) if person.dnd else "" if person.status == "available" else say(STATUS[person.status])
    if not status and person.off_duty:
        status = say(STATUS["off"])
    why = person.reason if not person.dnd else _because(person, say)
    forwards = [f"{say(FORWARDS.get(when, when))} → {number}" for when, number in person.forwards.items()]
    if forwards and not numbers:
        forwards = [say("forwarded")]
    name, on = person.name or person.id, row(live, call, say) if call else None
    late = (person.until, on, begins, person.position)
    if status and person.state == "free":
        note = "; ".join([*filter(None, [why]), *forwards])
        return PersonRow(person.id, name, person.extension, status, "quiet", note, *late)
    tone = "bad" if person.state == "unreachable" else _busy(person.state)
    said = ": ".join(text for text in (status, why) if text)
    note = "; ".join([*filter(None, [said]), *forwards])
    return PersonRow(person.id, name, person.extension, say(REACH[person.state]), tone, note, *late)


def _because(person: Person, say: Say) -> str:
    """The status of somebody who is not to be disturbed either way, with its reason."""
    status = "" if person.status == "available" else say(STATUS[person.status])
    return ": ".join(text for text in (status, person.reason) if text)


def _busy(state: str) -> str:
    return {"ringing": "ring", "dialing": "ring", "talking": "talk"}.get(state, "good")
