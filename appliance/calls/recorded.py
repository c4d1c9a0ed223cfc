# SPDX-License-Identifier: GPL-2.0-or-later
"""A recorded call, as the journal has it. Times are ms UTC."""

import time
from typing import Literal, NamedTuple, Protocol

from appliance.calls.ports import Port

SEALED, WAV = ".lkr", ".wav"  # encrypted, or as it is

State = Literal["open", "whole", "cut"]  # cut: it ends where the disk, or the power, did


class Recorded(NamedTuple):
    """One recording; call is the one it began in, file its path in the folder of recordings."""

    id: int
    call: int
    at: int
    line: str
    person: str  # of ours who talked when it began
    caller: str  # the number of the one outside, "" withheld
    name: str
    rule: str
    file: str
    form: str  # wav or compact, settings/recording.py
    duration: int = 0  # ms
    size: int = 0  # bytes of the file
    sha256: str = ""  # of the file, once it is closed
    state: State = "open"
    lost: int = 0  # ms that found no room, because the disk was too slow
    kept: bool = False  # never deleted by age or for room: somebody said so


def file_name(id: int, at: int, encrypted: bool) -> str:
    """Where a recording is, in their folder: a folder for each day."""
    return f"{time.strftime('%Y-%m-%d', time.gmtime(at / 1000))}/{id}{SEALED if encrypted else WAV}"


class Recorder(Protocol):
    """Writes down what tapes take. Nothing waits for it; done() and failed() of Recording tell what became of it."""

    def begin(self, recorded: Recorded, tape: Port) -> None: ...


class NoRecorder:
    """Satisfies Recorder where nothing is recorded."""

    def begin(self, recorded: Recorded, tape: Port) -> None:
        """It is written nowhere."""


NOWHERE = NoRecorder()
