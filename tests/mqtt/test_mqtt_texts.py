# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines with a modem on MQTT: signal, SIM, text messages that come and are sent; and how much of them is told."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance.control.live import Live
from appliance.control.modems import Modem, SendText
from appliance.mqtt.connection import QUOTA_EXCEEDED, Connection
from appliance.mqtt.discovery import Discovery
from appliance.mqtt.topics import Message
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import Switch, small_office, with_modem
from tests.mqtt.house import BOX, Bridging, all_is_told, is_said, says, settings
from tests.mqtt.test_mqtt_desk import answer, ask, ready

MODEM = f"{BOX}/line/gsm/modem"
EVENTS = f"{BOX}/call/event"


def components(kind: Any = "device", *, requests: bool = True, modem: bool = True) -> dict[str, dict[str, Any]]:
    discovery = Discovery(kind, "homeassistant", BOX, "office", requests=requests, version="0.1.0")
    office = with_modem(small_office()) if modem else small_office()
    [whole] = discovery.announce(Live(office), (), ("anna", "gone"))
    return dict(json.loads(whole.payload)["cmps"])


def test_a_line_with_a_modem_shows_its_signal_operator_and_sim_and_others_do_not() -> None:
    shown = components()
    assert [id for id in shown if id.endswith(("_signal", "_operator", "_sim"))] == [
        *("line_gsm_signal", "line_gsm_operator", "line_gsm_sim")
    ]
    assert shown["line_gsm_signal"]["unit_of_measurement"] == "dBm"
    assert {shown[f"line_gsm_{field}"]["state_topic"] for field in ("signal", "operator", "sim")} == {MODEM}


def test_what_is_wrong_with_a_sim_is_shown_while_the_line_is_not_there() -> None:
    shown = components()
    assert [one["topic"] for one in shown["line_gsm_sim"]["availability"]] == [f"{BOX}/bridge/state"]
    assert f"{BOX}/line/gsm/availability" in [one["topic"] for one in shown["line_gsm_signal"]["availability"]]


def test_who_has_a_mobile_can_be_written_to_where_a_line_can_and_requests_are_taken() -> None:
    written = components()["person_anna_sms"]
    assert (written["p"], written["command_topic"]) == ("notify", f"{BOX}/request/sms")
    assert [id for id in components() if id.endswith("_sms")] == ["person_anna_sms"]
    assert "person_anna_sms" not in components(requests=False)
    assert "person_anna_sms" not in components(modem=False)


def test_the_firmware_says_what_is_installed_and_not_that_it_is_the_latest() -> None:
    firmware = components()["firmware"]
    assert (firmware["p"], firmware["state_topic"]) == ("update", f"{BOX}/bridge/info")
    assert "installed_version" in firmware["value_template"] and "latest" not in json.dumps(firmware)


