# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys that were pressed at one end of a line, and those heard at the other."""

from difflib import SequenceMatcher
from typing import NamedTuple

ALL = "1234567890*#ABCD"


class Pressed(NamedTuple):
    """What became of them, in the order they were pressed or heard in."""

    lost: str = ""
    doubled: str = ""
    wrong: str = ""  # heard, and pressed by nobody


def compare(pressed: str, heard: str) -> Pressed:
    """One that is heard once more beside itself is doubled."""
    lost, doubled, wrong = "", "", ""
    for what, a, b, c, d in SequenceMatcher(None, pressed, heard, autojunk=False).get_opcodes():
        if what in ("delete", "replace"):
            lost += pressed[a:b]
        if what in ("insert", "replace"):
            for key in heard[c:d]:
                beside = pressed[max(0, a - 1) : b + 1]
                doubled, wrong = (doubled + key, wrong) if key in beside else (doubled, wrong + key)
    return Pressed(lost, doubled, wrong)
