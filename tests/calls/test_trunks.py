# SPDX-License-Identifier: GPL-2.0-or-later
"""Out to the world: lines that want a password, lines that are busy, and what telephones may not do on them."""

import asyncio
import socket
import time

from appliance.control import client
from appliance.control.messages import Apply, Watch
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.telephones import tone
from tests.telephones.sipp import Sipp
from tests.telephones.stage import ANNA_HZ, CALLER_HZ, Stage

CALLED, DEAR = "+37060000009", "+15550100"
PASSWORD = "provider"  # of the line `backup`
AGAIN_WITHIN = 45.0  # seconds; it is asked again every 30


async def usable(office: Office) -> dict[str, bool]:
    """Which lines the pages show as usable."""
    async with await client.connect(office.socket) as switch:
        return {line.id: line.usable for line in (await switch.request(Watch(0))).lines}


def lines_out(document: str, *lines: str) -> str:
    """The document with calls out by these lines, in turn."""
    assert 'lines = ["city"]\n' in document
    listed = ", ".join(f'"{line}"' for line in lines)
    return document.replace('[outside]\nlines = ["city"]\n', f"[outside]\nlines = [{listed}]\n")


def told(sipp: Sipp, request: str) -> list[str]:
    """The texts of these requests that came from us."""
    return [message.text for message in sipp.messages() if not message.sent and message.first.startswith(request)]


async def test_a_trunk_that_registers_asks_for_the_password_at_each_call_and_is_told_it(stage: Stage) -> None:
    port, ear = stage.ports.take(), await stage.ear()
    provider = await stage.sipp("trunk", port=port, number="100200", password=PASSWORD, rtp=ear.port, talk=0.2, calls=2)
    office = await stage.office(backup=port)
    await office.logged("line backup is up", within=5)
    async with await client.connect(office.socket) as switch:
        await switch.request(Apply(0, lines_out(office.document, "backup")))
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    await anna.dial(CALLED)
    await anna.talks()
    await ear.listens(1.0)
    await anna.hang_up()
    call = await stage.call_over(office)
    assert (call.line, call.called, call.outcome) == ("phones", CALLED, "answered")
    assert [leg.party for leg in Reader(office.journal).legs(call.id) if leg.kind == "trunk"] == ["backup"]
    assert tone.heard(ear.heard(stage.folder / "callee.wav"), ANNA_HZ) > 0.6
    await anna.closed()
    assert tone.heard(anna.heard(), CALLER_HZ) > 0.6
    first, second = told(provider, "INVITE")
    assert "Authorization" not in first and 'Authorization: Digest username="100200"' in second
    assert PASSWORD not in "".join(message.text for message in provider.messages())


async def test_keys_a_caller_presses_are_heard_at_the_desk(stage: Stage) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await anna.rings()
    await anna.accept()
    await anna.talks()
    await ear.listens(0.5)
    ear.press("42#")
    assert [(await anna.event("CALL_DTMF_START")).detail for _ in range(3)] == ["4", "2", "#"]
    await anna.hang_up()
    await caller.finished()
    call = await stage.call_over(office)
    assert not [event for event in Reader(office.journal).events(call.id) if event.kind == "dtmf"], (
        "a talk was overheard"
    )


async def test_a_line_that_is_busy_gives_way_to_the_next(stage: Stage) -> None:
    office = await stage.office()
    second = stage.ports.take()
    document = lines_out(office.document, "city", "second")
    document += f'\n[line.second]\nkind = "sip"\nhost = "127.0.0.1"\nport = {second}\nscenario = "main"\n'
    async with await client.connect(office.socket) as switch:
        await switch.request(Apply(0, document))
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    busy = await stage.sipp("callee-busy", port=office.city)
    callee = await stage.sipp("callee-waits", port=second, rtp=ear.port, talk=0.2)
    await anna.dial(CALLED)
    await anna.talks()
    await busy.finished()
    await ear.listens(0.5)
    await anna.hang_up()
    await callee.finished()
    call = await stage.call_over(office)
    assert (call.called, call.outcome) == (CALLED, "answered")
    causes = {leg.party: leg.cause for leg in Reader(office.journal).legs(call.id) if leg.kind == "trunk"}
    assert causes == {"city": 17, "second": 16}


async def test_a_line_that_says_nothing_at_all_gives_way_to_the_next_after_four_seconds(stage: Stage) -> None:
    office = await stage.office()
    second, dead = stage.ports.take(), stage.ports.take()
    document = lines_out(office.document, "dead", "second")
    for name, port in (("dead", dead), ("second", second)):
        document += f'\n[line.{name}]\nkind = "sip"\nhost = "127.0.0.1"\nport = {port}\nscenario = "main"\n'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", dead))  # it takes what comes: a closed port would tell at once
        async with await client.connect(office.socket) as switch:
            await switch.request(Apply(0, document))
        anna = await stage.desk(office, "desk1", ANNA_HZ)
        ear = await stage.ear()
        callee = await stage.sipp("callee-waits", port=second, rtp=ear.port, talk=0.2)
        began = time.monotonic()
        await anna.dial(CALLED)
        await anna.talks(within=8)
        assert 3.5 < time.monotonic() - began < 12
        await anna.hang_up()
        await callee.finished()
    call = await stage.call_over(office)
    causes = {leg.party: leg.cause for leg in Reader(office.journal).legs(call.id) if leg.kind == "trunk"}
    assert causes == {"dead": 102, "second": 16}


