# SPDX-License-Identifier: GPL-2.0-or-later
"""A line of the exchange, at an FXO port, as a line of the office: its calls are legs, one at a time."""

import asyncio
import logging
import os

from appliance.calls.ports import Leg, Listener
from appliance.lines.dahdi import fxo
from appliance.lines.dahdi.callerid import Caller
from appliance.lines.dahdi.card import Channel, Missing, Watch
from appliance.lines.dahdi.line import Line
from appliance.lines.sound import Sound
from appliance.settings.countries import Country
from appliance.settings.lines import FxoLine

log = logging.getLogger("lines")

OUT_OF_ORDER = 27  # Q.850
NO_LINE = "unplugged"  # the driver's red alarm: there is no battery, so no cable or no exchange


class ExchangeLine:
    """Satisfies dahdi.line.Listener. open() until there is a channel, and again once it is gone."""

    def __init__(self, name: str, table: FxoLine, country: Country, listener: Listener, sound: Sound) -> None:
        self.name, self.table, self.country = name, table, country
        self._listener, self._sound = listener, sound
        self.line: Line | None = None
        self.why: str | None = None  # it cannot be used; "": it can; None: not told yet
        self._leg: Leg = 0
        self._has_sound = False

    def __contains__(self, leg: Leg) -> bool:
        return leg != 0 and leg == self._leg

    # ---- the port ---------------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return self.line is not None and not self.line.over

    async def open(self, watch: Watch, channel: Channel | Missing) -> None:
        """A port that has just been opened, or why it cannot be."""
        await self.close()
        if isinstance(channel, Channel) and not channel.is_fxo:
            channel.close()
            channel = Missing(f"channel {channel.number} is no port for a line (FXO)")
        if isinstance(channel, Missing):
            self._stands(f"no-channel {channel}")
            return
        self.line = Line(channel, watch, self, self.country, habits(self.table, self.country),
                         cycles=self.table.busy_beats)  # fmt: skip
        if self.line.rules.state is not fxo.State.UNPLUGGED:
            self._stands("")

    async def close(self) -> None:
        if self.line:
            if self._leg:
                self.hang_up(self._leg, OUT_OF_ORDER)
            await self.line.done()
            await self.line.close()
            self.line = None

    def _stands(self, why: str) -> None:
        if why != self.why:
            self.why = why
            log.log(logging.WARNING if why else logging.INFO, "line %s: %s", self.name, why or "ready")
            self._listener.line(self.name, not why, why)

    # ---- asked for --------------------------------------------------------------------------------------------------

    def dial(self, number: str, withheld: bool, anyway: bool) -> Leg:
        """0 when the line cannot now. anyway: there is no other way than by an open port."""
        if not self.line or self.line.over or self._leg or (withheld and not self.table.withhold):
            return 0
        if leg := self._sound.line():
            digits = "".join(one for one in number.replace("+", "00", 1) if one in "0123456789*#")
            self._leg, self._has_sound = leg, False
            if not self.line.dial((self.table.withhold if withheld else "") + digits):
                self._leg = 0
                self._sound.line_closed(leg)
        return self._leg

    def ringing(self, leg: Leg) -> None:
        """The exchange lets its callers hear that it rings."""

    def early(self, leg: Leg) -> None:
        """Nor can anything be said on a line that is not answered."""

    def answer(self, leg: Leg) -> None:
        if self.line:
            self.line.answer()

    def hang_up(self, leg: Leg, cause: int) -> None:
        """A caller who is not answered rings on at the exchange, and hears that."""
        if self.line:
            self.line.hang_up()
        self._end(cause)

    def press(self, leg: Leg, keys: str) -> None:
        if self.line:
            self.line.digits("".join(key for key in keys if key in "0123456789*#ABCD"))

    def device_over(self, leg: Leg) -> None:
        """Its sound is gone for good."""
        self.hang_up(leg, OUT_OF_ORDER)

    def _end(self, cause: int) -> None:
        leg, self._leg = self._leg, 0
        if leg:
            self._sound.line_closed(leg)
            asyncio.get_running_loop().call_soon(self._listener.over, leg, cause)

    # ---- what the line tells ----------------------------------------------------------------------------------------

    def told(self, what: fxo.Out) -> None:
        match what:
            case fxo.Incoming(caller):
                self._incoming(caller)
            case fxo.Named(caller):
                if self._leg and caller.number:
                    self._listener.named(self._leg, caller.number)
            case fxo.Missed():
                self._end(16)
            case fxo.Alerting():
                self._speak()
                if self._leg:
                    self._listener.early(self._leg)
            case fxo.Answered():
                self._speak()
                if self._leg:
                    self._listener.answered(self._leg)
            case fxo.Ended(cause, why):
                log.info("line %s: the call is over: %s", self.name, why)
                self._end(cause)
            case fxo.Usable(now):
                self._stands("" if now else NO_LINE)

    def _incoming(self, caller: Caller | None) -> None:
        if not (leg := self._sound.line()):
            log.error("line %s: no room for a call", self.name)
            return
        self._leg, self._has_sound = leg, False
        number, name = (caller.number, caller.name) if caller else ("", "")
        self._listener.incoming(leg, self.name, False, number, name, self.table.number or "")

    def _speak(self) -> None:
        if self._leg and self.line and not self._has_sound:
            self._has_sound = True
            join(self._sound, self._leg, self.line.lend_to_pump(), self.line.law, self.name)


def join(sound: Sound, leg: Leg, lent: tuple[int, int], law: int, name: str) -> None:
    """The sound of a leg goes through a channel; lent: its number and one for a copy, or -1. Both are closed here."""
    fd, copy = lent
    try:
        sound.line_card(leg, fd, copy, law)
    except OSError as wrong:
        log.warning("%s: a call is silent: %s", name, wrong)
    finally:
        os.close(fd)
        if copy >= 0:
            os.close(copy)


def habits(table: FxoLine, country: Country) -> fxo.Habits:
    return fxo.Habits(
        caller_id=table.caller_id or country.caller_id,
        starts=table.caller_starts or (country.starts if not table.caller_id else "ring"),
        caller_wait=table.clip_wait,
        dial_tone_needed=table.dial_tone_needed,
        pulse=table.pulse,
        answer_by_polarity=table.answer_by_polarity,
        hang_up_by_polarity=table.hang_up_by_polarity,
        silence=table.silence * 1000,
    )
