# SPDX-License-Identifier: GPL-2.0-or-later
"""What the SIP thread tells, by number; sip.h says what each carries."""

from enum import IntEnum, IntFlag
from typing import NamedTuple, TypeAlias

Event: TypeAlias = tuple[int, int, int, int, int, tuple[str, str, str, str, str, str, str]]
"""kind (Heard), handle, code, value, monotonic us when it was seen, texts; sip.h says what each kind carries."""


class How(IntFlag):
    """enum sip_with: how a line or telephone is spoken with."""

    LATE_OFFER = 1
    TCP = 2
    TLS = 4
    PROOF = 8  # a line: its certificate is checked; a telephone: it is taken by TLS alone
    SRTP = 16
    SRTP_ONLY = 32
    LINE = 64  # what registers is no telephone: it is the trunk named after "line-", which has it, too


class Heard(IntEnum):
    """enum sip_event_kind."""

    INCOMING = 1
    EARLY = 2
    ANSWERED = 3
    OVER = 4
    AUDIO = 5
    DIGIT = 6
    PLAYED = 7
    STOPPED = 8
    BOUND = 9
    UNBOUND = 10
    TRUNK = 11
    REFUSED = 12
    LOG = 13
    DEAD = 14
    HELD = 15
    TRANSFER = 16
    BANNED = 17
    LIFTED = 18
    DIVERTED = 19
    OPEN = 20
    WATCHED = 21
    SOUND = 22


class Stall(IntEnum):
    """How the sound of a line's leg stands: enum flow_stall, and SIP_SOUND_GONE."""

    FLOWS = 0  # again
    NOTHING_READ = 1
    NOTHING_TAKEN = 2
    GONE = 3  # its tty is closed


class LineCounters(NamedTuple):
    """Of a line's tty or card since it was opened. read, written, refused (it had no room), dropped (too many had piled up) in
    samples; delays in ms, skews in ppm by which the modem is faster than we; down is from the modem."""

    read: int
    written: int
    refused: int
    dropped: int
    stalls: int
    down_underruns: int
    down_overruns: int
    down_skew: float
    down_delay: float
    up_underruns: int
    up_overruns: int
    up_skew: float
    up_delay: float
    xruns: int  # times that a sound card ran dry or over
