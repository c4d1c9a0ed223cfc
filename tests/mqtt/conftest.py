# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.mqtt.bridge import ActionFiles, Bridge, Logins
from appliance.programs.demo.ports import Ports
from appliance.settings.models import Settings
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.switch import Switch
from tests.mqtt.house import Bridging, settings


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
    ) -> AsyncIterator[asyncio.Task[Settings]]:
        now = settings(to) if isinstance(to, int) else to
        kept = actions or ActionFiles(tmp_path / "state", tmp_path / "class-4")
        bridge = Bridge(now, switch.socket, version="0.1.0", actions=kept, secrets=secrets or Logins())
        task = asyncio.create_task(bridge.run(reread or (lambda: now)))
        try:
            yield task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return run
