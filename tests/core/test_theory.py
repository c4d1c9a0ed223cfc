# SPDX-License-Identifier: GPL-2.0-or-later
"""The core against queueing theory: what many callers meet in it is what Erlang and Palm say.

Simulated are M/M/n/n (a chain that rings everybody and has no next step), M/M/n (a queue) and M/M/n with impatient
callers (the same). Each case is several independent runs, and has a 95 % confidence interval by Student's t; the formula
must lie within it. Of many true intervals one in twenty does not hold the truth, so of the sixty-odd here as many may
miss as chance lets miss once in a thousand, and none may miss by more than twice its half.
"""

import math
from collections.abc import Callable
from random import Random

import pytest

from appliance.core import replay
from appliance.core.names import Outcome
from appliance.reports.estimates import Mean
from tests.core.plans import Office
from tests.core.traffic import RESULT, arrivals, everybody, everyone, exponential, poisson

RUNS = 8
CALLS = 12_000  # of each run
WARM = 2_000  # of these, not counted
TALK = 180_000  # ms, mean

# Offered traffic in erlang that n channels take with so large a share lost, as printed (to 0.1 erlang) in D. Collins,
# "Carrier Grade Voice over IP", 2nd ed., McGraw-Hill 2003, Appendix A, "Table of Erlang B".
LOST = (0.01, 0.02, 0.03, 0.04, 0.05)
ERLANG_B = {
    4: (0.9, 1.1, 1.3, 1.4, 1.5),
    5: (1.4, 1.7, 1.9, 2.1, 2.2),
    6: (1.9, 2.3, 2.5, 2.8, 3.0),
    7: (2.5, 2.9, 3.2, 3.5, 3.7),
    8: (3.1, 3.6, 4.0, 4.3, 4.5),
    9: (3.8, 4.3, 4.7, 5.1, 5.4),
}
# The share delayed: J. Dunlop, D. Girma, J. Irvine, "Digital Mobile Communications and the TETRA System", Wiley 1999,
# A.4, "Erlang C table": channels, share, erlang.
ERLANG_C = ((8, 0.05, 3.87), (10, 0.01, 4.08))
# A. Mandelbaum, S. Zeltyn, "The Palm/Erlang-A Queue, with Applications to Call Centers", Technion 2005; O. Garnett,
# A. Mandelbaum, M. Reiman, "Designing a Call Center with Impatient Customers", M&SOM 4 (2002): 50 agents, 48 calls a
# minute, a minute of talk and two of patience on average: share that hangs up, and mean wait in seconds.
ERLANG_A = (0.031, 3.7)


def lost(n: int, a: float) -> float:
    """Erlang's B."""
    share = 1.0
    for k in range(1, n + 1):
        share = a * share / (k + a * share)
    return share


def delayed(n: int, a: float) -> float:
    """Erlang's C."""
    share = lost(n, a)
    return n * share / (n - a * (1 - share))


def impatient(n: int, a: float, patience: float) -> tuple[float, float, float]:
    """Palm's Erlang A: share that waits, share that hangs up, mean wait; times in mean talks."""
    weights, k = [1.0], 0
    while k < n or weights[-1] > 1e-14 * max(weights):
        k += 1
        weights.append(weights[-1] * a / (min(k, n) + max(k - n, 0) / patience))
    total = math.fsum(weights)
    waiting = math.fsum(max(k - n, 0) * weight for k, weight in enumerate(weights)) / total
    return math.fsum(weights[n:]) / total, waiting / patience / a, waiting / a


def offered(n: int, share: float, by: Callable[[int, float], float]) -> float:
    """Erlang at which the share is so large."""
    low, high = 0.0, float(n)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if by(n, middle) < share else (low, middle)
    return low


def office(n: int, kind: str) -> Office:
    made = Office(calls_max=1_000)
    names = [f"person{i}" for i in range(n)]
    for name in names:
        made.person(name)
    made.line("city", kind)
    made.queue("queue", " ".join(names), strategy="round-robin", max_wait=0)
    made.chain("chain", (20, " ".join(names)))
    made.step("queue", "queue", "queue")
    made.step("chain", "chain", "chain")
    return made


