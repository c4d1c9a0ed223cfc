# SPDX-License-Identifier: GPL-2.0-or-later
"""PINs and codes as secrets.toml keeps them: `scrypt$14$SALT$HASH`, made slow to try.

A PIN has few digits: whoever has the hash finds it in hours. The hash keeps it from being read in passing, lock-outs from
being tried by telephone.
"""

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Iterable

COST = 14  # 2**14 * 1 KiB of memory and some 50 ms of a small box for each try
COSTLIEST = 16
SALT = 16  # bytes


def hashed(pin: str, cost: int = COST, salt: bytes = b"") -> str:
    """salt: one for several codes of one person; left out, a new one."""
    salt = salt or os.urandom(SALT)
    return f"scrypt${cost}${_text(salt)}${_text(_scrypt(pin, salt, cost))}"


def together(codes: Iterable[str]) -> list[str]:
    """Several codes of one person: one salt for all, so that a wrong one costs the box one hash."""
    salt = os.urandom(SALT)
    return [hashed(code, salt=salt) for code in codes]


def is_sound(pin: str) -> bool:
    """Whether it can be a PIN: 4 to 12 digits."""
    return re.fullmatch("[0-9]{4,12}", pin) is not None


def is_code(code: str) -> bool:
    """Whether it can be a code that is good once: 8 digits."""
    return re.fullmatch("[0-9]{8}", code) is not None


def is_pin(pin: str, kept: str) -> bool:
    """Whether this is the PIN; takes as long either way. False for what is no hash of ours."""
    return bool(found(pin, [kept]))


def found(pin: str, kept: Iterable[str]) -> list[str]:
    """Those of several hashes that are of this PIN. Hashes of one salt cost as much as one."""
    tried: dict[tuple[int, bytes], bytes] = {}
    right = []
    for each in kept:
        try:
            _, cost, salt, known = each.split("$")
            at = int(cost), base64.b64decode(salt, validate=True)
            if not 0 < at[0] <= COSTLIEST:
                continue
            if at not in tried:
                tried[at] = _scrypt(pin, at[1], at[0])
            if hmac.compare_digest(tried[at], base64.b64decode(known, validate=True)):
                right.append(each)
        except ValueError:
            continue
    return right


def _scrypt(pin: str, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=1 << cost, r=8, p=1, maxmem=1 << 27, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


NOBODYS = f"scrypt${COST}${_text(bytes(SALT))}${_text(bytes(32))}"  # no PIN comes to it; it takes as long to try
