# SPDX-License-Identifier: GPL-2.0-or-later
"""Files replaced whole or not at all, whatever happens while they are."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class DiskFull(Exception):
    """There is no room to keep the settings; nothing was changed."""

    id = "disk-full"

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: the disk is full; nothing was changed")


def prepare(path: Path, data: bytes, mode: int) -> Path:
    """Write and sync a file beside `path`, for put(). Raises DiskFull, OSError; nothing is left then."""
    beside = path.with_name(f".{path.name}.new")
    with _told_when_full(path):
        try:
            beside.unlink(missing_ok=True)  # left by a program that was killed
            file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            try:
                os.fchmod(file, mode)
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(file, rest) :]
                os.fsync(file)
            finally:
                os.close(file)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
    return beside


def put(beside: Path, path: Path) -> None:
    """Let a prepared file take the place of `path`, lastingly."""
    with _told_when_full(path):
        os.rename(beside, path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _told_when_full(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(path) from error
        raise
