# SPDX-License-Identifier: GPL-2.0-or-later
"""What callers who wait are told: their place in line, and how long it will take."""

from appliance.languages import Language, language

MINUTES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30)  # that are told; there is nothing between them
BY_GENDER = (1, 2)  # numbers whose word depends on what is counted, in Russian and Ukrainian


class Waiting:
    """Sentences in one language."""

    def __init__(self, code: str) -> None:
        """KeyError when it is none of LANGUAGES."""
        self._language: Language = language(code)

    def place(self, place: int) -> str:
        """From 1."""
        return self._language.say("waiting.next") if place == 1 else self._language.say("waiting.place", n=place)

    def wait(self, minutes: int, more: bool) -> str:
        """minutes: one of MINUTES, or 0, less than a minute; more: it is longer than that."""
        if not minutes:
            return self._language.say("waiting.soon")
        said = self._language.say(f"waiting.minutes-{minutes}") if minutes in BY_GENDER else str(minutes)
        told = self._language.counted("minute", minutes).replace(str(minutes), said)
        return self._language.say("waiting.more" if more else "waiting.about", wait=told)

    def places(self, most: int) -> list[str]:
        return [self.place(place) for place in range(1, most + 1)]

    def waits(self) -> list[str]:
        """All that may be told of how long it takes."""
        about = [self.wait(minutes, False) for minutes in (0, *MINUTES[1:])]
        return about + [self.wait(minutes, True) for minutes in MINUTES]
