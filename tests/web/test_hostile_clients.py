# SPDX-License-Identifier: GPL-2.0-or-later
"""What somebody sends who means harm: nothing fails, nothing is given away, and nobody else is held up."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from appliance.web import connections
from appliance.web.access import OWNER
from appliance.web.app import rows
from tests.web.visitors import Site, site

ROOT = Path(__file__).parents[2]
WITHIN = 30.0  # seconds for anything that is waited for
ELSEWHERE = "127.0.0.2"  # another address of this machine, for who is held up by nobody


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path, settings=ROOT / "office.example.toml") as box:
        box.people()
        yield box


async def connected(box: Site, source: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    where = urlsplit(box.address)
    return await asyncio.open_connection(where.hostname, where.port, local_addr=(source, 0))


async def answer(box: Site, request: bytes, source: str = "127.0.0.1") -> bytes:
    """All that comes to these bytes; b"" when the connection is ended instead."""
    reader, writer = await connected(box, source)
    try:
        writer.write(request)
        async with asyncio.timeout(WITHIN):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def get(path: bytes, *headers: bytes) -> bytes:
    lines = (b"GET " + path + b" HTTP/1.1", b"Host: localhost", b"Connection: close", *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n"


PATHS = [
    b"/static/../app.py",
    b"/static/..%2f..%2fapp.py",
    b"/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    b"/static/..%5c..%5capp.py",
    b"/static//etc/passwd",
    b"/static/style.css%00.txt",
    b"/static/%00",
    b"/static/" + b"a" * 4000,
    b"/" + b"../" * 1300 + b"etc/passwd",
    b"/calls/%00",
    b"/calls/9007199254740993",
    b"/calls/" + b"9" * 20,
    b"/calls/" + b"9" * 4000,
    b"/calls/" + b"9" * 5000,
    b"/board/call/" + b"9" * 5000,
    b"/recordings/" + b"9" * 20 + b"/sound",
    b"/messages/" + b"9" * 4000 + b"/sound",
    b"/recordings/-1/sound",
    b"/settings/at/" + b"%2e%2e/" * 500,
    b"/settings/at/%ff%fe",
    b"/settings/at/a%0d%0aSet-Cookie:%20a=b",
    b"/scenarios/%0d%0aX-Evil:%20yes",
    b"/history/" + b"9" * 400,
    b"/provisioning/" + b"a" * 32 + b"/..%2foffice.toml",
    b"/log-in?to=%0d%0aSet-Cookie:%20a=b",
    b"/log-in?to=" + b"/x" * 2000,
    b"/api/v1/calls/%00/why",
    b"/api/v1/" + b"x" * 4000,
    b"//evil.example/%2e%2e",
    b"http://evil.example/",
    b"*",
    b"/\xc3\xa9\xff",
]


async def test_no_path_fails_gives_a_file_away_or_writes_a_header(box: Site) -> None:
    async with box.logged_in(OWNER) as owner:
        cookie = b"Cookie: " + b"; ".join(f"{name}={value}".encode() for name, value in owner.cookies.items())
    for path in PATHS:
        for headers in ((), (cookie,)):
            head, _, body = (await answer(box, get(path, *headers))).partition(b"\r\n\r\n")
            status = int(head.split(b" ", 2)[1])
            assert status < 500 or status == 503, path  # neither switch nor journal is there
            assert status != 200 or path.startswith(b"/log-in"), path
            assert b"\nx-evil" not in head.lower() and b"\nset-cookie: a=b" not in head.lower(), path
            assert b"root:" not in body and b"import" not in body, path


HEADERS = [
    (b"Host: localhost", b"Host: evil.example"),
    (b"Cookie: linekeeper=" + b"x" * 8000,),
    (b"Cookie: linekeeper=\xff\xfe; linekeeper-form=\x01",),
    (b"Accept-Language: " + b",;=q" * 3000,),
    (b"Authorization: Bearer lk_" + b"\xff" * 43,),
    (b"Range: bytes=" + b"9" * 5000 + b"-",),
    (b"If-Match: \xff", b"HX-Request: true"),
    (b"X-Long: " + b"x" * 70_000,),
    tuple(b"X-%d: y" % n for n in range(3000)),
    (b"Transfer-Encoding: chunked", b"Content-Length: 5"),
    (b"Content-Length: -1",),
    (b"Bad Header: x",),
    (b"X-Folded: a\r\n b",),
]


async def test_no_header_fails(box: Site) -> None:
    for headers in HEADERS:
        for path in (b"/log-in", b"/me", b"/api/v1/self", b"/events"):
            said = await answer(box, get(path, *headers))
            assert not said or int(said.split(b" ", 2)[1]) < 500, (path, headers[0][:40])


async def test_every_form_wants_the_secret_of_its_own_session(box: Site) -> None:
    """Each route that changes something: without the secret, with another's, with that of before the log-in."""
    async with box.visitor() as stranger, box.logged_in("installer") as other, box.logged_in(OWNER) as owner:
        before, theirs = await stranger.csrf("/log-in"), await other.csrf("/me")
        posts = [row for row in rows(box.box) if row.method == "POST" and OWNER in row.who]
        assert len(posts) > 30
        for row in posts:
            path = row.path.replace(":path}", "}").replace(":int}", "}")
            path = "/".join("1" if part.startswith("{") else part for part in path.split("/"))
            wrong: list[dict[str, str]] = [{}, {"csrf": theirs}]
            for secret in (
                wrong if row is not posts[0] else [*wrong, {"csrf": ""}, {"csrf": before}, {"csrf": "é" * 43}]
            ):
                refused = await owner.post(path, data=secret)
                assert refused.status_code == 403 and "not ours" in refused.text, path


