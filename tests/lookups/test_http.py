# SPDX-License-Identifier: GPL-2.0-or-later
"""Look-ups at a real HTTP server that is slow, dead, wrong or huge."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import repeat

import pytest

from appliance.lookups import http
from appliance.lookups.http import Lookups

Told = tuple[str | None, str]


class Customers:
    """A program that answers as it is told to; `asked` are the requests it got."""

    def __init__(self, *answer: bytes, holds: asyncio.Event | None = None) -> None:
        self.asked: list[str] = []
        self.busy = asyncio.Semaphore(0)  # released at each request
        self._answer, self._holds = answer, holds

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            self.busy.release()
            if self._holds:
                await self._holds.wait()
            for part in self._answer:
                writer.write(part)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def answer(body: bytes | str, status: str = "200 OK", *headers: str) -> bytes:
    body = body if isinstance(body, bytes) else body.encode()
    head = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(head).encode() + body


@asynccontextmanager
async def running(customers: Customers) -> AsyncIterator[str]:
    """Its address."""
    served: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(customers.serve(reader, writer))
        served.add(task)
        await asyncio.wait([task])
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)


@pytest.fixture
async def lookups() -> AsyncIterator[Lookups]:
    lookups = Lookups()
    yield lookups
    await lookups.close()


def ask(lookups: Lookups, url: str, field: str | None = None, timeout: float = 5.0) -> asyncio.Future[Told]:
    told: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
    lookups.ask(url, field, timeout, lambda answer, why: told.set_result((answer, why)))
    return told


@pytest.mark.parametrize(
    ("said", "field", "found"),
    [
        (answer("sales\n"), None, "sales"),
        (answer('{"department": "sales", "more": [1, 2]}'), "department", "sales"),
        (answer('{"id": 4711}'), "id", "4711"),
        (answer('{"vip": true}'), "vip", "true"),
        (answer('{"department": null}'), "department", ""),
        (answer("{}"), "department", ""),
        (answer(""), "department", ""),
        (answer("", "404 Not Found"), None, ""),
        (answer("x" * 31), None, "x" * 31),
    ],
)
async def test_what_is_found(lookups: Lookups, said: bytes, field: str | None, found: str) -> None:
    async with running(Customers(said)) as url:
        assert await ask(lookups, url, field) == (found, "")


@pytest.mark.parametrize(
    ("said", "field", "why"),
    [
        (answer("x" * 32), None, "31 printable"),
        (answer("Продажи"), None, "31 printable"),
        (answer("two\nlines"), None, "31 printable"),
        (answer(b"\xff\xfe"), None, "no text"),
        (answer("sales"), "department", "no JSON"),
        (answer("[1]"), "department", "no JSON object"),
        (answer("[" * 60_000), "department", "no JSON"),
        (answer('{"department": {"name": "sales"}}'), "department", "neither text nor a number"),
        (answer("oops", "500 Internal Server Error"), None, "status 500"),
        (answer("", "302 Found", "Location: http://192.0.2.1/"), None, "status 302"),
        (answer(b"\x1f\x8b", "200 OK", "Content-Encoding: gzip"), None, "packed"),
        (b"this is no HTTP\r\n\r\n", None, ""),
        (b"", None, "disconnected"),
    ],
)
async def test_what_is_of_no_use_has_failed_and_says_why(
    lookups: Lookups, said: bytes, field: str | None, why: str
) -> None:
    async with running(Customers(said)) as url:
        found, told = await ask(lookups, url, field)
    assert found is None and why in told and told


async def test_a_program_that_is_not_there(lookups: Lookups) -> None:
    async with running(Customers()) as url:
        pass
    found, why = await ask(lookups, url)
    assert found is None and why


async def test_a_name_nobody_knows(lookups: Lookups) -> None:
    found, why = await ask(lookups, "http://customers.invalid/")
    assert found is None and why


async def test_a_name_that_is_none(lookups: Lookups) -> None:
    found, why = await ask(lookups, f"http://{'a' * 64}.example/")
    assert found is None and why


async def test_a_program_that_never_answers_is_given_up_in_time(lookups: Lookups) -> None:
    async with running(Customers(holds=asyncio.Event())) as url:
        assert await ask(lookups, url, timeout=0.2) == (None, "no answer within 0.2 s")


async def test_a_program_that_answers_drop_by_drop_is_given_up_in_time(lookups: Lookups) -> None:
    class Slow(Customers):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            try:
                while True:
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.05)
            except ConnectionError:
                pass

    async with running(Slow()) as url:
        assert await ask(lookups, url, timeout=0.3) == (None, "no answer within 0.3 s")


async def test_an_answer_without_end_is_cut_off(lookups: Lookups) -> None:
    class Endless(Customers):
        def __init__(self) -> None:
            super().__init__()
            self.sent = 0

        def parts(self) -> Iterator[bytes]:
            yield b"HTTP/1.1 200 OK\r\n\r\n"
            yield from repeat(b"x" * 8192)

        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                for part in self.parts():
                    writer.write(part)
                    await writer.drain()
                    self.sent += len(part)
            except ConnectionError:
                pass

    endless = Endless()
    async with running(endless) as url:
        found, why = await ask(lookups, url)
    assert found is None and "more than 65536 bytes" in why


async def test_at_most_twenty_are_under_way_and_one_more_fails_at_once(lookups: Lookups) -> None:
    goes_on = asyncio.Event()
    customers = Customers(answer("sales"), holds=goes_on)
    async with running(customers) as url:
        asked = [ask(lookups, url) for _ in range(http.AT_ONCE)]
        for _ in asked:
            await customers.busy.acquire()
        found, why = await ask(lookups, url)
        assert found is None and "20 look-ups" in why
        goes_on.set()
        assert await asyncio.gather(*asked) == [("sales", "")] * http.AT_ONCE
        assert await ask(lookups, url) == ("sales", "")


async def test_it_is_asked_by_the_name_the_settings_have_with_everything_encoded(lookups: Lookups) -> None:
    customers = Customers(answer(json.dumps({"department": "sales"})))
    async with running(customers) as url:
        url = url.replace("127.0.0.1", "localhost")
        assert await ask(lookups, f"{url}/who?number=%2B37060000001&line=a%26b", "department") == ("sales", "")
    [request] = customers.asked
    assert request.startswith("GET /who?number=%2B37060000001&line=a%26b HTTP/1.1\r\n")
    assert f"host: {url.removeprefix('http://')}" in request.lower()


async def test_nobody_is_told_once_it_is_closed() -> None:
    lookups = Lookups()
    customers = Customers(holds=asyncio.Event())
    async with running(customers) as url:
        told = ask(lookups, url)
        await customers.busy.acquire()
        await lookups.close()
    assert not told.done()
