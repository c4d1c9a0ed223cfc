# SPDX-License-Identifier: GPL-2.0-or-later
"""Home Assistant itself beside a whole box: `make homeassistant`. Minutes; not among the ordinary tests."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from appliance.programs.demo.broker import Broker
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.calls.stories import changed, use
from tests.homeassistant.home import HomeAssistant
from tests.lines.mobile import CALLED, HELLO, line, modem
from tests.telephones.stage import ANNA_HZ, Stage

pytestmark = pytest.mark.timeout(400)

ASKING = 'discovery = "entity"\nrequests = true\n[hours.office]\n'
SCRIPTS = """\
  anna_meets:
    sequence:
      - service: mqtt.publish
        data:
          topic: linekeeper/office/request/status
          payload: '{"person": "anna", "status": "meeting", "reason": "calendar", "expires_s": 3600}'
  anna_is_called:
    sequence:
      - service: mqtt.publish
        data:
          topic: linekeeper/office/request/dial
          payload: '{"to": "101", "say": "The door of the house is open.", "language": "en"}'
"""
LINE, QUEUE, ANNA, EVENT = (
    *("sensor.example_ltd_city", "sensor.example_ltd_sales_waiting", "select.example_ltd_anna"),
    "event.example_ltd_calls",
)


class House(NamedTuple):
    stage: Stage
    broker: Broker
    office: Office
    home: HomeAssistant


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with Stage(tmp_path / "stage") as stage:
        stage.folder.mkdir()
        broker = stage.broker()
        await broker.start()
        office = await stage.office(mqtt=broker.port, mqtt_more=ASKING)
        home = HomeAssistant(tmp_path / "home", stage.ports.take(), broker.port, SCRIPTS)
        try:
            await home.start()
            yield House(stage, broker, office, home)
        finally:
            await home.end()


def shows(entity: str, state: str, **attributes: object) -> Any:
    def check(states: dict[str, dict[str, Any]]) -> object:
        one = states.get(entity, {"state": None, "attributes": {}})
        return one["state"] == state and attributes.items() <= one["attributes"].items()

    return check


async def when_it_rings(home: HomeAssistant) -> None:
    """An automation of the house: the trigger of the caller list turns something on."""
    device = (await home.ask("template", {"template": "{{ device_id('" + LINE + "') }}"})).strip()
    trigger = {
        "platform": "device",
        "domain": "mqtt",
        "device_id": device,
        "type": "ringing",
        "subtype": "callers regulars",
    }
    trigger["discovery_id"] = "office rings_callers_regulars"
    rule = {
        "id": "rang", "alias": "rang", "trigger": [trigger],
        "action": [{"service": "input_boolean.turn_on", "target": {"entity_id": "input_boolean.rang"}}],
    }  # fmt: skip
    (home.folder / "automations.yaml").write_text(json.dumps([rule]))
    await home.service("automation", "reload")


async def test_the_house_sees_the_box_follows_a_call_and_acts_on_it(house: House) -> None:
    home, stage, office = house.home, house.stage, house.office
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    await home.until(shows(LINE, "idle", number="", friendly_name="Example Ltd City"))
    await home.until(shows(ANNA, "available"))
    await home.until(shows("binary_sensor.example_ltd_city_connection", "on", device_class="connectivity"))
    await home.until(shows(EVENT, "unknown"))
    await when_it_rings(home)
    caller = await stage.outside(office, "caller-waits")
    await home.until(shows(LINE, "talking", number="+37060000001", caller="Mr Kazlauskas"))  # he hears music
    await home.until(shows(QUEUE, "1"))
    await home.until(lambda states: states[EVENT]["attributes"].get("event_type") == "ringing")
    await home.until(shows("input_boolean.rang", "on"))
    await anna.rings()
    await anna.accept()
    await anna.talks()
    await home.until(shows("sensor.example_ltd_anna_telephone", "talking"))
    await home.until(shows(QUEUE, "0"))
    await home.service("button", "press", entity_id="button.example_ltd_hang_up_city")
    await anna.closed()
    await home.until(shows(LINE, "idle", number=""))
    await home.until(lambda states: states[EVENT]["attributes"].get("event_type") == "ended")
    await caller.finished()


async def test_a_script_of_the_house_and_its_page_set_statuses_and_the_office_at_night(house: House) -> None:
    home, office = house.home, house.office
    await home.until(shows(ANNA, "available"))
    await home.service("script", "anna_meets")
    await home.until(shows(ANNA, "meeting"))
    await home.service("select", "select_option", entity_id=ANNA, option="away")
    await home.until(shows(ANNA, "away"))
    await home.until(shows("switch.example_ltd_night_mode", "off"))
    await home.service("switch", "turn_on", entity_id="switch.example_ltd_night_mode")
    await home.until(shows("select.example_ltd_office_mode", "closed"))
    await home.service("select", "select_option", entity_id="select.example_ltd_office_mode", option="as-written")
    await home.until(shows("switch.example_ltd_night_mode", "off"))
    set_to = [event.detail["status"] for event in Reader(office.journal).events(0) if event.kind == "status"]
    assert set_to == ["meeting", "away"]


async def test_a_script_of_the_house_makes_the_box_call_and_speak(house: House) -> None:
    home, stage, office = house.home, house.stage, house.office
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    await home.until(shows("sensor.example_ltd_anna_telephone", "free"))
    await home.service("script", "anna_is_called")
    await anna.rings()
    await anna.accept()
    await anna.talks()
    await anna.closed()  # it has said what it had to say
    await home.service("text", "set_value", entity_id="text.example_ltd_say_to_anna", value='A "letter" has come.')
    await anna.rings()
    await anna.accept()
    await anna.closed()


async def test_everything_is_there_again_after_each_of_the_three_was_away(house: House) -> None:
    home, office, broker = house.home, house.office, house.broker
    await home.until(shows(LINE, "idle"))
    await home.end()
    await home.start()
    await home.until(shows(LINE, "idle"))
    await home.until(shows(ANNA, "available"))
    await broker.end()
    await home.until(shows(LINE, "unavailable"))
    await broker.start()  # and it has forgotten everything
    await home.until(shows(LINE, "idle"))
    await home.until(shows("sensor.example_ltd_sales_free_people", "0"))
    await office.end()
    await home.until(shows(LINE, "unavailable"))
    await home.until(shows(ANNA, "unavailable"))
    await office.start()
    await home.until(shows(LINE, "idle"))
    await asyncio.sleep(0)
    await home.until(shows(ANNA, "available"))


async def test_the_house_sees_a_modem_and_a_missed_caller_and_writes_to_a_person(house: House) -> None:
    home, stage, office = house.home, house.stage, house.office
    simulator = modem(stage.folder)
    simulator.plug()
    mobile = ('name = "Anna"\n', f'name = "Anna"\nmobile = "{CALLED}"\n')
    await use(office, changed(office.document, mobile) + line(simulator, more='scenario = "main"\n'))
    await home.until(shows("sensor.example_ltd_gsm_signal", "-73", unit_of_measurement="dBm"))
    await home.until(shows("sensor.example_ltd_gsm_operator", "Example Mobile"))
    await home.until(shows("sensor.example_ltd_gsm_sim", "ready", registration="home"))
    await home.until(shows("update.example_ltd_firmware", "unknown", device_class="firmware"))
    states = await home.states()
    assert states["update.example_ltd_firmware"]["attributes"]["installed_version"], "its version is not shown"
    await home.until(shows("sensor.example_ltd_missed_callers", "0"))
    simulator.ring("+37060000003")
    await home.until(shows("sensor.example_ltd_gsm", "talking", number="+37060000003"))  # he hears music
    simulator.far_hangs_up()
    await home.until(shows("sensor.example_ltd_missed_callers", "1", overdue=0))
    await home.service("text", "set_value", entity_id="text.example_ltd_text_anna", value='A "letter" has come.')
    await simulator.until(lambda: simulator.sent, 20)
    await home.until(lambda states: states[EVENT]["attributes"].get("event_type") == "sms-sent")
    simulator.text_comes(HELLO)
    await home.until(lambda states: states[EVENT]["attributes"].get("text") == "hellohello")
    simulator.unplug()
    await home.until(shows("sensor.example_ltd_gsm_signal", "unavailable"))
    await home.until(shows("sensor.example_ltd_gsm_sim", "unknown", standing="absent"))
