# SPDX-License-Identifier: GPL-2.0-or-later
"""PINs and codes as secrets.toml keeps them: `scrypt$14$SALT$HASH`, made slow to try.

A PIN has few digits: whoever has the hash finds it in hours. The hash keeps it from being read in passing, lock-outs from
being tried by telephone.
"""

import base64
import hashlib
import hmac
import os

COST = 14  # 2**14 * 1 KiB of memory and some 50 ms of a small box for each try
COSTLIEST = 16
SALT = 16  # bytes


def hashed(pin: str, cost: int = COST) -> str:
    salt = os.urandom(SALT)
    return f"scrypt${cost}${_text(salt)}${_text(_scrypt(pin, salt, cost))}"


def is_pin(pin: str, kept: str) -> bool:
    """Whether this is the PIN; takes as long either way. False for what is no hash of ours."""
    try:
        _, cost, salt, known = kept.split("$")
        if not 0 < int(cost) <= COSTLIEST:
            return False
        tried = _scrypt(pin, base64.b64decode(salt, validate=True), int(cost))
        return hmac.compare_digest(tried, base64.b64decode(known, validate=True))
    except ValueError:
        return False


def _scrypt(pin: str, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=1 << cost, r=8, p=1, maxmem=1 << 27, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
