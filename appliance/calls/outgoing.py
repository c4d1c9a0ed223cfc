# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls to the outside, whoever makes them: may they, as what number, by which line; and room for calls for help."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from appliance.calls.call import Call, State
from appliance.calls.minutes import Minutes
from appliance.calls.ports import Audience, Journal, Leg, Telephony
from appliance.calls.rules import Rules
from appliance.calls.spending import Spending
from appliance.core import CoreError
from appliance.core.names import Fact
from appliance.settings import outgoing
from appliance.settings.lines import Line, SipLine
from appliance.settings.models import TELEPHONES, Settings
from appliance.settings.numbers import normalise
from appliance.settings.outgoing import COSTLY, Asked, Number, Refusal
from appliance.settings.ways_out import REFUSED, emergency_lines

log = logging.getLogger("calls")

ROOM_WITHIN = 2.0  # seconds that the end of a call is waited for which gives way to a call for help
GIVE_WAY = 2  # calls that end for one call for help at most
ALARM_AGAIN = 60_000  # ms between alarms that say the same

Fields = dict[str, int | str]


class NotAllowed(CoreError):
    """A call may not go to a number outside, or there are too many."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.id = id


class Channels(Protocol):
    def on_lines(self) -> Mapping[Leg, tuple[Call, str]]:
        """Every leg to or from a line, with its call and the line."""


class Outgoing:
    """Asked before anything goes out. start() comes before any call."""

    def __init__(
        self,
        rules: Callable[[], Rules],
        calls: Mapping[int, Call],
        journal: Journal,
        now: Callable[[], int],
    ) -> None:
        self._rules, self._calls, self._journal, self._now = rules, calls, journal, now
        self.spending, self.minutes = Spending(now), Minutes(now)
        self._alarmed: dict[tuple[str, str], int] = {}  # why and person: when an alarm told so
        self._awaited: dict[Leg, Callable[[], None]] = {}  # legs that end to make room
        self._timers: set[asyncio.TimerHandle] = set()

    def start(
        self, telephony: Telephony, audience: Audience, channels: tuple[Channels, ...], hang_up: Callable[[int], None]
    ) -> None:
        """hang_up: ends a call."""
        self._telephony, self._audience, self._channels, self._hang_up = telephony, audience, channels, hang_up

    # ---- may it -----------------------------------------------------------------------------------------------------

    def told(self, fact: Fact, fields: Fields) -> Fields:
        """A fact as the core is to have it: a number outside in its one form, or what leads to a refusal.

        Raises NotAllowed when somebody sends a call to a number that he may not call, or there are too many calls."""
        arrived = fact is Fact.ARRIVED
        if not arrived and (fact is not Fact.SENT or fields.get("what")):
            return fields
        rules, call = self._rules(), self._calls.get(int(fields["call"]))
        if not call:
            return fields
        asked = None
        if not fields.get("leg") and (not arrived or call.line == TELEPHONES):
            asked = self._asked(
                rules, call, str(fields.get("other", "")), rules.names.name(int(fields.get("person", 0)))
            )
        if arrived and len(self._calls) > rules.settings.sip.max_calls and not (asked and is_for_help(asked)):
            raise NotAllowed("full")
        if not asked:
            return fields
        why = self._refusal(rules.settings, asked, call)
        if why and not arrived:
            raise NotAllowed("not-allowed")
        call.refused = why is not None
        number = f"{REFUSED}{why}" if why else outgoing.canonical(rules.settings, asked.number)
        if is_for_help(asked) and asked.number.dialled not in rules.names.inside:
            number = asked.number.dialled  # that leads out without the prefix
        return fields | {"other": number}

    def _asked(self, rules: Rules, call: Call, other: str, person: str) -> Asked | None:
        """The number outside that is meant, if one is; `other` lacks its +, the core knows digits alone."""
        s, wanted, hides = rules.settings, None, False
        if s.outside.withhold and other.startswith(s.outside.withhold):
            other, hides = other.removeprefix(s.outside.withhold), True
        if call.called[:1] == "+" and other in (call.called[1:], s.outside.prefix + call.called[1:]):
            wanted = outgoing.outside(s, rules.names.inside, call.called)
        if wanted is None:  # what leads outside for the core is never passed over
            wanted = outgoing.outside(s, rules.names.inside, other)
        if wanted is None:
            return None
        hides |= person in s.person and s.person[person].withhold
        return Asked(outgoing.read(wanted, s.office.country), person, hides)

    def _refusal(self, s: Settings, asked: Asked, call: Call) -> Refusal | None:
        """Why a call is refused, None when it is made; either is written down."""
        why = self.why_not(s, asked)
        self.note(call, asked, why)
        if not why:
            call.outgoing = asked
            if is_for_help(asked):
                log.warning("call %d: an emergency call to %s", call.id, asked.number.dialled)
                self._audience.happened("emergency", call, asked.person, asked.number.dialled)
        return why

    def may_dial(self, dialled: str, person: str) -> bool:
        """Whether somebody may have a call sent to a number, as a telephone dials it; that he may not is written down."""
        rules = self._rules()
        bare = outgoing.outside(rules.settings, rules.names.inside, dialled)
        if bare is None:
            return True
        asked = Asked(outgoing.read(bare, rules.settings.office.country), person)
        if why := self.why_not(rules.settings, asked):
            log.info("no call is sent to %s: %s", bare, why)
            self._journal.event(0, self._now(), "outgoing-refused", _detail(asked) | {"why": why})
        return not why

    def may_go_on(self, call: Call, number: Number) -> bool:
        """Whether a call out may go to another number, which a line named; that it may not is written down."""
        person = call.outgoing.person if call.outgoing else call.caller_person
        asked = Asked(number, person, bool(call.outgoing and call.outgoing.withheld))
        why = self.why_not(call.rules.settings, asked)
        self.note(call, asked, why)
        return not why

    def why_not(self, s: Settings, asked: Asked) -> Refusal | None:
        """Why somebody may not call a number now."""
        if is_for_help(asked):
            return None
        why = outgoing.refused(s, outgoing.may_call(s, asked.person), asked.number)
        return why or self.spending.refusal(s, asked.person, asked.number.kind in COSTLY)

    def note(self, call: Call, asked: Asked, why: Refusal | None) -> None:
        """Write down that a number outside was asked for, and what was said to that."""
        number, detail = asked.number, _detail(asked)
        if why:
            log.info("call %d: %s is not called: %s", call.id, number.dialled, why)
            self._journal.event(call.id, self._now(), "outgoing-refused", detail | {"why": why})
            if why in Spending.REFUSALS:
                self._alarm(call, asked.person, why)
            return
        self._journal.event(call.id, self._now(), "outgoing", detail)
        if number.kind in COSTLY:
            self.spending.began(asked.person, self._now())

    def _alarm(self, call: Call, person: str, why: str, **more: object) -> None:
        """A limit was met; not told again at once, whoever calls may do so a thousand times."""
        key, now = (why, str(more or person)), self._now()
        if now - self._alarmed.get(key, 0) < ALARM_AGAIN:
            return
        self._alarmed[key] = now
        log.warning("call %d: the limit of calls outside was met: %s", call.id, why)
        self._journal.event(call.id, now, "alarm", {"why": why, "person": person} | more)
        self._audience.happened("alarm", call, person, why)

    # ---- by which line ----------------------------------------------------------------------------------------------

    def dial(
        self, call: Call, line: str, number: Number, shown: str, caller: str | None = None, *, anyway: bool = False
    ) -> Leg:
        """Call a number through a line, in the form that line wants; 0 when the line cannot, or carries all it can.

        anyway: also when it seems to be down."""
        table = call.rules.settings.line.get(line)
        if not table or (table.carries and self.occupied(line) >= table.carries):
            return 0
        if number.kind != "emergency" and self.minutes.used_up(call.rules.settings, line):
            self._alarm(call, call.outgoing.person if call.outgoing else call.caller_person, "line-minutes", line=line)
            return 0
        told = outgoing.told(call.rules.settings, line, number)
        who, withheld, diverted = self._identity(call, table, number)
        return self._telephony.dial(
            line, told, who or caller or call.who().number, shown, withheld=withheld, diverted=diverted, anyway=anyway
        )

    @staticmethod
    def _identity(call: Call, table: Line, number: Number) -> tuple[str, bool, str]:
        """The number shown ("": that of who calls), whether it is hidden, and ours when a call of others is passed on."""
        s, asked = call.rules.settings, call.outgoing
        person = s.person.get(asked.person if asked else call.caller_person)
        ours = (person.number if person else None) or table.shown or ""
        if call.direction == "in" and isinstance(table, SipLine) and table.diverts and not call.was:
            return call.caller, False, ours or call.called
        hides = bool(asked and asked.withheld and asked.number == number and number.kind != "emergency")
        return normalise(ours, s.office.country) if ours else "", hides, ""

    def occupied(self, line: str) -> int:
        """Calls that a line carries."""
        return sum(on == line for _, on in self._on_lines().values())

    def _on_lines(self) -> dict[Leg, tuple[Call, str]]:
        return {leg: what for channels in self._channels for leg, what in channels.on_lines().items()}

    def answered(self, leg: Leg, call: Call, line: str, number: Number) -> None:
        """Somebody answered outside: it costs from now on."""
        settings = call.rules.settings
        each = outgoing.price(settings, line, number.e164) if line in settings.line else None
        self.spending.answered(leg, number.kind in COSTLY, each or 0.0)
        self.minutes.answered(leg, line)

    def ended(self, leg: Leg) -> None:
        """A leg is over, whatever it was."""
        self.spending.ended(leg)
        self.minutes.ended(self._rules().settings, leg)
        if again := self._awaited.pop(leg, None):
            asyncio.get_running_loop().call_soon(again)

    # ---- room for calls for help ------------------------------------------------------------------------------------

    def make_room(self, call: Call, again: Callable[[], None]) -> bool:
        """End the least important call on the lines for emergencies, and then `again`; False when there is none."""
        lines = emergency_lines(call.rules.settings)
        others: dict[int, tuple[Call, list[Leg]]] = {}
        for leg, (one, line) in self._on_lines().items():
            if line in lines and one is not call and not (one.outgoing and is_for_help(one.outgoing)):
                others.setdefault(one.id, (one, []))[1].append(leg)
        if not others or call.gave_way >= GIVE_WAY:
            return False
        call.gave_way += 1
        victim, legs = min(others.values(), key=lambda each: _importance(each[0]))
        log.warning("call %d ends to make room for the emergency call %d", victim.id, call.id)
        self._journal.event(victim.id, self._now(), "gave-way", {"to": call.id})
        self._journal.event(call.id, self._now(), "line-freed", {"of": victim.id})
        self._audience.happened("alarm", victim, detail="gave-way")
        self._await(legs, again)
        self._hang_up(victim.id)
        return True

    def _await(self, legs: list[Leg], then: Callable[[], None]) -> None:
        """`then` once one of these is over, or after a while."""

        def done() -> None:
            for leg in legs:
                self._awaited.pop(leg, None)
            if timer in self._timers:
                self._timers.discard(timer)
                timer.cancel()
                then()

        timer = asyncio.get_running_loop().call_later(ROOM_WITHIN, done)
        self._timers.add(timer)
        self._awaited.update(dict.fromkeys(legs, done))

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()


def is_for_help(asked: Asked) -> bool:
    return asked.number.kind == "emergency"


def _detail(asked: Asked) -> dict[str, object]:
    """As the journal has it."""
    number = asked.number
    detail: dict[str, object] = {"number": number.e164 or number.dialled, "kind": number.kind}
    return detail | ({"person": asked.person} if asked.person else {})


def _importance(call: Call) -> tuple[bool, bool, int]:
    """Calls out give way before calls in, those where nobody talks yet before talks, young ones before old ones."""
    return (call.direction == "in", call.state is State.TALKING, -call.since)
