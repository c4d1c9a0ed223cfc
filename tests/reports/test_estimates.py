# SPDX-License-Identifier: GPL-2.0-or-later
"""Durations cut short, quantiles and intervals, against published figures."""

import math
from random import Random
from statistics import fmean

import pytest

from appliance.reports.estimates import Durations, Mean, quantile, student

# Weeks of remission under 6-MP; E. Freireich and others, Blood 21 (1963): the example of most books on survival.
HAPPENED = (6, 6, 6, 7, 10, 13, 16, 22, 23)
CUT = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
SURVIVES = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}


def test_what_was_cut_short_counts_as_long_as_it_was_seen() -> None:
    weeks = Durations(HAPPENED, CUT)
    assert {week: round(weeks.survives(week), 3) for week in SURVIVES} == SURVIVES
    assert weeks.survives(5) == 1
    assert (weeks.happened, weeks.total) == (9, 21)


def test_a_draw_is_longer_than_what_is_known() -> None:
    weeks, chance = Durations(HAPPENED, CUT), Random(1)
    draws = [weeks.draw(chance, after=12) for _ in range(20_000)]
    known = [draw for draw in draws if draw is not None]
    assert set(known) == {13, 16, 22, 23}
    assert 1 - len(known) / len(draws) == pytest.approx(weeks.survives(23) / weeks.survives(12), abs=0.01)


def test_beyond_what_was_seen_it_goes_on_at_the_same_rate() -> None:
    weeks, chance = Durations(HAPPENED, CUT, tail=True), Random(1)
    rate = -math.log(weeks.survives(23)) / 23
    beyond = [weeks.draw(chance, after=40) or 0 for _ in range(20_000)]
    assert min(beyond) >= 40
    assert fmean(beyond) == pytest.approx(40 + 1 / rate, rel=0.03)


def test_of_nothing_that_ever_happened_nothing_is_drawn() -> None:
    assert Durations([], [5, 6], tail=True).draw(Random(1)) is None
    assert Durations([], []).draw(Random(1), after=3) is None


def test_without_anything_cut_short_draws_are_what_was_seen() -> None:
    chance = Random(1)
    draws = [Durations([1, 2, 4]).draw(chance) for _ in range(9_000)]
    assert {value: round(draws.count(value) / 9_000, 1) for value in (1, 2, 4)} == {1: 0.3, 2: 0.3, 4: 0.3}


@pytest.mark.parametrize(
    ("freedom", "printed"), [(1, 12.706), (2, 4.303), (5, 2.571), (9, 2.262), (10, 2.228), (30, 2.042), (120, 1.980)]
)
def test_students_t_is_that_of_the_printed_table(freedom: int, printed: float) -> None:
    assert round(student(freedom), 3) == printed


def test_the_interval_of_a_mean() -> None:
    mean = Mean.of([9.0, 10.0, 11.0])
    assert (mean.value, round(mean.half, 3)) == (10.0, round(4.3027 / math.sqrt(3), 3))
    assert Mean.of([7.0]) == (7.0, 0.0)


def test_quantiles() -> None:
    assert [quantile([1, 2, 3, 4], share) for share in (0.5, 0.9, 1.0)] == [2, 4, 4]
    assert quantile([], 0.5) == 0
