# SPDX-License-Identifier: GPL-2.0-or-later
"""Every settings document ever applied, and the one in force.

A version is one file: a line of JSON about it, then the document. A file that is damaged is no version; its number is
not used again. The document in force is replaced last but for one rename, so that after a kill at any moment it is
whole, old or new, and applying it again (as the switch does at every start) makes the history complete.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from appliance.settings import files
from appliance.settings.documents import LARGEST
from appliance.settings.faults import SettingsFaults

Read = TypeVar("Read")

COMMENT = 200  # characters kept of a comment
_NAME = re.compile(r"([0-9]{8})\.version")


class NoSuchVersion(Exception):
    """There is no such version, or its file is damaged."""

    id = "no-such-version"


@dataclass(frozen=True)
class Version:
    """One applied document; `at` in ms UTC, `sha256` of the document in UTF-8, in hex."""

    number: int
    at: int
    comment: str
    sha256: str


class History:
    """Versions in a folder of their own, made when it is not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def versions(self) -> list[Version]:
        """All sound versions, oldest first."""
        return [version for number in self._numbers() if (version := self._read(number)[0]) is not None]

    def current(self) -> Version | None:
        """The version applied last; None before the first."""
        for number in reversed(self._numbers()):
            if (version := self._read(number)[0]) is not None:
                return version
        return None

    def document(self, number: int) -> str:
        """The text of a version. Raises NoSuchVersion."""
        version, text = self._read(number)
        if version is None:
            raise NoSuchVersion(f"there is no version {number} of the settings")
        return text

    def last_sound(self, read: Callable[[str], Read]) -> tuple[Version, Read] | None:
        """The newest version that `read` takes without SettingsFaults, and what it makes of it; None when there is none."""
        for number in reversed(self._numbers()):
            version, text = self._read(number)
            if version is not None:
                with suppress(SettingsFaults):
                    return version, read(text)
        return None

    def apply(self, path: Path, text: str, *, at: int, comment: str = "") -> Version:
        """Put a checked document in force and keep it; the version in force already is not kept twice.

        Raises files.DiskFull or OSError, and then nothing was changed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = path.resolve()
        data = text.encode()
        sha256 = hashlib.sha256(data).hexdigest()
        version = self.current()
        known = version is not None and version.sha256 == sha256
        if version is None or not known:
            version = Version(max(self._numbers(), default=0) + 1, at, comment[:COMMENT], sha256)
        kept = self._file(version.number)
        record = None if known else files.prepare(kept, msgspec.json.encode(version) + b"\n" + data, 0o640)
        try:
            if not path.exists() or path.read_bytes() != data:
                mode = path.stat().st_mode & 0o777 if path.exists() else 0o640
                files.put(files.prepare(path, data, mode), path)
        except (OSError, files.DiskFull):
            if record is not None:
                record.unlink(missing_ok=True)
            raise
        if record is not None:
            files.put(record, kept)
        return version

    def restore(self, path: Path, number: int, *, at: int) -> Version:
        """Put an older version in force again, as a new one. Raises NoSuchVersion, and as apply() does."""
        return self.apply(path, self.document(number), at=at, comment=f"version {number} again")

    def _numbers(self) -> list[int]:
        if not self.folder.is_dir():
            return []
        return sorted(int(found[1]) for each in self.folder.iterdir() if (found := _NAME.fullmatch(each.name)))

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:08}.version"

    def _read(self, number: int) -> tuple[Version | None, str]:
        try:
            with self._file(number).open("rb") as stream:
                about, _, data = stream.read(LARGEST + 4096).partition(b"\n")
            version = msgspec.json.decode(about, type=Version)
            sound = version.number == number and version.sha256 == hashlib.sha256(data).hexdigest()
            return (version, data.decode()) if sound else (None, "")
        except (FileNotFoundError, UnicodeDecodeError, msgspec.DecodeError):
            return None, ""
