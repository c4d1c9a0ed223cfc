# SPDX-License-Identifier: GPL-2.0-or-later
"""Look-ups over HTTP: a customer list, a CRM or anything else that answers a GET with a word or two.

httpx is imported by the first question, in a thread: most offices look nothing up, and their switch starts sooner."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

AT_ONCE = 20  # look-ups under way; one more fails at once
ANSWER_MAX = 65_536  # bytes
VALUE_MAX = 31  # characters, what the core keeps (LK_NUMBER_MAX)
WORKERS = 4  # threads that ask for addresses: a name server that hangs holds up these and nothing else
NONE = (204, 404)  # statuses that say: there is nothing

Told = Callable[[str | None, str], None]


class Unusable(Exception):
    """The other program answers, but not with what can be used."""

    id = "look-up-answer"


class Lookups:
    """Satisfies calls.ports.Lookups. Redirects are not followed: what is asked stays where the settings say."""

    def __init__(self) -> None:
        self._client: asyncio.Future[httpx.AsyncClient] | None = None
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="look-up")
        self._under_way: set[asyncio.Task[None]] = set()

    def ask(self, url: str, field: str | None, timeout: float, told: Told) -> None:
        if len(self._under_way) >= AT_ONCE:
            asyncio.get_running_loop().call_soon(told, None, f"{AT_ONCE} look-ups are under way")
            return
        task = asyncio.create_task(self._ask(url, field, timeout, told), name="look-up")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Nobody is told any more."""
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(set(self._under_way))
        if self._client:
            await (await self._client).aclose()
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, url: str, field: str | None, timeout: float, told: Told) -> None:
        answer, why = None, ""
        try:
            async with asyncio.timeout(timeout):
                answer = value(await self._get(await asyncio.shield(self._opened()), url), field)
        except TimeoutError:
            why = f"no answer within {timeout:g} s"
        except (Unusable, OSError, UnicodeError) as fault:  # UnicodeError: a name that cannot be looked up
            why = str(fault) or type(fault).__name__
        told(answer, why)

    async def _get(self, client: httpx.AsyncClient, url: str) -> bytes:
        """What is answered; b"" when there is nothing. Raises Unusable, OSError."""
        import httpx

        try:
            return await self._stream(client, httpx.URL(url))
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise Unusable(str(fault) or type(fault).__name__) from None

    async def _stream(self, client: httpx.AsyncClient, asked: httpx.URL) -> bytes:
        headers, extensions = {"Host": asked.netloc.decode("ascii")}, {}
        if not literal(asked.host):
            extensions["sni_hostname"] = asked.host
            asked = asked.copy_with(host=await self._address(asked.host))
        async with client.stream("GET", asked, headers=headers, extensions=extensions) as response:
            if response.status_code in NONE:
                return b""
            if response.status_code != 200:
                raise Unusable(f"status {response.status_code}")
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Unusable("an answer that is packed")
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > ANSWER_MAX:
                    raise Unusable(f"an answer of more than {ANSWER_MAX} bytes")
            return bytes(body)

    def _opened(self) -> asyncio.Future[httpx.AsyncClient]:
        """Made by the first question, in a thread: reading who vouches for TLS takes as long as some answers."""
        if not self._client or (self._client.done() and self._client.exception()):
            self._client = asyncio.get_running_loop().run_in_executor(self._workers, client)
        return self._client

    async def _address(self, host: str) -> str:
        def resolve() -> str:
            return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])

        return await asyncio.get_running_loop().run_in_executor(self._workers, resolve)


def client() -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(
        verify=ssl.create_default_context(),
        trust_env=False,
        follow_redirects=False,
        timeout=None,  # the whole question has one
        limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE, keepalive_expiry=30.0),
        headers={"User-Agent": "Linekeeper", "Accept": "application/json, text/plain", "Accept-Encoding": "identity"},
    )


def literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def value(body: bytes, field: str | None) -> str:
    """The word or two in an answer, "" when there is nothing. Raises Unusable."""
    try:
        text = body.decode().strip()
        found = text if field is None or not text else _field(json.loads(text), field)
    except (ValueError, RecursionError):
        raise Unusable("an answer that is no JSON" if field else "an answer that is no text") from None
    if len(found) > VALUE_MAX or not (found.isascii() and found.isprintable()):
        raise Unusable(f"an answer other than {VALUE_MAX} printable ASCII characters at most")
    return found


def _field(answer: object, field: str) -> str:
    if not isinstance(answer, dict):
        raise Unusable("an answer that is no JSON object")
    match answer.get(field):
        case None:
            return ""
        case str(text):
            return text.strip()
        case bool() | int() | float() as number:
            return json.dumps(number)
    raise Unusable(f"{field} is neither text nor a number")
