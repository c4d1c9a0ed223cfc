# SPDX-License-Identifier: GPL-2.0-or-later
"""The pump at sound cards of the real kernel, in a machine of its own. `make uac`."""

import subprocess
from pathlib import Path

import pytest

from tests.guest import TREE, Guest, made
from tests.telephones import tone
from tests.uac.guest import LOOPBACK
from tests.uac.inside import FAR_HZ, NEAR_HZ, SAID_FOR

SCRIPT = "#!/bin/sh\nexec python3 -m tests.uac.inside\n"
WORKS = [
    "a card is had by one alone",
    "sound passes both ways",
    "a card that ran dry and over goes on",
    "another rate is refused",
    "a card that is not there is missing",
    "a card that is pulled out in a call is gone",
    "one that is plugged in again is had",
    "the card of a modem is the one on its USB device",
    "one that has no sound is as good as missing",
    "a modem that is pulled out takes its card with it",
]
MOST = 0.6  # of a tone that has to be heard: an emulated machine that stands still for a moment loses some


@pytest.mark.timeout(1800)
def test_sound_both_ways_over_cards_of_the_real_kernel(tmp_path: Path) -> None:
    made(LOOPBACK)
    lines = TREE / "appliance/lines"
    sources = [*(lines / "pump").glob("*.c"), lines / "dahdi/digits.c", lines / "dahdi/law.c"]
    how = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-shared", "-fPIC"]
    subprocess.run(["gcc", *how, *sources, "-lasound", "-lm", "-o", tmp_path / "pump.so"], check=True)
    said = Guest(LOOPBACK, tmp_path, SCRIPT).run(900)
    print(said)
    told = [line.removeprefix("ok: ") for line in said.splitlines() if line.startswith("ok: ")]
    assert [what for what in WORKS if what not in told] == []
    assert said.splitlines()[-1] == "done"
    for name, hz, seconds in (("heard", FAR_HZ, SAID_FOR), ("again", FAR_HZ, 2), ("said", NEAR_HZ, SAID_FOR)):
        heard = tone.heard(tmp_path / f"{name}.wav", hz)
        print(f"{name}: {heard:.1f} s of {hz} Hz")
        assert heard > MOST * seconds
