# SPDX-License-Identifier: GPL-2.0-or-later
"""How loud a modem's calls are each way: what is asked of it, and by how much it is turned."""

from typing import Literal, NamedTuple

from appliance.lines.at.engine import MEDIUM, Answer, Command
from appliance.lines.at.families import Family
from appliance.lines.at.fields import fields, number

Side = Literal["said", "heard"]
SIDES: tuple[Side, ...] = ("said", "heard")
FINE = 255  # levels; a scale of more is taken for one of amplitude, whatever its maker calls it
COARSE = 3.0  # dB that one step of a smaller scale is taken for; how much it is, is measured then


class Gain(NamedTuple):
    """One way of one modem. command: what sets it."""

    side: Side
    command: str
    now: int
    least: int
    most: int


def command(family: Family, side: Side) -> str:
    """ "" when it has none that is known."""
    return family.louder.said if side == "said" else family.louder.heard


def asked(command: str) -> tuple[Command, Command]:
    """For the level as it is, and for those there are."""
    prefix = (command.removeprefix("AT"),)
    return Command(f"{command}?", prefix, MEDIUM), Command(f"{command}=?", prefix, MEDIUM)


def read(side: Side, command: str, level: Answer, levels: Answer) -> Gain | None:
    """None when the modem does not say both."""
    if not (level.ok and level.lines and levels.ok and levels.lines):
        return None
    first, _, last = fields(levels.lines[0])[0].strip("() ").partition("-")
    now, least, most = (number(each) for each in (fields(level.lines[0])[0], first, last))
    if now is None or least is None or most is None or not least <= now <= most:
        return None
    return Gain(side, command, now, least, most)


def turned(gain: Gain, db: float) -> int:
    """The level that is louder by so many dB, as far as it can be guessed; another one than now, when there is one."""
    if gain.most - gain.least > FINE:
        level = round(max(1, gain.now) * 10 ** (db / 20))
    else:
        steps = max(1, round(abs(db) / COARSE)) if db else 0
        level = gain.now + (steps if db > 0 else -steps)
    return max(gain.least, min(gain.most, level))
