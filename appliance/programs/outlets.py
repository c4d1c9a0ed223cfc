# SPDX-License-Identifier: GPL-2.0-or-later
"""Beside the pages: webhooks, and the call monitor where the settings want it."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from appliance.control.feed import Feed
from appliance.monitor.server import Monitor
from appliance.programs import arguments
from appliance.settings import outlets
from appliance.settings.faults import SettingsFaults
from appliance.webhooks.sender import Sender

log = logging.getLogger("monitor")

AGAIN = 30.0  # seconds after which it is tried again to listen


class Outlets:
    def __init__(self, hooks: Sender, monitor: outlets.Monitor) -> None:
        self._hooks = hooks
        self._monitor = Monitor(monitor.listen, monitor.port, monitor.allow) if monitor.listen else None

    def join(self, feed: Feed) -> None:
        """They hear what the switch tells."""
        feed.to(self._hooks.on_office, self._hooks.on_event)
        if self._monitor:
            feed.to(self._monitor.on_office, self._monitor.on_event)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        tasks.create_task(self._hooks.run())
        if self._monitor:
            tasks.create_task(self._listen(self._monitor))

    @staticmethod
    async def _listen(monitor: Monitor) -> None:
        """The pages do not end because the port of the monitor is taken, or not ours to take."""
        while True:
            try:
                await monitor.run()
            except OSError as fault:
                log.error("the call monitor cannot listen on port %d: %s", monitor.port, fault)
            await asyncio.sleep(AGAIN)


class Allowed:
    """The networks of [webhooks], read again when the document has changed; while it has faults, as they were."""

    def __init__(self, document: Path, state: Path) -> None:
        self._document, self._state = document, state
        self._of: tuple[int, int] | None = None
        self._networks: tuple[str, ...] = ()

    def __call__(self) -> tuple[str, ...]:
        with suppress(SettingsFaults, OSError):
            status = self._document.stat()
            if (of := (status.st_mtime_ns, status.st_size)) != self._of:
                self._networks, self._of = arguments.settings(self._document, self._state).webhooks.allow, of
        return self._networks
