# SPDX-License-Identifier: GPL-2.0-or-later
"""How Home Assistant learns of the box: one message for the device, or one for each entity. Pure.

Nothing here opens anything: a gate is an action on the premises with its own proof, never a lock or a button.
"""

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

import msgspec

from appliance.control.live import Live
from appliance.control.messages import Line, Person, Queue
from appliance.mqtt.topics import EVENT_TYPES, Message

Config = dict[str, object]

LINE_STATES = ["idle", "ringing", "dialing", "talking"]
STATUSES = ["available", "break", "away", "meeting", "off"]
PERSON_STATES = ["unreachable", "free", "ringing", "talking"]
MODES = ["as-written", "open", "closed"]
NOT_KNOWN = {"signal": "None", "operator": "'unknown'", "sim": "'unknown'"}  # as numbers and words want it there
NOTIFY_ICONS = {"say": "mdi:bullhorn", "sms": "mdi:message-text"}
COMMAND_LIVES = 15  # seconds after which what Home Assistant asked for is too late
CALLER = (  # an attribute called name is refused there: it would be the entity's
    "{{ {'call': value_json.call, 'number': value_json.number, 'caller': value_json.name, 'calls': value_json.calls} | tojson }}"
)
EXPIRES = "{{ ((as_timestamp(now()) + " + str(COMMAND_LIVES) + ") * 1000) | int }}"


class Entity(NamedTuple):
    """One entity: its platform in Home Assistant, its name within the box, and what is said of it."""

    platform: str
    id: str
    config: Config


