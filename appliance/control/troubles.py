# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong with the switch itself, and how the bridge is: kept, and told to who watches the control socket."""

import asyncio
import time

from appliance.control.health import Bridge, BridgeChanged, TellBrokers, Trouble, Troubled
from appliance.control.server import Server

WHY_MAX = 500  # characters


class Troubles:
    """To be made in the loop's thread; begins() and over() may be called in any."""

    def __init__(self) -> None:
        self.bridge: Bridge | None = None
        self._known: dict[str, Trouble] = {}
        self._server: Server | None = None
        self._loop = asyncio.get_running_loop()

    def tell_to(self, server: Server) -> None:
        self._server = server

    def all(self) -> tuple[Trouble, ...]:
        """Oldest first."""
        return tuple(self._known.values())

    def begins(self, id: str, why: str) -> None:
        self._soon(id, why or "it is not known why")

    def over(self, id: str) -> None:
        self._soon(id, "")

    def brokers(self, told: TellBrokers) -> None:
        self.bridge = Bridge(at=_now(), brokers=told.brokers)
        if self._server:
            self._server.tell(BridgeChanged, bridge=self.bridge)

    def _soon(self, id: str, why: str) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._is, id, why[:WHY_MAX])

    def _is(self, id: str, why: str) -> None:
        old = self._known.get(id)
        if why == (old.why if old else ""):
            return
        one = Trouble(id=id, why=why, since=old.since if old else _now())
        if why:
            self._known[id] = one
        else:
            del self._known[id]
        if self._server:
            self._server.tell(Troubled, trouble=one)


def _now() -> int:
    """ms UTC"""
    return time.time_ns() // 1_000_000
