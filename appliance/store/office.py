# SPDX-License-Identifier: GPL-2.0-or-later
"""The database of the pages: users, sessions, the audit log, drafts; tokens, webhooks, digests. Times are ms UTC.

Each call is one short transaction on the disk; the web program writes, `linekeeper user` now and then.
"""

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from appliance.store.digests import Digests
from appliance.store.migrate import TooNew, migrate
from appliance.store.tokens import Tokens, Wrong
from appliance.store.webhooks import Webhooks

FILE = "office.db"
LOCK_WAIT = 2.0  # seconds
AUDIT_KEPT = 100_000  # rows
SESSIONS_EACH = 20  # of one user; the oldest ends when one more begins
SEEN_EVERY = 60_000  # ms between two notes of when a session was last used
TAKEN_BACK_MOST = 20  # changes of a draft
TEXT_MAX = 200  # characters kept of what a browser says of itself, and of an audit row


class User(NamedTuple):
    name: str
    role: str
    password: str
    totp: str
    totp_step: int
    person: str
    language: str
    at: int
    limits: str = ""  # branch.NAME and department.NAME, with a space between; "": not limited


class Session(NamedTuple):
    id: bytes
    user: str
    csrf: str
    began: int
    seen: int
    address: str
    agent: str


class Audited(NamedTuple):
    id: int
    at: int
    user: str
    address: str
    what: str
    detail: str


class Draft(NamedTuple):
    """Settings not yet applied, and the document in force when they were begun."""

    user: str
    before: str
    document: str
    at: int


class NameTaken(Exception):
    """There is a user of that name already."""

    id = "user-exists"


