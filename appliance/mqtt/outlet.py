# SPDX-License-Identifier: GPL-2.0-or-later
"""The office as one broker is told of it: its topics, its numbers, its outbox. No outlet waits for another."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from appliance.control.live import Live
from appliance.control.messages import (
    CallChanged,
    Event,
    Happened,
    HoursChanged,
    Line,
    LineChanged,
    PersonChanged,
    QueueChanged,
)
from appliance.control.missed import MissedChanged
from appliance.control.modems import Texted
from appliance.mqtt import privacy
from appliance.mqtt.broker import Broker, Incoming, Login
from appliance.mqtt.desk import Desk
from appliance.mqtt.discovery import Discovery
from appliance.mqtt.homie import Homie
from appliance.mqtt.outbox import Due, Outbox
from appliance.mqtt.texts import Texts
from appliance.mqtt.topics import Message, Topics, removed
from appliance.settings.brokers import Broker as Table

BIRTH_WAIT = (0.5, 3.0)  # seconds, by chance, before Home Assistant, come back, is told all: it is busy, and not alone
CALLS_MAX = 1000  # calls remembered whose telephones rang already


class Box(NamedTuple):
    """What every outlet of a bridge has in common; hash_key: of numbers told as words; lists: of callers."""

    version: str
    socket: Path
    hash_key: bytes = b""
    lists: tuple[str, ...] = ()
    mobiles: tuple[str, ...] = ()  # people who have one


class Outlet:
    """One box on one broker.

    `texts`: where is kept which text messages it was told. `sending` gets each action before it is tried here, `acted`
    after; `on_status` a sentence when the broker comes or goes."""

    def __init__(
        self,
        table: Table,
        box: Box,
        texts: Path,
        login: Login | None = None,
        *,
        acted: Callable[[Due, str], None] = lambda due, reason: None,
        sending: Callable[[Due], None] = lambda due: None,
        on_status: Callable[[str], None] = lambda status: None,
    ) -> None:
        self.table = table
        self._box = box
        self._sending = sending
        number, name = privacy.numbers(table.privacy, box.hash_key), privacy.names(table.privacy)
        self.topics = Topics(table.base, table.box, number, name, texts=table.privacy == "full")
        self.outbox = Outbox()
        away = self.topics.bridge_state(False)
        self.outbox.keep([away])
        self.broker = Broker(
            table,
            self.outbox,
            identifier=f"{table.base}-{table.box}",
            will=away,
            login=login,
            acted=acted,
            announce=self._announce,
            told=lambda owed: self._texts.told(owed),
            on_status=on_status,
        )
        self._texts = Texts(
            texts, box.socket, self.outbox, lambda sms: self.topics.text_event(sms, sms.at), self.broker.news
        )
        self._live: Live | None = None
        self._birth: asyncio.TimerHandle | None = None
        self._rung: dict[int, None] = {}  # calls telephones have rung for
        self._tidy = _Tidy(self.broker, self.outbox, lambda: self._live is not None)
        for filter in self.topics.kept():
            self._tidy.look(filter)
        desk = self._desk() if table.requests else None
        self._discovery = self._announcing()
        self._homie = HomieOutlet(table, Homie(table.box, settable=bool(desk), number=number, name=name), login, desk)

    def _announce(self, due: Due) -> Message:
        self._sending(due)
        return self.topics.action_event(due.event, "due")

    def _desk(self) -> Desk:
        desk = Desk(
            self.topics,
            self._box.socket,
            version=self._box.version,
            rate=self.table.request_rate,
            holds=self.table.status_holds,
            live=lambda: self._live,
            say=self.say,
        )
        self.broker.hear(desk.filter, desk.heard)
        return desk

    def _announcing(self) -> Discovery | None:
        table = self.table
        kind = table.discovery
        discovery = Discovery(
            "device" if kind == "off" else kind,
            table.discovery_prefix,
            self.topics.root,
            table.box,
            requests=table.requests,
            version=self._box.version,
        )
        for filter in discovery.topics():
            self._tidy.look(filter)
        if kind == "off":
            return None
        self.broker.hear(table.birth_topic, self._on_birth)
        return discovery

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.broker.run())
            tasks.create_task(self._texts.run())
            if self.table.homie:
                tasks.create_task(self._homie.broker.run())

    def _on_birth(self, incoming: Incoming) -> None:
        """Home Assistant has come back; it forgets all that is not retained, and sometimes that."""
        if incoming.payload == b"online" and not incoming.retain and self._birth is None:
            self._birth = asyncio.get_running_loop().call_later(random.uniform(*BIRTH_WAIT), self._again)

    def _again(self) -> None:
        self._birth = None
        self.outbox.again()
        self.broker.news()

    # ---- what is told -----------------------------------------------------------------------------------------------

    def office(self, live: Live, now: int) -> None:
        """The switch is there, and this is its office."""
        self._live = live
        announced = self._discovery.announce(live, self._box.lists, self._box.mobiles) if self._discovery else []
        states = self.topics.retained(live, self._box.version, now)
        self.outbox.replace({message.topic: message for message in announced} | states)
        self._tidy.away()
        self._texts.look()
        self.broker.news()
        self._homie.office(live, now)

    def away(self) -> None:
        """The switch is not there."""
        self._live = None
        self.outbox.keep([self.topics.bridge_state(False)])
        self.broker.news()
        self._homie.away()

    def event(self, live: Live, event: Event, now: int) -> None:
        """Something changed in an office, which knows it already."""
        match event:
            case CallChanged(call=call):
                for line in live.lines.values():
                    if call.id in line.calls:
                        self._line(live, line)
            case LineChanged(line=line) if line.id in live.lines:  # else it is older than the office we know
                self._line(live, live.lines[line.id])
            case QueueChanged(queue=queue) if queue.id in live.queues:
                self.outbox.keep([self.topics.queue(live.queues[queue.id], now)])
                self._homie.keep(lambda homie: homie.queue(live.queues[queue.id], now))
            case PersonChanged(person=person) if person.id in live.people:
                self.outbox.keep([self.topics.person(live.people[person.id])])
                self._homie.keep(lambda homie: homie.person(live.people[person.id]))
            case HoursChanged(hours=hours) if hours.id in live.hours:
                self.outbox.keep([self.topics.hours(live.hours[hours.id]), self.topics.mode(live.hours.values())])
                self._homie.keep(lambda homie: [homie.mode(live)])
            case MissedChanged():
                self.outbox.keep([self.topics.missed(live.missed)])
            case Happened():
                if moment := self.topics.call_event(event, first=self._is_first(event)):
                    self.say(moment)
            case Texted(sms=sms) if sms.state == "received":
                self._texts.look()
            case Texted(sms=sms):
                self.say(self.topics.text_event(sms, event.at))
            case _:
                return
        self.broker.news()

    def _line(self, live: Live, line: Line) -> None:
        self.outbox.keep(self.topics.line(live, line))
        self._homie.keep(lambda homie: homie.line(live, line))

    def _is_first(self, event: Happened) -> bool:
        """Whether it is the first of its kind for this call: many telephones may ring for one."""
        if event.kind != "ringing":
            return True
        first = event.call not in self._rung
        self._rung[event.call] = None
        if len(self._rung) > CALLS_MAX:
            del self._rung[next(iter(self._rung))]
        return first

    def tick(self, live: Live, now: int) -> None:
        """What time alone changes: how long the first in a queue has waited."""
        for one in live.queues.values():
            if one.oldest is not None:
                self.outbox.keep([self.topics.queue(one, now)])
                self._homie.keep(partial(Homie.queue, queue=one, now=now))
        self.broker.news()

    def say(self, message: Message) -> None:
        """Something momentary."""
        self.outbox.add(message, time.monotonic())
        self.broker.news()


class HomieOutlet:
    """The same by the Homie convention, on a connection of its own: its last will is another."""

    def __init__(self, table: Table, homie: Homie, login: Login | None, desk: Desk | None) -> None:
        self.homie = homie
        self._is_on, self._desk = table.homie, desk
        self.outbox = Outbox()
        identifier = f"{table.base}-{table.box}-homie"
        self.broker = Broker(table, self.outbox, identifier=identifier, will=homie.state("lost"), login=login)
        self._known = False
        self._tidy = _Tidy(self.broker, self.outbox, lambda: self._known)
        if self._is_on:
            self.outbox.keep([homie.state("disconnected")])
            for filter in (f"{homie.root}/+", f"{homie.root}/+/+"):
                self._tidy.look(filter)
            if desk:
                self.broker.hear(f"{homie.root}/+/+/set", self._on_set)

    def office(self, live: Live, now: int) -> None:
        if self._is_on:
            self._known = True
            self.outbox.replace(self.homie.retained(live, now))
            self._tidy.away()
            self.broker.news()

    def away(self) -> None:
        self._known = False
        self.keep(lambda homie: [homie.state("disconnected")])

    def keep(self, said: Callable[[Homie], Iterable[Message]]) -> None:
        """What of it has changed; not worked out when nobody wants it."""
        if self._is_on:
            self.outbox.keep(said(self.homie))
            self.broker.news()

    def _on_set(self, incoming: Incoming) -> None:
        if self._desk and (asked := self.homie.asked(incoming.topic, incoming.payload)):
            self._desk.heard(incoming._replace(topic=f"request/{asked.request}", payload=asked.payload))


class _Tidy:
    """Takes away what an earlier bridge left retained and this one does not say: a line that is no more, for one."""

    def __init__(self, broker: Broker, outbox: Outbox, is_known: Callable[[], bool]) -> None:
        self._broker, self._outbox, self._is_known = broker, outbox, is_known
        self._found: set[str] = set()  # before we know the office ourselves

    def look(self, filter: str) -> None:
        """Look at what is retained there, at each connection. No other subscription may overlap: it would bring all twice."""

        def found(incoming: Incoming) -> None:
            if incoming.retain and incoming.payload:
                self._found.add(incoming.topic)
                if self._is_known():
                    self.away()

        self._broker.look(filter, found)

    def away(self) -> None:
        """Now that we know what there is to be."""
        strange, self._found = self._found, set()
        self._outbox.keep([removed(topic) for topic in strange if not self._outbox.holds(topic)])
        self._broker.news()
