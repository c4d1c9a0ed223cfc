# SPDX-License-Identifier: GPL-2.0-or-later
"""A gate is opened by telephone: the real switch, bridge and Mosquitto, SIPp and our RTP outside, a small gate that answers."""

import asyncio
import json
import re
import sys

import pytest

from appliance.mqtt import audit
from appliance.programs.demo.broker import Broker
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.calls.stories import AGAIN_HZ, PROMPT_HZ, SIMPLE, changed, hears, prompt, use
from tests.fakes.actuator import Actuator
from tests.telephones import tone
from tests.telephones.rtp import BOX_EVENTS, Rtp
from tests.telephones.sipp import Sipp
from tests.telephones.stage import ANNA_HZ, Stage

PIN = "8362"
DONE_HZ = 400
ONLINE = "linekeeper/office/bridge/state online"
MENU = """[scenario.main]
start = "welcome"
[scenario.main.step.welcome]
do = "menu"
prompt = "welcome"
timeout = 8
tries = 3
keys = { 5 = "gate" }
[scenario.main.step.gate]
do = "action"
action = "gate"
prompt = "pin"
next = "open"
refused = "welcome"
[scenario.main.step.open]
do = "say"
prompt = "done"
next = "over"
[scenario.main.step.over]
do = "hang-up"
"""
GATE = """
[hours.always]
week = { mon = ["00:00-24:00"], tue = ["00:00-24:00"], wed = ["00:00-24:00"], thu = ["00:00-24:00"], \
fri = ["00:00-24:00"], sat = ["00:00-24:00"], sun = ["00:00-24:00"] }
[action.gate]
class = 2
callers = "regulars"
lines = ["city"]
hours = "always"
challenge = "pin"
holders = ["kazlauskas"]
topic = "gate/set"
payload = '{"open": true, "by": {{ name | tojson }}, "keys": "{{ keys }}"}'
state_topic = "gate/state"
state_field = "state"
state_expected = "open"
state_within = 2
"""


