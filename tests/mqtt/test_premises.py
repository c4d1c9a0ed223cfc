# SPDX-License-Identifier: GPL-2.0-or-later
"""Actions from due to done on a real Mosquitto, with a small thing that does as it is told: what fires, and what does not."""

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from appliance.control.messages import ActionAborted, Applied
from appliance.mqtt import audit, enabling, proofs, record
from appliance.mqtt.bridge import ActionFiles
from appliance.programs.demo.tied import TIED
from appliance.settings.models import Settings
from tests.fakes.actuator import Actuator
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import Switch
from tests.mqtt.house import Bridging, is_said
from tests.mqtt.stage import ANNA, BORIS, HOLDERS, Result, Stage, Staging, office
from tests.settings.premises import ALL


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


async def test_a_bridge_killed_between_the_log_and_the_message_sends_nothing_later_and_the_log_tells_it(
    broker: Mosquitto, switch: Switch, tmp_path: Path
) -> None:
    """The program itself; the broker is frozen, so that what is decided and written cannot be sent."""
    await broker.start()
    document, state = tmp_path / "office.toml", tmp_path / "state"
    document.write_text(ALL.replace("[mqtt]\n", f"[mqtt]\nport = {broker.port}\n"))
    pin = HOLDERS["anna"].pin
    assert pin
    secrets = "".join(f'[proof.{name}]\npin = "{pin.get_secret_value()}"\ntotp = "{"A" * 32}"\n' for name in HOLDERS)
    document.with_name("secrets.toml").write_text(secrets)
    document.with_name("secrets.toml").chmod(0o600)
    async with Listener(broker.port) as house, gate(broker) as thing:
        on = Stage(switch, house, state)
        async with program(document, state, switch) as bridge:
            await house.until(is_said(house, "bridge/state", "online"))
            broker.freeze()
            switch.action(action="gate", keys="4711", request="r1")
            async with asyncio.timeout(20):
                while not (state / audit.FILE).exists() or not on.log():
                    await asyncio.sleep(0.005)
            bridge.kill()
            await bridge.wait()
        broker.thaw()
        await house.until(is_said(house, "bridge/state", "offline"))
        async with program(document, state, switch):
            await house.until(is_said(house, "bridge/state", "online"))
            assert await on.sets_off("gate", request="r1") == ("gate", "denied", "replayed")
            assert await on.sets_off("lamp", "", request="r2") == ("lamp", "published", "")
        assert not thing.told
        assert on.log()[:3] == [("gate", "fire", ""), ("gate", "result", "bridge-killed"), ("gate", "deny", "replayed")]


@asynccontextmanager
async def program(document: Path, state: Path, switch: Switch) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *TIED, sys.executable, "-m", "appliance.programs", "bridge",
        "--settings", str(document), "--socket", str(switch.socket), "--state", str(state),
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def test_a_log_written_before_the_memory_tells_the_request_that_must_not_come_again(tmp_path: Path) -> None:
    kept = record.Record(tmp_path)
    kept.keep(1, "gate", "fire", "", {"request": "r1"})
    memory = (tmp_path / record.MEMORY).read_bytes()
    kept.keep(2, "gate", "fire", "", {"request": "r2"})
    kept.close()
    (tmp_path / record.MEMORY).write_bytes(memory)  # killed between the two
    again = record.Record(tmp_path).memory
    assert again.seen == {"r2": 2} and again.under_way == {"r2": "gate"}


async def test_settings_that_came_into_force_before_the_bridge_was_there_count(
    broker: Mosquitto, stage: Staging
) -> None:
    await broker.start()
    other = office(broker.port, ("21", "19"))
    async with stage(reread=lambda: other) as on:
        assert await on.sets_off("heating", "") == ("heating", "published", "")
        await on.house.until(lambda: on.house.payloads("home/heating/set") == ["19"])


async def test_settings_that_change_while_the_gate_opens_make_no_alarm_of_it(broker: Mosquitto, stage: Staging) -> None:
    await broker.start()
    now = [office(broker.port)]
    async with stage(reread=lambda: now[-1]) as on, gate(broker, lambda payload, request: None) as thing:
        on.switch.action(action="gate", keys="4711", request="r1")
        await on.house.until(lambda: on.house.payloads("gate/set"))
        now.append(office(broker.port, ('state_topic = "gate/state"', 'state_topic = "gate/other"')))
        on.switch.tell(Applied, revision=2)
        await asyncio.sleep(0.5)
        await thing.tell("open")
        assert await on.became() == ("gate", "confirmed", "")


