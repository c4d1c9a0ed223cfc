# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is still to be called back, as the journal has it. Times are ms UTC.

A caller from outside is open who shows his number and whom nobody spoke to, until one of these: somebody speaks to him when
he calls again; he is called, by whomever of ours, and answers; a message he left is marked as handled. Who was turned away
before anybody was looked for (kept out, let in at a gate, told that the office is closed) was not missed."""

import json
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from appliance.store.reader import MISSED, Reader

KEPT = 14 * 86_400_000  # ms; who was missed longer ago will hardly be called back
SPOKEN = "(later.outcome = 'answered' OR later.outcome = 'cut' AND later.answered_at IS NOT NULL)"
BACK = """
SELECT CAST(json_extract(event.detail, '$.number') AS TEXT), max(leg.answered_at)
FROM {calls} CROSS JOIN event ON event.call = call.id CROSS JOIN leg ON leg.call = call.id
WHERE event.kind = 'outgoing' AND leg.answered_at >= :since AND leg.kind <> 'phone' AND leg.started_at >= event.at
    AND NOT EXISTS (
        SELECT 1 FROM event AS later
        WHERE later.call = leg.call AND later.kind = 'outgoing' AND later.id > event.id AND later.at <= leg.started_at
    )
GROUP BY 1
"""
OPEN = f"""
WITH back AS MATERIALIZED (SELECT key AS number, value AS at FROM json_each(:back)),
handled AS MATERIALIZED (SELECT key AS number, value AS id FROM json_each(:handled))
SELECT call.caller, call.name, call.at, call.line, call.queue, call.id
FROM {{calls}} LEFT JOIN back ON back.number = call.caller LEFT JOIN handled ON handled.number = call.caller
WHERE call.at >= :since AND call.line <> :inside AND call.caller <> '' AND call.ended_at IS NOT NULL AND {MISSED}
    AND (back.at IS NULL OR back.at < call.at) AND (handled.id IS NULL OR handled.id < call.id)
    AND NOT EXISTS (
        SELECT 1 FROM call AS later
        WHERE later.caller = call.caller AND later.caller <> '' AND later.id > call.id AND later.line <> :inside AND {SPOKEN}
    )
ORDER BY call.id
"""
EVERY = "call"
OF_NUMBERS = "json_each(:numbers) AS one CROSS JOIN call ON call.caller = one.value"
OF_CALLS = "json_each(:calls) AS one CROSS JOIN call ON call.id = one.value"
CALLERS = f"SELECT call.caller FROM {OF_CALLS} WHERE call.line <> :inside AND call.caller <> ''"
HANDLED = "SELECT caller, max(id) FROM message WHERE handled GROUP BY caller"


class Missed(NamedTuple):
    """A caller: since and at are when he called first and last of so many calls; line and queue are of the last one."""

    number: str
    name: str
    since: int
    at: int
    calls: int
    line: str
    queue: str


class MissedBook:
    """Who is open, kept up to date call by call: the whole journal is asked once."""

    def __init__(self, reader: Reader, inside: str = "phones") -> None:
        self._reader, self._inside = reader, inside
        self._open: dict[str, tuple[int, Missed]] = {}  # with the number of their last call
        self._back: dict[str, int] = {}  # numbers somebody of ours reached, and when last
        self._handled: dict[str, int] = {}  # callers of messages that are handled, and the last of these
        self._file = 0  # the journal that was asked; another one is asked anew

    def look(self, since: int, ended: Iterable[int] = ()) -> list[Missed]:
        """Callers who are open and called at `since` or later, who called last first; `ended`: calls that did since the
        last look. Raises Unreadable, OSError; then what ended is to be told once more."""
        file = self._reader.path.stat().st_ino
        with self._reader.open() as db:
            handled = dict(db.execute(HANDLED))
            if file != self._file:
                self._back = dict(db.execute(BACK.format(calls=EVERY), {"since": since}))
                self._open = self._of(db, EVERY, since, handled)
            else:
                self._follow(db, since, handled, json.dumps(list(ended)))
        self._file, self._handled = file, handled
        return [one for _, one in sorted(self._open.values(), reverse=True)]

    def _follow(self, db: sqlite3.Connection, since: int, handled: dict[str, int], ended: str) -> None:
        """Look again at whom anything happened to: a call or a message, or the time that has gone by."""
        back = dict(db.execute(BACK.format(calls=OF_CALLS), {"calls": ended, "since": since}))
        numbers = {number for (number,) in db.execute(CALLERS, {"calls": ended, "inside": self._inside})} | set(back)
        numbers |= {number for number, _ in handled.items() ^ self._handled.items()}
        numbers |= {number for number, (_, one) in self._open.items() if one.since < since}
        known = {number: at for number, at in self._back.items() if at >= since}
        self._back = known | {number: max(at, known.get(number, 0)) for number, at in back.items()}
        found = self._of(db, OF_NUMBERS, since, handled, numbers) if numbers else {}
        self._open = {number: one for number, one in self._open.items() if number not in numbers} | found

    def _of(
        self, db: sqlite3.Connection, calls: str, since: int, handled: dict[str, int], numbers: set[str] | None = None
    ) -> dict[str, tuple[int, Missed]]:
        """Who is open of these numbers, or of all."""
        asked = {
            "since": since,
            "inside": self._inside,
            "numbers": json.dumps(sorted(numbers or ())),
            "back": json.dumps(
                {number: at for number, at in self._back.items() if numbers is None or number in numbers}
            ),
            "handled": json.dumps({n: id for n, id in handled.items() if numbers is None or n in numbers}),
        }
        found: dict[str, tuple[int, Missed]] = {}
        for number, name, at, line, queue, id in db.execute(OPEN.format(calls=calls), asked):
            first, many = (found[number][1].since, found[number][1].calls) if number in found else (at, 0)
            found[number] = id, Missed(number, name, first, at, many + 1, line, queue)
        return found
