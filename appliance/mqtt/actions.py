# SPDX-License-Identifier: GPL-2.0-or-later
"""The one message that carries an action out, and the answer that is waited for. Pure; times are ms UTC."""

import json

from appliance.control.messages import ActionDue
from appliance.mqtt.topics import Message
from appliance.settings.actions import Action
from appliance.settings.templates import Unfit, fill

LIFETIME = 10_000  # ms an action may be carried out after it came; what is later surprises people
LARGEST_STATE = 65_536  # bytes of a state that are looked at


class Refused(Exception):
    """The action is not carried out; `id` says why: bad-topic, template, expired."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.id = id


def message(due: ActionDue, action: Action, now: int, *, rehearsal: bool = False) -> Message:
    """The publication; raises Refused. Request and expiry travel as MQTT 5 properties, and in templates that name them."""
    if not action.topic or set(action.topic) & set("+#\0") or action.topic.startswith("$"):
        raise Refused("bad-topic")
    expires = min(due.expires, now + LIFETIME)
    if expires <= now:
        raise Refused("expired")
    text = action.dry_run_payload if rehearsal else action.payload
    payload = _filled(text or "", due, expires)
    properties = (("request_id", due.request), ("expires_at", str(expires)))
    return Message(action.topic, payload.encode(), False, expiry=-(-(expires - now) // 1000), properties=properties)


def expected(due: ActionDue, action: Action) -> str:
    """What the thing says when it was done; raises Refused."""
    return _filled(action.state_expected, due, due.expires)


def is_expected(payload: bytes, action: Action, wanted: str) -> bool:
    """Whether a state is the one that was waited for."""
    if len(payload) > LARGEST_STATE:
        return False
    text = payload.decode(errors="replace").strip()
    if action.state_field is None:
        return text == wanted
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return False
    found = told.get(action.state_field) if isinstance(told, dict) else None
    if isinstance(found, bool | int | float):
        found = json.dumps(found)
    return isinstance(found, str) and found == wanted


def _filled(text: str, due: ActionDue, expires: int) -> str:
    known: dict[str, str | int] = {
        "caller": due.number,
        "name": due.name,
        "keys": due.keys,
        "line": due.line,
        "queue": due.queue,
        "action": due.action,
        "request_id": due.request,
        "expires_at": expires,
    }
    try:
        return fill(text, known)
    except Unfit:
        raise Refused("template") from None
