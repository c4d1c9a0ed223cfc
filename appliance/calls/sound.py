# SPDX-License-Identifier: GPL-2.0-or-later
"""What a caller hears while nobody talks to him."""

import logging
from collections.abc import Callable
from pathlib import Path

from appliance.calls.call import Call
from appliance.calls.ports import Port, Telephony

log = logging.getLogger("calls")


class Sound:
    """Hold music: one player for everybody who waits."""

    def __init__(self, telephony: Telephony, sounds: Callable[[str], Path]) -> None:
        self._telephony, self._sounds = telephony, sounds
        self._music: dict[str, Port] = {}  # players by file

    def music(self, call: Call) -> None:
        path = str(self._sounds("music"))
        if not self._music.get(path):
            self._music[path] = self._telephony.play(path, True)
        if self._music[path] and call.leg:
            call.music = True
            self._telephony.hear(call.leg, self._music[path])

    def silence(self, call: Call) -> None:
        """End what he hears."""
        if call.music:
            call.music = False
            for player in self._music.values():
                self._telephony.unhear(call.leg, player)

    def stopped(self, port: Port, why: str) -> None:
        for path, player in list(self._music.items()):
            if player == port:
                log.error("hold music %s cannot be played: %s", path, why)
                del self._music[path]
