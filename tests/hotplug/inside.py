# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest, where systemd has started the machine: the units start the box, and modems are plugged in and pulled out.

Each thing that works is a line `ok: what`; the first that does not ends the program with the reason.
"""

import asyncio
import contextlib
import grp
import os
import pwd
import stat
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from appliance.control import client
from appliance.control.messages import Apply
from appliance.programs.demo.ports import Ports
from tests.dahdi.told import ok
from tests.hotplug.cables import plugged_in_by_qemu
from tests.hotplug.gadget import AT, PCM
from tests.hotplug.house import (
    BOX,
    CALLER,
    DESKS,
    DOCUMENT,
    IMEIS,
    OTHER,
    SECRETS,
    SETTINGS,
    UNITS,
    USED_WITHIN,
    WITHIN,
    House,
    is_so,
    run,
    until,
)
from tests.hotplug.stage import IMEIS as CABLES
from tests.lines.mobile import seen, stands
from tests.telephones import tone
from tests.telephones.baresip import Baresip

RESET_WITHIN = 300.0  # s; the rungs before it take a minute and a half
RR_PRIORITY = 20


# ---- what systemd and udev make of systemd/ -------------------------------------------------------------------------


async def verified(house: House) -> None:
    print(run("udevadm", "verify", *map(str, Path("/usr/lib/udev/rules.d").glob("78-linekeeper-*"))))
    ok("udev finds no fault in the rules")
    units = [f"/etc/systemd/system/linekeeper-{unit}.service" for unit in (*UNITS, "backup")]
    said = run("sh", "-c", f"systemd-analyze verify {' '.join(units)} 2>&1")
    is_so("linekeeper" not in said, f"systemd finds fault in the units: {said}")
    ok("systemd finds no fault in the units")


async def started(house: House) -> None:
    one, two = (modem.gadget.usb.name for modem in house.modems)
    print(f"sockets {one} and {two}", flush=True)
    SETTINGS.write_text(DOCUMENT.format(one=one, two=IMEIS[1], three=CABLES[0], four=CABLES[1]))
    SECRETS.write_text("".join(f'[phone.{desk}]\npassword = "{password}"\n' for desk, (password, _) in DESKS.items()))
    run("systemd-tmpfiles", "--create", "linekeeper.conf")
    for user, may in (("switch", "-w"), ("bridge", "! -w"), ("web", "! -w")):
        run(*f"setpriv --reuid linekeeper-{user} --regid linekeeper --clear-groups test {may} /etc/linekeeper".split())
    ok("the folder of the settings is the switch's to write in, and no other program's")
    began = time.monotonic()
    run("systemctl", "start", "linekeeper.target")

    def active() -> bool:
        states = run("systemctl", "show", "-P", "ActiveState", *(f"linekeeper-{unit}" for unit in UNITS)).split()
        is_so("failed" not in states, f"{dict(zip(UNITS, states, strict=True))}")
        return states == ["active"] * len(UNITS)

    await until(active, "not all of it starts", 300)
    print(f"all four are active after {time.monotonic() - began:.1f} s", flush=True)
    is_so(
        run("systemctl", "show", "-P", "NRestarts", *(f"linekeeper-{unit}" for unit in UNITS)).split() == ["0"] * 4,
        "restarted",
    )
    ok("the units start, as a real systemd reads them, and none of them twice")


def main_pid(unit: str) -> int:
    return int(run("systemctl", "show", "-P", "MainPID", f"linekeeper-{unit}"))


def urgent() -> list[str]:
    """Threads of the switch that come before everything else, by name."""
    folder = Path(f"/proc/{main_pid('switch')}/task")
    found = []
    for task in folder.iterdir():
        policy = os.sched_getscheduler(int(task.name)) & ~os.SCHED_RESET_ON_FORK
        if policy == os.SCHED_RR and os.sched_getparam(int(task.name)).sched_priority == RR_PRIORITY:
            found.append((task / "comm").read_text().strip())
    return found


def page() -> str:
    with contextlib.closing(urllib.request.urlopen("http://127.0.0.1:8080/health", timeout=WITHIN)) as answer:
        return str(answer.status)


async def confined(house: House) -> None:
    for unit in UNITS:
        of = os.stat(f"/proc/{main_pid(unit)}").st_uid
        is_so(pwd.getpwuid(of).pw_name == f"linekeeper-{unit}", f"{unit} runs as {of}")
    ok("each program is a user of its own")
    print(f"threads of SCHED_RR: {urgent()}", flush=True)
    is_so(urgent(), "the switch has no thread of SCHED_RR")
    ok("the switch has SCHED_RR")
    for name in ("land",):
        async with asyncio.timeout(WITHIN):
            while not (await seen(BOX, name)).usable:
                await asyncio.sleep(0.2)
    said = run("journalctl", "-u", "linekeeper-switch", "-o", "cat")
    is_so("telephone kitchen: ready" in said, "the port of the telephone is not had")
    ok("the switch has the ports of the analogue card")
    is_so("200" in await asyncio.to_thread(page), "the pages do not answer")
    ok("the pages answer")
    async with await client.connect(BOX.socket) as switch:
        await switch.request(Apply(0, SETTINGS.read_text().replace("Example Ltd", "Example & Sons")))
    about = SETTINGS.stat()
    is_so("Sons" in SETTINGS.read_text() and stat.S_IMODE(about.st_mode) == 0o640, f"the document: {about}")
    ok("settings are applied, and the document is replaced")
    is_so("linekeeper" in run("nft", "list", "tables"), "the fence has no table")
    ok("the fence has its table in the firewall")


# ---- modems ---------------------------------------------------------------------------------------------------------


async def plugged_in(house: House) -> None:
    times = [await house.plugged(number) for number in (0, 1)]
    for number in (0, 1):
        await until(partial(house.named, number), f"names: {house.ports(number)}")
        names = house.ports(number)
        print(names, flush=True)
        is_so(sorted(names) == ["at", "if00", "if01", "if02", "if03", "pcm"], f"names: {names}")
        is_so((names["at"], names["pcm"]) == (names[f"if{AT:02}"], names[f"if{PCM:02}"]), f"names: {names}")
        port = os.stat(f"/dev/linekeeper/{house.modems[number].gadget.usb.name}-at")
        is_so((stat.S_IMODE(port.st_mode), grp.getgrgid(port.st_gid).gr_name) == (0o660, "dialout"), f"{port}")
        switch = os.stat(house.modems[number].gadget.usb / "authorized")
        is_so((stat.S_IMODE(switch.st_mode), grp.getgrgid(switch.st_gid).gr_name) == (0o664, "dialout"), f"{switch}")
    ok("udev gives the ports of two modems the names that are promised, and the switch what it resets them by")
    for _ in range(4):
        house.modems[0].unplug()
        await stands(BOX, "one", "absent", WITHIN)
        times.append(await house.plugged(0))
    print(f"plugged to usable: {' '.join(f'{seconds:.1f}' for seconds in times)} s", flush=True)
    is_so(max(times) < USED_WITHIN, "that is too long")
    ok("a modem is used within 15 s of being plugged in")


async def calls(house: House) -> None:
    await house.talks(0)
    print(f"threads of SCHED_RR in a call: {urgent()}", flush=True)
    is_so(len(urgent()) > 1, "the threads of the sound are not of SCHED_RR")
    said = run("journalctl", "-u", "linekeeper-switch", "-o", "cat")
    is_so("stutter" not in said and "SCHED_RR" not in said, "the switch may not raise its threads")
    ok("caller and desk hear each other by the ports of the modem, and the threads of the sound have SCHED_RR")
    house.modems[0].far_hangs_up()
    await house.desks[0].closed(WITHIN)
    await house.over(line="one", caller=CALLER, outcome="answered")
    ok("the call is in the journal with its number")


async def pulled_out(house: House) -> None:
    """The first in a call, while the second is in one too."""
    await house.talks(0)
    await house.talks(1)
    house.modems[0].unplug()
    began = time.monotonic()
    await house.desks[0].closed(WITHIN)
    print(f"over {time.monotonic() - began:.1f} s after it was pulled out", flush=True)
    await house.over(line="one", caller=CALLER, outcome="answered")
    ok("a modem that is pulled out in a call ends it, as the journal says")
    await house.hear(1)
    seconds = await house.plugged(0)
    print(f"plugged in again, usable after {seconds:.1f} s", flush=True)
    is_so(seconds < USED_WITHIN, "that is too long")
    await house.hear(1)
    ok("the call by another modem goes on, while the first is pulled out and plugged in again")
    house.modems[1].far_hangs_up()
    await house.desks[1].closed(WITHIN)
    await house.over(line="two", caller=OTHER, outcome="answered")


async def renumbered(house: House) -> None:
    before = [house.ports(number) for number in (0, 1)]
    for modem in house.modems:
        modem.unplug()
    for name in ("one", "two"):
        await stands(BOX, name, "absent", WITHIN)
    for number in (1, 0):
        await house.plugged(number)
    after = [house.ports(number) for number in (0, 1)]
    print(f"{before} became {after}", flush=True)
    is_so(before[0]["at"] != after[0]["at"] and before[1]["at"] != after[1]["at"], "they have the same ports")
    for number, name in ((0, "one"), (1, "two")):
        await house.talks(number)
        house.modems[number].far_hangs_up()
        await house.desks[number].closed(WITHIN)
        await house.over(line=name, outcome="answered")
    ok("two modems whose ports have other numbers now are the lines they were")


async def taken_off_the_bus(house: House) -> None:
    """A modem that is silent, by the switch in its sandbox."""
    modem = house.modems[0]
    authorized = modem.gadget.usb / "authorized"
    began = time.monotonic()
    modem.mute = True

    def off() -> bool:
        with contextlib.suppress(OSError):
            return authorized.read_text().strip() == "0"
        return False

    await until(off, "it is not taken off the bus", RESET_WITHIN)
    print(f"off the bus {time.monotonic() - began:.0f} s after it fell silent", flush=True)
    is_so(
        not [
            port
            for port in Path("/dev").glob("ttyUSB*")
            if f"/{modem.gadget.usb.name}/" in os.path.realpath(f"/sys/class/tty/{port.name}/device")
        ],
        "its ports are there",
    )
    modem.mute = False
    await until(lambda: authorized.read_text().strip() == "1", "it is not put back")
    await stands(BOX, "one", "ready", WITHIN)
    print(f"in use again after {time.monotonic() - began:.0f} s", flush=True)
    ok("the switch takes a modem that is silent off the bus, and it works again")
    await house.talks(0)
    modem.far_hangs_up()
    await house.desks[0].closed(WITHIN)
    await house.over(line="one", outcome="answered")
    ok("and it has sound")


async def killed(house: House) -> None:
    before = main_pid("switch")
    began = time.monotonic()
    os.kill(before, 9)
    await until(lambda: main_pid("switch") not in (0, before), "systemd does not start it again")
    await until(
        lambda: "active" in run("systemctl", "show", "-P", "ActiveState", "linekeeper-switch").split(),
        "it does not start",
    )
    for name in ("one", "two"):
        await until_ready(name)
    print(f"killed, and all lines usable again after {time.monotonic() - began:.1f} s", flush=True)
    ok("a switch that is killed is started again and has its modems")


async def until_ready(name: str) -> None:
    for _ in range(round(WITHIN / 0.2)):
        with contextlib.suppress(OSError, StopIteration):
            one = await seen(BOX, name)
            if one.modem and one.modem.standing == "ready":
                return
        await asyncio.sleep(0.2)
    raise AssertionError(f"line {name} is not ready")


BEFORE: tuple[Callable[[House], Awaitable[None]], ...] = (verified, started, confined)
STORIES: tuple[Callable[[House], Awaitable[None]], ...] = (
    plugged_in,
    calls,
    pulled_out,
    renumbered,
    taken_off_the_bus,
    plugged_in_by_qemu,
    killed,
)


async def told(stories: Iterable[Callable[[House], Awaitable[None]]], house: House) -> None:
    for each in stories:
        print(f"{time.monotonic():.0f} s: {each.__name__}", flush=True)
        for desk in house.desks:
            desk.seen.skip()
        await each(house)


@contextlib.asynccontextmanager
async def desks(house: House) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        ports = stack.enter_context(Ports())
        for user, (password, hz) in DESKS.items():
            says = tone.write(Path(f"/tmp/{hz}.wav"), hz, 600)
            desk = Baresip(
                Path(f"/tmp/{user}"), ports, user=user, password=password, registrar="127.0.0.1:5060", says=says
            )
            house.desks.append(await stack.enter_async_context(desk))
            await desk.registered(WITHIN)
        yield


async def story() -> None:
    house = House()
    await told(BEFORE, house)
    async with AsyncExitStack() as stack:
        for modem in house.modems:
            stack.enter_context(modem.caller)
        await stack.enter_async_context(desks(house))
        await told(STORIES, house)
    print("done", flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(story())
    except BaseException:
        print(run("journalctl", "-b", "-o", "cat", "-u", "linekeeper-*", "-n", "80"), flush=True)
        raise
    sys.exit(0)
