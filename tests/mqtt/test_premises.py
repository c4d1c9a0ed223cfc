# SPDX-License-Identifier: GPL-2.0-or-later
"""Actions from due to done on a real Mosquitto, with a small thing that does as it is told: what fires, and what does not."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import Secret

from appliance.control.messages import ActionAborted, Applied
from appliance.mqtt import audit, enabling, record
from appliance.mqtt.bridge import ActionFiles
from appliance.settings import pins
from appliance.settings.load import parse
from appliance.settings.models import Settings
from appliance.settings.passwords import ProofSecret
from tests.fakes.actuator import Actuator
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import Switch
from tests.mqtt.house import BOX, Bridging, is_said
from tests.settings.premises import ALL

ANNA, BORIS = "+37060000001", "+37060000002"
HOLDERS = {
    "anna": ProofSecret(pin=Secret(pins.hashed("4711", cost=4))),
    "boris": ProofSecret(pin=Secret(pins.hashed("0815", cost=4))),
}
Result = tuple[str, str, str]


def office(port: int, *changes: tuple[str, str], text: str = ALL) -> Settings:
    """With `changes` in its words."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse(text.replace("[mqtt]\n", f"[mqtt]\nport = {port}\n"), Path("office.toml"))


class Stage:
    """A bridge with its switch, and somebody who listens to the house."""

    def __init__(self, switch: Switch, house: Listener, folder: Path) -> None:
        self.switch, self.house, self.folder = switch, house, folder

    async def became(self) -> Result:
        async with asyncio.timeout(15):
            told = await self.switch.results.get()
        return told.action, told.result, told.reason

    async def sets_off(self, action: str, keys: str = "4711", **facts: Any) -> Result:
        self.switch.action(action=action, keys=keys, **facts)
        return await self.became()

    def events(self, action: str) -> list[str]:
        return [json.loads(payload)["event_type"] for payload in self.house.payloads(f"{BOX}/action/{action}/event")]

    def log(self) -> list[tuple[str, str, str]]:
        kept = record.read(self.folder)
        return [(e.action, e.decision, e.reason) for e in audit.read(self.folder / audit.FILE, audit.Head(*kept.head))]

    async def until_logged(self, *last: str) -> None:
        """What became of an action is told first and is on the disk a moment later."""
        async with asyncio.timeout(5):
            while self.log()[-1][: len(last)] != last:
                await asyncio.sleep(0.01)


Staging = Callable[..., Any]


@pytest.fixture
def stage(
    switch: Switch, broker: Mosquitto, bridge: Bridging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Staging:
    monkeypatch.setattr("appliance.mqtt.premises.enabled", lambda path, name: name in allowed(path))

    @asynccontextmanager
    async def run(*changes: tuple[str, str], **more: Any) -> AsyncIterator[Stage]:
        settings = office(broker.port, *changes)
        files = ActionFiles(tmp_path / "state", tmp_path / "class-4", lambda: HOLDERS)
        async with Listener(broker.port) as house, bridge(settings, more.get("reread"), None, files):
            await house.until(is_said(house, "bridge/state", "online"))
            yield Stage(switch, house, tmp_path / "state")

    return run


def allowed(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def gate(broker: Mosquitto, answers: Callable[[str, str], str | None] = lambda p, r: "open", **how: Any) -> Actuator:
    return Actuator(broker.port, "gate/set", "gate/state", answers, **how)


async def test_the_gate_opens_for_the_right_pin_and_says_so_itself(broker: Mosquitto, stage: Staging) -> None:
    await broker.start()
    async with stage() as on, gate(broker, keeps=True) as thing:
        assert await on.sets_off("gate") == ("gate", "confirmed", "")
        [did] = thing.did
        assert json.loads(did) == {"open": True, "request_id": "request-1"}
        [message] = [m for m in on.house.messages if str(m.topic) == "gate/set"]
        assert (message.qos, message.retain) == (1, False)
        assert 0 < message.properties.MessageExpiryInterval <= 10
        await on.house.until(lambda: on.events("gate") == ["due", "confirmed"])
        assert on.log()[:1] == [("gate", "fire", "")]
        text = (on.folder / audit.FILE).read_text() + (on.folder / record.MEMORY).read_text()
        assert "4711" not in text and '"holder":"anna"' in text


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"keys": "4712"}, "wrong-keys"),
        ({"keys": ""}, "keys"),
        ({"number": "+37060000009"}, "not-listed"),
        ({"number": ANNA[:-1]}, "not-listed"),
        ({"number": "", "trust": "none"}, "withheld"),
        ({"line": "backup"}, "other-line"),
        ({"lives": 0}, "expired"),
    ],
)
async def test_nothing_is_sent_for_what_the_ladder_denies(
    broker: Mosquitto, stage: Staging, facts: dict[str, Any], reason: str
) -> None:
    await broker.start()
    async with stage() as on, gate(broker) as thing:
        if facts.get("keys") == "":
            facts = {**facts, "asked": True}
        assert await on.sets_off("gate", **facts) == ("gate", "denied", reason)
        await on.house.until(lambda: on.events("gate") == ["denied"])
        assert not thing.told
        assert len(on.log()) == 1


