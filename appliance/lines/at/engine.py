# SPDX-License-Identifier: GPL-2.0-or-later
"""The talk with one modem: one command at a time, its answer kept apart from what the modem says meanwhile. Times are ms.

After a command that ran out of time nobody knows whose the next OK is. The engine then takes no command but resync():
it leaves a text prompt, asks for an OK, and waits until nothing more is said.
"""

import re
from typing import NamedTuple

from appliance.lines.at.facts import Arrived, Fact, Unknown
from appliance.lines.at.fields import fields, number
from appliance.lines.at.reader import Mark, Reader
from appliance.lines.at.unsolicited import asked, read

SHORT = 1_000  # ms within which a modem answers what it knows
MEDIUM = 5_000  # what it must look up in the SIM, and a text prompt
LONG = 60_000  # what the network has a word in: a short message, a choice of operator
SETTLED = 300  # ms without a word after which a modem has no more to say about what was
LINES = 1024  # lines of one answer: 255 stored messages are 510
HEX_LONGEST = 2 * (12 + 1 + 175)  # digits of a PDU with its service centre

FINAL = re.compile(
    r"(?P<ok>OK)$|CONNECT\b.*|ERROR$|COMMAND NOT SUPPORT$|TOO MANY PARAMETERS$|\+CM[ES] ERROR: ?.*", re.IGNORECASE
)
DIAL_FINAL = ("NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE")
GLUED = re.compile(r"(OK|ERROR|RING|NO CARRIER|BUSY|NO ANSWER)([+^*].*)$")
SAYS_BY_ITSELF = re.compile(r"RING$|NO |BUSY$|RDY$|VOICE CALL:|MISSED_CALL:|REMOTE CALL END$|(SMS|PB) DONE$|[+^*]")
HEX = re.compile(r"(?:[0-9A-F]{2})+", re.IGNORECASE)
TEXT = re.compile(r"[\x20-\x7e]{2,512}")


class Busy(Exception):
    """A command is in flight. Ours."""


class OutOfStep(Exception):
    """A command ran out of time; resync() comes first. Ours."""


class Command(NamedTuple):
    """One command line and how its answer looks."""

    text: str
    prefix: tuple[str, ...] = ()  # of the lines of its answer
    within: int = SHORT  # ms
    bare: bool = False  # the answer has no prefix: AT+CGSN and its like
    pdus: bool = False  # lines of hexadecimal digits are part of the answer
    body: str = ""  # sent when the modem prompts for it
    dial: bool = False  # it concerns a call: NO CARRIER, BUSY and their like end it


class Answer(NamedTuple):
    """result: the line that ended it as it came, TIMEOUT when none did, PORT LOST when there is no modem any more."""

    command: Command
    ok: bool
    result: str
    lines: tuple[str, ...] = ()

    @property
    def error(self) -> int | None:
        """The number behind +CME ERROR or +CMS ERROR."""
        return number(fields(self.result)[0]) if self.result.upper().startswith("+CM") else None


class TooLong(NamedTuple):
    """A line was dropped."""


Heard = Answer | Fact | TooLong

TIMEOUT = "TIMEOUT"
STEP = Command("AT", within=MEDIUM)


