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
    ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = []
    for row in (rows[0], ruler, *rows[1:]):
        figures = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        lines.append(f"| {' | '.join((row[0].ljust(widths[0]), *figures))} |")
    return "\n".join(lines)


def machine() -> str:
    """Date, processor, how busy it is with other things, kernel, Python."""
    told = dict(line.split("\t: ", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if "\t: " in line)
    processor = told.get("model name", platform.machine())  # ARM kernels tell no name
    return (
        f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {os.cpu_count()} x {processor}, "
        f"load {os.getloadavg()[0]:.1f} at the end, "
        f"Linux {platform.release().partition('-')[0]}, Python {platform.python_version()}"
    )
