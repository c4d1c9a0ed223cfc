# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings -> the plan the core runs on, byte for byte as plan_format.md says."""

import struct
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import get_args
from zoneinfo import ZoneInfo

from appliance.settings import callers, goals, hours, people, public_holidays
from appliance.settings.models import Hours, Settings, Strategy
from appliance.settings.names import Names
from appliance.settings.numbers import digits, normalise
from appliance.settings.people import Member
from appliance.settings.plan_steps import NONE, Routes
from appliance.settings.routes import routes
from appliance.settings.scenarios import trust

WEEK = 8 * hours.DAY  # in which most hours change
BEFORE, AHEAD = hours.DAY, 400 * hours.DAY  # ms around now in which hours are known; compile again well before the end
VERSION = 2
FOR_HELP = 4  # calls more than the settings allow, which are kept for emergencies
TELEPHONE_LINE = 0
LINES = {"sip": 1, "modem": 2, "fxo": 3, "gateway": 4}
STRATEGIES = {name: number for number, name in enumerate(get_args(Strategy))}
MUSIC, JOIN_WHEN_EMPTY, LEAVE_WHEN_EMPTY = 1, 2, 4  # flags of a queue
THE_PERSONS_OWN = NEVER = 0xFFFFFFFF  # wrap-up; wait after which skills are not asked for

RECORDS = {
    "LINE": struct.Struct("<IIBBHI"),
    "PRSN": struct.Struct("<IIIBBHIIQ"),
    "SKIL": struct.Struct("<I"),
    "PSKL": struct.Struct("<IHH"),
    "MEMB": struct.Struct("<IBBHII"),
    "QUEU": struct.Struct("<IBBHIIIIIIIIII"),
    "CHST": struct.Struct("<IIII"),
    "CHAN": struct.Struct("<III"),
    "OPEN": struct.Struct("<qq"),
    "HOUR": struct.Struct("<III"),
    "ATTR": struct.Struct("<I"),
    "TEXT": struct.Struct("<32s"),
    "STEP": struct.Struct("<IHHIIIIHBBIII"),
    "EXIT": struct.Struct("<HHI"),
    "DIAL": struct.Struct("<II32s"),
    "CALR": struct.Struct("<QII"),
    "NUMB": struct.Struct("<QI"),
    "LIST": struct.Struct("<II"),
    "ACTN": struct.Struct("<IIQBB6x"),
}
_HEADER = struct.Struct("<4sHHIII12x")
_SECTION = struct.Struct("<4sIII")


def compile(settings: Settings, now: int) -> tuple[bytes, Names]:
    """The plan of sound settings, and the names of the ids in it; `now` in ms UTC. Raises names.SameId."""
    way = routes(settings)
    sections = _paths(settings, way) | _people(settings, way) | _members(settings, way.names)
    sections |= _hours(settings, way.names, now) | _callers(settings, way)
    return _plan(sections, settings.sip.max_calls + FOR_HELP), way.names


def _paths(s: Settings, way: Routes) -> dict[str, bytes]:
    kinds = [TELEPHONE_LINE] + [LINES[line.kind] for line in s.line.values()]
    lines = zip(way.lines, way.first, kinds, strict=True)
    steps: list[tuple[int, ...]] = []
    exits: list[tuple[int, int, int]] = []
    for e in way.steps:
        run = (len(exits), len(e.exits))
        exits += [(on, 0, to) for on, to in e.exits]
        steps.append((e.id, e.kind, e.small, e.what, e.next, e.other, *run, e.least, e.most, e.value, e.ms, 0))
    return {
        "LINE": _rows("LINE", ((way.names.id("line", name), first, kind, 0, 0, 0) for name, first, kind in lines)),
        "ATTR": _rows("ATTR", ((way.names.id("attribute", name),) for name in way.attributes)),
        "TEXT": _rows("TEXT", ((text.encode(),) for text in way.texts)),
        "STEP": _rows("STEP", steps),
        "EXIT": _rows("EXIT", exits),
        "DIAL": _rows("DIAL", ((line, step, number.encode()) for line, step, number in way.dials)),
    }


def _people(s: Settings, way: Routes) -> dict[str, bytes]:
    outside = sum(1 << way.lines.index(line) for line in s.outside.lines)
    hours_of = list(s.hours)
    persons = []
    skills = []
    for index, (name, p) in enumerate(s.person.items()):
        ids = (way.names.id("person", name), p.wrap_up * 1000, way.names.id("mailbox", p.mailbox))
        mobile = outside if p.mobile is not None else 0
        duty = 0 if p.duty is None else 1 + hours_of.index(p.duty)
        persons.append((*ids, p.level, p.pause_after, 0, p.pause_for * 1000, duty, mobile))
        skills += sorted((index, way.index("skill", skill), level) for skill, level in p.skills.items())
    return {
        "PRSN": _rows("PRSN", persons),
        "SKIL": _rows("SKIL", ((way.names.id("skill", name),) for name in s.skill)),
        "PSKL": _rows("PSKL", skills),
    }


