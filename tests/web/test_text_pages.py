# SPDX-License-Identifier: GPL-2.0-or-later
"""Text messages on their page: what came and was sent, and what became of it; one is sent, once, by who may."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.control.modems import SendText
from appliance.web.access import ROLES
from appliance.web.text_pages import PAGE, WRITES
from tests.web.kept import DOCUMENT, GSM, Kept
from tests.web.visitors import Site, site

OTHER = GSM.replace("line.gsm", "line.other").replace("1-1.3", "1-1.4").replace("Mobile", "Spare")


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    (tmp_path / "state").mkdir()
    async with Kept(tmp_path / "state", DOCUMENT + GSM + OTHER) as kept:
        yield kept


@pytest.fixture
async def box(tmp_path: Path, kept: Kept) -> AsyncIterator[Site]:
    async with site(tmp_path / "pages", kept.socket, kept.settings, kept.state) as box:
        box.people()
        yield box


async def texts(box: Site, query: str = "") -> list[str]:
    """As they stand on the page."""
    async with box.logged_in("owner") as one:
        answer = await one.get(f"/texts{query}")
    assert answer.status_code == 200, answer.text
    return re.findall(r'<p dir="auto">(.*?)</p>', answer.text)


async def test_the_newest_stands_first_with_what_became_of_it_and_nothing_in_it_is_html(box: Site, kept: Kept) -> None:
    for state, said in (("received", "<b>Open?</b>"), ("delivered", "At nine."), ("failed", "Come!")):
        kept.text(state, said, whole=state != "received")
    await kept.journal.durable()
    assert await texts(box) == ["Come!", "At nine.", "&lt;b&gt;Open?&lt;/b&gt;"]
    async with box.logged_in("supervisor") as one:
        page = (await one.get("/texts")).text
    for word in ("came", "delivered", "not delivered", "a part is missing", "Mobile"):
        assert f">{word}</" in page, word


async def test_they_are_of_one_line_and_turned_there_and_back(box: Site, kept: Kept) -> None:
    for n in range(PAGE + 2):
        kept.text("received", f"{n}", line="other" if n == 1 else "gsm")
    await kept.journal.durable()
    assert await texts(box, "?line=other") == ["1"]
    assert await texts(box, "?line=nobodys") == (first := await texts(box))
    async with box.logged_in("owner") as one:
        [older] = re.findall(r'href="(/texts\?line=&amp;before=[0-9]+)"', (await one.get("/texts")).text)
    rest = await texts(box, older.replace("&amp;", "&").removeprefix("/texts"))
    assert [*first, *rest] == [f"{n}" for n in reversed(range(PAGE + 2))]


async def test_one_is_sent_once_and_written_down_and_a_refusal_keeps_what_was_written(box: Site, kept: Kept) -> None:
    async with box.logged_in("supervisor") as one:
        for to, text in (("", "Hello"), ("+37060000002", " "), ("+37060000002", "x" * 1531)):
            assert (await one.fill("/texts", to=to, text=text)).status_code == 422
        refused = await one.fill("/texts", to="nobody", text="At nine.")
        assert (
            refused.status_code == 409
            and "no line that can send" in refused.text
            and "At nine.</textarea>" in refused.text
        )
        sent = await one.fill("/texts", to="+37060000002", text="At nine.", by="other")
        assert sent.headers["location"] == "/texts?done=sent"
    asked = [(one.to, one.text, one.line) for one in kept.asked if isinstance(one, SendText)]
    assert asked == [("nobody", "At nine.", ""), ("+37060000002", "At nine.", "other")]
    assert [(row.user, row.detail) for row in box.office.audited() if row.what == "text-sent"] == [
        ("supervisor", "+37060000002")
    ]


async def test_who_may_and_who_may_not(box: Site) -> None:
    for role in ROLES:
        async with box.logged_in(role) as one:
            may = role in WRITES
            assert (await one.get("/texts")).status_code == (200 if may else 403)
            assert ('href="/texts"' in (await one.get("/me")).text) is may
            assert (
                await one.post("/texts", data={"to": "+37060000002", "text": "x"})
            ).status_code == 403  # without csrf


async def test_somebody_of_the_office_with_a_mobile_is_offered_by_name(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    document = DOCUMENT.replace('name = "Anna"', 'name = "Anna"\nmobile = "+37060000001"', 1)
    async with Kept(tmp_path / "state", document + GSM) as kept:
        async with site(tmp_path / "pages", kept.socket, kept.settings, kept.state) as box:
            box.people()
            async with box.logged_in("owner") as one:
                page = (await one.get("/texts")).text
    assert re.findall(r'<option value="(person[^"]*)">([^<]*)', page) == [("person.anna", "Anna")]
