# SPDX-License-Identifier: GPL-2.0-or-later
"""The bridge: what the switch tells goes to the broker, what became of actions goes back."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from appliance.control.client import ControlLost, Refused as SwitchRefused, connect, follow
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
from appliance.mqtt import actions
from appliance.mqtt.broker import Broker
from appliance.mqtt.outbox import Due, Outbox
from appliance.mqtt.topics import Message, Topics
from appliance.settings.models import Action, Mqtt

REFRESH = 1.0  # seconds between looks at late actions and at how long the first in a queue has waited
RESULTS_MAX = 64  # results of actions the switch has not taken yet; more are dropped

log = logging.getLogger("linekeeper.mqtt")


class Bridge:
    """One box on one broker. `run()` until cancelled; `on_status` gets a sentence when the broker comes or goes."""

    def __init__(
        self,
        mqtt: Mqtt,
        actions_of: Mapping[str, Action],
        socket: Path,
        *,
        version: str,
        user: str | None = None,
        password: str | None = None,
        on_status: Callable[[str], None] = lambda status: None,
        on_applied: Callable[[], None] = lambda: None,
    ) -> None:
        self.actions = actions_of
        self._socket, self._version, self._on_applied = socket, version, on_applied
        self._topics = Topics(mqtt.base, mqtt.box)
        self._live: Live | None = None
        self._limit = actions.Limit()
        self._outbox = Outbox()
        self._outbox.keep([self._topics.bridge_state(False)])
        self._broker = Broker(
            mqtt, self._outbox, self._on_acted, user=user, password=password, on_status=on_status
        )
        self._results: asyncio.Queue[tuple[ActionDue, str]] = asyncio.Queue(RESULTS_MAX)
