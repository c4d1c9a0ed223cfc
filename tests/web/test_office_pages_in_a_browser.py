# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls, messages, hours, what if, reports, the board and the first steps in a real browser; charts are drawn, sounds play."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.fakes.switch import Switch
from tests.web.chromium import SIZES, check, come_in, somebody, until
from tests.web.kept import GSM, ORGANISED, Kept, T, tone
from tests.web.programs import followed
from tests.web.test_begin import fresh
from tests.web.test_https import secure_site
from tests.web.visitors import site

PERIOD = "from=2026-09-20&until=2026-09-24"
PAST = (
    *("/calls", f"/calls/{(T << 10) + 1}", "/messages", "/texts", "/recordings"),
    *("/hours", "/organisation", "/what-if", "/reports"),
)
BOARD = ("/", "/board/call/5", "/board/person/anna")
FIRST = ("/begin",)

pytestmark = pytest.mark.asyncio(loop_scope="session")


@SIZES
async def test_the_offices_pages_are_for_everybody_at_every_size(
    tmp_path: Path, chromium: Browser, width: int, dark: bool
) -> None:
    (tmp_path / "state").mkdir()
    kept = Kept(tmp_path / "state", ORGANISED + GSM)
    for state in ("received", "sent", "delivered", "failed"):
        kept.text(state, "When do you open?", whole=state != "received")
    call = kept.call(name="Ольга Петрова")
    for n in (1, 2):  # of one caller
        kept.message(left := kept.call(T + n * 60_000, outcome="voicemail", person=""), "office")
        kept.journal.event(left, T, "voicemail", {})
    recording = kept.recording(call, tone(16_000))
    async with (
        kept,
        site(tmp_path / "pages", kept.socket, kept.settings, kept.state, follows=True) as box,
        somebody(chromium, width=width, dark=dark) as page,
    ):
        box.people()
        await come_in(page, box, "owner")
        for path in (*PAST, f"/calls/{left}"):
            await check(page, box.address + path)
        await page.goto(f"{box.address}/reports?{PERIOD}")
        await expect(page.locator(".chart canvas")).to_have_count(3)
        await page.goto(f"{box.address}/recordings")
        play = "one => { one.muted = true; one.play(); }"
        await page.locator("audio").evaluate(play)
        await until(page, "(one => one.ended && one.duration === 1)(document.querySelector('audio'))")
        assert [row.detail for row in box.office.audited() if row.what == "recording-heard"] == [str(recording.id)]
        await page.goto(f"{box.address}/messages")
        async with page.expect_response("**/messages/heard"):
            await page.locator("audio").first.evaluate(play)
        await until(page, "document.querySelector('audio').ended")
        assert [one.state for one in kept.messages.all()] == ["new", "heard"]  # the newest stands first


@SIZES
async def test_the_board_and_what_can_be_done_are_for_everybody_at_every_size(
    tmp_path: Path, chromium: Browser, width: int, dark: bool
) -> None:
    async with Switch(tmp_path / "control.sock") as switch, followed(tmp_path / "pages", switch.socket) as box:
        switch.call(id=4, state="waiting", queue="sales", name="Mr Kazlauskas", ringing=("anna",))
        switch.call(id=5, state="talking", person="anna")
        switch.call(id=6, state="parked", slot="71")
        async with somebody(chromium, width=width, dark=dark) as page:
            await come_in(page, box, "supervisor")
            for path in BOARD:
                await check(page, box.address + path)


@SIZES
async def test_the_first_steps_and_what_http_says_are_for_everybody_at_every_size(
    tmp_path: Path, chromium: Browser, width: int, dark: bool
) -> None:
    (tmp_path / "secure").mkdir()
    async with (
        fresh(tmp_path) as (_switch, box),
        secure_site(tmp_path / "secure") as (_https, http, _tls),
        somebody(chromium, width=width, dark=dark) as page,
    ):
        box.people()
        await come_in(page, box, "owner")
        await check(page, f"{box.address}/begin")
        await check(page, f"{http}/", "http-says")
