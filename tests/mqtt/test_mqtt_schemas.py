# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything published is as the manual's schemas say, and the manual is up to date."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from appliance.control.messages import Happened
from appliance.mqtt.reference import reference, schema
from appliance.mqtt.requests import KINDS, Refused, read
from appliance.mqtt.topics import EVENT_TYPES, PAYLOADS, WORDS
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import CALL, Switch, with_modem
from tests.mqtt.house import BOX, Bridging, all_is_told, settings

PAGE = Path(__file__).parents[2] / "docs" / "mqtt.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text().startswith("# MQTT")
    assert PAGE.read_text().endswith(reference()), "run: python -m appliance.mqtt.reference docs/mqtt.md"


def schemas() -> dict[str, dict[str, Any]]:
    """As they stand on the page, by topic."""
    found = re.findall(r"^### `([^`]+)`\n\n[^\n]*\n\n```json\n(.*?)\n```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return {topic: json.loads(text) for topic, text in found}


def test_every_schema_is_one() -> None:
    assert len(schemas()) == len(PAYLOADS) + len(KINDS)
    for one in schemas().values():
        jsonschema.Draft202012Validator.check_schema(one)
        assert one["additionalProperties"] is False or "response" in str(one)


def check(topic: str, payload: str) -> None:
    """A message is what the page says of its topic."""
    path = topic.removeprefix(f"{BOX}/").split("/")
    named = (
        "/".join([path[0], "NAME", *path[2:]])
        if path[0] not in ("bridge", "mode", "call", "missed")
        else "/".join(path)
    )
    words = WORDS.get(named.replace("NAME", "+"))
    if words:
        assert payload in words
    else:
        jsonschema.validate(json.loads(payload), schemas()[named])


async def test_everything_published_in_a_busy_day_is_as_the_page_says(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    switch.office = with_modem(switch.office)
    async with Listener(broker.port) as house, bridge(settings(broker.port, mqtt={"requests": True})):
        await house.until(all_is_told(house))
        switch.call(name="Mr Kazlauskas \U0001f600 \u2028")
        switch.line("city", state="ringing", calls=(CALL,))
        switch.person("anna", status="meeting", source="page", since=1)
        for state in ("received", "sent", "delivered", "failed"):
            switch.text(state, text="\U0001f600" * 2000)
        for n, kind in enumerate(sorted(kind for kind in EVENT_TYPES if not kind.startswith("sms"))):
            switch.tell(Happened, kind=kind, call=n, line="city", number="+37060000001", lists=("regulars",))
        switch.action()
        for name in KINDS:
            await house.client.publish(f"{BOX}/request/{name}", b"{}", qos=1)
            await house.client.publish(f"{BOX}/request/{name}", b'{"transaction": 5, "mode": "open"}', qos=1)
        await house.until(lambda: house.now.get(f"{BOX}/response/health"))
        await house.until(lambda: len(house.payloads(f"{BOX}/call/event")) == len(EVENT_TYPES))
        await house.until(lambda: len(house.payloads(f"{BOX}/action/lamp/event")) == 2)
        told = [(str(m.topic), m.payload.decode()) for m in house.messages if isinstance(m.payload, bytes)]
        ours = [(topic, payload) for topic, payload in told if topic.startswith(BOX) and "/request/" not in topic]
        for topic, payload in ours:
            check(topic, payload)
        kinds = {
            re.sub(r"^(line|queue|person|hours|action|response)/[^/]+", r"\1/+", t.removeprefix(f"{BOX}/"))
            for t, _ in ours
        }
        assert kinds == set(PAYLOADS) | set(WORDS)


@pytest.mark.parametrize("name", KINDS)
def test_an_empty_request_is_refused_by_the_schema_as_by_the_bridge(name: str) -> None:

    sound = jsonschema.Draft202012Validator(schema(KINDS[name])).is_valid({})
    try:
        read(name, b"{}")
    except Refused:
        assert not sound
    else:
        assert sound
