# SPDX-License-Identifier: GPL-2.0-or-later
"""What the SIP thread tells, by number; sip.h says what each carries."""

from enum import IntEnum


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
