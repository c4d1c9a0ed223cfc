# SPDX-License-Identifier: GPL-2.0-or-later
"""A supervisor of some departments: sees and directs their calls and people, and nothing else of the office."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.control.messages import HangUp
from appliance.settings import documents
from appliance.settings.models import Settings
from appliance.web import powers
from appliance.web.access import ANYBODY, LIMITED, SUPERVISOR
from appliance.web.app import rows
from tests.fakes.switch import Switch
from tests.web.kept import DOCUMENT, Kept, T, tone
from tests.web.programs import Program, followed
from tests.web.visitors import Site, site, user

OFFICE = (
    DOCUMENT
    + """
[branch.harbour]
[department.books]
name = "Bookkeeping"
branch = "harbour"
people = ["boris"]
[department.field]
people = ["anna"]
[queue.help]
name = "Help"
department = "books"
people = ["anna", "boris"]
"""
)
MAY = {  # all that he may; what is not here is not for him
    *("GET /", "GET /events", "GET /board/call/{call:int}", "POST /board/call", "GET /board/person/{person}"),
    *("POST /board/person", "POST /board/press", "GET /codes"),
    *("GET /calls", "GET /calls/export", "GET /calls/{call:int}", "POST /calls/{call:int}/back"),
    *("GET /recordings", "GET /recordings/{id:int}/sound", "GET /hours", "GET /organisation"),
    *("GET /me", "POST /me/language", "POST /me/password", "POST /me/codes", "POST /me/end-session"),
    *("GET /tokens", "POST /tokens", "POST /tokens/revoke", "GET /authority", "POST /log-out"),
}


def head(box: Site, limits: str = "department.books") -> None:
    """Maria, a supervisor of Bookkeeping alone."""
    box.office.add(user("maria", SUPERVISOR)._replace(limits=limits))


@pytest.fixture
async def past(tmp_path: Path) -> AsyncIterator[tuple[Kept, Site]]:
    (tmp_path / "state").mkdir()
    async with (
        Kept(tmp_path / "state", OFFICE) as kept,
        site(tmp_path / "pages", kept.socket, kept.settings, kept.state, follows=True) as box,
    ):
        box.people()
        head(box)
        yield kept, box


@contextlib.asynccontextmanager
async def board(folder: Path) -> AsyncIterator[tuple[Switch, Site]]:
    (folder / "office.toml").write_text(OFFICE)
    async with (
        Switch(folder / "control.sock") as switch,
        followed(folder / "pages", switch.socket, folder / "office.toml") as box,
    ):
        head(box)
        switch.call(id=4, state="talking", person="anna", name="Hers")
        switch.call(id=5, state="talking", person="boris", name="His")
        switch.call(id=6, state="waiting", queue="help", name="Helped")
        switch.call(id=7, state="waiting", queue="sales", name="Sold")
        while not (box.box.screen.live and 7 in box.box.screen.live.calls):
            await asyncio.sleep(0.01)
        yield switch, box


async def test_he_may_nothing_that_is_not_written_here(tmp_path: Path) -> None:
    async with site(tmp_path) as box:
        table = rows(box.box)
    assert {f"{row.method} {row.path}" for row in table if LIMITED in row.who and ANYBODY not in row.who} == MAY
    for row in table:
        if LIMITED in row.who:
            assert SUPERVISOR in row.who, row.path  # no more than one who is not limited


async def test_the_board_shows_him_his_people_and_calls_alone(tmp_path: Path) -> None:
    async with board(tmp_path) as (_switch, box), box.logged_in("maria") as one:
        page = (await one.get("/")).text
        assert "His" in page and "Helped" in page
        assert "Hers" not in page and "Sold" not in page
        assert "/board/person/boris" in page and "/board/person/anna" not in page
        async with box.logged_in(SUPERVISOR) as other:
            every = (await other.get("/")).text
            assert all(name in every for name in ("Hers", "His", "Helped", "Sold"))


async def test_he_directs_his_calls_and_people_alone(tmp_path: Path) -> None:
    async with board(tmp_path) as (switch, box), box.logged_in("maria") as one:
        assert (await one.get("/board/call/5")).status_code == 200
        assert (await one.get("/board/person/boris")).status_code == 200
        for path in ("/board/call/4", "/board/call/7", "/board/person/anna"):
            assert (await one.get(path)).status_code == 404
        for do in ("drop", "listen", "whisper", "barge", "answer", "park", "send"):
            form = {"call": "4", "do": do, "at": "boris", "to": "queue.help"}
            assert (await one.fill("/", "/board/call", **form)).status_code == 404
        assert (await one.fill("/", "/board/person", person="anna", status="off")).status_code == 404
        assert switch.asked == []
        await one.fill("/", "/board/call", call="5", do="drop")
        assert switch.asked[-1] == HangUp(switch.asked[-1].id, 5)


async def test_his_list_of_calls_and_its_table_are_of_his_calls(past: tuple[Kept, Site]) -> None:
    kept, box = past
    hers = kept.call(name="Hers", queue="sales", person="anna", phone="desk1")
    his = kept.call(T + 1000, name="His", queue="", person="boris", phone="desk2")
    rang = kept.call(T + 2000, name="Rang", queue="sales", person="", phone="desk2", outcome="abandoned")
    helped = kept.call(T + 3000, name="Helped", queue="help", person="anna", phone="desk1")
    await kept.journal.durable()
    async with box.logged_in("maria") as one:
        for path in ("/calls", "/calls/export", "/calls?q=e", "/calls?q=s"):
            shown = (await one.get(path)).text
            assert "Hers" not in shown, path
        page = (await one.get("/calls")).text
        assert "His" in page and "Rang" in page and "Helped" in page
        for call, status in ((hers, 404), (his, 200), (rang, 200), (helped, 200)):
            assert (await one.get(f"/calls/{call}")).status_code == status
        assert "Hers" not in (await one.get("/calls?person=anna")).text
        assert 'value="anna"' not in page and 'value="sales"' not in page


async def test_he_hears_recordings_of_his_calls_alone(past: tuple[Kept, Site]) -> None:
    kept, box = past
    hers = kept.recording(kept.call(queue="sales", person="anna", phone="desk1"), tone(800))
    his = kept.recording(kept.call(T + 1000, queue="", person="boris", phone="desk2"), tone(800))
    await kept.journal.durable()
    async with box.logged_in("maria") as one:
        page = (await one.get("/recordings")).text
        assert f"/recordings/{his.id}/sound" in page and f"/recordings/{hers.id}/sound" not in page
        assert (await one.get(f"/recordings/{his.id}/sound")).status_code in (200, 206)
        assert (await one.get(f"/recordings/{hers.id}/sound")).status_code == 404
        for path in ("/messages", "/texts", "/reports", "/settings", "/users", "/what-if"):
            assert (await one.get(path)).status_code == 403
        assert "Bookkeeping" in (page := (await one.get("/organisation")).text) and "Field" not in page


async def test_his_programs_see_what_he_sees(past: tuple[Kept, Site]) -> None:
    _, box = past
    async with Program(box, "maria") as program:
        assert [one["id"] for one in (await program.get("/people")).json()] == ["boris"]
        assert (await program.get("/people/anna")).status_code == 404
        assert (await program.get("/queues")).json() == []  # the switch has none of his
        told = (await program.get("/organisation")).json()
        assert [unit["id"] for branch in told["branches"] for unit in branch["departments"]] == ["books"]
        for path in ("/events", "/calls/past", "/reports", "/bans", "/voicemail", "/settings", "/users"):
            assert (await program.get(path)).status_code == 403


async def test_his_programs_see_his_past_calls_and_recordings_alone(past: tuple[Kept, Site]) -> None:
    kept, box = past
    hers, his = kept.call(queue="sales", person="anna", phone="desk1"), kept.call(T + 1000, queue="help", phone="desk2")
    taped, own = kept.recording(hers, tone(800)), kept.recording(his, tone(800))
    await kept.journal.durable()
    async with Program(box, "maria") as program:
        assert [one["id"] for one in (await program.get("/calls/search")).json()] == [his]
        assert [one["id"] for one in (await program.get("/recordings")).json()] == [own.id]
        assert (await program.get(f"/recordings?call={hers}")).json() == []
        for path in ("/calls/{}", "/calls/{}/details"):
            assert (await program.get(path.format(hers))).status_code == 404
            assert (await program.get(path.format(his))).status_code == 200
        assert (await program.get(f"/calls/{hers}/why")).status_code == 404
        assert (await program.get(f"/recordings/{taped.id}/audio")).status_code == 404
        assert (await program.get(f"/recordings/{own.id}/audio")).status_code == 200


async def test_his_programs_direct_his_calls_and_people_alone(tmp_path: Path) -> None:
    async with board(tmp_path) as (switch, box), Program(box, "maria") as program:
        assert sorted(one["id"] for one in (await program.get("/calls")).json()) == [5, 6]
        for call, status in ((4, 404), (5, 200)):
            assert (await program.delete(f"/calls/{call}")).status_code == status
            assert (await program.post(f"/calls/{call}/send", json={"to": "queue.sales"})).status_code == status
            listens = {"how": "listen", "person": "boris", "phones": []}
            assert (await program.post(f"/calls/{call}/listen", json=listens)).status_code == status
        assert (await program.post("/calls/5/take", json={"person": "anna", "phones": []})).status_code == 404
        assert (await program.post("/calls/5/take", json={"phones": ["desk1"]})).status_code == 404
        for person, status in (("anna", 404), ("boris", 200)):
            assert (await program.put(f"/people/{person}/status", json={"status": "off"})).status_code == status
        assert [getattr(one, "call", 5) for one in switch.asked] == [5] * len(switch.asked)


async def test_the_owner_limits_him_which_ends_his_sessions(past: tuple[Kept, Site]) -> None:
    _, box = past
    async with box.logged_in("owner") as owner, box.logged_in(SUPERVISOR) as one:
        assert (await one.get("/reports")).status_code == 200
        assert "Bookkeeping" in (await owner.get("/users")).text
        form = {"name": SUPERVISOR, "role": SUPERVISOR, "limits": "1", "limit": "branch.harbour", "person": ""}
        assert (await owner.fill("/users", "/users/change", **form)).status_code == 303
        kept = box.office.user(SUPERVISOR)
        assert kept and kept.limits == "branch.harbour"
        assert (await one.get("/reports")).status_code == 303  # to the log-in
        await owner.fill("/users", "/users/change", **form | {"limit": "department.nowhere"})
        assert (kept := box.office.user(SUPERVISOR)) and kept.limits == ""
        async with Program(box, "owner") as program:
            limits = {"limits": ["department.books"]}
            assert (await program.patch(f"/users/{SUPERVISOR}", json=limits)).status_code == 200
            told = {each["name"]: each["limits"] for each in (await program.get("/users")).json()}
            assert told[SUPERVISOR] == ["department.books"] and told["owner"] == []
            assert (await program.patch(f"/users/{SUPERVISOR}", json={"limits": ["queue.sales"]})).status_code == 422


@pytest.mark.parametrize(
    ("limits", "people", "queues"),
    [
        ("department.books", {"boris"}, {"help"}),
        ("branch.harbour", {"boris"}, {"help"}),
        ("department.books department.field", {"anna", "boris"}, {"help"}),
        ("department.gone", set(), set()),
    ],
)
def test_limits_that_mean_nothing_any_more_leave_nothing(limits: str, people: set[str], queues: set[str]) -> None:
    settings = documents.check(Settings, OFFICE, "office.toml")[0]
    found = powers.of(settings, user("maria", SUPERVISOR)._replace(limits=limits))
    assert (found.people, found.queues) == (people, queues)
