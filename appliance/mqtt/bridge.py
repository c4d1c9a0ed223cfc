# SPDX-License-Identifier: GPL-2.0-or-later
"""The bridge: what the switch tells goes to the broker, what became of actions goes back to the switch."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from appliance.control.client import ControlLost, connect, follow
from appliance.control.health import Broker, TellBrokers
from appliance.control.live import Live
from appliance.control.messages import ActionAborted, ActionDue, Applied, Event, Office, Refused
from appliance.mqtt.broker import Login
from appliance.mqtt.home import Home
from appliance.mqtt.outlet import Box, Outlet
from appliance.mqtt.premises import Premises
from appliance.mqtt.proofs import Holders
from appliance.settings.faults import SettingsFaults
from appliance.settings.models import Settings

REFRESH = 1.0  # seconds between looks at late actions and at how long the first in a queue has waited
TELL_EVERY = 15.0  # seconds between two words to the switch that we run, and which brokers we reach
TELL_WITHIN = 5.0  # seconds
CONNECTING_MAX = 20  # connections being made at a time: nine brokers, each with Homie beside it

log = logging.getLogger("linekeeper.mqtt")


class Logins(NamedTuple):
    """What brokers ask for: by the name of the broker, "" is that of [mqtt]; and the key of numbers told as words."""

    logins: Mapping[str, Login] = {}
    hash_key: bytes = b""


NO_LOGINS = Logins()
Reread = Callable[[], Awaitable[tuple[Settings, Logins]]]


class ActionFiles(NamedTuple):
    """Where log and memory are kept, of actions and of texts that were told; the file that lets class 4 run; who can prove
    what, read anew each time."""

    folder: Path
    enabling: Path
    holders: Callable[[], Holders] = dict


class Bridge:
    """One box on one or more brokers. `on_status` gets a sentence whenever that of the house comes or goes."""

    def __init__(
        self,
        settings: Settings,
        socket: Path,
        *,
        version: str,
        actions: ActionFiles,
        secrets: Logins = NO_LOGINS,
        on_status: Callable[[str], None] = lambda status: None,
    ) -> None:
        assert settings.mqtt
        self._settings, self._secrets = settings, secrets
        self._socket = socket
        self._live: Live | None = None
        logins, key = secrets.logins, secrets.hash_key or os.urandom(32)
        box = Box(version, socket, key, tuple(settings.callers), _mobiles(settings))
        self._home = Outlet(
            settings.mqtt,
            box,
            actions.folder / "texts-told",
            logins.get(""),
            acted=lambda due, reason: self._premises.tried(due, reason),
            sending=lambda due: self._premises.sending(due),
            on_status=on_status,
        )
        others = (
            Outlet(table, box, actions.folder / f"texts-told.{name}", logins.get(name))
            for name, table in settings.broker.items()
        )
        self._outlets = [self._home, *others]
        self._names = ("", *settings.broker)
        self._told: tuple[tuple[Broker, ...], float] = ((), -TELL_EVERY)  # and when, monotonic seconds
        self._house = Home(self._home, socket)
        self._premises = Premises(self._house, settings, actions.folder, actions.enabling, actions.holders)
        self._applied = asyncio.Event()

    async def run(self, reread: Reread) -> tuple[Settings, Logins]:
        """Until cancelled, or until the settings name other brokers or caller lists, or a login is another one: then those.

        Keeps the old ones when they are unreadable."""
        connecting = ThreadPoolExecutor(CONNECTING_MAX, "connecting")  # a connect that hangs holds its thread
        asyncio.get_running_loop().set_default_executor(connecting)
        with contextlib.closing(self):
            return await self._run(reread)

    async def _run(self, reread: Reread) -> tuple[Settings, Logins]:
        async with asyncio.TaskGroup() as tasks:
            following = follow(self._socket, self._on_office, self._on_event, self._on_away)
            vital = (following, self._refresh(), self._tell(), self._house.run(), *(one.run() for one in self._outlets))
            working = [tasks.create_task(work) for work in vital]
            while True:
                await self._applied.wait()
                self._applied.clear()
                try:
                    settings, secrets = await reread()
                except (SettingsFaults, OSError) as error:
                    log.warning("the settings cannot be read again, the old ones stay: %s", error)
                    continue
                self._premises.apply(settings)
                if _told_apart(settings) != _told_apart(self._settings) or secrets != self._secrets:
                    break
            for task in working:
                task.cancel()
        return settings, secrets

    def close(self) -> None:
        """Nothing more is decided; what waits for the end of its delay is not done."""
        self._premises.close()

    # ---- what the switch tells --------------------------------------------------------------------------------------

    def _on_office(self, office: Office) -> None:
        self._live = Live(office)
        self._told = ((), -TELL_EVERY)
        self._applied.set()  # other settings may have come into force before we were there to be told
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
                self._on_action(event, live)
            case ActionAborted(action=action):
                self._premises.abort(action)
            case Applied():
                self._applied.set()
            case _:
                now = _now()
                for outlet in self._outlets:
                    outlet.event(live, event, now)

    # ---- actions ----------------------------------------------------------------------------------------------------

    def _on_action(self, event: ActionDue, live: Live) -> None:
        line = live.lines.get(event.line)
        self._premises.due(event, line.kind if line else "")

    async def _refresh(self) -> None:
        """Vital: what time alone changes."""
        while True:
            for due in self._home.outbox.expired(time.monotonic()):
                self._premises.tried(due, "expired")
            if self._live:
                for outlet in self._outlets:
                    outlet.tick(self._live, _now())
            await asyncio.sleep(REFRESH)

    async def _tell(self) -> None:
        """Vital: the switch knows which brokers we reach; at once when that changes."""
        while True:
            brokers, now = self._brokers(), time.monotonic()
            if self._live and (brokers != self._told[0] or now - self._told[1] >= TELL_EVERY):
                try:
                    async with asyncio.timeout(TELL_WITHIN), await connect(self._socket) as switch:
                        await switch.request(TellBrokers(0, brokers))
                    self._told = (brokers, now)
                except (ControlLost, Refused, TimeoutError) as fault:  # an older switch does not know it
                    log.debug("the switch does not know which brokers are reached: %s", fault)
                    self._told = (brokers, now)
            await asyncio.sleep(REFRESH)

    def _brokers(self) -> tuple[Broker, ...]:
        return tuple(
            Broker(
                name=name,
                address=f"{outlet.table.host}:{outlet.table.port}"[:300],
                connected=outlet.broker.is_connected,
                why=outlet.broker.why[:300],
            )
            for name, outlet in zip(self._names, self._outlets, strict=True)
        )


def _told_apart(settings: Settings) -> tuple[object, ...]:
    """What another bridge is begun for."""
    return settings.mqtt, settings.broker, tuple(settings.callers), _mobiles(settings)


def _mobiles(settings: Settings) -> tuple[str, ...]:
    """People who have one."""
    return tuple(name for name, person in settings.person.items() if person.mobile)


def _now() -> int:
    return time.time_ns() // 1_000_000
