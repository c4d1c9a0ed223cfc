# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests of the bridge have in common: settings, and what somebody who listens in the house has heard."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from appliance.mqtt.bridge import Logins
from appliance.settings.brokers import Broker, Mqtt
from appliance.settings.models import Action, Settings
from tests.fakes.mosquitto import Listener

RIGHT_WITHIN = 5.0  # seconds after the broker's return
BOX = "linekeeper/office"
LAMP = Action.model_validate({"callers": "regulars", "lines": ["city"], "topic": "home/lamp/set", "payload": "ON"})

Bridging = Callable[..., AbstractAsyncContextManager[asyncio.Task[tuple[Settings, Logins]]]]


def settings(
    port: int, broker: dict[str, Any] | None = None, *, mqtt: dict[str, Any] | None = None, **actions: Action
) -> Settings:
    """Those of a box with a broker on this port; mqtt: more of its table, broker: further brokers."""
    first = Mqtt.model_validate({"port": port, **(mqtt or {})})
    more = {name: Broker.model_validate(table) for name, table in (broker or {}).items()}
    return Settings.model_construct(mqtt=first, broker=more, action=actions or {"lamp": LAMP}, callers={})


def says(house: Listener, topic: str, **facts: object) -> Callable[[], bool]:
    """Whether the last thing said on a topic has these facts."""

    def check() -> bool:
        shown = json.loads(house.now.get(f"{BOX}/{topic}") or "{}")
        return all(shown.get(key) == value for key, value in facts.items())

    return check


def is_said(house: Listener, topic: str, word: str) -> Callable[[], bool]:
    return lambda: house.now.get(f"{BOX}/{topic}") == word


def all_is_told(house: Listener) -> Callable[[], bool]:
    topics = ("bridge/info", "line/city/state", "line/backup/availability", "queue/sales/state", "person/boris/state")
    return lambda: house.now.get(f"{BOX}/bridge/state") == "online" and all(f"{BOX}/{t}" in house.now for t in topics)
