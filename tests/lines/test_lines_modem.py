# SPDX-License-Identifier: GPL-2.0-or-later
"""A modem plugged into the box: it is found, set up, called and calls, whatever family it is of."""

import asyncio
from pathlib import Path

import pytest

from appliance.lines.at.calls import Changed, Incoming, Named, Over, Second
from appliance.lines.at.facts import State
from appliance.programs.demo.modem.simulator import Simulator
from tests.lines.plugged import ALL, ANNA, BORIS, plugged


@ALL
async def test_a_modem_is_set_up_and_registered(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        assert office.standings == ["starting", "ready"]
        assert modem.identity.imei == "350000000000006"
        assert modem.identity.model == simulator.dialect.model
        assert simulator.dialect.revision.endswith(modem.identity.revision)
        assert modem.fitted
        assert [sound.way for sound in modem.sounds] == {
            "ec25": ["uac", "tty"],
            "sim7600": ["tty"],
            "e1550": ["tty"],
            "sim800": [],
        }[family]
        assert "AT+CLIP=1" in simulator.heard and "AT+CMGF=0" in simulator.heard


@ALL
async def test_a_caller_is_known_within_one_and_a_half_seconds(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, _, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told, within=1.5)
        assert office.told == [Incoming(1, ANNA)]


@ALL
async def test_a_call_is_answered_and_the_caller_hangs_up(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        assert await modem.answer(1)
        await office.until(lambda: len(office.told) == 2)
        simulator.far_presses("5#")
        if simulator.dialect.key:
            await office.until(lambda: office.keys == "5#")
        simulator.far_hangs_up()
        await office.until(lambda: len(office.told) == 3)
        assert office.told == [Incoming(1, ANNA), Changed(1, State.ACTIVE), Over(1, 16)]


@ALL
async def test_who_hangs_up_as_he_is_answered_holds_up_nothing(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        simulator.far_hangs_up()
        await modem.answer(1)
        async with asyncio.timeout(20):
            assert await modem.dial(BORIS)
        await simulator.until(lambda: simulator.calls[0].number == BORIS)


@ALL
async def test_a_call_is_rejected_unanswered(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        await modem.hang_up(1)
        assert office.told == [Incoming(1, ANNA), Over(1, 16)]
        assert simulator.calls == []
        assert "ATA" not in simulator.heard


@ALL
async def test_we_call_press_keys_and_hang_up(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        assert await modem.dial(ANNA) == 1
        assert simulator.calls[0].number == ANNA
        simulator.far_rings()
        simulator.far_answers()
        await office.until(lambda: Changed(1, State.ACTIVE) in office.told)
        assert await modem.press(1, "12#")
        assert simulator.keys.endswith("12#")
        await modem.hang_up(1)
        assert simulator.calls == []
        assert office.told[-1] == Over(1, 16)
        assert [type(event) for event in office.told].count(Over) == 1


@pytest.mark.parametrize(
    ("family", "word", "cause"), [("ec25", "BUSY", 17), ("sim800", "NO ANSWER", 19), ("e1550", "", 17)]
)
async def test_a_call_of_ours_that_fails_says_why(family: str, word: str, cause: int, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        await modem.dial(ANNA)
        simulator.far_hangs_up(cause, word)
        await office.until(lambda: office.told[-1:] == [Over(1, cause)])


async def test_a_number_that_comes_late_does_not_hold_the_call_up(tmp_path: Path) -> None:
    def late(simulator: Simulator) -> None:
        simulator.number_from_ring, simulator.ring_every = 2, 2.0

    async with plugged("e1550", tmp_path, late) as (simulator, _, office):
        simulator.refuses.add("+CLCC")
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told, within=1.8)
        assert office.told == [Incoming(1, "")]
        await office.until(lambda: len(office.told) == 2)
        assert office.told[1] == Named(1, ANNA)


@ALL
async def test_a_caller_whose_number_never_comes_is_told_of_after_one_and_a_half_seconds(
    family: str, tmp_path: Path
) -> None:
    async with plugged(family, tmp_path) as (simulator, _, office):
        simulator.tells_numbers, simulator.hides_numbers = False, True
        await office.ready()
        began = asyncio.get_running_loop().time()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        assert office.told == [Incoming(1, "")]
        assert 1.4 <= asyncio.get_running_loop().time() - began <= 2.5  # with room for a busy machine


async def test_a_number_that_is_not_told_is_looked_up(tmp_path: Path) -> None:
    async with plugged("sim800", tmp_path) as (simulator, _, office):
        simulator.tells_numbers = False
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told, within=1.5)
        assert office.told == [Incoming(1, ANNA)]


async def test_the_second_callers_number_is_told_and_he_can_be_refused(tmp_path: Path) -> None:
    async with plugged("sim7600", tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        await modem.answer(1)
        simulator.knock(BORIS)
        await office.until(lambda: Second(2, BORIS, False) in office.told)
        await modem.hang_up(2)
        assert [call.number for call in simulator.calls] == [ANNA]
        assert not [event for event in office.told if isinstance(event, Over)]


async def test_an_end_that_the_modem_does_not_tell_is_found(tmp_path: Path) -> None:
    async with plugged("sim800", tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.ring(ANNA)
        await office.until(lambda: office.told)
        await modem.answer(1)
        simulator.calls.clear()
        await office.until(lambda: office.told[-1:] == [Over(1, 16)], within=3)
