# SPDX-License-Identifier: GPL-2.0-or-later
"""What if: recorded calls under a draft and more of them, told side by side, apart from the pages, and ended when asked."""

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.core.names import Fact
from appliance.store.office import Draft
from appliance.web import replays
from appliance.web.access import now
from tests.reports.past import Past
from tests.settings.documents import settings
from tests.web.applying import Applying
from tests.web.programs import Program
from tests.web.visitors import Site, Visitor, site

DOCUMENT = """
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"

[phone.desk1]
[phone.desk2]
[phone.desk3]

[person]
anna = { name = "Anna", phones = ["desk1"] }
boris = { phones = ["desk2"] }
clara = { phones = ["desk3"] }

[queue.sales]
name = "Sales"
people = ["anna"]
ring_for = 15
max_wait = 60

[hours.always]
open = ["2020-01-01..2099-12-31"]

[scenario.main]
hours = "always"
open = "queue.sales"
closed = "mailbox.office"

[line.city]
kind = "sip"
host = "192.0.2.1"
scenario = "main"
"""
DRAFT = DOCUMENT.replace('people = ["anna"]', 'people = ["anna", "boris", "clara"]')
DAYS = {"from": "2026-12-14", "until": "2026-12-14"}
WITHIN = 60  # seconds


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Site]:
    past = Past(tmp_path / "journal.db", settings(DOCUMENT))
    past.line("city")
    for person in ("anna", "boris", "clara"):
        past.tell(Fact.REACHABLE, person, 1)
    await asyncio.to_thread(past.live, 400, 40_000)
    async with (
        Applying(tmp_path, DOCUMENT) as switch,
        site(tmp_path / "pages", switch.socket, switch.document, tmp_path) as box,
    ):
        box.people()
        yield box


async def came(visitor: Visitor) -> str:
    """The part of the page that tells, once there is nothing to wait for."""
    async with asyncio.timeout(WITHIN):
        while "<progress" in (text := (await visitor.get("/what-if/state")).text):
            await asyncio.sleep(0.05)
    return text


def figures(page: str, words: str) -> list[int]:
    """The row of a figure, up to the difference."""
    row = re.search(rf'<th scope="row">{words}</th>(.*?)</tr>', page, re.S)
    assert row, page
    return [int(one.replace("−", "-").replace("+", "")) for one in re.findall(r">\s*([+−]?[0-9]+)\s*s?</td>", row[1])]


async def test_a_draft_with_more_people_misses_fewer_of_the_same_calls(box: Site) -> None:
    box.office.keep(Draft("owner", DOCUMENT, DRAFT, now()))
    async with box.logged_in("owner") as one:
        answer = await one.fill("/what-if", "/what-if/run", **DAYS, scale="100")
        assert answer.headers["location"] == "/what-if#state"
        page = await came(one)
        calls, missed = figures(page, "Calls from outside"), figures(page, "Missed")
        assert calls == [400, 400, 0]
        assert missed[0] > missed[1] >= 0 and missed[2] == missed[1] - missed[0]
        assert "calls end otherwise" in page and "Replayed as they were, 400 of 400" in page
        first = re.search(r'<a href="/calls/([0-9]+)">', page)
        assert first and (await one.get(f"/calls/{first[1]}")).status_code == 200
        assert (await one.get("/what-if")).text.count("<table") == 3
        answer = await one.get("/what-if/table")
        rows = list(csv.DictReader(io.StringIO(answer.text[1:]), delimiter=";"))
        differ = re.search(r"([0-9]+) calls end otherwise", page)
        assert differ and len(rows) == int(differ[1]) and rows[0]["call"] == first[1]
        assert {row["in_force_end"] for row in rows} >= {"abandoned", "voicemail"} and "Anna" in answer.text
    async with box.logged_in("installer") as other:
        assert (await other.get("/what-if/table")).status_code == 404
        assert "<table" not in (await other.get("/what-if")).text  # each has his own


