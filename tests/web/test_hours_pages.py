# SPDX-License-Identifier: GPL-2.0-or-later
"""Opening hours on a page: the week painted by mouse and key, the year the core draws, hours held for a while."""

import asyncio
import datetime
import re
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.control.messages import Override
from appliance.settings import edits
from appliance.web.access import now
from tests.web.kept import DOCUMENT, Kept
from tests.web.programs import Program
from tests.web.visitors import Site, Visitor, site

ZONE = ZoneInfo("Europe/Vilnius")
HOLIDAYS = DOCUMENT.replace("[hours.office]", '[hours.office]\nholidays = ["LT"]\nclosed = ["2027-03-02"]\n')
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "")


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    (tmp_path / "state").mkdir()
    async with Kept(tmp_path / "state", HOLIDAYS) as kept:
        yield kept


@pytest.fixture
async def box(tmp_path: Path, kept: Kept) -> AsyncIterator[Site]:
    async with site(tmp_path / "pages", kept.socket, kept.settings, kept.state, follows=True) as box:
        box.people()
        yield box


def week(box: Site, who: str) -> dict[str, list[str]]:
    """That of somebody's draft."""
    draft = box.office.draft(who)
    assert draft
    return dict(edits.at(edits.values(draft.document), ("hours", "office", "week")))


async def until(visitor: Visitor, words: str) -> str:
    """The page, once it says so."""
    async with asyncio.timeout(20):
        while words not in (page := (await visitor.get("/hours")).text):
            await asyncio.sleep(0.05)
    return page


async def test_the_year_is_drawn_by_the_core_with_its_holidays(box: Site) -> None:
    async with box.logged_in("reader") as one:
        page = (await one.get("/hours?year=2027")).text
        assert "2027, as callers will meet it" in page
        days = re.findall(r'<span class="day([^"]*)" title="([^"]*)">([0-9]+)<', page)
        assert len(days) == 365
        assert days[3] == (" open", "09:00-18:00", "4")  # Monday
        assert days[4] == (" open", "09:00-13:00, 14:00-18:00", "5")
        assert days[59 + 1] == (" differs", "closed", "2")  # Tuesday 2 March, by its date
        assert "usually 09:00-13:00, 14:00-18:00" in page
        assert "Easter Monday" in page
        async with Program(box, "reader") as program:
            told = (await program.get("/hours/office/year?year=2027")).json()
            assert (len(told), told[3]["open"]) == (365, "09:00-18:00")
            assert told[60] | {"holidays": []} == {
                "date": "2027-03-02", "open": "", "usual": "09:00-13:00, 14:00-18:00", "holidays": []
            }  # fmt: skip
            assert (await program.get("/hours/nothing/year")).status_code == 404
            assert (await program.get("/hours/office/year?year=1999")).status_code == 422
        one.headers["Accept-Language"] = "uk"
        assert "Березень" in (await one.get("/hours?year=2027")).text
        assert 'name="mode"' not in page and "Keep in the draft" not in page
        assert (await one.get("/hours?name=nothing")).status_code == 404
        assert (await one.get("/hours?year=99999")).status_code == 200


async def test_a_week_goes_into_the_draft_and_the_year_shows_it(box: Site) -> None:
    async with box.logged_in("installer") as one:
        given = WEEK | {"name": "office", "mon": "09:00-18:00", "sat": "22:00-02:00, 10:00-14:00"}
        answer = await one.fill("/hours", "/hours/week", **given)
        assert answer.headers["location"] == "/hours?name=office&done=kept"
        assert week(box, "installer") == {"mon": ["09:00-18:00"], "sat": ["10:00-14:00", "22:00-02:00"]}
        page = (await one.get("/hours?year=2027")).text
        assert "As your draft has it." in page
        assert 'title="10:00-14:00, 22:00-24:00">2<' in page and 'title="00:00-02:00">3<' in page
        answer = await one.fill("/hours", "/hours/week", **given | {"tue": "9 to 5", "wed": "09:00-09:00"})
        assert answer.status_code == 422 and answer.text.count('role="alert"') == 2
        assert 'value="9 to 5"' in answer.text
    assert box.office.draft("owner") is None  # each has his own


