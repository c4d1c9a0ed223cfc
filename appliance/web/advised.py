# SPDX-License-Identifier: GPL-2.0-or-later
"""What fields alone do not say of a queue: whom it rings and why, and what goes against what it is for."""

from typing import NamedTuple

from appliance.settings import advice, goals
from appliance.settings.models import Settings
from appliance.settings.places import Path
from appliance.settings.sentence import Sentence
from appliance.web.forms import Word
from appliance.web.tongue import marked as _

GOALS = {"motivate": _("to motivate people"), "balance": _("to balance the load"),
         "sell-more": _("to sell more"), "shortest-wait": _("the shortest wait")}  # fmt: skip


class Advice(NamedTuple):
    """Whom a queue rings; its goal and why, in words, "" where no goal chose it; doubts: sound, but is it meant?"""

    strategy: str
    goal: str
    why: str
    doubts: list[tuple[Word, Sentence]]


def queue(settings: Settings | None, path: Path) -> Advice | None:
    """Of the queue a path is of; None for anything else, and while the settings have faults."""
    if settings is None or len(path) != 2 or path[0] != "queue" or path[1] not in settings.queue:
        return None
    choice = goals.choice(settings, settings.queue[str(path[1])])
    chose = choice.goal if choice.why() else None
    doubts = [
        (Word(str(one.path[2])), one.message)
        for one in advice.warnings(settings)
        if one.path[:2] == path and one.path[2:]
    ]
    return Advice(choice.strategy, GOALS[chose] if chose else "", goals.WHY[chose] if chose else "", doubts)
