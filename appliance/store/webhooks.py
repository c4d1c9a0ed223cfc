# SPDX-License-Identifier: GPL-2.0-or-later
"""Webhooks, and what waits to be sent to each, in the database of the pages: it outlives a restart. Times are ms UTC."""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

HOOKS_MAX = 16
WAITING_MAX = 1000  # of one webhook; one more, and the oldest is lost


class Webhook(NamedTuple):
    """sent: when something arrived there last; lost: how much never did; fault: why the last one did not, "" when it did."""

    id: int
    url: str
    secret: str
    kinds: frozenset[str]
    user: str
    at: int
    sent: int
    lost: int
    fault: str
    waiting: int


class Delivery(NamedTuple):
    """Something to be sent; tries: how often it was in vain."""

    id: int
    webhook: int
    body: str
    at: int
    tries: int


class TooMany(Exception):
    """There are as many webhooks as there may be."""

    id = "too-many-webhooks"


_HOOK = (
    "SELECT id, url, secret, kinds, user, at, sent, lost, fault, "
    "(SELECT count(*) FROM delivery WHERE webhook = webhook.id) FROM webhook"
)


class Webhooks:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, url: str, secret: str, kinds: Iterable[str], user: str, at: int) -> int:
        """Its number. Raises TooMany."""
        sql = (
            "INSERT INTO webhook (url, secret, kinds, user, at) SELECT ?, ?, ?, ?, ? "
            f"WHERE (SELECT count(*) FROM webhook) < {HOOKS_MAX}"
        )
        done = self._db.execute(sql, (url, secret, " ".join(sorted(kinds)), user, at))
        if done.rowcount != 1:
            raise TooMany(f"there are {HOOKS_MAX} webhooks; remove one first")
        return int(done.lastrowid or 0)

    def all(self) -> list[Webhook]:
        return [_hook(row) for row in self._db.execute(f"{_HOOK} ORDER BY id")]

    def of(self, id: int) -> Webhook | None:
        row = self._db.execute(f"{_HOOK} WHERE id = ?", (id,)).fetchone()
        return _hook(row) if row else None

    def remove(self, id: int) -> bool:
        """With what waits for it; whether there was one."""
        return self._db.execute("DELETE FROM webhook WHERE id = ?", (id,)).rowcount == 1

    # ---- what waits

    def put(self, webhook: int, body: str, at: int) -> None:
        """One more to be sent there; when too many wait, the oldest is lost, and counted."""
        self._db.execute("INSERT INTO delivery (webhook, body, at, due) VALUES (?, ?, ?, ?)", (webhook, body, at, at))
        gone = self._db.execute(
            "DELETE FROM delivery WHERE webhook = ?1 AND id <= "
            "(SELECT id FROM delivery WHERE webhook = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            (webhook, WAITING_MAX),
        )
        if gone.rowcount:
            self._db.execute("UPDATE webhook SET lost = lost + ? WHERE id = ?", (gone.rowcount, webhook))

    def due(self, webhook: int, at: int) -> Delivery | None:
        """The oldest that is to be sent there now."""
        sql = "SELECT id, webhook, body, at, tries FROM delivery WHERE webhook = ? AND due <= ? ORDER BY id LIMIT 1"
        row = self._db.execute(sql, (webhook, at)).fetchone()
        return Delivery(*row) if row else None

    def next_due(self, webhook: int) -> int | None:
        """When the next is; None when nothing waits."""
        row = self._db.execute("SELECT min(due) FROM delivery WHERE webhook = ?", (webhook,)).fetchone()
        return None if row[0] is None else int(row[0])

    def arrived(self, delivery: Delivery, at: int) -> None:
        self._db.execute("DELETE FROM delivery WHERE id = ?", (delivery.id,))
        self._db.execute("UPDATE webhook SET sent = ?, fault = '' WHERE id = ?", (at, delivery.webhook))

    def again(self, delivery: Delivery, due: int, fault: str) -> None:
        """It did not arrive, and is tried again then."""
        self._db.execute("UPDATE delivery SET tries = tries + 1, due = ? WHERE id = ?", (due, delivery.id))
        self._db.execute("UPDATE webhook SET fault = ? WHERE id = ?", (fault[:200], delivery.webhook))

    def given_up(self, delivery: Delivery, fault: str) -> None:
        self._db.execute("DELETE FROM delivery WHERE id = ?", (delivery.id,))
        sql = "UPDATE webhook SET lost = lost + 1, fault = ? WHERE id = ?"
        self._db.execute(sql, (fault[:200], delivery.webhook))


def _hook(row: tuple[int, str, str, str, str, int, int, int, str, int]) -> Webhook:
    id, url, secret, kinds, user, at, sent, lost, fault, waiting = row
    return Webhook(id, url, secret, frozenset(kinds.split()), user, at, sent, lost, fault, waiting)
