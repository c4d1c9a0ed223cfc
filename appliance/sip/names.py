# SPDX-License-Identifier: GPL-2.0-or-later
"""What the SIP thread tells, by number; sip.h says what each carries."""

from enum import IntEnum, IntFlag
from typing import TypeAlias

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
