# SPDX-License-Identifier: GPL-2.0-or-later
"""Bytes to lines: however they come in pieces, the lines are the same."""

import re
from enum import Enum

LONGEST = 2048  # bytes in a line; the longest we read, an USSD text of 182 letters as UCS2, has some 750

END = re.compile(rb"[\r\n]")
JUNK = re.compile(
    rb"[^\x21-\x7e]*"
)  # in front of a line: line ends, blanks, what a start of the modem leaves on the wire
CONTROL = re.compile(rb"[\x00-\x1f\x7f]+")


class Mark(Enum):
    """What a reader finds beside lines."""

    PROMPT = ">"  # the modem waits for a text
    TOO_LONG = "too long"  # a line that was dropped


class Reader:
    """Holds at most one unfinished line, and of that no more than LONGEST bytes."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.at = 0
        self.skipping = False  # the rest of a line that is too long

    def feed(self, data: bytes) -> None:
        """Add bytes. Take what they are with next() until None comes, before the next feed()."""
        del self.buffer[: self.at]
        self.at = 0
        self.buffer += data

    def next(self, prompt: bool) -> str | Mark | None:
        """The next line, never empty; None: more bytes are needed. prompt: `>` at the start of a line is one."""
        if not self.skipping:
            found = JUNK.match(self.buffer, self.at)
            assert found
            self.at = found.end()
            if prompt and self.buffer[self.at : self.at + 1] == b">":
                self.at += 1
                return Mark.PROMPT
        end = END.search(self.buffer, self.at)
        if not end:
            if self.skipping or len(self.buffer) - self.at > LONGEST:
                self.skipping = True
                self.at = len(self.buffer)
            return None
        line = self.buffer[self.at : end.start()]
        self.at = end.end()
        if self.skipping or len(line) > LONGEST:
            self.skipping = False
            return Mark.TOO_LONG
        return CONTROL.sub(b"", line).decode("utf-8", "replace").rstrip()

    def forget_prompt(self) -> None:
        """Drop a prompt that nobody waited for."""
        if not self.buffer[self.at :].strip(b"> \r\n"):
            self.at = len(self.buffer)

    @property
    def held(self) -> int:
        """Bytes kept."""
        return len(self.buffer) - self.at
