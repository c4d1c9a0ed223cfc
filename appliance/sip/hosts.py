# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts and their addresses: where trunks are, and where we are to others."""

import asyncio
import ipaddress
import socket

from appliance.settings.lines import SipLine
from appliance.settings.words import server

WAYS_OUT = {  # an address that stands for all: what is looked for from there (RFC 5737, RFC 3849), and what is left without
    "0.0.0.0": (socket.AF_INET, "192.0.2.1", "127.0.0.1"),
    "::": (socket.AF_INET6, "2001:db8::1", "::1"),
}


def literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def at(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def servers(line: SipLine) -> list[tuple[str, int]]:
    """Where a trunk is, in the order they are tried."""
    listed = map(server, line.proxies)
    return [(host, port or line.port) for host, port in listed] or [(line.host, line.port)]


async def addresses(host: str, six: bool = False) -> list[str]:
    """IP addresses of a named host, sorted, those of IPv6 last and only if asked for; [] when it is not known."""
    family = socket.AF_UNSPEC if six else socket.AF_INET
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, family=family, type=socket.SOCK_DGRAM)
    except OSError:
        return []
    return sorted({str(one[4][0]) for one in found}, key=lambda one: (":" in one, one))[:8]


def own_address(listen: str) -> str:
    """The address others see in our URIs: the one listened on, or that of the route outwards (nothing is sent)."""
    if listen not in WAYS_OUT:
        return listen
    family, outside, home = WAYS_OUT[listen]
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((outside, 9))
            return str(probe.getsockname()[0])
    except OSError:  # no way there, or no IPv6 at all
        return home