def _members(s: Settings, names: Names) -> dict[str, bytes]:
    """Queues, chains, and the runs of people they name."""
    index = {name: i for i, name in enumerate(s.person)}
    members: list[tuple[int, ...]] = []

    def run(of: Iterable[Member]) -> tuple[int, int]:
        first = len(members)
        members.extend((index[m.person], m.ways, 0, m.share, m.after * 1000, 0) for m in of)
        return first, len(members) - first

    queues = []
    for name, q in s.queue.items():
        of = people.department(s, q)
        wrap_up = q.wrap_up if q.wrap_up is not None or of is None else of.wrap_up
        strategy = STRATEGIES[goals.choice(s, q).strategy]
        flags = MUSIC * q.music | JOIN_WHEN_EMPTY * q.join_when_empty | LEAVE_WHEN_EMPTY * q.leave_when_empty
        waits = (q.ring_for * 1000, q.max_wait * 1000, q.max_length)
        again = (q.again_after_refusal * 1000, q.again_after_no_answer * 1000)
        after = (
            THE_PERSONS_OWN if wrap_up is None else wrap_up * 1000,
            NEVER if q.any_skill_after is None else q.any_skill_after * 1000,
            q.weight,
        )
        runs = run(people.of_queue(s, q))
        queues.append((names.id("queue", name), strategy, flags, 0, *waits, *again, *runs, *after))
    steps: list[tuple[int, int, int, int]] = []
    chains = []
    for name, chain in s.chain.items():
        chains.append((names.id("chain", name), len(steps), len(chain.steps)))
        steps += [(step.ring_for * 1000, *run(people.of_step(s, step)), 0) for step in chain.steps]
    return {
        "QUEU": _rows("QUEU", queues),
        "CHST": _rows("CHST", steps),
        "CHAN": _rows("CHAN", chains),
        "MEMB": _rows("MEMB", members),
    }


def _hours(s: Settings, names: Names, now: int) -> dict[str, bytes]:
    zone, begin, end = ZoneInfo(s.office.time_zone), now - BEFORE, now + AHEAD
    intervals: list[hours.Interval] = []
    tables = []
    for name, table in s.hours.items():
        new = _open(table, zone, begin, end)
        tables.append((names.id("hours", name), len(intervals), len(new)))
        intervals += new
    return {"OPEN": _rows("OPEN", intervals), "HOUR": _rows("HOUR", tables)}


def is_open(s: Settings, name: str, now: int) -> bool:
    """Whether hours are open as they are written, whatever is held against them; `now` in ms UTC."""
    if name not in s.hours:
        return False
    known = _open(s.hours[name], ZoneInfo(s.office.time_zone), now - hours.DAY, now + hours.DAY)
    return any(begin <= now < end for begin, end in known)


def stands(s: Settings, name: str, now: int) -> tuple[bool, int | None]:
    """The same, and until when that stays so, ms UTC (None: for longer than is known). KeyError for no such hours."""
    is_open, zone = False, ZoneInfo(s.office.time_zone)
    for ahead in (WEEK, AHEAD):
        known = _open(s.hours[name], zone, now - BEFORE, now + ahead)
        is_open = any(begin <= now < end for begin, end in known)
        if until := next((cut for window in known for cut in window if now < cut < now + ahead), None):
            return is_open, until
    return is_open, None


def _open(table: Hours, zone: ZoneInfo, begin: int, end: int) -> list[hours.Interval]:
    first, last = (datetime.fromtimestamp(at / 1000, UTC).date() for at in (begin - hours.DAY, end + hours.DAY))
    week = [[hours.window(text) for text in day] for day in table.week.days()]
    off = [hours.Dated(day, day, None) for day in sorted(public_holidays.of(table.holidays, first, last))]
    closed, opened = [*map(hours.dated, table.closed), *off], [hours.dated(text) for text in table.open]
    return hours.open_intervals(week, closed, opened, zone, begin, end)


def _callers(s: Settings, way: Routes) -> dict[str, bytes]:
    exact: dict[str, int] = {}
    prefixes: dict[str, int] = {}
    called: dict[str, str] = {}
    withheld = 0
    for bit, table in enumerate(s.callers.values()):
        withheld |= table.withheld << bit
        for written, name in table.numbers.items():
            number = normalise(written, s.office.country)
            bare = digits(number)
            exact[bare] = exact.get(bare, 0) | 1 << bit
            if name:
                called.setdefault(number, name)
        for prefix in table.prefixes:
            prefixes[digits(prefix)] = prefixes.get(digits(prefix), 0) | 1 << bit
    way.names.callers = called
    numbers, records = callers.table(exact, prefixes)
    if withheld and withheld not in records:
        records.append(withheld)
    unknown = [records.index(withheld) if table.withheld else NONE for table in s.callers.values()]
    lists = zip((way.names.id("callers", name) for name in s.callers), unknown, strict=True)
    return {
        "NUMB": numbers,
        "CALR": _rows("CALR", (_caller(s, way, bits) for bits in records)),
        "LIST": _rows("LIST", lists),
        "ACTN": _rows("ACTN", _actions(s, way)),
    }


def _caller(s: Settings, way: Routes, bits: int) -> tuple[int, int, int]:
    """The record of callers who are on these lists: the first manager, the highest priority."""
    lists = [table for bit, table in enumerate(s.callers.values()) if bits >> bit & 1]
    managers = [way.index("person", table.manager) for table in lists if table.manager is not None]
    return bits, managers[0] if managers else NONE, max((table.priority for table in lists), default=0)


def _actions(s: Settings, way: Routes) -> Iterable[tuple[int, ...]]:
    for name, a in s.action.items():
        listed = way.index("callers", a.callers) if a.callers is not None and a.set_off_by_calling else NONE
        lines = sum(1 << way.lines.index(line) for line in a.lines)
        yield way.names.id("action", name), listed, lines, a.class_, trust(a.least_trust)


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
    return _HEADER.pack(b"LKPL", VERSION, len(sections), length, zlib.crc32(after), max_calls) + after
