# SPDX-License-Identifier: GPL-2.0-or-later
"""What the live page says about the office, in words. Pure; times are ms UTC."""

from typing import NamedTuple

from appliance.control.live import Live
from appliance.control.messages import Call, Happened, Person

CALLS_SHOWN = 100  # the page stays fast when the office does not

STATUS = {"available": "available", "break": "on a break", "away": "away", "meeting": "in a meeting", "off": "off duty"}
DISTURBED = "do not disturb"
FORWARDS = {"always": "all calls", "busy": "when busy", "no-answer": "unanswered"}
REACH = {"unreachable": "no phone", "free": "free", "ringing": "ringing", "talking": "talking"}
LINE = {"idle": "free", "ringing": "ringing", "dialing": "dialling", "talking": "in use"}


class CallRow(NamedTuple):
    """One call: who, by which way, what is happening; tone chooses the colour of its badge."""

    who: str
    number: str
    way: str
    doing: str
    tone: str
    since: int


class QueueRow(NamedTuple):
    name: str
    waiting: int
    oldest: int | None
    free: int


class PersonRow(NamedTuple):
    name: str
    extension: str
    state: str
    tone: str
    note: str  # status where it matters, with its reason


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


def calls(live: Live) -> tuple[list[CallRow], int]:
    """The longest calls first, and how many more there are than are shown."""
    ordered = sorted(live.calls.values(), key=lambda call: (call.since, call.id))
    return [_call(live, call) for call in ordered[:CALLS_SHOWN]], max(0, len(ordered) - CALLS_SHOWN)


def queues(live: Live) -> list[QueueRow]:
    return [QueueRow(queue.name, len(queue.waiting), queue.oldest, queue.free) for queue in live.queues.values()]


def people(live: Live) -> list[PersonRow]:
    return [_person(person) for person in live.people.values()]


def lines(live: Live) -> list[LineRow]:
    return [
        LineRow(line.name, line.kind, LINE[line.state], _busy(line.state), len(line.calls))
        if line.usable
        else LineRow(line.name, line.kind, "out of order", "bad", len(line.calls))
        for line in live.lines.values()
    ]


def phones(live: Live) -> list[PhoneRow]:
    return [PhoneRow(phone.id, len(phone.contacts), phone.agent) for phone in live.phones.values()]


def sentence(live: Live, event: Happened) -> str:
    """What has just happened, for the status line; "" for what only machines want to know."""
    caller = event.name or event.number or "Somebody without a number"
    person = _person_name(live, event.person)
    match event.kind:
        case "ringing":
            return f"{caller} calls."
        case "answered":
            return f"{person or 'Somebody'} answered {caller}."
        case "missed":
            return f"{caller} was missed."
        case "voicemail":
            return f"{caller} left a message."
        case "emergency":
            return f"{person or caller} calls {event.detail} for help."
        case "alarm" if not event.call:
            return f"An address is {event.detail}."
        case "alarm":
            return f"Calls outside: an alarm ({event.detail})."
        case "ended":
            return f"The call of {caller} is over."
        case _:
            return ""


def clock(since: int, now: int) -> str:
    """How long ago, as 1:23 or 1:02:03."""
    seconds = max(0, now - since) // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def _call(live: Live, call: Call) -> CallRow:
    line = live.lines[call.line].name if call.line in live.lines else call.line
    if call.direction == "in":
        who, number = call.name or call.caller or "Number withheld", call.caller if call.name else ""
    elif call.caller == call.called:  # the box calls, as a program asked
        who, number = call.name or call.called, "called by the box"
    elif call.direction == "out":
        who, number = call.name or call.called, f"from {call.caller}"
    else:
        who, number = f"{call.caller} → {call.called}", ""
    doing, tone = _doing(live, call)
    return CallRow(who, number, line if call.direction != "internal" else "inside", doing, tone, call.since)


def _doing(live: Live, call: Call) -> tuple[str, str]:
    queue = live.queues[call.queue].name if call.queue in live.queues else call.queue
    person = _person_name(live, call.person)
    match call.state:
        case "arrived":
            return "arrives", "quiet"
        case "menu":
            return "in the menu", "quiet"
        case "waiting":
            return f"waits in {queue}" if queue else "waits", "wait"
        case "ringing":
            rung = ", ".join(_person_name(live, name) for name in call.ringing) or person
            return f"rings {rung}" if rung else "rings", "ring"
        case "talking":
            return f"talks with {person}" if person else "talks", "talk"
        case "voicemail":
            return "leaves a message", "quiet"
        case "parked":
            return f"parked on {call.slot}" if call.slot else "parked", "wait"
        case "over":
            return "over", "quiet"


def _person(person: Person) -> PersonRow:
    """Somebody free but not available is shown by his status; somebody busy keeps it as a note."""
    status = DISTURBED if person.dnd else "" if person.status == "available" else STATUS[person.status]
    why = person.reason if not person.dnd else _because(person)
    forwards = [f"{FORWARDS.get(when, when)} → {number}" for when, number in person.forwards.items()]
    if status and person.state == "free":
        return PersonRow(person.name, person.extension, status, "quiet", "; ".join([*filter(None, [why]), *forwards]))
    tone = "bad" if person.state == "unreachable" else _busy(person.state)
    note = ": ".join(text for text in (status, why) if text)
    return PersonRow(
        person.name, person.extension, REACH[person.state], tone, "; ".join([*filter(None, [note]), *forwards])
    )


def _because(person: Person) -> str:
    """The status of somebody who is not to be disturbed either way, with its reason."""
    status = "" if person.status == "available" else STATUS[person.status]
    return ": ".join(text for text in (status, person.reason) if text)


def _person_name(live: Live, person: str) -> str:
    return live.people[person].name if person in live.people else person


def _busy(state: str) -> str:
    return {"ringing": "ring", "dialing": "ring", "talking": "talk"}.get(state, "good")