class Discovery:
    """The entities of one box on one broker. `requests`: whether they may ask for something."""

    def __init__(
        self,
        kind: Literal["device", "entity"],
        prefix: str,
        root: str,
        box: str,
        *,
        requests: bool,
        version: str,
    ) -> None:
        self._kind, self._prefix, self._root, self._box = kind, prefix, root, box
        self._requests, self._version = requests, version
        self._known: dict[str, str] = {}  # entities announced so far: platform by id

    def topics(self) -> tuple[str, ...]:
        """Filters of all topics that may bear announcements of this box, of either kind."""
        return f"{self._prefix}/device/{self._box}/config", f"{self._prefix}/+/{self._box}/+/config"

    def announce(self, live: Live, lists: Iterable[str], mobiles: Collection[str] = ()) -> list[Message]:
        """The retained messages for this office. `lists`: caller lists, each a trigger; `mobiles`: people who have one."""
        entities = list(self.entities(live, lists, mobiles))
        device = {
            "identifiers": [f"linekeeper_{self._box}"],
            "name": live.name,
            "manufacturer": "Linekeeper",
            "model": "Telephone exchange",
            "sw_version": self._version,
        }
        origin = {"name": "Linekeeper", "sw_version": self._version}
        if self._kind == "entity":
            return [
                self._message(
                    f"{entity.platform}/{self._box}/{entity.id}", {**entity.config, "device": device, "origin": origin}
                )
                for entity in entities
            ]
        now = {entity.id: entity.platform for entity in entities}
        gone = {id: {"p": platform} for id, platform in self._known.items() if id not in now}
        self._known |= now
        components = {entity.id: {"p": entity.platform, **entity.config} for entity in entities}
        return [self._message(f"device/{self._box}", {"dev": device, "o": origin, "cmps": {**components, **gone}})]

    def _message(self, path: str, config: Config) -> Message:
        return Message(f"{self._prefix}/{path}/config", msgspec.json.encode(config), retain=True)

    # ---- the entities -----------------------------------------------------------------------------------------------

    def entities(self, live: Live, lists: Iterable[str], mobiles: Collection[str] = ()) -> Iterable[Entity]:
        for line in live.lines.values():
            yield from self._line(line)
            if line.modem:
                yield from self._modem(line)
        for queue in live.queues.values():
            yield from self._queue(queue)
        for person in live.people.values():
            yield from self._person(person)
        if self._requests and any(line.modem for line in live.lines.values()):
            yield from (self._notify(live.people[id], "sms", "Text") for id in mobiles if id in live.people)
        if live.hours:
            yield from self._mode()
        yield self._entity(
            "sensor",
            "missed",
            "Missed callers",
            state_topic=f"{self._root}/missed/state",
            value_template="{{ value_json.open }}",
            json_attributes_topic=f"{self._root}/missed/state",
            state_class="measurement",
            icon="mdi:phone-missed",
        )
        yield self._firmware()
        yield self._entity(
            "event",
            "calls",
            "Calls",
            state_topic=f"{self._root}/call/event",
            event_types=sorted(EVENT_TYPES),
            icon="mdi:phone-log",
        )
        for name in lists:
            yield self._trigger(f"callers_{name}", f"callers {name}", name, f"'{name}' in value_json.lists")

    def _line(self, line: Line) -> Iterable[Entity]:
        topic = f"{self._root}/line/{line.id}"
        here = [self._bridge(), {"topic": f"{topic}/availability"}]
        yield self._entity(
            "sensor",
            f"line_{line.id}",
            line.name,
            availability=here,
            state_topic=f"{topic}/state",
            value_template="{{ value_json.state }}",
            json_attributes_topic=f"{topic}/state",
            json_attributes_template=CALLER,
            device_class="enum",
            options=LINE_STATES,
            icon="mdi:phone",
        )
        yield self._entity(
            "binary_sensor",
            f"line_{line.id}_connection",
            f"{line.name} connection",
            state_topic=f"{topic}/availability",
            payload_on="online",
            payload_off="offline",
            device_class="connectivity",
            entity_category="diagnostic",
        )
        if self._requests:
            yield self._entity(
                "button",
                f"line_{line.id}_hang_up",
                f"Hang up {line.name}",
                availability=here,
                command_topic=f"{self._root}/request/hang-up",
                command_template='{"line": "' + line.id + '", "expires_at": ' + EXPIRES + "}",
                icon="mdi:phone-hangup",
            )
        yield self._trigger(f"line_{line.id}", f"line {line.id}", line.id, f"value_json.line == '{line.id}'")

    def _modem(self, line: Line) -> Iterable[Entity]:
        """Its signal and network are there while the line is; what is wrong with its SIM is shown when the line is not."""
        topic = f"{self._root}/line/{line.id}"
        here = [self._bridge(), {"topic": f"{topic}/availability"}]
        shown: tuple[tuple[str, str, Config], ...] = (
            (
                "signal",
                "signal",
                {"device_class": "signal_strength", "unit_of_measurement": "dBm", "availability": here},
            ),
            ("operator", "operator", {"icon": "mdi:radio-tower", "availability": here}),
            ("sim", "SIM", {"icon": "mdi:sim", "json_attributes_topic": f"{topic}/modem"}),
        )
        for field, words, more in shown:
            yield self._entity(
                "sensor",
                f"line_{line.id}_{field}",
                f"{line.name} {words}",
                state_topic=f"{topic}/modem",
                value_template="{{ value_json." + field + " or " + NOT_KNOWN[field] + " }}",
                entity_category="diagnostic",
                **more,
            )

    def _notify(self, person: Person, request: str, words: str) -> Entity:
        """Something to be said or written to a person."""
        asked = '{"person": "' + person.id + '", "text": {{ value | tojson }}, "expires_at": ' + EXPIRES + "}"
        return self._entity(
            "notify" if self._kind == "device" else "text",  # before 2024.5 a text that is set is all there is
            f"person_{person.id}_{request}",
            f"{words} {person.name}",
            command_topic=f"{self._root}/request/{request}",
            command_template=asked,
            icon=NOTIFY_ICONS[request],
        )

    def _firmware(self) -> Entity:
        """The version installed. Which is the latest the box does not know, and so does not say: that is unknown there."""
        return self._entity(
            "update",
            "firmware",
            "Firmware",
            state_topic=f"{self._root}/bridge/info",
            value_template="{{ {'installed_version': value_json.version} | tojson }}",
            device_class="firmware",
            entity_category="diagnostic",
        )

    def _queue(self, queue: Queue) -> Iterable[Entity]:
        shown: tuple[tuple[str, str, Config], ...] = (
            ("waiting", "waiting", {"icon": "mdi:account-clock", "state_class": "measurement"}),
            ("longest_s", "longest wait", {"device_class": "duration", "unit_of_measurement": "s"}),
            ("free", "free people", {"icon": "mdi:account-check", "state_class": "measurement"}),
        )
        for field, words, more in shown:
            yield self._entity(
                "sensor",
                f"queue_{queue.id}_{field}",
                f"{queue.name} {words}",
                state_topic=f"{self._root}/queue/{queue.id}/state",
                value_template="{{ value_json." + field + " }}",
                **more,
            )

    def _person(self, person: Person) -> Iterable[Entity]:
        topic = f"{self._root}/person/{person.id}/state"
        status: Config = {
            "state_topic": topic,
            "value_template": "{{ value_json.status }}",
            "options": STATUSES,
            "icon": "mdi:account",
        }
        if self._requests:
            template = '{"person": "' + person.id + '", "status": "{{ value }}", "expires_at": ' + EXPIRES + "}"
            asking = {"command_topic": f"{self._root}/request/status", "command_template": template}
            yield self._entity("select", f"person_{person.id}", person.name, **status, **asking)
            yield self._notify(person, "say", "Say to")
        else:
            yield self._entity("sensor", f"person_{person.id}", person.name, **status, device_class="enum")
        yield self._entity(
            "sensor",
            f"person_{person.id}_telephone",
            f"{person.name} telephone",
            state_topic=topic,
            value_template="{{ value_json.state }}",
            device_class="enum",
            options=PERSON_STATES,
            icon="mdi:deskphone",
        )

    def _mode(self) -> Iterable[Entity]:
        shown: Config = {
            "state_topic": f"{self._root}/mode/state",
            "value_template": "{{ value_json.mode }}",
            "options": MODES,
            "icon": "mdi:door",
        }
        if not self._requests:
            yield self._entity("sensor", "mode", "Office mode", **shown, device_class="enum")
            return
        asked = f"{self._root}/request/mode"
        template = '{"mode": "{{ value }}", "expires_at": ' + EXPIRES + "}"
        yield self._entity("select", "mode", "Office mode", **shown, command_topic=asked, command_template=template)
        yield self._entity(
            "switch",
            "night",
            "Night mode",
            state_topic=f"{self._root}/mode/state",
            value_template="{{ 'ON' if value_json.mode == 'closed' else 'OFF' }}",
            state_on="ON",
            state_off="OFF",
            command_topic=asked,
            payload_on='{"mode": "closed"}',
            payload_off='{"mode": "as-written"}',
            icon="mdi:weather-night",
        )

    def _trigger(self, id: str, subtype: str, payload: str, condition: str) -> Entity:
        """Fires when the first telephone rings for a call."""
        rings = "value_json.event_type == 'ringing' and value_json.first"
        config: Config = {
            "automation_type": "trigger",
            "type": "ringing",
            "subtype": subtype,
            "topic": f"{self._root}/call/event",
            "value_template": "{{ '" + payload + "' if " + rings + " and " + condition + " else '' }}",
            "payload": payload,
        }
        return Entity("device_automation", f"rings_{id}", config)

    def _entity(self, platform: str, id: str, name: str, **config: object) -> Entity:
        common: Config = {
            "name": name,
            "unique_id": f"linekeeper_{self._box}_{id}",
            "availability": [self._bridge()],
            "availability_mode": "all",
        }
        return Entity(platform, id, {**common, **config})

    def _bridge(self) -> Config:
        return {"topic": f"{self._root}/bridge/state"}
