# SPDX-License-Identifier: GPL-2.0-or-later
"""What Linux tells of the machine; /sys as a Raspberry Pi, a machine with a battery and a bare one have it."""

import os
from pathlib import Path

import pytest

from appliance.host import machine


def put(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


PI = {"thermal__thermal_zone0__temp": "61322\n", "hwmon__hwmon1__in0_lcrit_alarm": "1\n"}
LAPTOP = {
    "thermal__thermal_zone0__temp": "44000",
    "thermal__thermal_zone1__temp": "52500",
    "thermal__thermal_zone2__temp": "-274000",
    "power_supply__AC__type": "Mains\n",
    "power_supply__AC__online": "0\n",
    "power_supply__BAT0__type": "Battery\n",
}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, (None, None, None)),
        (PI, (61.322, True, None)),
        ({**PI, "hwmon__hwmon1__in0_lcrit_alarm": "0"}, (61.322, False, None)),
        (LAPTOP, (52.5, None, True)),
        ({**LAPTOP, "power_supply__AC__online": "1"}, (52.5, None, False)),
        ({"thermal__thermal_zone0__temp": "hot", "power_supply__AC__type": "Mains"}, (None, None, None)),
        ({"thermal__thermal_zone0__temp": "9" * 4000}, (None, None, None)),
    ],
)
def test_heat_and_power_are_read_where_they_are_told(
    tmp_path: Path, files: dict[str, str], told: tuple[object, ...]
) -> None:
    put(tmp_path, **files)
    seen = machine.look([], tmp_path, tmp_path / "synchronized")
    assert (seen.hottest, seen.low_voltage, seen.on_battery) == told


def test_each_disk_is_told_once_and_a_folder_that_is_not_there_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    seen = machine.look([tmp_path, tmp_path / "inside", tmp_path / "nowhere"], tmp_path, tmp_path)
    real = os.statvfs(tmp_path)
    assert [disk.size for disk in seen.disks] == [real.f_blocks * real.f_frsize]
    assert 0 < seen.disks[0].free <= seen.disks[0].size and not seen.disks[0].read_only


def test_a_clock_that_timesyncd_has_set_is_set(tmp_path: Path) -> None:
    assert machine.clock_set(tmp_path) is True
    assert machine.clock_set(tmp_path / "nowhere") in (True, False, None)  # as the kernel says
