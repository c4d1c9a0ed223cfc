# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper replay` on the command line."""

import sqlite3
from pathlib import Path

import pytest

from appliance.core.names import Fact
from appliance.programs.replay import NothingToReplay, WrongRequest, main
from appliance.settings.load import parse
from appliance.store.reader import Unreadable
from tests.reports.past import Past
from tests.reports.test_synthetic import TRAFFIC

EXAMPLE = Path("office.example.toml")


@pytest.fixture
def tried(tmp_path: Path) -> Path:
    """The example with turns instead of everybody rung."""
    path = tmp_path / "new.toml"
    path.write_text(EXAMPLE.read_text().replace('strategy = "ring-all"', 'strategy = "round-robin"'))
    return path


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    office = parse(EXAMPLE.read_text(), EXAMPLE)
    past = Past(path, office)
    past.line("city")
    for person in office.person:
        past.tell(Fact.REACHABLE, person, 1)
    past.live(100, 60_000)
    return path


def told(capsys: pytest.CaptureFixture[str], *given: object) -> list[str]:
    assert main([str(one) for one in given]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_journal_under_the_old_settings_and_the_new(
    journal: Path, tried: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(capsys, "--journal", journal, "--settings", tried, "--old", EXAMPLE)
    assert lines[0].split() == ["old", "new", "difference"]
    assert lines[1].split() == ["calls", "from", "outside", "100", "100", "0"]
    assert "Under the old settings 100 of 100 calls end as recorded." in lines
    [count] = [line for line in lines if " of 100 calls end otherwise" in line]
    changed = int(count.split()[0])
    assert changed > 0
    rows = [line for line in lines if " -> " in line]
    assert len(rows) == min(changed, 20)
    assert any("answered anna (sales)" in row and "answered boris (sales)" in row for row in rows)


def test_only_a_stretch_of_the_journal(journal: Path, tried: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(
        capsys, "--journal", journal, "--settings", tried, "--from", "2026-12-14T10:00", "--until", "2026-12-14T10:30"
    )
    assert lines[0].split() == ["new"]
    assert 10 < int(lines[1].split()[-1]) < 60


def test_made_up_traffic_repeated_has_intervals(
    tmp_path: Path, tried: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traffic = tmp_path / "traffic.toml"
    traffic.write_text(TRAFFIC.replace("days = 100", "days = 1"))
    lines = told(capsys, "--synthetic", traffic, "--settings", tried, "--old", EXAMPLE, "--repeat", 5, "--scale", 1.3)
    [answered] = [line for line in lines if line.startswith("answered")]
    assert answered.count("±") == 3
    assert lines == told(
        capsys, "--synthetic", traffic, "--settings", tried, "--old", EXAMPLE, "--repeat", 5, "--scale", 1.3
    )


def test_what_cannot_be_is_told(tmp_path: Path, journal: Path, tried: Path) -> None:
    for more, words in (
        (["--journal", str(journal)], r"either recorded \(--journal\) or made up \(--synthetic\)"),
        (["--from", "2026-12-14"], "a stretch of a journal"),
        (["--until", "2026-12-14"], "a stretch of a journal"),
    ):
        with pytest.raises(WrongRequest, match=words):
            main(["--synthetic", str(tmp_path / "traffic.toml"), "--settings", str(tried), *more])
    with pytest.raises(WrongRequest, match="--journal or --synthetic"):
        main(["--settings", str(tried)])
    with pytest.raises(WrongRequest, match="noon is no time"):
        main(["--settings", str(tried), "--journal", str(journal), "--from", "noon"])
    with pytest.raises(NothingToReplay, match="no call from 2030-01-01"):
        main(["--settings", str(tried), "--journal", str(journal), "--from", "2030-01-01"])


@pytest.mark.parametrize(
    ("option", "value", "accepted"),
    [
        ("--scale", "0", "a number above 0, at most 100"),
        ("--scale", "1000", "a number above 0, at most 100"),
        ("--scale", "nan", "a number above 0, at most 100"),
        ("--repeat", "0", "a whole number from 1 to 1000"),
    ],
)
def test_a_scale_or_a_repeat_that_cannot_be_is_told_what_would_do(
    option: str, value: str, accepted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--settings", str(EXAMPLE), option, value])
    assert capsys.readouterr().err.endswith(f"{option}: {value} is not accepted; accepted: {accepted}\n")


@pytest.mark.parametrize("spoilt", [b"\xff\xfe\x9e", b"{{{"])
def test_a_journal_with_letters_that_are_none_cannot_be_read(journal: Path, tried: Path, spoilt: bytes) -> None:
    """SQLite looks at no text, so that it calls such a journal sound."""
    with sqlite3.connect(journal) as db:
        db.execute("UPDATE event SET detail = CAST(? AS TEXT)", (spoilt,))
    db.close()
    with pytest.raises(Unreadable, match="cannot be read"):
        main(["--journal", str(journal), "--settings", str(tried)])
