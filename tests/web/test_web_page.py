# SPDX-License-Identifier: GPL-2.0-or-later
"""The live page as people and their browsers see it: a real server, a real control socket, a real browser."""

import asyncio
import contextlib
import gzip
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from appliance.control.client import follow
from appliance.control.messages import Happened, Person, PersonChanged, Queue, QueueChanged
from appliance.programs.web import Codes
from appliance.store.office import Office
from appliance.web import board as board_module
from appliance.web.app import PortTaken, is_ours, listener, serve
from appliance.web.box import Box
from appliance.web.drafts import Drafts
from appliance.web.screen import VIEWERS_MAX, Screen
from tests.calls.office import OFFICE
from tests.fakes.switch import CALL, Switch, now

CODES = [("*8 [EXTENSION]", "Take a call that rings <elsewhere>."), ("*72 NUMBER", "All calls go to the number.")]
WITHIN = 10.0  # seconds for anything that is waited for


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Switch]:
    async with Switch(tmp_path / "control.sock") as switch:
        yield switch


@contextlib.asynccontextmanager
async def shown(switch: Switch, port: int = 0) -> AsyncIterator[str]:
    """Where the live page of this switch is, as long as the block lasts; it knows the office already. Nobody can log in."""
    screen = Screen()
    pages = Office(switch.socket.parent / "pages")
    known = asyncio.Event()

    def on_office(office: object) -> None:
        screen.on_office(office)  # type: ignore[arg-type]
        known.set()

    with listener("127.0.0.1", port) as sock:
        tasks = [
            asyncio.create_task(follow(switch.socket, on_office, screen.on_event, screen.on_away)),
            asyncio.create_task(
                serve(
                    Box(screen, pages, Drafts(switch.socket, Path("office.toml")), card=lambda say: CODES),
                    sock,
                    "127.0.0.1",
                )
            ),
        ]
        try:
            async with asyncio.timeout(WITHIN):
                await known.wait()
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            pages.close()


@pytest.fixture
async def page(switch: Switch) -> AsyncIterator[str]:
    async with shown(switch) as page:
        yield page


@pytest.fixture
async def web(page: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=page, timeout=WITHIN) as web:
        yield web


class Viewer:
    """Reads /events; parts holds the last of each name."""

    def __init__(self, response: httpx.Response) -> None:
        self.parts: dict[str, str] = {}
        self._lines = response.aiter_lines()

    async def until(self, name: str, text: str) -> None:
        async with asyncio.timeout(WITHIN):
            while text not in self.parts.get(name, ""):
                await self._event()

    async def _event(self) -> None:
        name, data = "", []
        async for line in self._lines:
            key, _, value = line.partition(": ")
            if key == "event":
                name = value
            elif key == "data":
                data.append(value)
            elif not line:
                self.parts[name] = "\n".join(data)
                return
        raise EOFError("the stream has ended")


@contextlib.asynccontextmanager
async def watching(web: httpx.AsyncClient) -> AsyncIterator[Viewer]:
    async with web.stream("GET", "/events") as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Viewer(response)


async def test_the_page_shows_lines_queues_people_and_phones(web: httpx.AsyncClient) -> None:
    html = (await web.get("/")).text
    for text in ("Example Ltd", "No calls. All is quiet.", "Sales", "Anna", "on a break", "lunch", "desk1", "City"):
        assert text in html
    assert "out of order" in html  # the line backup
    assert "not registered" in html  # the phone desk2


@pytest.mark.parametrize(
    ("changes", "badge", "notes"),
    [
        ({"dnd": True}, "do not disturb", []),
        ({"dnd": True, "status": "meeting", "reason": "until ten"}, "do not disturb", ["in a meeting: until ten"]),
        ({"dnd": True, "state": "talking"}, "talking", ["do not disturb"]),
        ({"off_duty": True, "on_duty_at": 1_900_000_000_000}, "off duty", ["until 2030-03-17 17:46"]),
        ({"off_duty": True}, "off duty", []),
        ({"position": "Accountant"}, "free", ["Accountant"]),
        ({"off_duty": True, "on_duty_at": 1_900_000_000_000, "status": "away"}, "away", []),
        ({"forwards": {"always": "102"}}, "free", ["<bdi>forwarded</bdi>"]),
        ({"forwards": {"busy": "102", "no-answer": "<0>"}}, "free", ["<bdi>forwarded</bdi>"]),
        ({"status": "break", "reason": "lunch", "forwards": {"always": "9"}}, "on a break", ["lunch; forwarded"]),
    ],
)
async def test_the_page_shows_who_is_not_to_be_disturbed_or_forwards_calls(
    switch: Switch, web: httpx.AsyncClient, changes: dict[str, Any], badge: str, notes: list[str]
) -> None:
    async with watching(web) as viewer:
        anna = {"id": "anna", "name": "Anna", "extension": "101", "status": "available", "state": "free"}
        switch.tell(PersonChanged, person=Person(**(anna | changes)))
        await viewer.until("people", f">{badge}</span>")
        for note in notes:
            await viewer.until("people", note)


