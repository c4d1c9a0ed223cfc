# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast what a modem says is read, and how soon one that is plugged in is used; see modem_commands.md."""

import asyncio
import contextlib
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from testbed.table import tell, wants_writing

from appliance.lines.at.engine import Engine
from appliance.lines.modems.modem import Modem
from appliance.programs.demo.modem.dialects import DIALECTS
from appliance.programs.demo.modem.simulator import Simulator
from tests.lines.plugged import Office
from tests.lines.said import TALKS

TALK = b"".join(said for command, said in TALKS.values() if command is None or command.body == "") * 2_000
PIECES = (16, 64, 512)  # bytes of a read
TIMES = 5  # each family is plugged in


def read(cut: int) -> None:
    engine = Engine()
    for at in range(0, len(TALK), cut):
        engine.feed(TALK[at : at + cut], 0)


def split(cut: int) -> None:
    """What would be left to do if a line were only a line."""
    rest = b""
    for at in range(0, len(TALK), cut):
        *lines, rest = (rest + TALK[at : at + cut]).split(b"\r\n")
        for line in lines:
            line.decode("ascii", "replace")


def speed(of: Callable[[int], None], cut: int) -> float:
    """MB/s, the best of several."""
    took = []
    for _ in range(3):
        start = time.perf_counter()
        of(cut)
        took.append(time.perf_counter() - start)
    return len(TALK) / min(took) / 1e6


async def plugged(family: str, folder: Path) -> tuple[float, float]:
    """Seconds from the port's appearance to the first command, and to when it is ready for calls."""
    simulator, office = Simulator(DIALECTS[family], folder / family), Office()
    running = asyncio.create_task(Modem(str(simulator.link), office).run())
    try:
        await asyncio.sleep(0.5)  # it is waited for
        start = time.perf_counter()
        simulator.plug()
        await office.until(lambda: "starting" in office.standings)
        found = time.perf_counter() - start
        await office.ready()
        return found, time.perf_counter() - start
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        simulator.unplug()


async def main() -> None:
    write = wants_writing("How fast what a modem says is read, and how soon one that is plugged in is used.")
    rows: list[tuple[str, ...]] = [("bytes at a time", "MB/s", "lines alone MB/s", "ratio")]
    for cut in PIECES:
        ours, bare = speed(read, cut), speed(split, cut)
        rows.append((str(cut), f"{ours:.2f}", f"{bare:.1f}", f"{bare / ours:.1f}"))
    notes = []
    with TemporaryDirectory() as folder:
        for family in DIALECTS:
            took = [await plugged(family, Path(folder)) for _ in range(TIMES)]
            found, ready = (statistics.median(one) for one in zip(*took, strict=True))
            notes.append(
                f"{family}: found {found:.1f} s after it was plugged in, ready {ready:.1f} s (at most {max(took)[1]:.1f})."
            )
    tell(rows, write=write, notes=notes)


if __name__ == "__main__":
    asyncio.run(main())
