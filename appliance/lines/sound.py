# SPDX-License-Identifier: GPL-2.0-or-later
"""The sound of lines: what they need of the bridge that sounds meet on, and of a modem, for as long as a call lasts."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from appliance.calls.ports import Leg
from appliance.lines.at import families
from appliance.lines.modems.modem import Modem
from appliance.lines.modems.port import PortMissing, PortTaken, closed, opened

log = logging.getLogger("lines")

AGAIN = 0.5  # s until sound that was refused is asked for again
BAUD = 115200  # on USB it means nothing
WAITED_FOR = (PortMissing.id, PortTaken.id)  # standings that may pass


class Sound(Protocol):
    """Legs of lines on the bridge; commands to one that is over do nothing."""

    def line(self) -> Leg:
        """A leg without sound so far, 0 when there is no room."""

    def line_sound(self, leg: Leg, tty: int) -> None:
        """Its sound goes through a tty that is open, and may be closed here at once. OSError when the leg is over, it
        has sound already, or it is none. It may wait for the driver: called in a thread of its own."""

    def line_card(self, leg: Leg, channel: int, copy: int, law: int) -> None:
        """The same with a channel of a card; copy: a socket that is given what is read from it, or -1; law: of sounds."""

    def line_silent(self, leg: Leg) -> None:
        """Its sound is let go; it may have another."""

    def line_closed(self, leg: Leg) -> None: ...
    def line_digit(self, leg: Leg, digit: str) -> None:
        """A key the modem heard; the Listener is told once, also when it is in the sound."""


class Speech:
    """Of the calls of one modem. `standing`: "" not tried yet, ok, or why there is none."""

    def __init__(self, bridge: Sound, modem: Modem, port: Callable[[str], str]) -> None:
        """port: the one for sound of a modem that takes commands at another, "" when it has none."""
        self._bridge, self._modem, self._port = bridge, modem, port
        self.standing = ""
        self._leg: Leg = 0  # whose call has sound, or will have
        self._restarted = False  # since it worked last

    async def begin(self, leg: Leg, call: int, changed: Callable[[], None] = lambda: None) -> None:
        """Once a call is answered; nothing for one that has begun. changed: `standing` is another while a port that is
        taken or missing is waited for. Lost, Unfit and so on as the modem's."""
        if self._leg == leg:
            return
        self._leg = leg
        self.standing = ""
        path = self._port(self._modem.path)
        if not self._modem.sound or not path:
            self.standing = "no-port" if self._modem.sound else "none"
        elif await self._started(call, self._modem.sound):
            await self._joined(leg, call, path, changed)
        if self.standing == "ok":
            self._restarted = False
        else:
            log.warning("%s: a call is silent: %s", self._modem.path, self.standing)

    async def _started(self, call: int, how: families.Sound) -> bool:
        """It may be too early for it, so it is tried again for as long as the family says, and the call lasts."""
        loop = asyncio.get_running_loop()
        until = loop.time() + how.retry_for / 1000
        while self._modem.talks(call):
            if await self._modem.do(how.start):
                return True
            if not self._modem.talks(call):
                break  # it was over before
            if loop.time() >= until:
                self.standing = "refused"
                break
            await asyncio.sleep(AGAIN)
        return False

    async def _joined(self, leg: Leg, call: int, path: str, changed: Callable[[], None]) -> None:
        """As long as the call lasts: who has the port may let it go, and one that was pulled out comes again."""
        while True:
            standing = await asyncio.to_thread(self._opened, leg, path)
            if self._leg != leg:
                return  # it is over, and another may have begun
            if standing != self.standing:
                self.standing = standing
                changed()
            if standing not in WAITED_FOR or not self._modem.talks(call):
                return
            await asyncio.sleep(AGAIN)

    def _opened(self, leg: Leg, path: str) -> str:
        """In a thread: a driver may make whoever opens a port wait."""
        try:
            tty = opened(path, BAUD)
        except (PortMissing, PortTaken) as wrong:
            return wrong.id
        try:
            self._bridge.line_sound(leg, tty.fileno())
        except OSError as wrong:
            closed(tty)
            log.warning("%s: %s", path, wrong)
            return "no-sound"
        tty.close()  # the bridge has it, and to others it stays closed
        return "ok"

    async def end(self) -> None:
        """Its call is over. A modem that refused is started anew, once: some revisions give sound to one call alone."""
        self._leg = 0
        if not self._modem.sound or not self.standing:
            return
        await self._modem.do(self._modem.sound.stop)
        if self.standing == "refused" and not self._restarted and not self._modem.calls.living:
            self._restarted = True
            await self._modem.restart()
