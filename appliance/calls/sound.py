# SPDX-License-Identifier: GPL-2.0-or-later
"""What a caller hears while nobody talks to him: hold music, or a prompt."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from appliance.calls.call import Call
from appliance.calls.ports import Port, Telephony

log = logging.getLogger("calls")


@dataclass(slots=True)
class _Music:
    player: Port
    heard_by: dict[int, Call] = field(default_factory=dict)


class Sound:
    """One player for each file of music that somebody hears, and one for each prompt being said.

    `said(call, whole)` is told once for each prompt that is not hushed: whole, or it could not be played.
    """

    def __init__(self, telephony: Telephony, sounds: Callable[[str], Path], said: Callable[[Call, bool], None]) -> None:
        self._telephony, self._sounds, self._said = telephony, sounds, said
        self._music: dict[str, _Music] = {}  # by file
        self._prompts: dict[Port, Call] = {}

    def heard(self, call: Call) -> bool:
        """Whether he hears music or a prompt."""
        return bool(call.music or call.saying)

    def music(self, call: Call, file: str = "") -> None:
        """Let him hear a WAV file again and again, from where it is by now for all who hear it; "": our own music."""
        self.hush(call)
        path = file or self._own()
        if call.music == path or not call.leg:
            return
        self._part(call)
        if path not in self._music:
            if not (player := self._telephony.play(path, True)):
                return
            self._music[path] = _Music(player)
        call.music = path
        self._music[path].heard_by[call.id] = call
        self._telephony.hear(call.leg, self._music[path].player)

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
        self._part(call)

    def _part(self, call: Call) -> None:
        path, call.music = call.music, ""
        if not (music := self._music.get(path)):
            return
        self._telephony.unhear(call.leg, music.player)
        music.heard_by.pop(call.id, None)
        if not music.heard_by and path != self._own():
            del self._music[path]
            self._telephony.stop(music.player)

    def _own(self) -> str:
        return str(self._sounds("music"))

    def played(self, port: Port) -> None:
        if call := self._prompts.get(port):
            self.hush(call)
            self._said(call, True)

    def stopped(self, port: Port, why: str) -> None:
        """A prompt that fails is passed over, music that fails gives way to our own."""
        if call := self._prompts.pop(port, None):
            call.saying = 0
            log.error("call %d: a prompt cannot be said: %s", call.id, why)
            self._said(call, False)
        for path, music in list(self._music.items()):
            if music.player == port:
                log.error("hold music %s cannot be played: %s", path, why)
                del self._music[path]
                for listener in music.heard_by.values():
                    listener.music = ""
                    if path != self._own():
                        self.music(listener)
