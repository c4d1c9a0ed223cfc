# SPDX-License-Identifier: GPL-2.0-or-later
"""What a traffic becomes under a settings document: the real core, in virtual time."""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from appliance.core import replay
from appliance.core.names import Outcome
from appliance.reports.estimates import Mean, quantile
from appliance.reports.traffic import Record, Traffic, Visit, encode
from appliance.settings.compile import compile
from appliance.settings.models import TELEPHONES, Settings

CALL = struct.Struct("=qqQIII4xHBBB3x")
LOAD = struct.Struct("=III4xQ")
OUTCOMES = {
    0: "",
    Outcome.ANSWERED: "answered",
    Outcome.VOICEMAIL: "voicemail",
    Outcome.REFUSED: "refused",
    Outcome.ABANDONED: "abandoned",
    Outcome.SELF_SERVICE: "self-service",
}
WAITED = ("answered", "voicemail", "abandoned")  # whose wait is one


class Load(NamedTuple):
    """What one person had to do."""

    calls: int
    rung: int
    talk: int  # ms


@dataclass
class Result:
    """What became of each visit of a traffic, in its order."""

    traffic: Traffic
    records: list[Record]
    paths: list[int]
    loads: dict[str, Load]

    def counted(self) -> Iterator[tuple[Visit, Record]]:
        """Calls from outside that do not only warm up."""
        for visit, record in zip(self.traffic.visits, self.records, strict=True):
            if visit.at >= self.traffic.begins and visit.line != TELEPHONES:
                yield visit, record


def run(traffic: Traffic, settings: Settings, progress: Callable[[int], object] | None = None) -> Result:
    """The traffic under these settings. `progress` is told how many visits have begun."""
    first = traffic.visits[0].at if traffic.visits else traffic.begins
    plan, names = compile(settings, first)
    people = list(settings.person)
    given = encode(traffic, people)
    calls, loads = replay(
        plan,
        given.arrivals,
        facts=given.facts,
        people=given.people,
        manners=given.manners,
        say_ms=traffic.say,
        key_ms=traffic.key,
        spread=traffic.spread,
        progress=progress,
    )
    records, paths = [], []
    for answered, over, path, person, queue, waited, _, outcome, _, looked_for in CALL.iter_unpack(calls):
        who = names.name(person), names.name(queue)
        records.append(Record(OUTCOMES[outcome], *who, answered or None, over, waited, bool(looked_for)))
        paths.append(path)
    done = zip(people, LOAD.iter_unpack(loads), strict=True)
    return Result(traffic, records, paths, {name: Load(calls, rung, talk) for name, (_, calls, rung, talk) in done})


class Summary(NamedTuple):
    """One run in figures; waits in ms."""

    calls: int
    answered: int
    missed: int
    voicemail: int
    abandoned: int
    refused: int
    turned_away: int  # before anybody was looked for: not missed
    self_service: int
    impossible: int
    median_wait: float
    p90_wait: float
    longest_wait: float
    mean_wait: float


def summary(records: Sequence[Record]) -> Summary:
    count = dict.fromkeys(OUTCOMES.values(), 0)
    for record in records:
        count[record.outcome if record.outcome in count else ""] += 1
    turned_away = sum(record.outcome == "refused" and not record.looked_for for record in records)
    waits = sorted(record.waited for record in records if record.outcome in WAITED)
    return Summary(
        len(records),
        count["answered"],
        count["voicemail"] + count["abandoned"] + count["refused"] - turned_away,
        count["voicemail"],
        count["abandoned"],
        count["refused"] - turned_away,
        turned_away,
        count["self-service"],
        count[""],
        quantile(waits, 0.5),
        quantile(waits, 0.9),
        waits[-1] if waits else 0.0,
        sum(waits) / len(waits) if waits else 0.0,
    )


def means(runs: Sequence[Summary]) -> dict[str, Mean]:
    """Each figure over several runs."""
    return {name: Mean.of([float(getattr(run, name)) for run in runs]) for name in Summary._fields}


def differences_of(old: Sequence[Summary], new: Sequence[Summary]) -> dict[str, Mean]:
    """How much more of each figure the second has, run by run: what chance does to both is not in the interval."""
    pairs = list(zip(old, new, strict=True))
    return {name: Mean.of([getattr(b, name) - getattr(a, name) for a, b in pairs]) for name in Summary._fields}


class Change(NamedTuple):
    """A call that ends otherwise."""

    visit: Visit
    old: Record
    new: Record


def changes(old: Result, new: Result) -> tuple[list[Change], int]:
    """Calls that end otherwise under the new, and how many end alike by another way. Both are of one traffic."""
    differ, otherwise = [], 0
    for visit, before, after, was, now in zip(
        old.traffic.visits, old.records, new.records, old.paths, new.paths, strict=True
    ):
        if visit.at < old.traffic.begins or visit.line == TELEPHONES:
            continue
        if before[:3] != after[:3]:
            differ.append(Change(visit, before, after))
        else:
            otherwise += was != now
    return differ, otherwise


def as_recorded(result: Result) -> tuple[int, int]:
    """Of the calls in the journal, how many end in the replay as they did, and how many there are."""
    pairs = [(visit.was, record) for visit, record in result.counted() if visit.was and visit.was.outcome != "cut"]
    return sum(was[:3] == record[:3] for was, record in pairs), len(pairs)
