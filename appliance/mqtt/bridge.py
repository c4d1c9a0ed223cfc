# SPDX-License-Identifier: GPL-2.0-or-later
"""The bridge: what the switch tells goes to the broker, what became of actions goes back to the switch."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from appliance.control.client import ControlLost, connect, follow
from appliance.control.live import Live
from appliance.control.messages import ActionDue, ActionResult, Applied, Event, Office
from appliance.control.messages import Refused as SwitchRefused
from appliance.mqtt.actions import Limit, Refused, expiry, message
from appliance.mqtt.broker import Login
from appliance.mqtt.outbox import Due
from appliance.mqtt.outlet import Box, Outlet
from appliance.settings.faults import SettingsFaults
from appliance.settings.models import Settings

REFRESH = 1.0  # seconds between looks at late actions and at how long the first in a queue has waited
CONNECTING_MAX = 20  # connections being made at a time: nine brokers, each with Homie beside it
REPORT_WITHIN = 5.0  # seconds
RESULTS_MAX = 64  # results of actions the switch has not taken yet; more are dropped

log = logging.getLogger("linekeeper.mqtt")


class Logins(NamedTuple):
    """What brokers ask for: by the name of the broker, "" is that of [mqtt]; and the key of numbers told as words."""

    logins: Mapping[str, Login] = {}
    hash_key: bytes = b""


NO_LOGINS = Logins()


class Bridge:
    """One box on one or more brokers. `on_status` gets a sentence whenever that of the house comes or goes."""

    def __init__(
        self,
        settings: Settings,
        socket: Path,
        *,
        version: str,
        secrets: Logins = NO_LOGINS,
        on_status: Callable[[str], None] = lambda status: None,
    ) -> None:
        assert settings.mqtt
        self._settings, self._actions = settings, settings.action
        self._socket = socket
        self._live: Live | None = None
        self._limit = Limit()
        logins, key = secrets.logins, secrets.hash_key or os.urandom(32)
        box = Box(version, socket, key, tuple(settings.callers))
        self._home = Outlet(settings.mqtt, box, logins.get(""), acted=self._tried, on_status=on_status)
        others = (Outlet(table, box, logins.get(name)) for name, table in settings.broker.items())
        self._outlets = [self._home, *others]
        self._results: asyncio.Queue[ActionResult] = asyncio.Queue(RESULTS_MAX)
        self._applied = asyncio.Event()

    async def run(self, reread: Callable[[], Settings]) -> Settings:
        """Until cancelled, or until the settings name other brokers or caller lists: then those settings.

        Keeps the old ones when they are unreadable."""
        connecting = ThreadPoolExecutor(CONNECTING_MAX, "connecting")  # a connect that hangs holds its thread
        asyncio.get_running_loop().set_default_executor(connecting)
        async with asyncio.TaskGroup() as tasks:
            following = follow(self._socket, self._on_office, self._on_event, self._on_away)
            vital = (following, self._refresh(), self._report(), *(outlet.run() for outlet in self._outlets))
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
                if _told_apart(settings) != _told_apart(self._settings):
                    break
            for task in working:
                task.cancel()
        return settings

    # ---- what the switch tells --------------------------------------------------------------------------------------

    def _on_office(self, office: Office) -> None:
        self._live = Live(office)
        for outlet in self._outlets:
            outlet.office(self._live, _now())

    def _on_away(self) -> None:
        self._live = None
        for outlet in self._outlets:
            outlet.away()

    def _on_event(self, event: Event) -> None:
        if (live := self._live) is None:
            return
        live.apply(event)
        match event:
            case ActionDue():
                self._on_action(event)
            case Applied():
                self._applied.set()
            case _:
                now = _now()
                for outlet in self._outlets:
                    outlet.event(live, event, now)

    # ---- actions ----------------------------------------------------------------------------------------------------

    def _on_action(self, event: ActionDue) -> None:
        now = _now()
        event = msgspec.structs.replace(event, expires=expiry(event, now))
        try:
            publication = message(event, self._actions.get(event.action), now)
            self._limit.take(event.action, now)
            due = Due(publication, event, time.monotonic() + (event.expires - now) / 1000)
            if not self._home.outbox.act(due):
                raise Refused("too-many")
            self._home.broker.news()
        except Refused as refusal:
            self._became(event, refusal.id)

    def _tried(self, due: Due, reason: str) -> None:
        self._became(due.event, reason)

    def _became(self, event: ActionDue, reason: str) -> None:
        """Tell the house and the switch what became of an action; reason "" when it was published."""
        log.info("action %s of call %d: %s", event.action, event.call, reason or "published")
        result: Literal["failed", "published"] = "failed" if reason else "published"
        self._home.say(self._home.topics.action_event(event, result, reason))
        try:
            self._results.put_nowait(ActionResult(0, event.call, event.action, result, reason))
        except asyncio.QueueFull:
            log.warning("the switch does not take results: one is dropped")

    async def _refresh(self) -> None:
        """Vital: what time alone changes."""
        while True:
            for due in self._home.outbox.expired(time.monotonic()):
                self._became(due.event, "expired")
            if self._live:
                for outlet in self._outlets:
                    outlet.tick(self._live, _now())
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


def _told_apart(settings: Settings) -> tuple[object, ...]:
    """What another bridge is begun for."""
    return settings.mqtt, settings.broker, tuple(settings.callers)


def _now() -> int:
    return time.time_ns() // 1_000_000
