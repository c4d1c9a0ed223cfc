# SPDX-License-Identifier: GPL-2.0-or-later
"""Call me back as soon as somebody is free."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from appliance.calls.calling import Calling
from appliance.calls.hands import Calls
from appliance.calls.people import PersonState
from appliance.calls.ports import Leg
from appliance.settings.models import Settings

RINGS_FOR = 25.0  # seconds


class Wish(NamedTuple):
    """Who wants to talk to whom, until when (ms UTC)."""

    person: str
    phone: str
    to: str
    until: int


class CallBack:
    """Wishes, one for each pair of people; whoever starts us keeps them."""

    def __init__(
        self,
        calling: Calling,
        calls: Calls,
        hang_up: Callable[[Leg], None],
        settings: Callable[[], Settings],
        now: Callable[[], int],
    ) -> None:
        self._calling, self._calls, self._hang_up, self._settings, self._now = calling, calls, hang_up, settings, now
        self.wishes: dict[tuple[str, str], Wish] = {}

    def wish(self, person: str, phone: str, to: str) -> bool:
        """Whether it is a wish that may come true."""
        if not person or person == to or to not in self._settings().person:
            return False
        until = self._now() + self._settings().features.call_back_for * 1000
        self.wishes[person, to] = Wish(person, phone, to, until)
        return True

    def learn(self, wishes: Iterable[Wish]) -> None:
        """Wishes of before a restart."""
        self.wishes.update({(wish.person, wish.to): wish for wish in wishes})

    def look(self, states: Callable[[], dict[str, PersonState]]) -> None:
        """Ring those whose wish can come true now. states is asked only when there is a wish."""
        if not self.wishes:
            return
        now = states()
        for key, wish in list(self.wishes.items()):
            if wish.until <= self._now() or not self._settings().person.keys() >= {wish.person, wish.to}:
                del self.wishes[key]
            elif now.get(wish.to) == now.get(wish.person) == "free":
                del self.wishes[key]
                self._call(wish)

    def _call(self, wish: Wish) -> None:
        table = self._settings().person[wish.to]
        self.ring([wish.phone], table.extension or "", table.name)

    def ring(
        self,
        phones: Iterable[str],
        number: str,
        name: str,
        id: int = 0,
        unanswered: Callable[[], None] = lambda: None,
    ) -> bool:
        """Ring telephones; where they answer a number is called, as if it were dialled there. Whether any is there.

        id: of the call, which the journal has already; unanswered: nobody answered, and none is made."""

        def answered(leg: Leg, phone: str) -> None:
            self._calling.release(leg)
            if not self._calls.place(leg, phone, number, up=True, id=id):
                self._hang_up(leg)

        return self._calling.ring(phones, number, name, RINGS_FOR, answered, lambda leg: unanswered()) is not None
