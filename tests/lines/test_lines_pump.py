# SPDX-License-Identifier: GPL-2.0-or-later
"""The audio pump in C, with the address and undefined-behaviour sanitizers: delay, keys, stalls, its thread on a pty, and
sound cards, which are a plug-in of ALSA's."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PUMP, DAHDI, TESTS = ROOT / "appliance/lines/pump", ROOT / "appliance/lines/dahdi", ROOT / "tests/lines/pump"
FAR_CARD = TESTS / "far_card.c"
SOURCES = [
    *sorted(PUMP.glob("*.c")),
    DAHDI / "digits.c",
    DAHDI / "law.c",
    ROOT / "tests/check/check.c",
    *(source for source in sorted(TESTS.glob("*.c")) if source != FAR_CARD),
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
    program, card = tmp_path / "pump-tests", tmp_path / "far_card.so"
    subprocess.run(["gcc", *FLAGS, *SOURCES, "-lasound", "-lm", "-lpthread", "-o", program], check=True)
    subprocess.run(["gcc", *FLAGS, "-DPIC", "-fPIC", "-shared", FAR_CARD, "-lasound", "-o", card], check=True)
    told = subprocess.run([program], capture_output=True, text=True, env={**os.environ, "FAR_CARD": str(card)})
    assert told.returncode == 0, told.stdout + told.stderr
    parts = {line.split()[1] for line in told.stdout.splitlines() if line.startswith("ok ")}
    assert parts == {"delay:", "flow:", "keys:", "pump:", "uac:"}
