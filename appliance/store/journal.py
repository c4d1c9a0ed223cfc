# SPDX-License-Identifier: GPL-2.0-or-later
"""What happened, kept in SQLite by one writer thread; see docs/journal.md. Times are ms UTC."""

import asyncio
import errno
import fcntl
import json
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from appliance.calls.messages import Message
from appliance.calls.recorded import Recorded
from appliance.calls.texts import JOINED, PART, TEXT_MOST, Sms
from appliance.store import statements as sql
from appliance.store.migrate import TooNew, migrate

DELAY = 0.2  # seconds a row may wait for company before it is written; what a power cut may take
RETRY = 1.0  # seconds between attempts while the disk refuses
LOCK_WAIT = 0.5  # seconds to wait for a foreign lock within one attempt
ROOM = 50_000  # rows kept while nothing can be written: about 20 MB, an hour of a busy office
BATCH = 2_000  # rows in one transaction at most
TEXT_MAX = 256  # characters kept of any text from outside
DETAIL_MAX = 2_048  # characters of an event's JSON; a longer one is replaced by its length
WAL_KEPT = 8_388_608  # bytes the write-ahead log is cut back to after a checkpoint
SIDES = ("-wal", "-shm")  # what SQLite keeps beside the database
FILES = ("", *SIDES, ".lock")

FULL = ("journal-full", "The disk is full")
TROUBLE = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_BUSY: ("journal-locked", "Another program holds the journal locked"),
    sqlite3.SQLITE_CORRUPT: ("journal-corrupt", "The journal is damaged"),
    sqlite3.SQLITE_NOTADB: ("journal-corrupt", "The journal is no database"),
}
REFUSED = {errno.ENOSPC: FULL, errno.EDQUOT: FULL}
UNWRITABLE = ("journal-unwritable", "The journal cannot be written")

_File = tuple[int, int] | None

ROW_FAULTS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError)


class JournalInUse(Exception):
    """Another process has the journal open to write."""

    id = "journal-in-use"


class _Row(NamedTuple):
    """A statement to be carried out, or, without one, a wish to be told when all before it is on the disk."""

    sql: str
    values: tuple[object, ...]
    call: int = 0
    at: int = 0
    done: Callable[[bool], None] | None = None
    changed: Callable[[int], None] | None = None  # told how many rows it changed
    also: tuple[tuple[str, tuple[object, ...]], ...] = ()  # statements after it, never in another transaction


