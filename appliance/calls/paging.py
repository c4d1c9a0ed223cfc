# SPDX-License-Identifier: GPL-2.0-or-later
"""Paging: one speaks, and many telephones answer by themselves."""

from collections.abc import Callable

from appliance.calls.call import Call
from appliance.calls.calling import Calling, Summons
from appliance.calls.hands import Hands
from appliance.calls.ports import Leg, Telephony
from appliance.calls.services import Services
from appliance.settings import people
from appliance.settings.models import Settings

WITHIN = 10.0  # seconds: a telephone that does not answer by itself does not ring on


def paged(s: Settings, of: str) -> list[str]:
    """The telephones of a queue or chain, `queue.sales`; "": all of them that people have."""
    kind, _, name = of.partition(".")
    match kind:
        case "queue":
            who = [member.person for member in people.of_queue(s, s.queue[name])]
        case "chain":
            who = [member.person for step in s.chain[name].steps for member in people.of_step(s, step)]
        case _:
            who = list(s.person)
    return list(dict.fromkeys(phone for one in who for phone in s.person[one].phones))


class Paging:
    """Calls that page, each with the telephones it is heard at."""

    def __init__(
        self, hands: Hands, telephony: Telephony, calling: Calling, services: Services, settings: Callable[[], Settings]
    ) -> None:
        self._hands, self._telephony, self._calling, self._services = hands, telephony, calling, services
        self._settings = settings
        self._pages: dict[Leg, Summons] = {}

    def page(self, call: Call, of: str, busy: Callable[[str], bool]) -> None:
        """busy: whether a person is on a call, and not to be disturbed."""
        s, speaker = self._settings(), call.leg
        phones = [one for one in paged(s, of) if one != call.phone and not busy(self._hands.owner(one))]

        def answered(leg: Leg, phone: str) -> None:
            self._telephony.hear(leg, speaker)

        name = s.person[call.caller_person].name if call.caller_person else call.phone
        summons = self._calling.ring(phones, call.caller, name, WITHIN, answered, at_once=True, all=True)
        self._hands.note(call, "page", to=of or "everybody", phones=phones)
        if summons:
            self._pages[speaker] = summons
        else:
            self._services.told(call, "failed")

    def over(self, leg: Leg) -> None:
        """Who spoke has hung up."""
        if summons := self._pages.pop(leg, None):
            self._calling.hang_up(summons)
