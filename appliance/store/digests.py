# SPDX-License-Identifier: GPL-2.0-or-later
"""Until when digests of calls have told, in the database of the pages: it outlives a restart. Times are ms UTC."""

import sqlite3


class NotKept(Exception):
    """The disk does not take it."""

    id = "not-kept"


class Digests:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def until(self) -> int | None:
        """None: no digest was wanted yet."""
        row = self._db.execute("SELECT until FROM digest").fetchone()
        return None if row is None else int(row[0])

    def keep(self, until: int | None) -> None:
        """None: none are wanted. Raises NotKept."""
        try:
            if until is None:
                self._db.execute("DELETE FROM digest")
            else:
                self._db.execute("INSERT OR REPLACE INTO digest VALUES (1, ?)", (until,))
        except sqlite3.Error as fault:
            raise NotKept(str(fault)) from fault
