# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of calls: what is found in it and by whom, one call with its why, and the table for spreadsheets."""

import csv
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.control.handling import CallFor
from appliance.reports.table import harmless, separator, table
from appliance.store.calls import CallList, Who, anywhere
from appliance.store.reader import Reader
from appliance.web.call_pages import PAGE
from tests.web.kept import Kept, T
from tests.web.visitors import Site, Visitor, site

HOUR, DAY = 3_600_000, 86_400_000  # ms


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    (tmp_path / "state").mkdir()
    kept = Kept(tmp_path / "state")
    kept.call(T, name="Ольга Петрова", caller="+37060000001")
    kept.call(T + HOUR, caller="+37060000002", person="", outcome="abandoned", phone="desk2")
    kept.call(T + DAY, caller="", person="boris", phone="desk2")
    kept.call(T + DAY + HOUR, caller="101", called="+380441234567", line="phones", person="", queue="")
    async with kept:
        yield kept


@pytest.fixture
async def box(tmp_path: Path, kept: Kept) -> AsyncIterator[Site]:
    async with site(tmp_path / "pages", kept.socket, kept.settings, kept.state) as box:
        box.people()
        box.office.change("employee", person="boris")
        yield box


async def whens(one: Visitor, query: str) -> list[str]:
    """When the calls on a page were, the first one first."""
    answer = await one.get(f"/calls{query}")
    assert answer.status_code == 200, answer.text
    return re.findall(r'<a href="/calls/[0-9]+">([0-9 :-]+)</a>', answer.text)


async def listed(box: Site, who: str, query: str = "") -> list[str]:
    async with box.logged_in(who) as one:
        return await whens(one, query)


FIRST, MISSED, WITHHELD, OUT = "2026-09-23 11:00", "2026-09-23 12:00", "2026-09-24 11:00", "2026-09-24 12:00"


SEARCHES = (
    ("", [OUT, WITHHELD, MISSED, FIRST]),
    ("?q=%2B37060000001", [FIRST]),
    ("?q=860000001", [FIRST]),  # as it is dialled at home
    ("?q=600%2000001", [FIRST]),
    ("?q=00370%206000", [MISSED, FIRST]),  # the beginning of it
    ("?q=0002", [MISSED]),
    ("?q=044%20123-45-67", [OUT]),  # a part of it
    ("?q=%2B380%2044%20123%2045%2067", [OUT]),
    ("?q=%D0%BE%D0%BB%D1%8C%D0%B3%D0%B0", [FIRST]),  # ольга
    ("?q=*", []),
    ("?person=boris", [WITHHELD, MISSED]),  # his telephone rang
    ("?queue=sales&from=2026-09-24", [WITHHELD]),
    ("?from=2026-09-23&until=2026-09-23", [MISSED, FIRST]),
    ("?missed=1", [MISSED]),
    ("?missed=1&person=anna", []),
    ("?q=%00&from=tomorrow&until=9999-99-99", [OUT, WITHHELD, MISSED, FIRST]),
)


async def test_a_call_is_found_by_what_somebody_remembers_of_it(box: Site) -> None:
    async with box.logged_in("owner") as one:
        for query, found in SEARCHES:
            assert await whens(one, query) == found, query


async def test_an_employee_sees_his_own_calls_whatever_he_asks_for(box: Site, kept: Kept) -> None:
    assert await listed(box, "employee") == [WITHHELD, MISSED]
    assert await listed(box, "employee", "?person=anna") == [WITHHELD, MISSED]
    assert await listed(box, "employee", "?q=%2B37060000001") == []
    every = Reader(kept.state / "journal.db").calls()
    async with box.logged_in("employee") as one:
        seen = {call.id: (await one.get(f"/calls/{call.id}")).status_code for call in every}
        assert sorted(seen.values()) == [200, 200, 404, 404]
        rows = list(csv.reader(io.StringIO((await one.get("/calls/export")).text), delimiter=";"))
        assert len(rows) == 3
    box.office.change("employee", person="")
    assert await listed(box, "employee") == []


async def test_one_call_tells_its_legs_and_its_why_in_the_visitors_language(box: Site, kept: Kept) -> None:
    first = (T << 10) + 1
    kept.knows(first, "topic", "<invoice>")
    await kept.journal.durable()
    async with box.logged_in("supervisor") as one:
        page = (await one.get(f"/calls/{first}")).text
        assert "the call came in on line “City”" in page and "waits in queue “Sales”, place 1" in page
        assert "desk1" in page and "1:00" in page and "<dd><bdi>&lt;invoice&gt;</bdi></dd>" in page
        one.headers["Accept-Language"] = "uk"
        assert "чекає в черзі «Sales»" in (await one.get(f"/calls/{first}")).text
        assert (await one.get(f"/calls/{(1 << 60)}")).status_code == 404


