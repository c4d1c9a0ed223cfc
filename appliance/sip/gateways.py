# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways: which trunk each is. One that registers is where it registered from last, one with a `host` always there."""

from collections.abc import Iterable
from typing import NamedTuple

from appliance.settings.lines import GatewayLine, SipLine, account
from appliance.settings.models import Settings
from appliance.settings.provisioning import registrants
from appliance.settings.words import server


class Binding(NamedTuple):
    """A contact a telephone or gateway has registered; expires in unix seconds, target is where its calls go."""

    phone: str
    contact: str
    target: str
    agent: str
    expires: int


class Gateways:
    def __init__(self) -> None:
        self._lines: dict[str, GatewayLine] = {}
        self.accounts: dict[str, str] = {}  # what each registers as -> its line

    def configure(self, settings: Settings) -> None:
        self._lines = {name: line for name, line in settings.line.items() if isinstance(line, GatewayLine)}
        self.accounts = registrants(settings)

    def trunks(self, bindings: dict[str, dict[str, Binding]]) -> dict[str, SipLine]:
        """Those whose place is known. bindings: of everybody, by what they register as."""
        found = {}
        for name, line in self._lines.items():
            if line.host is not None:
                found[name] = line.at(line.host, line.port)
            elif trunk := _registered(line, bindings.get(account(name), {}).values()):
                found[name] = trunk
        return found

    def dialled(self, line: str, number: str, withheld: bool) -> str | None:
        """What a gateway is to dial; None when it cannot hide ours."""
        code = self._lines[line].withhold
        return None if withheld and not code else (code if withheld else "") + number

    def caller(self, line: str, number: str, asserted: str) -> str:
        """Who calls: a gateway that tells it in P-Asserted-Identity alone calls as itself."""
        return asserted if line in self._lines and number == account(line) else number

    def called(self, line: str, called: str) -> str:
        """Our number that a caller has called: a line of the exchange has one, whatever its gateway calls us by."""
        table = self._lines.get(line)
        return (table.number or "") if table and called in ("", account(line)) else called

    def __contains__(self, line: str) -> bool:
        return line in self._lines


def _registered(line: GatewayLine, bindings: Iterable[Binding]) -> SipLine | None:
    last = max(bindings, key=lambda one: one.expires, default=None)
    if last is None:
        return None
    place, _, parameters = last.target.partition(":")[2].rpartition("@")[2].partition(";")  # a contact needs no user
    host, port = server(place)
    by_tls, by_tcp = (f"transport={one}" in parameters.lower().split(";") for one in ("tls", "tcp"))
    return line.at(host, port or 5060, "tls" if by_tls else "tcp" if by_tcp else "udp")