class Engine:
    """feed() and late() give what was heard; take() what is to be written."""

    def __init__(self) -> None:
        self.reader = Reader()
        self.out = bytearray()
        self.command: Command | None = None
        self.lines: list[str] = []
        self.prompted = False
        self.wanted: str | None = None  # what the next line of hexadecimal digits belongs to: +CMT or +CDS
        self.due: int | None = None
        self.in_step = True
        self.ok: str | None = None  # the last result while finding back into step

    def ask(self, command: Command, now: int) -> None:
        """Send a command; exactly one Answer comes of it."""
        if self.command:
            raise Busy(self.command.text)
        if not self.in_step:
            raise OutOfStep(command.text)
        if not TEXT.fullmatch(command.text) or not (command.body == "" or HEX.fullmatch(command.body)):
            raise ValueError(command.text)
        self.reader.forget_prompt()
        self.start(command, now)
        self.out += command.text.encode() + b"\r"

    def resync(self, now: int) -> None:
        """Find back into step; the Answer to STEP says whether the modem is there."""
        if self.command:
            raise Busy(self.command.text)
        self.in_step, self.ok = False, None
        self.start(STEP, now)
        self.out += b"\x1b" + STEP.text.encode() + b"\r"

    def start(self, command: Command, now: int) -> None:
        self.command, self.lines, self.prompted = command, [], False
        self.due = now + min(command.within, MEDIUM) if command.body else now + command.within

    def take(self) -> bytes:
        """The bytes to write; they are taken once."""
        out, self.out = bytes(self.out), bytearray()
        return out

    @property
    def deadline(self) -> int | None:
        """When late() is to be called."""
        return self.due

    def late(self, now: int) -> list[Heard]:
        """The command's time may be over."""
        if self.due is None or now < self.due or not self.command:
            return []
        if not self.in_step and self.ok is not None:
            self.in_step = True
            return [self.finish(True, self.ok)]
        self.in_step = False
        return [self.finish(False, TIMEOUT)]

    def lost(self) -> list[Heard]:
        """The port is gone."""
        return [self.finish(False, "PORT LOST")] if self.command else []

    def feed(self, data: bytes, now: int) -> list[Heard]:
        """What the bytes say; they may be cut anywhere."""
        heard: list[Heard] = []
        self.reader.feed(data)
        while (line := self.reader.next(self.awaits_prompt)) is not None:
            if line is Mark.PROMPT:
                self.prompt(now)
            elif line is Mark.TOO_LONG:
                heard.append(TooLong())
            else:
                for each in unglued(str(line)):
                    heard += self.line(each, now)
        return heard

    @property
    def awaits_prompt(self) -> bool:
        return bool(self.command and self.command.body and not self.prompted)

    def prompt(self, now: int) -> None:
        assert self.command
        self.prompted = True
        self.due = now + self.command.within
        self.out += self.command.body.encode() + b"\x1a"

    def line(self, line: str, now: int) -> list[Heard]:
        if self.is_echo(line):
            return []
        wanted, self.wanted = self.wanted, None
        if wanted and HEX.fullmatch(line) and len(line) <= HEX_LONGEST:
            return [Arrived(line.upper(), wanted == "+CDS")]
        if self.ends(line):
            return self.ended(line, now)
        if self.belongs(line):
            if len(self.lines) < LINES:
                self.lines.append(line)
            return []
        prefix = line.partition(":")[0].upper()
        if prefix in ("+CMT", "+CDS"):
            self.wanted = prefix
            return []
        return [read(line)]

    def is_echo(self, line: str) -> bool:
        if line in (">", "> "):
            return True
        return bool(self.command and (line == self.command.text or (self.prompted and line == self.command.body)))

    def ends(self, line: str) -> bool:
        if FINAL.fullmatch(line):
            return True
        return bool(self.command and self.command.dial and line.upper() in DIAL_FINAL)

    def ended(self, line: str, now: int) -> list[Heard]:
        if not self.command:
            return [Unknown(line)]
        found = FINAL.fullmatch(line)
        ok = bool(found and found["ok"])
        if self.in_step:
            return [self.finish(ok, line)]
        self.ok = line  # any result shows that it listens; there may be more of them
        self.due = now + SETTLED
        return []

    def finish(self, ok: bool, result: str) -> Answer:
        assert self.command
        answer = Answer(self.command, ok, result, tuple(self.lines))
        self.command, self.lines, self.due, self.prompted = None, [], None, False
        return answer

    def belongs(self, line: str) -> bool:
        """Is it part of the answer that is awaited?"""
        command = self.command
        if not command or not self.in_step:
            return False
        prefix = line.partition(":")[0].upper()
        if prefix in command.prefix:
            return answers(prefix, line)
        if command.pdus and self.lines and HEX.fullmatch(line):
            return True
        return command.bare and not SAYS_BY_ITSELF.match(line.upper())


def answers(prefix: str, line: str) -> bool:
    """An answer, not what a modem tells by itself under the same prefix?"""
    if prefix in ("+CREG", "+CGREG", "+CEREG"):
        return asked(fields(line))
    if prefix == "+CCWA":
        return '"' not in line
    return True


def unglued(line: str) -> list[str]:
    """A result and what a modem said behind it without a line end."""
    found = GLUED.match(line)
    return [found[1], found[2]] if found else [line]
