# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said on which topic, from the live office and its events. Pure; times are ms UTC.

Still to come: missed/state (open, overdue), once the ledger of missed callers exists.
"""

from typing import NamedTuple

import msgspec

from appliance.control.live import Live
from appliance.control.messages import ActionDue, Call, Happened, Line, Person, Queue

TEXT_MAX = 128  # characters of a name or number shown; longer ones come from outside and are cut
EVENT_TYPES = frozenset({"ringing", "answered", "ended", "missed", "voicemail", "dtmf"})

Json = dict[str, object]


class Message(NamedTuple):
    """One publication. expiry is seconds a broker may keep it (MQTT 5), properties are MQTT 5 user properties."""

    topic: str
    payload: bytes
    retain: bool
    qos: int = 1
    expiry: int | None = None
    properties: tuple[tuple[str, str], ...] = ()


class Topics:
    """The names under one box: `<base>/<box>/...`."""

    def __init__(self, base: str, box: str) -> None:
        self.root = f"{base}/{box}"

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
            self.bridge_state(True),
        ]
        return {message.topic: message for message in messages}

    def bridge_info(self, live: Live, version: str) -> Message:
        lines = [{"id": line.id, "name": _text(line.name), "kind": line.kind} for line in live.lines.values()]
        return self._state("bridge/info", {"version": version, "office": _text(live.name), "lines": lines})

    def line(self, live: Live, line: Line) -> tuple[Message, Message]:
        """State (with the first call's caller, and the list of all calls) and availability."""
        calls = [_call(live.calls[call]) for call in line.calls if call in live.calls]
        first = calls[0] if calls else {"call": None, "number": "", "name": ""}
        shown = {"state": line.state, "call": first["call"], "number": first["number"], "name": first["name"]}
        return (
            self._state(f"line/{line.id}/state", {**shown, "calls": calls}),
            self._kept(f"line/{line.id}/availability", b"online" if line.usable else b"offline"),
        )

    def queue(self, queue: Queue, now: int) -> Message:
        longest = 0 if queue.oldest is None else max(0, now - queue.oldest) // 1000
        shown: Json = {"waiting": len(queue.waiting), "longest_s": longest, "free": queue.free}
        return self._state(f"queue/{queue.id}/state", shown)

    def person(self, person: Person) -> Message:
        shown: Json = {"status": person.status, "reason": _text(person.reason), "since": person.since}
        return self._state(f"person/{person.id}/state", {**shown, "state": person.state})

    def call_event(self, event: Happened) -> Message | None:
        """The momentary event, never retained; None for a kind that is not told outside."""
        if event.kind not in EVENT_TYPES:
            return None
        shown: Json = {
            "event_type": event.kind,
            "event_id": f"{event.call}-{event.seq}",
            "at": event.at,
            "call": event.call,
            "line": event.line,
            "number": _text(event.number),
            "name": _text(event.name),
            "person": event.person,
            "queue": event.queue,
            "detail": _text(event.detail),
        }
        return self._moment("call/event", shown)

    def action_event(self, due: ActionDue, event_type: str, reason: str = "") -> Message:
        """due, published or failed (and why), for `action/<id>/event`."""
        shown: Json = {
            "event_type": event_type,
            "request_id": due.request,
            "expires_at": due.expires,
            "call": due.call,
            "line": due.line,
            "reason": reason,
        }
        return self._moment(f"action/{due.action}/event", shown)

    def _kept(self, topic: str, payload: bytes) -> Message:
        return Message(f"{self.root}/{topic}", payload, retain=True)

    def _state(self, topic: str, shown: Json) -> Message:
        return self._kept(topic, msgspec.json.encode(shown))

    def _moment(self, topic: str, shown: Json) -> Message:
        return Message(f"{self.root}/{topic}", msgspec.json.encode(shown), retain=False, expiry=10)


def removed(topic: str) -> Message:
    """An empty retained message: the broker forgets the topic."""
    return Message(topic, b"", retain=True)


def _call(call: Call) -> Json:
    number = call.called if call.direction == "out" else call.caller
    return {"call": call.id, "number": _text(number), "name": _text(call.name), "state": call.state}


def _text(text: str) -> str:
    return text[:TEXT_MAX]
