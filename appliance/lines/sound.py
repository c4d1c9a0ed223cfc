# SPDX-License-Identifier: GPL-2.0-or-later
"""The sound of lines: what they need of the bridge that sounds meet on, and of a modem, for as long as a call lasts."""

import asyncio
import errno
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
UNFIT = "card-unfit"  # it gives no 8000 samples a second
CARD = {errno.ENOENT: "card-missing", errno.ENODEV: "card-missing", errno.EBUSY: "card-taken", errno.EINVAL: UNFIT}
WAITED_FOR = (PortMissing.id, PortTaken.id, "card-missing", "card-taken", "card-refused")  # standings that may pass


class Sound(Protocol):
    """Legs of lines on the bridge; commands to one that is over do nothing."""

    def line(self) -> Leg:
        """A leg without sound so far, 0 when there is no room."""

    def line_sound(self, leg: Leg, tty: int) -> None:
        """Its sound goes through a tty that is open, and may be closed here at once. OSError when the leg is over, it
        has sound already, or it is none. It may wait for the driver: called in a thread of its own."""

    def line_card(self, leg: Leg, channel: int, copy: int, law: int) -> None:
        """The same with a channel of a card; copy: a socket that is given what is read from it, or -1; law: of sounds."""

    def line_uac(self, leg: Leg, card: str) -> None:
        """The same with a sound card, as ALSA names it; OSError also when it cannot be had."""

    def line_silent(self, leg: Leg) -> None:
        """Its sound is let go; it may have another."""

    def line_closed(self, leg: Leg) -> None: ...
    def line_digit(self, leg: Leg, digit: str) -> None:
        """A key the modem heard; the Listener is told once, also when it is in the sound."""


class Speech:
    """Of the calls of one modem. `standing`: "" not tried yet, ok, or why there is none."""

    def __init__(self, bridge: Sound, modem: Modem, place: Callable[[families.Way, str], str]) -> None:
        """place: the tty or card for sound of a modem that takes commands at a port, "" when it has none."""
        self._bridge, self._modem, self._place = bridge, modem, place
        self.standing = ""
        self._leg: Leg = 0  # whose call has sound, or will have
        self._ways: list[families.Sound] = []  # that were not tried yet
        self._stop: tuple[str, ...] = ()  # for the way that was tried last
        self._restarted = False  # since it worked last

    async def begin(self, leg: Leg, call: int, changed: Callable[[], None] = lambda: None) -> None:
        """Once a call is answered; nothing for one that has begun. changed: `standing` is another while a port that is
        taken or missing is waited for. Lost, Unfit and so on as the modem's."""
        if self._leg == leg:
            return
        self._leg = leg
        self.standing = "no-port" if self._modem.sounds else "none"
        self._ways = [how for how in self._modem.sounds if self._place(how.way, self._modem.path)]
        if self._ways and (missing := [how.way for how in self._modem.sounds if how not in self._ways]):
            log.info("%s: not there for sound: %s", self._modem.path, ", ".join(missing))
        await self._go_on(leg, call, changed)

    async def stalled(self, leg: Leg, call: int, changed: Callable[[], None]) -> bool:
        """Nothing is read any more: the next way is tried. False when there is none."""
        if self._leg != leg or self.standing != "ok" or not self._ways:
            return False
        log.warning("%s: nothing is read, which may be otherwise by %s", self._modem.path, self._ways[0].way)
        self._bridge.line_silent(leg)
        await self._modem.do(self._stop)
        await self._go_on(leg, call, changed)
        return True

    async def _go_on(self, leg: Leg, call: int, changed: Callable[[], None]) -> None:
        while self._ways:
            how = self._ways.pop(0)
            await self._try(leg, call, how, not self._ways, changed)
            if self.standing == "ok" or self._leg != leg or not self._modem.talks(call) or not self._ways:
                break
            log.warning("%s: no sound by %s: %s", self._modem.path, how.way, self.standing)
            await self._modem.do(how.stop)
        if self.standing == "ok":
            self._restarted = False
        else:
            log.warning("%s: a call is silent: %s", self._modem.path, self.standing)

    async def _try(self, leg: Leg, call: int, how: families.Sound, last: bool, changed: Callable[[], None]) -> None:
        """One way of sound. For the last there is no other: it is waited for as long as the call lasts."""
        self.standing, self._stop = "", how.stop
        until = asyncio.get_running_loop().time() + how.retry_for / 1000
        if await self._started(call, how, until):
            await self._joined(leg, call, how.way, None if last else until, changed)

    async def _started(self, call: int, how: families.Sound, until: float) -> bool:
        """It may be too early for it, so it is tried again for as long as the family says, and the call lasts."""
        while self._modem.talks(call):
            if await self._modem.do(how.start):
                return True
            if not self._modem.talks(call):
                break  # it was over before
            if asyncio.get_running_loop().time() >= until:
                self.standing = "refused"
                break
            await asyncio.sleep(AGAIN)
        return False

    async def _joined(
        self, leg: Leg, call: int, way: families.Way, until: float | None, changed: Callable[[], None]
    ) -> None:
        """As long as the call lasts, or until then: who has it may let it go, and one that was pulled out comes again."""
        while True:
            place = self._place(way, self._modem.path)
            standing = await asyncio.to_thread(self._opened if way == "tty" else self._card, leg, place)
            if self._leg != leg:
                return  # it is over, and another may have begun
            if standing != self.standing:
                self.standing = standing
                changed()
            over = until is not None and asyncio.get_running_loop().time() >= until
            if standing not in WAITED_FOR or over or not self._modem.talks(call):
                return
            await asyncio.sleep(AGAIN)

    def _opened(self, leg: Leg, path: str) -> str:
        """In a thread: a driver may make whoever opens a port wait."""
        if not path:
            return PortMissing.id
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

    def _card(self, leg: Leg, card: str) -> str:
        """In a thread, as above."""
        try:
            self._bridge.line_uac(leg, card)
        except OSError as wrong:
            log.info("%s: %s", card or "sound card", wrong)
            return CARD.get(wrong.errno or 0, "card-refused")
        return "ok"

    async def end(self) -> None:
        """Its call is over. A modem that refused is started anew, once: some revisions give sound to one call alone."""
        self._leg = 0
        if not self._stop:
            return
        stop, self._stop = self._stop, ()
        await self._modem.do(stop)
        if self.standing == "refused" and not self._restarted and not self._modem.calls.living:
            self._restarted = True
            await self._modem.restart()