async def test_who_called_is_called_from_ones_own_telephone_by_a_click(box: Site, kept: Kept) -> None:
    box.office.change("owner", person="anna")
    first, withheld = (T << 10) + 1, (T + DAY << 10) + 1
    async with box.logged_in("owner") as one, box.logged_in("supervisor") as nobody:
        page = f"/calls/{first}"
        assert "Call +37060000001 from my telephone" in (await one.get(page)).text
        assert (await one.fill(page, f"{page}/back")).status_code == 303
        [told] = [each for each in kept.asked if isinstance(each, CallFor)]
        assert (told.person, told.number) == ("anna", "+37060000001")
        assert "from my telephone" not in (await one.get(f"/calls/{withheld}")).text
        assert (await one.fill(page, f"/calls/{withheld}/back")).status_code == 404
        assert "from my telephone" not in (await nobody.get(page)).text, "who is no person of the office has none"
        assert (await nobody.fill("/me", f"{page}/back")).status_code == 404
    assert "call-dialled" in [row.what for row in box.office.audited()]


async def test_pages_are_turned_there_and_back_and_none_is_left_out(box: Site, kept: Kept) -> None:
    for n in range(2 * PAGE):
        kept.call(T + 10 * DAY + n * 60_000, caller=f"+3706100{n:04}")
    await kept.journal.durable()
    async with box.logged_in("owner") as one:
        seen, page = [], "/calls"
        while page:
            text = (await one.get(page)).text
            seen += re.findall(r'href="/calls/([0-9]+)"', text)
            found = re.search(r'href="(/calls[^"]*)" rel="next"', text)
            page = found[1].replace("&amp;", "&") if found else ""
            back = re.search(r'href="(/calls[^"]*)" rel="prev"', text)
        assert len(seen) == len(set(seen)) == 2 * PAGE + 4
        assert seen == sorted(seen, key=int, reverse=True)
        assert back
        text = (await one.get(back[1].replace("&amp;", "&"))).text
        assert re.findall(r'href="/calls/([0-9]+)"', text) == seen[PAGE : 2 * PAGE]


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("＝1", "'＝1"),
        ("+37060000001", "+37060000001"),  # a number, and no formula
        ("Ольга", "Ольга"),
        ("", ""),
        (-7, -7),
    ],
)
def test_no_cell_is_a_formula(cell: object, told: object) -> None:
    assert harmless(cell) == told


async def test_the_table_holds_what_was_searched_and_it_is_written_down(box: Site, kept: Kept) -> None:
    kept.call(T + 2 * DAY, name='=2+5, "so"', caller="+37060000009")
    await kept.journal.durable()
    async with box.logged_in("owner") as one:
        answer = await one.get("/calls/export?q=60000009")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.startswith("\ufeff")
    head, row = csv.reader(io.StringIO(answer.text[1:]), delimiter=";")
    told = dict(zip(head, row, strict=True))
    assert (told["name"], told["from"], told["person"]) == ('\'=2+5, "so"', "+37060000009", "Anna")
    assert (told["begins"], told["wait_s"], told["talk_s"]) == ("2026-09-25 11:00:00", "9", "60")
    assert box.office.audited()[0].what == "calls-exported"


@pytest.mark.parametrize(
    ("country", "between"), [("LT", ";"), ("UA", ";"), ("RU", ";"), ("DE", ";"), ("GB", ","), ("US", ",")]
)
def test_a_table_has_the_separator_that_spreadsheets_of_the_country_take_for_one(country: str, between: str) -> None:
    assert separator(country) == between
    assert table([["Ольга", "a;b"]], ";") == 'Ольга;"a;b"\r\n'


async def test_a_journal_that_is_not_there_is_told_so(tmp_path: Path, kept: Kept) -> None:
    async with site(tmp_path / "others", kept.socket, kept.settings, tmp_path) as box:
        box.people()
        async with box.logged_in("owner") as one:
            for page in ("/calls", "/calls/7", "/calls/export", "/recordings"):
                assert (await one.get(page)).status_code == 503, page


def test_small_and_large_letters_are_one() -> None:
    assert anywhere("Оe*[") == "*[Оо][Ee][*][[]*"


async def test_searches_follow_an_index_however_long_the_journal(kept: Kept) -> None:
    """The plan of each: none looks through the whole table for a number, a person or a queue."""
    calls = CallList(Reader(kept.state / "journal.db"))
    from appliance.store import calls as module

    for wanted in (
        module.Wanted(number="+37060000001"),
        module.Wanted(queue="sales"),
        module.Wanted(who=Who("anna", ("desk1",))),
        module.Wanted(own=Who("anna", ("desk1",)), missed=True),
        module.Wanted(),
    ):
        sql, values = module._query(wanted, 51, before=0, after=0)
        with calls._reader.open() as db:
            plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
        assert not [step for step in plan if step.startswith("SCAN call") or step.startswith("SCAN leg")], plan


async def test_only_who_left_a_message_is_said_to_have_left_one(box: Site, kept: Kept) -> None:
    said = {}
    for n, kind in enumerate(("voicemail", "voicemail-refused", "")):
        id = kept.call(T + n, caller=f"+3706000010{n}", person="", outcome="voicemail")
        if kind:
            kept.journal.event(id, id >> 10, kind, {"mailbox": "office"})
        said[id] = ("left a message", "the mailbox was full", "left no message")[n]
    await kept.journal.durable()
    async with box.logged_in("owner") as one:
        page = (await one.get("/calls")).text
        for id, words in said.items():
            row = page[page.index(f'href="/calls/{id}"') :].partition("</tr>")[0]
            assert f">{words}<" in row
            assert f">{words}<" in (await one.get(f"/calls/{id}")).text
