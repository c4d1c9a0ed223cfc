# SPDX-License-Identifier: GPL-2.0-or-later
"""The messages that are kept: what is known of each, in memory and in the journal. Times are ms UTC."""

import hashlib
import logging
import os
import shutil
import wave
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from appliance.calls.ports import Journal
from appliance.settings.models import Settings

log = logging.getLogger("mailbox")

GREETING = "greeting.wav"  # of a mailbox, recorded by telephone
STATES = ("new", "heard", "saved")
DAY, MINUTE, MEGABYTE = 86_400_000, 60_000, 1_000_000  # ms, ms, bytes
WAV = ".wav"

MessageState = Literal["new", "heard", "saved"]
Mailed = Literal["", "due", "sent", "failed"]  # "": nobody is told of it by e-mail


class Message(NamedTuple):
    """One message; id is the call that left it, file its name in the folder of its mailbox."""

    id: int
    mailbox: str
    at: int
    caller: str  # "" withheld
    name: str
    duration: int  # ms
    file: str
    sha256: str
    state: MessageState = "new"
    handled: bool = False  # somebody did what it asked for
    changed_at: int = 0  # when its state did last
    mail: Mailed = ""


class Full(Exception):
    """A mailbox takes no message now."""

    def __init__(self, id: str, message: str) -> None:
        super().__init__(message)
        self.id = id


class Messages:
    """All messages, and their files in a folder for each mailbox. `changed` is told of each mailbox that has others now."""

    def __init__(self, folder: Path, journal: Journal, changed: Callable[[str], None]) -> None:
        self.folder = folder
        self._journal, self._changed = journal, changed
        self._known: dict[int, Message] = {}
        self._boxes: dict[str, dict[int, Message]] = {}  # the same by mailbox

    def learn(self, known: Iterable[Message]) -> list[Path]:
        """What was known before the start; the files nothing is known of, such as those left by a journal set aside."""
        for path in self.folder.glob(f"*/{GREETING.removesuffix(WAV)}.*{WAV}"):
            path.unlink(missing_ok=True)  # tried, when the program ended
        files = {path.relative_to(self.folder).as_posix(): path for path in sorted(self.folder.glob(f"*/*{WAV}"))}
        files = {name: path for name, path in files.items() if path.name != GREETING and path.name.count(".") == 1}
        for message in known:
            if files.pop(f"{message.mailbox}/{message.file}", None):
                self._put(message)
            else:
                log.warning("the message %s of mailbox %s is gone from the disk", message.file, message.mailbox)
                self._journal.message_gone(message.id)
        return list(files.values())

    # ---- what there is ----------------------------------------------------------------------------------------------

    def of(self, mailbox: str) -> list[Message]:
        """Oldest first."""
        return sorted(self._boxes.get(mailbox, {}).values(), key=lambda one: (one.at, one.id))

    def all(self) -> list[Message]:
        return sorted(self._known.values(), key=lambda one: (one.at, one.id))

    def one(self, id: int) -> Message:
        """Raises KeyError when there is no such message."""
        if id not in self._known:
            raise KeyError(f"message {id}")
        return self._known[id]

    def path(self, message: Message) -> Path:
        return self.folder / message.mailbox / message.file

    def greeting(self, mailbox: str) -> Path:
        """Where the greeting is that was recorded by telephone, if one was."""
        return self.folder / mailbox / GREETING

    def waiting(self, mailboxes: Iterable[str]) -> tuple[int, int]:
        """How many are new, and how many are not."""
        states = [one.state for mailbox in mailboxes for one in self._boxes.get(mailbox, {}).values()]
        return states.count("new"), len(states) - states.count("new")

    def room(self, settings: Settings, mailbox: str) -> float:
        """Seconds the next message may last. Raises Full."""
        table, held = settings.mailbox[mailbox], self.of(mailbox)
        if len(held) >= table.max_messages:
            raise Full("messages", f"it holds {len(held)} messages")
        left = table.max_minutes * MINUTE - sum(one.duration for one in held)
        if left < 1000:
            raise Full("minutes", f"its messages last {table.max_minutes} minutes")
        if free(self.folder) < settings.voicemail.least_free * MEGABYTE:
            raise Full("disk", f"less than {settings.voicemail.least_free} MB are free on the disk")
        return min(left / 1000, settings.voicemail.max_length)

    # ---- what becomes of them ---------------------------------------------------------------------------------------

    def add(self, message: Message) -> None:
        self._keep(message)

    def change(
        self, id: int, now: int, *, state: MessageState | None = None, handled: bool | None = None, by: str = ""
    ) -> None:
        """Raises KeyError when there is no such message."""
        old = self.one(id)
        new = old._replace(state=state or old.state, handled=old.handled if handled is None else handled)
        if new != old:
            detail: dict[str, object] = {"mailbox": old.mailbox, "state": new.state, "handled": new.handled, "by": by}
            self._journal.event(id, now, "message", detail)
            self._keep(new._replace(changed_at=now))

    def mailed(self, id: int, now: int, result: Mailed, reason: str) -> None:
        """What became of its e-mail. Raises KeyError when there is no such message."""
        old = self.one(id)
        self._journal.event(id, now, "mail", {"mailbox": old.mailbox, "result": result, "reason": reason})
        self._keep(old._replace(mail=result))

    def delete(self, id: int, now: int, by: str = "") -> None:
        """Raises KeyError when there is no such message; OSError when its file cannot be deleted."""
        old = self.one(id)
        self.path(old).unlink(missing_ok=True)  # first: a file nothing is known of would be a new message
        del self._known[id], self._boxes[old.mailbox][id]
        self._journal.message_gone(id)
        detail: dict[str, object] = {"mailbox": old.mailbox, "state": "deleted", "was": old.state, "by": by}
        self._journal.event(id, now, "message", detail)
        self._journal.flush()
        self._changed(old.mailbox)

    def expire(self, settings: Settings, now: int) -> None:
        """Delete what was heard long enough ago; what is new or saved stays."""
        for message in self.all():
            table = settings.mailbox.get(message.mailbox)
            days = table.keep_for if table else 0
            if days and message.state == "heard" and message.changed_at <= now - days * DAY:
                try:
                    self.delete(message.id, now, "age")
                except OSError as fault:
                    log.error("the message %s cannot be deleted: %s", self.path(message), fault)

    def _put(self, message: Message) -> None:
        self._known[message.id] = self._boxes.setdefault(message.mailbox, {})[message.id] = message

    def _keep(self, message: Message) -> None:
        self._put(message)
        self._journal.message(message)
        self._journal.flush()
        self._changed(message.mailbox)


def free(folder: Path) -> int:
    """Bytes the disk of a folder has left; 0 when that is not known."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def described(path: Path, left_by: Callable[[int], tuple[int, str, str] | None]) -> Message:
    """What a file tells of its message: STAMP-CALL.wav in the folder of its mailbox. Raises OSError, ValueError.

    left_by: of a call, when it began, its number and name; None when it is not known."""
    call = int(path.stem.rpartition("-")[2])
    at, caller, name = left_by(call) or (path.stat().st_mtime_ns // 1_000_000, "", "")
    duration, sha256 = measured(path)
    return Message(call, path.parent.name, at, caller, name, duration, path.name, sha256)


def measured(path: Path) -> tuple[int, str]:
    """How long a recording is, in ms (0 when it is none), and its checksum. Raises OSError."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0, os.SEEK_SET)
        try:
            with wave.open(file) as sound:
                return round(sound.getnframes() * 1000 / sound.getframerate()), sha256
        except (wave.Error, EOFError):
            return 0, sha256
