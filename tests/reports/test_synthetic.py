# SPDX-License-Identifier: GPL-2.0-or-later
"""Made-up traffic: as many calls as described, as long, with the people who are there."""

from datetime import datetime
from pathlib import Path
from statistics import fmean, median
from zoneinfo import ZoneInfo

import pytest

from appliance.core.names import Fact, Status
from appliance.reports import replay, synthetic
from appliance.settings.faults import SettingsFaults
from appliance.settings.load import parse

EXAMPLE = Path("office.example.toml")
OFFICE = parse(EXAMPLE.read_text(), EXAMPLE)
NINE = 1_797_231_600_000  # 2026-12-14 09:00 in Vilnius
TRAFFIC = """
[traffic]
begins = "2026-12-14 09:00"
half_hours = [10, 40, 0, 20]
days = 100
line = "city"
called = "+37052000000"
callers = ["+37060000001", "+37060000002"]
talk = { mean = 150, distribution = "lognormal", deviation = 120 }
patience = { mean = 60 }
answer = { mean = 4, distribution = "constant" }
keys = { 1 = 3, 2 = 1 }
[person.anna]
there = [["09:00", "10:00"], ["10:30", "24:00"]]
ignores = 12.5
"""


def described(tmp_path: Path, text: str = TRAFFIC) -> synthetic.Description:
    (tmp_path / "traffic.toml").write_text(text)
    return synthetic.read(tmp_path / "traffic.toml", OFFICE)


def test_as_many_calls_come_in_each_half_hour_as_described(tmp_path: Path) -> None:
    traffic = synthetic.draw(described(tmp_path), OFFICE, seed=1)
    counts = [0] * 4
    for visit in traffic.visits:
        counts[(visit.at - NINE) % 86_400_000 // 1_800_000] += 1
    assert traffic.begins == NINE
    assert counts[2] == 0
    for count, expected in zip(counts, (1_000, 4_000, 0, 2_000), strict=True):
        assert abs(count - expected) <= 4 * expected**0.5
    assert [visit.at for visit in traffic.visits] == sorted(visit.at for visit in traffic.visits)


def test_talks_and_patience_are_as_long_as_described(tmp_path: Path) -> None:
    visits = synthetic.draw(described(tmp_path), OFFICE, seed=1).visits
    assert fmean(visit.talk for visit in visits) == pytest.approx(150_000, rel=0.04)
    assert median(visit.talk for visit in visits) == pytest.approx(150_000 / (1 + 0.64) ** 0.5, rel=0.04)
    assert fmean(visit.patience for visit in visits) == pytest.approx(60_000, rel=0.05)
    assert {visit.answer for visit in visits} == {4_000}
    ones = sum(visit.keys == "1" for visit in visits)
    assert ones / len(visits) == pytest.approx(0.75, abs=0.03)


def test_the_same_seed_is_the_same_traffic_and_another_is_not(tmp_path: Path) -> None:
    description = described(tmp_path)
    one, same, other = (synthetic.draw(description, OFFICE, seed).visits for seed in (1, 1, 2))
    assert one == same
    assert one != other
    more = synthetic.draw(description, OFFICE, 1, scale=1.3).visits
    assert len(more) / len(one) == pytest.approx(1.3, abs=0.05)


def test_people_come_and_go_as_described(tmp_path: Path) -> None:
    facts = [fact for fact in synthetic.draw(described(tmp_path), OFFICE, 1).facts if fact.name == "anna"]
    statuses = [(fact.at - NINE, fact.value) for fact in facts if fact.kind == Fact.STATUS and fact.at >= NINE]
    hour = 3_600_000
    assert statuses[:4] == [
        (0, Status.AVAILABLE),
        (hour, Status.OFF),
        (hour * 3 // 2, Status.AVAILABLE),
        (15 * hour, Status.OFF),
    ]
    before = [fact.value for fact in facts if fact.kind == Fact.STATUS and fact.at < NINE]
    assert before[-1] == Status.OFF


def test_calls_come_at_the_same_time_of_the_day_after_the_clocks_have_changed(tmp_path: Path) -> None:
    text = TRAFFIC.replace("2026-12-14", "2027-03-26").replace("[10, 40, 0, 20]", "[40]").replace("= 100", "= 5")
    visits = synthetic.draw(described(tmp_path, text), OFFICE, seed=1).visits
    came = [datetime.fromtimestamp(visit.at / 1000, ZoneInfo("Europe/Vilnius")) for visit in visits]
    assert {one.day for one in came} == {26, 27, 28, 29, 30}
    assert {(one.hour, one.minute // 30) for one in came} == {(9, 0)}
    all_day = synthetic.draw(described(tmp_path, text.replace("[40]", str([40] * 48))), OFFICE, seed=1).visits
    assert [visit.at for visit in all_day] == sorted(visit.at for visit in all_day)


def test_it_runs_and_who_is_away_answers_nothing(tmp_path: Path) -> None:
    text = TRAFFIC.replace('there = [["09:00", "10:00"], ["10:30", "24:00"]]', "there = []")
    result = replay.run(synthetic.draw(described(tmp_path, text), OFFICE, 1), OFFICE)
    assert result.loads["anna"].rung == 0
    assert result.loads["boris"].calls > 500
    summary = replay.summary(result.records)
    assert summary.calls == summary.answered + summary.missed == len(result.records)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('line = "moon"', "line moon: not in the settings"),
        ('begins = "monday"', "traffic.begins is not accepted; accepted: `2027-01-11 08:00`"),
        ('begins = "1960-01-04 09:00"', "traffic.begins is not accepted"),
        ('begins = "9999-12-31 23:30"', "traffic.begins is not accepted"),
        ('callers = ["hello world"]', "callers"),
        ('called = "12ab"', "called"),
        ("keys = { xyz = 1 }", "keys"),
        ("keys = { 1 = inf }", "keys"),
        ("half_hours = []", "half_hours"),
        ("half_hours = [-1]", "accepted: a number from 0 to 10000"),
        ("days = 0", "days"),
        ("talk = { mean = 0 }", "talk"),
        ("speed = 3", "speed"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, wrong: str, told: str) -> None:
    lines = [line for line in TRAFFIC.splitlines() if line.split(" ")[0] != wrong.split(" ")[0]]
    lines.insert(2, wrong)
    with pytest.raises(SettingsFaults, match=told):
        described(tmp_path, "\n".join(lines))
