# SPDX-License-Identifier: GPL-2.0-or-later
"""A month of 300,000 calls through the core, and the same model in SimPy and in Ciw; see replay.md."""

import itertools
import math
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from testbed.queue_models import InCiw, InSimPy, Rules, Visit
from testbed.table import tell, wants_writing

from appliance.core import replay
from tests.core.box import NINE
from tests.core.plans import Office
from tests.core.traffic import ARRIVAL, arrivals, everybody, everyone

MONTH = 300_000
OF_SIMPY, OF_CIW, COUNTED = 20_000, 10_000, 20_000  # calls; the first of the same traffic
TALK, PATIENCE, WRAP_UP, ANSWER, RING, AGAIN = 180_000, 180_000, 10_000, 4_000, 20_000, 10_000  # ms
IGNORES = 50  # of a thousand calls each lets ring
LOAD = 0.85
OUTCOME, ANSWERED = 42, 1
WHERE = "lk_replay_from_python*"  # what it calls is compiled into it


def office(people: int) -> Office:
    made = Office(calls_max=200)
    names = [f"person{i}" for i in range(people)]
    for name in names:
        made.person(name, wrap_up=WRAP_UP // 1000)
    times = {"ring": RING // 1000, "after_no_answer": AGAIN // 1000, "max_wait": 0}
    made.queue("sales", " ".join(names), strategy="round-robin", **times)
    made.line("city", "sales")
    made.step("sales", "queue", "sales")
    return made


def lets_ring(call: int, person: int) -> bool:
    """As core/replay.c draws it."""
    mask = (1 << 64) - 1
    x = (call * 0x9E3779B97F4A7C15 + person) & mask
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & mask
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & mask
    return (x ^ x >> 31) % 1000 < IGNORES


def traffic(made: Office, calls: int) -> list[Visit]:
    chance = Random(1)
    people = [made.id("person", name) for name in made.people]
    gap = (TALK + WRAP_UP + ANSWER) / (LOAD * len(people))

    def exponential(mean: float) -> int:
        return round(-math.log(1 - chance.random()) * mean) + 1

    at = itertools.accumulate(exponential(gap) for _ in range(calls))
    return [
        Visit(
            time,
            exponential(TALK),
            exponential(PATIENCE),
            frozenset(i for i, person in enumerate(people) if lets_ring(call, person)),
        )
        for call, time in enumerate(at, start=1)
    ]


class InCore:
    def __init__(self, made: Office, visits: list[Visit]) -> None:
        self.plan, self.known, self.crew = made.plan(), everybody(made), everyone(made, IGNORES)
        self.rows = arrivals(
            made,
            "city",
            [NINE + visit.at for visit in visits],
            talk=[visit.talk for visit in visits],
            patience=[visit.patience for visit in visits],
            answer=[ANSWER] * len(visits),
        )

    def run(self) -> bytes:
        return replay(self.plan, self.rows, facts=self.known, people=self.crew)[0]

    def instructions(self, calls: int) -> int | None:
        """A call, counted by callgrind; None where there is no valgrind."""
        if shutil.which("valgrind") is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            for name, data in (("plan", self.plan), ("known", self.known), ("crew", self.crew)):
                Path(folder, name).write_bytes(data)
            Path(folder, "rows").write_bytes(self.rows[: calls * ARRIVAL.size])
            code = f"from pathlib import Path\nread = lambda name: Path({folder!r}, name).read_bytes()\n"
            code += "from appliance.core import replay\n"
            code += "replay(read('plan'), read('rows'), facts=read('known'), people=read('crew'))"
            grind = ["valgrind", "--tool=callgrind", f"--toggle-collect={WHERE}", f"--callgrind-out-file={folder}/out"]
            done = subprocess.run([*grind, sys.executable, "-c", code], capture_output=True, text=True, check=True)
        found = re.search(r"Collected : (\d+)", done.stderr)
        return int(found[1]) // calls if found and int(found[1]) else None


def timed(run: Callable[[], object], times: int) -> tuple[float, object]:
    """Seconds of the fastest run, and what came of it."""
    took, made = [], None
    for _ in range(times):
        start = time.perf_counter()
        made = run()
        took.append(time.perf_counter() - start)
    return min(took), made


def same(calls: bytes, answered: list[int | None]) -> int:
    """Calls that are answered at the same moment, or never, in both."""
    ours = (row[0] - NINE if row[0] else None for row in struct.iter_unpack("=q40x", calls))
    return sum(a == b for a, b in zip(ours, answered, strict=False))


def main() -> None:
    write = wants_writing(__doc__ or "")
    rows: list[tuple[str, ...]] = [
        ("people", "core: a month, s", "us a call", "instructions", "SimPy us", "Ciw us", "SimPy : core", "Ciw : core")
    ]
    notes = []
    for people in (5, 10, 30):
        made = office(people)
        visits = traffic(made, MONTH)
        core = InCore(made, visits)
        month, calls = timed(core.run, 5)
        assert isinstance(calls, bytes)
        rules = Rules(people, ANSWER, RING, AGAIN, WRAP_UP)
        simpy, answered = timed(lambda rules=rules, v=visits: InSimPy(rules, v[:OF_SIMPY]).run(), 3)
        assert isinstance(answered, list)
        ciw, _ = timed(lambda rules=rules, v=visits: InCiw(rules, v[:OF_CIW]).run(), 3)
        ours, theirs, his = month / MONTH * 1e6, simpy / OF_SIMPY * 1e6, ciw / OF_CIW * 1e6
        counted = core.instructions(COUNTED)
        figures = (f"{month:.2f}", f"{ours:.2f}", f"{counted:,}" if counted else "-", f"{theirs:.0f}", f"{his:.0f}")
        rows.append((str(people), *figures, f"{theirs / ours:.0f}", f"{his / ours:.0f}"))
        alike = same(calls, answered)
        share = calls[OUTCOME :: len(calls) // MONTH].count(ANSWERED) / MONTH
        notes.append(
            f"{people} people: {share:.1%} are answered; of {OF_SIMPY:,} calls SimPy answers {alike:,} at the very ms."
        )
    tell(rows, write=write, notes=notes)


if __name__ == "__main__":
    main()
