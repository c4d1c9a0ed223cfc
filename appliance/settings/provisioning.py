# SPDX-License-Identifier: GPL-2.0-or-later
"""What each telephone or gateway alone knows: where its settings are, and what opens its own pages. No clock, no disk."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import NamedTuple

from appliance.settings.lines import GatewayLine, account
from appliance.settings.models import Settings
from appliance.settings.passwords import Secrets, registering
from appliance.settings.phones import bare

SECRET = 32  # characters of a secret in an address: 192 bits
ADMIN = 16  # characters of a password of a telephone's own pages: 80 bits
ADMIN_USER = "admin"


class Device(NamedTuple):
    """What is given its settings: what it registers as and with, its address on the network, and what it alone knows."""

    account: str
    password: str
    mac: str
    secret: str  # stands in the address of its settings; "" when there is nothing to make it of
    admin: str  # of its own pages: small letters and digits, which every telephone takes


def devices(settings: Settings, known: Secrets) -> Iterator[Device]:
    """Telephones and gateways whose address on the network is known. Another name, address or password: another secret."""
    addresses = {name: phone.bare for name, phone in settings.phone.items() if phone.mac}
    addresses |= {account(name): bare(line.mac or "") for name, line in gateways(settings).items() if line.mac}
    for name, password in registering(settings, known):
        if mac := addresses.get(name):
            secret, admin = (_made(known, what, name, mac, password) for what in ("address", "admin"))
            yield Device(
                name, password, mac, base64.urlsafe_b64encode(secret).decode()[:SECRET],
                base64.b32encode(admin).decode().lower()[:ADMIN],
            )  # fmt: skip


def gateways(settings: Settings) -> dict[str, GatewayLine]:
    """Lines that are gateways and register here."""
    lines = settings.line.items()
    return {name: line for name, line in lines if isinstance(line, GatewayLine) and line.registers_here}


def registrants(settings: Settings) -> dict[str, str]:
    """Gateways by what they register as."""
    return {account(name): name for name in gateways(settings)}


def _made(known: Secrets, what: str, name: str, mac: str, password: str) -> bytes:
    """Of the key of provisioning; nothing without."""
    if not known.provisioning:
        return b""
    said = "\0".join((what, name, mac, password))
    key = base64.b64decode(known.provisioning.key.get_secret_value())
    return hmac.digest(key, said.encode(), hashlib.sha256)
