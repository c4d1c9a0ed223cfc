# SPDX-License-Identifier: GPL-2.0-or-later
"""The bridge between a control socket and a real Mosquitto, which is absent, killed, frozen and thawed."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from appliance.control.messages import Applied, Happened
from appliance.mqtt import broker as broker_module
from appliance.mqtt import outbox as outbox_module
from appliance.mqtt.connection import Connection
from appliance.mqtt.topics import Message
from appliance.programs.demo.ports import Ports
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import CALL, Switch
from tests.mqtt.house import BOX, LAMP, RIGHT_WITHIN, Bridging, all_is_told, is_said, says, settings


async def result(switch: Switch) -> tuple[str, str, str]:
    async with asyncio.timeout(15):
        told = await switch.results.get()
    return told.action, told.result, told.reason


async def test_the_office_is_on_the_broker_for_whoever_comes_later(broker: Mosquitto, bridge: Bridging) -> None:
    await broker.start()
    async with bridge(broker.port):
        async with Listener(broker.port) as house:
            await house.until(all_is_told(house))
        async with Listener(broker.port) as later:
            await later.until(all_is_told(later))
            assert all(message.retain for message in later.messages)
            assert later.now[f"{BOX}/line/backup/availability"] == "offline"
            assert says(later, "person/boris/state", status="break", reason="lunch")()


async def test_a_call_is_seen_on_its_line_and_then_no_more(switch: Switch, broker: Mosquitto, bridge: Bridging) -> None:
    await broker.start()
    async with Listener(broker.port) as house, bridge(broker.port):
        await house.until(all_is_told(house))
        switch.call(name="Mr Kazlauskas")
        switch.line("city", state="ringing", calls=(CALL,))
        switch.tell(Happened, kind="ringing", call=CALL, line="city", number="+37060000001")
        await house.until(says(house, "line/city/state", state="ringing", name="Mr Kazlauskas", call=CALL))
        await house.until(says(house, "call/event", event_type="ringing", number="+37060000001"))
        assert not next(m for m in house.messages if str(m.topic) == f"{BOX}/call/event").retain
        switch.line("city", state="idle", calls=())
        await house.until(says(house, "line/city/state", state="idle", number="", calls=[]))


async def test_a_broker_that_comes_later_than_the_bridge_is_told_everything(
    broker: Mosquitto, bridge: Bridging
) -> None:
    async with bridge(broker.port):
        await asyncio.sleep(3)  # the broker is absent for a while: pauses have grown to their longest
        await broker.start()
        async with Listener(broker.port) as house:
            await house.until(all_is_told(house), RIGHT_WITHIN)


async def test_a_broker_killed_and_started_again_empty_is_right_within_five_seconds(
    switch: Switch, broker: Mosquitto, bridge: Bridging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "MOMENT_LIFE", 0.5)
    await broker.start()
    async with bridge(broker.port):
        async with Listener(broker.port) as house:
            await house.until(all_is_told(house))
        await broker.kill()
        for state in ("ringing", "talking", "idle", "dialing"):
            switch.line("city", state=state)
        switch.tell(Happened, kind="missed", call=CALL)
        await asyncio.sleep(3)  # what happened is no news any more
        await broker.start()
        async with Listener(broker.port) as house:
            await house.until(all_is_told(house), RIGHT_WITHIN)
            await house.until(says(house, "line/city/state", state="dialing"))
            switch.tell(Happened, kind="answered", call=CALL)
            await house.until(says(house, "call/event", event_type="answered"))
            assert [json.loads(p)["event_type"] for p in house.payloads(f"{BOX}/call/event")] == ["answered"]


async def test_a_broker_that_froze_is_right_within_five_seconds_and_carries_nothing_out_late(
    switch: Switch, broker: Mosquitto, bridge: Bridging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_module, "ANSWER_WITHIN", 1.0)
    await broker.start()
    async with Listener(broker.port) as house, bridge(broker.port):
        await house.until(all_is_told(house))
        broker.freeze()
        switch.line("city", state="talking")
        switch.action(lives=2000)
        assert await result(switch) == ("lamp", "failed", "expired")
        broker.thaw()
        await house.until(says(house, "line/city/state", state="talking"), RIGHT_WITHIN)
        await house.until(says(house, "action/lamp/event", event_type="failed", reason="expired"))
        await house.until(is_said(house, "bridge/state", "online"))
        switch.action()
        assert await result(switch) == ("lamp", "published", "")
        await house.until(lambda: house.payloads("home/lamp/set"))
        assert house.payloads("home/lamp/set") == ["ON"]


async def test_the_lamp_goes_on_once_and_the_message_is_not_kept(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with bridge(broker.port):
        async with Listener(broker.port) as house:
            await house.until(all_is_told(house))
            request = switch.action()
            assert await result(switch) == ("lamp", "published", "")
            await house.until(says(house, "action/lamp/event", event_type="published", request_id=request, call=CALL))
            [lamp] = [message for message in house.messages if str(message.topic) == "home/lamp/set"]
            assert (lamp.payload, lamp.qos, lamp.retain) == (b"ON", 1, False)
            properties = dict(lamp.properties.UserProperty)  # type: ignore[union-attr]
            assert properties["request_id"] == request
            assert int(properties["expires_at"]) > 0
        async with Listener(broker.port) as later:
            await later.until(all_is_told(later))
            assert "home/lamp/set" not in later.now
            assert f"{BOX}/action/lamp/event" not in later.now


async def test_an_action_waits_for_the_broker_but_not_longer_than_it_may(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    async with bridge(broker.port):
        await asyncio.sleep(0.5)  # the bridge has found no broker
        switch.action(lives=600)
        assert await result(switch) == ("lamp", "failed", "expired")
        switch.action(lives=9000)
        await broker.start()
        async with Listener(broker.port) as house:
            assert await result(switch) == ("lamp", "published", "")
            await house.until(all_is_told(house))
            assert len(house.payloads("home/lamp/set")) <= 1  # 0 when it was published before the house listened


async def test_an_action_nobody_described_and_one_set_off_all_day_are_refused(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with Listener(broker.port) as house, bridge(broker.port):
        await house.until(all_is_told(house))
        switch.action(action="gate")
        assert await result(switch) == ("gate", "denied", "unknown-action")
        for _ in range(10):
            switch.action()
        assert [await result(switch) for _ in range(10)] == [("lamp", "published", "")] * 10
        switch.action()
        assert await result(switch) == ("lamp", "denied", "too-often")


async def test_when_the_switch_is_away_the_house_knows_that_what_it_reads_is_old(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with Listener(broker.port) as house, bridge(broker.port):
        await house.until(all_is_told(house))
        await switch.stop()
        await house.until(is_said(house, "bridge/state", "offline"))
        switch.line("backup", usable=True)
        await switch.start()
        await house.until(is_said(house, "bridge/state", "online"))
        assert house.now[f"{BOX}/line/backup/availability"] == "online"


async def test_a_flood_of_events_while_the_broker_is_frozen_leaves_only_the_last_state(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with Listener(broker.port) as house, bridge(broker.port):
        await house.until(all_is_told(house))
        broker.freeze()
        for n in range(5000):
            switch.line("city", state="ringing" if n % 2 else "idle")
            switch.tell(Happened, kind="dtmf", call=CALL, detail=str(n))
            if n % 50 == 0:
                await asyncio.sleep(0)  # the control socket may write
        switch.line("city", state="talking")
        switch.tell(Happened, kind="answered", call=CALL)
        await asyncio.sleep(1)  # all of it has reached the bridge
        broker.thaw()
        await house.until(says(house, "call/event", event_type="answered"))
        await house.until(says(house, "line/city/state", state="talking"), RIGHT_WITHIN)
        events = [json.loads(payload)["detail"] for payload in house.payloads(f"{BOX}/call/event")]
        assert len(events) <= outbox_module.MOMENTS_MAX + broker_module.WINDOW + 1
        assert len(house.payloads(f"{BOX}/line/city/state")) < 100
        told = [int(detail) for detail in events if detail]
        assert told == sorted(told)


async def test_a_line_taken_out_of_the_settings_leaves_the_broker(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    bell = LAMP.model_copy(update={"topic": "home/bell/set"})
    async with Listener(broker.port) as house, bridge(broker.port, lambda: settings(broker.port, bell=bell)):
        await house.until(all_is_told(house))
        switch.office = msgspec.structs.replace(switch.office, lines=switch.office.lines[:1], revision=2)
        switch.tell(Applied, revision=2)
        await house.until(is_said(house, "line/backup/state", ""))
        await house.until(is_said(house, "line/backup/availability", ""))
        said = house.payloads(f"{BOX}/bridge/state")
        assert "offline" not in said[said.index("online") :]
        switch.action(action="bell")
        assert await result(switch) == ("bell", "published", "")


async def test_new_settings_with_another_broker_end_this_bridge_and_it_says_goodbye(
    switch: Switch, broker: Mosquitto, bridge: Bridging, ports: Ports
) -> None:
    await broker.start()
    other, now = settings(ports.take()), [settings(broker.port)]
    async with Listener(broker.port) as house, bridge(broker.port, lambda: now[0]) as work:
        await house.until(all_is_told(house))
        now[0] = other
        switch.tell(Applied, revision=2)
        async with asyncio.timeout(20):
            assert (await work)[0] is other
        await house.until(is_said(house, "bridge/state", "offline"))


async def test_a_broker_that_speaks_only_mqtt_3_is_served_in_mqtt_3(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with only_mqtt_3(broker.port) as port, Listener(broker.port) as house, bridge(port):
        await house.until(all_is_told(house))
        switch.action()
        assert await result(switch) == ("lamp", "published", "")
        await house.until(lambda: house.payloads("home/lamp/set") == ["ON"])


@asynccontextmanager
async def only_mqtt_3(port: int) -> AsyncIterator[int]:
    """Stands before a broker and answers MQTT 5 as a broker of 2014 would: unacceptable protocol version."""

    async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await reader.read(4096)
        if hello[8:9] == b"\5":  # fixed header, length, "MQTT", level: for a CONNECT under 128 bytes
            writer.write(b"\x20\x02\x00\x01")
            writer.close()
            return
        behind, before = await asyncio.open_connection("127.0.0.1", port)
        before.write(hello)
        await asyncio.gather(pass_on(reader, before), pass_on(behind, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 0)])
async def test_a_bridge_that_ends_is_offline_on_the_broker_however_it_ended(
    tmp_path: Path, switch: Switch, broker: Mosquitto, number: int, code: int
) -> None:
    await broker.start()
    document = tmp_path / "office.toml"
    document.write_text(
        f'[office]\nname = "Example Ltd"\ncountry = "LT"\ntime_zone = "Europe/Vilnius"\n[mqtt]\nport = {broker.port}\n'
    )
    given = ("bridge", "--settings", str(document), "--socket", str(switch.socket), "--state", str(tmp_path))
    async with Listener(broker.port) as house:
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "appliance.programs", *given)
        try:
            await house.until(all_is_told(house))
            os.kill(process.pid, number)
            await house.until(is_said(house, "bridge/state", "offline"))
            async with asyncio.timeout(20):
                assert await process.wait() == code
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def test_what_is_published_is_on_its_way_before_anything_else_is_done(broker: Mosquitto) -> None:
    """The library's own client would wait for the next turn of the loop, and for all that is done in it."""
    await broker.start()
    async with Connection("127.0.0.1", broker.port) as client, Listener(broker.port) as house:
        saying = client.tell(Message("now", b"1", False), None)
        saying.send(None)  # its first step alone
        assert not client._client.want_write()
        saying.close()
        await house.until(lambda: house.payloads("now"))
        assert (
            await client.tell(Message("long", b"x" * 5_000_000, False), None) == 0
        )  # more than a socket takes at once
        await house.until(lambda: house.payloads("long"))
