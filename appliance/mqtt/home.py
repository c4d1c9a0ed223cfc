# SPDX-License-Identifier: GPL-2.0-or-later
"""What premises actions need of the bridge: the broker of the house, and the switch."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from appliance.control.client import ControlLost, connect
from appliance.control.messages import ActionDue, ActionKeys, ActionResult, Dial
from appliance.control.messages import Refused as SwitchRefused
from appliance.mqtt.broker import Incoming
from appliance.mqtt.outbox import Due
from appliance.mqtt.outlet import Outlet

REPORT_WITHIN = 5.0  # seconds
RESULTS_MAX = 64  # results of actions the switch has not taken yet; more are dropped

log = logging.getLogger("linekeeper.mqtt")


class Home:
    """Satisfies premises.House."""

    def __init__(self, outlet: Outlet, socket: Path) -> None:
        self._outlet, self._socket = outlet, socket
        self._results: asyncio.Queue[ActionResult] = asyncio.Queue(RESULTS_MAX)

    def send(self, due: Due) -> bool:
        if not self._outlet.outbox.act(due):
            return False
        self._outlet.broker.news()
        return True

    def tell(self, event: ActionDue, event_type: str, reason: str) -> None:
        self._outlet.say(self._outlet.topics.action_event(event, event_type, reason))

    def report(self, result: ActionResult) -> None:
        try:
            self._results.put_nowait(result)
        except asyncio.QueueFull:
            log.warning("the switch does not take results: one is dropped")

    async def keys(self, request: str) -> str:
        try:
            async with await connect(self._socket) as client:
                return await client.request(ActionKeys(0, request))
        except (ControlLost, SwitchRefused) as error:
            log.warning("the switch does not tell what a caller pressed: %s", error)
            return ""

    async def call_back(self, number: str, scenario: str) -> bool:
        try:
            async with asyncio.timeout(REPORT_WITHIN), await connect(self._socket) as client:
                await client.request(Dial(0, number, connect=f"scenario.{scenario}"))
        except (ControlLost, SwitchRefused, TimeoutError) as error:
            log.warning("nobody is called back: %s", error)
            return False
        return True

    def hear(self, topic: str, heard: Callable[[Incoming], None]) -> None:
        self._outlet.broker.hear(topic, heard, as_published=False)

    def forget(self, topic: str) -> None:
        self._outlet.broker.forget(topic)

    async def run(self) -> None:
        """Vital: take results to the switch. One it does not take at once is dropped: it has forgotten what it asked."""
        while True:
            result = await self._results.get()
            try:
                async with asyncio.timeout(REPORT_WITHIN), await connect(self._socket) as client:
                    await client.request(result)
            except (ControlLost, SwitchRefused, TimeoutError) as error:
                log.warning("the switch does not take the result of action %s: %s", result.action, error)
