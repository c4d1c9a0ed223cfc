# SPDX-License-Identifier: GPL-2.0-or-later
"""Missed callers nobody has called back yet, in the control socket's words. Times are ms UTC."""

import msgspec


class MissedCaller(msgspec.Struct, frozen=True, kw_only=True):
    """A caller: when he called first and last, how often, and by which line and queue the last time."""

    number: str
    name: str
    since: int
    at: int
    calls: int
    line: str = ""
    queue: str = ""


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """How many are open, how many of them for too long; the hundred who called last, the latest first."""

    open: int = 0
    overdue: int = 0
    callers: tuple[MissedCaller, ...] = ()


class MissedChanged(msgspec.Struct, tag_field="event", tag="missed", frozen=True, kw_only=True):
    """Somebody was missed, or is no longer to be called back, or has become overdue."""

    seq: int
    at: int
    missed: Missed
