# SPDX-License-Identifier: GPL-2.0-or-later
"""What a queue is for, and whom it rings therefore."""

from typing import NamedTuple

from appliance.settings import people
from appliance.settings.models import Goal, Queue, Settings, Strategy
from appliance.settings.sentence import Sentence

WHY: dict[Goal, Sentence] = {
    "motivate": Sentence("who does better is given more calls"),
    "balance": Sentence("everybody is given the same number of calls, each in turn"),
    "sell-more": Sentence("the best qualified who is free is given the call"),
    "shortest-wait": Sentence("whoever is quickest takes the call, as all are rung at once"),
}
FITTING: dict[Goal, frozenset[Strategy]] = {
    "motivate": frozenset({"percentage", "best-first"}),
    "balance": frozenset({"round-robin", "longest-idle", "fewest-calls", "least-talk-time"}),
    "sell-more": frozenset({"best-first", "percentage"}),
    "shortest-wait": frozenset({"ring-all"}),
}


class Choice(NamedTuple):
    """A queue's strategy, who chose it, and the goal it is to serve, if there is any."""

    strategy: Strategy
    by: str
    goal: Goal | None

    def why(self) -> Sentence:
        """In words, of a strategy a goal has chosen; "" of any other."""
        if self.goal is None or not self.by.endswith("goal"):
            return Sentence()
        return Sentence("{} chooses {}: {}", self.goal, self.strategy, WHY[self.goal])


def choice(settings: Settings, queue: Queue) -> Choice:
    """The queue's own strategy comes first, then its goal, then its department's, then ring-all."""
    of = people.department(settings, queue)
    goal = queue.goal or (of.goal if of else None)
    if queue.strategy is not None:
        return Choice(queue.strategy, "its strategy", goal)
    if queue.goal is not None:
        return Choice(chosen(queue.goal, queue), "its goal", goal)
    if of is not None and of.strategy is not None:
        return Choice(of.strategy, "the strategy of its department", goal)
    if goal is not None:
        return Choice(chosen(goal, queue), "its department's goal", goal)
    return Choice("ring-all", "", None)


def chosen(goal: Goal, queue: Queue) -> Strategy:
    """What a goal chooses for a queue that says nothing itself."""
    match goal:
        case "motivate":
            return "percentage" if queue.shares else "best-first"
        case "balance":
            return "round-robin"
        case "sell-more":
            return "best-first"
        case "shortest-wait":
            return "ring-all"
