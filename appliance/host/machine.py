# SPDX-License-Identifier: GPL-2.0-or-later
"""How the machine is, as far as Linux tells: room on the disk, whether the clock is set, heat, power."""

import ctypes
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SYS = Path("/sys/class")
SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")  # systemd-timesyncd(8)
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronized
TIMEX_SIZE = 512  # bytes; struct timex has some 200, depending on the machine
TEXT_MAX = 64  # bytes of a file there that are read
HOTTEST = 200.0  # degrees Celsius; what says more is no thermometer


@dataclass(frozen=True, slots=True)
class Disk:
    """Where something is kept; free: bytes we may use."""

    free: int
    size: int
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """None: this machine does not tell."""

    disks: tuple[Disk, ...] = ()
    clock_set: bool | None = None
    hottest: float | None = None  # degrees Celsius
    low_voltage: bool | None = None
    on_battery: bool | None = None


def look(folders: Iterable[Path], sys: Path = SYS, synchronized: Path = SYNCHRONIZED) -> Machine:
    """The machine as it is now; each disk once."""
    return Machine(_disks(folders), clock_set(synchronized), _hottest(sys), _low_voltage(sys), _on_battery(sys))


def _disks(folders: Iterable[Path]) -> tuple[Disk, ...]:
    found: dict[int, Disk] = {}
    for folder in folders:
        try:
            said = os.statvfs(folder)
            found[folder.stat().st_dev] = Disk(
                said.f_bavail * said.f_frsize, said.f_blocks * said.f_frsize, bool(said.f_flag & os.ST_RDONLY)
            )
        except OSError:  # not there yet, or not ours to see
            pass
    return tuple(found.values())


def clock_set(synchronized: Path = SYNCHRONIZED) -> bool | None:
    """Whether something keeps the clock right; a sandbox may forbid to ask the kernel, then only timesyncd is known of."""
    if synchronized.exists():
        return True
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_SIZE))  # modes 0: nothing is changed
    except (AttributeError, OSError):
        return None
    return None if state < 0 else bool(state != TIME_ERROR)


def _hottest(sys: Path) -> float | None:
    told = [number for path in sys.glob("thermal/thermal_zone*/temp") if (number := _number(path)) is not None]
    return max((degrees for one in told if 0 < (degrees := one / 1000) < HOTTEST), default=None)


def _low_voltage(sys: Path) -> bool | None:
    """A Raspberry Pi's own watch over its supply (rpi_volt)."""
    alarms = [_number(path) for path in sys.glob("hwmon/hwmon*/in0_lcrit_alarm")]
    known = [bool(one) for one in alarms if one is not None]
    return any(known) if known else None


def _on_battery(sys: Path) -> bool | None:
    """Whether no supply from the mains is there, on a machine that knows of one."""
    mains = [path.parent / "online" for path in sys.glob("power_supply/*/type") if _text(path) == "Mains"]
    told = [number for path in mains if (number := _number(path)) is not None]
    return not any(told) if told else None


def _number(path: Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(TEXT_MAX).decode("ascii", "replace").strip()
    except OSError:
        return ""