async def test_the_codes_are_a_card_to_be_printed(web: httpx.AsyncClient) -> None:
    html = (await web.get("/codes")).text
    assert "*8 [EXTENSION]" in html and "rings &lt;elsewhere&gt;." in html
    assert '"/codes"' in (await web.get("/")).text


def test_the_card_is_of_the_document_as_it_is_and_stays_while_that_has_faults(tmp_path: Path) -> None:
    document = tmp_path / "office.toml"
    document.write_text(OFFICE)
    codes = Codes(document, tmp_path)
    assert "*78" in dict(codes(str))
    document.write_text(OFFICE + '[features]\ndnd_on = "*55"\n')
    assert "*55" in dict(codes(str)) and "*78" not in dict(codes(str))
    document.write_text("nonsense")
    assert "*55" in dict(codes(str))


async def test_a_call_appears_moves_and_goes_while_somebody_watches(switch: Switch, web: httpx.AsyncClient) -> None:
    async with watching(web) as viewer:
        await viewer.until("calls", "All is quiet")
        switch.call(state="waiting", queue="sales", name="Mr Kazlauskas")
        await viewer.until("queues", "Mr Kazlauskas")
        assert "+37060000001" in viewer.parts["queues"]
        switch.tell(QueueChanged, queue=Queue(id="sales", name="Sales", waiting=(CALL,), oldest=now(), free=1))
        await viewer.until("queues", "data-since")
        switch.call(state="ringing", ringing=("anna", "boris"))
        await viewer.until("calls", "rings Anna, Boris")
        switch.call(state="talking", person="anna")
        switch.tell(Happened, kind="answered", call=CALL, name="Mr Kazlauskas", person="anna")
        await viewer.until("calls", "talks with Anna")
        await viewer.until("said", "Anna answered Mr Kazlauskas.")
        switch.call(state="parked", slot="71")
        await viewer.until("parked", "parked on 71")
        switch.call(state="over")
        await viewer.until("calls", "All is quiet")


async def test_a_callers_name_is_text_whatever_is_in_it(switch: Switch, web: httpx.AsyncClient) -> None:
    hostile = "<script>alert(1)</script>\"'&\r\nevent: switch\ndata: away\n\n\u2028<img src=x onerror=alert(2)>"
    async with watching(web) as viewer:
        await viewer.until("calls", "All is quiet")
        switch.call(name=hostile, caller="<b>1")
        switch.tell(Happened, kind="ringing", call=CALL, name=hostile)
        await viewer.until("calls", "&lt;script&gt;")
        await viewer.until("said", "&lt;script&gt;")
        assert viewer.parts["switch"] == "here"
    html = (await web.get("/")).text
    for part in (viewer.parts["calls"], html):
        assert "<script>a" not in part
        assert "<img src=x" not in part
        assert "<b>1" not in part


async def test_the_page_says_when_the_switch_is_away_and_when_it_is_back(
    switch: Switch, web: httpx.AsyncClient
) -> None:
    async with watching(web) as viewer:
        await viewer.until("switch", "here")
        assert (await web.get("/health")).json() == {"switch": "here", "viewers": 1}
        await switch.stop()
        await viewer.until("switch", "away")
        health = await web.get("/health")
        assert (health.status_code, health.json()["switch"]) == (503, "away")
        html = (await web.get("/")).text
        assert re.search(r'<p id="away" class="banner">', html)  # not hidden
        assert "Anna" in html  # what was last known stays
        await switch.start()
        await viewer.until("switch", "here")


async def test_fifty_may_watch_the_next_is_told_so_and_gets_in_when_one_leaves(page: str) -> None:
    limits = httpx.Limits(max_connections=VIEWERS_MAX + 5)
    async with (
        httpx.AsyncClient(base_url=page, limits=limits, timeout=WITHIN) as web,
        contextlib.AsyncExitStack() as stack,
    ):
        first = contextlib.AsyncExitStack()
        await first.enter_async_context(watching(web))
        for _ in range(VIEWERS_MAX - 1):
            await stack.enter_async_context(watching(web))
        refused = await web.get("/events")
        assert refused.status_code == 503
        assert "Too many people watch" in refused.text
        assert refused.headers["retry-after"]
        await first.aclose()
        async with asyncio.timeout(WITHIN):
            while (await web.get("/health")).json()["viewers"] == VIEWERS_MAX:
                await asyncio.sleep(0.05)
        async with watching(web):
            pass


