# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions to the journal, from any program and thread; the writer is never held up. Times are ms UTC."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from appliance.calls.messages import Message
from appliance.calls.recorded import Recorded
from appliance.calls.texts import JOINED, PART, Sms
from appliance.core.names import LOOKED_FOR_BY, LOOKED_FOR_IN_VAIN, UNSPOKEN

LOCK_WAIT = 1.0  # seconds; readers wait only while a new database is being made

# nobody spoke to him
_UNSPOKEN = f"(call.outcome IN {UNSPOKEN} OR call.outcome = 'cut' AND call.answered_at IS NULL)"
_BY, _IN_VAIN = (", ".join(f"{one:d}" for one in sorted(these)) for these in (LOOKED_FOR_BY, LOOKED_FOR_IN_VAIN))
# nor did anybody, though somebody was looked for: who was kept out or let in at a gate was not missed
MISSED = f"""(
    {_UNSPOKEN} AND (call.outcome <> 'refused' OR EXISTS (
        SELECT 1 FROM trace WHERE trace.call = call.id AND (trace.rule IN ({_BY}) OR trace.reason IN ({_IN_VAIN}))
    ))
)"""

WHY = {
    sqlite3.SQLITE_CANTOPEN: "it is not there yet, or may not be read",
    sqlite3.SQLITE_ERROR: "it is still empty, or of another version",
    sqlite3.SQLITE_BUSY: "another program holds it locked",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_NOTADB: "it is no database",
}


class Unreadable(Exception):
    """The journal is absent, damaged, of another version or not ours to read."""

    id = "journal-unreadable"


class Call(NamedTuple):
    id: int
    at: int
    line: str
    caller: str
    called: str
    name: str
    queue: str
    person: str
    answered_at: int | None
    ended_at: int | None
    outcome: str | None


class Caller(NamedTuple):
    """A number that called: whether nobody spoke to it the last time, and who did last, when, "" and 0: nobody ever."""

    number: str
    missed: bool
    person: str
    spoke_at: int


class Dialled(NamedTuple):
    """A number as one of our telephones dialled it last, and the extension or telephone that did."""

    called: str
    by: str
    at: int


class Outgoing(NamedTuple):
    """A number outside that was called: of what kind, by whom ("": nobody of ours), and the talks there was on lines."""

    at: int
    number: str
    kind: str
    person: str
    talks: tuple[tuple[str, int, int], ...]  # line, from, until (0: it goes on)


class Leg(NamedTuple):
    id: int
    party: str
    kind: str
    started_at: int | None
    rang_at: int | None
    answered_at: int | None
    ended_at: int | None
    cause: int


class Event(NamedTuple):
    at: int
    kind: str
    detail: dict[str, Any]


class Trace(NamedTuple):
    at: int
    rule: int
    reason: int
    subject: str
    detail: int


class Story(NamedTuple):
    """A call that is over, its whole trace, and the keys its caller pressed."""

    call: Call
    traces: list[Trace]
    keys: str


class Binding(NamedTuple):
    phone: str
    contact: str
    source: str
    expires_at: int
    agent: str


Row = TypeVar("Row", bound=tuple[Any, ...])


