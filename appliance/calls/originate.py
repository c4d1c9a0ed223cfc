# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls the box makes because a program asked: to a number outside or a telephone, put through or told something."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from appliance.calls.call import Call, Outcome, State
from appliance.calls.confirm import DECLINED, NO_ANSWER
from appliance.calls.outgoing import Outgoing
from appliance.calls.ports import Audience, Journal, Leg, Telephony
from appliance.calls.ringing import ELSEWHERE, ENDED, NO_LINE, UNREACHABLE
from appliance.calls.routing import Routing
from appliance.calls.sound import Sound
from appliance.core import CoreError
from appliance.core.names import Trust
from appliance.settings.dialled import NotDialled, Outside, Party, Phones, is_ours, party
from appliance.settings.lines import SipLine
from appliance.settings.models import TELEPHONES
from appliance.settings.outgoing import Asked, Number, by_price, read

log = logging.getLogger("calls")

ANSWERED_WITHIN = 45.0  # seconds, over all lines tried
MINUTE = 60.0  # seconds
CONGESTION = 42  # Q.850 switching equipment congestion


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is to become of it when it is answered: sent to a target such as "person.anna", or told what a file holds."""

    connect: str = ""
    file: str = ""
    title: str = ""  # on displays, and of what is told in the log
    at_once: bool = False  # telephones are asked to answer by themselves


@dataclass(slots=True)
class Dialling:
    """One call being made, until it is the core's or over."""

    call: Call
    purpose: Purpose
    number: Number | None = None  # outside
    lines: list[str] = field(default_factory=list)  # still to be tried
    legs: dict[Leg, str] = field(default_factory=dict)  # to a line or telephone
    rang: bool = False
    answered: Leg = 0
    failed: int = 0  # cause
    timer: asyncio.TimerHandle | None = None


class Calls(Protocol):
    """What call control does for us with a call."""

    def begun(self, call: Call) -> None:
        """It is known from now on, and in the journal."""

    def arrived(self, call: Call, leg: Leg, trust: Trust, step: int) -> None:
        """Whoever answered is its caller, and is led to a step of the plan. Raises CoreError."""

    def closed(self, call: Call, outcome: Outcome) -> None:
        """It is over, the core never having known it."""


