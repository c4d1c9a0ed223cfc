# SPDX-License-Identifier: GPL-2.0-or-later
"""Those who answer: what they say of themselves, where they can be reached, what their telephones are doing."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Literal

from appliance.calls.call import Call, Person, State
from appliance.calls.call import Status as StatusName
from appliance.calls.ports import Journal
from appliance.calls.routing import Routing
from appliance.core.names import Fact, Status

log = logging.getLogger("calls")

LOOK_EVERY = 60.0  # seconds; a clock that was set is noticed by then

PersonState = Literal["unreachable", "free", "ringing", "talking"]


class People:
    """Everybody of the settings in force; the core is told what it must know of them."""

    def __init__(
        self, routing: Routing, journal: Journal, calls: Mapping[int, Call], changed: Callable[[str], None]
    ) -> None:
        """changed: told of each whose pause begins or ends, and whose status ends by itself."""
        self.known: dict[str, Person] = {}
        self.contacts: dict[str, tuple[list[str], str, int | None]] = {}  # phone -> contacts, agent, expires
        self.usable: dict[str, bool] = {}  # lines
        self.off_duty: Mapping[str, int | None] = {}  # as Duty keeps it
        self._routing, self._journal, self._calls, self._changed = routing, journal, calls, changed
        self._reached: dict[str, int] = {}  # person -> telephones, as last told
        self._pauses: dict[str, asyncio.TimerHandle] = {}
        self._expiries: dict[str, asyncio.TimerHandle] = {}
        self._reminders: dict[str, asyncio.TimerHandle] = {}
        self.remind: Callable[[str], None] = lambda person: None  # tells him that his status is what it is, still

    def start(self, known: Mapping[str, Person]) -> None:
        """known: statuses before a restart."""
        self.known.update(known)
        self.enter()
        for name in self._routing.rules.settings.person:
            self.reachable(name)
            if self.known[name].status != "available" or self.known[name].dnd:
                self._status(name)
            if self.known[name].paused:  # the core remembers it too
                self._watch(name)
            self._expire(name)

    def now(self) -> int:
        """ms UTC."""
        return self._routing.now()

    def enter(self) -> None:
        """Know whoever the rules in force name."""
        for name in self._routing.rules.settings.person:
            self.known.setdefault(name, Person(since=self._routing.now()))
            self._remind(name)

    def set_status(
        self, person: str, status: StatusName, reason: str, source: str = "", until: int | None = None
    ) -> None:
        """KeyError when there is no such person or status. After `until` (ms UTC) he is again what he was before."""
        if person not in self._routing.rules.settings.person:
            raise KeyError(person)
        old, now = self.known[person], self._routing.now()
        new = replace(old, status=status, reason=reason, since=now, source=source, until=None, reminded=None)
        new.paused, new.paused_until, new.before, new.before_reason = False, None, "available", ""
        if until is not None and until > now:
            lasting = old.until is None
            new.until = until
            new.before, new.before_reason = (old.status, old.reason) if lasting else (old.before, old.before_reason)
        self.known[person] = new
        self._note("status", person=person, status=status, reason=reason)
        self._watch(person)  # it ends a pause
        self._expire(person)
        self._remind(person)
        self._status(person)
        self._changed(person)

    def set_dnd(self, person: str, on: bool) -> None:
        """Not to be disturbed. It ends a pause, as a status does."""
        known = self.known[person]
        known.dnd, known.paused, known.paused_until = on, False, None
        self._note("dnd", person=person, on=on)
        self._watch(person)
        self._status(person)
        self._changed(person)

    def set_forward(self, person: str, when: str, number: str) -> None:
        """Where calls to him alone go always, when busy, on no answer; "" nowhere."""
        setattr(self.known[person], f"forward_{when}", number)
        self._note("forwarding", person=person, when=when, to=number)
        self._changed(person)

    def _expire(self, person: str) -> None:
        """A status that was set for a time ends by itself."""
        if timer := self._expiries.pop(person, None):
            timer.cancel()
        known = self.known[person]
        if known.until is None or person not in self._routing.rules.settings.person:
            return
        left = (known.until - self._routing.now()) / 1000
        if left > 0:
            loop = asyncio.get_running_loop()
            self._expiries[person] = loop.call_later(min(left, LOOK_EVERY), self._expire, person)
            return
        known.until = None
        self.set_status(person, known.before, known.before_reason)
        self._routing.drain()
        self._changed(person)

    def _remind(self, person: str) -> None:
        """Who has been on a break, away or in a meeting for long is reminded of it, again and again."""
        if timer := self._reminders.pop(person, None):
            timer.cancel()
        settings, known = self._routing.rules.settings, self.known[person]
        table = settings.status
        if not table.remind_after or known.status not in table.remind or person not in settings.person:
            return
        now = self._routing.now()
        left = (known.reminded or known.since) / 1000 + table.remind_after - now / 1000
        if left <= 0:
            known.reminded, left = now, table.remind_after
            self._note("reminded", person=person, status=known.status)
            self._changed(person)
            if table.ring:
                self.remind(person)
        loop = asyncio.get_running_loop()
        self._reminders[person] = loop.call_later(min(left, LOOK_EVERY), self._remind, person)

    def _status(self, person: str) -> None:
        known = self.known[person]
        value = Status[known.status.upper()]
        if known.dnd and value == Status.AVAILABLE:
            value = Status.AWAY  # queues and chains leave him alone; a call to him alone is asked about, see Diverting
        self._routing.feed(Fact.STATUS, person=self._routing.id("person", person), value=value)

    def let_ring(self, person: str, ms: int) -> None:
        """He let too many calls ring."""
        if person in self.known:
            log.info("%s let too many calls ring and is not rung for now", person)
            self._note("paused", person=person, ms=ms)
            self.pause(person, ms)

    def pause(self, person: str, ms: int) -> None:
        """The core rings him no more for so long, or (0) until his status is set."""
        known = self.known[person]
        known.paused, known.paused_until = True, self._routing.now() + ms if ms else None
        self._watch(person)
        self._changed(person)

    def _watch(self, person: str) -> None:
        """The core ends a pause by itself; those who look on are to know."""
        if timer := self._pauses.pop(person, None):
            timer.cancel()
        known = self.known[person]
        if not known.paused or known.paused_until is None:
            return
        left = (known.paused_until - self._routing.now()) / 1000
        if left <= 0:
            known.paused, known.paused_until = False, None
            self._changed(person)
        else:
            loop = asyncio.get_running_loop()
            self._pauses[person] = loop.call_later(min(left, LOOK_EVERY), self._watch, person)

    def close(self) -> None:
        for timer in (*self._pauses.values(), *self._expiries.values(), *self._reminders.values()):
            timer.cancel()

    def owner(self, phone: str) -> str:
        people = self._routing.rules.settings.person
        return next((name for name, one in people.items() if phone in one.phones), "")

    def reachable(self, person: str) -> None:
        """Tell the core how many telephones he has registered."""
        phones = self._routing.rules.settings.person[person].phones
        count = sum(len(self.contacts[phone][0]) for phone in phones if phone in self.contacts)
        self._routing.feed(Fact.REACHABLE, person=self._routing.id("person", person), value=count)
        if self._reached.get(person) != count:
            self._reached[person] = count
            self._note("reachable", person=person, telephones=count)

    def _note(self, kind: str, **detail: object) -> None:
        """For the journal: a replay needs to know who was there."""
        self._journal.event(0, self._routing.now(), kind, detail)

    def states(self, of: Collection[str] | None = None) -> dict[str, PersonState]:
        """What the telephones of these people are doing, or everybody's, as everybody may see it."""
        under_way = [call for call in self._calls.values() if call.state is not State.OVER]
        talking = {person for call in under_way for person in (call.person, call.caller_person)}
        ringing = {ring.person for call in under_way for ring in call.rings.values()}

        settings = self._routing.rules.settings
        mobiles = any(self.usable.get(line) for line in settings.outside.lines)

        def state(name: str, phones: Iterable[str], mobile: bool) -> PersonState:
            if name in talking:
                return "talking"
            if name in ringing:
                return "ringing"
            registered = any(phone in self.contacts and self.contacts[phone][0] for phone in phones)
            return "free" if registered or (mobile and mobiles) else "unreachable"

        people = (
            settings.person if of is None else {name: settings.person[name] for name in of if name in settings.person}
        )
        return {name: state(name, one.phones, one.mobile is not None) for name, one in people.items()}
