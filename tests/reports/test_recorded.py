# SPDX-License-Identifier: GPL-2.0-or-later
"""What was recorded, replayed: the same under the same settings, and honest about what was not seen."""

from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from appliance.core.names import Fact
from appliance.reports import load, recorded, replay
from appliance.reports.traffic import JITTER, NEVER, Visit, scaled
from appliance.settings.load import parse
from appliance.settings.models import Settings
from appliance.store.reader import Reader
from tests.reports.past import START, Past
from tests.telephones.stage import ANNA_HZ, Stage

EXAMPLE = Path("office.example.toml")
CALLS = 400


def settings(**changes: str) -> Settings:
    text = EXAMPLE.read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return parse(text, EXAMPLE)


TURNS = {'strategy = "ring-all"': 'strategy = "round-robin"'}
OFFICES: dict[str, dict[str, str]] = {
    "all are rung": {},
    "turns": TURNS,
    "a chain": {'open = "sales"': 'open = "managers"'},
    "some are kept out": {
        "[callers.regulars]": '[callers.pests]\nnumbers = { "+37060000003" = "" }\nrefuse = "busy"\n\n[callers.regulars]'
    },
    "short waits": {"max_wait = 120": "max_wait = 20"},
}


def lived(path: Path, office: Settings, seed: int = 1, calls: int = CALLS) -> Reader:
    past = Past(path / "journal.db", office, seed)
    past.line("city")
    for person in office.person:
        past.tell(Fact.REACHABLE, person, 1)
    past.live(calls, 60_000, status_changes=10)
    return Reader(path / "journal.db")


@pytest.mark.parametrize("name", OFFICES)
def test_a_journal_replays_under_its_own_settings_as_it_was(name: str, tmp_path: Path) -> None:
    office = settings(**OFFICES[name])
    reader = lived(tmp_path, office)
    recording = recorded.read(reader, START, START + 10 * 86_400_000, office)
    result = replay.run(recorded.draw(recording, office, seed=1), office)
    was = [visit.was for visit in result.traffic.visits]
    assert len(was) == CALLS
    assert {one.outcome for one in was if one} >= {"answered", "abandoned", "voicemail"}
    assert [one[:5] for one in was if one] == [record[:5] for record in result.records]
    assert replay.as_recorded(result) == (CALLS, CALLS)
    report = load.read(reader, START, START + 10 * 86_400_000, ZoneInfo("UTC"), 20_000)
    assert replay.summary(result.records).missed == report.total.missed, "missed is the same everywhere"


def test_other_settings_change_what_they_must_and_nothing_else(tmp_path: Path) -> None:
    office = settings()
    reader = lived(tmp_path, office)
    recording = recorded.read(reader, START, START + 10 * 86_400_000, office)
    traffic = recorded.draw(recording, office, seed=1)
    old = replay.run(traffic, office)
    assert replay.changes(old, replay.run(traffic, office)) == ([], 0)
    shut = settings(**{'mon = ["09:00-18:00"]': 'mon = ["17:50-18:00"]'})
    found, _ = replay.changes(old, replay.run(traffic, shut))
    assert len(found) > CALLS / 2
    assert {change.new.outcome for change in found} <= {"voicemail", "abandoned", "answered"}
    assert any(change.old.outcome == "answered" and change.new.outcome == "voicemail" for change in found)


def test_longer_waits_show_the_patience_nobody_saw(tmp_path: Path) -> None:
    """A caller sent to the mailbox after 20 s might have waited longer: so long as others did, drawn."""
    office, patient = settings(**OFFICES["short waits"]), settings()
    recording = recorded.read(lived(tmp_path, office), START, START + 10 * 86_400_000, office)
    runs = [replay.run(recorded.draw(recording, office, seed), patient) for seed in (1, 2)]
    for result in runs:
        for visit, record in zip(result.traffic.visits, result.records, strict=True):
            assert visit.was is not None
            if visit.was.outcome == "abandoned":
                assert visit.patience == max(visit.was.waited, 1)
            else:
                assert visit.patience > visit.was.waited
            assert record.outcome != "abandoned" or record.waited <= visit.patience
    first, second = (replay.summary(result.records) for result in runs)
    assert first.voicemail < sum(v.was is not None and v.was.outcome == "voicemail" for v in runs[0].traffic.visits)
    assert first != second  # what is drawn is drawn anew


def test_who_was_stopped_ringing_would_have_picked_up_later(tmp_path: Path) -> None:
    office = settings()
    recording = recorded.read(lived(tmp_path, office), START, START + 10 * 86_400_000, office)
    traffic = recorded.draw(recording, office, seed=1)
    stopped = 0
    for seen, visit in zip(recording.seen, traffic.visits, strict=True):
        for rung, manner in zip(seen.rung, visit.manners, strict=True):
            if rung.how in ("answered", "refused"):
                assert manner[1:] == (rung.ms, rung.cause)
            else:
                stopped += 1
                assert manner.after == NEVER or manner.after > rung.ms
    assert stopped > 50


def test_calls_of_an_hour_before_warm_up_and_do_not_count(tmp_path: Path) -> None:
    office = settings()
    reader = lived(tmp_path, office)
    since = START + 3 * 3_600_000
    recording = recorded.read(reader, since, START + 10 * 86_400_000, office)
    result = replay.run(recorded.draw(recording, office, seed=1), office)
    assert recording.seen[0].at < since
    counted = list(result.counted())
    assert 0 < len(counted) < len(result.records)
    assert all(visit.at >= since for visit, _ in counted)


def test_scaled_traffic_keeps_its_shape() -> None:
    visits = [Visit(START + i * 600_000, "city", talk=i) for i in range(2_000)]
    more, chance = scaled(visits, 1.3, Random(1)), Random(2)
    assert len(more) == pytest.approx(2_600, abs=4 * (2_000 * 0.3 * 0.7) ** 0.5)
    assert [visit.at for visit in more] == sorted(visit.at for visit in more)
    assert len({id(visit) for visit in more}) == len(more)
    assert {visit.talk for visit in more} == {visit.talk for visit in visits}
    apart = [abs(visit.at - START - visit.talk * 600_000) for visit in more]
    assert sum(ms == 0 for ms in apart) == 2_000
    assert all(1_000 <= ms <= JITTER for ms in apart if ms)
    assert len(scaled(visits, 0.5, chance)) == pytest.approx(1_000, abs=90)
    assert scaled(visits, 1.0, chance) == visits


def test_an_empty_journal_has_no_span(tmp_path: Path) -> None:
    Past(tmp_path / "journal.db", settings()).journal.close()
    assert Reader(tmp_path / "journal.db").span() is None


async def test_a_call_of_a_real_switch_replays_as_it_was(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        office = await stage.office()
        anna = await stage.desk(office, "desk1", ANNA_HZ)
        caller = await stage.outside(office, "caller-waits")
        await anna.rings()
        await anna.accept()
        await anna.talks()
        await anna.hang_up()
        await caller.finished()
        call = await stage.call_over(office)
    used = parse(office.document, office.settings)
    reader = Reader(office.journal)
    recording = recorded.read(reader, 0, call.at + 1, used)
    result = replay.run(recorded.draw(recording, used, seed=1), used)
    [record] = result.records
    assert record[:3] == ("answered", "anna", "sales")
    assert call.answered_at and call.ended_at and record.answered_at
    assert abs(record.answered_at - call.answered_at) <= 50  # the core's clock and the leg's
    assert abs(record.over_at - call.ended_at) <= 50
