# SPDX-License-Identifier: GPL-2.0-or-later
"""What the switch knows after a restart, beside the journal: turns, statuses, hours held, wishes, checks of lines."""

import asyncio
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from appliance.calls.call import Person
from appliance.calls.callback import Wish
from appliance.calls.control import CallControl
from appliance.calls.hours import Override
from appliance.control.doctor import LineChecked

log = logging.getLogger("switch")
Kept = TypeVar("Kept")

KEEP_AFTER = 0.2  # seconds after a change


class Keeping:
    """Files in the folder of what is kept; each is replaced whole, and one that is damaged is told and forgotten."""

    def __init__(self, folder: Path) -> None:
        self.memory = folder / "memory"  # the core's
        self._people = folder / "people.json"
        self._overrides = folder / "overrides.json"
        self._wishes = folder / "wishes.json"
        self._line_checks = folder / "line_checks.json"
        self.line_checks = (
            self._read(self._line_checks, dict[str, LineChecked]) or {}
        )  # what the line doctor found last
        self._written: dict[Path, bytes] = {}

    # ---- read -------------------------------------------------------------------------------------------------------

    def people(self) -> dict[str, Person]:
        return self._read(self._people, dict[str, Person]) or {}

    def overrides(self) -> dict[str, Override]:
        return self._read(self._overrides, dict[str, Override]) or {}

    def wishes(self) -> Iterable[Wish]:
        return self._read(self._wishes, list[Wish]) or ()

    def put_memory_aside(self) -> None:
        """It is damaged. Raises OSError."""
        aside = self.memory.with_suffix(".damaged")
        os.replace(self.memory, aside)
        log.error("whose turn it is is not known any more: %s is damaged and kept as %s", self.memory, aside)

    @staticmethod
    def _read(file: Path, kind: type[Kept]) -> Kept | None:
        try:
            return msgspec.json.decode(file.read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as fault:
            log.error("%s is damaged, and what it says forgotten: %s", file, fault)
            return None

    # ---- written ----------------------------------------------------------------------------------------------------

    def _now(self, control: CallControl) -> dict[Path, bytes]:
        return {
            self.memory: control.memory(),
            self._people: msgspec.json.encode(control.people),
            self._overrides: msgspec.json.encode(control.overrides),
            self._wishes: msgspec.json.encode(list(control.desk.call_back.wishes.values())),
        }

    def keep(self, control: CallControl) -> None:
        """At the end."""
        for file, data in self._now(control).items():
            self._write(file, data)

    async def go_on(self, control: CallControl) -> None:
        """Keep whatever changes, until cancelled."""
        while True:
            await asyncio.sleep(KEEP_AFTER)
            for file, data in self._now(control).items():
                if data != self._written.get(file):
                    await asyncio.to_thread(self._write, file, data)

    async def line_checked(self, checked: LineChecked, lines: Iterable[str]) -> None:
        """It is known after the next start; what was found of lines that are no more is forgotten."""
        known = {**self.line_checks, checked.line: checked}
        self.line_checks = {line: known[line] for line in lines if line in known}
        await asyncio.to_thread(self._write, self._line_checks, msgspec.json.encode(self.line_checks))

    def _write(self, file: Path, data: bytes) -> None:
        beside = file.with_suffix(".new")
        try:
            with beside.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(beside, file)
            self._written[file] = data
        except OSError as fault:
            log.error("%s cannot be kept: %s", file, fault)
