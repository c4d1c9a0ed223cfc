# SPDX-License-Identifier: GPL-2.0-or-later
"""Ringing people and lines, and putting the caller through to whoever answers."""

import logging
import re
from collections.abc import Callable
from pathlib import Path

from appliance.calls.call import Call, Ring, State
from appliance.calls.confirm import DECLINED, NO_ANSWER, Confirm
from appliance.calls.display import Display
from appliance.calls.outgoing import Outgoing, is_for_help
from appliance.calls.ports import Audience, Journal, Leg, Port, Telephony
from appliance.calls.routing import Routing
from appliance.calls.sound import Sound
from appliance.core import Command
from appliance.core.names import Fact, Ways
from appliance.settings.lines import SipLine
from appliance.settings.models import TELEPHONES
from appliance.settings.numbers import normalise
from appliance.settings.outgoing import Number, by_price, canonical, read
from appliance.settings.ways_out import emergency_lines

log = logging.getLogger("calls")

NUMBER = re.compile(r"\+?[0-9]{2,20}")  # what a line may name instead of the one called
ENDED, UNREACHABLE, ELSEWHERE, NO_LINE = 16, 20, 26, 34  # Q.850
BUSY_LINE = frozenset({17, 34, 38, 41, 42, 47})  # Q.850: how a trunk says that it carries all it can


