# SPDX-License-Identifier: GPL-2.0-or-later
"""Our line and our telephone against the real driver, in a machine of its own. `make dahdi`."""

import subprocess
from pathlib import Path

import pytest

from tests.dahdi.guest import DAHDI
from tests.guest import TREE, Guest, made

SCRIPT = "#!/bin/sh\nexec python3 -m tests.dahdi.inside\n"
WORKS = [
    "the driver says which port is which",
    "a ring is told",
    "the caller is read between the first rings",
    "an answer is seen at the other side",
    "sound in, bit for bit",
    "sound out, bit for bit",
    "sound in, by the pump",
    "sound out, by the pump",
    "keys during a call",
    "a flash is a flash",
    "a hang-up is seen at the other side",
    "a number is dialled after the dial tone and arrives",
    "the busy tone ends a call",
    "a battery drop ends a call",
    "a caller who gives up is missed",
]


@pytest.mark.timeout(1800)
def test_calls_both_ways_over_the_real_driver(tmp_path: Path) -> None:
    made(DAHDI)
    lines = TREE / "appliance/lines"
    sources = [lines / "pump/card.c", lines / "dahdi/law.c"]
    subprocess.run(
        ["gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-shared", "-fPIC", *sources, "-o", tmp_path / "card.so"],
        check=True,
    )
    said = Guest(DAHDI, tmp_path, SCRIPT).run(900)
    print(said)
    told = [line.removeprefix("ok: ") for line in said.splitlines() if line.startswith("ok: ")]
    assert [what for what in WORKS if what not in told] == []
    assert said.splitlines()[-1] == "done"