class Ends:
    """What is looked at of the calls that count, column by column."""

    def __init__(self, calls: bytes) -> None:
        self.outcomes = bytes(memoryview(calls)[42::RESULT])[WARM:]
        self.waits = memoryview(calls).cast("I")[8 :: RESULT // 4].tolist()[WARM:]

    def refused(self) -> float:
        return self.outcomes.count(Outcome.REFUSED) / len(self.outcomes)

    def hung_up(self) -> float:
        return self.outcomes.count(Outcome.ABANDONED) / len(self.outcomes)

    def waiting(self) -> float:
        return 1 - self.waits.count(0) / len(self.waits)

    def mean_wait(self) -> float:
        """In mean talks."""
        return sum(self.waits) / len(self.waits) / TALK


def simulated(
    n: int, a: float, kind: str, *measures: Callable[[Ends], float], patience: float = 0, seed: int = 1
) -> list[Mean]:
    """Means and intervals of what is measured, over independent runs. Patience in mean talks."""
    box, found = office(n, kind), []
    plan, known, crew = box.plan(), everybody(box), everyone(box)
    for i in range(RUNS):
        chance = Random(f"{n} {a:.3f} {kind} {patience} {seed} {i}")
        columns = {"talk": exponential(chance, TALK, CALLS)}
        if patience:
            columns["patience"] = [ms + 1 for ms in exponential(chance, TALK * patience, CALLS)]
        rows = arrivals(box, "city", poisson(chance, a / TALK, CALLS), **columns)
        ends = Ends(replay(plan, rows, facts=known, people=crew)[0])
        found.append([measure(ends) for measure in measures])
    return [Mean.of(values) for values in zip(*found, strict=True)]


def agree(cases: list[tuple[str, Mean, float]]) -> None:
    """Nearly all within their intervals, none far outside."""
    off = [f"{name}: {mean.value:.4f} ±{mean.half:.4f}, not {theory:.4f}" for name, mean, theory in cases
           if abs(mean.value - theory) > mean.half]  # fmt: skip
    far = [name for name, mean, theory in cases if abs(mean.value - theory) > 2 * mean.half]
    assert not far, off
    assert len(off) <= at_most(len(cases)), off


def at_most(cases: int, once_in: float = 0.001) -> int:
    """So many of true 95 % intervals miss, or fewer, but for once in a thousand."""
    tail, k = 1.0, -1
    while tail > once_in:
        k += 1
        tail -= math.comb(cases, k) * 0.05**k * 0.95 ** (cases - k)
    return k


@pytest.mark.parametrize(("n", "row"), ERLANG_B.items())
def test_the_formula_is_that_of_the_printed_table(n: int, row: tuple[float, ...]) -> None:
    assert [round(offered(n, share, lost), 1) for share in LOST] == pytest.approx(row, abs=0.1001)
    assert all(
        lost(n, printed - 0.06) <= share <= lost(n, printed + 0.06) for share, printed in zip(LOST, row, strict=True)
    )


def test_callers_lost_when_all_are_busy_are_as_many_as_erlang_b_says() -> None:
    """30 cases of the printed table."""
    cases = []
    for n in ERLANG_B:
        for lose in LOST:
            [mean] = simulated(n, offered(n, lose, lost), "chain", Ends.refused)
            cases.append((f"{n} people, {lose:.0%} lost", mean, lose))
    agree(cases)


@pytest.mark.parametrize(("n", "share", "printed"), ERLANG_C)
def test_the_formula_of_waiting_is_that_of_the_printed_table(n: int, share: float, printed: float) -> None:
    assert delayed(n, printed - 0.01) < share < delayed(n, printed + 0.01)


def test_callers_who_wait_are_as_many_and_wait_as_long_as_erlang_c_says() -> None:
    """The 32 cases of the printed tables (of those of loss, C = n B / (n - A (1 - B))), and 23 up to eight tenths busy."""
    printed = [(n, a) for n, _, a in ERLANG_C] + [(n, a) for n, row in ERLANG_B.items() for a in row]
    grid = [(n, round(n * load, 3)) for n in (1, 2, 3, 5, 8, 10, 15, 20) for load in (0.5, 0.7, 0.8) if n * load > 0.6]
    cases = []
    for n, a in printed + grid:
        waits, wait = simulated(n, a, "queue", Ends.waiting, Ends.mean_wait)
        cases.append((f"{n} people, {a} erlang: who waits", waits, delayed(n, a)))
        cases.append((f"{n} people, {a} erlang: how long", wait, delayed(n, a) / (n - a)))
    assert len(cases) == 2 * (32 + 23)
    agree(cases)


def test_impatient_callers_hang_up_as_palm_says() -> None:
    """The published case, and 24 of people, load and patience, also with more calls than the people can take."""
    hangs_up, wait = impatient(50, 48, 2)[1:]
    assert round(hangs_up, 3) == ERLANG_A[0]
    assert round(wait * 60, 1) == ERLANG_A[1]
    grid = [(n, n * load, patience) for n in (1, 3, 6, 12) for load in (0.8, 1.0, 1.2) for patience in (0.5, 2.0)]
    cases = []
    for n, a, patience in [(50, 48.0, 2.0), *grid]:
        theory = impatient(n, a, patience)
        means = simulated(n, a, "queue", Ends.waiting, Ends.hung_up, Ends.mean_wait, patience=patience)
        for what, mean, value in zip(("who waits", "who hangs up", "how long"), means, theory, strict=True):
            cases.append((f"{n} people, {a:.1f} erlang, patience {patience}: {what}", mean, value))
    agree(cases)
