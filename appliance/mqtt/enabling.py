# SPDX-License-Identifier: GPL-2.0-or-later
"""The file on the box itself that lets actions of class 4 run: nothing that comes over a network writes it."""

import os
import stat
from pathlib import Path

FILE = "class-4"  # beside the settings document: the names of actions, one a line
LARGEST = 65_536  # bytes
ROOT = 0


def enabled(path: Path, action: str, owner: int = ROOT) -> bool:
    """Whether the action stands in it; never when others than its owner could have written it."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        status = os.fstat(file)
        loose = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != owner or loose:
            return False
        return action in os.read(file, LARGEST).decode(errors="replace").split("\n")
    finally:
        os.close(file)
