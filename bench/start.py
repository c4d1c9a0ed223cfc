# SPDX-License-Identifier: GPL-2.0-or-later
"""How soon the switch is there: from the start of its process to the first REGISTER that is answered."""

import asyncio
import statistics
import subprocess
import sys
import time

from testbed.office import Switch, stage
from testbed.sip import Telephone
from testbed.table import tell, wants_writing

from appliance.programs.demo.office import CREW_PASSWORD

RUNS = 7
AGAIN = 0.003  # seconds between REGISTERs; the figures are no finer
GIVE_UP = 15.0  # seconds
BASELINES = {
    "python -c pass": "pass",
    "python -c 'import asyncio, sqlite3, pydantic'": "import asyncio, sqlite3, pydantic",
    "python -c 'import appliance.programs.switch'": "import appliance.programs.switch",
}


async def answered(switch: Switch, desk: Telephone) -> tuple[float, float]:
    """Seconds until a REGISTER gets its 401, and until one with the right password gets its 200. TimeoutError."""
    began = time.monotonic()
    switch.start()
    async with asyncio.timeout(GIVE_UP):
        while True:
            try:
                await desk.challenged("agent0", AGAIN)
                break
            except TimeoutError:
                pass
        first = time.monotonic() - began
        while True:
            try:
                await desk.register("agent0", CREW_PASSWORD, within=0.5)
                return first, time.monotonic() - began
            except ConnectionRefusedError:  # it listens, and does not know its telephones yet
                await asyncio.sleep(AGAIN)


async def starts() -> tuple[list[float], list[float]]:
    """All but the first, which makes the journal, begin with what the one before left."""
    times: list[tuple[float, float]] = []
    with stage() as (folder, ports):
        switch = Switch(folder / "office", ports, crew=10)
        for _ in range(RUNS + 1):
            desk = Telephone(ports.take(), switch.office.sip)
            try:
                times.append(await answered(switch, desk))
            except TimeoutError:
                sys.exit(f"no REGISTER was answered within {GIVE_UP:.0f} s; the switch's last words:\n{switch.words()}")
            finally:
                switch.end()
                desk.close()
    return [one[0] for one in times[1:]], [one[1] for one in times[1:]]


def runs(code: str) -> list[float]:
    times = []
    for _ in range(RUNS):
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.monotonic() - began)
    return times


def main() -> None:
    write = wants_writing(__doc__ or "")
    first, right = asyncio.run(starts())
    measured = {name: runs(code) for name, code in BASELINES.items()}
    measured |= {"switch: first REGISTER answered (401)": first, "switch: first REGISTER granted (200)": right}
    floor = statistics.median(measured["python -c pass"])
    rows = [["ms", "median", "least", "most", ": python -c pass"]]
    for name, times in measured.items():
        told = [f"{1000 * one:.0f}" for one in (statistics.median(times), min(times), max(times))]
        rows.append([name, *told, f"{statistics.median(times) / floor:.1f}"])
    tell(rows, write=write)


if __name__ == "__main__":
    main()
