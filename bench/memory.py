# SPDX-License-Identifier: GPL-2.0-or-later
"""What each program holds in memory when nothing happens, ten seconds after all of them are ready."""

import asyncio
import subprocess
import sys

from testbed import process
from testbed.office import stage
from testbed.process import Memory
from testbed.table import tell, wants_writing

from appliance.programs.demo import broker
from appliance.programs.demo.broker import Broker
from appliance.programs.demo.office import Office

IDLE = 10.0  # seconds
MB = 1_000_000
BASELINES = {"python": "", "python, asyncio, sqlite3, pydantic": "import asyncio, sqlite3, pydantic"}


async def programs() -> dict[str, Memory]:
    with stage() as (folder, ports):
        there = folder / "broker"
        there.mkdir()
        async with Broker(there, port := ports.take()), Office(folder / "office", ports, mqtt=port) as office:
            await asyncio.sleep(IDLE)
            return {name: process.memory(office.pid(name)) for name in ("switch", "bridge", "web", "run")}


def interpreter(code: str) -> Memory:
    """Python after it has carried this out."""
    with subprocess.Popen(
        [sys.executable, "-c", f"{code}\nprint(flush=True); input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as python:
        assert python.stdin and python.stdout
        python.stdout.readline()
        held = process.memory(python.pid)
        python.communicate(b"\n")
    return held


def main() -> None:
    write = wants_writing(__doc__ or "")
    if not broker.installed():
        sys.exit("The bridge needs a broker, and there is none: apt install mosquitto mosquitto-clients")
    held = {name: interpreter(code) for name, code in BASELINES.items()} | asyncio.run(programs())
    floor = held["python"].private
    rows = [["MB", "RSS", "PSS", "its own", "own : python"]]
    for name, one in held.items():
        rows.append([name, *(f"{size / MB:.1f}" for size in one), f"{one.private / floor:.1f}"])
    tell(rows, write=write)


if __name__ == "__main__":
    main()