class Reader:
    """The journal at `path`; every method raises Unreadable."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def calls(self, since: int = 0, limit: int = 100, outcome: str | None = None) -> list[Call]:
        """Calls that began at `since` or later, newest first; of one outcome when given."""
        return self.ask(
            Call,
            f"SELECT {', '.join(Call._fields)} FROM call WHERE at >= ? AND (?2 IS NULL OR outcome = ?2) "
            "ORDER BY at DESC, id DESC LIMIT ?3",
            since,
            outcome,
            limit,
        )

    def callers(self, limit: int, inside: str = "phones") -> list[Caller]:
        """The numbers that called last from outside, longest ago first; `inside` is our own telephones' line."""
        last = (
            f"SELECT caller, max(at) AS at, {_UNSPOKEN} AS missed FROM call "
            "WHERE caller <> '' AND line <> ?1 AND ended_at IS NOT NULL GROUP BY caller ORDER BY at DESC LIMIT ?2"
        )
        spoke = "SELECT caller, max(at) AS spoke, person FROM call WHERE person <> '' AND line <> ?1 GROUP BY caller"
        return self.ask(
            Caller,
            "SELECT caller, missed, coalesce(person, ''), coalesce(spoke, 0) "
            f"FROM ({last}) LEFT JOIN ({spoke}) USING (caller) ORDER BY at",
            inside,
            limit,
        )

    def dialled(self, limit: int, inside: str = "phones") -> list[Dialled]:
        """The numbers our telephones called last, longest ago first; colleagues' extensions are among them."""
        last = "SELECT called, caller, max(at) AS at FROM call WHERE line = ? GROUP BY called ORDER BY at DESC LIMIT ?"
        return self.ask(Dialled, f"SELECT called, caller, at FROM ({last}) ORDER BY at", inside, limit)

    def outgoing(self, since: int) -> list[Outgoing]:
        """What was called outside by calls that began at `since` or later, oldest first; talks of any leg that answered."""
        legs = (
            "SELECT json_group_array(json_array(party, answered_at, coalesce(ended_at, 0))) FROM leg "
            "WHERE leg.call = event.call AND answered_at IS NOT NULL AND (kind <> 'phone') "
            "AND event.id = (SELECT max(id) FROM event AS last WHERE last.call = leg.call AND last.kind = 'outgoing' "
            "AND last.at <= leg.started_at)"
        )
        detail = ", ".join(f"coalesce(json_extract(detail, '$.{key}'), '')" for key in ("number", "kind", "person"))
        rows = self.ask(
            Outgoing,
            f"SELECT event.at, {detail}, ({legs}) FROM call JOIN event ON event.call = call.id "
            "WHERE call.at >= ? AND event.kind = 'outgoing' ORDER BY event.id",
            since,
        )
        return [
            row._replace(talks=tuple((str(p), int(a), int(b)) for p, a, b in json.loads(str(row.talks))))
            for row in rows
        ]

    def legs(self, call: int) -> list[Leg]:
        """In the order they were made."""
        return self.ask(Leg, f"SELECT {', '.join(Leg._fields)} FROM leg WHERE call = ? ORDER BY id", call)

    def events(self, call: int) -> list[Event]:
        """Oldest first; call 0 is for those of no call."""
        rows = self.ask(Event, "SELECT at, kind, detail FROM event WHERE call IS nullif(?, 0) ORDER BY id", call)
        return self._detailed(rows)

    def trace(self, call: int) -> list[Trace]:
        """The why of a call, oldest first."""
        return self.ask(Trace, f"SELECT {', '.join(Trace._fields)} FROM trace WHERE call = ? ORDER BY id", call)

    def missed(self, since: int = 0, inside: str = "phones") -> int:
        """How many callers from outside nobody spoke to; `inside` is the line our own telephones call by."""
        with self.open() as db:
            return int(
                db.execute(
                    f"SELECT count(*) FROM call WHERE at >= ? AND line <> ? AND {MISSED}",
                    (since, inside),
                ).fetchone()[0]
            )

    def stories(self, since: int, until: int) -> Iterator[Story]:
        """Calls that began from `since` to before `until` and are over, in the order of their numbers, one at a time."""
        calls = (
            f"SELECT {', '.join(Call._fields)} FROM call "
            "WHERE at >= ?1 AND at < ?2 AND ended_at IS NOT NULL ORDER BY id"
        )
        of_call = "FROM {0} JOIN call ON call.id = {0}.call WHERE call.at >= ?1 AND call.at < ?2"
        traces = (
            f"SELECT call, trace.at, {', '.join(Trace._fields[1:])} {of_call.format('trace')} ORDER BY call, trace.id"
        )
        keys = (
            f"SELECT call, json_extract(detail, '$.digit') {of_call.format('event')} AND kind = 'dtmf' "
            "ORDER BY call, event.id"
        )
        with self.open() as db:
            told = _by_call(db.execute(traces, (since, until)))
            pressed = _by_call(db.execute(keys, (since, until)))
            for row in db.execute(calls, (since, until)):
                call = Call(*row)
                lines = [Trace(*line) for line in told(call.id)]
                yield Story(call, lines, "".join(str(key) for (key,) in pressed(call.id)))

    def events_of(self, kinds: Sequence[str], until: int) -> list[Event]:
        """Events of no call, of these kinds, before `until`, oldest first."""
        marks = ", ".join("?" * len(kinds))
        rows = self.ask(
            Event,
            f"SELECT at, kind, detail FROM event WHERE call IS NULL AND kind IN ({marks}) AND at < ? ORDER BY id",
            *kinds,
            until,
        )
        return self._detailed(rows)

    def count(self, since: int, until: int) -> int:
        """How many calls began from `since` to before `until`."""
        with self.open() as db:
            sql = "SELECT count(*) FROM call WHERE at >= ? AND at < ?"
            return int(db.execute(sql, (since, until)).fetchone()[0])

    def span(self) -> tuple[int, int] | None:
        """When the first call and the last one began; None when there is none."""
        with self.open() as db:
            first, last = db.execute("SELECT min(at), max(at) FROM call").fetchone()
        return None if first is None else (int(first), int(last))

    def messages(self) -> list[Message]:
        """Voicemail, oldest first."""
        rows = self.ask(Message, f"SELECT {', '.join(Message._fields)} FROM message ORDER BY at, id")
        return [row._replace(handled=bool(row.handled)) for row in rows]

    def recordings(self, after: int = 0, limit: int = -1) -> list[Recorded]:
        """Recordings whose id is higher, in the order of their ids; all of them without a limit."""
        fields = ", ".join(Recorded._fields)
        rows = self.ask(Recorded, f"SELECT {fields} FROM recording WHERE id > ? ORDER BY id LIMIT ?", after, limit)
        return [row._replace(kept=bool(row.kept)) for row in rows]

    def recording(self, id: int) -> Recorded | None:
        found = self.ask(Recorded, f"SELECT {', '.join(Recorded._fields)} FROM recording WHERE id = ?", id)
        return found[0]._replace(kept=bool(found[0].kept)) if found else None

    def sms(self, after: int = 0, limit: int = -1, before: int = 1 << 62, line: str = "") -> list[Sms]:
        """Text messages, oldest first; limit: the first so many after an id, without one the newest before another.

        line: "" for all."""
        told = f"state NOT IN ('{PART}', '{JOINED}') AND (? = '' OR line = ?)"
        wanted = f"SELECT {', '.join(Sms._fields)} FROM sms WHERE id > ? AND id < ? AND {told} ORDER BY id {{}} LIMIT ?"
        if after:
            found = self.ask(Sms, wanted.format("ASC"), after, before, line, line, limit)
        else:
            found = self.ask(Sms, wanted.format("DESC"), after, before, line, line, limit)[::-1]
        return [one._replace(whole=bool(one.whole)) for one in found]

    def sms_parts(self) -> list[Sms]:
        """Parts of long messages that wait for others, oldest first."""
        return self.ask(Sms, f"SELECT {', '.join(Sms._fields)} FROM sms WHERE state = '{PART}' ORDER BY id")

    def sms_newest(self) -> int:
        """The highest id of text messages and parts, 0 when there is none."""
        with self.open() as db:
            return int(db.execute("SELECT coalesce(max(id), 0) FROM sms").fetchone()[0])

    def sms_waiting(self) -> list[Sms]:
        """Those of ours whose reports are waited for."""
        rows = self.ask(
            Sms, f"SELECT {', '.join(Sms._fields)} FROM sms WHERE state = 'sent' AND parts <> '' ORDER BY id"
        )
        return [one._replace(whole=bool(one.whole)) for one in rows]

    def call(self, id: int) -> Call | None:
        found = self.ask(Call, f"SELECT {', '.join(Call._fields)} FROM call WHERE id = ?", id)
        return found[0] if found else None

    def bindings(self, now: int) -> list[Binding]:
        """Where telephones are reached, as of `now`."""
        return self.ask(Binding, f"SELECT {', '.join(Binding._fields)} FROM binding WHERE expires_at > ?", now)

    def _detailed(self, rows: list[Event]) -> list[Event]:
        try:
            return [row._replace(detail=json.loads(str(row.detail))) for row in rows]
        except ValueError as fault:
            raise self._damaged() from fault

    def _damaged(self) -> Unreadable:
        return Unreadable(f"The journal {self.path} cannot be read: {WHY[sqlite3.SQLITE_CORRUPT]}.")

    def ask(self, row: type[Row], sql: str, *values: object) -> list[Row]:
        """The rows of one question."""
        with self.open() as db:
            return [row(*found) for found in db.execute(sql, values)]

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection for one question: it survives a database set aside, and belongs to no thread."""
        try:
            db = sqlite3.connect(f"file:{quote(str(self.path))}?mode=ro", uri=True, timeout=LOCK_WAIT)
            try:
                yield db
            finally:
                db.close()
        except UnicodeDecodeError as fault:  # SQLite itself looks at no letter
            raise self._damaged() from fault
        except sqlite3.Error as fault:
            why = WHY.get(getattr(fault, "sqlite_errorcode", 0) & 0xFF, fault)
            raise Unreadable(f"The journal {self.path} cannot be read: {why}.") from fault


def _by_call(rows: Iterable[tuple[Any, ...]]) -> Callable[[int], list[tuple[Any, ...]]]:
    """Asked in the order of calls for what is told of each in rows of that order: call, the rest."""
    ahead = iter(rows)
    held: list[tuple[Any, ...]] = []  # at most one row, of a later call

    def of(call: int) -> list[tuple[Any, ...]]:
        found = []
        while row := held.pop() if held else next(ahead, None):
            if row[0] > call:
                held.append(row)
                break
            if row[0] == call:
                found.append(row[1:])
        return found

    return of
