# SPDX-License-Identifier: GPL-2.0-or-later
"""Codes like *100#, and what the network says to them. How a modem writes the text differs, and not all say how."""

import re
from decimal import Decimal
from typing import Literal

from appliance.lines.at import gsm7
from appliance.lines.at.engine import HEX
from appliance.lines.at.facts import Ussd

LONGEST = 182  # letters (23.038, 6.1.2.3: 160 bytes)
GSM7 = 15  # data coding scheme: the basic alphabet, language not said
CODE = re.compile(r"[0-9*#+a-zA-Z .]{1,182}")

Charset = Literal["plain", "ucs2", "packed"]


def command(code: str, charset: Charset) -> str:
    """The command that sends a code, or the reply to a question. ValueError when it is none."""
    if not CODE.fullmatch(code):
        raise ValueError(f"not a code: {code!r}")
    return f'AT+CUSD=1,"{written(code, charset)}",{GSM7}'


def written(text: str, charset: Charset) -> str:
    match charset:
        case "ucs2":
            return text.encode("utf-16-be").hex().upper()
        case "packed":
            values = [value for each in gsm7.septets(text) or [] for value in each]
            if len(values) % 8 == 7:
                values.append(0x0D)  # or the seven bits that are left would read as @
            return gsm7.pack(values).hex().upper()
    return text


def said(told: Ussd, charset: Charset | None = None) -> str:
    """The text in clear. charset: how this modem is known to write; None: it is looked at."""
    text = told.text
    if not HEX.fullmatch(text):
        return text[:LONGEST]
    data = bytes.fromhex(text)
    if charset == "ucs2" or (told.coding is not None and is_ucs2(told.coding)):
        return data[: len(data) & ~1].decode("utf-16-be", "replace")[:LONGEST]
    if charset == "packed":
        return unpacked(data)[:LONGEST]
    if charset == "plain":
        return text[:LONGEST]
    return guessed(text, data)[:LONGEST]


def is_ucs2(scheme: int) -> bool:
    """By a broadcast's data coding scheme (23.038, 5)."""
    return scheme == 0x11 or (scheme >> 6 == 1 and scheme & 0x0C == 8) or (scheme >> 4 == 9 and scheme & 0x0C == 8)


def guessed(text: str, data: bytes) -> str:
    """Digits alone are what they look like; otherwise what reads as text."""
    if len(data) % 2 == 0 and len(data) >= 2:
        wide = data.decode("utf-16-be", "replace")
        if {letter >> 8 for letter in map(ord, wide)} <= {0x00, 0x01, 0x04, 0x20} and readable(wide):
            return wide
    if text.isdigit():
        return text
    narrow = unpacked(data)
    return narrow if len(data) >= 3 and readable(narrow) else text


def unpacked(data: bytes) -> str:
    values = gsm7.unpack(data, len(data) * 8 // 7)
    if len(values) % 8 == 0 and values[-1:] == [0x0D]:
        values.pop()
    return gsm7.letters(values)


def readable(text: str) -> bool:
    return all(letter.isprintable() or letter in "\r\n" for letter in text)


def balance(text: str, rule: str) -> Decimal | None:
    """The money that a rule's first group finds in a text: `Balance: ([0-9.,]+)`. None when it finds none."""
    found = re.search(rule, text[:LONGEST])
    if not found or not found.re.groups or found[1] is None:
        return None
    digits = re.sub(r"[\s']", "", found[1]).rstrip(".,")
    whole, mark, part = digits.replace(",", ".").rpartition(".")
    plain = (
        f"{whole.replace('.', '')}.{part}"
        if mark and (len(part) != 3 or whole in ("", "0"))
        else digits.replace(",", "").replace(".", "")
    )
    return Decimal(plain) if re.fullmatch(r"[-+]?\d{1,12}(?:\.\d{1,6})?", plain) else None


def checked(rule: str) -> str:
    """A rule for balance() as it is, or ValueError that says what is wrong."""
    try:
        groups = re.compile(rule).groups
    except re.error as wrong:
        raise ValueError(f"not a regular expression: {wrong}") from None
    if groups < 1:
        raise ValueError("the money must be in a group: ([0-9.,]+)")
    return rule
