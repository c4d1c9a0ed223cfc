# SPDX-License-Identifier: GPL-2.0-or-later
"""What a telephone is told about what it dialled or pressed: words where they could be spoken, else a tone."""

from collections.abc import Callable, Iterator
from pathlib import Path

from appliance.calls.ports import Leg, Port, Telephony
from appliance.languages import language
from appliance.settings.feature_rules import slots
from appliance.settings.features import table
from appliance.settings.models import Settings

FAILED = "failed"
SAYS_NUMBER = "slot"
OTHERS = (FAILED, "pin", "full", "record-paused", "record-resumed")


def texts(s: Settings) -> Iterator[tuple[str, str]]:
    """All texts that may be said, each with its language, to be spoken beforehand."""
    code = s.office.language
    for key in (*OTHERS, *(one.name.replace("_", "-") for one in table(s.features) if one.where == "dialled")):
        if language(code).knows(f"told.{key}"):
            yield text(s, key), code
    yield from ((text(s, SAYS_NUMBER, number), code) for number in slots(s))


def text(s: Settings, key: str, number: str = "") -> str:
    return language(s.office.language).say(f"told.{key}", number=" ".join(number))


class Telling:
    """Legs being told something; each is told one thing at a time."""

    def __init__(self, telephony: Telephony, sounds: Callable[[str], Path], spoken: Callable[[str, str], str]) -> None:
        self._telephony, self._sounds, self._spoken = telephony, sounds, spoken
        self._players: dict[Port, tuple[Leg, Callable[[], None]]] = {}

    def tell(self, leg: Leg, s: Settings, key: str, number: str = "", then: Callable[[], None] = lambda: None) -> None:
        """Say it; then() comes once, when it was said, could not be, or was not waited for."""
        self.forget(leg)
        known = language(s.office.language).knows(f"told.{key}")
        said = self._spoken(text(s, key, number), s.office.language) if known else ""
        player = self._telephony.play(said or str(self._sounds("beep")), False)
        if not player:
            then()
            return
        self._players[player] = (leg, then)
        self._telephony.hear(leg, player)

    def forget(self, leg: Leg) -> None:
        """Say no more to it."""
        for player in [player for player, (told, _) in self._players.items() if told == leg]:
            self._end(player)

    def played(self, port: Port) -> None:
        if port in self._players:
            self._end(port)

    def stopped(self, port: Port, why: str) -> None:
        if told := self._players.pop(port, None):
            told[1]()

    def _end(self, player: Port) -> None:
        _, then = self._players.pop(player)
        self._telephony.stop(player)
        then()