async def test_a_viewer_who_does_not_read_is_dropped_and_the_others_see_everything(
    switch: Switch, page: str, web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "SEND_WITHIN", 0.5)
    host, port = page.removeprefix("http://").split(":")
    asleep = socket.socket()
    asleep.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with asleep:
        asleep.connect((host, int(port)))
        asleep.sendall(f"GET /events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        async with watching(web) as viewer, asyncio.timeout(60):
            while (await web.get("/health")).json()["viewers"] < 2:
                await asyncio.sleep(0.05)
            n = 0
            while (await web.get("/health")).json()["viewers"] == 2:
                n += 1
                for id in range(100):
                    switch.call(id=id + 1, name=f"Caller {n} " + "x" * 2000)
                await viewer.until("calls", f"Caller {n} ")


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost", True),
        ("localhost:8080", True),
        ("LOCALHOST.", True),
        ("127.0.0.1:8080", True),
        ("127.9.9.9", True),
        ("[::1]:8080", True),
        ("office.local", True),
        ("192.0.2.7:8080", True),
        ("192.0.2.8", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("local", False),
        ("[::1].evil.example", False),
        ("", False),
        ("[", False),
    ],
)
def test_only_names_of_this_box_are_served(host: str, ours: bool) -> None:
    assert is_ours(host, "192.0.2.7", "127.0.0.1") is ours


def test_a_box_that_listens_everywhere_goes_by_the_address_one_came_to() -> None:
    assert is_ours("192.0.2.9:8080", "0.0.0.0", "192.0.2.9")
    assert not is_ours("192.0.2.10:8080", "0.0.0.0", "192.0.2.9")


async def test_a_foreign_name_pointed_at_the_box_gets_nothing(web: httpx.AsyncClient) -> None:
    for path in ("/", "/events", "/health", "/static/live.js"):
        answer = await web.get(path, headers={"Host": "evil.example"})
        assert answer.status_code == 421
        assert "Anna" not in answer.text


async def test_a_foreign_page_cannot_take_the_events(web: httpx.AsyncClient) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    assert (await web.get("/events", headers=foreign)).status_code == 403
    followed_link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert (await web.get("/", headers=followed_link)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/codes", "/health", "/static/style.css", "/static/live.js", "/nothing", "/docs"]
)
async def test_every_answer_carries_the_security_headers(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "server" not in answer.headers
    assert answer.status_code == (404 if path in ("/nothing", "/docs") else 200)


async def test_the_page_needs_nothing_from_elsewhere_and_has_nothing_inline(web: httpx.AsyncClient) -> None:
    html = (await web.get("/")).text
    for reference in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert re.match(r"/(?!/)|#", reference)
    assert " style=" not in html
    assert not re.search(r"<script[^>]*>[^<]", html)
    assert (
        len(html) + len(gzip.compress((await web.get("/static/style.css")).content)) < 20_000
    )  # fast on a small board


async def test_a_browser_that_was_here_asks_for_no_file_again(web: httpx.AsyncClient) -> None:
    html = (await web.get("/")).text
    files = set(re.findall(r'(?:src|href)="(/static/[^"#]+)"', html))
    assert len(files) > 3
    for file in files:
        first = await web.get(file)
        assert first.status_code == 200 and "immutable" in first.headers["cache-control"], file
        assert first.headers["content-type"].split(";")[0] in ("text/css", "text/javascript", "image/svg+xml")
    name = next(file for file in files if file.endswith("/style.css"))
    for other in (
        "/static/style.css",
        re.sub(r"[0-9a-f]{12}", "0" * 12, name),
    ):  # of a page that is open since yesterday
        again = await web.get(other)
        assert again.text == (await web.get(name)).text and again.headers["cache-control"] == "no-cache"
        assert (await web.get(other, headers={"If-None-Match": again.headers["etag"]})).status_code == 304


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd"])
async def test_only_static_files_are_given(web: httpx.AsyncClient, path: str) -> None:
    assert (await web.get(path)).status_code == 404


async def test_nothing_can_be_changed_through_it(web: httpx.AsyncClient) -> None:
    for path in ("/", "/health"):
        assert (await web.post(path, content=b"x")).status_code == 405


def test_a_port_in_use_is_told_in_a_sentence() -> None:
    with listener("127.0.0.1", 0) as taken, pytest.raises(PortTaken, match=r"port \d+ of 127\.0\.0\.1 is taken"):
        listener("127.0.0.1", taken.getsockname()[1])


async def test_when_the_program_stops_those_who_watch_are_let_go_at_once(switch: Switch, tmp_path: Path) -> None:
    screen = Screen()
    with listener("127.0.0.1", 0) as sock, contextlib.closing(Office(tmp_path / "pages")) as pages:
        serving = asyncio.create_task(
            serve(Box(screen, pages, Drafts(switch.socket, Path("office.toml"))), sock, "127.0.0.1")
        )
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{sock.getsockname()[1]}", timeout=WITHIN) as web,
            watching(web) as viewer,
        ):
            await viewer.until("switch", "away")
            serving.cancel()
            with pytest.raises(EOFError):  # an orderly end, not a connection cut
                await viewer.until("switch", "never")
        async with asyncio.timeout(3):
            await asyncio.gather(serving, return_exceptions=True)
