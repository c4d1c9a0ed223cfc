# SPDX-License-Identifier: GPL-2.0-or-later
"""Time of a decision: an office of 50 people, 10 queues of 8, 1,000 extensions and numbers; see core_decision.md."""

import time
from collections.abc import Callable
from statistics import median

from testbed.table import tell, wants_writing

from appliance.core import Command, Core
from appliance.core.names import Do, Fact
from tests.core.model import Model
from tests.core.plans import Office

ROUNDS, ROUNDS_IN_PYTHON = 20_000, 300
NOW = 1_772_784_000_000


def office(strategy: str) -> Office:
    made = Office(calls_max=100)
    people = [f"person{i}" for i in range(50)]
    for person in people:
        made.person(person)
    for i in range(10):
        made.queue(f"queue{i}", " ".join(people[i * 5 : i * 5 + 8] or people[:8]), strategy=strategy)
        made.line(f"line{i}", f"hours{i}")
        made.hours(f"hours{i}", *((NOW + day * 86_400_000, NOW + day * 86_400_000 + 36_000_000) for day in range(400)))
        made.step(f"hours{i}", "hours", f"hours{i}", next=f"queue{i}")
        made.step(f"queue{i}", "queue", f"queue{i}")
    made.callers("regulars", *(f"370600{i:05}" for i in range(1000)))
    made.action("lamp", "regulars", "line0")
    for i in range(100):
        made.dial("line0", f"1{i:03}", "queue0")
    return made


class InPython(Model):
    """The core in plain Python that tests/ hold against the one in C, with doors like its own."""

    def fetch(self) -> list[Command]:
        commands, self.commands, self.trace = self.commands, [], []
        return commands


class InC:
    def __init__(self, plan: bytes) -> None:
        self.core = Core(plan)
        self.feed = self.core.feed

    def fetch(self) -> list[Command]:
        commands = self.core.commands()
        self.core.trace()
        return commands


class Desk:
    """Feeds the core as the switch does, and keeps the time each fact took with its commands and trace fetched."""

    def __init__(self, strategy: str, waiting: int, python: bool = False) -> None:
        made = office(strategy)
        self.core = InPython(made.rows(), made.calls_max) if python else InC(made.plan())
        self.line = made.id("line", "line0")
        self.call = 0
        self.took: dict[str, list[tuple[int, int]]] = {}  # ns to decide, ns to fetch
        people = [made.id("person", f"person{i}") for i in range(8)]
        for person in people if not waiting else people[:1]:
            self.core.feed(Fact.REACHABLE, NOW, person=person, value=1)
        for _ in range(waiting):
            self.arrive()
        self.took.clear()

    def timed(self, name: str, feed: Callable[[], None]) -> list[Command]:
        start = time.perf_counter_ns()
        feed()
        decided = time.perf_counter_ns()
        commands = self.core.fetch()
        self.took.setdefault(name, []).append((decided - start, time.perf_counter_ns() - decided))
        return commands

    def arrive(self) -> int:
        self.call += 1
        feed, call, line = self.core.feed, self.call, self.line
        commands = self.timed(
            "a call arrives, is recognised, joins, rings",
            lambda: feed(Fact.ARRIVED, NOW, call=call, line=line, number="37060000500", other="1099"),
        )
        return next((command.leg for command in commands if command.kind == Do.RING), 0)

    def visit(self) -> None:
        """One call from its arrival to its end."""
        feed, leg = self.core.feed, self.arrive()
        call = self.call
        if leg:
            self.timed("one answers, the others stop", lambda: feed(Fact.ANSWERED, NOW, call=call, leg=leg))
            self.timed("he hangs up, the call is over", lambda: feed(Fact.LEFT, NOW, call=call, leg=leg))
        else:
            self.timed("a waiting caller hangs up", lambda: feed(Fact.HUNG_UP, NOW, call=call))


def main() -> None:
    write = wants_writing("Time of a decision of the core, and of fetching what it decided.")
    rows: list[tuple[str, ...]] = [
        (
            "office: fact",
            "decide, median us",
            "p99 us",
            "fetch, median us",
            "Python, decide us",
            "Python : core",
            "with fetching",
        )
    ]
    for name, strategy, waiting in (
        ("ring all, 8 free", "ring-all", 0),
        ("turns, 8 free", "round-robin", 0),
        ("50 callers wait", "ring-all", 50),
    ):
        desk = Desk(strategy, waiting)
        for _ in range(ROUNDS):
            desk.visit()
        python = Desk(strategy, waiting, python=True)
        for _ in range(ROUNDS_IN_PYTHON):
            python.visit()
        for fact, took in desk.took.items():
            decide, fetch = sorted(d for d, _ in took), median(f for _, f in took)
            slow, usual = decide[len(decide) * 99 // 100], median(decide)
            theirs = median(d for d, _ in python.took[fact])
            times = (f"{ns / 1000:.2f}" for ns in (usual, slow, fetch))
            ratios = (f"{theirs / 1000:.0f}", f"{theirs / usual:.0f}", f"{theirs / (usual + fetch):.0f}")
            rows.append((f"{name}: {fact}", *times, *ratios))
    desk = Desk("ring-all", 0)
    ticks = []
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        desk.core.feed(Fact.TICK, NOW)
        ticks.append(time.perf_counter_ns() - start)
    rows.append(("any: a tick with nothing due, so the binding alone", f"{median(ticks) / 1000:.2f}", *[""] * 5))
    tell(rows, write=write)


if __name__ == "__main__":
    main()
