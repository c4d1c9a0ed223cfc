# SPDX-License-Identifier: GPL-2.0-or-later
"""The table a measurement prints, and keeps beside itself when it is asked to."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path

LAST = "## Last run\n"  # what stands above it in the .md is written by hand and kept


def wants_writing(about: str) -> bool:
    """Read the command line of a measurement: whether --write was given."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--write", action="store_true", help="replace the last table in the .md beside the script")
    return bool(parser.parse_args().write)


def tell(rows: Sequence[Sequence[str]], *, write: bool, notes: Sequence[str] = ()) -> None:
    """Print a table, its first row being the heads, and replace the one in the .md of the running script."""
    text = f"{machine()}.\n\n{table(rows)}\n" + "".join(f"\n{note}\n" for note in notes)
    print(text, end="")
    if write:
        script = Path(sys.argv[0]).resolve()
        page = script.with_suffix(".md")
        above = page.read_text().partition(LAST)[0] if page.exists() else f"# {script.stem}\n\n"
        page.write_text(f"{above}{LAST}\n{text}")


def table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; first column to the left, figures to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [[cell.ljust(width) if not n else cell.rjust(width) for n, (cell, width) in enumerate(zip(row, widths, strict=True))]
             for row in rows]  # fmt: skip
    ruler = ["-" * width if not n else "-" * (width - 1) + ":" for n, width in enumerate(widths)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (lines[0], ruler, *lines[1:]))


def machine() -> str:
    """Date, processor, how busy it is with other things, kernel, Python."""
    names = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]  # fmt: skip
    processor = names[0] if names else platform.machine()
    return (
        f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {os.cpu_count()} x {processor}, load {os.getloadavg()[0]:.1f}, "
        f"Linux {platform.release().partition('-')[0]}, Python {platform.python_version()}"
    )