async def test_a_third_more_calls_are_tried_without_a_draft(box: Site) -> None:
    async with box.logged_in("installer") as one:
        await one.fill("/what-if", "/what-if/run", **DAYS, scale="130")
        page = await came(one)
        was, more, difference = figures(page, "Calls from outside")
        assert was == 400 and 470 < more < 570 and difference == more - was
        was, more, _ = figures(page, "Missed")
        assert more > was


async def test_a_program_sees_what_the_draft_of_its_user_would_change(box: Site) -> None:
    box.office.keep(Draft("owner", DOCUMENT, DRAFT, now()))
    async with Program(box) as program:
        assert (await program.get("/what-if")).json()["state"] == "none"
        days = {"first": DAYS["from"], "last": DAYS["until"]}
        assert (await program.post("/what-if", json=days)).status_code == 200
        assert (await program.post("/what-if", json=days)).status_code == 409  # one at a time
        async with asyncio.timeout(WITHIN):
            while (told := (await program.get("/what-if")).json())["state"] == "running":
                await asyncio.sleep(0.05)
        old, new = (one["figures"] for one in told["result"]["columns"].values())
        assert told["state"] == "done" and old["calls"] == new["calls"] == 400 and old["missed"] > new["missed"]
        assert (await program.post("/what-if", json=days | {"last": "2026-01-01"})).status_code == 422
        assert (await program.post("/what-if", json=days | {"scale": 500})).status_code == 422
        assert (await program.delete("/what-if")).status_code == 200


async def test_what_cannot_be_replayed_is_told(box: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async with box.logged_in("owner") as one:
        for form, words in (
            ({"from": "2026-12-01", "until": "2027-01-31"}, "At most 31 days"),
            ({"from": "2026-12-02", "until": "2026-12-01"}, "At most 31 days"),
            ({"scale": "151"}, "cannot be read"),
            ({"scale": "-1"}, "cannot be read"),
            ({"from": "yesterday"}, "cannot be read"),
        ):
            answer = await one.fill("/what-if", "/what-if/run", **({"scale": "100"} | DAYS | form))
            assert answer.status_code == 422 and words in answer.text
        await one.fill("/what-if", "/what-if/run", **{"from": "2025-01-01", "until": "2025-01-01"}, scale="100")
        assert "There was no call in these days." in await came(one)
        box.office.keep(Draft("owner", DOCUMENT, DRAFT.replace('"clara"', '"nobody"'), now()))
        await one.fill("/what-if", "/what-if/run", **DAYS, scale="100")
        assert "The draft has faults" in await came(one)
        monkeypatch.setattr(replays, "WITHIN", 0.0)
        await one.fill("/what-if", "/what-if/run", **DAYS, scale="100")
        assert "It took too long" in await came(one)


async def test_one_runs_at_a_time_while_pages_go_on_and_it_is_ended_when_asked(
    box: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\necho $$ > " + str(tmp_path / "pid") + "\nexec sleep 600\n")
    slow.chmod(0o755)
    monkeypatch.setattr("appliance.web.replays.sys.executable", str(slow))
    async with box.logged_in("owner") as one, box.logged_in("installer") as other:
        await one.fill("/what-if", "/what-if/run", **DAYS, scale="100")
        assert "<progress" in (await one.get("/what-if")).text
        refused = await other.fill("/what-if", "/what-if/run", **DAYS, scale="100")
        assert refused.status_code == 409
        await other.fill("/what-if", "/what-if/cancel")  # has none of his own
        assert "<progress" in (await one.get("/what-if/state")).text
        async with asyncio.timeout(WITHIN):
            while not (tmp_path / "pid").exists() or not (pid := (tmp_path / "pid").read_text().strip()):
                await asyncio.sleep(0.05)
        await one.fill("/what-if", "/what-if/cancel")
        assert "It was cancelled." in (await one.get("/what-if/state")).text
        assert not Path(f"/proc/{pid}").exists()
