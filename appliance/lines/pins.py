# SPDX-License-Identifier: GPL-2.0-or-later
"""PINs that a SIM refused, kept on the disk: no restart tries one again, since the third wrong one locks the SIM."""

import hashlib
import json
import logging
import os
from pathlib import Path

log = logging.getLogger("lines")


class RefusedPins:
    """Of all lines; `of(line)` is one line's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.marks: set[str] = set()
        try:
            told = json.loads(path.read_text())
            self.marks = {mark for mark in told if isinstance(mark, str)}
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as wrong:
            log.error("which PINs were refused is not known: %s", wrong)

    def of(self, line: str) -> "OfLine":
        return OfLine(self, line)

    def keep(self, marks: set[str]) -> None:
        """On the disk before it returns; OSError when that cannot be, and nothing is changed."""
        new = self._path.with_suffix(".new")
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(file, "w") as written:
            json.dump(sorted(marks), written)
            written.flush()
            os.fsync(written.fileno())
        new.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self.marks = marks


class OfLine:
    """Satisfies modems.modem.Refused."""

    def __init__(self, kept: RefusedPins, line: str) -> None:
        self._kept, self._line = kept, line

    def __contains__(self, pin: object) -> bool:
        return self._mark(str(pin)) in self._kept.marks

    def add(self, pin: str) -> None:
        self._kept.keep(self._kept.marks | {self._mark(pin)})

    def discard(self, pin: str) -> None:
        self._kept.keep(self._kept.marks - {self._mark(pin)})

    def _mark(self, pin: str) -> str:
        """Of a PIN that is no use: its hash need not be slow."""
        return hashlib.sha256(f"{self._line} {pin}".encode()).hexdigest()
