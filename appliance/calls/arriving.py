# SPDX-License-Identifier: GPL-2.0-or-later
"""A call arrives: who calls, written down and told to the core."""

import logging
from collections.abc import Callable, Sequence

from appliance.calls.call import Call, Direction, Outcome, State
from appliance.calls.caller import read, who_calls
from appliance.calls.features import Dialled
from appliance.calls.hands import SERVICE
from appliance.calls.history import History
from appliance.calls.loopback import Arrived
from appliance.calls.people import People
from appliance.calls.ports import UNVOUCHED, Audience, Journal, Leg, Vouched
from appliance.calls.ringing import Ringing
from appliance.calls.routing import Routing
from appliance.core import CoreError
from appliance.core.names import Fact, Past, Trust
from appliance.settings.models import TELEPHONES

log = logging.getLogger("calls")

NO_SUCH_NUMBER = 28  # Q.850 invalid number format
CONGESTION = 42  # Q.850 switching equipment congestion


class Arriving:
    """Calls from telephones and lines."""

    def __init__(
        self,
        routing: Routing,
        ringing: Ringing,
        journal: Journal,
        audience: Audience,
        history: History,
        people: People,
        calls: dict[int, Call],
        closed: Callable[[Call, Outcome], None],
    ) -> None:
        """closed: the core refuses a call."""
        self._routing, self._ringing, self._journal, self._audience = routing, ringing, journal, audience
        self._history, self._people, self._calls, self._closed = history, people, calls, closed

    def begin(
        self,
        leg: Leg,
        source: str,
        phone: bool,
        number: str,
        name: str,
        called: str,
        vouched: Vouched = UNVOUCHED,
        *,
        up: bool = False,
        purpose: Dialled | None = None,
        at_once: bool = False,
        begun: Callable[[Call], None] = lambda call: None,
        mobile: str = "",
        id: int = 0,
    ) -> Call | int:
        """The call, or the cause why there is none; see Calls.place and Listener.incoming."""
        rules = self._routing.rules
        owner = mobile or self._people.owner(source) if phone else None
        who = who_calls(rules, source, owner, number, name, vouched)
        line = TELEPHONES if phone else source
        if not phone:
            called = read(rules, line, called)
        direction: Direction = "internal" if phone else "in"
        since = self._routing.now()
        call = Call(
            id or self._journal.next_call_id(), rules, direction, line, who.number, called, who.name, since, leg
        )
        call.trust, call.up, call.purpose, call.at_once = who.trust, up, purpose, at_once
        call.phone, call.mobile = source if phone and not mobile else "", source if mobile else ""
        call.caller_person = who.person
        self._calls[call.id] = call
        self._ringing.legs[leg] = (call, None)
        if not id:
            self._journal.call(call.id, since, line, call.caller, called, call.name)
        self._ringing.note(call, leg, source, "caller", "answered" if up else "started")
        begun(call)
        try:
            self.tell(call, who.trust, self._routing.id("step", SERVICE) if purpose else 0)
        except CoreError as fault:
            log.error("call %d from %s on line %s is refused by the core: %s", call.id, call.caller, line, fault.id)
            self._closed(call, "refused")
            return NO_SUCH_NUMBER if fault.id == "bad-event" else CONGESTION
        self._audience.call_changed(call.id)
        if who.person:
            self._audience.person_changed(who.person)
        self._routing.drain()
        log.info("call %d: %s (%s) calls %s on line %s", call.id, call.caller or "withheld", call.name, called, line)
        return call

    def named(self, leg: Leg, number: str) -> None:
        """Shown and written down; the lists a caller is on were looked at when the call began."""
        call, ring = self._ringing.legs.get(leg, (None, None))
        if not call or ring or call.caller or call.state is State.OVER:
            return
        who = who_calls(call.rules, call.line, None, number, "", UNVOUCHED)
        call.caller, call.name, call.trust = who.number, who.name, who.trust
        self._journal.caller(call.id, call.caller, call.name)
        self._journal.event(call.id, self._routing.now(), "caller", {"number": call.caller})
        for ringing in (*call.rings.values(), *([call.talk] if call.talk else [])):
            if ringing.person and ringing.shown:
                ringing.shown = call.shown(ringing.queue)
        if call.talk:
            self._ringing.display.tell(call.talk.answered, leg)
        self._audience.call_changed(call.id)

    def knocked(self, line: str, number: str) -> None:
        """A caller nobody can take is a missed one, and is told with the talk he came in on."""
        busy = [call for call in self._calls.values() if line in call.lines_used()]
        missed, now = self.missed(Arrived(line, number), busy), self._routing.now()
        for call in busy:
            self._journal.event(call.id, now, "second-caller", {"number": missed.caller, "name": missed.name})
            self._audience.happened("second-caller", call, detail=missed.caller)

    def missed(self, arrived: Arrived, busy: Sequence[Call] = ()) -> Call:
        """Who called and was taken by nobody. busy: the calls that his line had no room beside."""
        rules, now = self._routing.rules, self._routing.now()
        who = who_calls(rules, arrived.line, None, arrived.number, arrived.name, arrived.vouched)
        id, called = self._journal.next_call_id(), read(rules, arrived.line, arrived.called)
        missed = Call(id, rules, "in", arrived.line, who.number, called, who.name, now, 0)
        missed.trust, missed.state, missed.outcome = who.trust, State.OVER, "abandoned"
        self._journal.call(id, now, missed.line, missed.caller, missed.called, missed.name)
        if busy:
            self._journal.event(id, now, "line-busy", {"calls": [call.id for call in busy]})
        self._journal.over(id, now, "abandoned", "", "", None)
        self._history.over(missed)
        log.info("call %d: %s (%s) calls on line %s in vain", id, who.number or "withheld", who.name, missed.line)
        self._audience.happened("missed", missed)
        return missed

    def tell(self, call: Call, trust: Trust, step: int = 0) -> None:
        """The core is told. step: where he is led whom we called ourselves; 0: he called. Raises CoreError."""
        past, last = self._history.of(call.caller) if call.direction != "internal" else (Past(0), "")
        self._routing.tell(
            Fact.ARRIVED,
            call=call.id,
            line=self._routing.id("line", call.line),
            person=self._routing.id("person", call.caller_person) if call.caller_person else 0,
            trust=trust,
            history=past,
            what=self._routing.id("person", last) if last in self._routing.rules.settings.person else 0,
            number=call.caller.removeprefix("+"),
            other=call.called.removeprefix("+"),
            leg=step,
        )
