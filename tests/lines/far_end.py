# SPDX-License-Identifier: GPL-2.0-or-later
"""The tty of a modem's sound, and the far end behind it: says a tone, presses keys, writes down what it hears.

It has a clock of its own, `ppm` off ours, and gives 20 ms at once (`burst`).
"""

import asyncio
from array import array
from collections.abc import Sequence

from appliance.programs.demo.modem.voice import RATE, Voice
from appliance.sip._sip import Endpoint
from tests.telephones import tone

__all__ = ["KEYS", "RATE", "FarEnd"]

KEYS = {
    key: (row, column)
    for row, line in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for column, key in zip((1209, 1336, 1477, 1633), line, strict=True)
}


class FarEnd(Voice):
    """`with FarEnd(...) as far`, as a voice."""

    def __init__(self, says: Sequence[int], ppm: float = 0.0, burst: float = 0.02) -> None:
        super().__init__(says, ppm, burst)
        self._pressing = array("h")

    def carries(self, sip: Endpoint, leg: int) -> None:
        """It is the sound of a leg from now on."""
        sip.line_sound(leg, self.slave)

    def press(self, keys: str, seconds: float = 0.1) -> None:
        """In the sound, with a gap of as long after each."""
        for key in keys:
            row, column = (tone.samples(hz, seconds, RATE, 0.2) for hz in KEYS[key])
            self._pressing += array("h", map(sum, zip(row, column, strict=True))) + array("h", bytes(2 * len(row)))

    def heard_tone(self, hz: float, since: int = 0, until: int | None = None) -> float:
        """Seconds of it in what was heard, from a sample on, up to another."""
        part, size = self.heard[since:until], round(tone.WINDOW * RATE)
        windows = (part[at : at + size] for at in range(0, len(part) - size + 1, size))
        return tone.WINDOW * sum(tone.purity(window, hz, RATE) >= tone.PURITY for window in windows)

    async def hears(self, hz: float, seconds: float = 0.5, within: float = 30.0) -> None:
        """Until so much of a tone was heard, from now on."""
        since, heard = len(self.heard), 0.0
        async with asyncio.timeout(within):
            while heard < seconds:
                await asyncio.sleep(0.1)
                now = len(self.heard)
                heard += self.heard_tone(hz, since, now)
                since = now

    def _said(self, count: int) -> "array[int]":
        said = super()._said(count)
        if pressed := self._pressing[:count]:
            del self._pressing[: len(pressed)]
            said[: len(pressed)] = pressed
        return said