async def program(*given_to: str, given: str = "") -> str:
    """What one of our programs prints."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.programs", *given_to, stdin=pipe, stdout=pipe
    )
    out, _ = await process.communicate(given.encode())
    assert process.returncode == 0
    return out.decode()


async def gated(stage: Stage, broker: Broker) -> Office:
    """An office whose menu opens the gate."""
    await broker.start()
    office = await stage.office(mqtt=broker.port)
    secrets = office.settings.with_name("secrets.toml")
    made = await program("proof", "kazlauskas", given=PIN)
    secrets.write_text(secrets.read_text() + made)
    prompts = prompt(stage, "welcome") + prompt(stage, "pin", AGAIN_HZ, 0.6) + prompt(stage, "done", DONE_HZ, 0.6)
    await use(office, changed(office.document, (SIMPLE, MENU)) + GATE + prompts)
    await (await stage.listener(broker, "linekeeper/office/bridge/state")).hears(ONLINE)
    return office


def gate(broker: Broker, *, stuck: bool = False) -> Actuator:
    state = '{"state": "stuck"}' if stuck else '{"state": "open"}'
    return Actuator(broker.port, "gate/set", "gate/state", lambda payload, request: state, keeps=True)


async def asks_for_the_gate(stage: Stage, office: Office, **how: str) -> tuple[Sipp, Rtp]:
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear, **how)
    await hears(stage, ear, PROMPT_HZ, 0.3)
    ear.press("5")
    return caller, ear


async def test_the_right_pin_opens_the_gate_and_the_caller_hears_that_it_is_open(stage: Stage) -> None:
    broker = stage.broker()
    office = await gated(stage, broker)
    async with gate(broker) as thing:
        caller, ear = await asks_for_the_gate(stage, office)
        await hears(stage, ear, AGAIN_HZ, 0.3)
        ear.press(PIN + "#")
        await hears(stage, ear, DONE_HZ, 0.3)
        await caller.finished()
        assert [json.loads(did) for did in thing.did] == [{"open": True, "by": "Mr Kazlauskas", "keys": "5"}]
    call = await stage.call_over(office)
    assert call.outcome == "self-service"
    events = Reader(office.journal).events(call.id)
    became = [event.detail for event in events if event.kind == "action-result"]
    assert [each["result"] for each in became if each["action"] == "gate"] == ["confirmed"]
    decided = [entry.decision for entry in audit.read(office.state / audit.FILE) if entry.action == "gate"]
    assert decided == ["fire", "result"]
    told = await program("audit", "--state", str(office.state))
    assert "gate: fire -" in told and "holder=kazlauskas" in told and "the chain holds" in told
    hidden_everywhere(office)


def hidden_everywhere(office: Office) -> None:
    """The PIN is in nothing that the box has written or said."""
    written = [path for path in office.folder.rglob("*") if path.is_file() and path.suffix != ".wav"]
    assert office.journal in written
    for path in written:
        assert not re.search(rf"(?<![0-9]){PIN}(?![0-9])".encode(), path.read_bytes()), path
    assert not [line for line in office.log.all if re.search(rf"(?<![0-9]){PIN}(?![0-9])", line)]


@pytest.mark.parametrize("stuck", [False, True], ids=["wrong PIN", "gate stuck"])
async def test_a_wrong_pin_opens_nothing_and_a_gate_that_is_stuck_is_an_alarm(stage: Stage, stuck: bool) -> None:
    broker = stage.broker()
    office = await gated(stage, broker)
    house = await stage.listener(broker, "linekeeper/office/action/#")
    async with gate(broker, stuck=stuck) as thing:
        _, ear = await asks_for_the_gate(stage, office)
        await hears(stage, ear, AGAIN_HZ, 0.3)
        ear.press((PIN if stuck else "0000") + "#")
        await house.hears('"event_type":"alarm"' if stuck else '"reason":"wrong-keys"')
        assert len(thing.told) == stuck


@pytest.mark.parametrize("number", ["+37060000002", "+370600000011", "anonymous"])
async def test_who_is_not_listed_hears_the_menu_again_and_is_asked_for_nothing(stage: Stage, number: str) -> None:
    broker = stage.broker()
    office = await gated(stage, broker)
    async with gate(broker) as thing:
        _, ear = await asks_for_the_gate(stage, office, caller=number)
        heard = await hears(stage, ear, PROMPT_HZ, 1.3)
        assert tone.heard(heard, AGAIN_HZ) < 0.1
        assert not thing.told
    assert not list(audit.read(office.state / audit.FILE))


async def test_a_call_that_only_opens_something_is_refused_with_603_and_costs_nothing(stage: Stage) -> None:
    broker = stage.broker()
    await broker.start()
    office = await stage.office(mqtt=broker.port)
    await use(
        office, changed(office.document, ('callers = "regulars"\nlines', 'callers = "regulars"\nreject = true\nlines'))
    )
    house = await stage.listener(broker, "#")
    await house.hears(ONLINE)
    caller = await stage.outside(office, "caller-declined")
    await house.hears("home/porch/lamp/set ON")
    await caller.finished()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    await stage.outside(office, "caller-waits", caller="+37060000002")
    await anna.rings()
    assert len([line for line in house.seen.all if line.startswith("home/")]) == 1


BACK = """
[scenario.back]
start = "welcome"
[scenario.back.step.welcome]
do = "menu"
prompt = "welcome"
timeout = 8
keys = { 5 = "gate" }
[scenario.back.step.gate]
do = "action"
action = "gate"
next = "open"
refused = "over"
[scenario.back.step.open]
do = "say"
prompt = "done"
next = "over"
[scenario.back.step.over]
do = "hang-up"
"""


async def test_who_calls_is_called_back_and_opens_the_gate_from_there(stage: Stage) -> None:
    broker = stage.broker()
    await broker.start()
    office = await stage.office(mqtt=broker.port)
    by_call = 'call_back = "back"\nreject = true\n'
    action = changed(GATE, ('challenge = "pin"\nholders = ["kazlauskas"]\n', by_call))
    prompts = prompt(stage, "welcome") + prompt(stage, "done", DONE_HZ, 0.6)
    await use(office, office.document + action + BACK + prompts)
    house = await stage.listener(broker, "linekeeper/office/#")
    await house.hears(ONLINE)
    async with gate(broker) as thing:
        caller = await stage.outside(office, "caller-declined")
        await caller.finished()
        await house.hears('"reason":"call-back"')
        ear = await stage.ear()
        await stage.sipp("callee-waits", port=office.city, rtp=ear.port)
        await hears(stage, ear, PROMPT_HZ, 0.3, within=20)
        assert not thing.told, "picking up is not enough"
        ear.press("5", BOX_EVENTS)
        await hears(stage, ear, DONE_HZ, 0.3)
        assert len(thing.did) == 1
