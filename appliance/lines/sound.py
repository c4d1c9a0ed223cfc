# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lines need of the bridge that sounds meet on."""

from collections.abc import Callable
from itertools import count
from typing import Protocol

from appliance.calls.ports import Leg

APART = 1 << 62  # handles from here on are of no SIP leg


class Sound(Protocol):
    """Legs of lines on the bridge; commands to one that is over do nothing."""

    def line(self) -> Leg:
        """A leg without sound so far, 0 when there is no room."""

    def line_closed(self, leg: Leg) -> None: ...
    def line_digit(self, leg: Leg, digit: str) -> None:
        """A key the modem heard; the Listener is told once, also when it is in the sound."""


class Silent:
    """Satisfies Sound: legs that signal and are silent. digit: the Listener's."""

    def __init__(self, digit: Callable[[Leg, str], None]) -> None:
        self._next, self.line_digit = count(APART), digit

    def line(self) -> Leg:
        return next(self._next)

    def line_closed(self, leg: Leg) -> None: ...
