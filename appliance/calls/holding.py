# SPDX-License-Identifier: GPL-2.0-or-later
"""What a held caller hears: music, and what he chooses by a key."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.calls.ports import Leg, Port, Telephony
from appliance.settings.models import Settings
from appliance.settings.prompts import Prompt

log = logging.getLogger("calls")


@dataclass(slots=True)
class _Held:
    leg: Leg
    settings: Settings
    saying: Port = 0
    music: Port = 0


class Holding:
    """Legs that are held. One player of music for each file, and one for each prompt said."""

    def __init__(
        self, telephony: Telephony, sounds: Callable[[str], Path], prompt: Callable[[Settings, Prompt], str]
    ) -> None:
        """prompt: its file, "" when it could not be spoken."""
        self._telephony, self._sounds, self._prompt = telephony, sounds, prompt
        self._held: dict[Leg, _Held] = {}
        self._music: dict[str, Port] = {}  # players by file
        self._prompts: dict[Port, _Held] = {}

    def begin(self, leg: Leg, settings: Settings) -> None:
        """Nothing when it is held already."""
        if not leg or leg in self._held:
            return
        held = self._held[leg] = _Held(leg, settings)
        if settings.hold.prompt is None or not self._say(held, settings.hold.prompt):
            self._play_music(held)

    def end(self, leg: Leg) -> None:
        if held := self._held.pop(leg, None):
            self._silence(held)

    def holds(self, leg: Leg) -> bool:
        return leg in self._held

    def digit(self, leg: Leg, digit: str) -> bool:
        """A key of somebody who is held; whether he is."""
        held = self._held.get(leg)
        if not held:
            return False
        if (prompt := held.settings.hold.keys.get(digit)) is not None:
            self._silence(held)
            if not self._say(held, prompt):
                self._play_music(held)
        return True

    def played(self, port: Port) -> None:
        if held := self._prompts.get(port):
            self._silence(held)
            self._play_music(held)

    def stopped(self, port: Port, why: str) -> None:
        """A prompt that cannot be said is passed over; music that cannot is tried again for the next one."""
        if held := self._prompts.pop(port, None):
            log.error("a prompt cannot be said to somebody held: %s", why)
            held.saying = 0
            self._play_music(held)
        self._music = {path: player for path, player in self._music.items() if player != port}

    def _say(self, held: _Held, prompt: str) -> bool:
        table = held.settings.prompt.get(prompt)
        file = self._prompt(held.settings, table) if table else ""
        held.saying = self._telephony.play(file, False) if file else 0
        if held.saying:
            self._prompts[held.saying] = held
            self._telephony.hear(held.leg, held.saying)
        return bool(held.saying)

    def _play_music(self, held: _Held) -> None:
        path = held.settings.hold.music or str(self._sounds("music"))
        if not self._music.get(path):
            self._music[path] = self._telephony.play(path, True)
        if held.leg in self._held and self._music[path]:
            held.music = self._music[path]
            self._telephony.hear(held.leg, held.music)

    def _silence(self, held: _Held) -> None:
        if held.saying:
            self._prompts.pop(held.saying, None)
            self._telephony.stop(held.saying)
            held.saying = 0
        if held.music:
            self._telephony.unhear(held.leg, held.music)
            held.music = 0
