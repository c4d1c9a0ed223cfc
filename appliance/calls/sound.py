# SPDX-License-Identifier: GPL-2.0-or-later
"""What a caller hears while nobody talks to him: hold music, or a prompt."""

import logging
from collections.abc import Callable
from pathlib import Path

from appliance.calls.call import Call
from appliance.calls.ports import Port, Telephony

log = logging.getLogger("calls")


class Sound:
    """One player of music for everybody who waits, and one for each prompt being said.

    `said(call, whole)` is told once for each prompt that is not hushed: whole, or it could not be played.
    """

    def __init__(self, telephony: Telephony, sounds: Callable[[str], Path], said: Callable[[Call, bool], None]) -> None:
        self._telephony, self._sounds, self._said = telephony, sounds, said
        self._music: dict[str, Port] = {}  # players by file
        self._prompts: dict[Port, Call] = {}

    def music(self, call: Call) -> None:
        self.hush(call)
        path = str(self._sounds("music"))
        if not self._music.get(path):
            self._music[path] = self._telephony.play(path, True)
        if self._music[path] and call.leg:
            call.music = True
            self._telephony.hear(call.leg, self._music[path])

    def say(self, call: Call, prompt: str, file: str) -> None:
        """Play a WAV file to the caller instead of what he hears; file "": there is none."""
        self.silence(call)
        call.saying = self._telephony.play(file, False) if file and call.leg else 0
        if call.saying:
            self._prompts[call.saying] = call
            self._telephony.hear(call.leg, call.saying)
        else:
            log.error("call %d: the prompt %s cannot be said", call.id, prompt)
            self._said(call, False)

    def hush(self, call: Call) -> None:
        """Stop saying; nothing is told of it."""
        if call.saying:
            del self._prompts[call.saying]
            self._telephony.stop(call.saying)
            call.saying = 0

    def silence(self, call: Call) -> None:
        """End what he hears."""
        self.hush(call)
        if call.music:
            call.music = False
            for player in self._music.values():
                self._telephony.unhear(call.leg, player)

    def played(self, port: Port) -> None:
        if call := self._prompts.get(port):
            self.hush(call)
            self._said(call, True)

    def stopped(self, port: Port, why: str) -> None:
        if call := self._prompts.pop(port, None):
            call.saying = 0
            log.error("call %d: a prompt cannot be said: %s", call.id, why)
            self._said(call, False)
        for path, player in list(self._music.items()):
            if player == port:
                log.error("hold music %s cannot be played: %s", path, why)
                del self._music[path]
