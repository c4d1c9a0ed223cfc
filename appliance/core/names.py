# SPDX-License-Identifier: GPL-2.0-or-later
"""The enumerations of core.h, for those who feed the core and read what it decides."""

from enum import IntEnum, IntFlag


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
    FAILED = 13
    FOUND = 14
    OVERRIDE = 15
    SENT = 16
    RESET = 17
    TAKEN = 18


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
    SAY = 11
    HUSH = 12
    LOOK_UP = 13
    SET = 14
    PAUSED = 15
    PARK = 16


class Status(IntEnum):
    """What a person says of himself; enum lk_status."""

    AVAILABLE = 0
    BREAK = 1
    AWAY = 2
    MEETING = 3
    OFF = 4


class Override(IntEnum):
    """What is held against the hours as written; enum lk_override."""

    AS_WRITTEN = 0
    HELD_OPEN = 1
    HELD_CLOSED = 2


class Trust(IntEnum):
    """How far a caller's number is believed; enum lk_trust."""

    NONE = 0
    CLAIMED = 1
    ASSERTED = 2
    NETWORK = 3
    PROVEN = 4
    OURS = 5


class Past(IntFlag):
    """What is known of a caller's earlier calls; enum lk_history."""

    CALLED_BEFORE = 1
    MISSED_LAST = 2


class Ways(IntFlag):
    """How a person is rung; enum lk_ways."""

    TELEPHONES = 1
    MOBILE = 2


class Outcome(IntEnum):
    """What became of a call; enum lk_outcome."""

    ANSWERED = 1
    VOICEMAIL = 2
    REFUSED = 3
    ABANDONED = 4
    SELF_SERVICE = 5


UNSPOKEN = ("abandoned", "voicemail", "refused")  # outcomes, as the journal has them, when nobody spoke to him


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
    KEY = 16
    SET = 17
    LOOKED_UP = 18
    COMPARED = 19
    TRUST = 20
    HISTORY = 21
    LOAD = 22
    SKILL = 23
    PRIORITY = 24
    PAUSED = 25
    SENT = 26
    SAID = 27
    TAKEN = 28


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
    PERCENT = 23
    BEST = 24
    LONGEST_IDLE = 25
    FEWEST_CALLS = 26
    LEAST_TALK = 27
    RANDOM = 28
    FIXED_ORDER = 29
    NO_SKILL = 30
    LATER = 31
    PAUSED = 32
    OVERRIDE_OPEN = 33
    OVERRIDE_CLOSED = 34
    LEFT_EMPTY = 35
    KEY = 36
    NO_KEY = 37
    WRONG_KEY = 38
    EXTENSION = 39
    COLLECTED = 40
    SAID = 41
    FAILED = 42
    FOUND = 43
    NOT_FOUND = 44
    TIMED_OUT = 45
    YES = 46
    NO = 47
    MANAGER = 48
    LAST_SPOKEN = 49
    NOBODY = 50
    SENT = 51
    TRUST = 52
    RETURNED = 53
    OFF_DUTY = 54


# Somebody was looked for who could take the call: to be turned away after one of these is to be missed, before it is not.
LOOKED_FOR_BY = frozenset({Why.QUEUED, Why.RUNG, Why.PASSED})
LOOKED_FOR_IN_VAIN = frozenset({Because.QUEUE_FULL, Because.QUEUE_EMPTY})
