# SPDX-License-Identifier: GPL-2.0-or-later
"""One queue of people in turns, as SimPy and as Ciw put it; bench/replay.py runs them beside the core."""

from collections.abc import Generator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from testbed import others

others.on_path()

import ciw  # noqa: E402
import simpy  # noqa: E402


class Visit(NamedTuple):
    """A call of the traffic; ms."""

    at: int
    talk: int
    patience: int
    ignored: frozenset[int]  # who lets it ring


class Rules(NamedTuple):
    """Times in ms."""

    people: int
    answer: int  # till somebody rung picks up
    ring_for: int
    again_after: int  # till who let it ring is rung again for the same call
    wrap_up: int


@dataclass(slots=True, eq=False)
class Caller:
    number: int
    visit: Visit
    answered: simpy.Event
    gone: simpy.Event
    rung: int = -1
    tried: dict[int, int] | None = None  # who let it ring, and when


class InSimPy:
    """Processes for callers and rings; whoever is free and had his last turn longest ago is rung."""

    def __init__(self, rules: Rules, traffic: list[Visit]) -> None:
        self.rules, self.traffic = rules, traffic
        self.env = simpy.Environment()
        self.turns, self.turn = [0] * rules.people, 0
        self.free = set(range(rules.people))
        self.waiting: dict[int, Caller] = {}
        self.answered: list[int | None] = [None] * len(traffic)  # when, of each call

    def run(self) -> list[int | None]:
        self.env.process(self.arrivals())
        self.env.run()
        return self.answered

    def arrivals(self) -> Generator[Any, Any, None]:
        for number, visit in enumerate(self.traffic):
            yield self.env.timeout(visit.at - self.env.now)
            self.env.process(self.call(number, visit))

    def call(self, number: int, visit: Visit) -> Generator[Any, Any, None]:
        env = self.env
        caller = Caller(number, visit, env.event(), env.event())
        self.waiting[number] = caller
        self.dispatch()
        yield caller.answered | env.timeout(visit.patience)
        del self.waiting[number]
        if not caller.answered.triggered:
            caller.gone.succeed()
            return
        self.answered[number] = env.now
        yield env.timeout(visit.talk)
        if self.rules.wrap_up:
            yield env.timeout(self.rules.wrap_up)
        self.free.add(caller.rung)
        self.dispatch()

    def ring(self, caller: Caller, person: int) -> Generator[Any, Any, None]:
        rules, env = self.rules, self.env
        if person not in caller.visit.ignored:
            yield env.timeout(rules.answer) | caller.gone
            if not caller.gone.triggered:
                caller.answered.succeed()
                return
        else:
            yield env.timeout(rules.ring_for) | caller.gone
            if not caller.gone.triggered:
                caller.rung = -1
                caller.tried = {**(caller.tried or {}), person: env.now}
                env.process(self.again())
        self.free.add(person)
        self.dispatch()

    def again(self) -> Generator[Any, Any, None]:
        yield self.env.timeout(self.rules.again_after)
        self.dispatch()

    def dispatch(self) -> None:
        now, again = self.env.now, self.rules.again_after
        for caller in self.waiting.values():
            if not self.free:
                return
            if caller.rung >= 0:
                continue
            tried = caller.tried
            fit = [p for p in self.free if not tried or p not in tried or now >= tried[p] + again]
            if fit:
                chosen = min(fit, key=lambda person: (self.turns[person], person))
                self.turn += 1
                self.turns[chosen] = self.turn
                self.free.discard(chosen)
                caller.rung = chosen
                self.env.process(self.ring(caller, chosen))


class Recorded(ciw.dists.Distribution):
    """What the traffic has, one after another, then what ends it."""

    def __init__(self, values: list[int], after: float) -> None:
        self.values, self.after = iter(values), after

    def sample(self, t: float | None = None, ind: object = None) -> float:
        return next(self.values, self.after)


class InCiw:
    """A node with reneging: who is free has the call at once, and is busy till he has picked up, talked, wrapped up.

    Nobody lets it ring, as Ciw knows no second try; nobody hangs up while he is rung; and as its servers do not know
    their last turn, who was busy least is next.
    """

    def __init__(self, rules: Rules, traffic: list[Visit]) -> None:
        times = [0, *(visit.at for visit in traffic)]
        gaps = [after - before for before, after in pairwise(times)]
        busy = [rules.answer + visit.talk + rules.wrap_up for visit in traffic]
        self.until = traffic[-1].at + 86_400_000
        self.network = ciw.create_network(
            arrival_distributions=[Recorded(gaps, float("inf"))],
            service_distributions=[Recorded(busy, 0)],
            reneging_time_distributions=[Recorded([visit.patience for visit in traffic], 0)],
            number_of_servers=[rules.people],
            server_priority_functions=[lambda server, caller: server.busy_time],
        )

    def run(self) -> int:
        """How many were answered."""
        simulation = ciw.Simulation(self.network)
        simulation.simulate_until_max_time(self.until)
        return sum(record.record_type == "service" for record in simulation.get_all_records())
