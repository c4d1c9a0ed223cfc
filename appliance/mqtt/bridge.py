# SPDX-License-Identifier: GPL-2.0-or-later
"""The bridge: what the switch tells goes to the broker, what became of actions goes back to the switch."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from appliance.control.client import ControlLost, connect, follow
from appliance.control.live import Live
from appliance.control.messages import (
    ActionDue,
    ActionResult,
    Applied,
    CallChanged,
    Event,
    Happened,
    LineChanged,
    Office,
    PersonChanged,
    QueueChanged,
)
from appliance.control.messages import Refused as SwitchRefused
from appliance.mqtt.actions import Limit, Refused, expiry, message
from appliance.mqtt.broker import Broker
from appliance.mqtt.outbox import Due, Outbox
from appliance.mqtt.topics import Topics
from appliance.settings.faults import SettingsFaults
from appliance.settings.models import Action, Mqtt, Settings

REFRESH = 1.0  # seconds between looks at late actions and at how long the first in a queue has waited
REPORT_WITHIN = 5.0  # seconds
RESULTS_MAX = 64  # results of actions the switch has not taken yet; more are dropped

log = logging.getLogger("linekeeper.mqtt")


class Bridge:
    """One box on one broker. `on_status` gets a sentence whenever the broker comes or goes."""

    def __init__(
        self,
        mqtt: Mqtt,
        actions: Mapping[str, Action],
        socket: Path,
        *,
        version: str,
        user: str | None = None,
        password: str | None = None,
        on_status: Callable[[str], None] = lambda status: None,
    ) -> None:
        self._mqtt, self._actions = mqtt, actions
        self._socket, self._version = socket, version
        self._topics = Topics(mqtt.base, mqtt.box)
        self._live: Live | None = None
        self._limit = Limit()
        self._outbox = Outbox()
        self._outbox.keep([self._topics.bridge_state(False)])
        self._broker = Broker(mqtt, self._outbox, self._tried, user=user, password=password, on_status=on_status)
        self._results: asyncio.Queue[ActionResult] = asyncio.Queue(RESULTS_MAX)
        self._applied = asyncio.Event()

    async def run(self, reread: Callable[[], Settings]) -> Settings:
        """Until cancelled, or until the settings name another broker; then those settings. Keeps the old if unreadable."""
        async with asyncio.TaskGroup() as tasks:
            following = follow(self._socket, self._on_office, self._on_event, self._on_away)
            vital = (following, self._broker.run(), self._refresh(), self._report())
            working = [tasks.create_task(work) for work in vital]
            while True:
                await self._applied.wait()
                self._applied.clear()
                try:
                    settings = reread()
                except (SettingsFaults, OSError) as error:
                    log.warning("the settings cannot be read again, the old ones stay: %s", error)
                    continue
                self._actions = settings.action
                if settings.mqtt != self._mqtt:
                    break
            for task in working:
                task.cancel()
        return settings

    # ---- what the switch tells --------------------------------------------------------------------------------------

    def _on_office(self, office: Office) -> None:
        self._live = Live(office)
        self._outbox.replace(self._topics.retained(self._live, self._version, _now()))
        self._broker.news()

    def _on_away(self) -> None:
        self._live = None
        self._outbox.keep([self._topics.bridge_state(False)])
        self._broker.news()

    def _on_event(self, event: Event) -> None:
        if (live := self._live) is None:
            return
        live.apply(event)
        match event:
            case CallChanged(call=call):
                for line in live.lines.values():
                    if call.id in line.calls:
                        self._outbox.keep(self._topics.line(live, line))
            case LineChanged(line=line) if line.id in live.lines:  # else it is older than the office we know
                self._outbox.keep(self._topics.line(live, live.lines[line.id]))
            case QueueChanged(queue=queue) if queue.id in live.queues:
                self._outbox.keep([self._topics.queue(live.queues[queue.id], _now())])
            case PersonChanged(person=person) if person.id in live.people:
                self._outbox.keep([self._topics.person(live.people[person.id])])
            case Happened():
                if moment := self._topics.call_event(event):
                    self._outbox.add(moment, time.monotonic())
            case ActionDue():
                self._on_action(event)
            case Applied():
                self._applied.set()
            case _:
                return
        self._broker.news()

    # ---- actions ----------------------------------------------------------------------------------------------------

    def _on_action(self, event: ActionDue) -> None:
        now = _now()
        event = msgspec.structs.replace(event, expires=expiry(event, now))
        try:
            publication = message(event, self._actions.get(event.action), now)
            self._limit.take(event.action, now)
            due = Due(publication, event, time.monotonic() + (event.expires - now) / 1000)
            if not self._outbox.act(due):
                raise Refused("too-many")
        except Refused as refusal:
            self._became(event, refusal.id)

    def _tried(self, due: Due, reason: str) -> None:
        self._became(due.event, reason)

    def _became(self, event: ActionDue, reason: str) -> None:
        """Tell the house and the switch what became of an action; reason "" when it was published."""
        log.info("action %s of call %d: %s", event.action, event.call, reason or "published")
        result: Literal["failed", "published"] = "failed" if reason else "published"
        self._outbox.add(self._topics.action_event(event, result, reason), time.monotonic())
        self._broker.news()
        try:
            self._results.put_nowait(ActionResult(0, event.call, event.action, result, reason))
        except asyncio.QueueFull:
            log.warning("the switch does not take results: one is dropped")

    async def _refresh(self) -> None:
        """Vital: what time alone changes."""
        while True:
            for due in self._outbox.expired(time.monotonic()):
                self._became(due.event, "expired")
            if self._live:
                waited = [queue for queue in self._live.queues.values() if queue.oldest is not None]
                self._outbox.keep([self._topics.queue(queue, _now()) for queue in waited])
                self._broker.news()
            await asyncio.sleep(REFRESH)

    async def _report(self) -> None:
        """Vital: take results to the switch. One it does not take at once is dropped: it has forgotten what it asked."""
        while True:
            result = await self._results.get()
            try:
                async with asyncio.timeout(REPORT_WITHIN), await connect(self._socket) as client:
                    await client.request(result)
            except (ControlLost, SwitchRefused, TimeoutError) as error:
                log.warning("the switch does not take the result of action %s: %s", result.action, error)


def _now() -> int:
    return time.time_ns() // 1_000_000
