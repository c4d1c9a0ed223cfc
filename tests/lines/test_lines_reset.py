# SPDX-License-Identifier: GPL-2.0-or-later
"""A modem that no command wakes is taken off the bus, and then off its power; the kernel's files are ones of our own."""

import asyncio
from pathlib import Path

import pytest

from appliance.lines.at.families import POWER, USB
from appliance.lines.modems.modem import Modem
from appliance.lines.reset import power_of, reset
from appliance.lines.usb import Found, Watch
from tests.lines.mobile import modem
from tests.lines.test_lines_kept import Box, table, until


@pytest.mark.parametrize(
    ("socket", "file"),
    [
        ("1-1", "1-0:1.0/usb1-port1/disable"),
        ("2-4", "2-0:1.0/usb2-port4/disable"),
        ("1-1.3", "1-1:1.0/1-1-port3/disable"),
        ("1-1.4.2", "1-1.4:1.0/1-1.4-port2/disable"),
    ],
)
def test_the_power_of_a_socket_is_switched_at_the_hub_it_is_one_of(socket: str, file: str, tmp_path: Path) -> None:
    assert power_of(socket, tmp_path) == tmp_path / file


def files(sysfs: Path, socket: str = "1-1.3", is_on: bool = True) -> tuple[Path, Path]:
    """Of the modem in a socket: those that take it off the bus, and off its power."""
    bus, power = sysfs / socket / "authorized", power_of(socket, sysfs)
    for file, now in ((bus, "1" if is_on else "0"), (power, "0" if is_on else "1")):
        file.parent.mkdir(parents=True)
        file.write_text(f"{now}\n")
    return bus, power


@pytest.mark.parametrize(("rung", "off"), [(USB, ("0", "0")), (POWER, ("1", "1"))])
async def test_it_is_off_for_a_moment_and_on_again_even_when_we_end_in_between(rung, off, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    bus, power = files(tmp_path)
    seen = []

    async def end(seconds: float) -> None:
        seen.append((bus.read_text().strip(), power.read_text().strip()))
        raise InterruptedError

    assert not await reset("1-1.3", rung, tmp_path, end)
    assert seen == [off]
    assert (bus.read_text().strip(), power.read_text().strip()) == ("1", "0")


async def test_a_hub_that_switches_no_power_is_no_fault(tmp_path: Path) -> None:
    assert not await reset("1-1.3", POWER, tmp_path)


async def test_a_modem_that_was_left_off_when_the_box_was_killed_is_put_back_at_the_next_start_and_no_other(
    tmp_path: Path,
) -> None:
    bus, power = files(tmp_path / "sysfs", is_on=False)
    others = files(tmp_path / "sysfs", "1-1.4", is_on=False)
    usb = '[line.{}]\nkind = "modem"\nusb = "{}"\n'
    box = Box(tmp_path, usb.format("gsm", "1-1.3") + usb.format("second", "2-1"), watch=Watch(list))
    await until(lambda: (bus.read_text(), power.read_text()) == ("1", "0"))
    await box.close()
    assert [file.read_text() for file in others] == ["0\n", "1\n"]


async def test_a_silent_modem_is_taken_off_the_bus_and_works_again_and_meanwhile_that_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gsm = modem(tmp_path)
    gsm.plug()
    bus, _ = files(tmp_path / "sysfs")
    port = str(gsm.link.resolve())
    box = Box(tmp_path, table(gsm), watch=Watch(lambda: [Found(port, "1-1.3", (0x2C7C, 0x0125), 2)]))
    await box.stands("ready")
    monkeypatch.setattr(Modem, "shout", _nothing)
    monkeypatch.setattr("appliance.lines.reset.OFF_BUS", 0.5)
    monkeypatch.setattr("appliance.lines.modems.modem.PING", 0.05)
    gsm.mute = True
    line = box.lines._lines["gsm"]
    line.modem.sleep = _soon
    shown = []
    stands = line.stands
    line.stands = lambda standing, why: (shown.append((standing, why)), stands(standing, why))  # type: ignore[method-assign,func-returns-value,assignment]

    def woken() -> bool:
        if talk := line.modem.talk:  # time-outs come at once
            if talk.engine.due is not None:
                talk.engine.due = talk.now
                talk.late()
        gsm.mute = gsm.mute and bus.read_text().strip() == "1"
        return not gsm.mute and line.known.standing == "ready"

    await until(woken)
    await box.close()
    gsm.unplug()
    assert [why for standing, why in shown if standing == "silent" and why in ("command", "usb", "power")][-1] == "usb"
    assert bus.read_text() == "1"


async def _nothing(*_: object) -> None: ...


async def _soon(seconds: float) -> None:
    await asyncio.sleep(min(seconds, 0.002))
