# SPDX-License-Identifier: GPL-2.0-or-later
"""Brokers that take less than we say, or speak an older language: what they do not take is left out, all else is told."""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from appliance.control.messages import Happened
from appliance.programs.demo.ports import Ports
from tests.fakes.between import serving
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import CALL, Switch
from tests.mqtt.house import BOX, RIGHT_WITHIN, Bridging, all_is_told, is_said, says, settings

LONG = "x" * 100
CONNECT = 0x10


@pytest.mark.parametrize("limit", ["max_packet_size 1500", "message_size_limit 1500"])
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_message_too_long_for_the_broker_is_left_out_and_told_once(
    switch: Switch,
    tmp_path: Path,
    ports: Ports,
    bridge: Bridging,
    limit: str,
    protocol: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Mosquitto(tmp_path, ports.take(), more=limit) as broker:
        await broker.start()
        discovering = {"discovery": "device", "protocol": protocol}  # in one message of some thousands of bytes
        async with Listener(broker.port) as house, bridge(settings(broker.port, mqtt=discovering)):
            await house.until(all_is_told(house))
            await house.until(is_said(house, "bridge/state", "online"))
            await asyncio.sleep(4)  # on 3.1.1 it ends three connections first
            switch.line("city", state="talking")
            await house.until(says(house, "line/city/state", state="talking"), RIGHT_WITHIN)
            switch.tell(Happened, kind="ringing", call=CALL, line="city")
            await house.until(says(house, "call/event", call=CALL))
            assert "homeassistant/device/office/config" not in house.now
        said = [record.message for record in caplog.records if "does not take" in record.message]
        silent = protocol == "3.1.1" and limit.startswith("message_size")  # it says there that it has taken it
        assert len(said) == (0 if silent else 1)


async def test_what_the_broker_s_list_forbids_is_told_once_and_an_action_there_has_failed(
    switch: Switch, tmp_path: Path, ports: Ports, bridge: Bridging, caplog: pytest.LogCaptureFixture
) -> None:
    access = f"topic readwrite {BOX}/#\n"
    async with Mosquitto(tmp_path, ports.take(), access=access) as broker:
        await broker.start()
        async with Listener(broker.port) as house, bridge(broker.port):
            await house.until(all_is_told(house))
            switch.action()
            async with asyncio.timeout(20):
                told = await switch.results.get()
            assert (told.result, told.reason) == ("failed", "not-taken")
        assert "does not take home/lamp/set (2 bytes): reason 0x87" in caplog.text


@pytest.mark.parametrize("says_why", [True, False], ids=["refuses", "closes"])
async def test_a_broker_too_old_for_mqtt_5_gets_3_1_1(broker: Mosquitto, bridge: Bridging, says_why: bool) -> None:
    await broker.start()
    spoken: list[int] = []
    async with old_broker(broker.port, spoken, says_why) as port, Listener(broker.port) as house, bridge(port):
        await house.until(all_is_told(house))
        await asyncio.sleep(1.5)
        assert spoken == ([5, 4] if says_why else [5, 4, 5, 4])


async def test_a_broker_that_was_only_full_gets_mqtt_5_when_it_has_room(broker: Mosquitto, bridge: Bridging) -> None:
    await broker.start()
    spoken: list[int] = []
    async with old_broker(broker.port, spoken, False, full=1) as port, Listener(broker.port) as house, bridge(port):
        await house.until(all_is_told(house))
        await asyncio.sleep(1.5)
        assert spoken == [5, 4, 5]


def old_broker(port: int, spoken: list[int], says_why: bool, full: int = -1) -> AbstractAsyncContextManager[int]:
    """Mosquitto behind somebody who turns MQTT 5 away; `full`: only so many times. `spoken`: versions that were tried."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(2048)
        version = first[first.index(b"MQTT") + 4]
        spoken.append(version)
        if version == 5 and (full < 0 or len(spoken) <= full):
            writer.write(b"\x20\x02\x00\x01" if says_why else b"")
            await writer.drain()
            return
        behind, before = await asyncio.open_connection("127.0.0.1", port)
        before.write(first)

        async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)

        ways = [asyncio.create_task(carry(reader, before)), asyncio.create_task(carry(behind, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            before.transport.abort()

    return serving(serve)
