# SPDX-License-Identifier: GPL-2.0-or-later
"""The audio pump in C, with the address and undefined-behaviour sanitizers: delay, keys, stalls, its thread on a pty."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PUMP, DAHDI, TESTS = ROOT / "appliance/lines/pump", ROOT / "appliance/lines/dahdi", ROOT / "tests/lines/pump"
SOURCES = [
    *sorted(PUMP.glob("*.c")),
    DAHDI / "digits.c",
    DAHDI / "law.c",
    ROOT / "tests/check/check.c",
    *sorted(TESTS.glob("*.c")),
]
FLAGS = [
    "-std=c11",
    "-D_GNU_SOURCE",
    "-O2",
    "-g",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    f"-I{PUMP}",
]


def test_ten_minutes_of_clocks_apart_stalls_and_keys(tmp_path: Path) -> None:
    program = tmp_path / "pump-tests"
    subprocess.run(["gcc", *FLAGS, *SOURCES, "-lm", "-lpthread", "-o", program], check=True)
    told = subprocess.run([program], capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr
    parts = {line.split()[1] for line in told.stdout.splitlines() if line.startswith("ok ")}
    assert parts == {"delay:", "flow:", "keys:", "pump:"}
