# SPDX-License-Identifier: GPL-2.0-or-later
"""All ways of the API, and beside them what programs read that is no JSON: the document, events."""

import asyncio
import time

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from appliance.control.feed import Frame, Full, framed
from appliance.control.messages import PersonChanged
from appliance.web.access import standing
from appliance.web.api import (
    drafts,
    machine,
    office,
    organisation,
    past,
    phones,
    prompts,
    recordings,
    reports,
    settings,
)
from appliance.web.api.document import document
from appliance.web.api.gate import ROOT, Asked, Gate, Way, problem, said
from appliance.web.api.scopes import effective
from appliance.web.api.users import Users
from appliance.web.box import Box
from appliance.web.metrics import Metrics

BEAT = 15.0  # seconds after which a stream says something even if nothing happened
SEND_WITHIN = 20.0  # seconds a program may take for one piece
LOOK_EVERY = 2.0  # seconds between two looks whether the token is still good
FOREVER = "text/event-stream"


def every() -> tuple[Way, ...]:
    """Every way there is; what is not here is not there."""
    return (
        *past.WAYS,
        *office.ways(),
        Way(
            "GET", "/events", "calls:read", events, "Events of the switch as they happen, see docs/control.md", FOREVER
        ),
        *recordings.WAYS,
        *reports.WAYS,
        *settings.ways(),
        *drafts.WAYS,
        *phones.WAYS,
        *prompts.WAYS,
        *machine.WAYS,
        *organisation.WAYS,
        *Users().ways(),
    )


def routes(box: Box) -> list[Route]:
    gate, ways = Gate(box), every()
    whole = said(document(ways), headers={"Cache-Control": "no-cache"})

    async def shown(request: Request) -> Response:
        return whole

    async def nothing(request: Request) -> Response:
        known = any(Route(ROOT + way.path, shown).matches(request.scope)[0].value for way in ways)
        if known:
            return problem(405, "method", "Not this method.", {"Allow": _allowed(request, ways)})
        return problem(404, "unknown", "There is nothing here.")

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"]
    return [
        *gate.routes(ways),
        Route(ROOT + "/openapi.json", shown, methods=["GET"]),
        *Metrics(box, gate, box.metrics_from).routes(),
        Route("/api/{rest:path}", nothing, methods=methods),
    ]


def _allowed(request: Request, ways: tuple[Way, ...]) -> str:
    return ", ".join(
        sorted({way.method for way in ways if Route(ROOT + way.path, _none).matches(request.scope)[0].value})
    )


async def _none(request: Request) -> Response:
    return problem(404, "unknown", "There is nothing here.")


async def events(asked: Asked) -> ASGIApp:
    """Ends when the program leaves, does not read, or its token is revoked."""
    return Events(asked)


class Events:
    """Server-sent events: `event` its kind, `id` its seq, `data` its JSON."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._asked.box.feed.heard() as heard:
                telling = asyncio.create_task(self._tell(heard, send))
                leaving = asyncio.create_task(_left(receive))
                try:
                    await asyncio.wait((telling, leaving), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    telling.cancel()
                    leaving.cancel()
                    await asyncio.gather(telling, leaving, return_exceptions=True)
        except Full:
            full = problem(429, "too-many", "Too many programs listen already.", {"Retry-After": "10"})
            await full(scope, receive, send)

    async def _tell(self, heard: "asyncio.Queue[Frame | None]", send: Send) -> None:
        headers = [(b"content-type", FOREVER.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b": linekeeper\n\n", "more_body": True})
        looked = 0.0
        while True:
            if time.monotonic() - looked > LOOK_EVERY:
                if not self._may():
                    break
                looked = time.monotonic()
            try:
                async with asyncio.timeout(BEAT):
                    frame = await heard.get()
            except TimeoutError:
                frame = Frame(b": \n\n")
            if frame is None:  # too slow, or the program stops
                break
            async with asyncio.timeout(SEND_WITHIN):
                await send({"type": "http.response.body", "body": self._shown(frame), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _shown(self, frame: Frame) -> bytes:
        """As whoever listens may see it."""
        if isinstance(frame.event, PersonChanged):
            frame = framed(replace(frame.event, person=office.seen(self._asked, frame.event.person)))
        return frame.text

    def _may(self) -> bool:
        """Whether the token is still good; its user may have another role by now."""
        users, token = self._asked.box.office, self._asked.token
        kept, user = users.tokens.get(token.id), users.user(token.user)
        if kept is None or user is None:
            return False
        self._asked.user = user
        return "calls:read" in effective(kept.scopes, standing(user))


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
