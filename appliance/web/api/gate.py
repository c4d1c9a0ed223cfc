# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may use the API: a way for each method and path, its scope named; what has no way is not there.

Only a token lets in (`Authorization: Bearer lk_...`), never a cookie: no page of another site can ask in somebody's name.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import nullcontext
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Meta
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from appliance.control.fields import Id
from appliance.control.messages import Refused
from appliance.store.office import Office, User
from appliance.store.reader import Unreadable
from appliance.store.tokens import Token
from appliance.web import tongue
from appliance.web.access import LIMITED, SLOWEST, Refusal, now, standing
from appliance.web.api.pace import Pace
from appliance.web.api.scopes import PREFIX, effective
from appliance.web.api.shapes import Done, Name, Problem, UserName
from appliance.web.box import Box
from appliance.web.proofs import network

ROOT = "/api/v1"
OCTETS = "application/octet-stream"  # a body that may be long: it is handed on as a file
BODY_MAX = 65_536  # bytes, unless the way says more
PASSED_OVER = 4_194_304  # bytes more that are read and dropped, so that whoever sends them hears why
BODY_WITHIN = 30.0  # seconds a body may take to arrive
Given = TypeVar("Given")

STATUSES = {  # of what the switch refuses, by its id; others are 409
    "unknown": 404,
    "no-such-version": 404,
    "not-allowed": 403,
    "bad-request": 422,
    "settings-faults": 422,
    "golden-calls": 422,
    "number-refused": 422,
    "bad-text": 422,
    "line-too-long": 413,
    "too-many": 429,
    "too-often": 429,
    "changed": 412,
    "disk-full": 507,
}
PATHS: dict[str, Any] = {  # what stands in paths, by its name there
    "call": Id,
    "message": Id,
    "recording": Id,
    "version": Annotated[int, Meta(ge=1, lt=2**53)],
    "person": Name,
    "hours": Name,
    "phone": Name,
    "list": Name,
    "token": Id,
    "webhook": Id,
    "backup": Annotated[str, Meta(pattern=r"^linekeeper-[0-9]{8}-[0-9]{6}\.age$")],
    "prompt": Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,30}|hold\.music|voicemail\.greeting)$")],
    "file": Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,60}\.wav$")],
    "line": Name,
    "table": Literal["phone", "line", "mqtt", "broker", "proof", "mailbox", "mail", "hashing", "recording"],
    "user": UserName,
    "address": Annotated[str, Meta(min_length=2, max_length=60)],
}


class Way(NamedTuple):
    """One thing a program may ask. answer: a type, or the media type of what is no JSON; made: it answers 201."""

    method: str
    path: str
    scope: str
    handler: Callable[["Asked"], Awaitable[Any]]
    says: str
    answer: Any = Done
    body: Any = None  # a type, or a media type
    query: Any = None
    headers: Mapping[str, str] = {}  # it reads, and what for
    most: int = BODY_MAX
    made: bool = False
    ranges: bool = False  # pieces of the answer may be asked for
    limited: Callable[["Asked"], Awaitable[None]] | None = None  # see limits.py


