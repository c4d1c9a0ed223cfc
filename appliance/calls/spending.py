# SPDX-License-Identifier: GPL-2.0-or-later
"""What calls outside have come to: calls abroad and to premium numbers in an hour, minutes and money in a day."""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import ClassVar, NamedTuple, Protocol

from appliance.calls.minutes import beginning
from appliance.calls.ports import Leg
from appliance.settings.models import Settings
from appliance.settings.outgoing import COSTLY, Refusal, price

HOUR, MINUTE = 3_600_000, 60_000  # ms


class Talk(NamedTuple):
    """A talk with somebody outside; ms UTC, until 0: it goes on. costly: abroad or a premium number."""

    since: int
    until: int
    costly: bool
    price: float  # a minute


class Spending:
    """Counts, and says when a limit is met; `now` in ms UTC."""

    REFUSALS: ClassVar[frozenset[Refusal]] = frozenset({"too-many", "too-many-together", "minutes", "money"})

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._began: list[tuple[int, str]] = []  # calls that are costly, oldest first: when, and by whom
        self._talks: list[Talk] = []  # of today that are over
        self._going: dict[Leg, Talk] = {}

    def learn(self, began: Iterable[tuple[int, str]], talks: Iterable[Talk]) -> None:
        """What was before a restart."""
        self._began = sorted([*began, *self._began])
        self._talks += talks

    def began(self, person: str, at: int) -> None:
        self._began.append((at, person))

    def answered(self, leg: Leg, costly: bool, price: float) -> None:
        self._going[leg] = Talk(self._now(), 0, costly, price)

    def ended(self, leg: Leg) -> None:
        if talk := self._going.pop(leg, None):
            self._talks.append(talk._replace(until=self._now()))

    def refusal(self, s: Settings, person: str, costly: bool) -> Refusal | None:
        """The limit that one more call would go beyond; None when it may be made."""
        limits, now = s.limits, self._now()
        if costly:
            del self._began[: bisect_left(self._began, (now - HOUR, ""))]
            if sum(who == person for _, who in self._began) >= limits.person_an_hour:
                return "too-many"
            if len(self._began) >= limits.all_an_hour:
                return "too-many-together"
        minutes, money = self._today(s, now)
        if costly and limits.minutes_a_day and minutes >= limits.minutes_a_day:
            return "minutes"
        return "money" if limits.money_a_day and money >= limits.money_a_day else None

    def _today(self, s: Settings, now: int) -> tuple[float, float]:
        """Minutes of costly talks, and money of all, since midnight."""
        midnight = beginning(s, now)
        self._talks = [one for one in self._talks if one.until > midnight]
        minutes = money = 0.0
        for one in (*self._talks, *self._going.values()):
            lasted = ((one.until or now) - max(one.since, midnight)) / MINUTE
            minutes += lasted * one.costly
            money += lasted * one.price
        return minutes, money


class Called(Protocol):
    """A number outside that was called before a restart, as the journal has it; talks: line, from, until."""

    @property
    def at(self) -> int: ...
    @property
    def number(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def person(self) -> str: ...
    @property
    def talks(self) -> tuple[tuple[str, int, int], ...]: ...


def earlier(s: Settings, rows: Iterable[Called]) -> tuple[list[tuple[int, str]], list[Talk]]:
    """What Spending.learn takes."""
    began: list[tuple[int, str]] = []
    talks: list[Talk] = []
    for row in rows:
        costly = row.kind in COSTLY
        began += [(row.at, row.person)] * costly
        for line, since, until in row.talks:
            if line in s.line:
                talks.append(Talk(since, until or since, costly, price(s, line, row.number) or 0.0))
    return began, talks
