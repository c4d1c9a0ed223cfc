# SPDX-License-Identifier: GPL-2.0-or-later
"""A firmware update brings the journal along, and a withdrawn update brings it back."""

import sqlite3
from pathlib import Path

import pytest

from appliance.store.journal import Journal
from appliance.store.migrate import TooNew, migrate, newest, version
from appliance.store.reader import Reader


def _shape(db: sqlite3.Connection) -> list[tuple[str, ...]]:
    return db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()


def test_every_version_leads_forward_and_one_back_with_the_calls_kept(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    shapes = {}
    for n in range(1, newest("journal") + 1):
        migrate(db, "journal", n)
        assert version(db) == n
        shapes[n] = _shape(db)
    db.execute("INSERT INTO call (id, at) VALUES (5, 7)")
    for n in range(newest("journal") - 1, 0, -1):
        migrate(db, "journal", n)
        assert _shape(db) == shapes[n]
        migrate(db, "journal")
        assert _shape(db) == shapes[newest("journal")]
        migrate(db, "journal", n)
    assert db.execute("SELECT id, at FROM call").fetchall() == [(5, 7)]


def test_texts_are_kept_on_the_way_there_and_a_part_that_waits_on_the_way_back(tmp_path: Path) -> None:
    """Marks were several in a row; a text without a time might have been kept twice."""
    db = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    migrate(db, "journal", 6)
    sms = "INSERT INTO sms VALUES (?, 'gsm', ?, 7, ?, '+37060000001', 'hello', 1, ?, '')"
    db.executemany(
        sms, [(1, "received", 5, "a b c"), (2, "received", 0, "d"), (3, "received", 0, "d"), (4, "sent", 0, "")]
    )
    migrate(db, "journal", 7)
    assert db.execute("SELECT id, mark FROM sms ORDER BY id").fetchall() == [(1, "a"), (2, "d"), (3, ""), (4, "")]
    db.executemany(sms, [(5, "part", 5, "e"), (6, "joined", 5, "f")])
    migrate(db, "journal", 6)
    assert db.execute("SELECT id, state FROM sms WHERE id > 4").fetchall() == [(5, "received")]


def test_an_older_program_goes_back_by_what_the_newer_one_left(tmp_path: Path) -> None:
    """The older program has no file for the newer version: the way back lies in the database."""
    db = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    migrate(db, "journal")
    newer = newest("journal") + 1
    db.executescript(
        f"CREATE TABLE later (n INTEGER) STRICT; INSERT INTO back VALUES ({newer}, 'DROP TABLE later;');"
        f"PRAGMA user_version = {newer};"
    )
    migrate(db, "journal")
    assert version(db) == newest("journal")
    assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'later'").fetchall()


def test_a_step_that_fails_leaves_the_version_before_it(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    migrate(db, "journal", 1)
    db.execute("CREATE TABLE binding (in_the_way TEXT)")
    before = _shape(db)
    with pytest.raises(sqlite3.OperationalError):
        migrate(db, "journal")
    assert (version(db), _shape(db)) == (1, before)


@pytest.mark.parametrize("back", ["CREATE TABLE back (version INTEGER PRIMARY KEY, script TEXT)", "SELECT 1"])
def test_a_journal_from_the_future_without_a_way_back_is_set_aside(tmp_path: Path, back: str) -> None:
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as db:
        db.executescript(f"{back}; PRAGMA user_version = 99;")
        with pytest.raises(TooNew):
            migrate(db, "journal")
    db.close()
    told: list[tuple[str, str]] = []
    Journal(path, lambda id, said: told.append((id, said))).close()
    [(id, said)] = told[:1]
    assert id == "journal-newer"
    assert "version 99 is newer" in said
    assert Reader(path).calls() == []
