# SPDX-License-Identifier: GPL-2.0-or-later
"""Those who answer: what they say of themselves, where they can be reached, what their telephones are doing."""

from collections.abc import Iterable, Mapping
from typing import Literal

from appliance.calls.call import Call, Person, State
from appliance.calls.call import Status as StatusName
from appliance.calls.routing import Routing
from appliance.core.names import Fact, Status

PersonState = Literal["unreachable", "free", "ringing", "talking"]


class People:
    """Everybody of the settings in force; the core is told what it must know of them."""

    def __init__(self, routing: Routing, calls: Mapping[int, Call]) -> None:
        self.known: dict[str, Person] = {}
        self.contacts: dict[str, tuple[list[str], str, int | None]] = {}  # phone -> contacts, agent, expires
        self._routing, self._calls = routing, calls

    def start(self, known: Mapping[str, Person]) -> None:
        """known: statuses before a restart."""
        self.known.update(known)
        self.enter()
        for name in self._routing.rules.settings.person:
            if self.known[name].status != "available":
                self._status(name)

    def enter(self) -> None:
        """Know whoever the rules in force name."""
        for name in self._routing.rules.settings.person:
            self.known.setdefault(name, Person(since=self._routing.now()))

    def set_status(self, person: str, status: StatusName, reason: str) -> None:
        """KeyError when there is no such person or status."""
        if person not in self._routing.rules.settings.person:
            raise KeyError(person)
        self.known[person] = Person(status, reason, self._routing.now())
        self._status(person)

    def _status(self, person: str) -> None:
        value = Status[self.known[person].status.upper()]
        self._routing.feed(Fact.STATUS, person=self._routing.id("person", person), value=value)

    def owner(self, phone: str) -> str:
        people = self._routing.rules.settings.person
        return next((name for name, one in people.items() if phone in one.phones), "")

    def reachable(self, person: str) -> None:
        """Tell the core how many telephones he has registered."""
        phones = self._routing.rules.settings.person[person].phones
        count = sum(len(self.contacts[phone][0]) for phone in phones if phone in self.contacts)
        self._routing.feed(Fact.REACHABLE, person=self._routing.id("person", person), value=count)

    def states(self) -> dict[str, PersonState]:
        """What everybody's telephones are doing, as everybody may see it."""
        under_way = [call for call in self._calls.values() if call.state is not State.OVER]
        talking = {person for call in under_way for person in (call.person, call.caller_person)}
        ringing = {ring.person for call in under_way for ring in call.rings.values()}

        def state(name: str, phones: Iterable[str]) -> PersonState:
            if name in talking:
                return "talking"
            if name in ringing:
                return "ringing"
            return (
                "free" if any(phone in self.contacts and self.contacts[phone][0] for phone in phones) else "unreachable"
            )

        return {name: state(name, person.phones) for name, person in self._routing.rules.settings.person.items()}
