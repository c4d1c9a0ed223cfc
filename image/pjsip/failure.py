# SPDX-License-Identifier: GPL-2.0-or-later
"""What went wrong, in words for the person at the keyboard."""

from __future__ import annotations


class Failure(Exception):
    """A sentence saying what went wrong, what to do about it, and the log to read if there is one."""

    def __init__(self, what: str, advice: str = "", log: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice
        self.log = log
