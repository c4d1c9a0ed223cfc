# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls as a table for spreadsheets and programs: CSV (RFC 4180)."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError

from appliance.reports.load import INSIDE
from appliance.settings.numbers import SHORT
from appliance.store.reader import Call

RISKY = re.compile(r"[=+\-@\t\r\n＝＋－＠]")  # a spreadsheet may take what begins so for a formula
PLAIN_NUMBER = re.compile(r"\+[0-9]{1,15}")  # which is none
MARK = "\ufeff"  # of UTF-8, which spreadsheets look for at the beginning
COLUMNS = (
    "call",
    "begins",
    "direction",
    "from",
    "name",
    "to",
    "line",
    "queue",
    "person",
    "outcome",
    "wait_s",
    "talk_s",
)


def row(call: Call, called: Callable[[str, str], str], zone: ZoneInfo) -> list[object]:
    """called: what something of a kind is called, by its name."""
    answered, over = call.answered_at, call.ended_at
    until = answered or over
    begins = datetime.fromtimestamp(call.at / 1000, zone)
    return [
        str(call.id), f"{begins:%Y-%m-%d %H:%M:%S}", direction(call), call.caller, call.name, call.called,
        called("line", call.line), called("queue", call.queue), called("person", call.person),
        call.outcome or "", "" if until is None else (until - call.at) // 1000,
        (over - answered) // 1000 if over and answered else "",
    ]  # fmt: skip


def direction(call: Call) -> str:
    """As the outside sees it."""
    if call.line != INSIDE:
        return "in"
    return "out" if call.called.startswith("+") or len(call.called) > SHORT else "internal"


def separator(country: str) -> str:
    """Between cells: where decimals are written with a comma, spreadsheets take none for a separator."""
    try:
        symbols = Locale.parse(f"und_{country}").number_symbols
    except (UnknownLocaleError, ValueError):
        return ","
    return ";" if symbols.get("latn", symbols).get("decimal") == "," else ","


def table(rows: Iterable[Sequence[object]], between: str = ",") -> str:
    """Rows of CSV; what a spreadsheet would take for a formula is told as a text."""
    out = io.StringIO()
    csv.writer(out, delimiter=between).writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def harmless(cell: object) -> object:
    if isinstance(cell, str) and RISKY.match(cell) and not PLAIN_NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
