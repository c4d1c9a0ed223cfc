# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody whose status has been the same for long is told so at his telephones."""

from appliance.calls.calling import Calling
from appliance.calls.hands import Hands
from appliance.calls.ports import Leg
from appliance.calls.telling import Telling, text
from appliance.settings.models import Settings

RINGS_FOR = 20.0  # seconds


def remind(person: str, status: str, s: Settings, hands: Hands, calling: Calling, telling: Telling) -> None:
    """Ring his telephones, the status on the display; where he answers it is said. Not while he is on a call."""
    if hands.is_on_a_call(person):
        return
    key, table = f"status-{status}", s.person[person]

    def answered(leg: Leg, phone: str) -> None:
        telling.tell(leg, s, key, then=lambda: hands.hang_up(leg))

    calling.ring(table.phones, table.extension or "", text(s, key), RINGS_FOR, answered)
