# SPDX-License-Identifier: GPL-2.0-or-later
"""Every decision about an action, a JSON object a line, each with the SHA-256 of the line before: none can be changed alone.

Who can write the file can write all of it anew; the last number and hash, kept apart in the memory of actions, tell lines
that are missing at the end. Copies of both elsewhere tell the rest.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

FILE = "actions-audit.jsonl"  # in the state folder
FIRST = "0" * 64  # the hash before the first line
LONGEST = 16_384  # bytes of a line
LARGEST = (
    64 << 20
)  # bytes of the log: some 200,000 decisions; then another begins, and this one is kept as `.1`, `.2` ...

Facts = Mapping[str, str | int | bool]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One decision. No secret is in it."""

    seq: int
    at: int  # ms UTC
    action: str
    decision: str  # fire, ask, deny; result for what became of one that fired
    reason: str
    facts: dict[str, str | int | bool]
    before: str


class Head(NamedTuple):
    """The last line: its number and its hash."""

    seq: int = 0
    hash: str = FIRST


class Broken(Exception):
    """The log is not as it was written."""

    id = "audit-broken"

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")


class Log:
    """The log, open for more. A line is on the disk when add() returns: nothing is done that is not in it."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, Broken."""
        self._path = path
        self.head, self.last = _last(path)

    def add(self, at: int, action: str, decision: str, reason: str, facts: Facts) -> Head:
        """Raises OSError; nothing is added then."""
        if self._path.exists() and self._path.stat().st_size > LARGEST:
            os.rename(self._path, next(_kept(self._path)))
        entry = Entry(self.head.seq + 1, at, action, decision, reason, dict(facts), self.head.hash)
        line = msgspec.json.encode(entry)
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            before = os.fstat(file).st_size
            try:
                if os.write(file, line + b"\n") != len(line) + 1:
                    raise OSError(28, "the disk is full", str(self._path))
                os.fsync(file)
            except OSError:
                os.ftruncate(file, before)
                raise
        finally:
            os.close(file)
        self.head, self.last = Head(entry.seq, hashlib.sha256(line).hexdigest()), entry
        return self.head


def files(path: Path) -> list[Path]:
    """The log and those before it, oldest first."""
    older = sorted(
        (p for p in path.parent.glob(f"{path.name}.*") if p.suffix[1:].isdigit()), key=lambda p: int(p.suffix[1:])
    )
    return [*older, *([path] if path.exists() else [])]


def read(path: Path, head: Head | None = None) -> Iterator[Entry]:
    """Every entry, oldest first, as long as the chain holds. Raises Broken at the first line that does not; OSError.

    head: the last that is known from elsewhere; a log that ends before it, or has another there, is broken."""
    at = Head()
    for file in files(path):
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                where = f"{file.name}, line {number}"
                entry = _entry(line, where)
                if (entry.seq, entry.before) != (at.seq + 1, at.hash):
                    raise Broken(where, f"it does not follow from line {number - 1}: one was changed or is missing")
                at = Head(entry.seq, hashlib.sha256(line[:-1]).hexdigest())
                if head and head.seq == at.seq and head.hash != at.hash:
                    raise Broken(where, "it is another than the one that was written")
                yield entry
    if head and head.seq > at.seq:
        raise Broken(path.name, f"it ends with number {at.seq}, and {head.seq} were written")


def _entry(line: bytes, where: str) -> Entry:
    if not line.endswith(b"\n") or len(line) > LONGEST:
        raise Broken(where, "it is not whole")
    try:
        entry = msgspec.json.decode(line, type=Entry)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Broken(where, "it is no entry of this log") from None
    if msgspec.json.encode(entry) != line[:-1]:
        raise Broken(where, "it is not as it was written")
    return entry


def _last(path: Path) -> tuple[Head, Entry | None]:
    """Where the log ends, and with what. What a power cut left of a line, for which nothing was done yet, is taken away."""
    for file in reversed(files(path)):
        with file.open("rb+") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - 2 * LONGEST))
            tail = log.read()
            whole = tail.rpartition(b"\n")[0] + b"\n" if b"\n" in tail else b""
            if len(whole) < len(tail):
                log.truncate(size - len(tail) + len(whole))
            if whole:
                line = whole[:-1].rpartition(b"\n")[2]
                entry = _entry(line + b"\n", f"{file.name}, the last line")
                return Head(entry.seq, hashlib.sha256(line).hexdigest()), entry
    return Head(), None


def _kept(path: Path) -> Iterator[Path]:
    number = 1 + max((int(p.suffix[1:]) for p in files(path) if p != path), default=0)
    yield path.with_name(f"{path.name}.{number}")
