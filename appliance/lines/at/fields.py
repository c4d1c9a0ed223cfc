# SPDX-License-Identifier: GPL-2.0-or-later
"""The values behind an answer's prefix: `+CLIP: "5550100",129,,,,0` has six."""

import re

MOST = 32  # values in one line; no answer we read has more than 12

FIELD = re.compile(r'\s*(?:"(?P<quoted>[^"]*)"?[^,]*|(?P<plain>[^,]*))(?:,|$)')


def fields(line: str) -> list[str]:
    """The values of a line, without their quotes; a quote never closed ends with the line."""
    _, _, text = line.partition(":")
    found: list[str] = []
    at = 0
    while len(found) < MOST and (match := FIELD.match(text, at)):
        quoted = match["quoted"]
        found.append(match["plain"].strip() if quoted is None else quoted)
        at = match.end()
        if at >= len(text) and not match[0].endswith(","):
            break
    return found


def number(text: str) -> int | None:
    """A decimal, or None; `(0)` counts as 0."""
    text = text.strip("() ")
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def numbers(found: list[str]) -> list[int | None]:
    return [number(each) for each in found]