async def test_the_house_sees_the_modem_and_what_becomes_of_its_sim(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    switch.office = with_modem(switch.office)
    async with Listener(broker.port) as house, bridge(broker.port):
        await house.until(says(house, "line/gsm/modem", standing="ready", signal=-71, sim="ready", operator="Tele 2"))
        assert "350000000000006" not in "".join(house.now.values()), "its IMEI is nobody's business"
        switch.line("gsm", usable=False, modem=Modem(standing="unfit", why="sim-missing: NONE", sim="sim-missing"))
        await house.until(says(house, "line/gsm/modem", standing="unfit", why="sim-missing", signal=None))
        await house.until(lambda: house.now.get(f"{BOX}/line/gsm/availability") == "offline")


@pytest.mark.parametrize(
    ("privacy", "number", "text"),
    [("full", "+37060000001", "Your code is 4711"), ("last-four", "…0001", ""), ("hash", None, "")],
)
async def test_a_text_message_that_comes_is_told_as_far_as_numbers_are(
    privacy: str, number: str | None, text: str, switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with Listener(broker.port) as house, bridge(settings(broker.port, mqtt={"privacy": privacy})):
        await house.until(all_is_told(house))
        switch.text("received", "Your code is 4711")
        await house.until(lambda: house.payloads(EVENTS))
        switch.text("delivered", "A secret of ours")
        await house.until(lambda: len(house.payloads(EVENTS)) == 2)
        came, delivered = (json.loads(payload) for payload in house.payloads(EVENTS))
        assert (came["event_type"], came["line"], came["text"]) == ("sms", "gsm", text)
        assert came["number"] == number or (number is None and "0001" not in came["number"])
        assert (delivered["event_type"], delivered["text"]) == ("sms-delivered", "")
        assert came["event_id"] != delivered["event_id"]
        assert not [m for m in house.messages if str(m.topic) == EVENTS and m.retain]


def told(house: Listener) -> list[str]:
    return [json.loads(payload)["text"] for payload in house.payloads(EVENTS)]


async def test_texts_that_came_while_the_bridge_was_away_are_told_once_in_their_order(
    switch: Switch, broker: Mosquitto, bridge: Bridging, tmp_path: Path
) -> None:
    await broker.start()
    kept = tmp_path / "state" / "texts-told"
    switch.text(text="of before anybody listened")
    async with Listener(broker.port) as house:

        async def listens(*texts: str, until: str) -> None:
            async with bridge(broker.port):
                await house.until(all_is_told(house))
                for text in texts:
                    switch.text(text=text)
                await house.until(lambda: told(house)[-1:] == [until])
                async with asyncio.timeout(10):  # else it is told again, since it may be owed
                    while not kept.exists() or kept.read_text() != str(switch.texts[-1].id):
                        await asyncio.sleep(0.01)
            await house.until(is_said(house, "bridge/state", "offline"))

        await listens("first", until="first")
        for n in range(250):
            switch.text(text=f"{n}")
        await listens(until="249")
        await listens(until="249")
        await listens("last", until="last")
        assert told(house) == ["first", *(f"{n}" for n in range(250)), "last"]


async def test_texts_that_came_while_the_broker_was_away_are_told_when_it_is_back(
    switch: Switch, broker: Mosquitto, bridge: Bridging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.mqtt.outbox.MOMENT_LIFE", 0.0)  # news is old at once
    await broker.start()
    async with bridge(broker.port):
        async with Listener(broker.port) as house:
            await house.until(all_is_told(house))
        await broker.kill()
        for n in range(100):
            switch.text(text=f"{n}")
        await broker.start()
        async with Listener(broker.port) as house:
            await house.until(lambda: len(told(house)) == 100)
            assert told(house) == [f"{n}" for n in range(100)]


async def test_a_text_the_broker_has_no_room_for_now_is_told_later_before_the_next(
    switch: Switch, broker: Mosquitto, bridge: Bridging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.mqtt.outbox.PUT_OFF", 0.1)
    refusals, tell = [QUOTA_EXCEEDED] * 3, Connection.tell

    async def refuses(connection: Connection, message: Message, properties: Any) -> int:
        if message.topic == EVENTS and b"first" in message.payload and refusals:
            return refusals.pop()
        return await tell(connection, message, properties)

    monkeypatch.setattr(Connection, "tell", refuses)
    await broker.start()
    async with Listener(broker.port) as house, bridge(broker.port):
        await house.until(all_is_told(house))
        switch.text(text="first")
        switch.text(text="second")
        await house.until(lambda: told(house)[-1:] == ["second"])
        assert told(house) == ["first", "second"] and not refusals


async def test_a_text_that_came_before_the_broker_was_there_at_all_is_told_by_the_next_bridge(
    switch: Switch, broker: Mosquitto, bridge: Bridging, tmp_path: Path
) -> None:
    async with bridge(broker.port), asyncio.timeout(10):
        while not (tmp_path / "state" / "texts-told").exists():
            await asyncio.sleep(0.01)
        switch.text(text="first")
    await broker.start()
    async with Listener(broker.port) as house, bridge(broker.port):
        await house.until(lambda: told(house) == ["first"])


async def test_a_text_message_is_asked_for_and_sent_once(switch: Switch, broker: Mosquitto, bridge: Bridging) -> None:
    await broker.start()
    switch.office = with_modem(switch.office)
    async with Listener(broker.port) as house, bridge(settings(broker.port, mqtt={"requests": True})):
        await ready(house)
        for _ in range(2):
            await ask(house, "sms", {"person": "anna", "text": 'A "letter" has come.'})
            said = await answer(house, "sms")
            assert (said["status"], said["data"]) == ("ok", {"sms": 7, "line": "gsm"})
        [sent] = switch.asked
        assert msgspec.structs.replace(sent, id=0) == SendText(0, "person.anna", 'A "letter" has come.')


async def test_a_network_that_takes_no_message_holds_no_other_request_up(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    switch.office, switch.network = with_modem(switch.office), asyncio.Event()
    async with Listener(broker.port) as house, bridge(settings(broker.port, mqtt={"requests": True})):
        await ready(house)
        for n in range(5):
            await ask(house, "sms", {"to": "+37060000001", "text": f"{n}", "transaction": n})
        assert (await answer(house, "sms"))["error"] == "busy: too many requests are under way"
        await ask(house, "status", {"person": "anna", "status": "away"})
        assert (await answer(house, "status"))["status"] == "ok"
        switch.network.set()
        assert {(await answer(house, "sms"))["transaction"] for _ in range(4)} == {0, 1, 2, 3}