async def test_settings_that_change_while_a_pin_is_looked_at_deny_what_it_was_given_for(
    broker: Mosquitto, stage: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    await broker.start()
    now, looking, go = [office(broker.port)], threading.Event(), threading.Event()

    def slowly(*given: Any) -> proofs.Proof:
        looking.set()
        go.wait(10)
        return proofs.Proof("anna", "pin")

    monkeypatch.setattr("appliance.mqtt.premises.proofs.prove", slowly)
    async with stage(reread=lambda: now[-1]) as on, gate(broker) as thing:
        on.switch.action(action="gate", keys="4711")
        await asyncio.to_thread(looking.wait, 10)
        now.append(
            office(broker.port, ('hours = "day"\nchallenge = "pin"', 'hours = "day"\ntries = 1\nchallenge = "pin"'))
        )
        on.switch.tell(Applied, revision=2)
        await asyncio.sleep(0.3)
        go.set()
        assert await on.became() == ("gate", "denied", "changed")
        assert not thing.told


async def test_a_second_bridge_in_the_same_folder_ends_at_once_and_says_why(
    broker: Mosquitto, stage: Staging, bridge: Bridging, tmp_path: Path
) -> None:
    await broker.start()
    async with stage() as on:
        with pytest.raises(record.InUse, match="another bridge is at work"):
            async with bridge(office(broker.port), None, None, ActionFiles(on.folder, tmp_path / "class-4")):
                pass
        assert await on.sets_off("lamp", "") == ("lamp", "published", "")


async def test_a_class_1_action_is_set_off_by_calling_and_then_rests(broker: Mosquitto, stage: Staging) -> None:
    await broker.start()
    async with stage() as on:
        assert await on.sets_off("heating", "") == ("heating", "published", "")
        assert await on.sets_off("heating", "") == ("heating", "denied", "cool-down")
        await on.house.until(lambda: on.house.payloads("home/heating/set") == ["21"])


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
def over(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """The delay of ten seconds takes until this is set."""
    slept, over = asyncio.sleep, asyncio.Event()

    async def sleep(seconds: float, *given: Any) -> None:
        await (over.wait() if seconds == 10 else slept(seconds, *given))

    monkeypatch.setattr("appliance.mqtt.premises.asyncio.sleep", sleep)
    return over


async def test_the_disk_is_left_alone_without_the_file_on_the_box(broker: Mosquitto, stage: Staging) -> None:
    await broker.start()
    async with stage(QUICK) as on, store(broker) as thing:
        assert await both(on) == (("disk", "denied", "not-enabled"),) * 2
        assert not thing.told


async def test_two_people_and_the_file_rehearse_the_disk_after_the_delay_and_format_nothing(
    broker: Mosquitto, stage: Staging, tmp_path: Path, over: asyncio.Event
) -> None:
    await broker.start()
    (tmp_path / "class-4").write_text("disk\n")
    async with stage(QUICK) as on, store(broker) as thing:
        for done in range(2):
            over.clear()
            assert await both(on) == (("disk", "waits", "second"), ("disk", "waits", "delay"))
            assert await on.sets_off("disk") == ("disk", "denied", "pending")
            assert len(thing.did) == done
            over.set()
            assert await on.became() == ("disk", "confirmed", "rehearsal")
        assert thing.did == ["rehearse", "rehearse"]


async def test_the_delay_can_be_aborted_and_ends_when_the_file_or_the_bridge_goes(
    broker: Mosquitto, stage: Staging, tmp_path: Path, over: asyncio.Event
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
            over.set()
            assert await on.became() == ("disk", "aborted", "not-enabled")
            over.clear()
            (tmp_path / "class-4").write_text("disk\n")
            await both(on)
        over.set()
        assert on.log()[-1] == ("disk", "result", "bridge-ended")
        async with stage(QUICK) as on:
            assert await on.sets_off("lamp", "", request="lamp") == ("lamp", "published", "")
        assert not thing.told


async def test_a_disk_whose_settings_change_during_the_delay_is_left_alone(
    broker: Mosquitto, stage: Staging, tmp_path: Path, over: asyncio.Event
) -> None:
    await broker.start()
    (tmp_path / "class-4").write_text("disk\n")
    now, read = [office(broker.port, QUICK)], asyncio.Event()

    def reread() -> Settings:
        if len(now) > 1:
            read.set()
        return now[-1]

    async with stage(QUICK, reread=reread) as on, store(broker) as thing:
        await both(on)
        now.append(office(broker.port, QUICK, ('payload = "format"', 'payload = "format all"')))
        on.switch.tell(Applied, revision=2)
        await read.wait()
        over.set()
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
