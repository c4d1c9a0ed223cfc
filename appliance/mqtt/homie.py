# SPDX-License-Identifier: GPL-2.0-or-later
"""The box by the Homie 5 convention, beside our own topics: one device, a node for each line, queue and person. Pure."""

import re
import zlib
from typing import Literal, NamedTuple

import msgspec

from appliance.control.live import Live
from appliance.control.messages import Line, Person, Queue
from appliance.mqtt.discovery import LINE_STATES, MODES, PERSON_STATES, STATUSES
from appliance.mqtt.privacy import Tell
from appliance.mqtt.topics import TEXT_MAX, Message, mode_of

VERSION = "5.0"
EMPTY = b"\0"  # an empty text; no payload at all would take the topic away

State = Literal["init", "ready", "disconnected", "lost"]
Json = dict[str, object]


class Asked(NamedTuple):
    """Something set from outside, as the request it comes to."""

    request: str
    payload: bytes


class Homie:
    """The topics of one box. `settable`: whether a status and the mode may be set."""

    def __init__(self, box: str, *, settable: bool, number: Tell = str, name: Tell = str) -> None:
        self.root = "homie/5/" + (re.sub(r"[^a-z0-9]+", "-", box.lower()).strip("-") or "linekeeper")
        self._settable, self._number, self._name = settable, number, name

    def state(self, state: State) -> Message:
        """Whether the box is there; lost is the last will."""
        return self._kept("$state", state)

    def retained(self, live: Live, now: int) -> dict[str, Message]:
        """Everything of this office, by topic; the state last, as the convention wants it."""
        messages = [
            self._description(live),
            *(message for line in live.lines.values() for message in self.line(live, line)),
            *(message for queue in live.queues.values() for message in self.queue(queue, now)),
            *(message for person in live.people.values() for message in self.person(person)),
            self.mode(live),
            self.state("ready"),
        ]
        return {message.topic: message for message in messages}

    def line(self, live: Live, line: Line) -> list[Message]:
        call = next((live.calls[call] for call in line.calls if call in live.calls), None)
        number = "" if call is None else call.called if call.direction == "out" else call.caller
        node = f"line-{line.id}"
        return [
            self._kept(f"{node}/state", line.state),
            self._kept(f"{node}/usable", "true" if line.usable else "false"),
            self._kept(f"{node}/number", self._number(number)),
            self._kept(f"{node}/name", self._name(call.name if call else "")),
        ]

    def queue(self, queue: Queue, now: int) -> list[Message]:
        longest = 0 if queue.oldest is None else max(0, now - queue.oldest) // 1000
        shown = (("waiting", len(queue.waiting)), ("longest", longest), ("free", queue.free))
        return [self._kept(f"queue-{queue.id}/{name}", str(value)) for name, value in shown]

    def person(self, person: Person) -> list[Message]:
        node = f"person-{person.id}"
        return [self._kept(f"{node}/status", person.status), self._kept(f"{node}/telephone", person.state)]

    def mode(self, live: Live) -> Message:
        return self._kept("office/mode", mode_of(live.hours.values()))

    def asked(self, topic: str, payload: bytes) -> Asked | None:
        """What a message on `<node>/<property>/set` asks for; None when that cannot be set."""
        node, _, named = topic.removeprefix(f"{self.root}/").removesuffix("/set").partition("/")
        value = payload.decode(errors="replace")
        if node.startswith("person-") and named == "status":
            asked: Json = {"person": node.removeprefix("person-"), "status": value}
            return Asked("status", msgspec.json.encode(asked))
        if node == "office" and named == "mode":
            return Asked("mode", msgspec.json.encode({"mode": value}))
        return None

    def _description(self, live: Live) -> Message:
        nodes = {"office": _node(live.name, {"mode": _enum("Office mode", MODES, self._settable)})}
        for line in live.lines.values():
            nodes[f"line-{line.id}"] = _node(
                line.name,
                {
                    "state": _enum("State", LINE_STATES),
                    "usable": {"name": "Usable", "datatype": "boolean"},
                    "number": {"name": "Number", "datatype": "string"},
                    "name": {"name": "Name", "datatype": "string"},
                },
            )
        for queue in live.queues.values():
            numbers = {"waiting": "Callers waiting", "longest": "Longest wait", "free": "Free people"}
            properties: dict[str, Json] = {
                id: {"name": name, "datatype": "integer", "format": "0:"} for id, name in numbers.items()
            }
            properties["longest"]["unit"] = "s"
            nodes[f"queue-{queue.id}"] = _node(queue.name, properties)
        for person in live.people.values():
            nodes[f"person-{person.id}"] = _node(
                person.name,
                {
                    "status": _enum("Status", STATUSES, self._settable),
                    "telephone": _enum("Telephone", PERSON_STATES),
                },
            )
        described: Json = {"homie": VERSION, "name": live.name, "nodes": nodes}
        version = zlib.crc32(msgspec.json.encode(described)) & 0x7FFFFFFF  # another for every other description
        return self._kept("$description", msgspec.json.encode({**described, "version": version}).decode(), whole=True)

    def _kept(self, path: str, value: str, *, whole: bool = False) -> Message:
        payload = (value if whole else value[:TEXT_MAX]).encode()
        return Message(f"{self.root}/{path}", payload or EMPTY, retain=True)


def _node(name: str, properties: dict[str, Json]) -> Json:
    return {"name": name, "properties": properties}


def _enum(name: str, values: list[str], settable: bool = False) -> Json:
    shown: Json = {"name": name, "datatype": "enum", "format": ",".join(values)}
    return {**shown, "settable": True} if settable else shown
