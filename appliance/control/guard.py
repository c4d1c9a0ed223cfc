# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is banned from the SIP port for guessing passwords or asking without end, in the control socket's words."""

import ipaddress
from typing import Annotated

import msgspec

from appliance.control.fields import Id


class Ban(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is banned, or (IPv6) its /64; times is how often it was so far."""

    address: str
    why: str  # passwords, requests, malformed, scanner
    since: int
    until: int
    times: int = 1


def as_told(address: str) -> str:
    """How an address is told in a Ban. Raises ValueError when it is none."""
    one = ipaddress.ip_interface(address).ip
    return str(one) if one.version == 4 else str(ipaddress.ip_network((one, 64), strict=False))


class Lift(msgspec.Struct, tag_field="do", tag="lift", frozen=True):
    """Ban an address no longer; "" for all."""

    id: Id
    address: Annotated[str, msgspec.Meta(max_length=60)] = ""


class Banned(msgspec.Struct, tag_field="event", tag="banned", frozen=True, kw_only=True):
    """An address is banned."""

    seq: int
    at: int
    ban: Ban


class Lifted(msgspec.Struct, tag_field="event", tag="lifted", frozen=True, kw_only=True):
    """An address is banned no longer; why: expired, lifted (by hand), known, forgotten (others took its place), off."""

    seq: int
    at: int
    address: str
    why: str