async def test_a_gate_that_says_nothing_or_something_else_is_an_alarm(broker: Mosquitto, stage: Staging) -> None:
    await broker.start()
    within = ('state_expected = "open"', 'state_expected = "open"\nstate_within = 1\ncool_down = 0')
    async with stage(within) as on:
        for answer in (None, "shut"):
            async with gate(broker, lambda payload, request, a=answer: a) as thing:
                assert await on.sets_off("gate") == ("gate", "unconfirmed", "no-answer")
                assert len(thing.did) == 1
        await on.house.until(lambda: on.events("gate")[-1] == "alarm")
        await on.until_logged("gate", "result", "no-answer")


async def test_a_state_told_before_or_kept_by_the_broker_confirms_nothing(broker: Mosquitto, stage: Staging) -> None:
    await broker.start()
    async with gate(broker, lambda payload, request: None, keeps=True) as thing:
        await thing.tell("open")
        within = ('state_expected = "open"', 'state_expected = "open"\nstate_within = 2\ncool_down = 0')
        async with stage(within) as on:
            assert await on.sets_off("gate") == ("gate", "unconfirmed", "no-answer")
            on.switch.action(action="gate", keys="4711")
            await on.house.until(lambda: len(on.house.payloads("gate/set")) == 2)
            await thing.tell("open")
            assert await on.became() == ("gate", "confirmed", "")


async def test_the_same_request_again_fires_nothing_also_after_a_restart(broker: Mosquitto, stage: Staging) -> None:
    await broker.start()
    async with gate(broker) as thing:
        async with stage(('state_expected = "open"', 'state_expected = "open"\ncool_down = 0')) as on:
            assert (await on.sets_off("gate", request="r1"))[1] == "confirmed"
            assert await on.sets_off("gate", request="r1") == ("gate", "denied", "replayed")
        async with stage(('state_expected = "open"', 'state_expected = "open"\ncool_down = 0')) as on:
            assert await on.sets_off("gate", request="r1") == ("gate", "denied", "replayed")
            assert len(on.log()) == 4
        assert len(thing.told) == 1


async def test_a_lock_out_is_kept_over_a_restart_and_is_of_one_caller(broker: Mosquitto, stage: Staging) -> None:
    await broker.start()
    async with gate(broker) as thing:
        async with stage() as on:
            assert [(await on.sets_off("gate", "0000"))[2] for _ in range(3)] == ["wrong-keys"] * 3
        async with stage() as on:
            assert await on.sets_off("gate", request="r1") == ("gate", "denied", "locked-out")
            assert not thing.told
            assert (await on.sets_off("gate", "0815", number=BORIS, request="r2"))[1] == "confirmed"


async def test_a_frozen_broker_that_wakes_opens_no_gate(broker: Mosquitto, stage: Staging) -> None:
    await broker.start()
    async with stage() as on, gate(broker) as thing:
        broker.freeze()
        on.switch.action(action="gate", keys="4711", lives=2000)
        result = await on.became()
        assert result[:2] == ("gate", "failed")
        broker.thaw()
        await on.house.until(lambda: "failed" in on.events("gate"))
        await asyncio.sleep(1)
        assert not thing.did