class Ringing:
    """Every leg under way and whose it is; ring None: the caller's."""

    def __init__(
        self,
        routing: Routing,
        telephony: Telephony,
        sound: Sound,
        journal: Journal,
        audience: Audience,
        outgoing: Outgoing,
        words: Callable[[], Path],
    ) -> None:
        """words: what asks for a key to take the call."""
        self.legs: dict[Leg, tuple[Call, Ring | None]] = {}
        self.display = Display(telephony, self.legs)
        self._routing, self._telephony, self._sound = routing, telephony, sound
        self._journal, self._audience, self._outgoing = journal, audience, outgoing
        self.meet: Callable[[Call, Ring], bool] = lambda call, ring: False  # whether who talks is put through later
        self._confirm = Confirm(telephony, words, self._confirmed)

    # ---- commands ---------------------------------------------------------------------------------------------------

    def ring(self, call: Call, command: Command) -> None:
        settings = call.rules.settings
        person, queue = call.rules.names.name(command.target), call.rules.names.name(command.queue)
        queue = settings.queue[queue].name if queue in settings.queue else queue
        ring = Ring(command.leg, person, "", queue=queue, shown=(shown := call.shown(queue)))
        call.rings[ring.leg] = ring
        self._audience.happened("ringing", call, person)  # first: the house hears of it as soon as the telephones do
        table, ways = settings.person.get(person), Ways(command.value)
        if table and ways & Ways.TELEPHONES:
            for phone in table.phones:
                for leg in self._telephony.ring_phone(phone, call.who().number, shown, call.at_once):
                    self._join(call, ring, leg, phone)
        if table and table.mobile and ways & Ways.MOBILE:
            ring.number, ring.confirm = self._number(call, table.mobile), table.confirm
            ring.lines = by_price(settings, settings.outside.lines, ring.number.e164)
            self._next_line(call, ring)
        self._begun(call, ring, UNREACHABLE)

    def dial(self, call: Call, command: Command) -> None:
        line = call.rules.names.name(command.target)
        ring = Ring(command.leg, "", line, shown=call.name, lines=[line])
        ring.number, ring.confirm = self._asked_for(call, command.number), bool(command.value)
        if ring.number.kind == "emergency":
            ring.lines += [one for one in emergency_lines(call.rules.settings) if one != line]
        call.rings[ring.leg] = ring
        if call.direction != "in":
            self._audience.line_changed(call.line)
            call.direction, call.line, call.dialled = "out", line, ring.number.e164 or ring.number.dialled
        if not self._next_line(call, ring):
            self._make_room(call, ring)
        self._begun(call, ring, NO_LINE)

    def _asked_for(self, call: Call, number: str) -> Number:
        """The number outside as somebody asked for it; the core was told one form of it, or dials one of the settings."""
        asked, prefix = call.outgoing, call.rules.settings.outside.prefix
        if asked and (is_for_help(asked) or canonical(call.rules.settings, asked.number) == prefix + number):
            return asked.number
        return self._number(call, number)

    @staticmethod
    def _number(call: Call, written: str) -> Number:
        """A number of the settings, which name whom they like."""
        country = call.rules.settings.office.country
        return read(normalise(written, country), country)

    def _next_line(self, call: Call, ring: Ring) -> bool:
        """Call the number outside through the next line that can; whether there was one."""
        while ring.lines:
            line = ring.lines.pop(0)
            if leg := self._outgoing.dial(call, line, ring.number, ring.shown, anyway=ring.anyway):
                ring.outside = leg
                self._join(call, ring, leg, line)
                self._audience.line_changed(line)
                return True
            ring.down.append(line)
        return False

    def _make_room(self, call: Call, ring: Ring) -> None:
        """A call for help that no line carries: another call ends, then all of them are tried once more; or, when none is to
        end, those are tried that seem to be down."""
        if ring.number.kind != "emergency" or ring.waits:
            return
        ring.waits = self._outgoing.make_room(call, lambda: self._again(call, ring))
        if not ring.waits and not ring.anyway:
            ring.anyway, ring.lines = True, list(dict.fromkeys(ring.down))
            self._next_line(call, ring)

    def _again(self, call: Call, ring: Ring) -> None:
        ring.waits = False
        if call.rings.get(ring.leg) is not ring:
            return
        ring.lines = emergency_lines(call.rules.settings)
        if not self._next_line(call, ring):
            self._make_room(call, ring)
        self._begun(call, ring, NO_LINE)
        self._routing.drain()

    def on_lines(self) -> dict[Leg, tuple[Call, str]]:
        """Every leg to or from a line, with its call and the line."""
        found = {}
        for leg, (call, ring) in self.legs.items():
            line = "" if call.phone else call.mobile or call.line
            if ring:
                line = ring.parties.get(leg, "") if leg == ring.outside else ""
            if line and line != TELEPHONES:
                found[leg] = (call, line)
        return found

    def _join(self, call: Call, ring: Ring, leg: Leg, party: str) -> None:
        ring.parties[leg] = party
        self.legs[leg] = (call, ring)
        self.note(call, leg, party, ring.kind(leg), "started")

    def _begun(self, call: Call, ring: Ring, cause: int) -> None:
        if ring.parties or ring.waits:
            if call.state in (State.ARRIVED, State.MENU):
                call.state = State.RINGING
            if call.up and not (call.state is State.WAITING and self._sound.heard(call)):
                self._sound.music(call)
        else:
            self._routing.feed(Fact.REFUSED, call=call.id, leg=ring.leg, value=cause)
            call.rings.pop(ring.leg, None)
        if ring.person:
            self._audience.person_changed(ring.person)

    def stop(self, call: Call, leg: int, cause: int) -> None:
        """Ring no longer; or, when somebody sends the call elsewhere, let go whoever talks."""
        ring = call.rings.pop(leg, None)
        if not ring and call.talk and call.talk.leg == leg:
            ring, call.talk, call.person = call.talk, None, ""
            self._telephony.unhear(call.leg, ring.answered)
            self._telephony.unhear(ring.answered, call.leg)
        if not ring:
            return
        for one in ring.parties:
            self._let_go(one, cause)
        if ring.person:
            self._audience.person_changed(ring.person)

    def _let_go(self, leg: Leg, cause: int) -> None:
        self._confirm.forget(leg)
        self._telephony.hang_up(leg, cause)

    def answer(self, call: Call) -> None:
        """What he hears who is refused comes before an answer."""
        if call.refused and call.leg:
            self._telephony.early(call.leg)
        elif not call.up and call.leg:
            call.up = True
            self._telephony.answer(call.leg)

    def tell_ringing(self, call: Call) -> None:
        """Let a caller who is not answered hear that it rings."""
        if not call.up and not call.told_ringing and call.leg:
            call.told_ringing = True
            self.display.rings(call)
            self._telephony.ringing(call.leg)

    def bridge(self, call: Call, leg: int) -> None:
        ring, call.taking = call.rings.pop(leg, None) or call.taking, None
        if not ring or not call.leg:
            return
        ring.leg = leg
        self._sound.silence(call)
        call.refused = False  # a supervisor has sent him elsewhere
        self.display.meet(call.leg, ring.answered)
        self.answer(call)
        call.talk, call.person, call.state, call.answered_at = ring, ring.person, State.TALKING, self._routing.now()
        if not self.meet(call, ring):
            self._telephony.hear(call.leg, ring.answered)
            self._telephony.hear(ring.answered, call.leg)
        log.info(
            "call %d: answered by %s after %.1f s",
            call.id,
            ring.person or ring.line,
            (call.answered_at - call.since) / 1000,
        )
        call.spoke = ring.person or call.spoke
        self._audience.happened("answered", call, ring.person)
        self.people_changed(call)
        if line := ring.line_used():
            self._audience.line_changed(line)

    def hang_up(self, call: Call, cause: int) -> None:
        """End every leg of a call."""
        if call.leg:
            self._telephony.hang_up(call.leg, cause)
        if call.talk and call.talk.answered:
            self._telephony.hang_up(call.talk.answered, cause)
        for leg in list(call.rings):
            self.stop(call, leg, cause)

    # ---- facts of those who are rung --------------------------------------------------------------------------------

    def rang(self, call: Call, ring: Ring, leg: Leg) -> None:
        self.note(call, leg, ring.parties.get(leg, ""), ring.kind(leg), "rang")
        ring.rang |= leg == ring.outside
        self.tell_ringing(call)
        self._routing.feed(Fact.RANG, call=call.id, leg=ring.leg)

    def early(self, call: Call, ring: Ring, leg: Leg) -> None:
        """The caller hears the line he is called out by, when nothing else rings for him."""
        if (
            leg == ring.outside
            and call.leg
            and not call.up
            and not ring.confirm
            and list(call.rings.values()) == [ring]
        ):
            self._telephony.early(call.leg)
            self._telephony.hear(call.leg, leg)

    def redirected(self, call: Call, ring: Ring, number: str) -> None:
        """The line names another number: called on it next, once, where the settings and his permission let it."""
        table = call.rules.settings.line.get(line := ring.line_used())
        if not isinstance(table, SipLine) or not table.redirects or ring.redirected or ring.number.kind == "emergency":
            return
        ring.redirected = True
        to = self._number(call, number) if NUMBER.fullmatch(number) else None
        if not to or to.kind == "emergency" or not self._outgoing.may_go_on(call, to):
            log.info("call %d: line %s names %.40r instead, which is not called", call.id, line, number)
            return
        ring.number = to
        ring.lines.insert(0, line)

    def answered(self, call: Call, ring: Ring, leg: Leg) -> None:
        if ring.answered == leg:
            return  # it dialled to take the call, and has it
        if ring.answered:
            self._telephony.hang_up(leg, ELSEWHERE)
        elif leg == ring.outside and ring.confirm:
            ring.rang = True
            if call.rings.get(ring.leg) is ring:  # else it was stopped a moment ago
                self._confirm.ask(leg)
        else:
            self._taken(call, ring, leg)

    def _taken(self, call: Call, ring: Ring, leg: Leg) -> None:
        """He has the call, and his other telephones stop."""
        self.note(call, leg, ring.parties.get(leg, ""), ring.kind(leg), "answered")
        ring.answered = leg
        if leg == ring.outside:
            self._outgoing.answered(leg, call, ring.parties.get(leg, ""), ring.number)
        for other in ring.parties:
            if other != leg:
                self._let_go(other, ELSEWHERE)
        self._routing.feed(Fact.ANSWERED, call=call.id, leg=ring.leg)

    def _confirmed(self, leg: Leg, cause: int) -> None:
        call, ring = self.legs.get(leg, (None, None))
        if not call or not ring:
            return
        self._note_answer(call, ring, {0: "taken", NO_ANSWER: "no key"}.get(cause, "refused"))
        if cause:
            self._telephony.hang_up(leg, cause)  # over() says what that means
        else:
            self._taken(call, ring, leg)
        self._routing.drain()

    def digit(self, leg: Leg, digit: str) -> bool:
        """A key pressed by somebody who is asked for one; whether he was."""
        asked = self._confirm.asks(leg)
        self._confirm.digit(leg, digit)
        return asked

    def over(self, call: Call, ring: Ring, leg: Leg, cause: int) -> None:
        if asked := self._confirm.forget(leg):
            self._note_answer(call, ring, "refused")
        party = ring.parties.pop(leg, "")
        self.note(call, leg, party, ring.kind(leg), "ended", cause)
        if leg == ring.outside:
            self._audience.line_changed(party)
        if ring is call.talk and ring.answered == leg:
            if call.state is not State.OVER:
                self._routing.feed(Fact.LEFT, call=call.id, leg=ring.leg)
        elif call.rings.get(ring.leg) is ring and not ring.answered:
            if leg == ring.outside:
                self._outside_failed(call, ring, DECLINED if asked else cause)
            else:
                self._one_refused(call, ring, cause)

    def _one_refused(self, call: Call, ring: Ring, cause: int) -> None:
        """One of his telephones failed: he refused if he declined, or when it was the last."""
        if cause == DECLINED:
            for other in ring.parties:
                self._let_go(other, ELSEWHERE)
        if cause == DECLINED or not ring.parties:
            self._refused(call, ring, cause)

    def _outside_failed(self, call: Call, ring: Ring, cause: int) -> None:
        """The next line if this one failed; what a network says of a mobile ends this way to him alone."""
        if not ring.rang and cause != DECLINED and self._next_line(call, ring):
            return
        if cause in BUSY_LINE and not ring.rang:
            self._make_room(call, ring)
        if not ring.parties and not ring.waits:
            self._refused(call, ring, cause)

    def _refused(self, call: Call, ring: Ring, cause: int) -> None:
        call.rings.pop(ring.leg, None)
        self._routing.feed(Fact.REFUSED, call=call.id, leg=ring.leg, value=cause)
        self._audience.call_changed(call.id)
        if ring.person:
            self._audience.person_changed(ring.person)

    def played(self, port: Port) -> None:
        self._confirm.played(port)

    def stopped(self, port: Port, why: str) -> None:
        self._confirm.stopped(port, why)

    def close(self) -> None:
        self._confirm.close()

    # ---- what is written and told -----------------------------------------------------------------------------------

    def note(self, call: Call, leg: Leg, party: str, kind: str, state: str, cause: int = 0) -> None:
        """Write down what became of a leg."""
        self._journal.leg(call.id, call.row(leg), self._routing.now(), party, kind, state, cause)

    def _note_answer(self, call: Call, ring: Ring, result: str) -> None:
        """Write down what came of asking for the key."""
        detail: dict[str, object] = {"person": ring.person, "line": ring.line_used() or ring.line, "result": result}
        self._journal.event(call.id, self._routing.now(), "confirm", detail)

    def people_changed(self, call: Call) -> None:
        for person in {call.person, call.caller_person, *(ring.person for ring in call.rings.values())} - {""}:
            self._audience.person_changed(person)
