# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper proof`: what secrets.toml keeps of somebody's PIN or codes, and what he is told."""

import argparse
import getpass
import re
import secrets
import sys

from appliance.settings import pins
from appliance.settings.passwords import CODES
from appliance.settings.words import NAME


class NoPin(Exception):
    """What was given is no PIN."""

    id = "no-pin"


def main(argv: list[str]) -> int:
    """Prints a table for secrets.toml; what only its holder may know goes to stderr."""
    args = _arguments(argv)
    if not re.fullmatch(NAME, args.name):
        raise NoPin(f"{args.name[:40]!r} is no name; accepted: 1 to 31 of a-z, 0-9 and -")
    if args.totp:
        kept = _totp(args.name)
    elif args.codes:
        kept = _codes(args.codes)
    else:
        kept = f'pin = "{pins.hashed(_pin())}"'
    print(f"[{'mailbox' if args.mailbox else 'proof'}.{args.name}]\n{kept}")
    return 0


def _pin() -> str:
    if sys.stdin.isatty():
        pin = getpass.getpass("PIN: ")
        if getpass.getpass("Once more: ") != pin:
            raise NoPin("these are two PINs")
    else:
        pin = sys.stdin.readline().strip()
    if not pins.is_sound(pin):
        raise NoPin("this is no PIN; accepted: 4 to 12 digits")
    return pin


def _totp(name: str) -> str:
    import pyotp

    secret = pyotp.random_base32()
    address = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Linekeeper")
    print(f"for the authenticator app of {name}: {address}", file=sys.stderr)
    return f'totp = "{secret}"'


def _codes(count: int) -> str:
    codes = [f"{secrets.randbelow(10**8):08}" for _ in range(count)]
    print("good once each: " + " ".join(codes), file=sys.stderr)
    return "codes = [\n" + "".join(f'  "{each}",\n' for each in pins.together(codes)) + "]"


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="linekeeper proof",
        description="Print what secrets.toml (on a box: mqtt.toml) keeps of somebody who may set off actions, or of a mailbox. "
        "A PIN is asked for, or read from a pipe.",
    )
    parser.add_argument("name", metavar="NAME", help="whose it is, as `holders` of actions name him, or the mailbox")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--mailbox", action="store_true", help="the PIN of a mailbox")
    kind.add_argument("--totp", action="store_true", help="a secret for codes that change, and its address for an app")
    kind.add_argument(
        "--codes", type=int, choices=range(1, CODES + 1), metavar="N", help=f"1 to {CODES} codes good once"
    )
    return parser.parse_args(argv)
