# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of calls: searched and paged without counting. Pages are told by the call they end with. Times are ms UTC."""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from appliance.calls.recorded import Recorded
from appliance.store.reader import MISSED, Call, Reader

IDS_A_DAY = 86_400_000 << 10  # call ids: ms of the beginning times 1024
FIELDS = ", ".join(f"call.{field}" for field in Call._fields)
LAST_LEG = (  # of a telephone in a call: each call comes once
    "NOT EXISTS (SELECT 1 FROM leg AS more WHERE more.call = leg.call AND more.id > leg.id AND more.party = leg.party)"
)
LAST = 1 << 53  # no call is so late
BATCH = 1_000  # calls read at a time by each()


class Who(NamedTuple):
    """Somebody of ours: had the call, or one of his telephones was in it, if only ringing."""

    person: str
    phones: tuple[str, ...] = ()


class Group(NamedTuple):
    """Several of ours with all their telephones, and queues."""

    people: tuple[str, ...]
    phones: tuple[str, ...]
    queues: tuple[str, ...]


class Wanted(NamedTuple):
    """Which calls: all that is given must hold. own: whose calls alone may be seen, whatever else is asked."""

    since: int = 0
    until: int = 0  # 0: no end
    number: str = ""  # the caller's or the one called, whole
    digits: tuple[str, ...] = ()  # beginnings or parts of either; patterns of GLOB
    name: str = ""  # a part of the caller's name, in small letters or large
    who: Who | None = None
    own: Who | Group | None = None
    queue: str = ""
    line: str = ""
    missed: bool = False
    inside: str = "phones"  # the line of our own telephones


class CallList:
    """What a journal has of calls. Every method raises Unreadable."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def page(self, wanted: Wanted, most: int, *, before: int = 0, after: int = 0) -> list[Call]:
        """The newest first: those before a call, or the nearest after it."""
        sql, values = _query(wanted, most, before=before, after=after)
        found = self._reader.ask(Call, sql, *values)
        return sorted(found, key=lambda call: -call.id)

    def each(self, wanted: Wanted, most: int) -> Iterator[Call]:
        """The newest first, read piece by piece, so that nothing is held up meanwhile."""
        before = 0
        while most > 0 and (found := self.page(wanted, min(BATCH, most), before=before)):
            yield from found
            most -= len(found)
            before = found[-1].id

    def knows(self, number: str) -> bool:
        """Whether this number, whole, ever called or was called."""
        sql = (
            "SELECT EXISTS (SELECT 1 FROM call WHERE caller = ?1 AND caller <> '') "
            "OR EXISTS (SELECT 1 FROM call WHERE called = ?1 AND called <> '')"
        )
        with self._reader.open() as db:
            return bool(db.execute(sql, (number,)).fetchone()[0])

    def one(self, call: int, own: Who | Group | None) -> Call | None:
        """A call, if it may be seen."""
        found = self.page(Wanted(own=own), 1, before=call + 1)
        return found[0] if found and found[0].id == call else None

    def messages(self, calls: Sequence[int]) -> dict[int, str]:
        """Those of these calls that left a message (`voicemail`), or could not (`voicemail-refused`)."""
        sql = f"SELECT call, kind FROM event WHERE call IN ({', '.join('?' * len(calls))}) AND kind IN (?, ?)"
        with self._reader.open() as db:
            return dict(db.execute(sql, (*calls, "voicemail", "voicemail-refused")))

    def handled(self, calls: Sequence[int]) -> dict[int, tuple[int, str]]:
        """When, and by whom, those of these calls' messages were handled that are."""
        sql = (
            f"SELECT call, at, detail FROM event WHERE call IN ({', '.join('?' * len(calls))}) AND kind = ? ORDER BY id"
        )
        found: dict[int, tuple[int, str]] = {}
        with self._reader.open() as db:
            for call, at, text in db.execute(sql, (*calls, "message")):
                detail = json.loads(text)
                if not detail.get("handled"):
                    found.pop(call, None)
                elif call not in found:
                    found[call] = at, detail["by"]
        return found

    def recordings(self, call: int) -> list[Recorded]:
        """Those that began in a call."""
        fields = ", ".join(Recorded._fields)
        return self._reader.ask(Recorded, f"SELECT {fields} FROM recording WHERE call = ? ORDER BY id", call)

    def recorded(self, most: int, *, before: int = 0, own: Group | None = None, only: int = 0) -> list[Recorded]:
        """Recordings that are over, the newest first; own: of whose calls alone; only: this one."""
        fields = ", ".join(f"recording.{field}" for field in Recorded._fields)
        sql, values = _of_group(own) if own else ("1", ())
        sql = (
            f"SELECT {fields} FROM recording LEFT JOIN call ON call.id = recording.call WHERE recording.state <> 'open' "
            f"AND (? = 0 OR recording.id < ?) AND (? = 0 OR recording.id = ?) AND {sql} ORDER BY recording.id DESC LIMIT ?"
        )
        return self._reader.ask(Recorded, sql, before, before, only, only, *values, most)


