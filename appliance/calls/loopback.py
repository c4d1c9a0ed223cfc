# SPDX-License-Identifier: GPL-2.0-or-later
"""A line calls the box itself: over the two ends of that call known sounds and keys are sent each way and taken down.

The call that comes back is known by the number it shows, or by keys pressed into it; it is nobody's else to answer.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from appliance.calls.call import Call, Outcome, Ring, State
from appliance.calls.outgoing import Outgoing, is_for_help
from appliance.calls.ports import UNVOUCHED, Audience, Journal, Leg, Port, Telephony, Vouched
from appliance.calls.rules import Rules
from appliance.settings.dialled import for_help
from appliance.settings.lines import Line, SipLine
from appliance.settings.models import TELEPHONES, Settings
from appliance.settings.numbers import normalise
from appliance.settings.outgoing import Asked, read

log = logging.getLogger("calls")

BACK_WITHIN = 45.0  # s until the call has come back
BOTH_WITHIN = 10.0  # s until both ends are answered then
KNOWN_WITHIN = 6.0  # s until the keys that make a call known are heard
SETTLES = 1.0  # s that sound needs to begin at both ends
PLAYED_WITHIN = 3.0  # s beyond the length of a sound
FIRST_KEY, NEXT_KEY, TWICE = 4.0, 1.5, 0.5  # s that a key is waited for: the first, one more, one heard twice
PROOF_KEYS = 4
ENDED, CONGESTION = 16, 42  # Q.850


class NotChecked(Exception):
    """A line is not checked, or not to the end; `id` says why."""

    def __init__(self, id: str, message: str) -> None:
        super().__init__(message)
        self.id = id


class Sent(NamedTuple):
    """What is sent each way: a WAV file, how long it lasts (s), and keys; silence: one that is said else, over and over."""

    file: Path
    silence: Path
    lasts: float
    keys: str


class Taken(NamedTuple):
    """What came of it: a recording of the other end, of it with what was sent, of the sending end with that; the keys heard."""

    heard: Path
    timed: Path
    back: Path
    keys: str


class Looped(NamedTuple):
    """The line it came back by; what was said into the line under test, and what was heard from it."""

    call: int
    other: str
    said: Taken
    heard: Taken


class Calls(Protocol):
    """What call control does for us with a call."""

    def begun(self, call: Call) -> None: ...
    def closed(self, call: Call, outcome: Outcome) -> None: ...
    def stranger(self, leg: Leg, arrived: "Arrived", up: bool) -> None:
        """It is none of ours: an ordinary caller from now on. up: it was answered."""

    def missed(self, arrived: "Arrived") -> None:
        """It may have been none of ours, and is over."""


class Arrived(NamedTuple):
    """A call by a line, as the line told of it."""

    line: str = ""
    number: str = ""
    name: str = ""
    called: str = ""
    vouched: Vouched = UNVOUCHED


@dataclass(slots=True)
class Trial:
    """One line being checked."""

    call: Call
    line: str
    own: frozenset[str]  # numbers that a call by the line may show
    comes_by: frozenset[str]  # lines it may come back by
    out: Leg = 0
    back: Leg = 0
    arrived: Arrived = Arrived()  # the call that came back
    known: bool = False  # it is ours for certain
    up: set[Leg] = field(default_factory=set)
    over: str = ""  # it is, and why
    let_go: bool = False  # both ends were hung up by us
    keys: dict[Leg, str] = field(default_factory=dict)  # heard at each
    done: set[Port] = field(default_factory=set)  # players at their end, recordings whose file is whole
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Loopback:
    """Lines being checked. start() comes before any call."""

    def __init__(
        self,
        telephony: Telephony,
        journal: Journal,
        audience: Audience,
        calls: Calls,
        outgoing: Outgoing,
        under_way: Mapping[int, Call],
        usable: Mapping[str, bool],
        rules: Callable[[], Rules],
        now: Callable[[], int],
    ) -> None:
        """under_way: every call; usable: lines; now: ms UTC."""
        self._telephony, self._journal, self._audience, self._calls = telephony, journal, audience, calls
        self._outgoing, self._under_way, self._usable, self._rules, self._now = outgoing, under_way, usable, rules, now
        self.legs: dict[Leg, Trial] = {}
        self._trials: dict[int, Trial] = {}  # by call
        self._ports: dict[Port, Trial] = {}

    # ---- asked for --------------------------------------------------------------------------------------------------

    async def run(self, line: str, to: str, sent: Sent, folder: Path) -> Looped:
        """Call `to` by the line ("": a number of ours that is found), and send what is to be sent each way. NotChecked."""
        trial = self._begin(line, to)
        outcome: Outcome = "refused"
        try:
            await self._connect(trial)
            self._flow(trial, sent.silence, folder / "both.wav")
            await asyncio.sleep(SETTLES)
            said = await self._send(trial, trial.out, trial.back, sent, folder / "said")
            heard = await self._send(trial, trial.back, trial.out, sent, folder / "heard")
            outcome = "answered"
            return Looped(trial.call.id, trial.arrived.line, said, heard)
        finally:
            self._end(trial, outcome)

    def _begin(self, line: str, to: str) -> Trial:
        settings = self._rules().settings
        if line not in settings.line:
            known = ", ".join(settings.line) or "none"
            raise NotChecked("unknown", f"line {line} is not known; known are {known}")
        if any(call.outgoing and is_for_help(call.outgoing) for call in self._under_way.values()):
            raise NotChecked("emergency", "somebody calls for help; lines are checked later")
        if not self._usable.get(line):
            raise NotChecked("line-down", f"line {line} is down")
        if not self._room(settings, line, 1):
            raise NotChecked("line-busy", f"line {line} carries a call")
        number = normalise(to, settings.office.country) if to else self._number(settings, line)
        self._may_call(settings, number)
        comes_by = frozenset(name for name, table in settings.line.items() if number in _numbers(settings, table))
        call = self._call(number)
        trial = Trial(call, line, _numbers(settings, settings.line[line]), comes_by or frozenset(settings.line))
        call.line = line
        table = settings.line[line]
        caller = (table.user if isinstance(table, SipLine) else None) or "linekeeper"
        meant = read(number, settings.office.country)
        trial.out = self._outgoing.dial(call, line, meant, "", caller)
        if not trial.out:
            self._calls.closed(call, "refused")
            raise NotChecked("line-busy", f"line {line} takes no call")
        self._trials[call.id] = self.legs[trial.out] = trial
        self._journal.event(call.id, self._now(), "line-check", {"line": line, "to": number})
        self._note(trial, trial.out, line, "started")
        self._changed(trial)
        return trial

    def _call(self, number: str) -> Call:
        rules, id = self._rules(), self._journal.next_call_id()
        call = Call(id, rules, "out", TELEPHONES, number, number, "", self._now(), 0)
        call.state, call.dialled = State.MENU, number  # it gives way to others before any talk does
        self._calls.begun(call)
        return call

    def _room(self, settings: Settings, line: str, legs: int) -> bool:
        carries = settings.line[line].carries
        return not carries or self._outgoing.occupied(line) + legs <= carries

    def _number(self, settings: Settings, line: str) -> str:
        """One of ours: of another line that is free, else of a line that carries both ends of the call itself."""
        others = [name for name in settings.line if name != line and self._room(settings, name, 1)]
        lines = others + ([line] if self._room(settings, line, 2) else [])
        for name in lines:
            if self._usable.get(name) and (numbers := _numbers(settings, settings.line[name])):
                return min(numbers)
        raise NotChecked(
            "no-number", "no other line that is free has a number of ours; say which number comes back (--to)"
        )

    def _may_call(self, settings: Settings, number: str) -> None:
        if for_help(settings, number) or for_help(settings, number.removeprefix(settings.outside.prefix)):
            raise NotChecked("number-refused", "emergency numbers are not called")
        if any(number in _numbers(settings, table) for table in settings.line.values()):
            return
        if why := self._outgoing.why_not(settings, Asked(read(number, settings.office.country), "")):
            raise NotChecked("number-refused", f"telephones that belong to nobody may not call {number}: {why}")

    # ---- both ends --------------------------------------------------------------------------------------------------

    async def _connect(self, trial: Trial) -> None:
        """Until the call has come back, is answered, and is known to be ours."""
        if not await self._until(trial, lambda: trial.back != 0, BACK_WITHIN):
            what = "was answered, but not by this box" if trial.out in trial.up else "does not come back to this box"
            raise NotChecked("not-back", f"a call to {trial.call.called} by line {trial.line} {what}")
        self._telephony.answer(trial.back)
        if not await self._until(trial, lambda: {trial.out, trial.back} <= trial.up, BOTH_WITHIN):
            self._unknown(trial)
            raise NotChecked("not-answered", f"line {trial.line} does not notice that its call was answered")
        if not trial.known and not await self._proved(trial):
            self._unknown(trial)
            why = f"a call came by line {trial.arrived.line}, but keys pressed on {trial.line} are not heard there"
            raise NotChecked("not-known", f"{why}: give line {trial.line} its number, by which its call is known")

    async def _proved(self, trial: Trial) -> bool:
        """Whether keys that nobody can guess come through."""
        keys = "".join(secrets.choice("0123456789") for _ in range(PROOF_KEYS))
        await self._until(trial, lambda: False, SETTLES)  # an exchange takes a moment to put the two ends together
        self._telephony.press(trial.out, keys)
        trial.known = await self._until(trial, lambda: keys in trial.keys[trial.back], KNOWN_WITHIN - SETTLES)
        return trial.known

    def _unknown(self, trial: Trial) -> None:
        """Whoever called instead is a caller as any other."""
        if trial.known or trial.back not in self.legs:
            return
        leg, trial.back = trial.back, 0
        del self.legs[leg]
        self._calls.stranger(leg, trial.arrived, leg in trial.up)

    def _flow(self, trial: Trial, silence: Path, taken: Path) -> None:
        """Sound flows all the time, as in a talk: what nobody hears piles up, and is late for whoever hears it then."""
        player = self._port(trial, self._telephony.play(str(silence), True))
        recording = self._port(trial, self._telephony.record(str(taken)))
        for leg in (trial.out, trial.back):
            self._telephony.hear(leg, player)
            self._telephony.hear(recording, leg)

    async def _send(self, trial: Trial, says: Leg, hears: Leg, sent: Sent, name: Path) -> Taken:
        """One way: the sound, then the keys."""
        heard, timed, back = files = [name.with_name(f"{name.name}-{what}.wav") for what in ("heard", "timed", "back")]
        ports = [self._port(trial, self._telephony.record(str(file))) for file in files]
        player = self._port(trial, self._telephony.play(str(sent.file), False))
        for recording, leg in zip(ports, (hears, hears, says), strict=True):
            self._telephony.hear(recording, leg)
        for recording in ports[1:]:
            self._telephony.hear(recording, player)
        self._telephony.hear(says, player)
        try:
            if not await self._until(trial, lambda: player in trial.done, sent.lasts + PLAYED_WITHIN):
                raise NotChecked("internal", "the signal cannot be played")
        finally:
            for port in (player, *ports):
                self._telephony.stop(port)
        if not await self._until(trial, lambda: trial.done.issuperset(ports), PLAYED_WITHIN):
            raise NotChecked("internal", "what is heard cannot be recorded")
        return Taken(heard, timed, back, await self._keys(trial, says, hears, sent.keys))

    async def _keys(self, trial: Trial, says: Leg, hears: Leg, keys: str) -> str:
        """What is heard of keys; until no more come."""
        trial.keys[hears] = ""
        self._telephony.press(says, keys)
        wait = FIRST_KEY
        while await self._until(trial, partial(self._more, trial, hears, trial.keys[hears]), wait):
            wait = NEXT_KEY if len(trial.keys[hears]) < len(keys) else TWICE
        return trial.keys[hears]

    @staticmethod
    def _more(trial: Trial, at: Leg, than: str) -> bool:
        return trial.keys[at] != than

    async def _until(self, trial: Trial, true: Callable[[], bool], within: float) -> bool:
        """Whether it came true in time. NotChecked when the call ends before."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not true():
                    if trial.over:
                        raise NotChecked("ended", trial.over)
                    trial.changed.clear()
                    await trial.changed.wait()
        return true()

    def _end(self, trial: Trial, outcome: Outcome) -> None:
        if not trial.let_go:
            self._unknown(trial)
        for leg in (trial.out, trial.back):
            if leg in self.legs:
                self._telephony.hang_up(leg, ENDED)
        for port, of in list(self._ports.items()):
            if of is trial:
                self._telephony.stop(port)
                del self._ports[port]
        del self._trials[trial.call.id]
        self._calls.closed(trial.call, outcome)
        self._changed(trial)

    # ---- what is told; each tells whether it was ours ---------------------------------------------------------------

    def incoming(self, leg: Leg, arrived: Arrived) -> bool:
        """A call by a line: whether it is one of ours that comes back."""
        for trial in self._trials.values():
            if trial.back or trial.over or arrived.line not in trial.comes_by:
                continue
            shown = _as_shown(self._rules().settings, arrived.line, arrived.number)
            if shown and trial.own and shown not in trial.own:
                continue
            trial.back, trial.arrived, trial.known = leg, arrived, bool(shown and shown in trial.own)
            trial.keys[leg], self.legs[leg] = "", trial
            trial.call.talk = Ring(0, "", arrived.line, {leg: arrived.line}, answered=leg, outside=leg)
            self._note(trial, leg, arrived.line, "started")
            self._changed(trial)
            return True
        return False

    def named(self, leg: Leg, number: str) -> bool:
        trial = self.legs.get(leg)
        if trial and leg == trial.back:
            trial.arrived = trial.arrived._replace(number=number)
            trial.known |= _as_shown(self._rules().settings, trial.arrived.line, number) in trial.own
        return trial is not None

    def rang(self, leg: Leg) -> bool:
        return leg in self.legs

    def answered(self, leg: Leg) -> bool:
        trial = self.legs.get(leg)
        if not trial:
            return False
        trial.up.add(leg)
        line = trial.line if leg == trial.out else trial.arrived.line
        self._note(trial, leg, line, "answered")
        if leg == trial.out:
            number = read(trial.call.called, trial.call.rules.settings.office.country)
            self._outgoing.answered(leg, trial.call, line, number)
        self._changed(trial)
        return True

    def over(self, leg: Leg, cause: int) -> bool:
        trial = self.legs.pop(leg, None)
        if not trial:
            return False
        line = trial.line if leg == trial.out else trial.arrived.line
        self._note(trial, leg, line, "ended", cause)
        if leg == trial.back and not trial.known:
            self._calls.missed(trial.arrived)
        trial.over = trial.over or f"the call by line {trial.line} ended before its time (cause {cause} on line {line})"
        self._changed(trial)
        return True

    def digit(self, leg: Leg, digit: str) -> bool:
        trial = self.legs.get(leg)
        if not trial:
            return False
        trial.keys[leg] = trial.keys.get(leg, "") + digit
        trial.changed.set()
        return True

    def played(self, port: Port) -> None:
        if trial := self._ports.get(port):
            trial.done.add(port)
            trial.changed.set()

    def stopped(self, port: Port, why: str) -> None:
        if trial := self._ports.get(port):
            trial.over = trial.over or why
        self.played(port)

    def hang_up(self, call: Call) -> bool:
        """End a trial: somebody wants its line."""
        trial = self._trials.get(call.id)
        if not trial:
            return False
        trial.over = trial.over or f"line {trial.line} was wanted for another call, or hung up"
        trial.let_go = True
        for leg in (trial.out, trial.back):
            if leg in self.legs:
                self._telephony.hang_up(leg, ENDED)
        trial.changed.set()
        return True

    def on_lines(self) -> dict[Leg, tuple[Call, str]]:
        """As of Ringing."""
        return {leg: (one.call, one.line if leg == one.out else one.arrived.line) for leg, one in self.legs.items()}

    def close(self) -> None:
        for trial in list(self._trials.values()):
            self.hang_up(trial.call)

    # ---- inside -----------------------------------------------------------------------------------------------------

    def _port(self, trial: Trial, port: Port) -> Port:
        if not port:
            raise NotChecked("internal", "there is no room for one more recording")
        self._ports[port] = trial
        return port

    def _changed(self, trial: Trial) -> None:
        trial.changed.set()
        for line in {trial.line, trial.arrived.line} - {""}:
            self._audience.line_changed(line)
        self._audience.call_changed(trial.call.id)

    def _note(self, trial: Trial, leg: Leg, party: str, state: str, cause: int = 0) -> None:
        self._journal.leg(trial.call.id, trial.call.row(leg), self._now(), party, "trunk", state, cause)


def _numbers(settings: Settings, table: Line) -> frozenset[str]:
    """Ours on a line, and what those see whom it calls."""
    said: Iterable[str | None] = (
        table.shown,
        *table.numbers,
        getattr(table, "user", None),
        getattr(table, "number", None),
    )
    country = table.country or settings.office.country
    return frozenset(normalise(one, country) for one in said if one and one.lstrip("+").isdigit())


def _as_shown(settings: Settings, line: str, number: str) -> str:
    table = settings.line.get(line)
    return normalise(number, table.country or settings.office.country, table.rewrite) if table and number else ""
