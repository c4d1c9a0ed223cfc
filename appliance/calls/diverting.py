# SPDX-License-Identifier: GPL-2.0-or-later
"""Direct calls that go elsewhere: do-not-disturb, forwarding, call waiting, and back to who transferred them."""

import asyncio
from collections.abc import Callable, Mapping

from appliance.calls.call import Call, Person, Ring, State
from appliance.calls.calling import Calling, Summons
from appliance.calls.hands import Hands
from appliance.calls.ports import Leg
from appliance.calls.routing import Routing
from appliance.core import Command, CoreError, Trace
from appliance.core.names import Because, Fact, Why
from appliance.settings.models import Settings

FORWARDS = 5  # of one call at most
BUSY = 17  # Q.850
BACK_WITHIN = 120.0  # seconds that a call that came back waits for somebody who talks, and wants no second call
NUMBER_MOST = 20  # digits, as of a forwarding in the settings
RETURNED = "own.returned"  # the step that rings who sent a call
IN_A_CALL = (Because.BUSY, Because.RINGING)


class Diverting:
    """Asked before one person alone is rung, and when that person did not take the call."""

    def __init__(
        self,
        routing: Routing,
        hands: Hands,
        calling: Calling,
        people: Mapping[str, Person],
        settings: Callable[[], Settings],
    ) -> None:
        self._routing, self._hands, self._calling = routing, hands, calling
        self._people, self._settings = people, settings
        self._waiting: dict[int, Summons] = {}  # telephones that ring beside a talk, by call
        self._until_free: dict[int, tuple[Call, str, asyncio.TimerHandle]] = {}  # who waits for whom, by call

    def traced(self, call: Call, one: Trace, name: str) -> None:
        """Notes whom the core rings or passes over, and why."""
        if one.rule == Why.RUNG:
            call.direct = name if one.reason == Because.DIRECT else ""
            call.busy = False
        elif one.rule == Why.PASSED:
            call.busy = one.reason in IN_A_CALL
        elif one.rule == Why.REFUSED:
            call.busy = one.reason == Because.DECLINED

    # ---- before ringing ---------------------------------------------------------------------------------------------

    def rings(self, call: Call, command: Command) -> bool:
        """Whether the person of this command is rung after all; else something else was done."""
        person = call.rules.names.name(command.target)
        if call.direct != person:
            return True
        if self._forward(call, person, "always"):
            return False
        if self._people[person].dnd:
            self._routing.feed(Fact.REFUSED, call=call.id, leg=command.leg, value=BUSY)
            return False
        return True

    def diverted(self, call: Call, person: str, number: str) -> None:
        """His telephone sends a call to him alone elsewhere (302), which goes no further than codes for that do."""
        if len(number) <= NUMBER_MOST:
            self._send_on(call, person, "phone", number)

    def _forward(self, call: Call, person: str, when: str) -> bool:
        return self._send_on(call, person, when, self._number(person, when))

    def _send_on(self, call: Call, person: str, when: str, number: str) -> bool:
        if not number or person in call.forwarded or len(call.forwarded) >= FORWARDS:
            return False
        if not self._hands.reaches(number, person):
            self._hands.note(call, "forward-refused", person=person, to=number, when=when)
            return False
        call.forwarded, call.forwarded_to = (*call.forwarded, person), number
        self._hands.note(call, "forward", person=person, to=number, when=when)
        try:
            self._hands.send(call, number, person)
        except CoreError:
            return False
        return True

    def _number(self, person: str, when: str) -> str:
        """Where his calls go: as he dialled, else as the settings say; "" for nowhere."""
        table = self._settings().person.get(person)
        dialled: str | None = getattr(self._people[person], f"forward_{when}")
        return dialled if dialled is not None else (getattr(table, f"forward_{when}") if table else None) or ""

    def forwards(self, person: str) -> dict[str, str]:
        """Where calls to him alone go, by when."""
        found = {when.replace("_", "-"): self._number(person, when) for when in ("always", "busy", "no_answer")}
        return {when: number for when, number in found.items() if number}

    # ---- when nobody took it ----------------------------------------------------------------------------------------

    def unanswered(self, call: Call, person: str) -> None:
        """The core asks where else the call goes; nothing found: to the mailbox."""
        call.state = State.RINGING
        if call.at_once:
            self._routing.feed(Fact.FOUND, call=call.id, value=0)
            self._hands.hang_up(call.leg, BUSY)
        elif not self._return(call, person) and not self._elsewhere(call, person):
            self._routing.feed(Fact.FOUND, call=call.id, value=0)

    def _return(self, call: Call, person: str) -> bool:
        """Back to who transferred it, once."""
        to, call.returns_to = call.returns_to, ""
        if not to or to == person:
            return False
        call.handed_on_by = to
        self._hands.note(call, "returned", to=to, unanswered=person)
        try:
            self._hands.send_to(call, RETURNED, to)
        except CoreError:
            return False
        return True

    def _elsewhere(self, call: Call, person: str) -> bool:
        if not call.busy:
            return self._forward(call, person, "no_answer")
        return self._forward(call, person, "busy") or self._knock(call, person)

    # ---- back to who handed it on, who has another call by now ------------------------------------------------------

    def returned_in_vain(self, call: Call) -> None:
        """The core asks what else is done for a call that came back; nothing: the caller may leave a message."""
        call.state = State.RINGING
        person = call.handed_on_by
        wanted = call.busy and person in self._settings().person and not self._people[person].dnd
        if not wanted or not (self._knock(call, person) or self._wait_for(call, person)):
            self._give_up(call)

    def _wait_for(self, call: Call, person: str) -> bool:
        """He wants no second call: the caller waits till he talks no longer, whoever else waits in a queue of his."""
        if not self._hands.is_on_a_call(person):
            return False
        timer = asyncio.get_running_loop().call_later(BACK_WITHIN, self._waited, call)
        self._until_free[call.id] = (call, person, timer)
        self._hands.ringing(call)
        self._hands.note(call, "call-waiting", person=person)
        return True

    def _waited(self, call: Call) -> None:
        if self._until_free.pop(call.id, None):
            self._give_up(call)
            self._routing.drain()

    def _give_up(self, call: Call) -> None:
        self._routing.feed(Fact.FOUND, call=call.id, value=0)

    def _look_who_is_free(self, calls: Mapping[int, Call]) -> None:
        for id, (call, person, timer) in list(self._until_free.items()):
            if id in calls and call.state is State.RINGING and self._hands.is_on_a_call(person):
                continue
            timer.cancel()
            del self._until_free[id]
            if id in calls and call.state is State.RINGING and not self._ring_beside(call, person):
                self._give_up(call)
                self._routing.drain()

    def close(self) -> None:
        for _, _, timer in self._until_free.values():
            timer.cancel()

    # ---- call waiting -----------------------------------------------------------------------------------------------

    def _knock(self, call: Call, person: str) -> bool:
        """Ring the telephones of somebody who talks or is rung, where he wants that."""
        table = self._settings().person.get(person)
        if not table or self._people[person].dnd:
            return False
        talks = self._hands.is_on_a_call(person)
        if not (table.call_waiting if talks else self._hands.is_rung(person)):
            return False
        return self._ring_beside(call, person)

    def _ring_beside(self, call: Call, person: str) -> bool:
        """Ring somebody's telephones, which have another call."""
        table = self._settings().person.get(person)
        if not table:
            return False

        def answered(leg: Leg, phone: str) -> None:
            self._waiting.pop(call.id, None)
            self._calling.release(leg)
            try:
                self._hands.take(call, Ring(0, person, "", {leg: phone}, leg))
            except CoreError:
                self._hands.hang_up(leg)

        def ended(leg: Leg) -> None:
            if (
                self._waiting.pop(call.id, None)
                and call.state is not State.OVER
                and not self._forward(call, person, "no_answer")
            ):
                self._routing.feed(Fact.FOUND, call=call.id, value=0)
                self._routing.drain()

        summons = self._calling.ring(table.phones, call.who().number, call.shown(""), table.ring_for, answered, ended)
        if summons:
            self._waiting[call.id] = summons
            self._hands.ringing(call)
            self._hands.note(call, "call-waiting", person=person)
        return summons is not None

    def look(self, calls: Mapping[int, Call]) -> None:
        """Telephones no longer ring for calls that are over or elsewhere."""
        for id in [id for id in self._waiting if id not in calls or calls[id].talk]:
            self._calling.hang_up(self._waiting.pop(id))
        if self._until_free:
            self._look_who_is_free(calls)
