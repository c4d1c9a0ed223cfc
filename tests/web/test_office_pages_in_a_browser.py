# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls, messages, hours, what if and reports in a real browser: axe-core finds nothing, charts are drawn, sounds play."""

from pathlib import Path

import pytest

from appliance.web import access
from tests.fakes.browser import browser
from tests.web.kept import Kept, T, tone
from tests.web.test_pages_in_a_browser import check
from tests.web.visitors import site

PERIOD = "from=2026-09-20&until=2026-09-24"


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
async def test_the_offices_pages_are_for_everybody_at_every_size(tmp_path: Path, width: int, dark: bool) -> None:
    (tmp_path / "state").mkdir()
    kept = Kept(tmp_path / "state")
    call = kept.call(name="Ольга Петрова")
    kept.message(kept.call(T + 60_000, outcome="voicemail", person=""), "office")
    recording = kept.recording(call, tone(16_000))
    async with (
        kept,
        site(tmp_path / "pages", kept.socket, kept.settings, kept.state, follows=True) as box,
        browser(tmp_path / "profile") as chromium,
    ):
        box.people()
        token = "owner".ljust(43, "x")
        box.office.begin(token, "owner", "its-csrf", at=access.now(), address="", agent="")
        await chromium.open(f"{box.address}/log-in")
        await chromium.do("Network.enable")
        await chromium.do("Network.setCookie", name=access.COOKIE, value=token, url=box.address)
        for page in ("/calls", f"/calls/{call}", "/messages", "/recordings", "/hours", "/what-if", "/reports"):
            await check(chromium, box.address + page, width=width, dark=dark)
        await chromium.open(f"{box.address}/reports?{PERIOD}", width=width, dark=dark)
        await chromium.until("document.querySelectorAll('.chart canvas').length === 2")
        await chromium.open(f"{box.address}/recordings", width=width, dark=dark)
        await chromium.until("document.querySelector('audio') !== null")
        play = "const a = document.querySelector('audio'); a.muted = true; a.play(); undefined"
        await chromium.do("Runtime.evaluate", expression=play, userGesture=True)
        await chromium.until("document.querySelector('audio').ended && document.querySelector('audio').duration === 1")
        assert [row.detail for row in box.office.audited() if row.what == "recording-heard"] == [str(recording.id)]
        await chromium.open(f"{box.address}/messages", width=width, dark=dark)
        await chromium.until("document.querySelector('audio') !== null && window.htmx !== undefined")
        await chromium.do("Runtime.evaluate", expression=play, userGesture=True)
        await chromium.until("document.querySelector('audio').ended")
        await chromium.until("fetch('/messages').then(a => a.text()).then(t => window.told = t) && "
                             "(window.told ?? '').includes('to be handled</span>')")  # fmt: skip
        assert [one.state for one in kept.messages.all()] == ["heard"]
        assert chromium.complaints == []
