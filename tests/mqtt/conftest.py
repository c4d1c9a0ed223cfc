# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from appliance.mqtt.bridge import ActionFiles, Bridge, Logins
from appliance.programs.demo.ports import Ports
from appliance.settings.models import Settings
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import Switch
from tests.mqtt.house import Bridging, is_said, settings
from tests.mqtt.stage import HOLDERS, Stage, Staging, allowed, office


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Switch]:
    async with Switch(tmp_path / "control.sock") as switch:
        yield switch


@pytest.fixture
async def broker(tmp_path: Path, ports: Ports) -> AsyncIterator[Mosquitto]:
    async with Mosquitto(tmp_path, ports.take()) as broker:
        yield broker


@pytest.fixture
def bridge(switch: Switch, tmp_path: Path) -> Bridging:
    """Run a bridge, to a port or as settings say, as long as the block lasts."""

    @asynccontextmanager
    async def run(
        to: int | Settings,
        reread: Callable[[], Settings] | None = None,
        secrets: Logins | None = None,
        actions: ActionFiles | None = None,
    ) -> AsyncIterator[asyncio.Task[tuple[Settings, Logins]]]:
        now = settings(to) if isinstance(to, int) else to
        kept = actions or ActionFiles(tmp_path / "state", tmp_path / "class-4")
        bridge = Bridge(now, switch.socket, version="0.1.0", actions=kept, secrets=secrets or Logins())

        async def read() -> tuple[Settings, Logins]:
            return reread() if reread else now, secrets or Logins()

        task = asyncio.create_task(bridge.run(read))
        try:
            yield task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return run


@pytest.fixture
def stage(
    switch: Switch, broker: Mosquitto, bridge: Bridging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Staging:
    monkeypatch.setattr("appliance.mqtt.premises.enabled", lambda path, name: name in allowed(path))

    @asynccontextmanager
    async def run(*changes: tuple[str, str], **more: Any) -> AsyncIterator[Stage]:
        now = office(more.get("port", broker.port), *changes)
        files = ActionFiles(tmp_path / "state", tmp_path / "class-4", lambda: HOLDERS)
        async with Listener(broker.port) as house, bridge(now, more.get("reread"), None, files):
            await house.until(is_said(house, "bridge/state", "online"))
            yield Stage(switch, house, tmp_path / "state")

    return run
