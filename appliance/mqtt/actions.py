# SPDX-License-Identifier: GPL-2.0-or-later
"""From a due premises action to the one message that carries it out, or the reason why not. Pure; times are ms UTC.

Only class 0 (inform) is carried out: every higher class asks for more than a caller's number, which can be forged.
"""

from collections import deque

from appliance.control.messages import ActionDue
from appliance.mqtt.topics import Message
from appliance.settings.models import Action

LIFETIME = 10_000  # ms an action may be carried out after it came; what is later surprises people
RATE = 10  # publications of one action ...
RATE_SPAN = 60_000  # ... within so many ms
PAYLOAD_MAX = 4096  # bytes


class Refused(Exception):
    """The action is not carried out; `id` says why: unknown-action, class-not-allowed, bad-topic, too-long, expired,
    too-often, unconfirmed."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.id = id


def message(due: ActionDue, action: Action | None, now: int) -> Message:
    """The publication for this action; raises Refused. Request and expiry travel as MQTT 5 user properties."""
    if action is None:
        raise Refused("unknown-action")
    if action.class_ != 0:
        raise Refused("class-not-allowed")
    payload = action.payload.encode()
    if not action.topic or set(action.topic) & set("+#\0") or action.topic.startswith("$"):
        raise Refused("bad-topic")
    if len(payload) > PAYLOAD_MAX:
        raise Refused("too-long")
    expires = expiry(due, now)
    if expires <= now:
        raise Refused("expired")
    properties = (("request_id", due.request), ("expires_at", str(expires)))
    return Message(action.topic, payload, False, expiry=-(-(expires - now) // 1000), properties=properties)


def expiry(due: ActionDue, now: int) -> int:
    """When this action is too late: as the switch says, but never further ahead than LIFETIME."""
    return min(due.expires, now + LIFETIME)


class Limit:
    """At most RATE publications per RATE_SPAN of each action; names come from the settings, so they are few."""

    def __init__(self) -> None:
        self._times: dict[str, deque[int]] = {}

    def take(self, action: str, now: int) -> None:
        """Count one publication; raises Refused(too-often)."""
        times = self._times.setdefault(action, deque())
        while times and times[0] <= now - RATE_SPAN:
            times.popleft()
        if len(times) >= RATE:
            raise Refused("too-often")
        times.append(now)
