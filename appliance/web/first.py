# SPDX-License-Identifier: GPL-2.0-or-later
"""Which fields of a long form one sees first; the rest is one click away, under `Further`. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from appliance.settings.actions import ACCESS, COMFORT, DESTRUCTIVE, SECURITY

CALLS_IN = ("scenario", "numbers")
BROKER = ("host", "port", "tls", "ca_file", "discovery", "requests")
FIRST: Mapping[tuple[str, ...], tuple[str, ...]] = {  # by table, and kind where it has kinds; others are short
    ("sip",): ("listen", "port", "tls", "certificate", "key"),
    ("mqtt",): BROKER,
    ("broker",): BROKER,
    ("features",): ("pickup", "park", "transfer", "consult", "voicemail", "dnd_on", "dnd_off", "call_back"),
    ("recording",): ("consent", "tell", "encrypt", "keep_for"),
    ("person",): ("name", "extension", "phones", "mobile", "mailbox", "calls"),
    ("line", "sip"): ("name", "host", "port", "transport", "register", "user", "caller", "channels", *CALLS_IN),
    ("line", "modem"): ("name", "usb", "imei", "port", "audio_port", "number", "minutes_a_month", *CALLS_IN),
    ("line", "fxo"): ("name", "channel", "number", "tones", *CALLS_IN),
    ("line", "gateway"): ("name", "mac", "phone", "host", "number", "channels", *CALLS_IN),
    ("queue",): ("name", "people", "department", "goal", "strategy", "ring_for", "max_wait", "extension"),
    ("mailbox",): ("name", "number", "people", "department", "greeting", "mail"),
    ("callers",): ("numbers", "prefixes", "withheld", "refuse"),
    ("outside",): ("prefix", "lines", "emergency_lines", "calls"),
    ("action",): ("class", "callers", "lines", "hours", "topic", "payload"),
}
OF_CLASS: Mapping[int, tuple[str, ...]] = {  # of actions, what each class asks for beside what those below it do
    COMFORT: ("state_topic", "state_expected"),
    ACCESS: ("challenge", "holders", "call_back", "by_number"),
    SECURITY: ("second",),
    DESTRUCTIVE: ("delay", "dry_run", "dry_run_payload"),
}


def first(path: Sequence[str | int], here: Mapping[str, Any]) -> frozenset[str] | None:
    """The fields of a table one is after when one opens it; None: all. What is needed, set or wrong is seen anyway."""
    table, kind = str(path[0]) if path else "", here.get("kind", "")
    fields = FIRST.get((table, kind), FIRST.get((table,))) if len(path) <= 2 else None
    if fields is None:
        return None
    of = here.get("class", 0) if table == "action" else -1
    more = (keys for class_, keys in OF_CLASS.items() if isinstance(of, int) and class_ <= of)
    return frozenset(fields).union(*more)
