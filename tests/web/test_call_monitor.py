# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that know the FRITZ!Box's call monitor are told of calls as they know it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import pytest

from appliance.control.client import follow
from appliance.control.messages import Call, CallChanged
from appliance.monitor import server
from appliance.monitor.lines import CONNECTIONS, Lines
from appliance.monitor.server import Monitor
from tests.fakes.switch import Switch

NINE = 1_795_856_400_000  # 2026-11-28 09:00 UTC


def call(id: int = 7, state: str = "arrived", **more: object) -> Call:
    fields = {"direction": "in", "line": "city", "caller": "+37060000001", "called": "+37060000099", "since": NINE}
    return Call(id=id, state=state, **{**fields, **more})  # type: ignore[arg-type]


def test_a_call_in_is_told_from_its_ring_to_its_end() -> None:
    lines = Lines(UTC)
    assert lines.of(call(), NINE) == ["28.11.26 09:00:00;RING;0;+37060000001;+37060000099;city;"]
    assert lines.of(call(state="ringing"), NINE + 500) == []
    talks = lines.of(call(state="talking", person="anna"), NINE + 4_000, "101")
    assert talks == ["28.11.26 09:00:04;CONNECT;0;101;+37060000001;"]
    assert lines.of(call(state="over"), NINE + 29_900) == ["28.11.26 09:00:29;DISCONNECT;0;25;"]


def test_calls_out_messages_and_missed_calls_are_told_and_those_inside_are_not() -> None:
    lines = Lines(UTC)
    out = {"direction": "out", "caller": "101", "called": "+37060000001"}
    assert lines.of(call(1, **out), NINE) == ["28.11.26 09:00:00;CALL;0;;101;+37060000001;city;"]
    assert lines.of(call(2, "ringing"), NINE)[0].split(";")[1:3] == ["RING", "1"]
    assert lines.of(call(2, "voicemail"), NINE)[0].split(";")[1:4] == ["CONNECT", "1", "40"]
    assert lines.of(call(1, "over", **out), NINE + 9000)[0].endswith(";DISCONNECT;0;0;")
    assert lines.of(call(3, direction="internal"), NINE) == []
    assert lines.of(call(4, "over"), NINE) == []  # never seen before


def test_no_caller_can_forge_a_line_and_little_is_remembered() -> None:
    lines = Lines(UTC)
    [told] = lines.of(call(caller="1\r\n28.11.26 09:00:00;RING;0;112;;"), NINE)
    assert told.count(";") == 6 and "\n" not in told
    for id in range(1000):
        lines.of(call(100 + id), NINE)
    assert len(lines._calls) <= CONNECTIONS


@contextlib.asynccontextmanager
async def monitored(switch: Switch, allow: tuple[str, ...] = ()) -> AsyncIterator[Monitor]:
    monitor = Monitor("127.0.0.1", 0, allow, Lines(UTC))
    ready = asyncio.Event()

    def known(office: object) -> None:
        monitor.on_office(office)  # type: ignore[arg-type]
        ready.set()

    tasks = [asyncio.create_task(monitor.run()), asyncio.create_task(follow(switch.socket, known, monitor.on_event))]
    try:
        async with asyncio.timeout(30):
            await ready.wait()
            while not monitor.port:
                await asyncio.sleep(0.01)
        yield monitor
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_program_hears_a_call_and_whoever_may_not_connect_hears_nothing(tmp_path: Path) -> None:
    async with Switch(tmp_path / "control.sock") as switch:
        async with monitored(switch) as monitor:
            reader, writer = await asyncio.open_connection("127.0.0.1", monitor.port)
            writer.write(b"\xff\x00" * 4000)  # what a program says is not listened to
            async with asyncio.timeout(60):
                while not monitor._clients:
                    await asyncio.sleep(0.01)
                switch.tell(CallChanged, call=call())
                assert b";RING;0;+37060000001;" in await reader.readline()
                switch.tell(CallChanged, call=call(state="talking", person="anna"))
                assert b";CONNECT;0;101;" in await reader.readline()
            writer.close()
        async with monitored(switch, ("192.0.2.0/24",)) as monitor:
            reader, writer = await asyncio.open_connection("127.0.0.1", monitor.port)
            with contextlib.suppress(ConnectionError):
                async with asyncio.timeout(60):
                    assert await reader.read() == b""
            writer.close()


async def test_no_more_programs_than_there_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLIENTS", 2)
    async with Switch(tmp_path / "control.sock") as switch, monitored(switch) as monitor:
        pairs = [await asyncio.open_connection("127.0.0.1", monitor.port) for _ in range(5)]
        async with asyncio.timeout(60):
            ends = await asyncio.gather(
                *(asyncio.wait_for(reader.read(1), 3) for reader, _ in pairs), return_exceptions=True
            )
        assert sum(isinstance(each, TimeoutError) for each in ends) == 2
        for _, writer in pairs:
            writer.close()
