# SPDX-License-Identifier: GPL-2.0-or-later
"""The office as one broker is told of it: its topics, its numbers, its outbox. No outlet waits for another."""

import time
from collections.abc import Callable
from pathlib import Path

from appliance.control.live import Live
from appliance.control.messages import (
    CallChanged,
    Event,
    Happened,
    HoursChanged,
    LineChanged,
    PersonChanged,
    QueueChanged,
)
from appliance.mqtt import privacy
from appliance.mqtt.broker import Broker, Login
from appliance.mqtt.desk import Desk
from appliance.mqtt.outbox import Due, Outbox
from appliance.mqtt.topics import Message, Topics
from appliance.settings.brokers import Broker as Table


class Outlet:
    """One box on one broker. `acted` gets each action tried here; `on_status` a sentence when the broker comes or goes."""

    def __init__(
        self,
        table: Table,
        *,
        version: str,
        socket: Path,
        login: Login | None = None,
        hash_key: bytes = b"",
        acted: Callable[[Due, str], None] = lambda due, reason: None,
        on_status: Callable[[str], None] = lambda status: None,
    ) -> None:
        self.table = table
        self._version = version
        number, name = privacy.numbers(table.privacy, hash_key), privacy.names(table.privacy)
        self.topics = Topics(table.base, table.box, number, name)
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
            announce=lambda due: self.topics.action_event(due.event, "due"),
            on_status=on_status,
        )
        self._live: Live | None = None
        if table.requests:
            desk = Desk(
                self.topics,
                socket,
                version=version,
                rate=table.request_rate,
                holds=table.status_holds,
                live=lambda: self._live,
                say=self.say,
            )
            self.broker.hear(desk.filter, desk.heard)

    async def run(self) -> None:
        """Until cancelled."""
        await self.broker.run()

    # ---- what is told -----------------------------------------------------------------------------------------------

    def office(self, live: Live, now: int) -> None:
        """The switch is there, and this is its office."""
        self._live = live
        self.outbox.replace(self.topics.retained(live, self._version, now))
        self.broker.news()

    def away(self) -> None:
        """The switch is not there."""
        self._live = None
        self.outbox.keep([self.topics.bridge_state(False)])
        self.broker.news()

    def event(self, live: Live, event: Event, now: int) -> None:
        """Something changed in an office, which knows it already."""
        match event:
            case CallChanged(call=call):
                for line in live.lines.values():
                    if call.id in line.calls:
                        self.outbox.keep(self.topics.line(live, line))
            case LineChanged(line=line) if line.id in live.lines:  # else it is older than the office we know
                self.outbox.keep(self.topics.line(live, live.lines[line.id]))
            case QueueChanged(queue=queue) if queue.id in live.queues:
                self.outbox.keep([self.topics.queue(live.queues[queue.id], now)])
            case PersonChanged(person=person) if person.id in live.people:
                self.outbox.keep([self.topics.person(live.people[person.id])])
            case HoursChanged(hours=hours) if hours.id in live.hours:
                self.outbox.keep([self.topics.hours(live.hours[hours.id]), self.topics.mode(live.hours.values())])
            case Happened():
                if moment := self.topics.call_event(event):
                    self.say(moment)
            case _:
                return
        self.broker.news()

    def tick(self, live: Live, now: int) -> None:
        """What time alone changes: how long the first in a queue has waited."""
        self.outbox.keep([self.topics.queue(one, now) for one in live.queues.values() if one.oldest is not None])
        self.broker.news()

    def say(self, message: Message) -> None:
        """Something momentary."""
        self.outbox.add(message, time.monotonic())
        self.broker.news()
