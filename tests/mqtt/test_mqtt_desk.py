# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests over a real Mosquitto: asked, carried out at the switch, answered; retained, late and forbidden ones are not."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import aiomqtt
from msgspec.structs import replace
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from appliance.control.messages import Override, Refused, SetStatus
from appliance.mqtt.bridge import Logins
from appliance.mqtt.broker import Login
from appliance.programs.demo.ports import Ports
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import Switch, now
from tests.mqtt.house import BOX, Bridging, all_is_told, settings

ASKING = {"requests": True}
STATUS = {"person": "anna", "status": "away", "transaction": "a1"}


async def ask(house: Listener, name: str, payload: object, *, retain: bool = False, **properties: Any) -> None:
    """Publish a request."""
    given = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    for key, value in properties.items():
        setattr(given, key, value)
    body = json.dumps(payload).encode() if not isinstance(payload, bytes) else payload
    await house.client.publish(f"{BOX}/request/{name}", body, qos=1, retain=retain, properties=given)


async def answer(house: Listener, name: str, topic: str = "") -> dict[str, Any]:
    """The next answer on a topic."""
    topic = topic or f"{BOX}/response/{name}"
    seen = len(house.payloads(topic))
    await house.until(lambda: len(house.payloads(topic)) > house.answered.get(topic, 0))
    house.answered[topic] = house.answered.get(topic, 0) + 1
    assert seen <= len(house.payloads(topic))
    return dict(json.loads(house.payloads(topic)[house.answered[topic] - 1]))


async def ready(house: Listener) -> None:
    await house.until(all_is_told(house))
    asked = 0
    while not house.payloads(f"{BOX}/response/health"):  # requests are heard from a moment on
        asked += 1
        await ask(house, "health", {"transaction": asked})
        await asyncio.sleep(0.3)
    while json.loads(house.now[f"{BOX}/response/health"])["transaction"] != asked:  # none is still to come
        await asyncio.sleep(0.01)
    house.answered[f"{BOX}/response/health"] = len(house.payloads(f"{BOX}/response/health"))


