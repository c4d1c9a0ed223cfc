# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages of caller ID, read and written: SDMF and MDMF (ETSI EN 300 659-3 has the same), and keys (DTMF).

Bytes come one by one out of noise: a message counts when its length and its sum are right.
"""

from typing import NamedTuple

SDMF, SDMF_WAITING, MDMF, MDMF_WAITING = 0x04, 0x06, 0x80, 0x82
KINDS = (SDMF, SDMF_WAITING, MDMF, MDMF_WAITING)
TIME, NUMBER, NO_NUMBER, NAME, NO_NAME, VISUAL = 1, 2, 4, 7, 8, 11  # parameters of an MDMF message
KEPT = 600  # bytes in which a message is looked for: two of the longest
NUMBER_LONGEST, NAME_LONGEST = 32, 50
KEYS_LONGEST = 34
PRIVATE, UNKNOWN = "P", "O"


class Caller(NamedTuple):
    """number: "" when it is withheld or not known."""

    number: str
    name: str = ""
    withheld: bool = False


class Waiting(NamedTuple):
    """Messages wait in a mailbox, or none does any more."""

    on: bool


Message = Caller | Waiting


class Spill:
    """Bytes of a line while it listens; feed() gives a message as soon as one is whole."""

    def __init__(self) -> None:
        self.bytes = bytearray()

    def feed(self, byte: int) -> Message | None:
        self.bytes.append(byte & 0xFF)
        del self.bytes[:-KEPT]
        end = len(self.bytes)
        for start in range(max(0, end - 258), end - 2):
            kind, length = self.bytes[start], self.bytes[start + 1]
            if kind in KINDS and start + 2 + length + 1 == end and sum(self.bytes[start:]) % 256 == 0:
                message = read(kind, bytes(self.bytes[start + 2 : -1]))
                if message is not None:
                    self.bytes.clear()
                    return message
        return None


def read(kind: int, body: bytes) -> Message | None:
    if kind == SDMF:
        return read_plain(body)
    if kind == SDMF_WAITING:
        return waiting(body)
    return read_parameters(body)


def read_plain(body: bytes) -> Caller | None:
    """Eight digits of date and time, then the number."""
    if len(body) < 9 or not body[:8].isdigit():
        return None
    return caller(body[8:], b"")


def read_parameters(body: bytes) -> Message | None:
    found: dict[int, bytes] = {}
    at = 0
    while at < len(body):
        if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
            return None
        found.setdefault(body[at], body[at + 2 : at + 2 + body[at + 1]])
        at += 2 + body[at + 1]
    if VISUAL in found:
        return waiting(found[VISUAL])
    if not found.keys() & {NUMBER, NO_NUMBER, NAME}:
        return None
    return caller(found.get(NUMBER) or found.get(NO_NUMBER, b""), found.get(NAME, b""))


def waiting(body: bytes) -> Waiting | None:
    return None if not body else Waiting(any(body))


def caller(number: bytes, name: bytes) -> Caller:
    text = number.decode("ascii", "replace")
    if text in (PRIVATE, UNKNOWN):
        return Caller("", "", text == PRIVATE)
    digits = "".join(key for key in text if key in "0123456789*#+")[:NUMBER_LONGEST]
    shown = name.decode("latin-1")
    return Caller(digits, "".join(sign for sign in shown if sign.isprintable()).strip()[:NAME_LONGEST])


class Keys:
    """Caller ID by keys: A or D, the number, C or #; B00 and B10 when there is none."""

    def __init__(self) -> None:
        self.keys = ""

    def feed(self, key: str) -> Caller | None:
        if key in "ADB":
            self.keys = key
            return None
        if not self.keys:
            return None
        if key not in "C#":
            self.keys = self.keys + key if len(self.keys) < KEYS_LONGEST else ""
            return None
        start, number, self.keys = self.keys[0], self.keys[1:], ""
        return of_keys(start, number, key)


def of_keys(start: str, number: str, end: str) -> Caller | None:
    if start == "B":
        return Caller("", "", number == "10") if number in ("00", "10") else None
    if start == "D" and end == "#" and number in ("1", "2", "3"):
        return Caller("", "", number == "1")
    return Caller(number[:NUMBER_LONGEST]) if number else None


def write(who: Caller, stamp: str) -> bytes:
    """An MDMF message for a telephone. stamp: month, day, hour, minute, two digits each."""
    number = who.number.encode("ascii", "ignore")[:NUMBER_LONGEST]
    absent = (PRIVATE if who.withheld else UNKNOWN).encode()
    parts = [(TIME, stamp.encode("ascii")), (NUMBER, number) if number else (NO_NUMBER, absent)]
    if name := who.name.encode("latin-1", "replace")[:NAME_LONGEST]:
        parts.append((NAME, name))
    return packed(MDMF, b"".join(bytes((kind, len(part))) + part for kind, part in parts))


def write_waiting(on: bool) -> bytes:
    """What lights, or puts out, the lamp of a telephone."""
    return packed(MDMF_WAITING, bytes((VISUAL, 1, 0xFF if on else 0)))


def packed(kind: int, body: bytes) -> bytes:
    message = bytes((kind, len(body))) + body
    return message + bytes((-sum(message) % 256,))
