# SPDX-License-Identifier: GPL-2.0-or-later
"""The organisation as a page: branches, departments and people, who is on duty, and the duties of a week."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.kept import ORGANISED, Kept
from tests.web.programs import Program
from tests.web.visitors import Site, site


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Site]:
    (tmp_path / "state").mkdir()
    async with (
        Kept(tmp_path / "state", ORGANISED) as kept,
        site(tmp_path / "pages", kept.socket, kept.settings, kept.state, follows=True) as box,
    ):
        box.people()
        yield box


async def test_the_office_reads_who_leads_what_and_whose_duty_it_is(box: Site) -> None:
    async with box.logged_in("employee") as one:
        page = (await one.get("/organisation?week=2026-12-03")).text
        shown = " ".join(re.sub(r"<[^>]*>", " ", page).split())
        assert "Harbour Hours: office Bookkeeping Hours: office · Head: Борис Anna 101 Accountant" in shown
        assert "Of no department Борис 102 always on duty" in shown and "Carl" in shown and "Planned" in shown
        assert "Duties of the week from 2026-11-30" in shown and "/organisation?week=2026-12-07" in page
        assert "Anna early 08:00-14:00 – – – 22:00-24:00 00:00-02:00 –" in shown
        assert "/settings/at/" not in page
        later = (await one.get("/organisation?week=2026-12-07")).text
        assert "08:00-14:00" not in later  # that Monday is closed
    async with box.logged_in("owner") as owner:
        page = (await owner.get("/organisation")).text
        assert all(f"/settings/at/{of}" in page for of in ("branch/harbour", "department/books", "person/anna"))
        assert "/hours?name=early" in page


async def test_a_program_is_told_the_same(box: Site) -> None:
    async with Program(box, "reader") as program:
        told = (await program.get("/organisation")).json()
        [harbour, empty] = told["branches"]
        assert (harbour["name"], harbour["hours"], empty["departments"]) == ("Harbour", "office", [])
        [books] = harbour["departments"]
        assert (books["id"], books["hours"], books["head"]) == ("books", "office", "boris")
        [anna] = books["people"]
        assert (anna["position"], anna["duty"], anna["extension"]) == ("Accountant", "early", "101")
        assert isinstance(anna["on_duty"], bool) and anna["until"] > 0
        assert [one["id"] for one in told["others"]] == ["boris", "carl"]
        [duty] = (await program.get("/organisation/duties?week=2026-11-30")).json()
        days = ["08:00-14:00", "", "", "", "22:00-24:00", "00:00-02:00", ""]
        assert duty == {"person": "anna", "name": "Anna", "hours": "early", "days": days}
        assert (await program.get("/organisation/duties?week=soon")).status_code == 422