class Wrong(Exception):
    """What is asked is not done: status, a stable id and a sentence."""

    def __init__(self, status: int, id: str, words: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(words)
        self.status, self.id, self.headers = status, id, dict(headers or {})


class Asked:
    """One request of a program that may ask it."""

    def __init__(self, request: Request, box: Box, token: Token, user: User, way: Way) -> None:
        self.request, self.box, self.token, self.user, self.way = request, box, token, user, way
        self.path: dict[str, Any] = {}
        self.query: Any = None
        self.body: Any = None

    @property
    def office(self) -> Office:
        return self.box.office

    @property
    def name(self) -> str:
        """The user whose token it is: his is the draft."""
        return self.user.name

    @property
    def role(self) -> str:
        return standing(self.user)

    @property
    def by(self) -> str:
        """Who asks, as journals and logs have it."""
        return f"{self.user.name} ({self.token.name})"

    @property
    def language(self) -> str:
        return tongue.spoken(self.user.language, self.request.headers.get("accept-language", ""))

    def say(self, sentence: str) -> str:
        return tongue.catalogue(self.language).gettext(sentence)

    def note(self, what: str, detail: str = "") -> None:
        """A row of the audit log."""
        self.office.audit(now(), self.by, client(self.request), what, detail)

    async def switch(self, request: Any) -> Any:
        """What the switch answers. Raises Refused, Refusal when it is away."""
        return await self.box.drafts.ask(request)


class Gate:
    """Lets programs in, by their tokens; paced."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.pace = Pace()

    def routes(self, ways: Iterable[Way]) -> list[Route]:
        return [Route(ROOT + way.path, _Guarded(self, way), methods=[way.method]) for way in ways]

    def may(self, request: Request, scope: str) -> tuple[Token, User]:
        """Whose token it is; noted as used. Raises Wrong."""
        address = client(request)
        scheme, _, held = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not re.fullmatch(rf"{PREFIX}[A-Za-z0-9_-]{{43}}", held):
            raise self._stranger(address, "A token is needed: Authorization: Bearer lk_...")
        token = self.box.office.tokens.of(held, now(), address)
        user = self.box.office.user(token.user) if token else None
        if token is None or user is None:
            raise self._stranger(address, "This token is not known, was revoked, or its time is over.")
        if (wait := self.pace.token(token.id)) > 0:
            raise slower(wait)
        if scope and scope not in effective(token.scopes, standing(user)):
            raise Wrong(403, "scope", f"This needs {scope}, which this token, or the role of its user, has not.")
        return token, user

    def _stranger(self, address: str, words: str) -> Wrong:
        """What somebody without a good token is told; a good one is never held up by others' wrong ones."""
        if (wait := self.pace.strangers(network(address))) > 0:
            return slower(wait)
        self.pace.wrong(network(address))
        return unknown(words)


class _Guarded:
    """A way's answer, only to those who may."""

    def __init__(self, gate: Gate, way: Way) -> None:
        self._gate, self._way = gate, way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except Wrong as wrong:
            answer = problem(wrong.status, wrong.id, str(wrong), wrong.headers)
        except Refused as refused:
            answer = problem(STATUSES.get(refused.id, 409), refused.id, refused.message)
        except Refusal as refusal:
            answer = problem(refusal.status, "away" if refusal.status == 503 else "refused", str(refusal))
        except Unreadable as fault:
            answer = problem(503, fault.id, str(fault))
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        way = self._way
        token, user = self._gate.may(request, way.scope)
        asked = Asked(request, self._gate.box, token, user, way)
        asked.path = {key: convert(value, PATHS[key], key) for key, value in request.path_params.items()}
        if way.query is not None:
            asked.query = convert(_once(request), way.query, "query")
        elif request.query_params:
            raise Wrong(422, "bad-request", "Nothing is read from the query here.")
        with TemporaryFile() if way.body == OCTETS else nullcontext() as file:
            if way.body is not None:
                asked.body = await self._body(request, file)
            if asked.role == LIMITED:
                await self._limit(asked)
            answer = await way.handler(asked)
        if callable(answer):
            return answer  # type: ignore[no-any-return]
        return said(answer, 201 if way.made else 200)

    async def _limit(self, asked: Asked) -> None:
        """That a supervisor of some departments may ask this. Raises Wrong."""
        if self._way.limited is None:
            raise Wrong(403, "limited", "This is not for a supervisor of some departments.")
        await self._way.limited(asked)

    async def _body(self, request: Request, file: IO[bytes] | None) -> Any:
        """Decoded as the way says, or put into a file. Raises Wrong."""
        way = self._way
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted = way.body if isinstance(way.body, str) else "application/json"
        if media != wanted:
            raise Wrong(415, "media-type", f"Content-Type must be {wanted}.")
        body = file or BytesIO()
        await self._read(request, body)
        if file:
            file.seek(0)
            return file
        body.seek(0)
        if isinstance(way.body, str):
            return body.read()
        try:
            return msgspec.json.decode(body.read(), type=way.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise Wrong(422, "bad-request", str(fault)[:300]) from None

    async def _read(self, request: Request, into: IO[bytes]) -> None:
        """All of it, within its bounds. Raises Wrong."""
        most, got = self._way.most, 0
        try:
            async with asyncio.timeout(max(BODY_WITHIN, most / SLOWEST)):
                async for piece in request.stream():
                    got += len(piece)
                    if got <= most:
                        into.write(piece)
                    elif got > most + PASSED_OVER:
                        break
        except (TimeoutError, ClientDisconnect):
            raise Wrong(408, "too-slow", "The body took too long to arrive.") from None
        if got > most:
            raise Wrong(413, "too-long", f"At most {most} bytes are read.", {"Connection": "close"})


def _once(request: Request) -> dict[str, str]:
    """The query, each name at most once."""
    if len(request.query_params.multi_items()) != len(request.query_params):
        raise Wrong(422, "bad-request", "A name stands twice in the query.")
    return dict(request.query_params)


def convert(value: Any, to: Any, what: str) -> Any:
    """Raises Wrong."""
    try:
        return msgspec.convert(value, to, strict=False)
    except msgspec.ValidationError as fault:
        raise Wrong(422, "bad-request", f"{what}: {fault}"[:300]) from None


def said(answer: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON; never kept by anybody in between."""
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(answer), status, kept, media_type="application/json")


def problem(status: int, id: str, words: str, headers: Mapping[str, str] | None = None) -> Response:
    return said(Problem(id, words), status, headers)


def unknown(words: str) -> Wrong:
    return Wrong(401, "token", words, {"WWW-Authenticate": 'Bearer realm="linekeeper"'})


def slower(wait: float) -> Wrong:
    seconds = int(wait) + 1
    return Wrong(429, "too-often", f"Too many requests. Try again in {seconds} s.", {"Retry-After": str(seconds)})


def client(request: Request) -> str:
    return request.client.host if request.client else ""