async def test_a_week_painted_on_a_page_that_stood_open_takes_back_no_day_of_somebody_else(box: Site) -> None:
    async with box.logged_in("installer") as one:
        opened = (await one.get("/hours")).text
        showed = dict(re.findall(r'name="(was:[a-z]{3})" value="([^"]*)"', opened))
        painted = {day: showed[f"was:{day}"] for day in WEEK}
        await one.fill(
            "/hours", "/hours/week", name="office", **showed, **painted | {"mon": "08:00-12:00"}
        )  # another window
        answer = await one.fill("/hours", "/hours/week", name="office", **showed, **painted | {"sat": "10:00-14:00"})
        assert answer.status_code == 303
        assert (week(box, "installer")["mon"], week(box, "installer")["sat"]) == (["08:00-12:00"], ["10:00-14:00"])
        answer = await one.fill("/hours", "/hours/week", name="office", **showed, **painted | {"mon": "07:00-09:00"})
        assert answer.status_code == 409 and "Changed elsewhere since this page was opened" in answer.text
        assert week(box, "installer")["mon"] == ["08:00-12:00"]


async def test_a_draft_that_is_faulty_elsewhere_still_has_its_year(box: Site) -> None:
    from appliance.store.office import Draft

    async with box.logged_in("owner") as one:
        box.office.keep(Draft("owner", HOLIDAYS, HOLIDAYS.replace('"boris"]', '"nobody"]'), now()))
        assert (await one.get("/hours?year=2027")).text.count('class="day open') > 80
        box.office.keep(Draft("owner", HOLIDAYS, HOLIDAYS.replace("09:00-18:00", "9-18"), now()))
        page = (await one.get("/hours")).text
        assert "so the year cannot be drawn" in page and 'value="9-18"' in page


async def test_hours_are_held_until_a_time_of_the_office(box: Site, kept: Kept) -> None:
    async with box.logged_in("supervisor") as one:
        await until(one, 'name="mode"')
        then = datetime.datetime.now(ZONE).replace(second=0, microsecond=0) + datetime.timedelta(days=2)
        form = {"name": "office", "for": "today", "until": then.strftime("%Y-%m-%dT%H:%M")}
        assert (await one.fill("/hours", "/hours/hold", **form, mode="closed")).status_code == 303
        assert kept.asked[-1] == Override(0, "office", "closed", round(then.timestamp() * 1000), "page") or any(
            isinstance(each, Override) and each.until == round(then.timestamp() * 1000) for each in kept.asked
        )
        assert f"until {then:%Y-%m-%d %H:%M}" in await until(one, "held closed")
        await one.fill("/hours", "/hours/hold", **form | {"for": "", "until": ""}, mode="open")
        assert "until somebody ends it" in await until(one, "held open")
        await one.fill("/hours", "/hours/hold", name="office", mode="as-written", **{"for": ""})
        await until(one, "as written below")
        past = await one.fill("/hours", "/hours/hold", **form | {"until": "2020-01-01T00:00"}, mode="open")
        assert past.status_code == 422 and "This time is past." in past.text
        for wrong in ({"name": "other"}, {"mode": "ajar"}, {"for": "ever"}):
            assert (await one.fill("/hours", "/hours/hold", **form | {"mode": "open"} | wrong)).status_code in (
                400,
                404,
            )
        midnight = datetime.datetime.combine(
            datetime.datetime.now(ZONE).date() + datetime.timedelta(1), datetime.time(), ZONE
        )
        await one.fill("/hours", "/hours/hold", **form | {"until": ""}, mode="closed")
        assert [each.until for each in kept.asked if isinstance(each, Override)][-1] == round(
            midnight.timestamp() * 1000
        )
    assert {row.what for row in box.office.audited()} == {"hours-held", "log-in"}
    async with box.logged_in("employee") as one:
        assert (await one.post("/hours/hold", data=form)).status_code == 403


async def test_the_page_says_whether_it_is_open_now_and_until_when(
    box: Site, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at, told in (("2027-03-01T10:00", "open</span> until 2027-03-01 18:00"), ("2027-03-01T20:00", "closed</span>")):
        moment = round(datetime.datetime.fromisoformat(at).replace(tzinfo=ZONE).timestamp() * 1000)
        monkeypatch.setattr("appliance.web.hours_pages.now", lambda moment=moment: moment)
        async with box.logged_in("reader") as one:
            assert told in await until(one, "as written below"), at