async def test_a_broker_of_old_that_would_deliver_late_opens_no_gate(broker: Mosquitto, stage: Staging) -> None:
    await broker.start()
    old = ("[mqtt]\n", '[mqtt]\nprotocol = "3.1.1"\n')
    async with stage(old) as on, gate(broker) as thing:
        assert await on.sets_off("gate") == ("gate", "failed", "no-expiry")
        assert not thing.told
    carries = ('"{{ request_id }}"}', '"{{ request_id }}", "until": {{ expires_at }}}')
    async with stage(old, carries, ("class = 2", "class = 2\ncool_down = 0")) as on:
        on.switch.action(action="gate", keys="4711", request="carried")
        await on.house.until(lambda: on.house.payloads("gate/set"))
        assert json.loads(on.house.payloads("gate/set")[0])["until"] > 0


async def test_where_nothing_can_be_logged_only_a_lamp_is_lit(
    broker: Mosquitto, stage: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    await broker.start()

    def full(*given: object) -> None:
        raise OSError(28, "full")

    async with stage() as on, gate(broker) as thing:
        monkeypatch.setattr(audit.Log, "add", full)
        assert await on.sets_off("gate") == ("gate", "denied", "not-kept")
        assert await on.sets_off("lamp", "") == ("lamp", "published", "")
        assert not thing.told


async def test_a_damaged_log_or_memory_lets_nothing_be_opened(
    broker: Mosquitto, stage: Staging, tmp_path: Path
) -> None:
    await broker.start()
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / record.MEMORY).write_text("{}")
    async with stage() as on:
        assert await on.sets_off("gate") == ("gate", "denied", "not-kept")
    (tmp_path / "state" / record.MEMORY).write_text(json.dumps({"memory": {}, "head": [7, "x"]}))
    async with stage() as on:
        assert await on.sets_off("gate") == ("gate", "denied", "not-kept")
        assert await on.sets_off("lamp", "") == ("lamp", "published", "")


async def test_what_was_sent_when_the_bridge_ended_is_in_the_log_as_not_confirmed(
    broker: Mosquitto, stage: Staging, tmp_path: Path
) -> None:
    await broker.start()
    async with gate(broker, lambda payload, request: None):
        async with stage() as on:
            on.switch.action(action="gate", keys="4711")
            await on.house.until(lambda: on.house.payloads("gate/set"))
        assert on.log() == [("gate", "fire", ""), ("gate", "result", "bridge-ended")]
        async with stage() as on:
            assert await on.sets_off("gate", request="next") == ("gate", "denied", "cool-down")
            assert len(on.log()) == 3


async def test_settings_that_came_into_force_before_the_bridge_was_there_count(
    broker: Mosquitto, stage: Staging
) -> None:
    await broker.start()
    other = office(broker.port, ("21", "19"))
    async with stage(reread=lambda: other) as on:
        assert await on.sets_off("heating", "") == ("heating", "published", "")
        assert on.house.payloads("home/heating/set") == ["19"]


async def test_a_class_1_action_is_set_off_by_calling_and_then_rests(broker: Mosquitto, stage: Staging) -> None:
    await broker.start()
    async with stage() as on:
        assert await on.sets_off("heating", "") == ("heating", "published", "")
        assert await on.sets_off("heating", "") == ("heating", "denied", "cool-down")
        assert on.house.payloads("home/heating/set") == ["21"]


async def test_two_people_disarm_and_one_alone_does_not(broker: Mosquitto, stage: Staging) -> None:
    await broker.start()
    pin = ('challenge = "totp"', 'challenge = "pin"')
    async with stage(pin) as on, Actuator(broker.port, "alarm/set", "alarm/state", lambda p, r: "disarmed") as thing:
        assert await on.sets_off("alarm") == ("alarm", "waits", "second")
        assert await on.sets_off("alarm", number=BORIS) == ("alarm", "waits", "second"), "the same PIN again"
        assert not thing.told
        assert await on.sets_off("alarm", "0815", number=ANNA) == ("alarm", "confirmed", "")


