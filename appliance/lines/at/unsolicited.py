# SPDX-License-Identifier: GPL-2.0-or-later
"""One line to one fact. A line that is known but cannot be read is Unknown, never an error."""

import re
from collections.abc import Callable

from appliance.lines.at.facts import (
    Booted,
    Call,
    CallerId,
    Digit,
    Ended,
    Fact,
    Flow,
    Knocked,
    MemoryFull,
    Missed,
    Noise,
    Rang,
    Registered,
    Signal,
    Sim,
    State,
    Stored,
    Talking,
    Unknown,
    Ussd,
)
from appliance.lines.at.fields import fields, number

RESTRICTED = 128  # type of number: the caller withholds it
WITHHELD = ("1",)  # "CLI validity": the caller withholds it; 2: the network could not tell it
KEYS = "0123456789*#ABCD"
VOICE_MODES = (0, 3, 4, 5)  # +CLCC <mode>: voice alone, or in turns with data or fax

DSCI = {2: State.DIALING, 3: State.ACTIVE, 4: State.INCOMING, 5: State.WAITING, 6: State.OVER, 7: State.ALERTING}
BEGIN = re.compile(r"VOICE CALL: ?BEGIN$")
END = re.compile(r"VOICE CALL: ?END(?:: ?(\d{2})(\d{2})(\d{2}))?$")
MISSED = re.compile(r"MISSED_CALL: ?\S+ ?(\S*)$")


def telephone(text: str) -> str:
    """A telephone number as modems write it, or "" when it is none."""
    text = text.strip()
    return text if re.fullmatch(r"\+?[0-9*#]{1,40}", text) else ""


def caller(line: str) -> Fact | None:
    found = fields(line)
    if len(found) < 2 or number(found[1]) is None:
        return None
    called = telephone(found[0])
    return CallerId(called, not called and (number(found[1]) == RESTRICTED or found[5:6] == list(WITHHELD)))


def knocked(line: str) -> Fact | None:
    found = fields(line)
    if len(found) < 3 or number(found[1]) is None:
        return None
    called = telephone(found[0])
    return Knocked(called, not called and (number(found[1]) == RESTRICTED or found[4:5] == list(WITHHELD)))


def call(index: str, way: str, state: State | None, mode: str, told: list[str]) -> Fact | None:
    """told: number, its type and what comes behind, as in +CLCC."""
    at, incoming, kind = number(index), number(way), number(mode)
    if at is None or incoming not in (0, 1) or state is None:
        return None
    called = telephone(told[0]) if told else None
    withheld = not called and len(told) > 1 and number(told[1]) == RESTRICTED
    return Call(at, bool(incoming), state, called, withheld, kind in VOICE_MODES)


def stat(text: str) -> State | None:
    value = number(text)
    if value == 6:  # SIMCom: disconnected
        return State.OVER
    return State(value) if value is not None and -1 <= value <= 5 else None


def listed(line: str) -> Fact | None:
    found = fields(line)
    return call(found[0], found[1], stat(found[2]), found[3], found[5:]) if len(found) >= 5 else None


def dsci(line: str) -> Fact | None:
    found = fields(line)
    if len(found) < 4:
        return None
    return call(found[0], found[1], DSCI.get(number(found[2]) or 0), found[3], found[4:])


def indicated(line: str) -> Fact | None:
    """Quectel's +QIND: calls, signal, the end of a start, ..."""
    found = fields(line)
    if found[0] == "ccinfo" and len(found) >= 6:
        return call(found[1], found[2], stat(found[3]), found[4], found[6:])
    if found[0] == "csq" and len(found) >= 2:
        return signal(f":{found[1]}")
    return Noise(line)


def signal(line: str) -> Fact | None:
    value = number(fields(line)[0])
    if value is None:
        return None
    return Signal(-113 + 2 * value if 0 <= value <= 31 else None)


def registered(line: str) -> Fact | None:
    """Both the answer to a question (mode first) and what the modem tells by itself."""
    net = line.partition(":")[0]
    found = fields(line)
    if asked(found):
        found = found[1:]
    value = number(found[0]) if found else None
    if value is None or not 0 <= value <= 11:
        return None
    return Registered(net, value, number(found[3]) if len(found) > 3 else None)


def asked(found: list[str]) -> bool:
    """The values of a +CREG that was asked for. Told by itself it has 1, 3 or 4; asked for 2, 4 or 5.

    Of 4 the second is the stat, one figure, or a location of up to four hexadecimal digits."""
    return len(found) in (2, 5) or (len(found) == 4 and len(found[1]) == 1 and found[1].isdigit())


