# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose PIN or code do these keys make? Slow on purpose: not for the loop's thread."""

import hashlib
from collections.abc import Mapping

from appliance.mqtt.ladder import Proof
from appliance.settings import pins
from appliance.settings.actions import Challenge
from appliance.settings.passwords import ProofSecret

STEP = 30  # seconds that a changing code is good for; one before and one after count too: clocks differ
WRONG = Proof("")

Holders = Mapping[str, ProofSecret]


def prove(keys: str, challenge: Challenge, holders: Holders, now: int) -> Proof:
    """The first of them whose it is; WRONG when it is nobody's. `now` in ms UTC."""
    match challenge:
        case "pin":
            return _pin(keys, holders)
        case "totp":
            return _totp(keys, holders, now // 1000 // STEP)
        case "code":
            return _code(keys, holders)


def _pin(keys: str, holders: Holders) -> Proof:
    found = WRONG
    for name, secret in holders.items():  # all of them: how long it takes tells nothing
        if secret.pin is not None and pins.is_pin(keys, secret.pin.get_secret_value()) and not found.holder:
            found = Proof(name, "pin")
    return found


def _code(keys: str, holders: Holders) -> Proof:
    found = WRONG
    for name, secret in holders.items():
        kept = [code.get_secret_value() for code in secret.codes]
        for right in pins.found(keys, kept):
            if not found.holder:
                found = Proof(name, "code", f"code {hashlib.sha256(right.encode()).hexdigest()}")
    return found


def _totp(keys: str, holders: Holders, step: int) -> Proof:
    import pyotp  # only where a document has such codes

    found = WRONG
    for name, secret in holders.items():
        if secret.totp is None:
            continue
        codes = pyotp.TOTP(secret.totp.get_secret_value(), interval=STEP)
        for at in (step - 1, step, step + 1):
            if pyotp.utils.strings_equal(codes.generate_otp(at), keys) and not found.holder:
                found = Proof(name, "totp", f"totp {name} {at}")
    return found
