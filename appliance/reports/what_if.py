# SPDX-License-Identifier: GPL-2.0-or-later
"""A replay in a process of its own, for whoever must not wait: asked by one line of JSON, told in lines of it.

Run it as a module. What it is asked is Asked; it tells {"phase", "done", "of"} on its way, {"result"} or {"error"} at its end.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from appliance.reports import recorded, replay
from appliance.reports.replay import Change, Result
from appliance.reports.traffic import Record, Traffic, scaled
from appliance.settings import load
from appliance.settings.faults import SettingsFaults
from appliance.store.reader import Reader, Unreadable

MOST = 100_000  # calls in the time asked for: a process of 270 MB (27,000: 100 MB)
TOLD = 5_000  # calls that differ; some 200 bytes each
TELL_EVERY = 0.2  # seconds
POLITE = 10  # niceness: telephones come first
SEED = 1


class Asked(NamedTuple):
    """new: "" for none. Times ms UTC; scale: so many times the calls."""

    journal: str
    document: str  # where it is, for the files it names
    old: str
    new: str
    since: int
    until: int
    scale: float


class Teller:
    """Tells how far it is, and not too often."""

    def __init__(self, say: Callable[[dict[str, Any]], None]) -> None:
        self._say, self._last = say, 0.0

    def of(self, phase: str, total: int) -> Callable[[int], None]:
        def told(done: int) -> None:
            now = time.monotonic()
            if now - self._last >= TELL_EVERY:
                self._last = now
                self._say({"phase": phase, "done": done, "of": total})

        self._last = 0.0
        told(0)
        return told


class Refused(Exception):
    """It cannot be replayed; its id says why."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.id = id


def run(asked: Asked, say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """What is told at the end. Raises Refused, Unreadable, SettingsFaults."""
    path, tell = Path(asked.document), Teller(say)
    old = load.parse(asked.old, path)
    new = load.parse(asked.new, path) if asked.new else None
    reader = Reader(Path(asked.journal))
    count = reader.count(asked.since, asked.until)
    if not count:
        raise Refused("none")
    if count > MOST:
        raise Refused("many")
    recording = recorded.read(reader, asked.since, asked.until, old, tell.of("reading", count))
    as_it_was = recorded.draw(recording, old, SEED)
    more = as_it_was
    if asked.scale != 1:
        more = recorded.draw(recording, old, SEED)
        more.visits = scaled(more.visits, asked.scale, Random(SEED))
    runs: dict[str, Result] = {}

    def under(name: str, traffic: Traffic, settings: Any) -> None:
        runs[name] = replay.run(traffic, settings, tell.of(name, len(traffic.visits)))

    under("old", as_it_was, old)
    if more is not as_it_was:
        under("old-more", more, old)
    if new is not None:
        under("new", more, new)
    return _told(runs)


def _told(runs: dict[str, Result]) -> dict[str, Any]:
    found, right = replay.as_recorded(runs["old"])
    told: dict[str, Any] = {
        "columns": {name: _column(result) for name, result in runs.items()},
        "right": [found, right],
    }
    if "new" in runs:
        changes, otherwise = replay.changes(runs.get("old-more", runs["old"]), runs["new"])
        told |= {"differ": len(changes), "otherwise": otherwise, "changes": [_change(one) for one in changes[:TOLD]]}
    return told


def _column(result: Result) -> dict[str, Any]:
    figures = replay.summary([record for _, record in result.counted()])._asdict()
    return {"figures": figures, "people": {name: load._asdict() for name, load in result.loads.items()}}


def _change(one: Change) -> dict[str, Any]:
    visit = one.visit
    return {"call": visit.call, "at": visit.at, "number": visit.number, "old": _end(one.old), "new": _end(one.new)}


def _end(record: Record) -> dict[str, Any]:
    return {"outcome": record.outcome, "person": record.person, "queue": record.queue, "waited": record.waited}


def main() -> int:
    """0; 1 when it cannot be replayed, which is told."""

    def say(what: dict[str, Any]) -> None:
        print(json.dumps(what), flush=True)

    os.nice(POLITE)
    with contextlib.suppress(OSError):  # should memory run out, it is this that goes
        Path("/proc/self/oom_score_adj").write_text("1000")
    try:
        say({"result": run(Asked(**json.loads(sys.stdin.readline())), say)})
        return 0
    except Refused as refused:
        say({"error": refused.id})
    except Unreadable:
        say({"error": "journal"})
    except (SettingsFaults, OSError):
        say({"error": "faults"})
    except MemoryError:
        say({"error": "memory"})
    return 1


if __name__ == "__main__":
    sys.exit(main())
