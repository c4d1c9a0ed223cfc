# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper demo`: a small office at work, simulated on this machine alone."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from appliance.programs import notify
from appliance.programs.demo.seen import NotSeen

ROOM = 50_000_000  # bytes free to begin with; an hour takes about a quarter of it
FULL = 1_000_000  # bytes free below which it is no wonder that something did not come


class DiskFull(OSError):
    """There is no room for what is said, recorded and written down."""

    id = "disk-full"


def main(argv: list[str]) -> int:
    """Until Ctrl-C or SIGTERM (0), or with --once through each scene: 0 when all was seen that should be, else 1."""
    parser = argparse.ArgumentParser(
        prog="linekeeper demo", description="A simulated office to look at, on this machine alone."
    )
    parser.add_argument("--once", action="store_true", help="play each scene once; exit 0 when all went as it should")
    args = parser.parse_args(argv)
    from appliance.programs.demo.scenes import play  # PJSIP, only now: the rest of the program need not have it

    began, seen = time.monotonic(), False

    def tell(words: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {words}" if words else "", flush=True)

    async def work() -> None:
        nonlocal seen
        await play(Path(folder), tell, once=args.once)
        seen = True

    with tempfile.TemporaryDirectory(prefix="linekeeper-demo-", ignore_cleanup_errors=True) as folder:
        if shutil.disk_usage(folder).free < ROOM:
            raise DiskFull(
                f"the disk is full: {ROOM // 1_000_000} MB are needed in {tempfile.gettempdir()}, or where TMPDIR says"
            )
        try:
            asyncio.run(notify.until_told(work()))
        except NotSeen as missing:
            if shutil.disk_usage(folder).free < FULL:
                raise DiskFull(f"the disk is full ({tempfile.gettempdir()})") from missing
            print(f"linekeeper demo: the office did not do as it should: {missing}", file=sys.stderr)
            return 1
    return 0 if seen or not args.once else 1
