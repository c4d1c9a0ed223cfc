# SPDX-License-Identifier: GPL-2.0-or-later
"""What webhooks tell: events of the switch, signed as Standard Webhooks say. Pure; times are ms UTC."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import msgspec

from appliance.control.guard import Banned
from appliance.control.messages import Applied, Event, Happened, LineChanged, PersonChanged

SECRET_PREFIX = "whsec_"
HAPPENED = {  # keys pressed are told to nobody: a PIN may be among them
    "ringing": "call.ringing",
    "answered": "call.answered",
    "ended": "call.ended",
    "missed": "call.missed",
    "voicemail": "voicemail.left",
    "mailbox-full": "mailbox.full",
    "emergency": "emergency.dialled",
    "alarm": "alarm",
}
TEST = "test"
KINDS = (*HAPPENED.values(), "line.changed", "person.changed", "settings.applied", "address.banned")


def told(event: Event) -> tuple[str, dict[str, object]] | None:
    """Its kind and what is told of it; None when nobody is."""
    match event:
        case Happened(kind=kind) if kind in HAPPENED:
            data = msgspec.to_builtins(event)
            for key in ("seq", "event", "kind", "at"):
                data.pop(key, None)
            if kind == "voicemail":
                data.pop("detail", None)  # a path on this box
            return HAPPENED[kind], data
        case LineChanged(line=line):
            return "line.changed", msgspec.to_builtins(line)
        case PersonChanged(person=person):
            return "person.changed", msgspec.to_builtins(person)
        case Applied(revision=revision):
            return "settings.applied", {"revision": revision}
        case Banned(ban=ban):
            return "address.banned", msgspec.to_builtins(ban)
    return None


def body(kind: str, at: int, data: dict[str, object]) -> str:
    """What is sent."""
    when = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": when, "data": data}, separators=(",", ":"), ensure_ascii=False)


def signature(secret: str, id: str, at: int, body: str) -> str:
    """`webhook-signature`; at: seconds. Raises ValueError when the secret is none."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    signed = hmac.new(key, f"{id}.{at}.{body}".encode(), hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()