async def test_a_line_that_only_takes_its_time_is_waited_for(stage: Stage) -> None:
    """It said 100: it is there, and a mobile network may need ten seconds to find a telephone."""
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    callee = await stage.sipp("callee-slow", port=office.city, rtp=ear.port, talk=5.0)
    await anna.dial(CALLED)
    await anna.talks(within=10)
    await anna.hang_up()
    await callee.finished()
    assert (await stage.call_over(office)).outcome == "answered"


async def test_what_a_line_says_before_the_answer_is_heard_by_who_calls_and_he_is_not(stage: Stage) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    callee = await stage.sipp("callee-early", port=office.city, rtp=ear.port, talk=2.0)
    await anna.dial(CALLED)
    await anna.event("CALL_PROGRESS")
    await anna.listens(1.0)
    assert tone.heard(ear.heard(stage.folder / "early.wav"), ANNA_HZ) == 0
    await anna.talks()
    ear.forget()
    await ear.listens(1.0)
    await anna.hang_up()
    await callee.finished()
    await anna.closed()
    assert tone.heard(anna.heard(), CALLER_HZ) > 1.5
    assert tone.heard(ear.heard(stage.folder / "callee.wav"), ANNA_HZ) > 0.6
    assert (await stage.call_over(office)).outcome == "answered"


async def test_a_trunk_that_refuses_our_password_is_shown_as_not_usable_and_asked_again(stage: Stage) -> None:
    port = stage.ports.take()
    provider = await stage.sipp("trunk", port=port, number="100200", password="another")
    office = await stage.office(backup=port)
    assert "line backup is down" in await office.logged("line backup", within=5)
    assert await usable(office) == {"city": True, "backup": False}
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    async with await client.connect(office.socket) as switch:
        await switch.request(Apply(0, lines_out(office.document, "backup")))
    began = time.monotonic()
    await anna.dial(CALLED)
    await anna.closed()
    assert time.monotonic() - began < 1.0, "a caller had to wait for a line that is known to be down"
    async with asyncio.timeout(AGAIN_WITHIN):
        while len(told(provider, "REGISTER")) < 3:  # the first and its answer to 401, and the beginning of a second
            await asyncio.sleep(0.1)
    assert not told(provider, "INVITE")


async def test_a_trunk_whose_password_is_put_right_comes_up_at_once(stage: Stage) -> None:
    port = stage.ports.take()
    await stage.sipp("trunk", port=port, number="100200", password="put-right", calls=2)
    office = await stage.office(backup=port)
    assert "line backup is down" in await office.logged("line backup", within=5)
    secrets = office.folder / "secrets.toml"
    secrets.write_text(secrets.read_text().replace(f'"{PASSWORD}"', '"put-right"'))
    async with await client.connect(office.socket) as switch:
        await switch.request(Apply(0, office.document))
    await office.logged("line backup is up", within=5)
    assert await usable(office) == {"city": True, "backup": True}


async def test_a_telephone_transfers_no_call_to_a_number_that_its_person_may_not_call(stage: Stage) -> None:
    """The telephone asks by REFER, which would let whoever has one of them call anywhere at our cost."""
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    callee = await stage.sipp("callee-waits", port=office.city, rtp=ear.port, talk=0.2)
    stranger = await stage.sipp("callee-busy")
    await anna.dial(CALLED)
    await anna.talks()
    await ear.listens(0.5)
    await anna.command("transfer", f"sip:{DEAR}@127.0.0.1:{stranger.port}")
    assert "403" in (await anna.event("TRANSFER_FAILED")).detail
    await callee.finished()  # this telephone hangs up when its transfer fails
    assert (await stage.call_over(office)).called == CALLED
    assert len(Reader(office.journal).calls()) == 1
    assert len(told(callee, "INVITE")) == 1 and not stranger.messages()
    [refused] = [event.detail for event in Reader(office.journal).events(0) if event.kind == "outgoing-refused"]
    assert (refused["person"], refused["number"], refused["why"]) == ("anna", DEAR, "unknown")


async def test_a_caller_cannot_transfer_himself_and_the_talk_goes_on(stage: Stage) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    stranger = await stage.sipp("callee-busy")
    caller = await stage.outside(
        office, "caller-transfers", ear, talk=0.5, rows=((f"{DEAR}@127.0.0.1:{stranger.port}",),)
    )
    await anna.rings()
    await anna.accept()
    await anna.talks()
    await office.logged("only telephones transfer calls", within=5)
    before = len(tone.load(ear.heard(stage.folder / "before.wav"))[0]) / 8000
    await ear.listens(1.0)
    await anna.hang_up()
    await caller.finished()
    assert tone.heard(ear.heard(stage.folder / "caller.wav"), ANNA_HZ, since=before) > 0.8
    assert (await stage.call_over(office)).outcome == "answered"
    assert len(Reader(office.journal).calls()) == 1 and not stranger.messages()
