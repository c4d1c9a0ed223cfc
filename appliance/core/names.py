# SPDX-License-Identifier: GPL-2.0-or-later
"""The enumerations of core.h, for those who feed the core and read what it decides."""

from enum import IntEnum


class Fact(IntEnum):
    """Kinds of events fed to the core; LK_EV_*."""

    TICK = 1
    ARRIVED = 2
    RANG = 3
    ANSWERED = 4
    REFUSED = 5
    HUNG_UP = 6
    LEFT = 7
    DONE = 8
    DIGIT = 9
    STATUS = 10
    REACHABLE = 11
    LINE = 12


class Do(IntEnum):
    """Kinds of commands; LK_DO_*."""

    RING = 1
    DIAL = 2
    STOP = 3
    ANSWER = 4
    PLAY = 5
    BRIDGE = 6
    MAILBOX = 7
    ACTION = 8
    HANG_UP = 9
    OVER = 10


class Status(IntEnum):
    """What a person says of himself; enum lk_status."""

    AVAILABLE = 0
    BREAK = 1
    AWAY = 2
    MEETING = 3
    OFF = 4


class Outcome(IntEnum):
    """What became of a call; enum lk_outcome."""

    ANSWERED = 1
    VOICEMAIL = 2
    REFUSED = 3
    ABANDONED = 4
    SELF_SERVICE = 5


class Why(IntEnum):
    """Rules of the trace; LK_WHY_*, enum lk_rule."""

    ARRIVED = 1
    CALLER = 2
    STEP = 3
    HOURS = 4
    QUEUED = 5
    RUNG = 6
    PASSED = 7
    REFUSED = 8
    ANSWERED = 9
    TIMEOUT = 10
    ACTION = 11
    LATE = 12
    LEFT = 13
    HUNG_UP = 14
    OVER = 15


class Because(IntEnum):
    """Reasons of the trace; LK_BECAUSE_*, enum lk_reason."""

    NONE = 0
    RING_ALL = 1
    NEXT_TURN = 2
    CHAIN_STEP = 3
    DIRECT = 4
    OPEN = 5
    CLOSED = 6
    STATUS = 7
    UNREACHABLE = 8
    BUSY = 9
    RINGING = 10
    WRAP_UP = 11
    DECLINED = 12
    NO_ANSWER = 13
    NOT_YET = 14
    CALLER = 15
    QUEUE_FULL = 16
    QUEUE_EMPTY = 17
    MAX_WAIT = 18
    CHAIN_END = 19
    NO_ROUTE = 20
    LINE_DOWN = 21
    LOOP = 22