def stored(line: str) -> Fact | None:
    found = fields(line)
    index = number(found[1]) if len(found) > 1 else None
    if index is None or index < 0:
        return None
    return Stored(found[0], index, line.startswith("+CDSI"))


def ussd(line: str) -> Fact | None:
    found = fields(line)
    mode = number(found[0])
    if mode is None or not 0 <= mode <= 5:
        return None
    text = found[1] if len(found) > 1 else ""
    coding = None
    if len(found) > 2:  # the text may itself have commas, and quotes that are not closed
        body = line.partition(":")[2].partition(",")[2].strip()
        text, comma, last = body.rpartition(",")
        coding = number(last)
        text = (text if comma and coding is not None else body).strip().strip('"')
    return Ussd(mode, text, coding)


def digit(line: str) -> Fact | None:
    value = fields(line)[0].strip()
    return Digit(value) if len(value) == 1 and value in KEYS else None


def tone(line: str) -> Fact | None:
    """Quectel's +QTONEDET: the letter's number in ASCII; 0 is the end of a tone."""
    value = number(fields(line)[0])
    if value is None or not 0 <= value < 128 or chr(value) not in KEYS:
        return None
    return Digit(chr(value))


def flow(line: str) -> Fact | None:
    found = fields(line)
    return Flow(found[0] == "1") if len(found) == 2 and found[0] in ("0", "1") and found[1] == "0" else None


def cend(line: str) -> Fact | None:
    """Huawei's ^CEND: call, seconds, why in its own words, and, not always, the network's cause."""
    found = [number(each) for each in fields(line)]
    if found[0] is None:
        return None
    cause = found[3] if len(found) > 3 else None
    return Ended(found[0], cause if cause is not None and 1 <= cause <= 127 else None, found[1] if found[1:] else None)


def moved(state: State, incoming: bool | None) -> Callable[[str], Fact | None]:
    """Huawei's ^ORIG, ^CONF and ^CONN, of which only the call's number is of use."""

    def read(line: str) -> Fact | None:
        index = number(fields(line)[0])
        return None if index is None else Call(index, incoming, state)

    return read


PREFIXED: dict[str, Callable[[str], Fact | None]] = {
    "+CRING": lambda line: Rang("VOICE" in line),
    "+CLIP": caller,
    "+CCWA": knocked,
    "+CLCC": listed,
    "^DSCI": dsci,
    "+QIND": indicated,
    "^ORIG": moved(State.DIALING, False),
    "^CONF": moved(State.ALERTING, False),
    "^CONN": moved(State.ACTIVE, None),
    "^CEND": cend,
    "+CREG": registered,
    "+CGREG": registered,
    "+CEREG": registered,
    "+CSQ": signal,
    "^RSSI": signal,
    "+CPIN": lambda line: Sim(fields(line)[0]),
    "+CMTI": stored,
    "+CDSI": stored,
    "+CUSD": ussd,
    "+DTMF": digit,
    "+RXDTMF": digit,
    "^DDTMF": digit,
    "+QTONEDET": tone,
    "+QPCMV": flow,
    "^SMMEMFULL": lambda line: MemoryFull(),
}

WORDS: dict[str, Fact] = {
    "RING": Rang(),
    "NO CARRIER": Ended(),
    "BUSY": Ended(cause=17),
    "NO ANSWER": Ended(cause=19),
    "NO DIALTONE": Ended(cause=38),
    "REMOTE CALL END": Ended(),
    "RDY": Booted(),
}

QUIET = {"^MODE", "^SRVST", "^SIMST", "^HCSQ", "^DSFLOWRPT", "^STIN", "^CIEV", "^THERM", "^BOOT"} | {
    *("+CIEV", "+CGEV", "+QUSIM", "+CFUN", "+CNSMOD", "+CSSI", "+CSSU", "+CTZV", "+NITZ", "DST", "*PSNWID", "*PSUTTZ")
}
STARTING = ("SMS DONE", "PB DONE", "*ATREADY", "CALL READY", "SMS READY", "START", "NORMAL POWER DOWN")


def read(line: str) -> Fact:
    """What a line that nobody asked for says."""
    word = line.upper()
    if word in WORDS:
        return WORDS[word]
    if BEGIN.match(word):
        return Talking()
    if end := END.match(word):
        hours, minutes, seconds = (int(each or 0) for each in end.groups())
        return Ended(seconds=hours * 3600 + minutes * 60 + seconds if end[1] else None)
    if missed := MISSED.match(word):
        return Missed(telephone(missed[1]))
    prefix = word.partition(":")[0]
    if ":" in line and prefix in PREFIXED:
        return PREFIXED[prefix](line) or Unknown(line)
    if prefix in QUIET or word.startswith(STARTING):
        return Noise(line)
    return Unknown(line)
