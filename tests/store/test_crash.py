# SPDX-License-Identifier: GPL-2.0-or-later
"""Power cuts, kill -9 and full disks, with a real process that writes."""

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from appliance.store.journal import Journal, JournalInUse
from appliance.store.reader import Reader

ROOT = Path(__file__).parents[2]
ROUNDS = 25

BUSY_SWITCH = """
import asyncio, sys
from pathlib import Path
from appliance.store.journal import Journal

async def main() -> None:
    journal = Journal(Path(sys.argv[1]), lambda id, said: print("trouble", id, said, flush=True))
    while True:
        done, cut = journal.next_call_id(), journal.next_call_id()
        for call in (done, cut):
            journal.call(call, call >> 10, "city", "+37060000001", "", "")
            for leg in range(3):
                journal.leg(call, leg, call >> 10, f"desk{leg}", "phone", "started")
            journal.event(call, call >> 10, "ringing", {"legs": 3})
            journal.trace(call, call >> 10, 6, 1, "anna", 0)
        for leg in range(3):
            journal.leg(done, leg, done >> 10, f"desk{leg}", "phone", "ended", 16)
        journal.over(done, done >> 10, "answered", "sales", "anna", done >> 10)
        assert await journal.durable()
        print(done, flush=True)

asyncio.run(main())
"""


def _python(*args: str, before: tuple[str, ...] = (), **env: str) -> "subprocess.Popen[str]":
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [*before, sys.executable, "-c", *args],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _lines(said: str) -> Iterator[str]:
    """Whole lines only: the last may have been cut by the kill."""
    return (line for line in said.splitlines(keepends=True) if line.endswith("\n"))


def test_killed_at_any_moment_the_journal_is_whole_and_every_ended_call_is_there(tmp_path: Path) -> None:
    path, promised = tmp_path / "journal.db", set[int]()
    for round in range(ROUNDS):
        switch = _python(BUSY_SWITCH, str(path))
        assert switch.stdout
        said = switch.stdout.readline() if round % 3 else ""  # every third is killed as it starts
        time.sleep(random.uniform(0, 0.1 if said else 0.3))  # the moment of the kill, not a wait
        switch.kill()
        said += switch.communicate()[0]
        kept = {int(line) for line in _lines(said)}  # anything else it said fails here
        promised |= kept
        if not path.exists():
            continue
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
            if promised:
                ended = {call for (call,) in db.execute("SELECT id FROM call WHERE outcome = 'answered'")}
                assert promised <= ended
                partial = db.execute(
                    "SELECT call, count(leg.ended_at), count(*) FROM leg JOIN call ON call.id = leg.call "
                    "WHERE outcome = 'answered' GROUP BY call HAVING count(leg.ended_at) <> 3 OR count(*) <> 3"
                )
                assert partial.fetchall() == []
    assert len(promised) > ROUNDS
    Journal(path, lambda id, said: pytest.fail(said)).close()
    outcomes = {call.outcome for call in Reader(path).calls(limit=1_000_000)}
    assert outcomes == {"answered", "cut"}


ONE_CALL = """
import asyncio, sys
from pathlib import Path
from appliance.store.journal import Journal

async def main() -> None:
    journal = Journal(Path(sys.argv[1]), print)
    journal.call(1, 1000, "city", "", "", "")
    journal.leg(1, 0, 1000, "city", "caller", "started")
    assert await journal.durable()
    print("open", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_second_switch_is_refused_and_changes_nothing_until_the_first_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    first = _python(ONE_CALL, str(path))
    assert first.stdout
    assert first.stdout.readline() == "open\n"

    second = _python(ONE_CALL, str(path))
    said = second.communicate(timeout=60)[0]
    assert second.returncode == 1
    assert said.endswith(f"JournalInUse: Another process writes the journal {path}.\n")
    with pytest.raises(JournalInUse) as refused:
        Journal(path, lambda id, said: pytest.fail(said))
    assert refused.value.id == "journal-in-use"
    assert Reader(path).calls()[0].ended_at is None  # the call goes on
    assert Reader(path).legs(1)[0].ended_at is None

    first.kill()
    first.communicate()
    Journal(path, lambda id, said: pytest.fail(said)).close()
    assert Reader(path).calls()[0].outcome == "cut"


FEW_STROKES = """
import asyncio, sys
from pathlib import Path
from appliance.store.journal import BATCH, Journal

async def main() -> None:
    journal = Journal(Path(sys.argv[1]), print)
    await journal.durable()
    print("open", flush=True)
    for n in range(3):
        for m in range(2 * BATCH):  # at least two transactions: one of them without a hang-up
            journal.event(0, m, "dtmf", {})
        assert await journal.durable()
        print("kept", flush=True)
    assert await journal.durable()
    print("kept", flush=True)
    journal.close()

