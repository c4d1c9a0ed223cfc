# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones, trunks, modems and the ports of cards as one: whose a leg is decides who is asked. Handles are of one space."""

from appliance.calls.ports import Leg, Telephony
from appliance.lines.cards import Cards
from appliance.lines.exchange import ExchangeLine
from appliance.lines.extension import Extension
from appliance.lines.line import Line
from appliance.lines.lines import Lines


class Router:
    """Satisfies calls.ports.Telephony."""

    def __init__(self, sip: Telephony, lines: Lines, cards: Cards) -> None:
        self._sip, self._lines, self._cards = sip, lines, cards
        # what is of no line, or of the bridge that all sounds meet on
        self.play, self.record, self.tape = sip.play, sip.record, sip.tape
        self.pause, self.stop = sip.pause, sip.stop
        self.hear, self.unhear = sip.hear, sip.unhear

    def _of(self, leg: Leg) -> Telephony | Line | ExchangeLine | Extension:
        return self._lines.of(leg) or self._cards.of(leg) or self._sip

    def ring_phone(self, phone: str, number: str, name: str, at_once: bool = False) -> list[Leg]:
        if self._cards.is_phone(phone):
            return self._cards.ring_phone(phone, number, name)
        return self._sip.ring_phone(phone, number, name, at_once)

    def publish(self, package: str, resource: str, body: str) -> None:
        self._cards.publish(package, resource, body)
        self._sip.publish(package, resource, body)

    def referred(self, leg: Leg, status: int) -> None:
        if not self._cards.referred(leg, status):
            self._sip.referred(leg, status)

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
        if self._cards.is_line(line):
            return self._cards.dial(line, number, withheld, anyway)
        return self._sip.dial(line, number, caller, name, withheld=withheld, diverted=diverted, anyway=anyway)

    def ringing(self, leg: Leg) -> None:
        if not self._lines.of(leg):  # a network lets its callers hear that it rings
            (self._cards.of(leg) or self._sip).ringing(leg)

    def early(self, leg: Leg) -> None:
        if not self._lines.of(leg):
            (self._cards.of(leg) or self._sip).early(leg)

    def answer(self, leg: Leg) -> None:
        self._of(leg).answer(leg)

    def hang_up(self, leg: Leg, cause: int) -> None:
        self._of(leg).hang_up(leg, cause)

    def show(self, leg: Leg, number: str, name: str) -> None:
        if self._of(leg) is self._sip:
            self._sip.show(leg, number, name)

    def press(self, leg: Leg, digits: str) -> None:
        self._of(leg).press(leg, digits)
