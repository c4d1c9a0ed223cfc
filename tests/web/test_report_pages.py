# SPDX-License-Identifier: GPL-2.0-or-later
"""Reports: what is added up by hour, line, department and person, told on a page, in a table and on paper."""

import asyncio
import csv
import io
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.reports import load, pdf
from appliance.reports.load import Load
from appliance.store.reader import Reader
from tests.web.kept import DOCUMENT, Kept, T
from tests.web.programs import Program
from tests.web.visitors import Site, site

HOUR, DAY = 3_600_000, 86_400_000  # ms
PERIOD = "?from=2026-09-23&until=2026-09-24"
SHOP = '[department.shop]\nname = "Магазин"\npeople = ["anna"]\n\n'
ORDER = """
[scenario.order]
start = "ask"
[scenario.order.step.ask]
do = "collect"
prompt = "order"
attribute = "order"
next = "queue.sales"
[prompt.order]
text = "Your number, please."
"""
OFFICE = DOCUMENT.replace("[queue.sales]", f'{SHOP}[queue.sales]\ndepartment = "shop"') + ORDER


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    (tmp_path / "state").mkdir()
    kept = Kept(tmp_path / "state", OFFICE)
    for n in range(3):
        kept.call(T + n * 60_000)
    kept.call(T + 200_000, person="", outcome="abandoned")
    kept.call(T + DAY, person="boris", phone="desk2", queue="")
    kept.call(T + DAY + HOUR, line="phones", caller="101", called="+37060000009", person="", queue="")
    kept.call(T + 5 * DAY)  # not of these days
    for n, chosen in enumerate(("invoice", "invoice", "repair")):
        for _ in range(2):  # sent back to the menu, and pressed once more
            kept.knows((T + n * 60_000 << 10) + 1, "topic", chosen)
        kept.knows((T + n * 60_000 << 10) + 1, "order", f"471{n}")
    async with kept:
        yield kept


@pytest.fixture
async def box(tmp_path: Path, kept: Kept) -> AsyncIterator[Site]:
    async with site(tmp_path / "pages", kept.socket, kept.settings, kept.state) as box:
        box.people()
        yield box


async def test_calls_are_added_up_where_the_office_is(kept: Kept) -> None:
    reader, zone = Reader(kept.state / "journal.db"), ZoneInfo("Europe/Vilnius")
    report = load.read(reader, T - 2 * HOUR, T + 2 * DAY, zone, 10_000)
    talk = Load(3, 3, 0, 3, 27_000, 180_000)
    assert report.total == Load(5, 4, 1, 4, 36_000, 240_000)
    assert report.total.level == 80.0
    assert report.hours == {(2, 11): talk + Load(1, 0, 1), (3, 11): Load(1, 1, 0, 1, 9_000, 60_000)}
    assert report.people == {"anna": talk, "boris": Load(1, 1, 0, 1, 9_000, 60_000)}
    assert report.made == {"101": Load(1, 1, 0, 1, 9_000, 60_000)}
    assert load.read(reader, T - 2 * HOUR, T + 2 * DAY, zone, 8_000).total.level == 0.0
    assert load.read(reader, 0, 1, zone, 8_000).total.level is None


async def test_the_time_of_a_call_that_was_handed_on_is_that_of_each_who_talked(kept: Kept) -> None:
    call = kept.call(T + 10 * DAY, person="boris", phone="desk1", talk=60_000)
    at = T + 10 * DAY
    kept.journal.leg(call, 2, at + 50_000, "desk2", "phone", "answered")
    kept.journal.leg(call, 2, at + 69_000, "desk2", "phone", "ended", 16)
    await kept.journal.durable()
    reader, zone = Reader(kept.state / "journal.db"), ZoneInfo("Europe/Vilnius")
    owners = {"desk1": "anna", "desk2": "boris"}
    report = load.read(reader, at, at + DAY, zone, 10_000, owners)
    assert report.people == {"anna": Load(1, 1, 0, 1, 9_000, 60_000), "boris": Load(1, 1, 0, 1, 9_000, 19_000)}
    assert report.total.calls == 1


async def test_the_page_has_a_table_beside_each_chart(box: Site) -> None:
    async with box.logged_in("supervisor") as one:
        page = (await one.get(f"/reports{PERIOD}&level=10")).text
        assert page.count('class="chart') == 3 and page.count("data-chart=") == 2  # days have two
        assert re.findall(r'<tr data-name="2026-09-2\d"[^>]* data-level="(\d*)">', page) == ["75", "100"]
        assert (
            page.count('<svg class="stripe"') == len(re.findall(r'<th scope="row"><bdi>', page)) - 1
        )  # what ours made has none
        assert page.count('<tr data-name="2026-09-2') == 2
        assert re.search(r'<th scope="row"><bdi>Магазин</bdi><svg .*?</svg></th><td class="number">4</td>', page)
        assert "<dd>80 %</dd>" in page and "City" in page and "Борис" in page
        quiet = (await one.get("/reports?from=2024-01-01&until=2024-01-31")).text
        assert "There were no calls in these days." in quiet and 'class="chart"' not in quiet
        assert (await one.get("/reports?from=2024-01-01&until=2026-01-01")).status_code == 422
        assert (await one.get("/reports?from=soon&level=7")).status_code == 200


