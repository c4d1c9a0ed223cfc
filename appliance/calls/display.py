# SPDX-License-Identifier: GPL-2.0-or-later
"""What telephones show of whoever they talk with now."""

from collections.abc import Mapping

from appliance.calls.call import Call, Party, Ring
from appliance.calls.ports import Leg, Telephony


def party(call: Call, ring: Ring | None) -> Party:
    """Somebody on a call, as all others there may know him; ring None: its caller.

    The number outside that somebody sends his calls to is his own business: he is shown."""
    if not ring:
        return Party(call.who().number, call.shown(""))
    if ring.was:
        return ring.was
    if person := call.rules.settings.person.get(ring.person or (call.forwarder() if ring.line else "")):
        return Party(person.extension or "", person.name)
    if not ring.line:  # at a telephone that is nobody's, which is called as when it calls
        phone = ring.parties.get(ring.answered, "")
        return Party(phone, phone)
    number = ring.number.e164 or ring.number.dialled
    return Party(number, call.rules.names.caller(number))


class Display:
    """Of every telephone on a call. One that shows it already is not told again."""

    def __init__(self, telephony: Telephony, legs: Mapping[Leg, tuple[Call, Ring | None]]) -> None:
        self._telephony, self._legs = telephony, legs

    def meet(self, *legs: Leg) -> None:
        """These talk with each other: each is told who the others are."""
        for leg in legs:
            self.tell(leg, *(other for other in legs if other != leg))

    def tell(self, leg: Leg, *others: Leg) -> None:
        """One is told who the others are."""
        known = [known for other in others if (known := self._known(leg, other))]
        if known:
            self.show(leg, Party(known[0].number, ", ".join(one.name or one.number for one in known)))

    def rings(self, call: Call) -> None:
        """A caller who calls one person alone is told whom before he has answered."""
        if call.direct and (ring := next(iter(call.rings.values()), None)):
            self.show(call.leg, party(call, ring))

    def show(self, leg: Leg, who: Party) -> None:
        self._telephony.show(leg, who.number, who.name)

    def _known(self, leg: Leg, other: Leg) -> Party | None:
        """Of his caller somebody is told what stood on the display when it rang."""
        call, ring = self._legs.get(other, (None, None))
        where, own = self._legs.get(leg, (None, None))
        if call and not ring and own and own.shown and where is call:
            return Party(call.who().number, own.shown)
        return party(call, ring) if call else None
