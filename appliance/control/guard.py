# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is banned from the SIP port for guessing passwords or asking without end, in the control socket's words."""

import ipaddress
from typing import Annotated

import msgspec

from appliance.control.fields import Id


class Ban(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is banned, or (IPv6) its /64 or /48; times is how often it was so far."""

    address: str
    why: str  # passwords, requests, malformed, scanner
    since: int
    until: int
    times: int = 1


def holds(ban: Ban, address: str) -> bool:
    """Is this address banned by it, or any of this network? False when it is neither."""
    try:
        named = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return False
    banned = ipaddress.ip_network(ban.address)
    return banned.version == named.version and banned.overlaps(named)


class Lift(msgspec.Struct, tag_field="do", tag="lift", frozen=True):
    """Ban an address, or a network and what is around it, no longer; "" for all."""

    id: Id
    address: Annotated[str, msgspec.Meta(max_length=60)] = ""


class Banned(msgspec.Struct, tag_field="event", tag="banned", frozen=True, kw_only=True):
    """An address is banned."""

    seq: int
    at: int
    ban: Ban


class Lifted(msgspec.Struct, tag_field="event", tag="lifted", frozen=True, kw_only=True):
    """An address is banned no longer; why: expired, lifted (by hand), known, forgotten (others took its place), off,
    wider (the /48 around it is banned instead)."""

    seq: int
    at: int
    address: str
    why: str
