# SPDX-License-Identifier: GPL-2.0-or-later
"""Who reads Russian or Ukrainian meets no English on any page: each is fetched, and what people see or hear of it is read."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.switch import Switch
from tests.settings.documents import FULL, TWO
from tests.web.applying import Applying
from tests.web.kept import DOCUMENT, GSM, Kept, T
from tests.web.programs import followed
from tests.web.reading import english
from tests.web.test_office_pages_in_a_browser import BOARD, FIRST, PAST, PERIOD
from tests.web.test_pages_in_a_browser import BEFORE, PAGES
from tests.web.visitors import ROLES, Visitor, site

LANGUAGES = pytest.mark.parametrize("language", ["ru", "uk"])
TABLE = re.compile(r'href="(/settings/at/[^"?]+)"')
FAULTY = """
[office]
name = "Example Ltd"
country = "Lithuania"
time_zone = "Europe/Vilnius"
colour = "red"
[queue.sales]
people = []
max_wait = 1000000
strategy = "all"
[line.city]
kind = "isdn"
"""
DISAGREEING = """
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[phone.desk]
tls = true
[person.anna]
extension = "101"
phones = ["desk", "dask"]
[person.boris]
extension = "101"
phones = ["desk"]
mobile = "+37060000001"
[queue.sales]
people = ["anna", "boris", "anna"]
shares = { anna = 30 }
[scenario.main]
start = "hello"
[scenario.main.step.hello]
do = "queue"
queue = "sale"
unanswered = "later"
[scenario.main.step.later]
do = "hours"
hours = "office"
open = "later"
closed = "sales"
[scenario.main.step.lost]
do = "menu"
prompt = "hello"
otherwise = "hello"
keys = { 1 = { to = "sales", value = "x" } }
"""
DOUBTFUL = """
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[web]
listen = "0.0.0.0"
[phone.desk]
[person.anna]
phones = ["desk"]
[queue.sales]
people = ["anna"]
goal = "sell-more"
max_wait = 900
shares = { anna = 100 }
"""


def names(document: str) -> set[str]:
    """Every name and text of a document that is its writer's own, and what is called after one; people log in here by the
    name of their role."""
    own = {*_own(tomllib.loads(document)), "office"}
    return own | {name.replace("-", " ").capitalize() for name in own} | {*ROLES}


def _own(value: Any) -> Iterator[str]:
    match value:
        case str() if value:
            yield value
        case dict():
            yield from value
            for each in value.values():
                yield from _own(each)
        case list():
            for each in value:
                yield from _own(each)


class Reading:
    """A visitor of a language, who remembers the English he met, by the page."""

    def __init__(self, one: Visitor, language: str, known: set[str]) -> None:
        one.headers["Accept-Language"] = language
        self._one, self._known = one, known
        self.met: dict[str, list[str]] = {}
        self.read: set[str] = set()

    async def page(self, path: str) -> str:
        answer = await self._one.get(path)
        assert answer.status_code == 200, path
        self.read.add(path)
        if found := english(answer.text, self._known):
            self.met[path] = found
        return answer.text

    async def tables(self) -> None:
        """Every table of the settings that a page leads to; of those alike, with the same fields set, one."""
        seen, new = set(), ["/settings"]
        while new:
            text = await self.page(new.pop())
            for path in TABLE.findall(text):
                words = re.search(rf'href="{re.escape(path)}"><bdi>[^<]*</bdi> <small><bdi>([^<]*)', text)
                alike = (path.rpartition("/")[0], words[1] if words and "/step/" in path else "")
                if alike not in seen or path.count("/") == 3:
                    seen.add(alike)
                    new += [path] * (path not in self.read)


@LANGUAGES
async def test_no_page_that_sets_something_has_english_left(tmp_path: Path, language: str) -> None:
    text = FULL.read_text()
    async with Applying(tmp_path, text) as switch, site(tmp_path / "pages", switch.socket, switch.document) as box:
        async with box.visitor() as one:
            before = Reading(one, language, set())
            await before.page(BEFORE[0])
        box.people()
        async with box.visitor() as one:
            before = Reading(one, language, set())
            await before.page(BEFORE[1])
        async with box.logged_in("owner") as one:
            reading = Reading(one, language, names(text))
            for path in (*PAGES, *FIRST):
                await reading.page(path)
            await reading.tables()
    assert len(reading.read) > 80
    assert before.met | reading.met == {}


@LANGUAGES
async def test_faults_and_doubts_are_in_the_visitors_language(tmp_path: Path, language: str) -> None:
    """Those of a faulty draft, beside their fields and all together; what is sound but may not be meant; both at an apply."""
    async with Applying(tmp_path, FULL.read_text()) as switch:
        async with site(tmp_path / "pages", switch.socket, switch.document) as box:
            box.people()
            for document, pages in (
                (FAULTY, ("/settings", "/settings/at/office", "/settings/at/queue/sales", "/settings/draft")),
                (DISAGREEING, ("/settings", "/settings/at/person/boris", "/scenarios/main", "/settings/draft")),
                (DOUBTFUL, ("/settings/at/queue/sales", "/settings/draft")),
            ):
                async with box.logged_in("owner") as one:
                    assert (await one.fill("/settings/import", text=document)).status_code == 303
                    reading = Reading(one, language, names(document))
                    texts = [await reading.page(path) for path in pages]
                    assert all('class="fault"' in text or 'role="alert"' in text or "<li>" in text for text in texts)
                    assert reading.met == {}


@LANGUAGES
async def test_why_an_older_version_is_not_taken_any_more_is_told_in_the_visitors_language(
    tmp_path: Path, language: str
) -> None:
    async with Applying(tmp_path, TWO) as switch, site(tmp_path / "pages", switch.socket, switch.document) as box:
        for document in (DISAGREEING, TWO):  # sound once, by other rules
            switch.history.apply(switch.document, document, at=1, comment="")
        box.people()
        async with box.logged_in("owner") as one:
            one.headers["Accept-Language"] = language
            answer = await one.fill("/settings", "/settings/restore", version="2")
    assert answer.status_code == 422 and "phone.desk.tls: TLS" in answer.text
    assert english(answer.text, names(DISAGREEING)) == []


@LANGUAGES
async def test_a_secret_that_is_none_is_refused_in_the_visitors_language(tmp_path: Path, language: str) -> None:
    text = FULL.read_text()
    async with Applying(tmp_path, text) as switch, site(tmp_path / "pages", switch.socket, switch.document) as box:
        box.people()
        async with box.logged_in("owner") as one:
            one.headers["Accept-Language"] = language
            given = {"at": "mailbox/sales", "table": "mailbox", "name": "sales", "pin": "12"}
            answer = await one.fill("/settings", "/settings/secret", **given)
    assert answer.status_code == 422
    assert english(answer.text, names(text)) == []


@LANGUAGES
async def test_no_page_of_a_days_work_has_english_left(tmp_path: Path, language: str) -> None:
    (tmp_path / "state").mkdir()
    kept = Kept(tmp_path / "state", DOCUMENT + GSM)
    for state in ("received", "sent", "delivered", "failed"):
        kept.text(state, "Когда?", whole=state != "received")
    call = kept.call(name="Ольга")
    kept.message(kept.call(T + 60_000, outcome="voicemail", person=""), "office")
    kept.recording(call, b"\0" * 16_000)
    async with kept, site(tmp_path / "pages", kept.socket, kept.settings, kept.state, follows=True) as box:
        box.people()
        async with box.logged_in("owner") as one:
            reading = Reading(one, language, names(DOCUMENT + GSM))
            for path in (*PAST, f"/reports?{PERIOD}"):
                await reading.page(path)
    assert reading.met == {}


@LANGUAGES
async def test_no_part_of_the_board_has_english_left(tmp_path: Path, language: str) -> None:
    async with Switch(tmp_path / "control.sock") as switch, followed(tmp_path / "pages", switch.socket) as box:
        switch.call(id=4, state="waiting", queue="sales", name="Ольга", ringing=("anna",))
        switch.call(id=5, state="talking", person="anna")
        switch.call(id=6, state="parked", slot="71")
        async with box.logged_in("supervisor") as one:
            reading = Reading(one, language, {*ROLES, "Example Ltd", "Anna", "Boris", "Sales", "City"})
            for path in BOARD:
                await reading.page(path)
    assert reading.met == {}
