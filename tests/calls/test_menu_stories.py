# SPDX-License-Identifier: GPL-2.0-or-later
"""Callers are served by menus: the real switch, SIPp and our RTP outside, baresip on the desks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from appliance.control import client
from appliance.control.messages import Office as Seen
from appliance.control.messages import Watch
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.calls.stories import AGAIN_HZ, PROMPT_HZ, SIMPLE, changed, hears, prompt, use
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.stage import Stage

SUPPORT = '[queue.support]\nname = "Support"\npeople = ["boris"]\n'
MENU = """[scenario.main]
start = "welcome"
[scenario.main.step.welcome]
do = "menu"
prompt = "welcome"
attribute = "topic"
tries = 2
timeout = {timeout}
keys = {{ 1 = {{ to = "queue.sales", value = "invoice" }}, 2 = {{ to = "queue.support", value = "repair" }} }}
otherwise = "person.anna"
"""


async def menu(stage: Stage, *, timeout: int = 5, welcome: str = "") -> Office:
    office = await stage.office()
    document = changed(office.document, (SIMPLE, MENU.format(timeout=timeout)))
    await use(office, document + SUPPORT + (welcome or prompt(stage, "welcome")))
    return office


async def seen(office: Office) -> Seen:
    async with await client.connect(office.socket) as switch:
        return await switch.request(Watch(0))  # type: ignore[no-any-return]


def times_rung(phone: Baresip) -> int:
    return sum(event.type == "CALL_INCOMING" for event in phone.seen.all)


async def test_the_key_a_caller_presses_leads_to_the_right_queue_and_is_on_the_display(stage: Stage) -> None:
    office = await menu(stage)
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await hears(stage, ear, PROMPT_HZ, 0.3)
    [call] = (await seen(office)).calls
    assert (call.state, dict(call.attributes)) == ("menu", {})
    ear.press("2")
    await boris.rings()
    assert boris.screen() == "Support [repair]: Mr Kazlauskas"
    [call] = (await seen(office)).calls
    assert (call.state, call.queue, call.attributes) == ("waiting", "support", {"topic": "repair"})
    await boris.accept()
    await boris.talks()
    await ear.listens(0.5)
    await boris.hang_up()
    await caller.finished()
    ended = await stage.call_over(office)
    assert (ended.queue, ended.person, ended.outcome) == ("support", "boris", "answered")
    assert times_rung(anna) == 0
    heard = ear.heard(stage.folder / "caller.wav")
    assert tone.heard(heard, PROMPT_HZ) < 0.95, "the prompt went on after the key"
    events = Reader(office.journal).events(ended.id)
    assert [event.detail["digit"] for event in events if event.kind == "dtmf"] == ["2"]


async def test_a_caller_who_presses_nothing_hears_it_twice_and_gets_to_a_person(stage: Stage) -> None:
    office = await menu(stage, timeout=1)
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await anna.rings(within=15)
    assert tone.heard(ear.heard(stage.folder / "caller.wav"), PROMPT_HZ) == pytest.approx(2.0, abs=0.3)
    await ear.listens(1.0)
    assert tone.loud(ear.heard(stage.folder / "caller.wav"), since=4.0) > 0.5, "silence while she is rung"
    await anna.accept()
    await anna.talks()
    await anna.hang_up()
    await caller.finished()
    assert (await stage.call_over(office)).person == "anna" and times_rung(boris) == 0


async def test_a_wrong_key_makes_the_menu_be_said_again(stage: Stage) -> None:
    office = await menu(stage)
    boris = await stage.desk(office, "desk2", 1500)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await hears(stage, ear, PROMPT_HZ, 0.3)
    ear.press("7")
    await hears(stage, ear, PROMPT_HZ, 1.2)
    ear.press("2")
    await boris.rings()
    await boris.accept()
    await boris.talks()
    await boris.hang_up()
    await caller.finished()
    assert (await stage.call_over(office)).queue == "support"


async def test_a_prompt_that_is_missing_never_ends_a_call(stage: Stage) -> None:
    office = await menu(stage, welcome='[prompt.welcome]\nfile = "/nowhere/welcome.wav"\n')
    boris = await stage.desk(office, "desk2", 1500)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await office.logged("a prompt cannot be said", within=10)
    await ear.listens(0.3)
    ear.press("2")
    await boris.rings()
    await boris.accept()
    await boris.talks()
    await boris.hang_up()
    await caller.finished()
    assert (await stage.call_over(office)).outcome == "answered"


async def test_the_menu_of_a_call_under_way_stays_when_the_settings_change(stage: Stage) -> None:
    office = await menu(stage)
    boris = await stage.desk(office, "desk2", 1500)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await hears(stage, ear, PROMPT_HZ, 0.3)
    await use(office, office.document)  # as at the start: no menu, no support
    ear.press("2")
    await boris.rings()
    assert boris.screen() == "Support [repair]: Mr Kazlauskas"
    await boris.accept()
    await boris.talks()
    await boris.hang_up()
    await caller.finished()
    second = await stage.outside(office, "caller-waits", await stage.ear())
    await boris.rings()
    assert boris.screen() == "Sales: Mr Kazlauskas"
    await boris.accept()
    await boris.talks()
    await boris.hang_up()
    await second.finished()


# ---- sections in sections -------------------------------------------------------------------------------------------

SECTIONS = """[scenario.main]
start = "language"
[scenario.main.step.language]
do = "menu"
prompt = "language"
attribute = "language"
keys = { 1 = { to = "topics", value = "lt" }, 2 = { to = "topics", value = "ru" } }
[scenario.main.step.topics]
do = "menu"
prompt = "topics"
attribute = "topic"
keys = { 3 = { to = "repairs", value = "repair" }, "*" = { to = "topics", value = "" } }
[scenario.main.step.repairs]
do = "menu"
prompt = "repairs"
attribute = "machine"
keys = { 1 = { to = "washers", value = "washer" }, 9 = "topics" }
[scenario.main.step.washers]
do = "menu"
prompt = "repairs"
extensions = true
keys = { 1 = "queue.sales" }
"""
TOPICS_HZ, REPAIRS_HZ = 550, 650


async def test_sections_lie_in_sections_in_the_callers_language_and_from_the_last_a_person_is_dialled(
    stage: Stage,
) -> None:
    office = await stage.office()
    spoken = prompt(stage, "topics", 450).rstrip() + '\nlanguages = { ru = "topics-ru" }\n'
    prompts = prompt(stage, "language") + spoken + prompt(stage, "topics-ru", TOPICS_HZ)
    await use(office, changed(office.document, (SIMPLE, SECTIONS)) + prompts + prompt(stage, "repairs", REPAIRS_HZ))
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await hears(stage, ear, PROMPT_HZ, 0.3)
    ear.press("2")
    await hears(stage, ear, TOPICS_HZ, 0.8)
    ear.press("*")  # once more
    await hears(stage, ear, TOPICS_HZ, 1.5)
    ear.press("3")
    await hears(stage, ear, REPAIRS_HZ, 0.8)
    ear.press("1")
    await hears(stage, ear, REPAIRS_HZ, 1.5)
    ear.press("102")
    await boris.rings()
    assert boris.screen() == "[ru, repair, washer]: Mr Kazlauskas"
    await boris.accept()
    await boris.talks()
    await boris.hang_up()
    await caller.finished()
    assert (await stage.call_over(office)).person == "boris" and times_rung(anna) == 0
    assert tone.heard(ear.heard(stage.folder / "caller.wav"), 450) < 0.2, "the other language"


# ---- digits and look-ups --------------------------------------------------------------------------------------------

ORDER = """[scenario.main]
start = "order"
[scenario.main.step.order]
do = "collect"
prompt = "order"
attribute = "order"
most = 6
next = "who"
[scenario.main.step.who]
do = "look-up"
lookup = "crm"
attribute = "department"
found = "queue.sales"
not_found = "unknown"
failed = "slow"
[scenario.main.step.unknown]
do = "say"
prompt = "unknown"
next = "person.anna"
[scenario.main.step.slow]
do = "say"
prompt = "unknown"
next = "queue.sales"
"""


@asynccontextmanager
async def customers(known: dict[str, str], *, late: bool = False) -> AsyncIterator[tuple[int, list[str]]]:
    """A program that knows orders; its port and what it was asked. `late`: it never answers."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked.append((await reader.readuntil(b"\r\n\r\n")).decode().partition(" HTTP")[0])
            if late:
                await reader.read()
            found = known.get(asked[-1].rpartition("=")[2])
            body = f'{{"department": "{found}"}}' if found else "{}"
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], asked
    finally:
        server.close()