def _query(wanted: Wanted, most: int, *, before: int, after: int) -> tuple[str, list[object]]:
    """Each branch follows an index in the order of calls, and no more of it than a page."""
    rest, given = _rest(wanted)
    first = max(after, (wanted.since << 10) - IDS_A_DAY)  # a clock that was set may be so far off
    last = min(before or LAST, (wanted.until << 10) + IDS_A_DAY if wanted.until else LAST)
    order = f"{'ASC' if after else 'DESC'} LIMIT {int(most)}"
    parts, values = [], list[object]()
    for source, own in _sources(wanted):
        id = "leg.call" if source.startswith("leg") else "call.id"
        parts.append(
            f"SELECT * FROM (SELECT {FIELDS} FROM {source} AND {id} < ? AND {id} > ? AND {rest} ORDER BY {id} {order})"
        )
        values += [*own, last, first, *given]
    if len(parts) == 1:
        return parts[0], values
    return f"SELECT * FROM ({' UNION '.join(parts)}) ORDER BY id {order}", values


def _sources(wanted: Wanted) -> Iterator[tuple[str, list[object]]]:
    """What is followed: the narrowest that was asked for; the others are among the rest."""
    if who := wanted.own if isinstance(wanted.own, Who) else wanted.who:
        yield "call WHERE person = ? AND person <> ''", [who.person]
        for phone in who.phones:
            yield f"leg CROSS JOIN call ON call.id = leg.call WHERE leg.party = ? AND {LAST_LEG}", [phone]
    elif wanted.number:
        yield "call WHERE caller = ? AND caller <> ''", [wanted.number]
        yield "call WHERE called = ? AND called <> ''", [wanted.number]
    elif wanted.queue:
        yield "call WHERE queue = ? AND queue <> ''", [wanted.queue]
    else:
        yield "call WHERE 1", []


def _rest(wanted: Wanted) -> tuple[str, list[object]]:
    """Everything that was asked for as conditions, and what they compare with."""
    conditions: list[tuple[str, tuple[object, ...]]] = [("1", ())]
    if wanted.since:
        conditions.append(("call.at >= ?", (wanted.since,)))
    if wanted.until:
        conditions.append(("call.at < ?", (wanted.until,)))
    if wanted.number:
        conditions.append(("(+call.caller = ? OR +call.called = ?)", (wanted.number, wanted.number)))
    if wanted.digits:
        either = " OR ".join("call.caller GLOB ? OR call.called GLOB ?" for _ in wanted.digits)
        conditions.append((f"({either})", tuple(each for pattern in wanted.digits for each in (pattern, pattern))))
    if wanted.name:
        conditions.append(("call.name GLOB ?", (anywhere(wanted.name),)))
    if wanted.who and wanted.own:
        conditions.append(_took_part(wanted.who))
    if isinstance(wanted.own, Group):
        conditions.append(_of_group(wanted.own))
    if wanted.queue:
        conditions.append(("+call.queue = ?", (wanted.queue,)))
    if wanted.line:
        conditions.append(("call.line = ?", (wanted.line,)))
    if wanted.missed:
        conditions.append((f"call.line <> ? AND call.ended_at IS NOT NULL AND {MISSED}", (wanted.inside,)))
    return " AND ".join(sql for sql, _ in conditions), [value for _, values in conditions for value in values]


def _of_group(group: Group) -> tuple[str, tuple[object, ...]]:
    people, phones, queues = (", ".join("?" * len(each)) for each in group)
    legs = f"EXISTS (SELECT 1 FROM leg WHERE leg.call = call.id AND leg.party IN ({phones}))"
    return f"(+call.person IN ({people}) OR {legs} OR +call.queue IN ({queues}))", (
        *(*group.people, *group.phones, *group.queues),
    )


def _took_part(who: Who) -> tuple[str, tuple[object, ...]]:
    marks = ", ".join("?" * len(who.phones))
    legs = f"EXISTS (SELECT 1 FROM leg WHERE leg.call = call.id AND leg.party IN ({marks}))"
    return f"(+call.person = ? OR {legs})", (who.person, *who.phones)


def anywhere(text: str) -> str:
    """A GLOB pattern of a text anywhere, in small or large letters of any alphabet."""
    return f"*{''.join(_letter(one) for one in text)}*"


def _letter(one: str) -> str:
    both = {one.lower(), one.upper()}
    if all(len(each) == 1 for each in both) and len(both) > 1:
        return f"[{''.join(sorted(both))}]"
    return f"[{one}]" if one in "*?[" else one
