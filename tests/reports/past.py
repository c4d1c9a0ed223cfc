# SPDX-License-Identifier: GPL-2.0-or-later
"""A past: callers and people in virtual time, told to a journal as the switch tells it. Nothing of it is replay's."""

import heapq
import itertools
from pathlib import Path
from random import Random

from appliance.core import Command, Core
from appliance.core.names import Do, Fact, Outcome, Status, Trust
from appliance.settings.compile import compile
from appliance.settings.models import Settings
from appliance.store.journal import Journal

START = 1_797_235_200_000  # a Monday, 2026-12-14 08:00 UTC
OUTCOMES = {Outcome.ANSWERED: "answered", Outcome.VOICEMAIL: "voicemail", Outcome.ABANDONED: "abandoned"}
OUTCOMES |= {Outcome.REFUSED: "refused", Outcome.SELF_SERVICE: "self-service"}


class Past:
    """An office of people who pick up late, refuse or let it ring, and of callers with little patience."""

    def __init__(self, path: Path, settings: Settings, seed: int = 1) -> None:
        plan, self.names = compile(settings, START)
        self.core, self.settings, self.chance = Core(plan), settings, Random(seed)
        self.journal = Journal(path, lambda id, message: None, delay=0.01)
        self.now = START
        self.queue: list[tuple[int, int, str, tuple[int, ...]]] = []
        self.order = itertools.count()
        self.legs: dict[tuple[int, int], int] = {}  # of whom it was asked, while it rings
        self.answered: dict[int, tuple[str, int]] = {}
        self.over: set[int] = set()

    def tell(self, kind: Fact, person: str = "", value: int = 0) -> None:
        detail: dict[str, object] = {"person": person}
        if kind == Fact.STATUS:
            self.journal.event(0, self.now, "status", detail | {"status": Status(value).name.lower(), "reason": ""})
        else:
            self.journal.event(0, self.now, "reachable", detail | {"telephones": value})
        self.core.feed(kind, self.now, person=self.names.id("person", person), value=value)
        self.drain()

    def line(self, line: str) -> None:
        self.journal.event(0, self.now, "line", {"line": line, "usable": True, "why": ""})
        self.core.feed(Fact.LINE, self.now, line=self.names.id("line", line), value=1)

    def live(self, callers: int, gap: int, status_changes: int = 0) -> None:
        """So many callers, ms apart on average; some people come and go meanwhile."""
        at, people = self.now, list(self.settings.person)
        for n in range(callers):
            at += round(self.chance.expovariate(1 / gap))
            self.later(at, "arrive", n)
        for _ in range(status_changes):
            away = self.chance.randrange(self.now, at)
            who = self.chance.randrange(len(people))
            self.later(away, "status", who, Status.BREAK)
            self.later(away + 120_000, "status", who, Status.AVAILABLE)
        while self.queue or self.core.deadline() is not None:
            due = self.core.deadline()
            if self.queue and (due is None or self.queue[0][0] <= due):
                self.now, _, what, about = heapq.heappop(self.queue)
                getattr(self, what)(*about)
            elif due is not None:
                self.now = due
                self.core.feed(Fact.TICK, due)
            self.drain()
        self.journal.close()

    def later(self, at: int, what: str, *about: int) -> None:
        heapq.heappush(self.queue, (at, next(self.order), what, about))

    # ---- what happens -----------------------------------------------------------------------------------------------

    def status(self, who: int, value: int) -> None:
        self.tell(Fact.STATUS, list(self.settings.person)[who], value)

    def arrive(self, n: int) -> None:
        call, number, called = (self.now << 10) + n, f"+3706{n % 40:07}", "+37052000000"
        self.journal.call(call, self.now, "city", number, called, "")
        self.core.feed(
            Fact.ARRIVED,
            self.now,
            call=call,
            line=self.names.id("line", "city"),
            number=number[1:],
            other=called[1:],
            trust=Trust[self.settings.line["city"].trust.upper()],
        )
        self.later(self.now + round(self.chance.expovariate(1 / 60_000)) + 1, "hang_up", call)

    def hang_up(self, call: int) -> None:
        if call not in self.over and call not in self.answered:
            self.core.feed(Fact.HUNG_UP, self.now, call=call)

    def pick_up(self, call: int, leg: int, cause: int) -> None:
        if self.legs.pop((call, leg), None) is not None:
            kind = Fact.REFUSED if cause else Fact.ANSWERED
            self.core.feed(kind, self.now, call=call, leg=leg, value=cause)

    def leave(self, call: int, leg: int) -> None:
        if call not in self.over:
            self.core.feed(Fact.LEFT, self.now, call=call, leg=leg)

    def recorded(self, call: int) -> None:
        if call not in self.over:
            self.core.feed(Fact.DONE, self.now, call=call)

    # ---- what is wanted ---------------------------------------------------------------------------------------------

    def drain(self) -> None:
        for line in self.core.trace():
            subject = ".".join(self.names.named(line.subject) or ())
            self.journal.trace(line.call, line.at, line.rule, line.reason, subject, line.detail)
        for command in self.core.commands():
            self.do(command)

    def do(self, command: Command) -> None:
        call, leg, chance = command.call, command.leg, self.chance
        match command.kind:
            case Do.RING:
                self.legs[call, leg] = command.target
                if chance.random() < 0.8:
                    cause = 21 if chance.random() < 0.1 else 0
                    self.later(self.now + chance.randint(1_000, 25_000), "pick_up", call, leg, cause)
            case Do.STOP:
                self.legs.pop((call, leg), None)
            case Do.BRIDGE:
                self.answered[call] = "", self.now
                self.later(self.now + round(chance.expovariate(1 / 90_000)) + 1, "leave", call, leg)
            case Do.MAILBOX:
                self.answered.setdefault(call, ("", 0))
                self.later(self.now + chance.randint(2_000, 40_000), "recorded", call)
            case Do.OVER:
                self.over.add(call)
                at = self.answered.get(call, ("", 0))[1] or None
                who, queue = self.names.name(command.target), self.names.name(command.queue)
                self.journal.over(call, self.now, OUTCOMES[Outcome(command.value)], queue, who, at)
