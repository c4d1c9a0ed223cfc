# SPDX-License-Identifier: GPL-2.0-or-later
"""What must be true when a day is over: of the journal, of the office, and of what the programs hold."""

import os
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from appliance.control.messages import Office as Told
from appliance.store.reader import Call, Reader
from tests.soak.day import Day
from tests.soak.office import SoakOffice

MANY = 100_000


def of_calls(day: Day, journal: Path) -> list[str]:
    """Where the callers' own account and the journal's differ; one sentence each."""
    rows = Reader(journal).calls(limit=MANY)
    outside: dict[str, list[Call]] = {}
    inside: Counter[str] = Counter()
    for row in rows:
        if row.line == "city":
            outside.setdefault(row.caller, []).append(row)
        else:
            inside[row.caller] += 1
    wrong = [f"{number} is in the journal and never called" for number in outside.keys() - day.visits.keys()]
    for visit in day.visits.values():
        found = outside.get(visit.number, [])
        if len(found) != 1:
            wrong.append(f"{visit} stands in the journal {len(found)} times")
        elif found[0].outcome not in visit.outcomes:
            wrong.append(f"{visit}, so {sorted(visit.outcomes)}; the journal says {found[0]}")
        if not visit.over:
            wrong.append(f"{visit} never ended for him")
    if inside != day.internal:
        wrong.append(
            f"calls by our telephones: {sorted(inside.items())} in the journal, {sorted(day.internal.items())} made"
        )
    wrong += [f"{row} has no end" for row in rows if row.ended_at is None]
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as database:
        legs = database.execute("SELECT count(*) FROM leg WHERE ended_at IS NULL").fetchone()[0]
    if legs:
        wrong.append(f"{legs} legs have no end")
    return wrong


def of_messages(office: SoakOffice, journal: Path) -> list[str]:
    """Files and rows of messages are the same."""
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as database:
        rows = {(mailbox, file) for mailbox, file in database.execute("SELECT mailbox, file FROM message")}
    files = {(path.parent.name, path.name) for path in (office.state / "voicemail").glob("*/*") if path.is_file()}
    return [f"messages without a file, or files without a message: {sorted(rows ^ files)[:5]}"] if rows ^ files else []


def of_office(told: Told) -> list[str]:
    """Nobody is left anywhere."""
    left = [str(call) for call in told.calls]
    left += [f"{queue.id} has {queue.waiting} waiting" for queue in told.queues if queue.waiting]
    left += [f"{line.id} is {line.state}" for line in told.lines if line.state != "idle" or line.calls]
    left += [f"{person.id} is {person.state}" for person in told.people if person.state not in ("free", "unreachable")]
    return left


@dataclass
class Held:
    """What a program holds when nothing happens."""

    rss: int  # bytes
    files: Counter[str]  # open ones by kind
    threads: int


def held(pid: int) -> Held:
    kinds: Counter[str] = Counter()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            name = os.readlink(link)
        except OSError:  # closed meanwhile
            continue
        kinds[name.partition(":")[0] if name.startswith(("socket:", "anon_inode:", "pipe:")) else name] += 1
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    return Held(int(status["VmRSS"].split()[0]) * 1024, kinds, int(status["Threads"]))
