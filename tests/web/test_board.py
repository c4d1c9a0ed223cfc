# SPDX-License-Identifier: GPL-2.0-or-later
"""The live board: who waits in which order, who may do what with a call, by mouse, by keys and without a script."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.control.client import follow
from appliance.control.handling import Disturb, Forward, Park, Press, Supervise, Take
from appliance.control.messages import HangUp, Queue, QueueChanged, Refused, Request, Send, SetStatus
from appliance.store.office import Office as Pages
from appliance.web.access import EMPLOYEE, INSTALLER, OWNER, READER, SUPERVISOR
from appliance.web.app import listener, serve
from appliance.web.box import Box
from appliance.web.drafts import Drafts
from appliance.web.screen import Screen
from tests.fakes.switch import CALL, Switch, now
from tests.web.visitors import Site

WITHIN = 30.0  # seconds for anything that is waited for


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Switch]:
    async with Switch(tmp_path / "control.sock") as switch:
        yield switch


@pytest.fixture
async def box(tmp_path: Path, switch: Switch) -> AsyncIterator[Site]:
    """Pages that know the office already, with a user of each role."""
    screen, known = Screen(), asyncio.Event()

    def on_office(office: object) -> None:
        screen.on_office(office)  # type: ignore[arg-type]
        known.set()

    with listener("127.0.0.1", 0) as sock, contextlib.closing(Pages(tmp_path / "pages")) as pages:
        parts = Box(screen, pages, Drafts(switch.socket, tmp_path / "office.toml"))
        tasks = [
            asyncio.create_task(follow(switch.socket, on_office, screen.on_event, screen.on_away)),
            asyncio.create_task(serve(parts, sock, "127.0.0.1")),
        ]
        async with asyncio.timeout(WITHIN):
            await known.wait()
        site = Site(f"http://127.0.0.1:{sock.getsockname()[1]}", parts)
        site.people()
        yield site
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def asked(switch: Switch) -> Request:
    """What the switch was asked for, as soon as it was."""
    async with asyncio.timeout(WITHIN):
        while not switch.asked:
            await asyncio.sleep(0.02)
    return switch.asked.pop(0)


async def test_those_who_wait_stand_in_the_order_they_are_answered_in(switch: Switch, box: Site) -> None:
    for id, name in ((1, "First by time"), (2, "Second by time"), (3, "Put first")):
        switch.call(id=id, name=name, state="waiting", queue="sales", queued_at=now() - (10 - id) * 60_000)
    switch.tell(QueueChanged, queue=Queue(id="sales", name="Sales", waiting=(3, 1, 2), oldest=now(), free=0))
    async with box.logged_in(READER) as one:
        async with asyncio.timeout(WITHIN):
            while (page := (await one.get("/")).text).find("Second by time") < 0 or "3 waiting" not in page:
                await asyncio.sleep(0.05)
        assert page.index("Put first") < page.index("First by time") < page.index("Second by time")
        assert page.count("data-since") >= 4  # each with a clock, and the longest


@pytest.mark.parametrize(
    ("do", "wanted"),
    [
        ("answer", Take(0, CALL, (), "anna", SUPERVISOR)),
        ("listen", Supervise(0, CALL, "listen", (), "anna", SUPERVISOR)),
        ("whisper", Supervise(0, CALL, "whisper", (), "anna", SUPERVISOR)),
        ("barge", Supervise(0, CALL, "barge", (), "anna", SUPERVISOR)),
        ("send", Send(0, CALL, "queue.sales")),
        ("park", Park(0, CALL, "", "anna")),
        ("drop", HangUp(0, CALL)),
    ],
)
async def test_a_supervisor_has_the_switch_do_it_and_it_is_noted(
    switch: Switch, box: Site, do: str, wanted: Request
) -> None:
    switch.call(state="talking", person="boris")
    async with box.logged_in(SUPERVISOR) as one:
        page = await asyncio.wait_for(appears(one, "talks with Boris"), WITHIN)
        assert f"/board/call/{CALL}" in page
        panel = (await one.get(f"/board/call/{CALL}")).text
        assert f'value="{do}"' in panel
        form = {"call": str(CALL), "do": do, "at": "anna", "to": "queue.sales"}
        answer = await one.fill(f"/board/call/{CALL}", "/board/call", **form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert type(wanted).__struct_fields__[0] == "id"
    told = await asked(switch)
    fields = [name for name in type(wanted).__struct_fields__ if name != "id"]
    assert [getattr(told, name) for name in fields] == [getattr(wanted, name) for name in fields]
    assert box.office.audited()[0].what == f"call-{do}"


async def appears(one, words: str, path: str = "/") -> str:  # type: ignore[no-untyped-def]
    while words not in (page := str((await one.get(path)).text)):
        await asyncio.sleep(0.05)
    return page


async def test_the_first_page_is_small_whatever_one_may_do(box: Site) -> None:
    """Bytes, unpacked, of all a browser fetches for it: a small board on a slow network."""
    async with box.logged_in(OWNER) as one:
        page = (await one.get("/")).text
        files = {found.partition("#")[0] for found in re.findall(r'(?:src|href)="(/static/[^"]+)"', page)}
        assert any(file.endswith("/direct.js") for file in files) and not any("/fetched/" in file for file in files)
        assert len(page.encode()) + sum([len((await one.get(file)).content) for file in files]) < 60_000


async def test_what_a_caller_chose_stands_beside_him_for_whoever_takes_the_call(switch: Switch, box: Site) -> None:
    known = {"topic": "<invoice>", "language": "", "order": "4711" * 20}
    switch.call(state="talking", person="boris", attributes=known)
    async with box.logged_in(EMPLOYEE) as one, box.logged_in(OWNER) as other:
        page = await asyncio.wait_for(appears(one, "talks with Boris"), WITHIN)
        assert page.count("<bdi>&lt;invoice&gt;</bdi>, <bdi>" + "4711" * 10 + "</bdi>") == 2, (
            "his call, and beside Boris"
        )
        panel = (await other.get(f"/board/call/{CALL}")).text
        assert "<dt><bdi>topic</bdi></dt><dd><bdi>&lt;invoice&gt;</bdi></dd>" in panel
        assert "presses on his telephone 4 to listen, 5 to whisper, 6 to barge in" in panel


@pytest.mark.parametrize("role", [INSTALLER, EMPLOYEE, READER])
async def test_who_may_not_direct_calls_sees_them_and_nothing_to_press(switch: Switch, box: Site, role: str) -> None:
    switch.call(state="talking", person="boris")
    async with box.logged_in(role) as one:
        page = await asyncio.wait_for(appears(one, "talks with Boris"), WITHIN)
        assert "data-call" not in page and "direct.js" not in page and "grip" not in page
        answer = await one.post("/board/call", data={"csrf": await one.csrf("/me"), "call": str(CALL), "do": "drop"})
        assert answer.status_code == 403
    assert switch.asked == []


async def test_somebody_sets_his_own_status_and_nobody_elses(switch: Switch, box: Site) -> None:
    box.office.change(EMPLOYEE, person="anna")
    async with box.logged_in(EMPLOYEE) as one:
        assert "/board/person/anna" in (await one.get("/")).text
        form = {"person": "anna", "status": "meeting", "reason": "till ten", "disturb": "no"}
        assert (await one.fill("/board/person/anna", "/board/person", **form)).status_code == 303
        told = await asked(switch)
        assert isinstance(told, SetStatus)
        assert (told.person, told.status, told.reason, told.source) == ("anna", "meeting", "till ten", "page")
        told = await asked(switch)
        assert isinstance(told, Disturb) and (told.person, told.may) == ("anna", False)
        form = {"person": "anna", "status": "break", "minutes": "15", "forward:always": "102", "forward:busy": ""}
        assert (await one.fill("/board/person/anna", "/board/person", **form)).status_code == 303
        told = await asked(switch)
        assert isinstance(told, SetStatus) and told.until
        told = await asked(switch)
        assert isinstance(told, Forward) and (told.person, told.when, told.number) == ("anna", "always", "102")
        switch.person("anna", status="break", until=now() + 899_000, forwards={"always": "102"})
        panel = await appears(one, 'name="minutes" inputmode="numeric" maxlength="3" value="15"', "/board/person/anna")
        assert (
            'name="forward:always" inputmode="tel" maxlength="30" autocomplete="off" placeholder="–" value="102"'
            in panel
        )
        assert "back in <time data-until=" in " ".join((await one.get("/")).text.split())
        answer = await one.fill("/board/person/anna", "/board/person", **form | {"forward:busy": "+370 600"})
        assert answer.status_code == 422 and "as it is dialled" in answer.text
        csrf = await one.csrf("/me")
        other = {"csrf": csrf, "person": "boris", "status": "off"}
        assert (await one.post("/board/person", data=other)).status_code == 403
        assert 'name="status"' not in (await one.get("/board/person/boris")).text
    assert switch.asked == []


@pytest.mark.parametrize(
    ("role", "board", "panel"),
    [
        (OWNER, True, True),
        (SUPERVISOR, True, True),
        (INSTALLER, False, False),
        (EMPLOYEE, False, True),
        (READER, False, False),
    ],
)
async def test_where_somebodys_calls_go_is_seen_by_himself_and_by_who_directs_calls(
    switch: Switch, box: Site, role: str, board: bool, panel: bool
) -> None:
    if role == EMPLOYEE:
        box.office.change(EMPLOYEE, person="anna")
    switch.person("anna", forwards={"always": "037060000009", "busy": "<0>"})
    async with box.logged_in(role) as one:
        numbers = "all calls → 037060000009; when busy → &lt;0&gt;"
        for address, seen in (("/", board), ("/board/person/anna", panel)):
            shown = await asyncio.wait_for(appears(one, numbers if seen else "<bdi>forwarded</bdi>", address), WITHIN)
            assert seen or "037060000009" not in shown


async def test_somebody_hands_his_own_call_on_after_asking_and_nobody_elses(switch: Switch, box: Site) -> None:
    box.office.change(EMPLOYEE, person="boris")
    switch.call(state="talking", person="boris")
    async with box.logged_in(EMPLOYEE) as one:
        await asyncio.wait_for(appears(one, "talks with Boris"), WITHIN)
        form = {"person": "boris", "call": str(CALL), "code": "consult", "number": "(061) 234-567"}
        assert (await one.fill("/board/person/boris", "/board/press", **form)).status_code == 303
        told = await asked(switch)
        assert isinstance(told, Press)
        assert (told.call, told.person, told.code, told.number, told.by) == (
            *(CALL, "boris", "consult", "061234567", EMPLOYEE),
        )
        for wrong, status in (({"person": "anna"}, 403), ({"code": "dance"}, 400), ({"call": "1"}, 404)):
            assert (await one.fill("/me", "/board/press", **form | wrong)).status_code == status
    assert switch.asked == [] and box.office.audited()[0].what == "call-pressed"


async def test_a_call_is_sent_to_a_number_outside_by_whoever_directs(switch: Switch, box: Site) -> None:
    switch.call(state="talking", person="boris")
    async with box.logged_in(SUPERVISOR) as one:
        await asyncio.wait_for(appears(one, "talks with Boris"), WITHIN)
        form = {"call": str(CALL), "do": "send", "to": "", "number": "0 61 234 567"}
        assert (await one.fill(f"/board/call/{CALL}", "/board/call", **form)).status_code == 303
        told = await asked(switch)
        assert isinstance(told, Send) and told.to == "number.061234567"


async def test_a_status_set_by_the_page_ends_by_itself(switch: Switch, box: Site) -> None:
    box.office.change(EMPLOYEE, person="anna")
    async with box.logged_in(EMPLOYEE) as one:
        form = {"person": "anna", "status": "break", "minutes": "20"}
        assert (await one.fill("/board/person/anna", "/board/person", **form)).status_code == 303
        told = await asked(switch)
        assert isinstance(told, SetStatus) and told.until and abs(told.until - now() - 20 * 60_000) < 60_000
        for wrong in ("0", "1000", "soon", "²"):
            assert (await one.fill("/me", "/board/person", **form | {"minutes": wrong})).status_code == 422
    assert switch.asked == []


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"do": "answer", "at": "nobody"}, 422, "at whose telephone"),
        ({"do": "send", "to": ""}, 422, "where the call is to go"),
        ({"do": "send", "to": "queue.sales\r\nx: y"}, 422, "where the call is to go"),
        ({"do": "dance"}, 400, "cannot be read"),
        ({"do": "drop", "call": "1"}, 404, "over"),
        ({"do": "drop", "call": "٣"}, 404, "over"),
        ({"do": "drop", "call": "9" * 400}, 404, "over"),
    ],
)
async def test_what_cannot_be_done_is_told_in_a_sentence(
    switch: Switch, box: Site, form: dict[str, str], status: int, said: str
) -> None:
    switch.call(state="talking", person="boris")
    async with box.logged_in(OWNER) as one:
        await asyncio.wait_for(appears(one, "talks with Boris"), WITHIN)
        one.headers["HX-Request"] = "true"
        data = {"call": str(CALL), "csrf": await one.csrf("/me"), **form}
        answer = await one.post("/board/call", data=data)
        assert answer.status_code == status and said in answer.text
        assert "<html" not in answer.text  # a part of the page, for where it was asked
    assert switch.asked == []


async def test_what_the_switch_refuses_is_told_too(switch: Switch, box: Site) -> None:
    switch.call(state="talking", person="boris")
    switch.refuses = Refused("unreachable", "no telephone of these is registered")
    async with box.logged_in(OWNER) as one:
        await asyncio.wait_for(appears(one, "talks with Boris"), WITHIN)
        form = {"call": str(CALL), "do": "listen", "at": "anna"}
        answer = await one.fill("/me", "/board/call", **form)
        assert answer.status_code == 409 and "No telephone there is registered." in answer.text
        switch.refuses = Refused("unknown", "number 555 is not known")
        answer = await one.fill("/me", "/board/call", call=str(CALL), do="send", number="555")
        assert answer.status_code == 409 and "There is no such number, or calls may not go there." in answer.text


async def test_the_board_is_in_the_viewers_language_and_each_sees_his_own(switch: Switch, box: Site) -> None:
    switch.call(state="talking", person="boris")
    async with box.logged_in(READER) as english, box.logged_in(OWNER) as other:
        other.headers["Accept-Language"] = "uk"
        await asyncio.wait_for(appears(english, "talks with Boris"), WITHIN)
        assert "розмовляє: Boris" in (await other.get("/")).text


async def test_ones_account_says_who_of_the_office_one_is(switch: Switch, box: Site) -> None:
    switch.person("anna", position="Accountant")
    async with asyncio.timeout(WITHIN):
        while not (box.box.screen.live and box.box.screen.live.people["anna"].position):
            await asyncio.sleep(0.01)
    box.office.change("employee", person="anna")
    async with box.logged_in("employee") as one:
        assert "<bdi>Anna</bdi>, <bdi>Accountant</bdi> (101)" in (await one.get("/me")).text