async def test_the_table_holds_all_of_it(box: Site) -> None:
    async with box.logged_in("owner") as one:
        answer = await one.get(f"/reports/export{PERIOD}")
    rows = {(row["of"], row["name"]): row for row in csv.DictReader(io.StringIO(answer.text[1:]), delimiter=";")}
    assert rows["total", ""]["answered"] == "4"
    assert rows["hour", "3 11:00"]["missed"] == "1"
    assert rows["departments", "Магазин"]["calls"] == "4"
    assert rows["people", "Anna"]["talk_s"] == "180"
    assert rows["made", "Anna"]["calls"] == "1"
    assert [(name, row["calls"]) for (of, name), row in rows.items() if of == "choices"] == [
        ("topic: invoice", "2"),
        ("topic: repair", "1"),
    ], "what each caller has of his own, such as a number of an order, is no choice"
    assert rows["day", "2026-09-24"]["answered_in_time"] == "1"
    assert box.office.audited()[0].what == "report-exported"


async def test_a_program_reads_the_same_figures_in_each_form(box: Site) -> None:
    days = "?first=2026-09-23&last=2026-09-24&level=10"
    async with Program(box, "supervisor") as program:
        told = (await program.get(f"/reports{days}")).json()
        rows = {(row["of"], row["name"]): row for row in told["rows"]}
        assert (told["first"], rows["total", ""]["answered"], rows["people", "Anna"]["talk_s"]) == (
            "2026-09-23",
            4,
            180,
        )
        table = csv.DictReader(io.StringIO((await program.get(f"/reports/table{days}")).text[1:]))
        assert [row["name"] for row in table] == [row["name"] for row in told["rows"]]
        paper = await program.get(f"/reports/paper{days}")
        assert paper.headers["content-type"] == "application/pdf" and paper.content.startswith(b"%PDF")
        for wrong in ("first=soon", "first=2020-01-01&last=2026-01-01", "last=0001-01-01", "level=0", "days=3"):
            assert (await program.get(f"/reports?{wrong}")).status_code == 422, wrong
        assert (await program.get("/reports")).json()["rows"][0]["calls"] == 0  # the last thirty days
    assert ("supervisor (a program)", "report-exported") in {(row.user, row.what) for row in box.office.audited()}
    async with Program(box, "installer") as program:
        assert (await program.get("/reports")).status_code == 403


async def test_a_report_on_paper_is_in_the_visitors_language(box: Site, tmp_path: Path) -> None:
    async with box.logged_in("owner") as one:
        one.headers["Accept-Language"] = "uk"
        answer = await one.get(f"/reports/pdf{PERIOD}")
    assert answer.headers["content-type"] == "application/pdf"
    assert "report-2026-09-23-2026-09-24.pdf" in answer.headers["content-disposition"]
    (tmp_path / "report.pdf").write_bytes(answer.content)
    reader = shutil.which("pdftotext")
    assert reader, "this test reads paper: apt-get install poppler-utils"
    told = [reader, "-layout", str(tmp_path / "report.pdf"), "-"]
    text = (await asyncio.to_thread(subprocess.run, told, check=True, capture_output=True)).stdout.decode()
    assert "Рівень обслуговування" in text and "Магазин" in text and "Середа" in text
    assert re.search(r"2026-09-23\s+4\s+3\s+1\s+75 %", text)
    assert re.search(r"11:00\s+5\s+4\s+1\s+80 %\s+0:09\s+1:00", text)


def test_names_on_paper_are_no_markup_and_long_tables_go_on_over_pages() -> None:
    rows = [["", "n"], *([f"<img src='file:///etc/passwd'/> {n}", str(n)] for n in range(300))]
    made = pdf.document("<b>&</b>", "<a href='http://192.0.2.1/'>", [pdf.Part("<font size=99>", rows)])
    assert made.startswith(b"%PDF-") and made.count(b"/Type /Page\n") > 3
    assert b"/URI" not in made


async def test_who_may_not_read_reports_gets_none(box: Site) -> None:
    for who in ("installer", "employee", "reader"):
        async with box.logged_in(who) as one:
            for page in ("/reports", "/reports/export", "/reports/pdf"):
                assert (await one.get(page)).status_code == 403
