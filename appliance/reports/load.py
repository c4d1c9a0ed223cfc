# SPDX-License-Identifier: GPL-2.0-or-later
"""What the office had to do in a time: by hour and weekday, line, queue and person. Times are ms UTC; sums by SQLite."""

import json
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from appliance.store.reader import MISSED, Reader

QUARTER = 900_000  # ms: no zone's offset is finer
USUAL = 20  # seconds within which calls are to be answered
INSIDE = "phones"  # the line of our own telephones
NOBODYS: Mapping[str, str] = {}
REMEMBERED = (  # each call once for each thing that was remembered of it
    "(SELECT DISTINCT call.*, event.detail FROM call JOIN event ON event.call = call.id "
    "WHERE call.at >= ?1 AND call.at < ?2 AND event.kind = 'attribute') AS call"
)
TALKED = (  # each call once for everybody who talked in it, with his own time; of a mobile, the last who had the call
    "SELECT call.at, call.answered_at, sum(leg.ended_at - leg.answered_at) AS talk, "
    "coalesce(owner.value, call.person) AS who FROM call JOIN leg ON leg.call = call.id "
    "LEFT JOIN owner ON leg.kind = 'phone' AND owner.key = leg.party "
    "WHERE call.at >= ?1 AND call.at < ?2 AND call.ended_at IS NOT NULL AND call.line <> ?4 "
    "AND leg.kind IN ('phone', 'mobile') AND leg.answered_at IS NOT NULL GROUP BY call.id, who"
)


class Load(NamedTuple):
    """Calls that are over. within: answered within the time asked for; wait: of those answered, together; both ms."""

    calls: int = 0
    answered: int = 0
    missed: int = 0
    within: int = 0
    wait: int = 0
    talk: int = 0

    def __add__(self, other: object) -> "Load":
        if not isinstance(other, Load):
            return NotImplemented
        return Load(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def level(self) -> float | None:
        """Of a hundred calls that were answered or missed, how many were answered in time."""
        wanted = self.answered + self.missed
        return 100 * self.within / wanted if wanted else None

    @property
    def mean_wait(self) -> float:
        return self.wait / self.answered if self.answered else 0.0

    @property
    def mean_talk(self) -> float:
        return self.talk / self.answered if self.answered else 0.0


@dataclass
class Report:
    """Calls from outside, and those that ours made (by what the journal calls who did)."""

    total: Load = Load()
    days: dict[date, Load] = field(default_factory=dict)
    hours: dict[tuple[int, int], Load] = field(default_factory=dict)  # weekday (Monday 0), hour
    lines: dict[str, Load] = field(default_factory=dict)
    queues: dict[str, Load] = field(default_factory=dict)
    people: dict[str, Load] = field(default_factory=dict)
    made: dict[str, Load] = field(default_factory=dict)
    choices: dict[tuple[str, str], Load] = field(
        default_factory=dict
    )  # an attribute and its value, such as a key of a menu


def read(
    reader: Reader, since: int, until: int, zone: ZoneInfo, within: int, owners: Mapping[str, str] = NOBODYS
) -> Report:
    """within: ms; owners: whose each telephone is. Raises Unreadable."""
    report = Report()
    days, hours = defaultdict[date, Load](Load), defaultdict[tuple[int, int], Load](Load)
    for quarter, load in _by(reader, f"at / {QUARTER}", since, until, within):
        local = datetime.fromtimestamp(int(str(quarter)) * QUARTER / 1000, zone)
        days[local.date()] += load
        hours[local.weekday(), local.hour] += load
        report.total += load
    report.days, report.hours = dict(sorted(days.items())), dict(hours)
    report.lines = {str(name): load for name, load in _by(reader, "line", since, until, within)}
    report.queues = {str(name): load for name, load in _by(reader, "queue", since, until, within) if name}
    report.people = _people(reader, since, until, within, owners)
    report.made = {str(name): load for name, load in _by(reader, "caller", since, until, within, "=") if name}
    for detail, load in _by(reader, "detail", since, until, within, source=REMEMBERED):
        one = json.loads(str(detail))
        report.choices[str(one["attribute"]), str(one["value"])] = load
    return report


def _people(reader: Reader, since: int, until: int, within: int, owners: Mapping[str, str]) -> dict[str, Load]:
    sql = (
        "WITH owner AS MATERIALIZED (SELECT key, value FROM json_each(?5)) "
        "SELECT who, count(*), total(answered_at - at <= ?3), total(answered_at - at), total(talk) "
        f"FROM ({TALKED}) WHERE who <> '' GROUP BY who"
    )
    with reader.open() as db:
        rows = db.execute(sql, (since, until, within, INSIDE, json.dumps(dict(owners)))).fetchall()
    return {str(who): Load(n, n, 0, int(met), int(wait), int(talk)) for who, n, met, wait, talk in rows}


def _by(
    reader: Reader, what: str, since: int, until: int, within: int, line: str = "<>", source: str = "call"
) -> list[tuple[Hashable, Load]]:
    """Loads by an expression; of calls from outside, or (line "=") of those our telephones made."""
    sql = (
        f"SELECT {what}, count(*), count(answered_at), total({MISSED}), "
        "total(answered_at - at <= ?3), total(answered_at - at), total(ended_at - answered_at) "
        f"FROM {source} WHERE at >= ?1 AND at < ?2 AND ended_at IS NOT NULL AND line {line} ?4 GROUP BY 1"
    )
    with reader.open() as db:
        rows = db.execute(sql, (since, until, within, INSIDE)).fetchall()
    return [(name, Load(*(int(figure or 0) for figure in figures))) for name, *figures in rows]
