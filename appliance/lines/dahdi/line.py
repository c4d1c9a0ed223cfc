# SPDX-License-Identifier: GPL-2.0-or-later
"""A line of the exchange at an FXO port: the rules of fxo.py on a channel."""

from typing import Protocol

from appliance.lines._dahdi import Ear
from appliance.lines.dahdi import fxo
from appliance.lines.dahdi.callerid import Caller, Keys, Spill
from appliance.lines.dahdi.card import FLASH, OFF_HOOK, ON_HOOK, Channel, Happens, Watch
from appliance.lines.dahdi.port import Port
from appliance.lines.dahdi.sounds import BELL202, MU_LAW, NO_BYTES, V23, Heard
from appliance.settings.countries import Country, listened

PLUGS = {
    Happens.RING_BEGINS: fxo.Plug.RING_BEGINS,
    Happens.RING_OFF_HOOK: fxo.Plug.RING_ENDS,
    Happens.ON_HOOK: fxo.Plug.BATTERY_DROPPED,
    Happens.REVERSED: fxo.Plug.REVERSED,
    Happens.ALARM: fxo.Plug.UNPLUGGED,
    Happens.NO_ALARM: fxo.Plug.PLUGGED,
    Happens.DIALLED: fxo.Plug.DIALLED,
    Happens.REMOVED: fxo.Plug.UNPLUGGED,
}
SCHEMES = {"bell202": BELL202, "v23": V23}
TAPS, TRAIN = 256, 400  # of the echo canceller; ms


class Listener(Protocol):
    def told(self, what: fxo.Out) -> None:
        """Everything but what is done to the line itself: Rang, Incoming, Named, Missed, Alerting, Answered, Ended, Usable."""


class Line(Port):
    """answer(), dial() and so on as of fxo; lend() the sound once it is answered or alerting."""

    def __init__(
        self, channel: Channel, watch: Watch, listener: Listener, country: Country, habits: fxo.Habits, *,
        cycles: int = 4, law: int = MU_LAW,
    ) -> None:  # fmt: skip
        """cycles: of busy tone after which a call is over."""
        super().__init__(channel, watch)
        self.rules, self.listener, self.law = fxo.Fxo(habits), listener, law
        self.tones = listened(country, cycles)
        self.spill, self.keys = Spill(), Keys()
        self.settle(self.rules.plug(fxo.Plug.UNPLUGGED, self.now) if channel.alarm else [])

    # What comes

    def happened(self, event: int) -> None:
        if plug := PLUGS.get(event):  # type: ignore[call-overload]
            self.settle(self.rules.plug(plug, self.now))

    def heard(self, what: int, value: int) -> None:
        caller = None
        if what == Heard.BYTE:
            message = self.spill.feed(value)
            caller = message if isinstance(message, Caller) else None
        elif what == Heard.DIGIT:
            caller = self.keys.feed(chr(value))
        elif what == Heard.TONE:
            self.settle(self.rules.tone(value, self.now))
        if caller:
            self.settle(self.rules.calls(caller, self.now))

    def sounded(self) -> None:
        if self.ear:
            self.settle(self.rules.silent(self.ear.silence, self.now))

    def late(self) -> None:
        self.settle(self.rules.late(self.now))

    def gone(self) -> None:
        self.settle(self.rules.plug(fxo.Plug.UNPLUGGED, self.now))

    # What is wanted

    def answer(self) -> bool:
        return self.settle(self.rules.answer(self.now))

    def dial(self, number: str) -> bool:
        return self.settle(self.rules.dial(number, self.now))

    def digits(self, digits: str) -> bool:
        return self.settle(self.rules.digits(digits))

    def flash(self) -> bool:
        return self.settle(self.rules.flash())

    def hang_up(self) -> bool:
        return self.settle(self.rules.hang_up(self.now))

    def settle(self, outs: list[fxo.Out]) -> bool:
        """Do and tell what the rules say; False when that is nothing."""
        facts = []
        for out in outs:
            match out:
                case fxo.Hook(off):
                    self.do(self.move(off))
                case fxo.Flash():
                    self.do(self.channel.hook(FLASH))
                case fxo.Dial(text):
                    self.do(self.dials(text, self.rules.state is fxo.State.TALKING))
                case _:
                    facts.append(out)
        if not self.rules.holds:
            self.take_back()
        wanted = self.rules.listening or self.rules.holds
        self.listen((self.ear or self.new_ear()) if wanted and not self.lent else None)
        self.wake(None if self.over else self.rules.deadline)
        for fact in facts:
            self.listener.told(fact)
        return bool(outs)

    def lend_to_pump(self) -> tuple[int, int]:
        """As lend_heard(): keys are the pump's, we go on hearing tones and silence."""
        return self.lend_heard(self.ear or self.new_ear())

    def new_ear(self) -> Ear:
        scheme = SCHEMES.get(self.rules.habits.caller_id, NO_BYTES)
        self.spill, self.keys = Spill(), Keys()
        return Ear(self.law, scheme, self.tones)

    async def move(self, off: bool) -> None:
        await self.channel.hook(OFF_HOOK if off else ON_HOOK)
        self.channel.cancel_echo(TAPS if off else 0, TRAIN)

    async def dials(self, text: str, more: bool) -> None:
        self.channel.dial(text, more=more)