class Office:
    """The database in a folder, which is made. Raises sqlite3.Error, OSError, TooNew."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / FILE
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._db = sqlite3.connect(path, timeout=LOCK_WAIT, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA foreign_keys = ON")
        migrate(self._db, "office")
        self.tokens, self.wrong, self.webhooks = Tokens(self._db), Wrong(self._db), Webhooks(self._db)
        self.digests = Digests(self._db)

    def close(self) -> None:
        self._db.close()

    # ---- users

    def users(self) -> list[User]:
        return [User(*row) for row in self._db.execute("SELECT * FROM user ORDER BY name")]

    def user(self, name: str) -> User | None:
        row = self._db.execute("SELECT * FROM user WHERE name = ?", (name,)).fetchone()
        return User(*row) if row else None

    def add(self, user: User, *, first: bool = False) -> None:
        """A new user; `first`: only when there is none yet. Raises NameTaken."""
        unless = " WHERE NOT EXISTS (SELECT 1 FROM user)" if first else ""
        marks = ", ".join("?" * len(user))
        try:
            done = self._db.execute(f"INSERT INTO user SELECT {marks}{unless}", user)
        except sqlite3.IntegrityError:
            raise NameTaken(f"there is a user {user.name} already") from None
        if done.rowcount != 1:
            raise NameTaken("there is an owner already")

    def change(self, name: str, **fields: str | int) -> None:
        """Fields of a user; a new password or role ends what he has open elsewhere when the caller says so by end_all()."""
        for field in fields:
            if field not in User._fields:
                raise KeyError(field)
        to = ", ".join(f"{field} = ?" for field in fields)
        self._db.execute(f"UPDATE user SET {to} WHERE name = ?", (*fields.values(), name))

    def use_step(self, name: str, step: int) -> bool:
        """Whether a code of this step is good now: no later or equal one was used."""
        sql = "UPDATE user SET totp_step = ? WHERE name = ? AND totp_step < ?"
        return self._db.execute(sql, (step, name, step)).rowcount == 1

    def remove(self, name: str) -> None:
        """With sessions and draft."""
        self._db.execute("DELETE FROM user WHERE name = ?", (name,))

    # ---- sessions

    def begin(self, token: str, user: str, csrf: str, *, at: int, address: str, agent: str) -> None:
        sql = "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?)"
        self._db.execute(sql, (_hash(token), user, csrf, at, at, address, agent[:TEXT_MAX]))
        self._db.execute(
            "DELETE FROM session WHERE user = ?1 AND id NOT IN "
            "(SELECT id FROM session WHERE user = ?1 ORDER BY seen DESC, began DESC LIMIT ?2)",
            (user, SESSIONS_EACH),
        )

    def session(self, token: str) -> Session | None:
        """The session of what a browser holds."""
        row = self._db.execute("SELECT * FROM session WHERE id = ?", (_hash(token),)).fetchone()
        return Session(*row) if row else None

    def use(self, session: Session, at: int) -> None:
        """Note that somebody did something in it."""
        if at - session.seen >= SEEN_EVERY:
            self._db.execute("UPDATE session SET seen = ? WHERE id = ?", (at, session.id))

    def sessions(self, user: str) -> list[Session]:
        """The last used first."""
        rows = self._db.execute("SELECT * FROM session WHERE user = ? ORDER BY seen DESC", (user,))
        return [Session(*row) for row in rows]

    def end(self, id: bytes, user: str) -> None:
        self._db.execute("DELETE FROM session WHERE id = ? AND user = ?", (id, user))

    def end_all(self, user: str, but: bytes = b"") -> None:
        self._db.execute("DELETE FROM session WHERE user = ? AND id <> ?", (user, but))

    # ---- audit

    def audit(self, at: int, user: str, address: str, what: str, detail: str = "") -> None:
        row = (at, user[:TEXT_MAX], address, what, detail[:TEXT_MAX])
        sql = "INSERT INTO audit (at, user, address, what, detail) VALUES (?, ?, ?, ?, ?)"
        if (id := self._db.execute(sql, row).lastrowid or 0) % 100 == 0:
            self._db.execute("DELETE FROM audit WHERE id <= ?", (id - AUDIT_KEPT,))

    def audited(self, most: int = 500, before: int = 0) -> list[Audited]:
        """The latest first, older ones than this id if there is one."""
        sql = "SELECT id, at, user, address, what, detail FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?"
        return [Audited(*row) for row in self._db.execute(sql, (before or 1 << 62, most))]

    # ---- drafts

    def draft(self, user: str) -> Draft | None:
        row = self._db.execute("SELECT * FROM draft WHERE user = ?", (user,)).fetchone()
        return Draft(*row) if row else None

    def drafts(self) -> list[Draft]:
        return [Draft(*row) for row in self._db.execute("SELECT * FROM draft ORDER BY user")]

    def keep(self, draft: Draft) -> None:
        """What it was before is kept, too, as long as it is about the same document in force."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            was = self.draft(draft.user)
            if was and was.before != draft.before:
                self._db.execute("DELETE FROM draft_was WHERE user = ?", (draft.user,))
            elif was and was.document != draft.document:
                sql = "INSERT INTO draft_was (user, document) SELECT user, document FROM draft WHERE user = ?"
                self._db.execute(sql, (draft.user,))
                sql = "SELECT id FROM draft_was WHERE user = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2"
                self._db.execute(f"DELETE FROM draft_was WHERE id IN ({sql})", (draft.user, TAKEN_BACK_MOST))
            sql = "ON CONFLICT (user) DO UPDATE SET before = excluded.before, document = excluded.document, at = excluded.at"
            self._db.execute(f"INSERT INTO draft VALUES (?, ?, ?, ?) {sql}", draft)

    def take_back(self, user: str) -> None:
        """The draft as it was before its last change; there is none any more when that was the first."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            sql = "SELECT id, document FROM draft_was WHERE user = ? ORDER BY id DESC LIMIT 1"
            if (last := self._db.execute(sql, (user,)).fetchone()) is None:
                self.drop(user)
                return
            self._db.execute("UPDATE draft SET document = ? WHERE user = ?", (last[1], user))
            self._db.execute("DELETE FROM draft_was WHERE id = ?", (last[0],))

    def drop(self, user: str) -> None:
        self._db.execute("DELETE FROM draft WHERE user = ?", (user,))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def opened(folder: Path) -> Office | None:
    """The database that is there; None when there is none, or it is not ours to read. Nothing is made."""
    try:
        return Office(folder) if (folder / FILE).exists() else None
    except (OSError, sqlite3.Error, TooNew):
        return None


def there(folder: Path) -> bool:
    """Whether anybody can log in; for whoever only looks."""
    if not (folder / FILE).exists():
        return False
    with closing(Office(folder)) as office:
        return bool(office.users())
