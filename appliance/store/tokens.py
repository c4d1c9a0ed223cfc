# SPDX-License-Identifier: GPL-2.0-or-later
"""Tokens of programs that use the API, and wrong tries of whoever logs in, in the database of the pages. Times are ms UTC."""

import hashlib
import sqlite3
from typing import NamedTuple

SEEN_EVERY = 60_000  # ms between two notes of when a token was last used
EACH = 50  # tokens of one user
WRONG_KEPT = 4096  # accounts and addresses with wrong tries


class Token(NamedTuple):
    """Of a program; until 0: till it is revoked; seen 0: never used."""

    id: int
    user: str
    name: str
    scopes: frozenset[str]
    at: int
    until: int
    seen: int
    address: str


class TooMany(Exception):
    """The user has as many tokens as one may."""

    id = "too-many-tokens"


_FIELDS = ", ".join(Token._fields)


class Tokens:
    """Only the SHA-256 of a token is kept: 256 random bits cannot be guessed from it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, held: str, user: str, name: str, scopes: frozenset[str], *, at: int, until: int = 0) -> int:
        """The number of a new token; held: what the program is given. Raises TooMany."""
        sql = (
            "INSERT INTO token (hash, user, name, scopes, at, until) SELECT ?, ?2, ?3, ?4, ?5, ?6 "
            "WHERE (SELECT count(*) FROM token WHERE user = ?2) < ?7"
        )
        done = self._db.execute(sql, (_hash(held), user, name, " ".join(sorted(scopes)), at, until, EACH))
        if done.rowcount != 1:
            raise TooMany(f"{user} has {EACH} tokens; revoke one first")
        return int(done.lastrowid or 0)

    def of(self, held: str, at: int, address: str) -> Token | None:
        """The token a program shows; noted as used. None when there is none, or its time is over."""
        row = self._db.execute(f"SELECT {_FIELDS} FROM token WHERE hash = ?", (_hash(held),)).fetchone()
        if row is None:
            return None
        token = _token(row)
        if token.until and token.until <= at:
            return None
        if abs(at - token.seen) >= SEEN_EVERY or address != token.address:
            self._db.execute("UPDATE token SET seen = ?, address = ? WHERE id = ?", (at, address[:60], token.id))
        return token

    def get(self, id: int) -> Token | None:
        row = self._db.execute(f"SELECT {_FIELDS} FROM token WHERE id = ?", (id,)).fetchone()
        return _token(row) if row else None

    def all(self) -> list[Token]:
        return [_token(row) for row in self._db.execute(f"SELECT {_FIELDS} FROM token ORDER BY user, name, id")]

    def revoke(self, id: int, user: str = "") -> bool:
        """Whether there was one; of this user when told."""
        sql = "DELETE FROM token WHERE id = ?1 AND (?2 = '' OR user = ?2)"
        return self._db.execute(sql, (id, user)).rowcount == 1


class Wrong:
    """How often an account was tried wrongly from an address, and until when it is held up; name "": whatever account."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def all(self) -> list[tuple[str, str, int, int]]:
        """Name, address, how often, until when; those soonest free again first."""
        return list(self._db.execute("SELECT name, address, count, until FROM wrong ORDER BY until"))

    def set(self, name: str, address: str, count: int, until: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO wrong VALUES (?, ?, ?, ?)", (name, address, count, until))
        if self._db.execute("SELECT count(*) FROM wrong").fetchone()[0] > WRONG_KEPT:
            self._db.execute(  # those soonest free again are forgotten
                "DELETE FROM wrong WHERE (name, address) IN (SELECT name, address FROM wrong ORDER BY until LIMIT 64)"
            )

    def forget(self, name: str, address: str) -> None:
        self._db.execute("DELETE FROM wrong WHERE name = ? AND address = ?", (name, address))


def _token(row: tuple[int, str, str, str, int, int, int, str]) -> Token:
    id, user, name, scopes, at, until, seen, address = row
    return Token(id, user, name, frozenset(scopes.split()), at, until, seen, address)


def _hash(held: str) -> bytes:
    return hashlib.sha256(held.encode("utf-8", "replace")).digest()