# ---- class 4, on a dry run ------------------------------------------------------------------------------------------

QUICK = ('dry_run_payload = "rehearse"', 'dry_run_payload = "rehearse"\ncool_down = 0\ndelay = 10')


def store(broker: Mosquitto) -> Actuator:
    return Actuator(broker.port, "store/format", "store/state", lambda p, r: f"done {r}")


async def both(on: Stage) -> tuple[Result, Result]:
    return await on.sets_off("disk"), await on.sets_off("disk", "0815", number=BORIS)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The delay of ten seconds takes a fifth of one."""
    slept = asyncio.sleep

    async def sleep(seconds: float, *given: Any) -> None:
        await slept(0.2 if seconds == 10 else seconds, *given)

    monkeypatch.setattr("appliance.mqtt.premises.asyncio.sleep", sleep)


async def test_the_disk_is_left_alone_without_the_file_on_the_box(broker: Mosquitto, stage: Staging) -> None:
    await broker.start()
    async with stage(QUICK) as on, store(broker) as thing:
        assert await both(on) == (("disk", "denied", "not-enabled"),) * 2
        assert not thing.told


async def test_two_people_and_the_file_rehearse_the_disk_after_the_delay_and_format_nothing(
    broker: Mosquitto, stage: Staging, tmp_path: Path, quick: None
) -> None:
    await broker.start()
    (tmp_path / "class-4").write_text("disk\n")
    async with stage(QUICK) as on, store(broker) as thing:
        for _ in range(2):
            assert await both(on) == (("disk", "waits", "second"), ("disk", "waits", "delay"))
            assert await on.sets_off("disk") == ("disk", "denied", "pending")
            assert await on.became() == ("disk", "confirmed", "rehearsal")
        assert thing.did == ["rehearse", "rehearse"]


async def test_the_delay_can_be_aborted_and_ends_when_the_file_or_the_bridge_goes(
    broker: Mosquitto, stage: Staging, tmp_path: Path, quick: None
) -> None:
    await broker.start()
    (tmp_path / "class-4").write_text("disk\n")
    async with store(broker) as thing:
        async with stage(QUICK) as on:
            await both(on)
            on.switch.tell(ActionAborted, action="disk")
            assert await on.became() == ("disk", "aborted", "aborted")
            await on.until_logged("disk", "result")
            await both(on)
            (tmp_path / "class-4").unlink()
            assert await on.became() == ("disk", "aborted", "not-enabled")
            (tmp_path / "class-4").write_text("disk\n")
            await both(on)
        await asyncio.sleep(0.5)  # the delay would be over
        async with stage(QUICK) as on:
            assert await on.sets_off("lamp", "", request="lamp") == ("lamp", "published", "")
        assert not thing.told


async def test_a_disk_whose_settings_change_during_the_delay_is_left_alone(
    broker: Mosquitto, stage: Staging, tmp_path: Path, quick: None
) -> None:
    await broker.start()
    (tmp_path / "class-4").write_text("disk\n")
    now = [office(broker.port, QUICK)]
    async with stage(QUICK, reread=lambda: now[0]) as on, store(broker) as thing:
        await both(on)
        now[0] = office(broker.port, QUICK, ('payload = "format"', 'payload = "format all"'))
        on.switch.tell(Applied, revision=2)
        assert await on.became() == ("disk", "aborted", "changed")
        assert not thing.told


def test_only_root_s_file_on_the_box_lets_class_4_run(tmp_path: Path) -> None:
    path, me = tmp_path / "class-4", tmp_path.stat().st_uid

    def runs() -> bool:
        return enabling.enabled(path, "disk", me)

    assert not runs()
    path.write_text("other\ndisk\n")
    path.chmod(0o644)
    assert runs() and not enabling.enabled(path, "dis", me)
    assert not enabling.enabled(path, "disk", me + 1), "somebody else wrote it"
    for mode in (0o664, 0o646):
        path.chmod(mode)
        assert not runs()
    path.chmod(0o644)
    link = tmp_path / "link"
    link.symlink_to(path)
    assert not enabling.enabled(link, "disk", me)
    path.unlink()
    path.mkdir()
    assert not runs()
