# SPDX-License-Identifier: GPL-2.0-or-later
"""Asking whoever answered outside to press 1, so that no voicemail ever takes a caller."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.calls.ports import Leg, Port, Telephony

log = logging.getLogger("calls")

KEY = "1"
TIMES = 3  # it is said
AGAIN_AFTER = 2.0  # seconds of waiting between two times
LAST_WAIT = 10.0  # seconds for the key after the last
ANSWERED, NO_ANSWER, DECLINED = 0, 19, 21  # Q.850


@dataclass(slots=True)
class _Asked:
    leg: Leg
    said: int = 0
    player: Port = 0
    timer: asyncio.TimerHandle | None = None


class Confirm:
    """Legs being asked. `told(leg, cause)` once for each that is not forgotten before: ANSWERED, or why he has not."""

    def __init__(self, telephony: Telephony, words: Callable[[], Path], told: Callable[[Leg, int], None]) -> None:
        self._telephony, self._words, self._told = telephony, words, told
        self._asked: dict[Leg, _Asked] = {}
        self._players: dict[Port, _Asked] = {}

    def ask(self, leg: Leg) -> None:
        self._asked[leg] = _Asked(leg)
        self._say(self._asked[leg])

    def asks(self, leg: Leg) -> bool:
        return leg in self._asked

    def digit(self, leg: Leg, digit: str) -> None:
        if self.forget(leg):
            self._told(leg, ANSWERED if digit == KEY else DECLINED)

    def forget(self, leg: Leg) -> bool:
        """Ask no longer; whether it was being asked."""
        asked = self._asked.pop(leg, None)
        if not asked:
            return False
        if asked.timer:
            asked.timer.cancel()
        if asked.player:
            del self._players[asked.player]
            self._telephony.stop(asked.player)
        return True

    def played(self, port: Port) -> None:
        if asked := self._players.pop(port, None):
            self._telephony.stop(port)
            self._said(asked)

    def stopped(self, port: Port, why: str) -> None:
        """Words that cannot be said leave the key to be pressed by whoever knows of it."""
        if asked := self._players.pop(port, None):
            log.error("who answers outside cannot be asked to press %s: %s", KEY, why)
            self._said(asked)

    def close(self) -> None:
        for leg in list(self._asked):
            self.forget(leg)

    def _say(self, asked: _Asked) -> None:
        asked.timer = None
        asked.player = self._telephony.play(str(self._words()), False)
        if not asked.player:
            self._said(asked)
            return
        self._players[asked.player] = asked
        self._telephony.hear(asked.leg, asked.player)

    def _said(self, asked: _Asked) -> None:
        asked.player = 0
        asked.said += 1
        loop = asyncio.get_running_loop()
        if asked.said < TIMES:
            asked.timer = loop.call_later(AGAIN_AFTER, self._say, asked)
        else:
            asked.timer = loop.call_later(LAST_WAIT, self._nothing_pressed, asked.leg)

    def _nothing_pressed(self, leg: Leg) -> None:
        if self.forget(leg):
            self._told(leg, NO_ANSWER)
