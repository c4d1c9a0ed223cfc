# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper audit`: every decision about premises actions, and whether the log is as it was written."""

import argparse
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import msgspec

from appliance.mqtt import audit, record
from appliance.mqtt.audit import Broken, Entry, Head
from appliance.programs.arguments import show

STATE = Path("/var/lib/linekeeper-bridge")  # the bridge's, who decides


def main(argv: list[str]) -> int:
    """0: the chain holds; 1: it does not, and where, after what still holds was printed."""
    parser = argparse.ArgumentParser(
        prog="linekeeper audit", description="Print what was decided about actions, oldest first, and check the log."
    )
    parser.add_argument(
        "--state", type=Path, metavar="DIR", default=STATE, help="where the bridge keeps it (%(default)s)"
    )
    parser.add_argument("--action", metavar="NAME", default="", help="of this action alone")
    parser.add_argument("--last", type=int, metavar="N", help="the last N of them alone")
    args = parser.parse_args(argv)
    kept: deque[Entry] = deque(maxlen=args.last)
    log = args.state / audit.FILE
    count = 0
    try:
        for entry in _entries(args.state, log):
            count += 1
            if args.action in ("", entry.action):
                kept.append(entry)
    finally:
        for entry in kept:
            show(line(entry))
    show(f"{log}: {count} entries, the chain holds")
    return 0


def _entries(state: Path, log: Path) -> Iterator[Entry]:
    try:
        head = Head(*record.read(state).head)
    except (msgspec.MsgspecError, ValueError) as fault:
        raise Broken(record.MEMORY, f"it cannot be read: {fault}") from None
    yield from audit.read(log, head)


def line(entry: Entry) -> str:
    """One decision, in a line."""
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.at / 1000))
    facts = " ".join(f"{key}={_shown(value)}" for key, value in entry.facts.items() if value != "")
    return f"{entry.seq:6}  {at}  {entry.action}: {entry.decision} {entry.reason or '-'}  {facts}".rstrip()


def _shown(value: str | int | bool) -> str:
    """In printable characters: some of it comes from callers."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "".join(c if c.isprintable() and not c.isspace() else "?" for c in text)
