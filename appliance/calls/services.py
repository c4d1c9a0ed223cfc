# SPDX-License-Identifier: GPL-2.0-or-later
"""Codes that change something of the person who dials them: status, do-not-disturb, forwarding."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from appliance.calls.call import Call, Status
from appliance.calls.features import Dialled, until
from appliance.calls.hands import Hands
from appliance.calls.people import People
from appliance.calls.telling import FAILED, Telling
from appliance.settings.models import Settings

STATUSES: dict[str, Status] = {
    "status_available": "available",
    "status_break": "break",
    "status_away": "away",
    "status_meeting": "meeting",
    "status_off": "off",
}
FORWARDS = ("always", "busy", "no_answer")


class Services:
    """Each is carried out as soon as its call is answered, and told to the telephone."""

    def __init__(self, hands: Hands, telling: Telling, people: People, settings: Callable[[], Settings]) -> None:
        self._hands, self._telling, self._people, self._settings = hands, telling, people, settings

    def serve(self, call: Call, asked: Dialled) -> bool:
        """Whether this is one of ours; the call ends when its caller was told."""
        if not (asked.feature in STATUSES or asked.feature.startswith(("dnd_", "forward_"))):
            return False
        done = self._carry_out(call.caller_person, asked)
        self._hands.note(call, "feature", feature=asked.feature, what=asked.what, done=done)
        self.told(call, asked.feature if done else FAILED)
        return True

    def told(self, call: Call, key: str) -> None:
        """Tell the caller, and end the call."""
        leg = call.leg
        self._telling.tell(leg, self._settings(), key.replace("_", "-"), then=lambda: self._hands.hang_up(leg))

    def _carry_out(self, person: str, asked: Dialled) -> bool:
        if not person:
            return False
        if status := STATUSES.get(asked.feature):
            s, now = self._settings(), self._people.now()
            lasts = s.features.break_lasts if status == "break" else 0
            ends = now + lasts * 1000 if lasts else None
            if asked.what:
                ends = until(asked.what, now, ZoneInfo(s.office.time_zone))
            self._people.set_status(person, status, "", "phone", ends)
            return True
        if asked.feature.startswith("dnd_"):
            self._people.set_dnd(person, asked.feature == "dnd_on")
            return True
        when, _, on = asked.feature.removeprefix("forward_").rpartition("_")
        if on == "on" and not self._hands.reaches(asked.what, person):
            return False
        self._people.set_forward(person, when, asked.what if on == "on" else "")
        return True
