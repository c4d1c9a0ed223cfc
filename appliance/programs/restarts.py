# SPDX-License-Identifier: GPL-2.0-or-later
"""The switch ended to be started again, by systemd or `linekeeper run`, when settings want that and no call is on."""

import asyncio
import os
import signal
from collections.abc import Callable

from appliance.calls.clock import now_ms
from appliance.control.messages import Done, Refused
from appliance.control.restarts import OfRestarts, Pending, Waiting
from appliance.settings.models import Settings
from appliance.store.journal import Journal

TABLES = ("sip",)  # what the switch takes up when it starts, and only then
ANSWERED_WITHIN = 0.2  # seconds for the answer to be on its way


class Restarts:
    """begun: the settings the switch started with; calls: how many are on; no_more: none is taken from then on."""

    def __init__(
        self, begun: Settings, journal: Journal, calls: Callable[[], int], no_more: Callable[[], None]
    ) -> None:
        self._begun, self._journal, self._calls, self._no_more = begun, journal, calls, no_more

    def answer(self, settings: Settings, asked: OfRestarts) -> Waiting | Done:
        """Raises Refused."""
        calls = self._calls()
        if isinstance(asked, Pending):
            return Waiting(tuple(one for one in TABLES if getattr(settings, one) != getattr(self._begun, one)), calls)
        if calls and not asked.at_once:
            raise Refused("busy", f"{calls} calls are on; nothing was ended")
        self._no_more()
        self._journal.event(0, now_ms(), "restart", {"by": asked.by, "calls": calls})
        asyncio.get_running_loop().call_later(ANSWERED_WITHIN, os.kill, os.getpid(), signal.SIGTERM)
        return Done()
