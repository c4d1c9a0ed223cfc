# SPDX-License-Identifier: GPL-2.0-or-later
"""Text messages that came, told to one broker once each and in order: those of a time when it or we were away, too."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path

from appliance.control.client import Client, ControlLost, connect
from appliance.control.messages import Refused
from appliance.control.modems import Sms
from appliance.control.modems import Texts as Ask
from appliance.mqtt.outbox import Outbox, Owed
from appliance.mqtt.topics import Message
from appliance.settings import files

NEWS_FOR = 86_400_000  # ms after which a text is no news, and not told any more
ASK_WITHIN = 10.0  # seconds for the switch
AGAIN = 5.0  # seconds until a switch that did not answer is asked again
MODE = 0o600

log = logging.getLogger("linekeeper.mqtt")


class Texts:
    """What the broker has is remembered in a file; the rest is asked of the switch."""

    def __init__(
        self, file: Path, socket: Path, outbox: Outbox, message: Callable[[Sms], Message], news: Callable[[], None]
    ) -> None:
        self._file, self._socket, self._outbox, self._message, self._news = file, socket, outbox, message, news
        self._last = 0  # id that is known to be told, or is owed
        self._began = _now()
        self._more = asyncio.Event()
        with contextlib.suppress(OSError, ValueError):
            self._last = max(0, int(file.read_text()))

    def look(self) -> None:
        """The switch may have some that are not told."""
        self._more.set()

    def told(self, owed: Owed) -> None:
        """The broker has it, or will never take it."""
        self._outbox.paid(owed)
        self._keep(owed.id)
        self.look()

    def _keep(self, last: int) -> None:
        try:
            files.put(files.prepare(self._file, str(last).encode(), MODE), self._file)
        except (OSError, files.DiskFull) as fault:
            log.error("which text messages were told is not kept, they may be told again: %s", fault)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._more.wait()
            self._more.clear()
            try:
                async with asyncio.timeout(ASK_WITHIN), await connect(self._socket) as switch:
                    await self._ask(switch)
            except (ControlLost, Refused, TimeoutError) as fault:
                log.warning("text messages cannot be asked for: %s", fault)
                asyncio.get_running_loop().call_later(AGAIN, self.look)

    async def _ask(self, switch: Client) -> None:
        if not self._last:
            earlier = [one.id for one in await switch.request(Ask(0)) if one.at < self._began]
            self._last = max(earlier, default=1)  # of before we were there, nobody waits for
            self._keep(self._last)  # whoever comes after us owes what comes from now on
        while (room := self._outbox.room) and (found := await switch.request(Ask(0, after=self._last))):
            for sms in found[:room]:
                self._last = sms.id
                if sms.state == "received" and sms.at > _now() - NEWS_FOR:
                    self._outbox.owe(Owed(sms.id, self._message(sms)))
            self._news()


def _now() -> int:
    return time.time_ns() // 1_000_000
