# SPDX-License-Identifier: GPL-2.0-or-later
"""Our line and our telephone against the real driver, and then a whole office with both, in its own machine. `make dahdi`."""

import subprocess
from pathlib import Path

import pytest

from tests.box.guest import BOX, libraries
from tests.guest import TREE, Guest, made

SCRIPT = """#!/bin/sh
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX=/tmp/compiled LD_LIBRARY_PATH=/share/pjsip
exec /opt/linekeeper/bin/python3 -m {program}
"""
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
OFFICE_WORKS = [
    "a call by the line rings both telephones, which show who calls",
    "who answers in the kitchen has the call, and the other telephone is still",
    "line and analogue telephone hear each other",
    "a receiver that is put on ends the call at the exchange",
    "the call is in the journal with its number",
    "line and SIP telephone hear each other",
    "a battery drop ends the call at the SIP telephone",
    "the busy tone of the exchange ends the call at the SIP telephone",
    "what is dialled in the kitchen at our dial tone is dialled on the line at its",
    "who was called and the kitchen hear each other",
    "a receiver that is put on ends the call out",
    "when the one who was called hangs up, the kitchen hears that it is over",
    "flash holds the call and asks a colleague",
    "a receiver that is put on puts the two through",
    "a SIP telephone that hangs up ends the call at the exchange",
]


@pytest.mark.timeout(1800)
def test_calls_both_ways_over_the_real_driver(tmp_path: Path) -> None:
    made(BOX)
    lines = TREE / "appliance/lines"
    sources = [lines / "pump/card.c", lines / "dahdi/law.c"]
    subprocess.run(
        ["gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-shared", "-fPIC", *sources, "-o", tmp_path / "card.so"],
        check=True,
    )
    shows("tests.dahdi.inside", tmp_path, WORKS)


@pytest.mark.timeout(2400)
def test_a_whole_office_at_the_real_driver(tmp_path: Path) -> None:
    made(BOX)
    libraries(tmp_path / "pjsip")
    shows("tests.dahdi.office", tmp_path, OFFICE_WORKS)


def shows(program: str, share: Path, works: list[str]) -> None:
    said = Guest(BOX, share, SCRIPT.format(program=program)).run(1200)
    print(said)
    told = [line.removeprefix("ok: ") for line in said.splitlines() if line.startswith("ok: ")]
    assert [what for what in works if what not in told] == []
    assert said.splitlines()[-1] == "done"
