# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones that are about: those the kernel knows as neighbours (ARP), and those that were heard of otherwise."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from appliance.settings.phones import Maker, bare, made_by

ARP = Path("/proc/net/arp")
ROWS_MOST = 4096  # of the kernel's table
HEARD_MOST = 256  # telephones heard of; the oldest gives way
NOBODY = "0" * 12  # the address of a neighbour that does not answer


class Neighbour(NamedTuple):
    """A telephone on the network, by its address there; model and by what it was found, as far as known."""

    mac: str
    ip: str
    maker: Maker | None
    model: str = ""
    by: str = "ARP"


def neighbours(table: str) -> Iterator[tuple[str, str]]:
    """Address on the network and IP address of each row of /proc/net/arp, proc_net(5)."""
    for row in table.splitlines()[1 : ROWS_MOST + 1]:
        fields = row.split()
        if len(fields) >= 4 and (mac := bare(fields[3])) and mac != NOBODY and _is_ip(fields[0]):
            yield mac, fields[0]


class Around:
    def __init__(self, arp: Path = ARP) -> None:
        self._arp = arp
        self._heard: dict[str, Neighbour] = {}  # by address on the network

    def heard(self, one: Neighbour) -> None:
        """It told of itself."""
        self._heard.pop(one.mac, None)
        self._heard[one.mac] = one
        if len(self._heard) > HEARD_MOST:
            del self._heard[next(iter(self._heard))]

    def mac_at(self, ip: str) -> str:
        """The address on the network the kernel has for an IP address; "" when it has none."""
        return next((mac for mac, one in self._table() if one == ip), "")

    def telephones(self) -> list[Neighbour]:
        """All that were heard of, and neighbours whose address is of a maker of telephones."""
        found = {mac: Neighbour(mac, ip, made_by(mac)) for mac, ip in self._table() if made_by(mac)}
        return sorted((found | self._heard).values(), key=lambda one: (one.maker or "", one.mac))

    def _table(self) -> list[tuple[str, str]]:
        try:
            return list(neighbours(self._arp.read_text(errors="replace")))
        except OSError:  # no such table here
            return []


def places(contacts: Iterable[str]) -> list[str]:
    """Where a telephone or gateway is registered from, without its name."""
    return [re.sub(r"^sips?:(?:[^@]*@)?", "", one).partition(";")[0] for one in contacts]


def _is_ip(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False
