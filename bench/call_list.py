# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a page of the call list takes to find in a journal of CALLS (300,000) calls."""

import random
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

from testbed.table import tell, wants_writing

from appliance.store.calls import CallList, Wanted, Who
from appliance.store.migrate import migrate
from appliance.store.reader import Reader

CALLS, PEOPLE, NUMBERS = 300_000, 20, 5_000
BEGIN = 1_700_000_000_000  # ms UTC
TURNS, PAGE = 9, 51
MIDDLE = (BEGIN + CALLS * 50_000) << 10
ANNA = Who("person3", ("desk3",))
ASKED: dict[str, tuple[Wanted, int]] = {
    "the first page": (Wanted(), 0),
    "a page in the middle": (Wanted(), MIDDLE),
    "missed calls": (Wanted(missed=True), 0),
    "a number": (Wanted(number="+37060000042"), 0),
    "the office's own number": (Wanted(number="+37052000000"), 0),
    "a part of a number": (Wanted(digits=("*0042*",)), 0),
    "a part that is nowhere": (Wanted(digits=("*99999999*",)), 0),
    "a part of a name, in small letters": (Wanted(name="ольга"), 0),
    "a name that is nowhere": (Wanted(name="xyzzy"), 0),
    "a person": (Wanted(who=ANNA), 0),
    "a person's missed calls": (Wanted(who=ANNA, missed=True), 0),
    "an employee's page in the middle": (Wanted(own=ANNA), MIDDLE),
    "a queue": (Wanted(queue="sales"), 0),
    "the first day": (Wanted(since=BEGIN, until=BEGIN + 86_400_000), 0),
}


def fill(path: Path) -> None:
    """A year of calls, two legs each; the same each time."""
    chance, at = random.Random(1), BEGIN
    calls, legs = [], []
    for n in range(CALLS):
        at += chance.randrange(200_000)
        id, who, answered = (at << 10) + n % 1024, chance.randrange(PEOPLE), chance.random() < 0.8
        caller, name = f"+3706{chance.randrange(NUMBERS):07}", chance.choice(["", "Mr Kazlauskas", "Ольга Петрова"])
        end = at + 9000, at + 99_000
        outcome = "answered" if answered else chance.choice(["abandoned", "voicemail"])
        person = f"person{who}" if answered else ""
        queue = chance.choice(["sales", "support"])
        calls.append(
            (id, at, "city", caller, "+37052000000", name, queue, person, end[0] if answered else None, end[1], outcome)
        )
        legs += [
            (id, 0, "city", "caller", at, None, None, end[1], 16),
            (id, 1, f"desk{who}", "phone", at, None, None, end[1], 16),
        ]
    with closing(sqlite3.connect(path)) as db, db:
        migrate(db, "journal")
        db.executemany(f"INSERT INTO call VALUES ({', '.join('?' * 11)})", calls)
        db.executemany(f"INSERT INTO leg VALUES ({', '.join('?' * 9)})", legs)


def main() -> None:
    write = wants_writing(__doc__ or "")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        fill(path)
        calls = CallList(Reader(path))
        rows = []
        for words, (wanted, before) in ASKED.items():
            took = []
            for _ in range(TURNS):
                began = time.perf_counter()
                found = calls.page(wanted, PAGE, before=before)
                took.append((time.perf_counter() - began) * 1000)
            rows.append([words, str(len(found)), f"{statistics.median(took):.1f}", f"{max(took):.1f}"])
        tell([[f"of {CALLS:,} calls", "found", "median ms", "most ms"], *rows], write=write)


if __name__ == "__main__":
    main()
