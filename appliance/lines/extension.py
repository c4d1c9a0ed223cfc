# SPDX-License-Identifier: GPL-2.0-or-later
"""An analogue telephone, at an FXS port, as a telephone of the office. Flash holds a call and asks another."""

import asyncio
import logging
import time

from appliance.calls.ports import Leg, Listener
from appliance.lines.dahdi import fxs
from appliance.lines.dahdi.callerid import Caller
from appliance.lines.dahdi.card import Channel, Missing, Watch
from appliance.lines.dahdi.telephone import Telephone
from appliance.lines.exchange import join
from appliance.lines.sound import Sound
from appliance.settings.countries import Country

log = logging.getLogger("lines")

NORMAL, BUSY, OUT_OF_ORDER = 16, 17, 27  # Q.850
OK = 200  # SIP: what a transfer became


class Extension:
    """Satisfies dahdi.telephone.Listener. `here`: the call at the receiver; `held`: the one that waits meanwhile."""

    def __init__(self, name: str, channel: int, country: Country, listener: Listener, sound: Sound) -> None:
        self.name, self.channel, self.country = name, channel, country
        self._listener, self._sound = listener, sound
        self.telephone: Telephone | None = None
        self.why: str | None = None  # it cannot be used; "": it can; None: not told yet
        self.here: Leg = 0
        self.held: Leg = 0
        self._answered: set[Leg] = set()
        self._asked = ""  # the number dialled while another call is held
        self._became = 0  # a transfer asked for
        self._messages = False

    def __contains__(self, leg: Leg) -> bool:
        return leg != 0 and leg in (self.here, self.held)

    # ---- the port ---------------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return self.telephone is not None and not self.telephone.over

    async def open(self, watch: Watch, channel: Channel | Missing) -> None:
        """A port that has just been opened, or why it cannot be."""
        await self.close()
        if isinstance(channel, Channel) and not channel.is_fxs:
            channel.close()
            channel = Missing(f"channel {channel.number} is no port for a telephone (FXS)")
        if isinstance(channel, Missing):
            self._stands(f"no-channel {channel}")
            return
        self._stands("")
        self.telephone = Telephone(channel, watch, self, self.country)
        self.telephone.messages(self._messages)

    async def close(self) -> None:
        if self.telephone:
            for leg in (self.here, self.held):
                self._over(leg, OUT_OF_ORDER)
            self.here = self.held = 0
            await self.telephone.close()
            self.telephone = None

    def _stands(self, why: str) -> None:
        if why != self.why:
            self.why = why
            log.log(logging.WARNING if why else logging.INFO, "telephone %s: %s", self.name, why or "ready")
            self._listener.phone(self.name, [] if why else [f"dahdi:{self.channel}"], "DAHDI", None)

    # ---- asked for --------------------------------------------------------------------------------------------------

    def ring(self, number: str, name: str) -> list[Leg]:
        """One that is in use is busy. [] when it is not there."""
        if not self.telephone or self.telephone.over or not (leg := self._sound.line()):
            return []
        loop = asyncio.get_running_loop()
        if self.telephone.ring(Caller(number.removeprefix("+"), name), time.strftime("%m%d%H%M")):
            self.here = leg
            loop.call_soon(self._listener.rang, leg)
        else:
            loop.call_soon(self._over, leg, BUSY)
        return [leg]

    def ringing(self, leg: Leg) -> None:
        if self.telephone and leg == self.here:
            self.telephone.called_rings(True)

    def early(self, leg: Leg) -> None:
        if self.telephone and leg == self.here and not self.telephone.lent:
            self.telephone.called_rings(False)
            self._speak()

    def answer(self, leg: Leg) -> None:
        if leg == self.here:
            self.early(leg)
            self._answered.add(leg)
            self._listener.answered(leg)

    def hang_up(self, leg: Leg, cause: int) -> None:
        if self.telephone and leg == self.held:
            self.held = 0
            self.telephone.rules.held_left()
        elif self.telephone and leg == self.here:
            self.here = 0
            if not self.telephone.stop():
                self.telephone.left(busy=leg in self._answered or cause == BUSY)
        self._over(leg, cause)

    def press(self, leg: Leg, keys: str) -> None:
        """Nobody at a telephone needs the other's keys."""

    def device_over(self, leg: Leg) -> None:
        self.hang_up(leg, OUT_OF_ORDER)

    def messages(self, waiting: bool) -> None:
        self._messages = waiting
        if self.telephone and not self.telephone.over:
            self.telephone.messages(waiting)

    def referred(self, status: int) -> None:
        """What became of the transfer asked for."""
        self._became = status

    def _over(self, leg: Leg, cause: int) -> None:
        if leg:
            self._answered.discard(leg)
            self._sound.line_closed(leg)
            asyncio.get_running_loop().call_soon(self._listener.over, leg, cause)

    # ---- what the telephone tells -----------------------------------------------------------------------------------

    def told(self, what: fxs.Out) -> None:
        match what:
            case fxs.Called(number, consulting):
                self._asked = number if consulting else ""
                self._call(number)
            case fxs.Answered():
                if self.here:
                    self._answered.add(self.here)
                    self._speak()
                    self._listener.answered(self.here)
            case fxs.Held():
                self.held, self.here = self.here, 0
                self._sound.line_silent(self.held)
                self._listener.held(self.held, True)
            case fxs.Back():
                self._back()
            case fxs.Key(key):
                if self.here:
                    self._sound.line_digit(self.here, key)
            case fxs.HungUp():
                self._hung_up()

    def _call(self, number: str) -> None:
        if not (leg := self._sound.line()):
            log.error("telephone %s: no room for a call", self.name)
            if self.telephone:
                self.telephone.left(busy=False)
            return
        self.here = leg
        self._listener.incoming(leg, self.name, True, self.name, "", number)

    def _back(self) -> None:
        """Whoever was asked is let go."""
        asked, self.here, self.held = self.here, self.held, 0
        self._over(asked, NORMAL)
        if self.here:
            self._speak()
            self._listener.held(self.here, False)

    def _hung_up(self) -> None:
        """Who waits is put through to the one who was asked; without one he is let go."""
        here, held = self.here, self.held
        if held and here:
            self._became = 0
            self._listener.transfer(held, "", here)
            if self._became != OK and here not in self._answered:
                self._listener.transfer(held, self._asked, 0)
        self.here = self.held = 0
        for leg in (here, held):
            self._over(leg, NORMAL)

    def _speak(self) -> None:
        if self.telephone and self.here:
            join(self._sound, self.here, (self.telephone.lend(), -1), self.telephone.law, self.name)
