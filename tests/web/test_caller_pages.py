# SPDX-License-Identifier: GPL-2.0-or-later
"""Who called is put on a list of callers from the page of his call: kept out from then on, or known by name."""

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.store.journal import Journal
from tests.web.applying import Applying
from tests.web.kept import DOCUMENT, T
from tests.web.programs import Program
from tests.web.visitors import Site, site

PEST, GUEST, WITHHELD, OURS = ((T + n << 10) + 1 for n in range(4))
LISTED = DOCUMENT + '\n[callers.guests]\nnumbers = { "8 600 00001" = "Guest" }  # as dialled at home\n'


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Applying]:
    journal = Journal(tmp_path / "journal.db", lambda id, said: None, delay=0.01)
    for call, caller, line in (
        (PEST, "+37060000002", "city"),
        (GUEST, "+37060000001", "city"),
        (WITHHELD, "", "city"),
        (OURS, "+37060000003", "phones"),
    ):
        journal.call(call, T, line, caller, "+37052000000", 'A "pest"')
        journal.over(call, T + 1000, "abandoned", "sales", "", None)
    await journal.durable()
    journal.close()
    async with Applying(tmp_path, LISTED) as switch:
        yield switch


@pytest.fixture
async def box(tmp_path: Path, switch: Applying) -> AsyncIterator[Site]:
    async with site(tmp_path / "pages", switch.socket, switch.document, tmp_path) as box:
        box.people()
        yield box


def callers(switch: Applying) -> dict[str, Any]:
    return dict(tomllib.loads(switch.text)["callers"])


async def test_a_pest_is_kept_out_by_one_click_and_let_in_again_by_another(box: Site, switch: Applying) -> None:
    async with box.logged_in("supervisor") as one:
        page = f"/calls/{PEST}"
        answer = await one.fill(page, f"{page}/list", list="refused", name='A "pest"')
        assert answer.headers["location"] == f"{page}?done=applied#lists"
        assert callers(switch)["refused"] == {"numbers": {"+37060000002": 'A "pest"'}, "refuse": "busy"}
        assert "On the list refused." in (await one.get(page)).text
        answer = await one.fill(page, f"{page}/unlist", list="refused")
        assert answer.status_code == 303
        assert callers(switch)["refused"]["numbers"] == {}
        assert "On the list refused." not in (await one.get(page)).text
    said = [(row.what, row.detail) for row in box.office.audited() if row.what.startswith("caller-")]
    assert sorted(said) == [
        ("caller-listed", "+37060000002: refused"),
        ("caller-unlisted", "+37060000002: refused"),
    ]


async def test_a_program_finds_the_calls_of_a_pest_and_keeps_him_out(box: Site, switch: Applying) -> None:
    async with Program(box, "supervisor") as program:
        found = (await program.get("/calls/search?q=60000002&missed=true")).json()
        assert [one["id"] for one in found] == [PEST]
        assert [one["id"] for one in (await program.get(f"/calls/search?before={GUEST}")).json()] == [PEST]
        table = (await program.get("/calls/table?line=phones")).text.splitlines()
        assert len(table) == 2 and "+37060000003" in table[1]
        assert (await program.get("/calls/search?from=soon")).status_code == 422
        assert (await program.get(f"/calls/{PEST}/details")).json() == {"legs": [], "known": {}}
        path = f"/calls/{PEST}/lists/refused"
        assert (await program.put(path, json={"name": "a pest"})).json() == {"became": "applied"}
        assert callers(switch)["refused"] == {"numbers": {"+37060000002": "a pest"}, "refuse": "busy"}
        assert (await program.delete(path)).json() == {"became": "applied"}
        assert (await program.delete(path)).status_code == 404
        assert (await program.put(f"/calls/{WITHHELD}/lists/refused", json={})).status_code == 404
        assert (await program.put(f"/calls/{PEST}/lists/nothing", json={})).status_code == 404
    noted = {(row.user, row.what) for row in box.office.audited()}
    assert {
        ("supervisor (a program)", what) for what in ("caller-listed", "caller-unlisted", "calls-exported")
    } <= noted


async def test_a_caller_who_is_on_a_list_is_found_however_his_number_is_written(box: Site, switch: Applying) -> None:
    async with box.logged_in("owner") as one:
        page = f"/calls/{GUEST}"
        assert "On the list guests." in (await one.get(page)).text
        assert (await one.fill(page, f"{page}/unlist", list="guests")).status_code == 303
        assert callers(switch)["guests"] == {"numbers": {}}
        assert "# as dialled at home" in switch.text


async def test_only_who_called_from_outside_with_a_number_is_listed_and_only_by_who_may(
    box: Site, switch: Applying
) -> None:
    async with box.logged_in("owner") as one:
        for call in (WITHHELD, OURS):
            assert "/list" not in (await one.get(f"/calls/{call}")).text
        refused = await one.fill(f"/calls/{PEST}", f"/calls/{WITHHELD}/list", list="refused", name="")
        assert refused.status_code == 404
        refused = await one.fill(f"/calls/{PEST}", f"/calls/{PEST}/list", list="nothing", name="")
        assert refused.status_code == 404
    async with box.logged_in("reader") as one:
        assert (await one.fill("/me", f"/calls/{PEST}/list", list="refused", name="")).status_code == 403
    assert switch.text == LISTED


async def test_who_has_a_draft_finds_the_caller_in_it(box: Site, switch: Applying) -> None:
    async with box.logged_in("installer") as one:
        await one.fill(
            "/hours?name=office",
            "/hours/week",
            name="office",
            mon="08:00-18:00",
            tue="",
            wed="",
            thu="",
            fri="",
            sat="",
            sun="",
        )
        answer = await one.fill(f"/calls/{PEST}", f"/calls/{PEST}/list", list="guests", name="x" * 100)
        assert answer.headers["location"].endswith("?done=draft#lists")
        draft = box.office.draft("installer")
        assert draft and tomllib.loads(draft.document)["callers"]["guests"]["numbers"]["+37060000002"] == "x" * 60
    assert switch.text == LISTED


async def test_a_supervisor_gives_nobody_what_opens_gates(tmp_path: Path, box: Site, switch: Applying) -> None:
    gate = '\n[mqtt]\n[action.gate]\ncallers = "guests"\nlines = ["city"]\ntopic = "home/gate"\npayload = "OPEN"\n'
    switch.document.write_text(LISTED + gate)
    async with box.logged_in("supervisor") as one:
        pest, guest = f"/calls/{PEST}", f"/calls/{GUEST}"
        assert "guests" not in (await one.get(pest)).text and "guests" not in (await one.get(guest)).text
        for page, do in ((pest, "list"), (guest, "unlist")):
            assert (await one.fill(pest, f"{page}/{do}", list="guests", name="")).status_code == 403
    async with box.logged_in("owner") as one:
        assert "guests" in (await one.get(pest)).text
    assert switch.text == LISTED + gate
