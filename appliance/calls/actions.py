# SPDX-License-Identifier: GPL-2.0-or-later
"""Premises actions that are due: the keys a caller gave for one, and the call that waits for what becomes of it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from appliance.calls.call import Call, State
from appliance.calls.ports import Audience, Journal
from appliance.core.names import Trust
from appliance.settings.scenarios import CONFIRMED, WAITS

KEYS_LAST = 10_000  # ms in which keys may be asked for; the action is too late then

FOUND = {  # what a call that waits finds, by what became of its action; "": refused
    "published": CONFIRMED,
    "confirmed": CONFIRMED,
    "waits": WAITS,
    "denied": "",
    "aborted": "",
}
Told = Callable[[str | None, str], None]


@dataclass(slots=True)
class Asked:
    """An action that a call waits for."""

    call: Call
    at: int
    keys: str
    told: Told


class Actions:
    """Tells the audience of actions, and calls what became of them."""

    def __init__(self, audience: Audience, journal: Journal, now: Callable[[], int]) -> None:
        self._audience, self._journal, self._now = audience, journal, now
        self._asked: dict[str, Asked] = {}  # by request

    def due(self, call: Call, action: str, told: Told | None = None) -> None:
        """An action is due; told(found, why not) comes once what became of it is known, never when that is never."""
        request = secrets.token_hex(8)
        self._forget()
        if told:
            self._asked[request] = Asked(call, self._now(), call.proof, told)
            call.proof = ""
        self._audience.action_due(action, call.id, request, asked=told is not None)
        self._journal.event(call.id, self._now(), "action", {"action": action})

    def keys(self, request: str) -> str:
        """What the caller pressed, once; "" when nothing."""
        asked = self._asked.get(request)
        if asked is None or asked.at <= self._now() - KEYS_LAST:
            return ""
        keys, asked.keys = asked.keys, ""
        return keys

    def became(self, request: str, result: str, reason: str) -> None:
        if asked := self._asked.pop(request, None):
            found = FOUND.get(result)
            asked.told(found, "" if found is not None else reason or result)

    def _forget(self) -> None:
        """Keys nobody came for, and calls that are over."""
        for request, asked in list(self._asked.items()):
            if asked.at <= self._now() - KEYS_LAST:
                asked.keys = ""
            if asked.call.state is State.OVER:
                del self._asked[request]


def trust_in(call: Call) -> str:
    """As the settings name it."""
    return Trust(call.trust).name.lower()
