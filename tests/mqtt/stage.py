# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests of actions have in common: an office with one of each class, a bridge with its switch, a listener."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import Secret

from appliance.mqtt import audit, record
from appliance.settings import pins
from appliance.settings.load import parse
from appliance.settings.models import Settings
from appliance.settings.passwords import ProofSecret
from tests.fakes.mosquitto import Listener
from tests.fakes.switch import Switch
from tests.mqtt.house import BOX
from tests.settings.premises import ALL

ANNA, BORIS = "+37060000001", "+37060000002"
HOLDERS = {
    "anna": ProofSecret(pin=Secret(pins.hashed("4711", cost=4))),
    "boris": ProofSecret(pin=Secret(pins.hashed("0815", cost=4))),
}
Result = tuple[str, str, str]


def office(port: int, *changes: tuple[str, str], text: str = ALL) -> Settings:
    """With `changes` in its words."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse(text.replace("[mqtt]\n", f"[mqtt]\nport = {port}\n"), Path("office.toml"))


class Stage:
    """A bridge with its switch, and somebody who listens to the house."""

    def __init__(self, switch: Switch, house: Listener, folder: Path) -> None:
        self.switch, self.house, self.folder = switch, house, folder

    async def became(self) -> Result:
        async with asyncio.timeout(15):
            told = await self.switch.results.get()
        return told.action, told.result, told.reason

    async def sets_off(self, action: str, keys: str = "4711", **facts: Any) -> Result:
        self.switch.action(action=action, keys=keys, **facts)
        return await self.became()

    def events(self, action: str) -> list[str]:
        return [json.loads(payload)["event_type"] for payload in self.house.payloads(f"{BOX}/action/{action}/event")]

    def log(self) -> list[tuple[str, str, str]]:
        kept = record.read(self.folder)
        return [(e.action, e.decision, e.reason) for e in audit.read(self.folder / audit.FILE, audit.Head(*kept.head))]

    async def until_logged(self, *last: str) -> None:
        """What became of an action is told first and is on the disk a moment later."""
        async with asyncio.timeout(20):
            while self.log()[-1][: len(last)] != last:
                await asyncio.sleep(0.01)


Staging = Callable[..., Any]


def allowed(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []
