# SPDX-License-Identifier: GPL-2.0-or-later
"""Schema versions: schema/NAME.N.sql leads from N-1 to N, NAME.N.back.sql back; user_version tells where it is."""

import sqlite3
from importlib.resources import files
from itertools import count

SCHEMA = files("appliance.store") / "schema"


class TooNew(Exception):
    """The database was made by a newer program and does not say how to go back."""

    id = "journal-newer"


def newest(name: str) -> int:
    """The highest version this program knows."""
    return next(n for n in count(1) if not (SCHEMA / f"{name}.{n + 1}.sql").is_file())


def version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: sqlite3.Connection, name: str, to: int | None = None) -> None:
    """Bring a database to a version, the newest by default, in whole steps. Raises TooNew, sqlite3.Error.

    The way back is kept in the database itself, so that an older program, put back after a failed update, finds it.
    """
    target = newest(name) if to is None else to
    while (now := version(db)) < target:
        back = SCHEMA / f"{name}.{now + 1}.back.sql"
        keep = f"INSERT INTO back VALUES ({now + 1}, {_quoted(back.read_text())});" if back.is_file() else ""
        _step(db, (SCHEMA / f"{name}.{now + 1}.sql").read_text() + keep, now + 1)
    while (now := version(db)) > target:
        keeps = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'back'").fetchone()
        row = keeps and db.execute("SELECT script FROM back WHERE version = ?", (now,)).fetchone()
        if not row:
            raise TooNew(f"database version {now} is newer than {target} and keeps no way back")
        _step(db, f"{row[0]}\nDELETE FROM back WHERE version = {now};", now - 1)


def _step(db: sqlite3.Connection, script: str, to: int) -> None:
    try:
        db.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {to};\nCOMMIT;")
    except sqlite3.Error:
        if db.in_transaction:
            db.rollback()
        raise


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
