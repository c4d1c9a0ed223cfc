# SPDX-License-Identifier: GPL-2.0-or-later
"""A bridge on which nothing is heard, for tests of lines without one."""

import fcntl
import termios
from collections.abc import Callable
from itertools import count

from appliance.calls.ports import Leg


class Silent:
    """Satisfies lines.sound.Sound. digit: the Listener's."""

    def __init__(self, digit: Callable[[Leg, str], None]) -> None:
        self._next, self.line_digit = count(1 << 62), digit

    def line(self) -> Leg:
        return next(self._next)

    def line_sound(self, leg: Leg, tty: int) -> None:
        fcntl.ioctl(tty, termios.TIOCNXCL)

    def line_uac(self, leg: Leg, card: str) -> None: ...
    def line_closed(self, leg: Leg) -> None: ...
