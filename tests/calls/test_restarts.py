# SPDX-License-Identifier: GPL-2.0-or-later
"""Each program is killed in the middle of a call."""

import asyncio
import sqlite3
import time

import pytest

from appliance.control import client
from appliance.control.messages import SetStatus
from appliance.programs.demo.broker import Broker
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.rtp import Rtp
from tests.telephones.sipp import Sipp
from tests.telephones.stage import ANNA_HZ, CALLER_HZ, Stage, near


async def talking(stage: Stage, anna: Baresip, ear: Rtp, caller: Sipp) -> None:
    await anna.rings()
    await anna.accept()
    await anna.talks()
    await ear.listens(0.5)


@pytest.mark.parametrize("program", ["bridge", "web"])
async def test_bridge_or_web_is_killed_and_the_call_does_not_notice(stage: Stage, program: str) -> None:
    async with Broker(stage.folder, stage.ports.take()) as broker:
        office = await stage.office(mqtt=broker.port, pages=True)
        anna = await stage.desk(office, "desk1", ANNA_HZ)
        ear = await stage.ear()
        caller = await stage.outside(office, "caller-waits", ear)
        await talking(stage, anna, ear, caller)
        before, pid = len(tone.load(ear.heard(stage.folder / "before.wav"))[0]) / 8000, office.pid(program)
        office.kill(program)
        await office.logged(f"{program} ready")
        assert office.pid(program) != pid
        await ear.listens(1.0)
        await anna.hang_up()
        await anna.closed()
        await caller.finished()
        call = await stage.call_over(office)
        assert (call.outcome, call.person) == ("answered", "anna")
        heard = ear.heard(stage.folder / "caller.wav")
        whole = len(tone.load(heard)[0]) / 8000 - before
        assert tone.heard(heard, ANNA_HZ, since=before) > whole - 0.3, "the talk was broken"
        assert tone.heard(anna.heard(), CALLER_HZ) > 1.0


async def test_the_switch_is_killed_and_the_next_call_works_with_telephones_that_noticed_nothing(stage: Stage) -> None:
    office = await stage.office()
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await talking(stage, anna, ear, caller)
    await boris.rings()
    killed = time.time()
    office.kill("switch")
    await office.logged("switch ready")
    assert time.time() - killed < 15
    await caller.__aexit__(None, None, None)

    cut = await stage.call_over(office)
    assert cut.outcome == "cut"
    assert near(cut.ended_at, killed, within=2)
    answered = [leg.party for leg in Reader(office.journal).legs(cut.id) if leg.kind == "phone" and leg.answered_at]
    assert answered == ["desk1"]
    assert sound(office.journal)

    await anna.hang_up()
    for phone in (anna, boris):
        registered = [event for event in phone.seen.all if event.type == "REGISTER_OK"]
        assert len(registered) == 1, "it had to register again"
    again = await stage.outside(office, "caller-waits", ear)
    await boris.rings()
    await boris.accept()
    await boris.talks()
    await ear.listens(0.5)
    await boris.hang_up()
    await again.finished()
    assert (await stage.call_over(office, nth=2)).person == "boris"


async def test_the_switch_is_killed_while_a_message_is_left_and_the_journal_stays_whole(stage: Stage) -> None:
    office = await stage.office(max_wait=1)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await ear.listens(1.0)
    office.kill("switch")
    await office.logged("switch ready")
    await caller.__aexit__(None, None, None)
    assert (await stage.call_over(office)).outcome == "cut"
    assert sound(office.journal)


async def kept(office: Office, person: str) -> None:
    """All that changed before now is on the disk: a status that is set now is, and they are kept together, it the last."""
    async with await client.connect(office.socket) as switch:
        await switch.request(SetStatus(0, person, "available", "back from lunch"))
    async with asyncio.timeout(10):
        while "back from lunch" not in (office.state / "people.json").read_text():
            await asyncio.sleep(0.02)  # nothing tells when a file is replaced


async def test_turns_survive_a_restart_once_they_are_kept(stage: Stage) -> None:
    office = await stage.office(strategy="round-robin")
    desks = await stage.desks(office)
    for nth, phone in enumerate(desks):
        caller = await stage.outside(office, "caller-waits")
        await phone.rings()
        await phone.accept()
        await phone.talks()
        await phone.hang_up()
        await caller.finished()
        await stage.call_over(office, nth + 1)
        if phone is desks[0]:
            await kept(office, "boris")
            office.kill("switch")
            await office.logged("switch ready")


async def test_everything_ends_when_the_parent_is_killed(stage: Stage) -> None:
    office = await stage.office(pages=True)
    await stage.desks(office)
    office.kill("run")
    assert await office.ended() == -9
    for _ in range(40):  # the kernel kills them at once; the last of their sockets is closed a little later
        left = [words for words in office.processes().values() if "appliance.programs" in words]
        if not left:
            break
        await asyncio.sleep(0.05)
    assert left == []


def sound(journal: object) -> bool:
    """SQLite finds nothing wrong with the file."""
    db = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    try:
        return db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        db.close()


async def test_the_passwords_are_unreadable_and_anna_registers_and_calls_all_the_same(stage: Stage) -> None:
    office = await stage.office()
    assert await office.end() == 0
    (office.folder / "secrets.toml").chmod(0o644)
    await office.start()
    anna, boris = await stage.desks(office)
    await anna.dial("102")
    await boris.rings()
    await boris.accept()
    await anna.talks()
    await anna.hang_up()
    await boris.closed()
    assert (office.state / "secrets.kept.toml").stat().st_mode & 0o777 == 0o600
    await stage.call_over(office)
    with sqlite3.connect(office.journal) as rows:
        [(told,)] = rows.execute("SELECT detail FROM event WHERE kind = 'settings-faulty'").fetchall()
    assert "others may read it" in told
