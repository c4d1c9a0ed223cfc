# SPDX-License-Identifier: GPL-2.0-or-later
"""Stories told in a network namespace that goes with the test. A user namespace gives the right to make one, so no privilege
is needed; where that is forbidden the tests fail, and say so."""

import asyncio
import os
import sys
from pathlib import Path

ALONE = ("unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")


async def alone(stories: Path, *chosen: str, before: tuple[str, ...] = ()) -> None:
    """The stories of a file, or those `chosen`, words for pytest; before: of a command in front of it. All must pass."""
    process = await asyncio.create_subprocess_exec(
        *ALONE, *before, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", stories, *chosen,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
    )  # fmt: skip
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    assert process.returncode == 0, said.decode()
