# SPDX-License-Identifier: GPL-2.0-or-later
"""What Home Assistant and openHAB are told that the box has; over a real Mosquitto, what stays and what goes."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from appliance.control.live import Live
from appliance.control.messages import Applied, Happened, Override, SetStatus
from appliance.mqtt import outlet as outlet_module
from appliance.mqtt.discovery import Discovery
from appliance.mqtt.homie import Homie
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import CALL, Switch, small_office
from tests.mqtt.house import BOX, Bridging, all_is_told, settings

LISTS = ("regulars",)
WHOLE = "homeassistant/device/office/config"


def discovery(kind: Any, *, requests: bool = True) -> Discovery:
    return Discovery(kind, "homeassistant", BOX, "office", requests=requests, version="0.1.0")


def announced(kind: Any, *, requests: bool = True) -> dict[str, dict[str, Any]]:
    messages = discovery(kind, requests=requests).announce(Live(small_office()), LISTS)
    assert all(message.retain for message in messages)
    return {message.topic: json.loads(message.payload) for message in messages}


def components(requests: bool = True) -> dict[str, dict[str, Any]]:
    return dict(announced("device", requests=requests)[WHOLE]["cmps"])


def test_the_device_is_one_message_with_everything_in_it() -> None:
    whole = announced("device")
    assert list(whole) == [WHOLE]
    assert whole[WHOLE]["dev"]["identifiers"] == ["linekeeper_office"]
    assert whole[WHOLE]["dev"]["name"] == "Example Ltd"
    assert whole[WHOLE]["o"]["name"] == "Linekeeper"
    assert {component["p"] for component in components().values()} == {
        *("sensor", "binary_sensor", "select", "switch", "button", "event", "notify", "device_automation", "update")
    }


def test_an_older_home_assistant_gets_each_entity_in_a_message_of_its_own_and_the_same_of_it() -> None:
    each = announced("entity")
    assert len(each) == len(components())
    for topic, config in each.items():
        _, platform, box, id, _ = topic.split("/")
        assert box == "office" and config.pop("device")["identifiers"] == ["linekeeper_office"]
        config.pop("origin")
        platform = "notify" if platform == "text" else platform  # older ones know no entity to notify by
        assert {"p": platform, **config} == components()[id]


def test_every_entity_has_an_id_of_its_own_and_a_name_without_the_devices() -> None:
    entities = [one for one in components().values() if one["p"] != "device_automation"]
    assert len({one["unique_id"] for one in entities}) == len(entities)
    assert not [one["name"] for one in entities if "Example" in one["name"] or "Linekeeper" in one["name"]]


def test_a_line_is_there_only_while_bridge_and_line_are() -> None:
    line = components()["line_city"]
    assert line["availability"] == [{"topic": f"{BOX}/bridge/state"}, {"topic": f"{BOX}/line/city/availability"}]
    assert line["availability_mode"] == "all"
    assert (line["device_class"], line["options"]) == ("enum", ["idle", "ringing", "dialing", "talking"])


def test_nothing_is_a_lock_and_nothing_asks_where_the_settings_take_no_requests() -> None:
    asking = {"select", "switch", "button", "notify", "lock", "cover"}
    assert not {one["p"] for one in components(requests=False).values()} & asking
    assert not [one for one in components(requests=False).values() if "command_topic" in one]
    assert "lock" not in {one["p"] for one in components().values()}


def test_no_event_and_no_command_is_retained() -> None:
    assert not [one for one in components().values() if one.get("retain")]


def test_an_entity_that_is_gone_is_named_once_more_so_that_home_assistant_forgets_it() -> None:
    announcing, office = discovery("device"), small_office()
    announcing.announce(Live(office), LISTS)
    fewer = Live(msgspec.structs.replace(office, lines=office.lines[:1]))
    [message] = announcing.announce(fewer, LISTS)
    assert json.loads(message.payload)["cmps"]["line_backup"] == {"p": "sensor"}


# ---- on a broker ----------------------------------------------------------------------------------------------------


def homed(port: int, **more: object) -> Any:
    return settings(port, mqtt={"discovery": "device", "requests": True, **more})


async def test_when_home_assistant_has_come_back_it_is_told_all_anew(
    switch: Switch, broker: Mosquitto, bridge: Bridging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet_module, "BIRTH_WAIT", (0.2, 0.4))
    await broker.start()
    async with Listener(broker.port) as house, bridge(homed(broker.port)):
        await house.until(all_is_told(house))
        await house.until(lambda: WHOLE in house.now)
        await asyncio.sleep(0.5)  # all is told; nothing more comes by itself
        before = [len(house.payloads(topic)) for topic in (WHOLE, f"{BOX}/bridge/state", f"{BOX}/line/city/state")]
        await house.client.publish("homeassistant/status", b"online", qos=1)
        await house.until(lambda: len(house.payloads(f"{BOX}/bridge/state")) > before[1])
        after = [len(house.payloads(topic)) for topic in (WHOLE, f"{BOX}/bridge/state", f"{BOX}/line/city/state")]
        assert after == [count + 1 for count in before]
        await house.client.publish("homeassistant/status", b"offline", qos=1)
        await asyncio.sleep(0.6)
        assert len(house.payloads(WHOLE)) == after[0]


async def test_what_an_earlier_bridge_left_is_taken_away_and_what_others_keep_is_not(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    left = [f"{BOX}/line/gone/state", f"{BOX}/person/gone/state", "homeassistant/sensor/office/line_gone/config", WHOLE]
    others = ["homeassistant/device/kitchen/config", "home/lamp", f"{BOX}/request/note", "linekeeper/branch/mode/state"]
    async with Listener(broker.port) as house:
        for topic in (*left, *others):
            await house.client.publish(topic, b"{}", qos=1, retain=True)
        async with bridge(settings(broker.port, mqtt={"discovery": "entity"})):
            await house.until(all_is_told(house))
            await house.until(lambda: all(house.now[topic] == "" for topic in left))
            await house.until(lambda: "homeassistant/sensor/office/line_city/config" in house.now)
        async with Listener(broker.port) as later:
            await later.until(lambda: f"{BOX}/bridge/state" in later.now)
            await later.until(lambda: [later.now.get(topic) for topic in others] == ["{}"] * 4)
            assert not [topic for topic in left if later.now.get(topic)]


async def test_many_telephones_ring_for_one_call_and_a_trigger_fires_once(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with Listener(broker.port) as house, bridge(homed(broker.port)):
        await house.until(all_is_told(house))
        for person in ("anna", "boris"):
            switch.tell(Happened, kind="ringing", call=CALL, line="city", person=person, lists=LISTS)
        switch.tell(Happened, kind="ringing", call=7, line="city", person="anna")
        await house.until(lambda: len(house.payloads(f"{BOX}/call/event")) == 3)
        shown = [json.loads(payload) for payload in house.payloads(f"{BOX}/call/event")]
        assert [(one["first"], one["lists"]) for one in shown] == [
            (True, ["regulars"]), (False, ["regulars"]), (True, [])
        ]  # fmt: skip


async def test_a_line_taken_out_leaves_home_assistant_too(switch: Switch, broker: Mosquitto, bridge: Bridging) -> None:
    await broker.start()
    async with Listener(broker.port) as house, bridge(settings(broker.port, mqtt={"discovery": "entity"})):
        await house.until(all_is_told(house))
        switch.office = msgspec.structs.replace(switch.office, lines=switch.office.lines[:1], revision=2)
        switch.tell(Applied, revision=2)
        await house.until(lambda: house.now.get("homeassistant/sensor/office/line_backup/config") == "")
        assert house.now["homeassistant/sensor/office/line_city/config"]


# ---- Homie ----------------------------------------------------------------------------------------------------------

HOMIE = "homie/5/office"


def test_by_homie_every_property_described_has_a_value_and_every_value_is_described() -> None:
    homie = Homie("Office_1", settable=True)
    kept = {topic.removeprefix("homie/5/office-1/"): m for topic, m in homie.retained(Live(small_office()), 0).items()}
    described = json.loads(kept.pop("$description").payload)
    assert list(kept)[-1] == "$state" and kept.pop("$state").payload == b"ready"
    assert described["homie"] == "5.0" and isinstance(described["version"], int)
    properties = {f"{n}/{p}": one for n, node in described["nodes"].items() for p, one in node["properties"].items()}
    assert set(properties) == set(kept)
    for path, one in properties.items():
        value = kept[path].payload
        assert value, path
        match one["datatype"]:
            case "enum":
                assert value.decode() in one["format"].split(",")
            case "integer":
                assert int(value) >= 0
            case "boolean":
                assert value in (b"true", b"false")
    assert {path for path, one in properties.items() if one.get("settable")} == {
        *("office/mode", "person-anna/status", "person-boris/status")
    }


def test_another_description_has_another_version() -> None:
    homie, office = Homie("office", settable=False), small_office()

    def version(live: Live) -> int:
        return int(json.loads(homie.retained(live, 0)[f"{HOMIE}/$description"].payload)["version"])

    assert version(Live(office)) == version(Live(office))
    assert version(Live(office)) != version(Live(msgspec.structs.replace(office, lines=office.lines[:1])))


async def test_openhab_reads_the_box_and_sets_a_status(switch: Switch, broker: Mosquitto, bridge: Bridging) -> None:
    await broker.start()
    async with Listener(broker.port) as house:
        async with bridge(settings(broker.port, mqtt={"homie": True, "requests": True})):
            await house.until(lambda: house.now.get(f"{HOMIE}/$state") == "ready")
            switch.call(name="Mr Kazlauskas")
            switch.line("city", state="ringing", calls=(CALL,))
            await house.until(lambda: house.now.get(f"{HOMIE}/line-city/number") == "+37060000001")
            await asyncio.sleep(0.3)  # what is to be set is heard
            await house.client.publish(f"{HOMIE}/person-anna/status/set", b"meeting", qos=1)
            await house.client.publish(f"{HOMIE}/office/mode/set", b"closed", qos=1)
            await house.client.publish(f"{HOMIE}/line-city/state/set", b"idle", qos=1)
            await house.until(lambda: len(house.payloads(f"{BOX}/response/mode")) == 1)
            await house.until(lambda: len(house.payloads(f"{BOX}/response/status")) == 1)
            asked = switch.asked
            assert [one.status for one in asked if isinstance(one, SetStatus)] == ["meeting"]
            assert len([one for one in asked if isinstance(one, Override)]) == 2
            await house.client.publish(f"{HOMIE}/person-anna/status/set", b"off", qos=1, retain=True)
            await house.until(lambda: "retained" in house.payloads(f"{BOX}/response/status")[-1])
            await switch.stop()
            await house.until(lambda: house.now[f"{HOMIE}/$state"] == "disconnected")
        await house.until(lambda: house.now[f"{HOMIE}/$state"] == "lost")
