# SPDX-License-Identifier: GPL-2.0-or-later
"""A modem's line through a whole box, its bridge and a real Mosquitto: what the house sees of it, is told by it, and asks."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from appliance.control import client
from appliance.control.modems import Code, Sms, Texts
from appliance.programs.demo.modem.simulator import Simulator
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.calls.stories import changed, use
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.lines.mobile import CALLED, CALLER, HELLO, line, modem, seen, stands
from tests.lines.mobile import events as journalled
from tests.telephones.baresip import Baresip
from tests.telephones.stage import ANNA_HZ, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOX = "linekeeper/office"
DIVERTED_TO = "+37060000666"
WITHIN = 30.0  # seconds
SENDER = "+447700900123"  # of HELLO
WAYS_OUT = ('[outside]\nlines = ["city"]', '[outside]\nlines = ["gsm", "city"]')
MORE = 'divert_check = true\nbalance_code = "*100#"\nbalance_rule = "Balance: ([-0-9., ]+)"\nscenario = "main"\n'
GATE = """
[hours.day]
week = { mon = ["00:00-24:00"], tue = ["00:00-24:00"], wed = ["00:00-24:00"], thu = ["00:00-24:00"], \
fri = ["00:00-24:00"], sat = ["00:00-24:00"], sun = ["00:00-24:00"] }
[action.gate]
class = 2
callers = "regulars"
lines = ["gsm"]
hours = "day"
by_number = true
calling = true
reject = true
topic = "gate/set"
payload = "open"
state_topic = "gate/state"
state_expected = "open"
"""


@dataclass
class House:
    """A box with a modem, and somebody who listens to its broker."""

    stage: Stage
    office: Office
    modem: Simulator
    ear: Listener
    anna: Baresip

    def says(self, topic: str, **facts: object) -> Any:
        def check() -> bool:
            shown = json.loads(self.ear.now.get(f"{BOX}/{topic}") or "{}")
            return all(shown.get(key) == value for key, value in facts.items())

        return check

    async def until(self, topic: str, **facts: object) -> None:
        await self.ear.until(self.says(topic, **facts), WITHIN)

    def events(self, kind: str) -> list[dict[str, Any]]:
        told = [json.loads(payload) for payload in self.ear.payloads(f"{BOX}/call/event")]
        return [one for one in told if one["event_type"] == kind]

    async def texts(self) -> tuple[Sms, ...]:
        async with await client.connect(self.office.socket) as switch:
            return await switch.request(Texts(0))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with Stage(folder) as stage, Mosquitto(folder, stage.ports.take()) as broker:
        await broker.start()
        simulator = modem(folder)
        simulator.diverts_to, simulator.replies["*100#"] = DIVERTED_TO, "Balance: 12.50 EUR"
        simulator.plug()
        office = await stage.office(mqtt=broker.port, mqtt_more="requests = true\n", music=False)
        mobile = ('name = "Anna"\n', f'name = "Anna"\nmobile = "{CALLED}"\n')
        await use(office, changed(office.document, mobile, WAYS_OUT) + line(simulator, more=MORE) + GATE)
        await stands(office, "gsm", "ready")
        anna = await stage.desk(office, "desk1", ANNA_HZ)
        async with Listener(broker.port) as ear:
            yield House(stage, office, simulator, ear, anna)
        simulator.unplug()


async def test_the_house_sees_signal_sim_operator_and_balance(house: House) -> None:
    await house.until("line/gsm/modem", standing="ready", sim="ready", registration="home", signal=-73)
    await house.until("line/gsm/modem", operator="Example Mobile", balance="12.50")
    await house.until("line/gsm/state", state="idle")


async def test_callers_who_were_sent_to_the_networks_voicemail_are_so_no_longer(house: House) -> None:
    async with asyncio.timeout(WITHIN):
        while (known := (await seen(house.office, "gsm")).modem) is None or not known.divert:
            await asyncio.sleep(0.1)
    assert known.divert == f"{DIVERTED_TO}, cleared"
    assert house.modem.diverts_to == ""


async def test_a_caller_of_the_modem_is_seen_in_the_house(house: House) -> None:
    house.modem.ring("+37060000003")
    await house.anna.rings()
    await house.until("line/gsm/state", state="ringing", number="+37060000003")
    house.modem.far_hangs_up()
    await house.until("line/gsm/state", state="idle", number="")


async def test_he_is_to_be_called_back_until_he_was(house: House) -> None:
    await house.until("missed/state", open=1, overdue=0)
    [caller] = json.loads(house.ear.now[f"{BOX}/missed/state"])["callers"]
    assert (caller["number"], caller["line"], caller["calls"]) == ("+37060000003", "gsm", 1)
    await house.anna.dial("860000003")
    await house.modem.until(lambda: house.modem.calls, WITHIN)
    house.modem.far_rings()
    house.modem.far_answers()
    await house.anna.talks()
    house.modem.far_hangs_up()
    await house.until("missed/state", open=0, callers=[])


async def test_who_calls_while_the_line_is_busy_is_to_be_called_back_and_the_house_knows_his_number(
    house: House,
) -> None:
    second = "+37060000004"
    house.modem.ring("+37060000003")
    await house.anna.rings()
    await house.anna.accept()
    await house.anna.talks()
    knocks = house.modem.knock(second)
    await house.until("missed/state", open=1)
    [caller] = json.loads(house.ear.now[f"{BOX}/missed/state"])["callers"]
    assert (caller["number"], caller["line"]) == (second, "gsm")
    await house.ear.until(lambda: [one["number"] for one in house.events("missed")][-1:] == [second], WITHIN)
    [kept] = [one for one in Reader(house.office.journal).calls() if one.caller == second]
    assert (kept.line, kept.outcome, kept.answered_at) == ("gsm", "abandoned", None)
    house.modem.finish(knocks)
    house.modem.far_hangs_up()
    await house.anna.closed()
    await house.anna.dial("860000004")
    await house.modem.until(lambda: house.modem.calls, WITHIN)
    house.modem.far_answers()
    await house.anna.talks()
    house.modem.far_hangs_up()
    await house.until("missed/state", open=0, callers=[])


async def test_a_listed_caller_is_refused_unanswered_and_the_gate_opens(house: House) -> None:
    house.modem.heard.clear()
    rung = len(house.events("ringing"))
    house.modem.ring(CALLER)
    await house.ear.until(lambda: house.ear.payloads("gate/set") == ["open"], WITHIN)
    await house.ear.client.publish("gate/state", b"open", qos=1)
    await house.ear.until(house.says("action/gate/event", event_type="confirmed"), WITHIN)
    await house.modem.until(lambda: not house.modem.calls)
    await house.ear.until(lambda: house.events("ended"), WITHIN)
    assert "AT+CHUP" in house.modem.heard and "ATA" not in house.modem.heard
    assert len(house.events("ringing")) == rung, "a telephone rang for him"
    [call] = [one for one in Reader(house.office.journal).calls() if one.caller == CALLER]
    assert call.answered_at is None and call.outcome == "refused"


async def test_a_text_message_is_journalled_and_told_once_however_often_the_modem_tells_it(house: House) -> None:
    gsm, another = house.modem, HELLO.replace("62118281035180", "62118281035280")
    gsm.refuses = {"+CMGD"}
    gsm.text_comes(HELLO)
    for _ in range(2):
        gsm.heard.clear()
        gsm.say('+CMTI: "SM",1')
        await gsm.until(lambda: "AT+CMGD=1" in gsm.heard, WITHIN)
    gsm.refuses = set()
    gsm.text_comes(another)
    gsm.say('+CMTI: "SM",1')
    await gsm.until(lambda: not gsm.memory, WITHIN)
    await house.ear.until(lambda: len(house.events("sms")) == 2, WITHIN)
    first = house.events("sms")[0]
    assert (first["line"], first["number"], first["text"]) == ("gsm", SENDER, "hellohello")
    assert [one.text for one in await house.texts() if one.state == "received"] == ["hellohello"] * 2
    kept = await journalled(house.office, "sms", 2)
    assert [(one["state"], one["number"]) for one in kept] == [("received", SENDER)] * 2


async def test_a_text_message_the_house_asks_for_goes_to_the_mobile_of_a_person(house: House) -> None:
    asked = json.dumps({"person": "anna", "text": "The door is open.", "transaction": "door"})
    await house.ear.client.publish(f"{BOX}/request/sms", asked, qos=1)
    await house.until("response/sms", status="ok", transaction="door")
    await house.ear.until(lambda: [one["number"] for one in house.events("sms-sent")] == [CALLED], WITHIN)
    [pdu] = house.modem.sent
    assert "0B917360000000F9" in pdu, "not to her number"
    await house.ear.client.publish(f"{BOX}/request/sms", json.dumps({"to": "112", "text": "help"}), qos=1)
    await house.until("response/sms", status="error", error="number-refused: text messages are not for emergencies")


async def test_the_network_is_asked_what_is_left(house: House) -> None:
    async with await client.connect(house.office.socket) as switch:
        assert await switch.request(Code(0, "gsm", "*100#")) == "Balance: 12.50 EUR"


async def test_pulled_out_the_house_sees_it_and_nothing_old_of_its_sim(house: House) -> None:
    house.modem.unplug()
    await house.until("line/gsm/modem", standing="absent", sim="", operator="", signal=None)
    await house.ear.until(lambda: house.ear.now.get(f"{BOX}/line/gsm/availability") == "offline", WITHIN)
    house.modem.plug()
    await house.until("line/gsm/modem", standing="ready", sim="ready")
    assert house.says("missed/state", open=0)(), "the caller of the gate is not to be called back"
