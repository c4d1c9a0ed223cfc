# SPDX-License-Identifier: GPL-2.0-or-later
"""What a check has found, in words that are translated where they are shown: `_` marks them, `{}` are filled with the gaps."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["good", "none", "warning", "bad"]  # none: not used, or not known


def _(words: str) -> str:
    return words


@dataclass(frozen=True, slots=True)
class Finding:
    """How something is; todo: what to do about it; page: where."""

    level: Level
    words: str
    gaps: tuple[object, ...] = ()
    todo: str = ""
    page: str = ""


UNUSED = (Finding("none", _("Not used here.")),)
UNKNOWN = (Finding("none", _("Not known while the exchange does not answer.")),)
UNTOLD = (Finding("none", _("This machine does not tell.")),)


def bad(words: str, *gaps: object, todo: str, page: str = "") -> Finding:
    return Finding("bad", words, gaps, todo, page)


def warning(words: str, *gaps: object, todo: str, page: str = "") -> Finding:
    return Finding("warning", words, gaps, todo, page)
