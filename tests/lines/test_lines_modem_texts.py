# SPDX-License-Identifier: GPL-2.0-or-later
"""Text messages by a modem, whatever family it is of: in and out, in parts, kept before they are deleted."""

import asyncio
from pathlib import Path

import pytest

from appliance.lines.at.calls import Incoming, Over
from appliance.lines.modems.messages import Came, NotSent
from tests.lines.mobile import HELLO
from tests.lines.plugged import ALL, ANNA, FRONT, plugged


@ALL
async def test_messages_come_in_and_are_deleted_once_they_are_kept(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path, lambda modem: modem.memory.update({1: HELLO})) as (simulator, _, office):
        await office.ready()
        kept = asyncio.Event()

        async def keep(came: Came) -> None:
            assert came.place in simulator.memory
            await kept.wait()

        await office.until(lambda: office.texts)
        office.keep = keep
        simulator.text_comes(HELLO)
        await asyncio.sleep(0.1)
        assert simulator.memory
        kept.set()
        await simulator.until(lambda: not simulator.memory)
        assert [(text.sender, text.text) for text in office.texts] == [("+447700900123", "hellohello")] * 2


async def test_a_message_that_was_not_kept_when_the_power_went_is_told_at_the_next_start(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path) as (simulator, _, office):
        await office.ready()
        keeping = asyncio.Event()

        async def keep(came: Came) -> None:
            keeping.set()
            await asyncio.Event().wait()

        office.keep = keep
        simulator.text_comes(HELLO)
        await keeping.wait()
        left = dict(simulator.memory)
    assert left and not office.texts
    async with plugged("ec25", tmp_path, lambda modem: modem.memory.update(left)) as (simulator, _, office):
        await office.until(lambda: office.texts)
        await simulator.until(lambda: not simulator.memory)
        assert [text.text for text in office.texts] == ["hellohello"]


@ALL
async def test_a_long_message_is_sent_and_its_report_comes(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path) as (simulator, modem, office):
        await office.ready()
        assert await modem.send("+447700900123", "x" * 200, report=True) == [1, 2]
        assert [pdu[:4] for pdu in simulator.sent] == ["0061", "0061"]
        assert all("0C91447700091032" in pdu for pdu in simulator.sent)
        simulator.text_comes("0006020C91447700091032621182810351806211828103518000", report=True)
        await office.until(lambda: office.reports)
        assert (office.reports[0].reference, office.reports[0].delivered) == (2, True)
        await simulator.until(lambda: not simulator.memory)


async def test_a_message_the_network_refuses_says_so(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.refuses.add("+CMGS")
        with pytest.raises(NotSent, match="part 1 of 1"):
            await modem.send(ANNA, "hello")


@ALL
async def test_a_balance_is_asked_for(family: str, tmp_path: Path) -> None:
    async with plugged(family, tmp_path, lambda modem: modem.replies.update({"*100#": "Hi There"})) as (
        _,
        modem,
        office,
    ):
        await office.ready()
        assert await modem.code("*100#") == "Hi There"


async def test_a_modem_stuck_in_a_message_text_is_freed(tmp_path: Path) -> None:
    async with plugged("e1550", tmp_path) as (simulator, modem, office):
        await office.ready()
        simulator.prompt_sticks = True
        sending = asyncio.create_task(modem.send(ANNA, "hello"))
        await simulator.until(lambda: simulator.in_text)
        talk = modem.talk
        assert talk and talk.engine.command
        talk.engine.due = talk.now  # a minute later
        talk.late()
        with pytest.raises(NotSent):
            await sending
        assert await modem.code("*100#") == "?"
        assert office.standings[-1] == "ready"


async def test_a_long_message_comes_in_in_parts_the_second_one_by_itself(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path) as (simulator, _, office):
        await office.ready()
        await simulator.until(lambda: "AT+CMGL=4" in simulator.heard)  # it was read through
        first = simulator.text_comes(FRONT + "0A" + "0500030902010068" + "0065")
        second = FRONT + "0A" + "0500030902020079" + "0021"
        await simulator.until(lambda: f"AT+CMGR={first}" in simulator.heard)
        await simulator.until(lambda: not simulator.memory)
        assert not office.texts, "told without its other part"
        simulator.write(f"\r\n+CMT: ,{len(second) // 2 - 8}\r\n{second}\r\n")
        await office.until(lambda: office.texts)
        await simulator.until(lambda: not simulator.memory and "AT+CNMA" in simulator.heard)
        assert [(text.text, text.whole) for text in office.texts] == [("hey!", True)]


async def test_a_listener_slow_to_keep_a_message_holds_up_no_call(tmp_path: Path) -> None:
    async with plugged("sim800", tmp_path) as (simulator, modem, office):
        await office.ready()
        keeping = asyncio.Event()

        async def keep(came: Came) -> None:
            keeping.set()
            await asyncio.Event().wait()

        office.keep = keep
        simulator.text_comes(HELLO)
        await keeping.wait()
        simulator.tells_numbers = False
        simulator.ring(ANNA)
        await office.until(lambda: office.told == [Incoming(1, ANNA)])
        assert await modem.answer(1)
        await modem.hang_up(1)
        assert office.told[-1] == Over(1, 16)


def swapped(value: int) -> str:
    """Two figures as short messages have them."""
    return f"{value % 10}{value // 10}"


async def test_a_storm_of_messages_comes_in_once_each(tmp_path: Path) -> None:
    async with plugged("ec25", tmp_path) as (simulator, _, office):
        await office.ready()
        for at in range(1000):
            stamp = "62118281" + swapped(at // 60) + swapped(at % 60) + "80"
            simulator.text_comes(HELLO.replace("62118281035180", stamp))
            if at % 20 == 19:
                await simulator.until(lambda: not simulator.memory)
        await office.until(lambda: len(office.texts) == 1000)
        assert len({text.at for text in office.texts}) == 1000
