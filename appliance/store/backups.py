# SPDX-License-Identifier: GPL-2.0-or-later
"""The backups that lie in a folder."""

import re
import time
from pathlib import Path
from typing import NamedTuple

NAME = re.compile(r"linekeeper-[0-9]{8}-[0-9]{6}\.age")


class Made(NamedTuple):
    """A backup: `at` in ms UTC, size in bytes."""

    file: Path
    at: int
    size: int


def new(folder: Path) -> Path:
    """Where one made now goes."""
    return folder / time.strftime("linekeeper-%Y%m%d-%H%M%S.age", time.gmtime())


def made(folder: Path) -> list[Made]:
    """The newest first; none in a folder that cannot be read."""
    found = []
    try:
        for file in folder.iterdir():
            if NAME.fullmatch(file.name) and file.is_file():
                status = file.stat()
                found.append(Made(file, status.st_mtime_ns // 1_000_000, status.st_size))
    except OSError:
        return []
    return sorted(found, key=lambda one: one.file.name, reverse=True)
