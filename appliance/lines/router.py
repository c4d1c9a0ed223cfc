# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones, trunks and modems as one: whose a leg is decides who is asked. Handles are of one space."""

from collections.abc import Callable

from appliance.calls.ports import Leg, Telephony
from appliance.lines.lines import Lines


class Router:
    """Satisfies calls.ports.Telephony."""

    def __init__(self, sip: Telephony, lines: Lines) -> None:
        self._sip, self._lines = sip, lines
        # what is of no line, or of the bridge that all sounds meet on
        self.ring_phone: Callable[..., list[Leg]] = sip.ring_phone
        self.play, self.record, self.tape = sip.play, sip.record, sip.tape
        self.pause, self.stop = sip.pause, sip.stop
        self.hear, self.unhear = sip.hear, sip.unhear
        self.publish, self.referred = sip.publish, sip.referred

    def dial(
        self,
        line: str,
        number: str,
        caller: str,
        name: str,
        *,
        withheld: bool = False,
        diverted: str = "",
        anyway: bool = False,
    ) -> Leg:
        if line in self._lines:
            return self._lines.dial(line, number, withheld, anyway)
        return self._sip.dial(line, number, caller, name, withheld=withheld, diverted=diverted, anyway=anyway)

    def ringing(self, leg: Leg) -> None:
        if not self._lines.of(leg):  # a network lets its callers hear that it rings
            self._sip.ringing(leg)

    def early(self, leg: Leg) -> None:
        if not self._lines.of(leg):
            self._sip.early(leg)

    def answer(self, leg: Leg) -> None:
        (self._lines.of(leg) or self._sip).answer(leg)

    def hang_up(self, leg: Leg, cause: int) -> None:
        (self._lines.of(leg) or self._sip).hang_up(leg, cause)

    def press(self, leg: Leg, digits: str) -> None:
        (self._lines.of(leg) or self._sip).press(leg, digits)
