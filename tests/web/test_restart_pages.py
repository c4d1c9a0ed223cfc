# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings taken up only by a start: the page says so, and its button starts what is needed and ends no call unasked."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.control.restarts import Restart
from appliance.settings import load
from tests.web.applying import Applying
from tests.web.visitors import Site, Visitor, site

OFFICE = """\
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[sip]
listen = "127.0.0.1"
[web]
port = 8088
[person.anna]
"""


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Applying]:
    async with Applying(tmp_path, OFFICE) as switch:
        yield switch


@pytest.fixture
async def box(tmp_path: Path, switch: Applying) -> AsyncIterator[Site]:
    begun = load.parse(switch.text, switch.document)
    async with site(tmp_path / "pages", switch.socket, switch.document, begun=begun) as box:
        box.people()
        yield box


async def applied(one: Visitor, table: str, **fields: str) -> str:
    assert (await one.put_in(table, **fields)).status_code == 303
    return (await one.fill("/settings/draft", "/settings/apply", comment="")).text


async def test_what_waits_for_a_start_is_said_until_it_is_started(switch: Applying, box: Site) -> None:
    async with box.logged_in("installer") as one:
        assert "when the programs start again" not in (await one.get("/settings")).text
        assert "when the programs start again" in (await one.get("/settings/at/sip")).text
        await applied(one, "office", name="Bakery")
        assert "/settings/restart" not in (await one.get("/settings")).text
        await applied(one, "sip", port="5070")
        assert 'href="/settings/restart"' in (await one.get("/settings")).text
        assert "No call is on" in (await one.get("/settings/restart")).text
        answer = await one.fill("/settings/restart")
        assert "It starts again" in answer.text
        assert switch.restarts == [Restart(1, False, "installer")]
        assert box.office.audited()[0].what == "restarted"


async def test_calls_are_told_of_and_ended_by_confirmation_alone(switch: Applying, box: Site) -> None:
    switch.calls = 3
    async with box.logged_in("installer") as one:
        await applied(one, "sip", port="5070")
        page = (await one.get("/settings/restart")).text
        assert "Calls that go on now: 3." in page and "Start again now" not in page
        assert (await one.fill("/settings/restart")).status_code == 409
        assert switch.restarts == [] and not box.ended.is_set()
        await one.fill("/settings/restart", calls="end")
        assert switch.restarts == [Restart(1, True, "installer")]


async def test_the_pages_start_again_by_themselves_whatever_calls_are_on_and_say_where_they_will_be(
    switch: Applying, box: Site
) -> None:
    switch.calls = 3
    async with box.logged_in("owner") as one:
        await applied(one, "web", port="8090")
        assert "Calls go on meanwhile" in (await one.get("/settings/restart")).text
        answer = await one.fill("/settings/restart")
        assert "http://127.0.0.1:8090/" in answer.text
        assert answer.headers["refresh"].endswith("; url=http://127.0.0.1:8090/settings?done=started")
        assert switch.restarts == []
        async with asyncio.timeout(10):
            await box.ended.wait()
    async with box.logged_in("supervisor") as one:
        assert (await one.get("/settings/restart")).status_code == 403
