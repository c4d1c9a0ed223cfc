# SPDX-License-Identifier: GPL-2.0-or-later
"""The MQTT broker comes and goes; calls do not mind, and what it is told is right soon after it is back."""

import json
import time
from typing import Any

import pytest

from appliance.programs.demo.broker import Listener
from appliance.store.reader import Reader
from tests.telephones.baresip import Baresip
from tests.telephones.rtp import Rtp
from tests.telephones.stage import ANNA_HZ, Stage

A_MINUTE = 60.0  # seconds
SOON = 5.0  # seconds after the broker's return
BOX = "linekeeper/office"


async def told(listener: Listener, topic: str, within: float = 20.0, **fields: Any) -> None:
    """Wait until the topic was told with these fields."""

    def matches(line: str) -> bool:
        name, _, payload = line.partition(" ")
        return name == topic and fields.items() <= json.loads(payload).items()

    await listener.seen.next(f"{topic} with {fields}", matches, within)


async def answered(anna: Baresip, ear: Rtp) -> None:
    await anna.rings()
    await anna.accept()
    await anna.talks()
    await ear.listens(0.5)


async def test_a_regular_calls_and_the_lamp_goes_on(stage: Stage) -> None:
    broker = stage.broker()
    await broker.start()
    listener = await stage.listener(broker, "#")
    office = await stage.office(mqtt=broker.port)
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    await listener.hears(f"{BOX}/bridge/state online")
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await listener.hears("home/porch/lamp/set ON")
    await told(listener, f"{BOX}/line/city/state", state="talking", number="+37060000001", name="Mr Kazlauskas")
    await told(listener, f"{BOX}/queue/sales/state", waiting=1)
    await answered(anna, ear)
    await anna.hang_up()
    await caller.finished()
    await told(listener, f"{BOX}/line/city/state", state="idle")
    await told(listener, f"{BOX}/queue/sales/state", waiting=0, free=1)
    for kind in ("ringing", "answered", "ended"):
        await told(listener, f"{BOX}/call/event", event_type=kind)
    late = await stage.listener(broker, "#")
    await late.hears(f"{BOX}/bridge/state online")
    assert not [line for line in late.seen.all if line.startswith("home/")], "the action was retained: it fires again"


async def test_somebody_else_calls_and_the_lamp_stays_dark(stage: Stage) -> None:
    broker = stage.broker()
    await broker.start()
    listener = await stage.listener(broker, "#")
    office = await stage.office(mqtt=broker.port)
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    for caller_number in ("+37060000002", "+370600000011", "anonymous"):
        caller = await stage.outside(office, "caller-waits", caller=caller_number)
        await anna.rings()
        await anna.accept()
        await anna.talks()
        await anna.hang_up()
        await caller.finished()
        await listener.hears('"event_type":"ended"')
    assert not [line for line in listener.seen.all if line.startswith("home/")]


async def test_the_broker_is_absent_at_the_start_and_is_told_all_when_it_comes(stage: Stage) -> None:
    broker = stage.broker()
    office = await stage.office(mqtt=broker.port)
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await answered(anna, ear)
    await broker.start()
    listener = await stage.listener(broker, "#")
    await told(listener, f"{BOX}/line/city/state", state="talking", number="+37060000001")
    await told(listener, f"{BOX}/person/anna/state", state="talking")
    await anna.hang_up()
    await caller.finished()
    await told(listener, f"{BOX}/line/city/state", state="idle")


@pytest.mark.timeout(240)
async def test_the_broker_is_gone_for_a_minute_and_comes_back_empty_while_calls_come_and_go(stage: Stage) -> None:
    broker = stage.broker()
    await broker.start()
    office = await stage.office(mqtt=broker.port)
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    await broker.end()
    gone, calls = time.monotonic(), 0
    while time.monotonic() - gone < A_MINUTE:
        caller = await stage.outside(office, "caller-waits", ear)
        await answered(anna, ear)
        await ear.listens(8.0)
        await anna.hang_up()
        await anna.closed()
        await caller.finished()
        calls += 1
    last = await stage.outside(office, "caller-waits", ear)
    await answered(anna, ear)
    await broker.start()
    back = time.monotonic()
    listener = await stage.listener(broker, "#")
    await told(listener, f"{BOX}/person/anna/state", state="talking")
    await listener.hears(f"{BOX}/bridge/state online")
    assert time.monotonic() - back < SOON
    await anna.hang_up()
    await last.finished()
    assert [call.outcome for call in Reader(office.journal).calls()][1:] == ["answered"] * calls
    assert (await stage.call_over(office, calls + 1)).outcome == "answered"