class Journal:
    """The switch's journal; satisfies calls/ports.py. Its methods return at once, whatever the disk does.

    Making it raises JournalInUse, before anything is changed, while another process holds the same one.

    `trouble(id, sentence)` is called once when a trouble begins and once when it is over (journal-recovered), in the
    writer's thread, or in the maker's while the journal is made; docs/journal.md lists the ids.
    """

    def __init__(
        self,
        path: Path,
        trouble: Callable[[str, str], None],
        *,
        delay: float = DELAY,
        retry: float = RETRY,
        room: int = ROOM,
    ) -> None:
        self.path = path
        self.dropped = 0  # rows lost because the disk refused for too long
        self.refused = 0  # rows the database would not take
        self._trouble, self._delay, self._retry, self._room = trouble, delay, retry, room
        self._told = ""  # id of the trouble last told, "" when all is well
        self._told_dropped = 0
        self._lock: int | None = None  # descriptor of the lock file
        self._db: sqlite3.Connection | None = None
        self._files: dict[str, _File] = {}  # as they were when _db was opened
        self._cut = False  # what a crash left open is ended
        self._rows: deque[_Row] = deque()
        self._flushes = 0  # in _rows
        self._last_id = 0
        self._changed = threading.Condition()  # guards the four above
        self._closing = threading.Event()
        try:
            self._db = self._open()
        except (sqlite3.Error, OSError) as fault:
            self._tell(fault)
        self._writer = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._writer.start()

    # ---- what is told -----------------------------------------------------------------------------------------------

    def next_call_id(self) -> int:
        """An id no call had before, whatever the clock does: ms since 1970 times 1024, under 2**53 until 2248."""
        with self._changed:
            self._last_id = max(self._last_id + 1, _now() << 10)
            return self._last_id

    def call(self, call: int, at: int, line: str, caller: str, called: str, name: str) -> None:
        """A call began."""
        self._put(_Row(sql.CALL, (call, at, _text(line), _text(caller), _text(called), _text(name))))

    def leg(self, call: int, leg: int, at: int, party: str, kind: str, state: str, cause: int = 0) -> None:
        """A leg of kind phone, trunk or caller is now in a state: started, rang, answered or ended; else KeyError."""
        self._put(_Row(sql.LEG[state], (call, leg, _text(party), _text(kind), at, cause), call, at))

    def event(self, call: int, at: int, kind: str, detail: dict[str, object]) -> None:
        """Something happened; call 0 is no call's."""
        written = json.dumps(detail, default=str)
        if len(written) > DETAIL_MAX:
            written = json.dumps({"too_long": len(written)})
        self._put(_Row(sql.EVENT, (call, at, _text(kind), written), call, at), gives_way=True)

    def trace(self, call: int, at: int, rule: int, reason: int, subject: str, detail: int) -> None:
        """A decision about a call."""
        self._put(_Row(sql.TRACE, (call, at, rule, reason, _text(subject), detail), call, at), gives_way=True)

    def over(self, call: int, at: int, outcome: str, queue: str, person: str, answered_at: int | None) -> None:
        """A call ended."""
        self._put(_Row(sql.OVER, (call, at, _text(outcome), _text(queue), _text(person), answered_at)))

    def message(self, message: Message) -> None:
        """A message is kept, or other than it was."""
        values = (_text(value) if isinstance(value, str) else int(value) for value in message)
        self._put(_Row(sql.MESSAGE, tuple(values)))

    def message_gone(self, message: int) -> None:
        """It is kept no longer."""
        self._put(_Row(sql.MESSAGE_GONE, (message,)))

    def recording(self, recorded: Recorded) -> None:
        """A recording is kept or under way, or other than it was."""
        values = (_text(value) if isinstance(value, str) else int(value) for value in recorded)
        self._put(_Row(sql.RECORDING, tuple(values)))

    def recording_gone(self, recording: int) -> None:
        """It is kept no longer."""
        self._put(_Row(sql.RECORDING_GONE, (recording,)))

    def caller(self, call: int, caller: str, name: str) -> None:
        """The number of a call's caller is known after all."""
        self._put(_Row(sql.CALLER, (_text(caller), _text(name), call)))

    def sms(self, sms: Sms) -> None:
        """A text message was sent."""
        self._put(_Row(sql.SMS, _sms(sms)))

    async def sms_once(self, sms: Sms, parts: Sequence[int] = ()) -> bool | None:
        """A text message came, or one was put together from parts that are kept.

        When it is on the disk: True, or False since it was there, by its mark or as what the network sends again; None: it
        is not, and will not be."""
        changed: list[int] = []  # once for each attempt to write it
        joined = tuple((sql.SMS_JOINED, (JOINED, part)) for part in parts)
        once = sql.SMS_ONCE if parts or sms.state == PART else sql.SMS_UNREPEATED
        self._put(_Row(once, _sms(sms), changed=changed.append, also=joined))
        return any(changed) if await self.durable() and changed else None

    def sms_forget(self, mark: str) -> None:
        """One that is told again is another."""
        self._put(_Row(sql.SMS_FORGOTTEN, (mark,)))

    def sms_became(self, id: int, state: str, parts: str) -> None:
        """What became of one that was sent."""
        self._put(_Row(sql.SMS_BECAME, (state, _text(parts), id)))

    def bind(self, phone: str, contact: str, source: str, expires_at: int, agent: str) -> None:
        """A telephone is reached at this contact until expires_at."""
        self._put(_Row(sql.BIND, (_text(phone), _text(contact), _text(source), expires_at, _text(agent))))

    def unbind(self, phone: str, contact: str) -> None:
        """The contact is no longer one of this telephone's."""
        self._put(_Row(sql.UNBIND, (_text(phone), _text(contact))))

    def flush(self, done: Callable[[bool], None] | None = None) -> None:
        """Put everything so far on the disk now; the writer calls `done`: True when it is there, False if never."""
        if not self._put(_Row("", (), done=done)) and done:
            done(False)

    async def durable(self) -> bool:
        """Wait until everything so far is on the disk, however long that takes; False when it never will be."""
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[bool] = loop.create_future()

        def settle(answer: bool) -> None:
            if not kept.done():
                kept.set_result(answer)

        def done(answer: bool) -> None:
            with suppress(RuntimeError):  # the loop was closed: nobody waits
                loop.call_soon_threadsafe(settle, answer)

        self.flush(done)
        return await kept

    def close(self) -> None:
        """Write what is left, with one attempt, and end."""
        with self._changed:
            self._closing.set()
            self._changed.notify()
        self._writer.join()

    def _put(self, row: _Row, gives_way: bool = False) -> bool:
        """Queue a row. When room gets short, events and traces are dropped first: half of it is for calls and legs."""
        with self._changed:
            waiting = len(self._rows)
            if waiting >= (self._room // 2 if gives_way else self._room) or self._closing.is_set():
                self.dropped += bool(row.sql)
                return False
            self._rows.append(row)
            self._flushes += not row.sql
            if not waiting or not row.sql or waiting == BATCH:
                self._changed.notify()
        return True

    # ---- the writer's thread ----------------------------------------------------------------------------------------

    def _write_all(self) -> None:
        try:
            self._examine()
            while batch := self._next_batch():
                last = self._closing.is_set()
                try:
                    self._let_go_if_gone()
                    refused = self._write(batch)
                    if self._let_go_if_gone():  # meanwhile, and perhaps the batch with it: once more
                        continue
                except (sqlite3.Error, OSError, JournalInUse) as fault:
                    self._recover(fault)
                    if last:
                        break
                    self._closing.wait(self._retry)
                else:
                    self._kept(batch, refused)
        finally:
            self._end()

    def _next_batch(self) -> list[_Row]:
        """The oldest rows, once they have waited or somebody asked; none when closing with nothing left."""
        with self._changed:
            self._changed.wait_for(lambda: self._rows or self._closing.is_set())
            self._changed.wait_for(
                lambda: self._flushes or len(self._rows) >= BATCH or self._closing.is_set(), self._delay
            )
            return list(islice(self._rows, BATCH))

    def _write(self, batch: list[_Row]) -> list[str]:
        """Write a batch in one transaction, forced to the disk when it holds a wish for that; why rows were refused."""
        if self._db is None:
            self._db = self._open()
        db = self._db
        flush = any(not row.sql for row in batch)
        db.execute(f"PRAGMA synchronous = {'FULL' if flush else 'NORMAL'}")
        db.execute("BEGIN IMMEDIATE")
        try:
            refused = [fault for row in batch if row.sql and (fault := _apply(db, row))]
            if flush and all(not row.sql for row in batch):  # FULL forces only a transaction that writes
                db.execute(f"PRAGMA user_version = {db.execute('PRAGMA user_version').fetchone()[0]}")
            db.execute("COMMIT")
        except sqlite3.Error:
            if db.in_transaction:
                db.rollback()
            raise
        return refused

    def _kept(self, batch: list[_Row], refused: list[str]) -> None:
        """Forget what is written, tell who asked."""
        with self._changed:
            for row in batch:
                self._rows.popleft()
                self._flushes -= not row.sql
        for row in batch:
            if row.done:
                row.done(True)
        if refused:
            self.refused += len(refused)
            self._trouble("journal-row", f"The journal refused {len(refused)} of {len(batch)} rows: {refused[0]}.")
        if self._told:
            lost, self._told_dropped, self._told = self.dropped - self._told_dropped, self.dropped, ""
            self._trouble("journal-recovered", f"The journal is written again; {lost} rows were lost meanwhile.")

    def _recover(self, fault: Exception) -> None:
        """Say what is wrong; begin a new database in place of a damaged one."""
        if isinstance(fault, sqlite3.Error) and _primary(fault) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            try:
                self._set_aside("journal-corrupt", str(fault))
            except OSError as refused:
                self._tell(refused)
        else:
            self._tell(fault)

    def _end(self) -> None:
        """Let go of what cannot be kept, and of the database."""
        with self._changed:
            self._closing.set()
            left = list(self._rows)
            self._rows.clear()
        lost = sum(bool(row.sql) for row in left)
        self.dropped += lost
        for row in left:
            if row.done:
                row.done(False)
        if lost:
            self._trouble("journal-lost", f"The journal was closed before {lost} rows could be written.")
        if self._db:
            with suppress(sqlite3.Error):
                self._db.close()
        if self._lock is not None:
            os.close(self._lock)

    # ---- the database -----------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        """Open, bring to this version, end what a crash left open; a file that is no journal is set aside first."""
        self._claim()
        try:
            return self._prepare()
        except TooNew as fault:
            self._set_aside(fault.id, str(fault))
        except sqlite3.Error as fault:
            if _primary(fault) not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
                raise
            self._set_aside("journal-corrupt", str(fault))
        return self._prepare()

    def _claim(self) -> None:
        """Lock the lock file, which the kernel unlocks when this process ends however it ends. Raises JournalInUse."""
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        if self._lock is not None and os.path.sameopenfile(self._lock, lock):
            os.close(lock)
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            os.close(lock)
            if isinstance(fault, BlockingIOError):
                raise JournalInUse(f"Another process writes the journal {self.path}.") from fault
            raise
        if self._lock is not None:
            os.close(self._lock)
        self._lock = lock

    def _prepare(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=LOCK_WAIT, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA trusted_schema = OFF")
            db.execute(f"PRAGMA journal_size_limit = {WAL_KEPT}")
            migrate(db, "journal")
            cut = "" if self._cut else sql.CUT  # opened again, it may hold calls that go on
            db.executescript(f"BEGIN IMMEDIATE; {cut} DELETE FROM binding WHERE expires_at <= {_now()}; COMMIT;")
            self._cut = True
            with self._changed:
                last = db.execute("SELECT max(id) FROM call").fetchone()[0] or 0
                self._last_id = max(self._last_id, last)
            self._files = self._found()
        except (sqlite3.Error, OSError, TooNew):
            db.close()
            raise
        return db

    def _found(self) -> dict[str, _File]:
        return {part: _file(f"{self.path}{part}") for part in FILES}

    def _let_go_if_gone(self) -> bool:
        """Whether a file was deleted or replaced behind our back; then the next write opens, or makes, what is due."""
        if not self._db or (found := self._found()) == self._files:
            return False
        changed = [part for part in FILES if found[part] != self._files[part]]
        db, self._db = self._db, None
        db.close()  # SQLite leaves what lies beside another database alone
        if "" in changed:  # what the old database left beside it would spoil the new one
            for part in SIDES:
                if part not in changed:
                    Path(f"{self.path}{part}").unlink(missing_ok=True)
        self._told = "journal-gone"
        names = ", ".join(self.path.name + part for part in changed)
        self._trouble(
            self._told,
            f"Deleted or replaced while in use in {self.path.parent}: {names}. The journal goes on in what is there now.",
        )
        return True

    def _examine(self) -> None:
        """Read the whole database once, before anything is added; a damaged one is set aside."""
        try:
            if self._db and (said := self._db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                self._set_aside("journal-corrupt", str(said))
        except (sqlite3.Error, OSError) as fault:
            self._recover(fault)

    def _set_aside(self, id: str, why: str) -> None:
        """Rename the database with the time; the next write begins a new one."""
        if self._db:
            self._db.close()
            self._db = None
        now = _now()
        aside = f"{self.path}.{time.strftime('%Y%m%dT%H%M%S', time.gmtime(now // 1000))}.{now % 1000:03}"
        self.path.rename(aside)
        for part in SIDES:
            with suppress(FileNotFoundError):
                Path(f"{self.path}{part}").rename(aside + part)
        self._told = id
        self._trouble(id, f"The journal cannot be used ({why}); it is kept as {aside} and a new one is begun.")

    def _tell(self, fault: Exception) -> None:
        id, sentence = UNWRITABLE
        if isinstance(fault, sqlite3.Error):
            id, sentence = TROUBLE.get(_primary(fault), UNWRITABLE)
        elif isinstance(fault, OSError):
            id, sentence = REFUSED.get(fault.errno or 0, UNWRITABLE)
        elif isinstance(fault, JournalInUse):
            id = fault.id
        if self._told != id:
            self._told = id
            self._trouble(id, f"{sentence} ({fault}: {self.path}). Calls go on; what happens is kept in memory.")


def _apply(db: sqlite3.Connection, row: _Row) -> str:
    """Carry out one row's statements; "" or why the database would not take it. Raises sqlite3.Error of the disk."""
    try:
        try:
            written = db.execute(row.sql, row.values)
            if row.changed:
                row.changed(written.rowcount)
            for statement, values in row.also:
                db.execute(statement, values)
        except sqlite3.IntegrityError as fault:
            if fault.sqlite_errorname != "SQLITE_CONSTRAINT_FOREIGNKEY":
                raise
            db.execute(sql.STUB, (row.call, row.at))
            db.execute(row.sql, row.values)
    except (*ROW_FAULTS, OverflowError) as fault:
        return str(fault)
    return ""


def _sms(sms: Sms) -> tuple[object, ...]:
    text = _text(sms.text, TEXT_MOST)
    return tuple(sms._replace(line=_text(sms.line), number=_text(sms.number), text=text, whole=int(sms.whole)))


def _file(path: str) -> _File:
    """Which file this is: device and inode, or None when there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _primary(fault: sqlite3.Error) -> int:
    return getattr(fault, "sqlite_errorcode", 0) & 0xFF


def _text(outside: str, most: int = TEXT_MAX) -> str:
    """Text SQLite and every reader can take: bounded, no lone surrogates, no NUL."""
    if outside.isascii() and outside.isprintable() and len(outside) <= most:
        return outside
    return outside[:most].encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _now() -> int:
    return time.time_ns() // 1_000_000
