# SPDX-License-Identifier: GPL-2.0-or-later
"""Recorded calls: which, what those who talk are told of it, and how long recordings are kept."""

from collections.abc import Iterator
from typing import Literal

from appliance.settings.tables import Named, Table, setting, some
from appliance.settings.words import (
    CallersName,
    DepartmentName,
    LineName,
    MenuKey,
    Name,
    PersonName,
    PromptName,
    QueueName,
)

RATES = {"wav": 16_000, "compact": 8_000}  # samples a second of each side


class RecordingRule(Table):
    """Some calls. What is left out holds for any call; of what is given, each must hold. The first rule that fits decides."""

    record: bool = setting("Whether they are recorded.", True)
    directions: tuple[Literal["in", "out", "internal"], ...] = some(
        "Calls from outside, to outside, or among colleagues.", (), most=3
    )
    lines: tuple[LineName, ...] = some("Lines the call is on.", (), most=63, of="line")
    queues: tuple[QueueName, ...] = some("Queues it waited in.", (), most=64, of="queue")
    departments: tuple[DepartmentName, ...] = some(
        "Departments: of the queue it waited in, or that somebody of ours who talks belongs to.",
        (),
        most=64,
        of="department",
    )
    people: tuple[PersonName, ...] = some("People of ours who talk.", (), most=250, of="person")
    callers: tuple[CallersName, ...] = some("Lists the caller is on.", (), most=64, of="callers")
    rooms: tuple[Name, ...] = some(
        "Rooms somebody is in: then it holds in these alone, and for no other call. Left out: for any call, and in any room.",
        (),
        most=64,
        of="room",
    )
    percent: int = setting("How many of a hundred such calls, by chance.", 100, unit="per cent", ge=0, le=100)


class Recording(Table):
    """Recorded calls. Left out, or without a rule: none is recorded. Whether and how people must consent is yours to know."""

    consent: PromptName | None = setting(
        "What is said before: recording begins only when it was heard to its end. Left out: nothing.", None, of="prompt"
    )
    tell: Literal["caller", "both"] = setting("Who hears it: the one outside (else who called), or both.", "caller")
    refuse: MenuKey | None = setting(
        "The key that one presses meanwhile who does not want to be recorded. Left out: none.", None
    )
    beep: int = setting(
        "How often both hear a tone while they are recorded; 0: never.", 0, unit="seconds", ge=0, le=600
    )
    pause_lasts: int = setting(
        "When a pause ends by itself; 0: when its code is pressed again.", 180, unit="seconds", ge=0, le=3600
    )
    sounds: bool = setting("Record too what the box plays, such as music while the caller is held.", False)
    form: Literal["wav", "compact"] = setting(
        "16-bit samples at 16 kHz, 230 MB an hour; or A-law at 8 kHz, 58 MB an hour.", "wav"
    )
    encrypt: bool = setting(
        "Encrypt what is written, with the key in secrets.toml, which is made where it is missing.", True
    )
    keep_for: int = setting("After how long they are deleted; 0: never.", 90, unit="days", ge=0, le=3650)
    max_size: int = setting(
        "Room for them all; the oldest are deleted beyond it; 0: no limit.", 20_000, unit="MB", ge=0, le=100_000_000
    )
    least_free: int = setting(
        "Room on the disk that they leave free; with less, none is begun.", 500, unit="MB", ge=1, le=100_000
    )
    rule: dict[Name, RecordingRule] = setting("Which calls, in this order.", {}, max_length=100)

    def names(self) -> Iterator[Named]:
        yield from super().names()
        for name, rule in self.rule.items():
            yield from (one._replace(path=("rule", name, *one.path)) for one in rule.names())
