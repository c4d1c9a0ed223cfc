# SPDX-License-Identifier: GPL-2.0-or-later
"""A modem that misbehaves, is pulled out, held by another program or without a network: it is in use again by itself."""

import asyncio
import errno
import fcntl
import os
import random
import re
import termios
from pathlib import Path

import pytest

from appliance.lines.at.calls import Changed, Incoming, Over
from appliance.lines.at.facts import State
from appliance.lines.modems.modem import Modem
from appliance.lines.modems.setup import Unfit
from appliance.lines.modems.talk import Lost
from appliance.programs.demo.modem.simulator import Simulator
from tests.lines.plugged import ALL, ANNA, BORIS, Office, no_wait, plugged


@ALL
async def test_unplugged_in_mid_call_and_plugged_in_again_under_another_number(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        await modem.answer(1)
        simulator.unplug()
        await office.until(lambda: office.told[-1:] == [Over(1, 38)])
        with pytest.raises(Lost):
            await modem.dial(BORIS)
        spare = os.openpty()  # so that the number is another
        simulator.plug()
        await office.until(lambda: office.standings[-1] == "ready", within=15)
        for each in spare:
            os.close(each)
        assert "absent" in office.standings
        simulator.ring(BORIS)
        await office.until(lambda: office.told[-1:] == [Incoming(2, BORIS)])


@ALL
async def test_bad_manners_do_not_confuse_us(family: str, tmp_path: Path) -> None:
    """An echo that will not stop, noise on the wire, and messages told in the middle of answers."""

    def bad(simulator: Simulator) -> None:
        simulator.keeps_echo, simulator.noise = True, b"\x00\xff\r\r\n"
        simulator.between = ["^RSSI:20", '+CREG: 1,"00C3","0A1B2C3D",7']

    async with plugged(family, tmp_path, bad) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        simulator.between = ['+CMTI: "SM",7', "RING"]
        assert await modem.answer(1)
        assert await modem.send(BORIS, "hello") == [1]
        simulator.far_hangs_up()
        await office.until(lambda: office.told[-1:] == [Over(1, 16)])
        assert office.told == [Incoming(1, ANNA), Changed(1, State.ACTIVE), Over(1, 16)]


async def test_an_answer_that_comes_late_is_not_taken_for_the_next(tmp_path: Path) -> None:
    async with plugged("sim7600", tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        simulator.late = 1.1  # the list of calls has a second
        await simulator.until(lambda: not simulator.late)
        simulator.refuses.add("+VTS")
        assert not await modem.press(1, "5")
        assert office.standings[-1] == "ready" and len(office.told) == 1


async def test_a_silent_modem_is_helped_up_the_ladder(tmp_path: Path) -> None:
    rungs: list[str] = []

    async def reset(path: str, rung: object) -> None:
        rungs.append(getattr(rung, "do", ""))
        simulator.mute = False

    async with plugged("sim7600", tmp_path, reset=reset) as (simulator, modem, office):
        await office.ready()
        simulator.mute = True
        talk = modem.talk
        assert talk
        hurry = asyncio.create_task(hurried(modem))
        await office.until(lambda: rungs, within=30)
        hurry.cancel()
        await office.until(lambda: office.standings[-1] == "ready", within=15)
        assert rungs == ["usb"]
        assert "silent" in office.standings


async def hurried(modem: Modem) -> None:
    """Time-outs come at once."""
    while True:
        await asyncio.sleep(0.01)
        talk = modem.talk
        modem.calls.look_now = True
        modem.wake.set()
        if talk and talk.engine.due is not None:
            talk.engine.due = talk.now
            talk.late()


async def test_a_pin_is_entered_once_and_only_with_tries_to_spare(tmp_path: Path) -> None:
    def locked(simulator: Simulator) -> None:
        simulator.pin, simulator.locked, simulator.tries = "1234", True, 3

    async with plugged("ec25", tmp_path, locked, pin="1234") as (simulator, _, office):
        await office.ready()
        assert [each for each in simulator.heard if "CPIN=" in each] == ['AT+CPIN="1234"']


@ALL
@pytest.mark.parametrize(
    ("tries", "pin", "why"),
    [(1, "1234", "sim-pin-at-risk"), (3, "", "sim-pin-wanted"), (3, "9999", "sim-pin-refused")],
)
async def test_a_sim_is_not_locked_by_us(family: str, tries: int, pin: str, why: str, tmp_path: Path) -> None:
    def locked(simulator: Simulator) -> None:
        simulator.pin, simulator.locked, simulator.tries = "1234", True, tries

    async with plugged(family, tmp_path, locked, pin=pin) as (simulator, modem, office):
        await office.until(lambda: re.match(why, office.why))
        await office.until(lambda: office.standings.count("unfit") >= 3)
        assert simulator.tries == tries - (why == "sim-pin-refused")
        with pytest.raises((Unfit, Lost)):
            await modem.dial(ANNA)


async def test_a_stranger_is_left_alone(tmp_path: Path) -> None:
    def stranger(simulator: Simulator) -> None:
        simulator.dialect = type(simulator.dialect)("ZTE", "MF190", "1")

    async with plugged("ec25", tmp_path, stranger) as (_, _, office):
        await office.until(lambda: office.why == "unknown-modem: ZTE MF190")


async def test_without_a_network_the_line_is_not_used(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path, lambda modem: setattr(modem, "registered", False)) as (
        simulator,
        modem,
        office,
    ):
        await office.until(lambda: office.standings == ["starting", "searching"])
        with pytest.raises(Unfit):
            await modem.dial(ANNA)
        simulator.say('+CREG: 5,"00C3","0A1B2C3D",7')
        await office.ready()


async def test_two_programs_never_share_a_port(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path) as (simulator, modem, office):
        await office.ready()
        second = Office()
        other = asyncio.create_task(Modem(str(simulator.link), second, sleep=no_wait).run())
        await asyncio.sleep(0.2)
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
        assert "ready" not in second.standings
        assert modem.talk and office.standings[-1] == "ready"
        held = os.open(simulator.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK) if os.geteuid() == 0 else -1
        if held >= 0:  # root may open it, and sees both locks
            with pytest.raises(BlockingIOError):
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            assert int.from_bytes(fcntl.ioctl(held, 0x80045440, bytes(4)), "little") == 1
            os.close(held)


async def test_a_modem_that_refuses_to_be_told_of_control_lines_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ioctl = fcntl.ioctl

    def refused(file: int, request: int, *more: object) -> object:
        if request in (termios.TIOCMBIS, termios.TIOCMBIC):
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        return ioctl(file, request, *more)

    monkeypatch.setattr(fcntl, "ioctl", refused)
    async with plugged("ec25", tmp_path) as (_, _, office):
        await office.ready()


async def test_a_port_held_by_a_program_that_knows_only_the_other_lock_is_left_to_it(tmp_path: Path) -> None:
    def held(simulator: Simulator) -> None:
        plug = simulator.plug

        def plug_and_hold() -> None:
            plug()
            fcntl.ioctl(simulator.slave, termios.TIOCEXCL)

        simulator.plug = plug_and_hold  # type: ignore[method-assign]

    async with plugged("ec25", tmp_path, held) as (simulator, _, office):
        await asyncio.sleep(0.2)
        assert "starting" not in office.standings and simulator.heard == []
        fcntl.ioctl(simulator.slave, termios.TIOCNXCL)
        await office.ready()


async def test_a_call_can_be_ended_when_the_network_is_gone(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        await modem.answer(1)
        simulator.registered = False
        simulator.say("+CREG: 0")
        await office.until(lambda: office.standings[-1] == "searching")
        await modem.hang_up(1)
        assert simulator.calls == [] and office.told[-1] == Over(1, 16)


async def test_whatever_bytes_a_modem_sends_it_stays_in_use(tmp_path: Path) -> None:
    dice = random.Random(1)
    async with plugged("ec25", tmp_path) as (simulator, _, office):
        await office.ready()
        for _ in range(100):
            piece = dice.choice(
                [b"+CMTI: ", b"+CMT: ,9\r\n", b"+CLCC: 1,1,", b"> ", b"RING\r\n", b'"', b"\r\n", b"+CUSD: "]
            )
            os.write(simulator.master, piece + dice.randbytes(dice.randint(0, 60)))
            await asyncio.sleep(0.002)
        simulator.say("")
        simulator.ring(BORIS)
        await office.until(lambda: any(getattr(event, "number", "") == BORIS for event in office.told))