class Originate:
    """Calls being made. Counts them, and the limits are held."""

    def __init__(
        self,
        routing: Routing,
        telephony: Telephony,
        sound: Sound,
        journal: Journal,
        audience: Audience,
        calls: Calls,
        outgoing: Outgoing,
        owner: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """owner: whose a telephone is. clock: seconds."""
        self._routing, self._telephony, self._sound = routing, telephony, sound
        self._journal, self._audience, self._calls = journal, audience, calls
        self._outgoing, self._owner, self._clock = outgoing, owner, clock
        self.legs: dict[Leg, Dialling] = {}
        self._made: dict[int, Dialling] = {}  # by call
        self._asked: deque[float] = deque()  # when, in the last minute
        self._requests: list[list[Call]] = []  # the calls of each that is not over

    # ---- asked for --------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raises NotDialled when there are too many."""
        outside = self._routing.rules.settings.outside
        now = self._clock()
        while self._asked and self._asked[0] <= now - MINUTE:
            self._asked.popleft()
        self._requests = [of for of in self._requests if any(call.state is not State.OVER for call in of)]
        if len(self._requests) >= outside.machines_at_once:
            raise NotDialled("too-many", f"programs may have {outside.machines_at_once} calls under way")
        if len(self._asked) >= outside.machines_a_minute:
            raise NotDialled("too-often", f"programs may ask for {outside.machines_a_minute} calls a minute")

    def dial(self, to: str, line: str, purpose: Purpose, asked: dict[str, object]) -> int:
        """Call a number, telephone or person; the call. Raises NotDialled, KeyError when the purpose names nothing."""
        settings = self._routing.rules.settings
        meant = party(settings, to, line)
        if isinstance(meant, Outside) and not is_ours(settings, meant.number):
            number = read(meant.number, settings.office.country)
            if why := self._outgoing.why_not(settings, Asked(number, "")):
                raise NotDialled("number-refused", f"telephones that belong to nobody may not call it: {why}")
        return self._make_all([meant], purpose, asked)[0]

    def announce(self, phones: Iterable[str], purpose: Purpose, asked: dict[str, object]) -> list[int]:
        """Say something on telephones, by a call to each that is registered. Raises NotDialled."""
        return self._make_all([Phones((phone,)) for phone in phones], purpose, asked)

    def _make_all(self, parties: Sequence[Party], purpose: Purpose, asked: dict[str, object]) -> list[int]:
        if purpose.connect:
            self._step(purpose)
        self.check()
        self._asked.append(self._clock())
        made = [self._make(party, purpose, asked) for party in parties]
        self._requests.append([one.call for one in made])
        causes = [one.failed for one in made]
        if all(causes):
            why = "no line can be used" if NO_LINE in causes else "no telephone of these is registered"
            raise NotDialled("no-line" if NO_LINE in causes else "unreachable", why)
        return [one.call.id for one in made if not one.failed]

    def _step(self, purpose: Purpose) -> int:
        return self._routing.rules.names.id("step", f"own.{purpose.connect}")

    def _make(self, to: Party, purpose: Purpose, asked: dict[str, object]) -> Dialling:
        rules, now, id = self._routing.rules, self._routing.now(), self._journal.next_call_id()
        outside = isinstance(to, Outside)
        if isinstance(to, Outside):
            number, name = to.number, rules.names.caller(to.number)
        else:
            number, name = self._of_phone(to.phones[0])
        call = Call(id, rules, "out" if outside else "internal", TELEPHONES, number, number, name, now, 0)
        one = Dialling(call, purpose)
        self._made[call.id] = one
        self._calls.begun(call)
        self._journal.event(call.id, now, "dial", asked)
        if isinstance(to, Outside):
            call.dialled, one.number = number, read(number, rules.settings.office.country)
            call.outgoing = Asked(one.number, "")
            self._outgoing.note(call, call.outgoing, None)
            one.lines = by_price(rules.settings, to.lines, number)
            began = self._next_line(one)
        else:
            began = self._ring(one, to)
        log.info("call %d: made to %s, as a program asked", call.id, number)
        if began:
            call.state = State.RINGING
            one.timer = asyncio.get_running_loop().call_later(ANSWERED_WITHIN, self._time_up, one)
            self._audience.call_changed(call.id)
        else:
            self._fail(one, NO_LINE if outside else UNREACHABLE)
        return one

    def _of_phone(self, phone: str) -> tuple[str, str]:
        person = self._routing.rules.settings.person.get(self._owner(phone))
        return (person.extension or phone, person.name) if person else (phone, phone)

    def _ring(self, one: Dialling, to: Phones) -> bool:
        """Ring telephones; whether one of them is there."""
        purpose = one.purpose
        for phone in to.phones:
            for leg in self._telephony.ring_phone(phone, "", purpose.title, purpose.at_once):
                self._join(one, leg, phone)
        return bool(one.legs)

    def _next_line(self, one: Dialling) -> bool:
        """Call the number through the next line that can; whether there was one."""
        while one.lines and one.number:
            line = one.lines.pop(0)
            table = one.call.rules.settings.line.get(line)
            caller = (table.user if isinstance(table, SipLine) else None) or "linekeeper"
            if leg := self._outgoing.dial(one.call, line, one.number, one.purpose.title, caller):
                if one.call.line != TELEPHONES:
                    self._audience.line_changed(one.call.line)
                one.call.line = line
                self._join(one, leg, line)
                self._audience.line_changed(line)
                return True
        return False

    def on_lines(self) -> dict[Leg, tuple[Call, str]]:
        """As of Ringing."""
        return {leg: (one.call, one.legs[leg]) for leg, one in self.legs.items() if one.number and leg in one.legs}

    def _join(self, one: Dialling, leg: Leg, party: str) -> None:
        one.legs[leg] = party
        self.legs[leg] = one
        self._note(one, leg, party, "started")

    # ---- what becomes of it; each tells whether the leg is one of ours ----------------------------------------------

    def rang(self, leg: Leg) -> bool:
        one = self.legs.get(leg)
        if one and not one.rang:
            one.rang = True
            self._note(one, leg, one.legs[leg], "rang")
        return one is not None

    def answered(self, leg: Leg) -> bool:
        one = self.legs.get(leg)
        if not one:
            return False
        if one.answered or one.call.state is State.OVER:
            self._telephony.hang_up(leg, ELSEWHERE)
            return True
        one.answered = leg
        self._still(one)
        for other in one.legs:
            if other != leg:
                self._telephony.hang_up(other, ELSEWHERE)
        self._note(one, leg, one.legs[leg], "answered")
        if one.number:
            self._outgoing.answered(leg, one.call, one.legs[leg], one.number)
        call = one.call
        call.leg, call.up = leg, True
        if not one.number:
            call.phone = one.legs[leg]
            call.caller_person = self._owner(call.phone)
        if one.purpose.connect:
            self._connect(one)
        else:
            call.state, call.answered_at = State.MENU, self._routing.now()
            self._sound.say(call, one.purpose.title, one.purpose.file)
            self._audience.call_changed(call.id)
        return True

    def over(self, leg: Leg, cause: int) -> bool:
        one = self.legs.pop(leg, None)
        if not one:
            return False
        self._note(one, leg, one.legs.pop(leg), "ended", cause)
        if one.number:
            self._audience.line_changed(one.call.line)
        if one.call.state is State.OVER:
            return True
        if leg == one.answered:
            self._sound.hush(one.call)
            self._end(one, "answered", "hung up")
        elif not one.answered:
            self._gone(one, cause)
        return True

    def _gone(self, one: Dialling, cause: int) -> None:
        """A leg that nobody answered is over."""
        if one.number and not one.rang and cause != DECLINED and self._next_line(one):
            return
        if cause == DECLINED or not one.legs:
            self._fail(one, cause)

    def said(self, call: Call, whole: bool) -> bool:
        """What is told has come to its end, or cannot be."""
        one = self._made.get(call.id)
        if not one:
            return False
        self._telephony.hang_up(call.leg, ENDED)
        self._end(one, "answered" if whole else "refused", "told" if whole else "cannot be told")
        return True

    def hang_up(self, call: Call) -> bool:
        """End a call that is being made."""
        one = self._made.get(call.id)
        if not one:
            return False
        self._sound.hush(call)
        self._fail(one, ENDED)
        return True

    def close(self) -> None:
        """Make no more, and end those that are being made."""
        for one in list(self._made.values()):
            self.hang_up(one.call)

    # ---- its end ----------------------------------------------------------------------------------------------------

    def _connect(self, one: Dialling) -> None:
        """Whoever answered is from now on a caller like any other."""
        call = one.call
        del self.legs[one.answered], self._made[call.id]
        call.state, call.rules = State.ARRIVED, self._routing.rules  # the plan may be another one by now
        call.called_back = one.number is not None and is_ours(call.rules.settings, call.called)
        try:
            self._calls.arrived(call, one.answered, Trust.PROVEN if one.number else Trust.OURS, self._step(one.purpose))
        except (CoreError, KeyError) as fault:
            log.error("call %d cannot be put through: %s", call.id, fault)
            self._telephony.hang_up(one.answered, CONGESTION)
            self._result(one, "cannot be put through")
            self._calls.closed(call, "refused")
        else:
            self._result(one, "answered")

    def _time_up(self, one: Dialling) -> None:
        self._fail(one, NO_ANSWER)

    def _fail(self, one: Dialling, cause: int) -> None:
        one.failed = cause
        for leg in one.legs:
            self._telephony.hang_up(leg, cause)
        self._end(one, "refused", "hung up" if one.answered else "not answered")

    def _end(self, one: Dialling, outcome: Outcome, result: str) -> None:
        self._still(one)
        self._made.pop(one.call.id, None)
        self._result(one, result)
        self._calls.closed(one.call, outcome)

    def _still(self, one: Dialling) -> None:
        if one.timer:
            one.timer.cancel()
            one.timer = None

    def _result(self, one: Dialling, result: str) -> None:
        detail: dict[str, object] = {"result": result} | ({"cause": one.failed} if one.failed else {})
        self._journal.event(one.call.id, self._routing.now(), "dial-result", detail)

    def _note(self, one: Dialling, leg: Leg, party: str, state: str, cause: int = 0) -> None:
        row = one.call.row(leg)
        self._journal.leg(one.call.id, row, self._routing.now(), party, "caller", state, cause)