async def test_a_session_that_somebody_else_chose_is_never_taken(box: Site) -> None:
    """Session fixation: what a browser brought along is not what it has once it is logged in."""
    async with box.visitor() as one:
        planted = "A" * 43
        one.cookies.set("linekeeper", planted, domain="127.0.0.1", path="/")
        assert (await one.log_in(OWNER)).status_code == 303
        async with box.visitor() as thief:
            thief.cookies.set("linekeeper", planted)
            assert (await thief.get("/me")).status_code == 303
            thief.cookies.set("linekeeper-form", planted)
            assert (await thief.get("/me")).headers["location"].startswith("/log-in")


async def test_who_never_finishes_a_request_is_let_go_and_holds_nobody_up(
    box: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "COMES_WITHIN", 2.0)
    slow = [
        b"",
        b"GET /log-in HTTP/1.1\r\nHost: loc",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hea",  # the second is never finished
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nx",  # of a body nobody reads
    ]

    async def dawdle(first: bytes) -> None:
        """A byte now and then, until one is let go."""
        reader, writer = await connected(box)
        try:
            writer.write(first)
            reading = asyncio.create_task(reader.read())
            while not reading.done():
                writer.write(b"a")
                await asyncio.wait((reading,), timeout=0.2)
            reading.exception()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with asyncio.timeout(WITHIN):
        dawdling = [asyncio.create_task(dawdle(slow[n % 4])) for n in range(40)]
        assert (await answer(box, get(b"/health"), ELSEWHERE)).startswith(b"HTTP/1.1 503")  # of the switch, not full
        await asyncio.gather(*dawdling)


async def test_who_does_not_take_what_he_asked_for_is_let_go(box: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "TAKEN_WITHIN", 1.0)
    _reader, writer = await connected(box)
    for _ in range(400):
        writer.write(get(b"/static/fetched/uPlot.iife.min.js").replace(b"Connection: close\r\n", b""))
    async with asyncio.timeout(WITHIN):
        while connections._open["127.0.0.1"]:
            await asyncio.sleep(0.1)
    writer.close()


async def test_one_address_cannot_take_every_connection(box: Site) -> None:
    taken = [await connected(box) for _ in range(connections.CONNECTIONS_OF_ONE)]
    try:
        assert await answer(box, get(b"/health")) == b""
        assert (await answer(box, get(b"/log-in"), ELSEWHERE)).startswith(b"HTTP/1.1 200")
    finally:
        for _reader, writer in taken:
            writer.close()
    async with asyncio.timeout(WITHIN):
        while not (await answer(box, get(b"/log-in"))).startswith(b"HTTP/1.1 200"):
            await asyncio.sleep(0.05)
