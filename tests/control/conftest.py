# SPDX-License-Identifier: GPL-2.0-or-later
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def path() -> Iterator[Path]:
    """A socket's place short enough for the kernel (107 bytes) and open to other users."""
    with TemporaryDirectory(prefix="lk-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "control.sock"
