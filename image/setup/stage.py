# SPDX-License-Identifier: GPL-2.0-or-later
"""A stage of the set-up: done once, and again only when what it depends on has changed."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LAST_LINES = 15  # of a log, shown when a stage fails
LONGEST = 200  # characters of one of them
NO_NETWORK = re.compile(
    r"Temporary failure (in name resolution|resolving)|Could not resolve|Network is unreachable|Connection timed out"
    r"|Failed to establish a new connection|Unable to connect to|Could not connect to"
)
COMPILER_ERROR = re.compile(r":\d+:\d+: (fatal )?error: ")


class Failed(Exception):
    """A stage cannot go on: what happened and what to do about it."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


class Log:
    """The output of one stage's commands, in a file of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    def run(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, advice: str = "") -> None:
        """Runs a command into the log."""
        with self.path.open("a") as out:
            out.write(f"$ {' '.join(command)}\n")
            out.flush()
            done = subprocess.run(
                command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, check=False
            )
        if done.returncode != 0:
            raise Failed(f"`{' '.join(command[:4])} …` ended with code {done.returncode}.", self.advice() or advice)

    def advice(self) -> str:
        """The remedy for the commonest causes, from what the log says."""
        text = self.path.read_text(errors="replace")[-20000:]
        if "No space left on device" in text:
            return "The disk is full: free about 2 GB and run make setup again."
        if NO_NETWORK.search(text):
            return "The network cannot be reached: check it (and any proxy), then run make setup again."
        return ""


@dataclass(frozen=True)
class Stage:
    """What is done, what it depends on (`facts`), and whether its result still stands (`there`)."""

    name: str
    doing: str
    facts: Callable[[], Iterable[str]]
    there: Callable[[], bool]
    work: Callable[[Log], None]


@dataclass
class Record:
    """Which stages are done, and for which facts."""

    folder: Path
    ran: list[str] = field(default_factory=list)

    def is_done(self, stage: Stage) -> bool:
        stamp = self.folder / f"{stage.name}.stamp"
        return stamp.exists() and stamp.read_text() == digest(stage.facts()) and stage.there()

    def mark(self, stage: Stage) -> None:
        (self.folder / f"{stage.name}.stamp").write_text(digest(stage.facts()))
        self.ran.append(stage.name)

    def log_of(self, stage: Stage) -> Path:
        return self.folder / f"{stage.name}.log"


def digest(facts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def content(root: Path, paths: Iterable[Path]) -> list[str]:
    """Names and contents of files, as facts."""
    return [f"{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in sorted(paths)]


def run_stages(stages: Iterable[Stage], record: Record) -> int:
    """Does what is not done yet; 0, or 1 after saying which stage failed and what to do."""
    record.folder.mkdir(parents=True, exist_ok=True)
    for stage in stages:
        try:
            if not record.is_done(stage):
                run_stage(stage, record)
        except Failed as failure:
            return report(stage, record, failure)
        except OSError as error:
            return report(stage, record, from_system(error))
    return 0


def run_stage(stage: Stage, record: Record) -> None:
    say(f"{stage.name}: {stage.doing}")
    began = time.monotonic()
    stage.work(Log(record.log_of(stage)))
    record.mark(stage)
    say(f"{stage.name}: done in {time.monotonic() - began:.0f} s")


def from_system(error: OSError) -> Failed:
    """The operating system's refusal in words."""
    if error.errno == errno.ENOSPC:
        return Failed("The disk is full.", "Free about 2 GB and run make setup again.")
    if error.errno == errno.ENOENT and error.filename and os.sep not in str(error.filename):
        return Failed(f"The program {error.filename} is missing.", "Install the packages of image/packages.txt.")
    return Failed(f"{error.strerror}: {error.filename}", "Check that this folder belongs to you and can be written.")


def report(stage: Stage, record: Record, failure: Failed) -> int:
    log = record.log_of(stage)
    parts = [f"The stage '{stage.name}' failed: {failure.what}", tail(log), failure.advice, f"Log: {log}"]
    say("\n".join(filter(None, parts)))
    return 1


def tail(log: Path) -> str:
    """What of a log is worth showing: a compiler's first errors, else its last lines."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    errors = [line.strip() for line in lines if COMPILER_ERROR.search(line)]
    return "\n".join(f"    {line[:LONGEST]}" for line in errors[:5] or lines[-LAST_LINES:])


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
