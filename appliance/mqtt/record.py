# SPDX-License-Identifier: GPL-2.0-or-later
"""What the ladder remembers and its log, on the disk: both or neither, before anything is done."""

import fcntl
import logging
import os
from pathlib import Path

import msgspec

from appliance.mqtt import audit
from appliance.mqtt.audit import Broken, Facts, Head, Log
from appliance.mqtt.ladder import Memory
from appliance.settings import files

MEMORY = "actions.json"  # in the state folder
LOCK = "actions.lock"  # beside it
MODE = 0o600

log = logging.getLogger("linekeeper.mqtt.actions")


class Kept(msgspec.Struct):
    memory: Memory
    head: tuple[int, str] = (0, audit.FIRST)  # of the log


class Unkept(Exception):
    """What was decided cannot be kept."""

    id = "not-kept"


class InUse(Exception):
    """Another bridge is at work with this folder: both would do everything."""

    id = "bridge-in-use"


class Record:
    """A folder's, for one bridge alone.

    One that is damaged keeps nothing more, so that nothing above class 0 is done, until somebody looks at it."""

    def __init__(self, folder: Path) -> None:
        """Raises InUse."""
        self._memory_file, self._log_file = folder / MEMORY, folder / audit.FILE
        self.memory = Memory()
        self._log: Log | None = None
        self._damage = ""
        self._lock: int | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(folder / LOCK)
            kept = read(folder)
            self._log = Log(self._log_file)
            self.memory = kept.memory
            self._look(Head(*kept.head), self._log)
        except (OSError, Broken, msgspec.MsgspecError, ValueError) as fault:
            self._damage = f"{folder}: {fault}"
            log.error("actions above class 0 are not carried out: %s", self._damage)

    def close(self) -> None:
        """Another may take it."""
        self._damage = self._damage or "it is closed"
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _look(self, known: Head, log: Log) -> None:
        if log.head.seq < known.seq:
            raise Broken(audit.FILE, f"it ends with number {log.head.seq}, and {known.seq} were written")
        last = log.last
        if last and log.head.seq > known.seq and last.decision == "fire":  # killed before the memory was written
            request = str(last.facts.get("request", ""))
            self.memory.seen[request], self.memory.under_way[request] = last.at, last.action

    def keep(self, at: int, action: str, decision: str, reason: str, facts: Facts) -> None:
        """Raises Unkept."""
        if self._damage or self._log is None:
            raise Unkept(self._damage)
        try:
            head = self._log.add(at, action, decision, reason, facts)
            data = msgspec.json.encode(Kept(self.memory, (head.seq, head.hash)))
            files.put(files.prepare(self._memory_file, data, MODE), self._memory_file)
        except (OSError, files.DiskFull) as fault:
            raise Unkept(str(fault)) from None


def _locked(path: Path) -> int:
    """The file, locked, which the kernel unlocks however we end. Raises InUse, OSError."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise InUse(f"another bridge is at work in {path.parent}") from None
    return lock


def read(folder: Path) -> Kept:
    """What is kept in a folder. Raises OSError, msgspec.MsgspecError."""
    try:
        return msgspec.json.decode((folder / MEMORY).read_bytes(), type=Kept)
    except FileNotFoundError:
        return Kept(Memory())
