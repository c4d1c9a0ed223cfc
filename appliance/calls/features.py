# SPDX-License-Identifier: GPL-2.0-or-later
"""What somebody dials or presses at a telephone of ours, read as the codes of the settings mean it. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from appliance.settings.feature_rules import extensions, of_people, slots
from appliance.settings.features import Feature, table
from appliance.settings.models import Settings

LONGEST = 20  # digits behind a code


class Dialled(NamedTuple):
    """A feature asked for: its name in the settings, `slot` or `room`, and what was dialled with it.

    `what` is a number as it was dialled for codes that take one, else the name it means: "person.anna", "room.board"."""

    feature: str
    what: str = ""


def dialled(s: Settings, number: str) -> Dialled | None:
    """The feature a number asks for that a telephone dials, or a call is transferred to; None: it is a number to call."""
    if number in slots(s):
        return Dialled("slot", number)
    for name, room in s.room.items():
        if number == room.extension:
            return Dialled("room", name)
    known = [one for one in table(s.features) if one.where != "call" and number.startswith(one.code)]
    for one in sorted(known, key=lambda one: len(one.code), reverse=True):
        behind = number.removeprefix(one.code)
        if (what := _behind(s, one, number, behind)) is not None:
            return Dialled(one.name, what)
    return None


def is_time(keys: str) -> bool:
    """Whether keys are minutes, 1 to 999, or a time of day of four digits."""
    if not (keys.isascii() and keys.isdecimal()):
        return False
    return int(keys) > 0 if len(keys) <= 3 else len(keys) == 4 and int(keys[:2]) < 24 and int(keys[2:]) < 60


def until(keys: str, now: int, zone: ZoneInfo) -> int:
    """When a time is_time() accepts is over, ms UTC."""
    if len(keys) <= 3:
        return now + int(keys) * 60_000
    at = datetime.fromtimestamp(now / 1000, zone)
    then = at.replace(hour=int(keys[:2]), minute=int(keys[2:]), second=0, microsecond=0)
    return round((then if then > at else then + timedelta(days=1)).timestamp() * 1000)


def _behind(s: Settings, one: Feature, number: str, behind: str) -> str | None:
    """What is meant by what was dialled behind a code; None when nothing can be."""
    if one.takes == "number":
        return behind if behind.isdecimal() and 2 <= len(behind) <= LONGEST else None
    if one.takes == "time?":
        return behind if not behind or (is_time(behind) and number not in extensions(s)) else None
    if one.takes == "mailbox?":
        return behind if behind.isdecimal() or not behind else None
    if not behind:
        return None if one.takes == "extension" else ""
    return of_people(s, one).get(behind) if one.takes.startswith("extension") else None


class Keys:
    """The keys somebody presses in a call, of which some are a code. press() and give_up() tell what to do now."""

    def __init__(self, s: Settings) -> None:
        self._codes = [one for one in table(s.features) if one.where != "dialled"]
        self._pressed = ""

    @property
    def open(self) -> bool:
        """Whether the keys so far may become a code."""
        return bool(self._pressed)

    def press(self, key: str, asking: bool = False) -> Dialled | str:
        """The feature that is whole now; or the keys that are none, for the partner, "" while they may be one.

        asking: somebody is asked already, so that the code to ask takes no number."""
        self._pressed += key
        for one in self._codes:
            if not self._pressed.startswith(one.code):
                continue
            behind = self._pressed.removeprefix(one.code)
            if not one.takes or (asking and one.name == "consult"):
                return self._found(one.name, "")
            if behind.endswith("#"):
                return self._found(one.name, behind[:-1])
            return "" if len(behind) <= LONGEST else self._none()
        if any(one.code.startswith(self._pressed) for one in self._codes):
            return ""
        return self._none()

    def give_up(self) -> Dialled | str:
        """No key comes any more: a number is whole without #, all else was meant for the partner."""
        for one in self._codes:
            behind = self._pressed.removeprefix(one.code)
            if self._pressed.startswith(one.code) and behind:
                return self._found(one.name, behind)
        return self._none()

    def _none(self) -> str:
        keys, self._pressed = self._pressed, ""
        return keys

    def _found(self, name: str, what: str) -> Dialled:
        self._pressed = ""
        return Dialled(name, what)


BEHIND = {
    "number": "NUMBER",
    "number#": "NUMBER #",
    "extension": "EXTENSION",
    "extension?": "[EXTENSION]",
    "mailbox?": "[MAILBOX]",
    "time?": "[TIME]",
}
PARKED, ROOM = "Take the call parked there.", "Conference: {}."


def card(s: Settings, say: Callable[[str], str] = str) -> list[tuple[str, str]]:
    """Every code of an office with what it does, for people: as they dial it. say: puts a sentence into a language."""
    told = [
        (f"{one.code} {say(BEHIND[one.takes])}" if one.takes else one.code, say(one.help)) for one in table(s.features)
    ]
    if parked := slots(s):
        told.append((f"{parked[0]}-{parked[-1]}" if len(parked) > 1 else parked[0], say(PARKED)))
    return told + [(room.extension, say(ROOM).format(room.name)) for room in s.room.values()]