async def test_a_calendar_sets_a_status_and_is_told_that_it_is_done(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with Listener(broker.port) as house, bridge(settings(broker.port, mqtt=ASKING)):
        await ready(house)
        await ask(house, "status", STATUS)
        assert await answer(house, "status") == {"status": "ok", "data": {}, "error": "", "transaction": "a1"}
        assert [replace(one, id=0) for one in switch.asked] == [SetStatus(0, "anna", "away", "", "mqtt", None)]
        await ask(house, "mode", {"mode": "closed"})
        await answer(house, "mode")
        assert [one.hours for one in switch.asked if isinstance(one, Override)] == ["office", "saturday"]


async def test_what_the_switch_refuses_is_answered_with_its_reason(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    switch.refuses = Refused("cannot", "A call that leaves a message cannot be sent elsewhere.")
    async with Listener(broker.port) as house, bridge(settings(broker.port, mqtt=ASKING)):
        await ready(house)
        await ask(house, "status", STATUS)
        said = await answer(house, "status")
        assert (said["status"], said["transaction"]) == ("error", "a1") and said["error"].startswith("cannot: ")
        await ask(house, "sms", {"to": "+37060000001", "person": "anna", "text": "hello", "transaction": 7})
        said = await answer(house, "sms")
        assert said["transaction"] == 7 and said["error"] == "bad-request: say one of to and person"


async def test_a_request_that_is_retained_late_or_repeated_does_nothing_more(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with Listener(broker.port) as house:
        await ask(house, "status", {**STATUS, "transaction": "before we came"}, retain=True)
        async with bridge(settings(broker.port, mqtt=ASKING)):
            assert (await answer(house, "status"))["error"].startswith("retained: ")
            await ready(house)
            await ask(house, "status", {**STATUS, "transaction": "while we are here"}, retain=True)
            assert (await answer(house, "status"))["error"].startswith("retained: ")
            await ask(house, "status", {**STATUS, "expires_at": now() - 1})
            assert (await answer(house, "status"))["error"].startswith("expired: ")
            assert not switch.asked
            for _ in range(3):
                await ask(house, "status", STATUS)
                assert (await answer(house, "status"))["status"] == "ok"
            assert len(switch.asked) == 1


async def test_a_broker_that_freezes_with_requests_in_hand_does_not_have_them_done_when_it_wakes(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    """The request is sent while the broker sleeps: it reaches us only seconds later, and says itself that it is late."""
    await broker.start()
    async with Listener(broker.port) as house, bridge(settings(broker.port, mqtt=ASKING)):
        await ready(house)
        broker.freeze()
        request = {**STATUS, "expires_at": now() + 500}
        sent = asyncio.create_task(ask(house, "status", request))
        await asyncio.sleep(1.0)
        broker.thaw()
        await sent
        assert (await answer(house, "status"))["error"].startswith("expired: ")
        assert not switch.asked


async def test_an_answer_goes_where_the_asker_waits_for_it_but_nowhere_outside_the_box(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with Listener(broker.port) as house, bridge(settings(broker.port, mqtt=ASKING)):
        await ready(house)
        mine = f"{BOX}/response/status/calendar"
        await ask(house, "status", STATUS, ResponseTopic=mine, CorrelationData=b"42")
        assert (await answer(house, "status", mine))["status"] == "ok"
        [message] = [message for message in house.messages if str(message.topic) == mine]
        assert message.properties and message.properties.CorrelationData == b"42"  # type: ignore[attr-defined]
        assert not message.retain
        await ask(house, "status", {**STATUS, "transaction": "a2"}, ResponseTopic="home/gate/set")
        await answer(house, "status")
        await answer(house, "status")
        assert "home/gate/set" not in house.now


async def test_a_broker_whose_settings_do_not_say_so_may_ask_for_nothing(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with Listener(broker.port) as house, bridge(broker.port):
        await house.until(all_is_told(house))
        await ask(house, "status", STATUS)
        await asyncio.sleep(0.5)
        assert not switch.asked and f"{BOX}/response/status" not in house.now


async def test_who_may_ask_for_what_is_told_by_the_brokers_own_list(
    switch: Switch, tmp_path: Path, ports: Ports, bridge: Bridging
) -> None:
    users = {"box": "secret-of-the-box", "calendar": "secret-of-the-calendar"}
    rules = (
        f"user box\ntopic readwrite {BOX}/#\n"
        f"user calendar\ntopic read {BOX}/#\ntopic write {BOX}/request/status\ntopic write {BOX}/request/health\n"
    )
    async with Mosquitto(tmp_path, ports.take(), users=users, access=rules) as broker:
        await broker.start()
        mine = Login("box", users["box"])
        async with (
            Listener(broker.port, login=("calendar", users["calendar"])) as house,
            bridge(settings(broker.port, mqtt=ASKING), secrets=Logins({"": mine})),
        ):
            await ready(house)
            await ask(house, "mode", {"mode": "closed"})
            await ask(house, "status", STATUS)
            assert (await answer(house, "status"))["status"] == "ok"
            assert [type(one) for one in switch.asked] == [SetStatus]


async def test_a_page_holds_against_a_calendar_and_says_for_how_long(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with (
        Listener(broker.port) as house,
        bridge(settings(broker.port, mqtt={**ASKING, "status_holds": 10})),
    ):
        await ready(house)
        switch.person("anna", status="meeting", source="page", since=now())
        await house.until(lambda: '"meeting"' in house.now[f"{BOX}/person/anna/state"])
        await ask(house, "status", STATUS)
        held = (await answer(house, "status"))["error"]
        assert re.fullmatch("held: it was set by hand, and stays for (59.|600) s more", held)
        assert not switch.asked


async def test_a_flood_of_requests_is_bounded_and_others_still_get_through(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with (
        Listener(broker.port) as house,
        aiomqtt.Client("127.0.0.1", broker.port) as hostile,
        bridge(settings(broker.port, mqtt={**ASKING, "request_rate": 20})),
    ):
        await ready(house)
        for n in range(2000):
            body = json.dumps({**STATUS, "transaction": n})
            await hostile.publish(f"{BOX}/request/status", body, qos=0)
        await ask(house, "mode", {"mode": "open", "transaction": "mine"})
        assert (await answer(house, "mode"))["transaction"] == "mine"
        assert sum(isinstance(one, SetStatus) for one in switch.asked) <= 20
        assert len(house.payloads(f"{BOX}/response/status")) < 40
