# SPDX-License-Identifier: GPL-2.0-or-later
"""Who somebody is: passwords (argon2id), codes of six digits (TOTP), and how often may be tried."""

import asyncio
import ipaddress
import secrets
from collections import OrderedDict
from collections.abc import Callable

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.store.office import Office, User
from appliance.store.tokens import Wrong

LEAST, MOST = 10, 200  # characters of a password
DIFFERENT = 5  # characters in it at least
WAITING = 8  # passwords checked one after the other; more are refused, so that memory and processor stay free
FREE = 5  # wrong tries of one account from one address before it has to wait
FREE_ADDRESS = 30  # wrong tries of an address, whatever the account
FIRST_WAIT, LONGEST_WAIT = 30.0, 900.0  # seconds; doubling
REMEMBERED = 4096  # accounts and addresses with wrong tries

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # 19 MiB: a box has little
_nobody = _hasher.hash(secrets.token_hex(16))  # checked for users that are not there, which then take as long


class Busy(Exception):
    """Too many passwords are being checked."""

    id = "busy"


class WeakPassword(Exception):
    """Too short, too long or too simple."""

    id = "weak-password"


def hashed(password: str, name: str) -> str:
    """What is kept of a password. Raises WeakPassword."""
    if not LEAST <= len(password) <= MOST or len(set(password)) < DIFFERENT or password.casefold() == name.casefold():
        raise WeakPassword(
            f"a password has {LEAST} to {MOST} characters, at least {DIFFERENT} different ones, and is not the name"
        )
    return _hasher.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether a password is the one of which this is kept; takes as long when nothing is."""
    try:
        return _hasher.verify(kept or _nobody, password[: MOST + 1]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


class Checker:
    """Checks passwords in another thread, one at a time."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    async def of(self, call: Callable[..., object], *given: object) -> object:
        """A call that takes long, in its turn. Raises Busy."""
        if self._waiting >= WAITING:
            raise Busy
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(call, *given)
        finally:
            self._waiting -= 1


def code_is_good(office: Office, user: User, code: str, now: float) -> bool:
    """Whether a code of six digits is the user's, of this half minute or those beside it, and was not used. now: s."""
    digits = code.replace(" ", "")
    if not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
        return False
    step = int(now) // 30
    totp = pyotp.TOTP(user.totp)
    for at in (step - 1, step, step + 1):
        if secrets.compare_digest(totp.at(at * 30), digits):
            return office.use_step(user.name, at)
    return False


def new_totp() -> str:
    return pyotp.random_base32()


def totp_address(secret: str, name: str, issuer: str) -> str:
    """What authenticator apps read."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


class Tries:
    """Wrong tries, by account and address. Nobody is locked out for ever, and no account from everywhere.

    clock: s; kept: where they outlive a restart. A clock set back holds nobody up for longer than LONGEST_WAIT.
    """

    def __init__(self, clock: Callable[[], float], kept: Wrong | None = None) -> None:
        self._clock, self._kept = clock, kept
        self._wrong: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()  # how often, locked until
        for name, address, count, until in kept.all() if kept else ():
            self._wrong[name, address] = (count, until / 1000)

    def wait(self, name: str, address: str) -> float:
        """Seconds until this account may be tried again from this address; 0: now."""
        now = self._clock()
        waits = [self._wrong.get(key, (0, 0.0))[1] - now for key in self._keys(name, address)]
        return max(0.0, *(wait for wait in waits if wait <= LONGEST_WAIT), 0.0)

    def wrong(self, name: str, address: str) -> None:
        for key, free in zip(self._keys(name, address), (FREE, FREE_ADDRESS), strict=True):
            count, until = self._wrong.pop(key, (0, 0.0))
            if until and self._clock() - until > LONGEST_WAIT:
                count = 0  # long ago
            count += 1
            locked = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(count - free, 16)) if count >= free else 0.0
            self._set(key, count, self._clock() + locked)
        while len(self._wrong) > REMEMBERED:
            self._forget(next(iter(self._wrong)))

    def right(self, name: str, address: str) -> None:
        """It was not wrong after all: the account is free, and the address as it was."""
        account, whole = self._keys(name, address)
        self._forget(account)
        count, _ = self._wrong.get(whole, (0, 0.0))
        self._forget(whole)
        if count > 1:
            self._set(whole, count - 1, 0.0)

    def _set(self, key: tuple[str, str], count: int, until: float) -> None:
        self._wrong[key] = (count, until)
        if self._kept:
            self._kept.set(*key, count, int(until * 1000))

    def _forget(self, key: tuple[str, str]) -> None:
        if self._wrong.pop(key, None) and self._kept:
            self._kept.forget(*key)

    @staticmethod
    def _keys(name: str, address: str) -> tuple[tuple[str, str], tuple[str, str]]:
        whole = network(address)
        return (name.casefold()[:64], whole), ("", whole)


def network(address: str) -> str:
    """An address as far as one house has it: IPv6 without its second half."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def is_local(address: str) -> bool:
    """Whether somebody is on this machine or the local network, as far as an address tells."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_loopback or ip.is_link_local or (ip.is_private and not ip.is_unspecified)
