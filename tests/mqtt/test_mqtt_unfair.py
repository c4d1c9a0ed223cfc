# SPDX-License-Identifier: GPL-2.0-or-later
"""A broker that delivers late, twice, and as if retained: no action fires late, twice or from a retained message."""

import asyncio
import json

import pytest

from appliance.control.messages import Dial, Request
from tests.fakes.actuator import Actuator
from tests.fakes.between import Delivery, late, retained, twice, unfair
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import Switch, now
from tests.mqtt.house import BOX, RIGHT_WITHIN, Bridging, all_is_told, is_said, says, settings
from tests.mqtt.stage import Staging

LATE = 2.0  # seconds
QUICK = ('state_expected = "open"', 'state_expected = "open"\nstate_within = 1\ncool_down = 0')
DELIVERIES = pytest.mark.parametrize("how", [late(LATE), twice, retained], ids=["late", "twice", "retained"])


async def ask(house: Listener, name: str, **said: object) -> None:
    await house.client.publish(f"{BOX}/request/{name}", json.dumps(said), qos=1)


def answers(house: Listener, name: str) -> list[str]:
    return [json.loads(payload)["error"] for payload in house.payloads(f"{BOX}/response/{name}")]


@DELIVERIES
async def test_a_request_is_done_once_or_not_at_all(
    switch: Switch, broker: Mosquitto, bridge: Bridging, how: Delivery
) -> None:
    await broker.start()
    spoilt: list[Delivery] = []
    async with (
        unfair(broker.port, lambda: spoilt[0] if spoilt else None, f"{BOX}/request/dial") as port,
        Listener(broker.port) as house,
        bridge(settings(port, mqtt={"requests": True})),
    ):
        await house.until(all_is_told(house))
        while not answers(house, "health"):
            await ask(house, "health")
            await asyncio.sleep(0.2)
        spoilt.append(how)
        await ask(house, "dial", to="101", say="The door is open.", expires_at=now() + 1000)
        await house.until(lambda: answers(house, "dial"))
        await asyncio.sleep(0.6)
        dialled: list[Request] = [one for one in switch.asked if isinstance(one, Dial)]
        if how is twice:
            assert len(dialled) == 1
        else:
            assert not dialled and answers(house, "dial")[0].split(":")[0] in ("expired", "retained")
        switch.line("city", state="talking")
        await house.until(says(house, "line/city/state", state="talking"), RIGHT_WITHIN)


@DELIVERIES
async def test_the_gate_is_opened_once_or_not_at_all_and_not_opened_is_an_alarm(
    broker: Mosquitto, stage: Staging, how: Delivery
) -> None:
    await broker.start()
    async with (
        unfair(broker.port, lambda: how, "gate/set") as port,
        stage(QUICK) as on,
        Actuator(port, "gate/set", "gate/state") as thing,
    ):
        on.switch.action(action="gate", keys="4711", lives=1500)
        became = await on.became()
        await asyncio.sleep(LATE)
        if how is twice:
            assert became == ("gate", "confirmed", "")
            assert len(thing.did) == 1 and len(thing.told) == 3
        else:
            assert became == ("gate", "unconfirmed", "no-answer")
            assert not thing.did and len(thing.told) == 1
            assert on.events("gate")[-1] == "alarm"


@DELIVERIES
async def test_what_the_gate_says_counts_once_and_when_it_is_said(
    broker: Mosquitto, stage: Staging, how: Delivery
) -> None:
    await broker.start()
    async with (
        unfair(broker.port, lambda: how, "gate/state") as port,
        stage(QUICK, port=port) as on,
        Actuator(broker.port, "gate/set", "gate/state") as thing,
    ):
        became = await on.sets_off("gate")
        assert became == (("gate", "confirmed", "") if how is twice else ("gate", "unconfirmed", "no-answer"))
        await asyncio.sleep(LATE)
        assert len(thing.did) == 1
        assert [decision for _, decision, _ in on.log()] == ["fire", "result"]
        assert on.switch.results.empty()


async def test_when_such_a_broker_was_away_all_is_right_again_within_five_seconds(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()

    def all_at_once() -> Delivery:
        return lambda packet: [(0.5, one) for _, one in (*twice(packet), *retained(packet))]

    async with unfair(broker.port, all_at_once) as port, bridge(settings(port, mqtt={"requests": True})):
        async with Listener(broker.port) as house:
            await house.until(all_is_told(house))
        await broker.kill()
        switch.line("city", state="talking")
        await broker.start()
        async with Listener(broker.port) as house:
            await house.until(says(house, "line/city/state", state="talking"), RIGHT_WITHIN)
            await house.until(is_said(house, "bridge/state", "online"), RIGHT_WITHIN)