async def orders(stage: Stage, port: int, timeout: int = 10) -> Office:
    office = await stage.office()
    crm = (
        f'[lookup.crm]\nurl = "http://127.0.0.1:{port}/order?from={{caller}}&number={{order}}"\n'
        f'field = "department"\ntimeout = {timeout}\n'
    )
    prompts = prompt(stage, "order") + prompt(stage, "unknown", AGAIN_HZ, 0.6)
    await use(office, changed(office.document, (SIMPLE, ORDER)) + crm + prompts)
    return office


async def test_digits_are_collected_looked_up_and_shown(stage: Stage) -> None:
    async with customers({"4711": "spare parts"}) as (port, asked):
        office = await orders(stage, port)
        anna = await stage.desk(office, "desk1", 700)
        ear = await stage.ear()
        caller = await stage.outside(office, "caller-waits", ear)
        await hears(stage, ear, PROMPT_HZ, 0.3)
        ear.press("4711#")
        await anna.rings()
        assert anna.screen() == "Sales [4711, spare parts]: Mr Kazlauskas"
        assert asked == ["GET /order?from=%2B37060000001&number=4711"]
        await anna.accept()
        await anna.talks()
        await anna.hang_up()
        await caller.finished()
    call = await stage.call_over(office)
    kept = [event.detail for event in Reader(office.journal).events(call.id) if event.kind == "attribute"]
    assert kept == [{"attribute": "order", "value": "4711"}, {"attribute": "department", "value": "spare parts"}]


@pytest.mark.parametrize("late", [False, True], ids=["unknown", "no answer in time"])
async def test_a_look_up_without_an_answer_leads_elsewhere(stage: Stage, late: bool) -> None:
    async with customers({}, late=late) as (port, _):
        office = await orders(stage, port, timeout=1 if late else 10)
        anna = await stage.desk(office, "desk1", 700)
        ear = await stage.ear()
        caller = await stage.outside(office, "caller-waits", ear)
        await hears(stage, ear, PROMPT_HZ, 0.3)
        ear.press("12#")
        await anna.rings(within=10)
        assert anna.screen() == ("Sales [12]: Mr Kazlauskas" if late else "[12]: Mr Kazlauskas")
        assert tone.heard(ear.heard(stage.folder / "caller.wav"), AGAIN_HZ) == pytest.approx(0.6, abs=0.2)
        await anna.accept()
        await anna.talks()
        await anna.hang_up()
        await caller.finished()
    event = await stage.event(office, await stage.call_over(office), "look-up")
    assert ("failed" in event.detail) == late
