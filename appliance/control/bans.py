# SPDX-License-Identifier: GPL-2.0-or-later
"""The bans in force: written down, and told to who watches the control socket."""

from appliance.calls.clock import now_ms
from appliance.calls.ports import Journal
from appliance.control.guard import Ban, Banned, Lifted
from appliance.control.messages import Happened
from appliance.control.server import Server

ALARM_AGAIN = 600_000  # ms between alarms: what faces the internet bans somebody every hour of the day


class Bans:
    """What the guard told so far. Satisfies sip.telephony.Bans."""

    def __init__(self, journal: Journal, server: Server) -> None:
        self._journal, self._server = journal, server
        self._known: dict[str, Ban] = {}
        self._alarmed = 0

    def all(self) -> tuple[Ban, ...]:
        """Oldest first."""
        return tuple(self._known.values())

    def banned(self, address: str, why: str, times: int, until: int) -> None:
        """until: ms UTC."""
        now = now_ms()
        ban = self._known[address] = Ban(address=address, why=why, since=now, until=until, times=times)
        self._journal.event(0, now, "banned", {"address": address, "why": why, "until": until, "times": times})
        self._server.tell(Banned, ban=ban)
        if now - self._alarmed >= ALARM_AGAIN:
            self._alarmed = now
            self._server.tell(Happened, kind="alarm", call=0, detail=f"banned {address}: {why}")

    def lifted(self, address: str, why: str) -> None:
        if self._known.pop(address, None):
            self._journal.event(0, now_ms(), "ban-lifted", {"address": address, "why": why})
            self._server.tell(Lifted, address=address, why=why)
