# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel says about a process: CPU time of all and of each thread, memory."""

import os
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

TICK = os.sysconf("SC_CLK_TCK")


class Memory(NamedTuple):
    """Bytes: resident; its fair share of what is shared; what is its own alone."""

    rss: int
    pss: int
    private: int


def cpu(pid: int) -> float:
    """Seconds of user and system time so far, to a hundredth."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICK


def threads(pid: int) -> dict[str, float]:
    """Seconds each thread has run, to the nanosecond, by name: "main" is the first, those of one name are added up."""
    found: dict[str, float] = defaultdict(float)
    for task in Path(f"/proc/{pid}/task").iterdir():
        name = "main" if task.name == str(pid) else (task / "comm").read_text().strip()
        found[name] += int((task / "schedstat").read_text().split()[0]) / 1e9
    return dict(found)


def memory(pid: int) -> Memory:
    sizes: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, size = line.partition(":")
        sizes[name] = int(size.split()[0]) * 1024
    return Memory(sizes["Rss"], sizes["Pss"], sizes["Private_Clean"] + sizes["Private_Dirty"])
