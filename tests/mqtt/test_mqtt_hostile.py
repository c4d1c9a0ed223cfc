# SPDX-License-Identifier: GPL-2.0-or-later
"""Whoever may write to the broker, or has taken its place, tries to bring the bridge down or to make it write elsewhere."""

import asyncio
import json
import random
import time
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from appliance.mqtt import outlet
from tests.fakes.between import serving
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import Switch, now
from tests.mqtt.house import BOX, Bridging, all_is_told, says, settings

ASKING = {"requests": True, "request_rate": 100, "discovery": "device"}
CONNACK = b"\x20\x03\x00\x00\x00"
TOPIC = f"{BOX}/request/status".encode()


def publication(topic: bytes, payload: bytes, properties: bytes = b"", head: int = 0x32) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + b"\x00\x07" + bytes([len(properties)]) + properties + payload
    return bytes([head]) + length(len(body)) + body


def length(number: int) -> bytes:
    coded = b""
    while True:
        number, byte = number >> 7, number & 0x7F
        coded += bytes([byte | (0x80 if number else 0)])
        if not number:
            return coded


NASTY = {
    "a topic that is no UTF-8": publication(b"linekeeper/office/request/\xff\xfe", b"{}"),
    "a topic longer than its packet": b"\x32\x05\xff\xffabc",
    "properties longer than their packet": publication(TOPIC, b"", b"\x26\xff\xff\x00"),
    "a property there is not": publication(TOPIC, b"{}", b"\x7f\x01"),
    "an expiry cut short": publication(TOPIC, b"{}", b"\x02\x00"),
    "a quality of service of 3": publication(TOPIC, b"{}", head=0x36),
    "a length without end": b"\x32\xff\xff\xff\xff\xff\xff",
    "four times a thousand million bytes, announced": b"\x32\xff\xff\xff\x7f",
    "a packet of no kind": b"\x00\x00\xf0\x00",
    "an empty packet": b"\x32\x00",
    "answers to nothing": b"\x40\x02\x00\x63\x90\x04\x00\x63\x00\x01\xb0\x03\x00\x63\x00",
    "a second CONNACK": CONNACK,
    "a CONNECT to the client": b"\x10\x02\x00\x00",
    "two and a half kilobytes of noise": random.Random(4).randbytes(2500),
}


@pytest.mark.parametrize("said", NASTY.values(), ids=NASTY.keys())
async def test_a_broker_that_says_nonsense_is_left_and_the_house_s_other_one_goes_on(
    switch: Switch, broker: Mosquitto, bridge: Bridging, said: bytes
) -> None:
    await broker.start()
    came = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += 1
        await reader.read(2048)
        writer.write(CONNACK + said)
        while await reader.read(65536):
            pass

    async with serving(serve) as port, Listener(broker.port) as house:
        async with bridge(settings(broker.port, {"cloud": {"port": port, **ASKING}})) as work:
            await house.until(all_is_told(house))
            await asyncio.sleep(1.0)
            switch.line("city", state="talking")
            await house.until(says(house, "line/city/state", state="talking"))
            assert came and not work.done()


PAYLOADS: dict[str, bytes] = {
    "no UTF-8": b'{"person": "\xff\xfe", "status": "away"}',
    "half a surrogate": b'{"person": "\\ud800", "status": "away"}',
    "deep": b"[" * 4000,
    "deep in a field": b'{"person":' + b"[" * 2000,
    "not a number": b'{"person": "anna", "status": "away", "expires_s": NaN}',
    "without end": b'{"person": "anna", "status": "away", "expires_s": 1e999}',
    "a huge number": b'{"person": "anna", "status": "away", "expires_s": ' + b"9" * 3000 + b"}",
    "a huge transaction": b'{"person": "anna", "status": "away", "transaction": ' + b"9" * 400 + b"}",
    "too long": b'{"person": "' + b"x" * 5000 + b'"}',
    "the same field twice": b'{"person": "anna", "person": "../../x", "status": "away"}',
    "another topic for a name": b'{"person": "anna/state", "status": "away"}',
    "a name for all": b'{"person": "+", "status": "away"}',
    "a zero byte": b'{"person": "anna\\u0000", "status": "away"}',
    "nothing": b"",
}


async def ask(house: Listener, name: str, payload: bytes, **more: Any) -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    for key, value in more.items():
        setattr(properties, key, value)
    await house.client.publish(f"{BOX}/request/{name}", payload, qos=1, properties=properties)


async def test_hostile_requests_are_refused_and_the_next_one_is_done(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with Listener(broker.port) as house, bridge(settings(broker.port, mqtt=ASKING)) as work:
        await house.until(all_is_told(house))
        await asyncio.sleep(0.5)
        for payload in PAYLOADS.values():
            before = len(house.payloads(f"{BOX}/response/status"))
            await ask(house, "status", payload)
            await house.until(lambda before=before: len(house.payloads(f"{BOX}/response/status")) > before)
            said = json.loads(house.payloads(f"{BOX}/response/status")[-1])
            assert said["status"] == "error", payload
        assert not switch.asked and not work.done()


@pytest.mark.parametrize("where", ["/#", "/+", "/status/+/x", "/status\t"])
async def test_an_answer_asked_for_on_no_real_topic_brings_nobody_down(
    switch: Switch, broker: Mosquitto, bridge: Bridging, where: str
) -> None:
    await broker.start()
    async with Listener(broker.port) as house, bridge(settings(broker.port, mqtt=ASKING)) as work:
        await house.until(all_is_told(house))
        await asyncio.sleep(0.5)
        try:
            await ask(house, "health", b'{"transaction": 1}', ResponseTopic=f"{BOX}/response{where}")
        except Exception:
            return  # the broker itself does not have it
        await house.until(lambda: house.payloads(f"{BOX}/response/health"))
        await asyncio.sleep(0.2)
        assert not work.done()


async def test_a_flood_of_unknown_requests_and_of_births_makes_no_flood_of_answers(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    table = {**ASKING, "request_rate": 20}
    async with Listener(broker.port) as house, bridge(settings(broker.port, mqtt=table)):
        await house.until(all_is_told(house))
        await asyncio.sleep(0.5)
        told, began = len(house.messages), time.monotonic()
        for n in range(300):
            await house.client.publish(f"{BOX}/request/unknown{n}", "{}", qos=0)
            await house.client.publish("homeassistant/status", "online", qos=0)
        await asyncio.sleep(4.0)  # it is told everything again, once
        theirs = [message for message in house.messages[told:] if str(message.topic).startswith((f"{BOX}/response",))]
        assert len(theirs) < 40
        at_most = 2 + (time.monotonic() - began) / outlet.BIRTH_WAIT[0]
        assert len(house.payloads("homeassistant/device/office/config")) <= at_most
        assert now()
