# SPDX-License-Identifier: GPL-2.0-or-later
"""A telephone at an FXS port: the rules of fxs.py on a channel."""

import asyncio
import select
from typing import Protocol

from appliance.lines._dahdi import Ear, Mouth
from appliance.lines.dahdi import fxs
from appliance.lines.dahdi.callerid import Caller
from appliance.lines.dahdi.card import KEY_DOWN, OFF_HOOK, ON_HOOK, PULSE_DIGIT, RING, RING_OFF, Channel, Happens, Watch
from appliance.lines.dahdi.port import Port
from appliance.lines.dahdi.sounds import BELL202, MU_LAW, V23, Heard
from appliance.settings.countries import Country

TONES = {
    fxs.Play.NOTHING: -1,
    fxs.Play.DIAL: 0,
    fxs.Play.BUSY: 1,
    fxs.Play.RINGING: 2,
    fxs.Play.CONGESTION: 3,
    fxs.Play.RECALL: 5,
    fxs.Play.MESSAGES: 10,
}
SEIZURE, MARK, TAIL = 300, 180, 60  # bits around a message between two rings
ALONE_MARK = 204  # 170 ms: a message without a ring has no seizure
LEVEL = -13.5  # dBm0
SPOKEN = 3_000  # ms in which sound passes to a telephone on hook
SAY_WITHIN = 3.0  # s
SPILL_BUFFERS, BUFFERS = 32, 8


class Listener(Protocol):
    def told(self, what: fxs.Out) -> None:
        """Off, Called, Answered, Held, Back, Key and HungUp."""


class Telephone(Port):
    def __init__(
        self, channel: Channel, watch: Watch, listener: Listener, country: Country, *, law: int = MU_LAW
    ) -> None:
        super().__init__(channel, watch)
        self.listener, self.law = listener, law
        self.rules = fxs.Fxs(country.caller_id in ("bell202", "v23"))
        self.scheme = V23 if country.caller_id == "v23" else BELL202
        self.room = asyncio.Event()  # for sound that is to be said, or no reason any more to say it
        self.off = False  # our side of the loop
        channel.cadence(country.cadence)
        self.settle([])
        if channel.off_hook:
            self.settle(self.rules.lifted(self.now))

    # What comes

    def happened(self, event: int) -> None:
        now = self.now
        if event & (PULSE_DIGIT | KEY_DOWN):
            self.settle(self.rules.key(chr(event & 0xFF), now))
        elif event == Happens.RING_OFF_HOOK:
            self.settle(self.rules.lifted(now))
        elif event == Happens.ON_HOOK:
            self.settle(self.rules.hung_up(now))
        elif event == Happens.FLASHED:
            self.settle(self.rules.flashed(now))
        elif event == Happens.BURST_OVER:
            self.settle(self.rules.burst_over(now))
        elif event == Happens.REMOVED:
            self.lost("it was pulled out")

    def heard(self, what: int, value: int) -> None:
        if what == Heard.DIGIT:
            self.settle(self.rules.key(chr(value), self.now))

    def ready(self, flags: int) -> None:
        if flags & select.EPOLLOUT:
            self.room.set()
            self.watch.want(self.channel.fd, self.flags())
        super().ready(flags)

    def late(self) -> None:
        self.settle(self.rules.late(self.now))

    def gone(self) -> None:
        self.room.set()
        self.settle(self.rules.hung_up(self.now))

    # What is wanted

    def ring(self, caller: Caller, stamp: str) -> bool:
        return self.settle(self.rules.ring(caller, stamp))

    def stop(self) -> bool:
        return self.settle(self.rules.stop())

    def called_rings(self, rings: bool) -> bool:
        return self.settle(self.rules.called_rings(rings))

    def left(self, busy: bool) -> bool:
        self.take_back()
        return self.settle(self.rules.left(busy))

    def messages(self, waiting: bool) -> bool:
        return self.settle(self.rules.messages(waiting))

    def settle(self, outs: list[fxs.Out]) -> bool:
        """Do and tell what the rules say; False when that is nothing."""
        facts = []
        self.room.set()
        for out in outs:
            match out:
                case fxs.Ring(on):
                    self.do(self.channel.hook(RING if on else RING_OFF))
                case fxs.Tone(play):
                    self.do(self.play(TONES[play]))
                case fxs.Say(message):
                    self.do(self.say(message, self.rules.state is fxs.State.RINGING))
                case _:
                    facts.append(out)
        off = self.rules.state not in (fxs.State.IDLE, fxs.State.RINGING)
        if off != self.off and not self.over:
            self.off = off
            self.do(self.channel.hook(OFF_HOOK if off else ON_HOOK))
        if not self.rules.audio:
            self.take_back()
        self.listen((self.ear or Ear(self.law)) if self.rules.listening and not self.lent else None)
        self.wake(None if self.over else self.rules.deadline)
        for fact in facts:
            self.listener.told(fact)
        return bool(outs)

    async def play(self, tone: int) -> None:
        self.channel.tone(tone)

    async def say(self, message: bytes, rings: bool) -> None:
        """Until it is said, or the receiver is lifted, or the time for it is over."""
        state = self.rules.state
        seizure, mark = (SEIZURE, MARK) if rings else (0, ALONE_MARK)
        mouth = Mouth(self.law, self.scheme, message, seizure, mark, TAIL, LEVEL)
        self.channel.buffers(SPILL_BUFFERS)
        self.channel.speak_on_hook(SPOKEN)
        try:
            async with asyncio.timeout(SAY_WITHIN):
                while self.rules.state is state and not self.over and not mouth.speak(self.channel.fd):
                    self.room.clear()
                    self.watch.want(self.channel.fd, self.flags() | select.EPOLLOUT)
                    await self.room.wait()
                async with asyncio.timeout(SPILL_BUFFERS * 0.02):  # what is written is said
                    while self.rules.state is state and not self.over:
                        self.room.clear()
                        await self.room.wait()
        except TimeoutError:
            pass
        finally:
            if not self.over and not self.lent:
                self.channel.buffers(BUFFERS)
