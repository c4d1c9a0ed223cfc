# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones that ask the network where their settings are (SIP PnP: SUBSCRIBE ua-profile to 224.0.1.75) are told, if ours.

What the makers agreed on is close to RFC 6080: the answer is a NOTIFY with an address in it. No clock, no socket.
"""

import re
import secrets
from typing import NamedTuple

from appliance.settings.phones import BEGINNINGS, Maker, bare, made_by
from appliance.settings.words import seen

LARGEST = 4096  # bytes of a request
KEPT = 64  # characters of a model and version
COPIED = ("via", "from", "to", "call-id", "cseq")  # headers an answer has from its request
SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "o": "event"}
MAC = re.compile(r"sip:MAC(?:%3a|=|:)?([0-9a-f]{2}(?:[:-]?[0-9a-f]{2}){5})@", re.IGNORECASE)


class Asked(NamedTuple):
    """A telephone asks: its address on the network, what it says of itself, and the headers to answer with."""

    mac: str
    maker: Maker | None
    model: str
    headers: dict[str, list[str]]


def asked(data: bytes) -> Asked | None:
    """What a datagram asks; None for anything that is no such question."""
    if len(data) > LARGEST:
        return None
    head = data.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    first, *lines = head.split("\r\n")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or "\r" in value or "\n" in value or "\0" in value:
            return None
        headers.setdefault(SHORT.get(name.strip().lower(), name.strip().lower()), []).append(value.strip())
    event = headers.get("event", [""])[0]
    if not re.fullmatch(r"SUBSCRIBE sip:\S+ SIP/2\.0", first) or event.partition(";")[0].strip() != "ua-profile":
        return None
    found = MAC.search(first) or MAC.search(headers.get("from", [""])[0])
    if not found or any(len(headers.get(name, ())) < 1 for name in COPIED):
        return None
    mac, said = bare(found[1]), dict(re.findall(r';\s*([a-z-]+)="([^"]*)"', event))
    maker = next((each for each in BEGINNINGS if each == said.get("vendor", "").lower()), made_by(mac))
    told = " ".join(part for part in (said.get("model", ""), said.get("version", "")) if part)[:KEPT]
    return Asked(mac, maker, told if seen(told) else "", headers)


def answers(one: Asked, ours: str, theirs: str, address: str) -> tuple[bytes, bytes]:
    """200 to the SUBSCRIBE, and the NOTIFY with an address; ours and theirs: host:port."""
    tag = secrets.token_hex(8)
    to = one.headers["to"][0]
    to = to if ";tag=" in to else f"{to};tag={tag}"
    ok = [
        "SIP/2.0 200 OK",
        *(f"Via: {via}" for via in one.headers["via"]),
        f"From: {one.headers['from'][0]}",
        f"To: {to}",
        f"Call-ID: {one.headers['call-id'][0]}",
        f"CSeq: {one.headers['cseq'][0]}",
        f"Contact: <sip:{ours}>",
        "Expires: 0",
        "Content-Length: 0",
    ]
    notify = [
        f"NOTIFY sip:{theirs} SIP/2.0",
        f"Via: SIP/2.0/UDP {ours};branch=z9hG4bK{secrets.token_hex(8)};rport",
        "Max-Forwards: 70",
        f"From: {to}",
        f"To: {one.headers['from'][0]}",
        f"Call-ID: {one.headers['call-id'][0]}",
        "CSeq: 1 NOTIFY",
        f"Contact: <sip:{ours}>",
        "Event: ua-profile;effective-by=0",
        "Subscription-State: terminated;reason=timeout",
        "Content-Type: application/url",
        f"Content-Length: {len(address)}",
    ]
    return _message(ok), _message(notify) + address.encode()


def _message(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
