# SPDX-License-Identifier: GPL-2.0-or-later
"""The core and its clock: facts go in, commands are carried out, one timer is set to what is due next."""

import asyncio
import logging
from collections.abc import Callable

from appliance.calls.clock import Clock
from appliance.calls.ports import Journal
from appliance.calls.rules import Rules
from appliance.core import Command, Core, CoreError, Trace
from appliance.core.names import Do, Fact, Why
from appliance.settings.scenarios import asks_for_proof, is_inner

log = logging.getLogger("calls")

HIDDEN = ord("•")  # instead of a key of a PIN or code
TICK_AT_MOST = 60.0  # seconds; a clock that was set is noticed by then
ROUNDING = 0.001  # seconds, of what is told in ms


class Routing:
    """`do` carries out a command, `traced` sees each decision with its subject, `settled` is told whose calls moved."""

    def __init__(
        self,
        rules: Rules,
        memory: bytes | None,
        journal: Journal,
        *,
        do: Callable[[Command], None],
        traced: Callable[[Trace, str], None],
        settled: Callable[[set[int]], None],
        told: Callable[[Fact, dict[str, int | str]], dict[str, int | str]] = lambda fact, fields: fields,
    ) -> None:
        """told: a fact as the core is to have it; CoreError when it is not to."""
        self.rules = rules
        self._core = Core(rules.plan, memory)
        self._journal, self._do, self._traced, self._settled, self._told = journal, do, traced, settled, told
        self._clock = Clock()
        self._draining = False
        self._unwritten: list[tuple[Trace, str]] = []
        self._timer: asyncio.TimerHandle | None = None

    def apply(self, rules: Rules) -> None:
        """New rules for new calls; CoreError when the core refuses the plan, and the old stay."""
        self._core.swap(rules.plan, self.now())
        self.rules = rules

    def memory(self) -> bytes:
        return self._core.memory()

    def id(self, kind: str, name: str) -> int:
        return self.rules.names.id(kind, name)

    def name(self, id: int) -> str:
        return self.rules.names.name(id)

    # ---- facts and commands -----------------------------------------------------------------------------------------

    def feed(self, fact: Fact, **fields: int | str) -> None:
        """Tell the core a fact; one that came too late is a race that was lost, and no harm."""
        try:
            self.tell(fact, **fields)
        except CoreError as fault:
            late = fault.id in ("no-call", "no-leg", "cannot")
            log.log(logging.DEBUG if late else logging.ERROR, "%s %s: %s", fact.name, fields, fault.id)

    def tell(self, fact: Fact, **fields: int | str) -> None:
        """Tell the core a fact; CoreError when it refuses it."""
        self._core.feed(fact, self.now(), **self._told(fact, fields))  # type: ignore[arg-type]

    def drain(self) -> None:
        """Carry out everything the core wants; facts that arise on the way come after."""
        if self._draining:
            return
        self._draining = True
        touched: set[int] = set()
        try:
            while commands := self._core.commands():
                self._look_at_traces()
                for command in commands:
                    touched.add(command.call)
                    if command.kind == Do.OVER:
                        self._write_traces()  # they are forced to the disk with the last word about the call
                    try:
                        self._do(command)
                    except Exception:  # whatever one call's command meets must not cost the others theirs
                        log.exception("call %d: a command was not carried out: %s", command.call, command)
            self._look_at_traces()
        finally:
            self._draining = False
            self._write_traces()  # telephones and whoever listens wait for commands, nobody for this
        self._settled(touched)
        self._alarm()

    def _look_at_traces(self) -> None:
        for one in self._core.trace():
            subject = ".".join(self.rules.names.named(one.subject) or ())
            self._unwritten.append((one, subject))
            self._traced(one, subject)

    def _write_traces(self) -> None:
        unwritten, self._unwritten = self._unwritten, []
        for one, subject in unwritten:
            hidden = one.rule == Why.KEY and asks_for_proof(subject.partition(".")[2])
            if not is_inner(subject):
                self._journal.trace(one.call, one.at, one.rule, one.reason, subject, HIDDEN if hidden else one.detail)

    # ---- time -------------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """ms UTC."""
        return self._clock.now()

    def set_clock(self) -> None:
        """Take the time as the system has it; while no call is under way."""
        self._clock.set()

    def _alarm(self) -> None:
        """A timer that rings before anything is due stays: most deadlines are gone by then, and it is set anew for the rest."""
        due = self._core.deadline()
        if due is None:
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + min(max(due - self.now(), 0) / 1000, TICK_AT_MOST)
        if self._timer and self._timer.when() <= at + ROUNDING:
            return
        self.close()
        self._timer = loop.call_at(at, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.feed(Fact.TICK)
        self.drain()

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