asyncio.run(main())
"""


def test_at_hang_up_the_disk_is_forced_before_it_is_called_kept_and_not_oftener(tmp_path: Path) -> None:
    shim = tmp_path / "syncs.so"
    source = Path(__file__).with_name("syncs.c")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", shim, source, "-ldl"], check=True)
    box = _python(FEW_STROKES, str(tmp_path / "journal.db"), LD_PRELOAD=str(shim))
    said = box.communicate(timeout=60)[0].split()
    assert box.returncode == 0, said
    during = said[said.index("open") + 1 :]
    during = during[: len(during) - during[::-1].index("kept")]
    assert during == ["sync", "kept"] * 4


FULL_DISK = """
import asyncio, sys
from pathlib import Path
from appliance.store.journal import Journal
from appliance.store.reader import Reader
{imports}

async def main() -> None:
    disk, told = Path(sys.argv[1]), asyncio.Queue()
    loop = asyncio.get_running_loop()
    journal = Journal(disk / "journal.db", lambda *said: loop.call_soon_threadsafe(told.put_nowait, said), retry=0.02)
    journal.call(1, 1, "city", "", "", "")
    assert await journal.durable()
    {fill}
    for n in range(2000):
        journal.event(1, n, "dtmf", {{"digit": "5", "padding": "x" * 200}})
    journal.over(1, 9, "answered", "", "", None)
    waiting = asyncio.create_task(journal.durable())
    print(*await asyncio.wait_for(told.get(), 10))
    assert not waiting.done()
    {free}
    assert await asyncio.wait_for(waiting, 10)
    print(*await asyncio.wait_for(told.get(), 10))
    assert len(Reader(disk / "journal.db").events(1)) == 2000
    assert Reader(disk / "journal.db").calls()[0].outcome == "answered"
    assert journal.dropped == 0
    journal.close()

asyncio.run(main())
"""
SMALL_DISK = ("unshare", "--map-root-user", "--mount", "sh", "-c")
MOUNTED = 'mount -t tmpfs -o size=4m none "$0" && exec "$@" "$0"'


def test_a_full_disk_is_told_and_nothing_is_lost_once_there_is_room(tmp_path: Path) -> None:
    """The disk is a real one of 4 MB, filled by another file; a mount namespace of our own needs no privilege."""
    script = FULL_DISK.format(
        imports="""
def fill(ballast):
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)): pass
        except OSError: pass
""",
        fill='fill(disk / "ballast")',
        free='(disk / "ballast").unlink()',
    )
    box = _python(script, before=(*SMALL_DISK, MOUNTED, str(tmp_path)))
    said = box.communicate(timeout=60)[0]
    assert box.returncode == 0, said
    full, recovered = said.splitlines()
    assert full.startswith("journal-full The disk is full (")
    assert "Calls go on" in full
    assert recovered == "journal-recovered The journal is written again; 0 rows were lost meanwhile."


NO_ROOM_TO_BEGIN = """
import sys
from pathlib import Path
from queue import Queue
from appliance.store.journal import Journal
from appliance.store.reader import Reader

disk, told = Path(sys.argv[1]), Queue()
ballast = [disk / f"ballast{n}" for n in range(7)]
for file in ballast:
    file.touch()
journal = Journal(disk / "journal.db", lambda *said: told.put(said), retry=0.02)
print(*told.get(timeout=10))
journal.call(1, 1, "city", "", "", "")
for file in ballast:
    file.unlink()
print(*told.get(timeout=10))
assert [row.id for row in Reader(disk / "journal.db").calls()] == [1]
journal.close()
"""


def test_a_disk_without_room_for_one_more_file_is_told_and_the_journal_begins_once_there_is(tmp_path: Path) -> None:
    mounted = MOUNTED.replace("size=4m", "nr_inodes=8")
    box = _python(NO_ROOM_TO_BEGIN, before=(*SMALL_DISK, mounted, str(tmp_path)))
    said = box.communicate(timeout=60)[0]
    assert box.returncode == 0, said
    full, recovered = said.splitlines()
    assert full.startswith("journal-full The disk is full (")
    assert recovered == "journal-recovered The journal is written again; 0 rows were lost meanwhile."


def test_a_file_that_may_not_grow_is_told_and_nothing_is_lost_once_it_may(tmp_path: Path) -> None:
    script = FULL_DISK.format(
        imports="import resource",
        fill="resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))",
        free="resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))",
    )
    box = _python(script, str(tmp_path))
    said = box.communicate(timeout=60)[0]
    assert box.returncode == 0, said
    assert said.startswith("journal-unwritable The journal cannot be written (disk I/O error: ")
    assert "0 rows were lost" in said
