# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings -> the plan the core runs on, byte for byte as plan_format.md says."""

import struct
import zlib
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from appliance.settings import callers, hours
from appliance.settings.models import Settings
from appliance.settings.names import Names
from appliance.settings.numbers import digits, normalise
from appliance.settings.routes import Routes, routes

BEFORE, AHEAD = hours.DAY, 400 * hours.DAY  # ms around now in which hours are known; compile again well before the end
TELEPHONE_LINE, SIP_TRUNK = 0, 1
STRATEGIES = {"ring-all": 0, "round-robin": 1}
MUSIC, JOIN_WHEN_EMPTY = 1, 2  # flags of a queue
THE_PERSONS_OWN = 0xFFFFFFFF  # wrap-up

RECORDS = {
    "LINE": struct.Struct("<IIBBHI"),
    "PRSN": struct.Struct("<IIII"),
    "MEMB": struct.Struct("<I"),
    "QUEU": struct.Struct("<IBBHIIIIIIIIII"),
    "CHST": struct.Struct("<IIII"),
    "CHAN": struct.Struct("<III"),
    "OPEN": struct.Struct("<qq"),
    "HOUR": struct.Struct("<III"),
    "STEP": struct.Struct("<IHHIII"),
    "DIAL": struct.Struct("<II32s"),
    "CALR": struct.Struct("<QII"),
    "NUMB": struct.Struct("<QI"),
    "LIST": struct.Struct("<I"),
    "ACTN": struct.Struct("<IIQB7x"),
}
_HEADER = struct.Struct("<4sHHIII12x")
_SECTION = struct.Struct("<4sIII")


def compile(settings: Settings, now: int) -> tuple[bytes, Names]:
    """The plan of sound settings, and the names of the ids in it; `now` in ms UTC. Raises names.SameId."""
    way = routes(settings)
    sections = _paths(settings, way) | _people(settings, way.names) | _hours(settings, way.names, now)
    sections |= _callers(settings, way)
    return _plan(sections, settings.sip.max_calls), way.names


def _paths(s: Settings, way: Routes) -> dict[str, bytes]:
    kinds = [TELEPHONE_LINE] + [SIP_TRUNK] * len(s.line)
    lines = zip(way.lines, way.first, kinds, strict=True)
    return {
        "LINE": _rows("LINE", ((way.names.id("line", name), first, kind, 0, 0, 0) for name, first, kind in lines)),
        "STEP": _rows("STEP", ((e.id, e.kind, e.small, e.what, e.next, e.other) for e in way.steps)),
        "DIAL": _rows("DIAL", ((line, step, number.encode()) for line, step, number in way.dials)),
    }


def _people(s: Settings, names: Names) -> dict[str, bytes]:
    index = {name: i for i, name in enumerate(s.person)}
    members: list[tuple[int]] = []

    def run(people: Iterable[str]) -> tuple[int, int]:
        first = len(members)
        members.extend((index[name],) for name in people)
        return first, len(members) - first

    persons = [
        (names.id("person", name), p.wrap_up * 1000, names.id("mailbox", p.mailbox), 0) for name, p in s.person.items()
    ]
    queues = [
        (
            names.id("queue", name),
            STRATEGIES[q.strategy or "ring-all"],
            MUSIC * q.music | JOIN_WHEN_EMPTY * q.join_when_empty,
            0,
            q.ring_for * 1000,
            q.max_wait * 1000,
            q.max_length,
            q.again_after_refusal * 1000,
            q.again_after_no_answer * 1000,
            *run(q.people),
            THE_PERSONS_OWN if q.wrap_up is None else q.wrap_up * 1000,
            0,
            0,
        )
        for name, q in s.queue.items()
    ]
    steps: list[tuple[int, int, int, int]] = []
    chains = []
    for name, chain in s.chain.items():
        chains.append((names.id("chain", name), len(steps), len(chain.steps)))
        steps += [(step.ring_for * 1000, *run(step.people), 0) for step in chain.steps]
    return {
        "PRSN": _rows("PRSN", persons),
        "QUEU": _rows("QUEU", queues),
        "CHST": _rows("CHST", steps),
        "CHAN": _rows("CHAN", chains),
        "MEMB": _rows("MEMB", members),
    }


def _hours(s: Settings, names: Names, now: int) -> dict[str, bytes]:
    zone = ZoneInfo(s.office.time_zone)
    intervals: list[hours.Interval] = []
    tables = []
    for name, table in s.hours.items():
        week = [[hours.window(text) for text in day] for day in table.week.days()]
        closed, opened = map(hours.dated, table.closed), map(hours.dated, table.open)
        new = hours.open_intervals(week, list(closed), list(opened), zone, now - BEFORE, now + AHEAD)
        tables.append((names.id("hours", name), len(intervals), len(new)))
        intervals += new
    return {"OPEN": _rows("OPEN", intervals), "HOUR": _rows("HOUR", tables)}


def _callers(s: Settings, way: Routes) -> dict[str, bytes]:
    exact: dict[str, int] = {}
    prefixes: dict[str, int] = {}
    called: dict[str, str] = {}
    for bit, table in enumerate(s.callers.values()):
        for written, name in table.numbers.items():
            number = normalise(written, s.office.country)
            bare = digits(number)
            exact[bare] = exact.get(bare, 0) | 1 << bit
            if name:
                called.setdefault(number, name)
        for prefix in table.prefixes:
            prefixes[digits(prefix)] = prefixes.get(digits(prefix), 0) | 1 << bit
    way.names.callers = called
    lists = {name: i for i, name in enumerate(s.callers)}
    actions = [
        (
            way.names.id("action", name),
            lists[a.callers or ""],
            sum(1 << way.lines.index(line) for line in a.lines),
            a.class_,
        )
        for name, a in s.action.items()
    ]
    numbers, records = callers.table(exact, prefixes)
    ids = [(way.names.id("callers", name),) for name in s.callers]
    return {"NUMB": numbers, "CALR": records, "LIST": _rows("LIST", ids), "ACTN": _rows("ACTN", actions)}


def _rows(tag: str, rows: Iterable[tuple[int | bytes, ...]]) -> bytes:
    return b"".join(RECORDS[tag].pack(*row) for row in rows)


def _plan(sections: dict[str, bytes], max_calls: int) -> bytes:
    table, body = b"", b""
    start = _HEADER.size + _SECTION.size * len(sections)
    start += -start % 8
    for tag, rows in sections.items():
        size = RECORDS[tag].size
        table += _SECTION.pack(tag.encode(), start + len(body), len(rows) // size, size)
        body += rows + bytes(-len(rows) % 8)
    after = table + bytes(start - _HEADER.size - len(table)) + body
    length = _HEADER.size + len(after)
    return _HEADER.pack(b"LKPL", 1, len(sections), length, zlib.crc32(after), max_calls) + after
