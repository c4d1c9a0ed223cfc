# SPDX-License-Identifier: GPL-2.0-or-later
"""A box that a real systemd has started, whose modems are plugged in and pulled out: in a machine of its own. `make hotplug`."""

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.box.guest import BOX, libraries
from tests.guest import TREE, Guest, made
from tests.hotplug.stage import Stagehand

WORKS = [
    "udev finds no fault in the rules",
    "systemd finds no fault in the units",
    "the units start, as a real systemd reads them, and none of them twice",
    "the folder of the settings is the switch's to write in, and no other program's",
    "each program is a user of its own",
    "the switch has SCHED_RR",
    "the switch has the ports of the analogue card",
    "the pages answer",
    "settings are applied, and the document is replaced",
    "the fence has its table in the firewall",
    "udev gives the ports of two modems the names that are promised, and the switch what it resets them by",
    "a modem is used within 15 s of being plugged in",
    "caller and desk hear each other by the ports of the modem, and the threads of the sound have SCHED_RR",
    "the call is in the journal with its number",
    "a modem that is pulled out in a call ends it, as the journal says",
    "the call by another modem goes on, while the first is pulled out and plugged in again",
    "two modems whose ports have other numbers now are the lines they were",
    "the switch takes a modem that is silent off the bus, and it works again",
    "and it has sound",
    "a modem at a serial cable that QEMU plugs in is used within 15 s",
    "its cable pulled out in a call ends that, as the journal says",
    "two that have changed places are the lines they were, by IMEI",
    "a switch that is killed is started again and has its modems",
]


@pytest.mark.timeout(2400)
async def test_a_box_under_systemd_whose_modems_come_and_go(tmp_path: Path) -> None:
    made(BOX)
    libraries(tmp_path / "pjsip")
    box = tmp_path / "box"
    shutil.copytree(TREE / "appliance", box / "appliance", ignore=shutil.ignore_patterns("__pycache__", "*.c", "*.h"))
    shutil.copytree(TREE / "systemd", box / "systemd")
    shutil.copy(TREE / "office.fresh.toml", box)
    script = (TREE / "tests/hotplug/installed.sh").read_text()
    with tempfile.TemporaryDirectory() as folder:
        stagehand = Stagehand(Path(folder))
        guest = Guest(BOX, tmp_path, script, systemd=True, more=stagehand.options)
        async with stagehand.works():
            said = await asyncio.to_thread(guest.run, 1800)
    print(said)
    told = [line.removeprefix("ok: ") for line in said.splitlines() if line.startswith("ok: ")]
    assert [what for what in WORKS if what not in told] == []
    assert said.splitlines()[-1] == "done"
