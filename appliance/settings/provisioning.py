# SPDX-License-Identifier: GPL-2.0-or-later
"""What each telephone alone knows: where its settings are, and what opens its own pages. No clock, no disk."""

import base64
import hashlib
import hmac

from appliance.settings.passwords import Secrets
from appliance.settings.phones import bare

SECRET = 32  # characters of a secret in an address: 192 bits
ADMIN = 16  # characters of a password of a telephone's own pages: 80 bits
ADMIN_USER = "admin"


def _made(what: str, key: str, phone: str, mac: str, password: str) -> bytes:
    """Of the key of provisioning; another one once the telephone has another name, address or password."""
    said = "\0".join((what, phone, bare(mac), password))
    return hmac.digest(base64.b64decode(key), said.encode(), hashlib.sha256)


def secret(known: Secrets, phone: str, mac: str) -> str:
    """What stands in the address of a telephone's settings; "" when there is nothing to make it of."""
    if not (known.provisioning and phone in known.phone):
        return ""
    key, password = known.provisioning.key.get_secret_value(), known.phone[phone].password.get_secret_value()
    return base64.urlsafe_b64encode(_made("address", key, phone, mac, password)).decode()[:SECRET]


def admin(known: Secrets, phone: str, mac: str) -> str:
    """The password of a telephone's own pages: small letters and digits, which every telephone takes."""
    if not (known.provisioning and phone in known.phone):
        return ""
    key, password = known.provisioning.key.get_secret_value(), known.phone[phone].password.get_secret_value()
    return base64.b32encode(_made("admin", key, phone, mac, password)).decode().lower()[:ADMIN]
