# SPDX-License-Identifier: GPL-2.0-or-later
"""The web server: what each page is and who may see it, guarded; the live page's events and health."""

import asyncio
import contextlib
import errno
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from typing import NamedTuple

import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from appliance.web.access import Row, routes
from appliance.web.accounts import Accounts
from appliance.web.api import routes as api
from appliance.web.backup_pages import BackupPages
from appliance.web.begin import Begin
from appliance.web.board import Board
from appliance.web.box import Box
from appliance.web.call_pages import CallPages
from appliance.web.caller_pages import CallerPages
from appliance.web.certificates import Tls
from appliance.web.connections import CONNECTIONS_MAX, Bounded
from appliance.web.entry import Entry
from appliance.web.gateway_pages import GatewayPages
from appliance.web.hours_pages import HoursPages
from appliance.web.line_checks import LineChecks
from appliance.web.message_pages import MessagePages
from appliance.web.organisation_pages import OrganisationPages
from appliance.web.phone_files import PhoneFiles
from appliance.web.phone_pages import PhonePages
from appliance.web.prompt_pages import PromptPages
from appliance.web.report_pages import ReportPages
from appliance.web.restart_pages import RestartPages
from appliance.web.scenario_pages import ScenarioPages
from appliance.web.secure import Secure, plain
from appliance.web.settings_pages import SettingsPages
from appliance.web.shelf import FILES, shelf
from appliance.web.status_page import StatusPage
from appliance.web.text_pages import TextPages
from appliance.web.token_pages import TokenPages
from appliance.web.webhook_pages import WebhookPages
from appliance.web.what_if_pages import WhatIfPages

BACKLOG = 64
PATH_MAX = 4096  # bytes; Python makes no number of more than 4,300 digits
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers do not say where our own forms come from
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class PortTaken(Exception):
    """Another program listens there."""

    id = "port-in-use"


class Guard:
    """Refuses names that are not ours (DNS rebinding) and what foreign pages ask for; adds the security headers."""

    def __init__(self, app: ASGIApp, listen: str) -> None:
        self._app, self._listen = app, listen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = MutableHeaders(scope=message)
                ours.update(SECURITY)
                ours.setdefault("Cache-Control", "no-cache")
            await send(message)

        if len(scope.get("raw_path") or b"") > PATH_MAX:
            refusal = PlainTextResponse("That address is too long.\n", 414)
            return await refusal(scope, receive, guarded)
        here = str(scope["server"][0]) if scope.get("server") else ""
        if not is_ours(headers.get("host", ""), self._listen, here):
            refusal = PlainTextResponse("This box does not go by that name.\n", 421)
            return await refusal(scope, receive, guarded)
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
            refusal = PlainTextResponse("Not for other sites.\n", 403)
            return await refusal(scope, receive, guarded)
        await self._app(scope, receive, guarded)


def is_ours(host: str, listen: str, here: str) -> bool:
    """Whether a Host header names this box: loopback, the address listened on or connected to, or a *.local name."""
    name, bracket, rest = host[1:].partition("]") if host.startswith("[") else (host.partition(":")[0], "", "")
    if bracket and rest and not rest.startswith(":"):
        return False
    name = name.lower().removesuffix(".")
    if name == "localhost" or name.endswith((".localhost", ".local")):
        return True
    try:
        address = ipaddress.ip_address(name)
        return address.is_loopback or address in (ipaddress.ip_address(listen), ipaddress.ip_address(here))
    except ValueError:
        return False


def rows(box: Box) -> tuple[Row, ...]:
    """Every route and who may; what is not here is not there."""
    entry, checks = Entry(box.office.wrong), LineChecks(box)
    return (
        *Board(box).rows(),
        *entry.rows(),
        *Accounts(entry, box).rows(),
        *Secure(box.authority).rows(),
        *Begin(box).rows(),
        *ScenarioPages(box).rows(),
        *checks.rows(),
        *SettingsPages(box, checks).rows(),
        *RestartPages(box).rows(),
        *PromptPages(box).rows(),
        *CallPages(box).rows(),
        *CallerPages(box).rows(),
        *MessagePages(box).rows(),
        *TextPages(box).rows(),
        *HoursPages(box).rows(),
        *OrganisationPages(box).rows(),
        *WhatIfPages(box).rows(),
        *ReportPages(box).rows(),
        *StatusPage(box).rows(),
        *BackupPages(box).rows(),
        *TokenPages(box.known).rows(),
        *WebhookPages(box).rows(),
        *PhoneFiles(box).rows(),
        *PhonePages(box).rows(),
        *GatewayPages(box).rows(),
    )


def application(box: Box, listen: str) -> ASGIApp:
    """The rows and `/static`, guarded."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.router.routes.extend(routes(rows(box), box.office))
    app.router.routes.extend(api.routes(box))
    app.router.routes.append(Route(FILES, shelf().answer))
    return Guard(app, listen)


def listener(address: str, port: int) -> socket.socket:
    """A listening TCP socket on this address; raises PortTaken, or OSError when the address is not this box's."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTaken(
            f"port {port} of {address} is taken by another program; end that, or choose another port in [web]"
        ) from error


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals are the program's business


class Https(NamedTuple):
    """Where HTTPS is spoken, and how."""

    sock: socket.socket
    tls: Tls


async def serve(box: Box, sock: socket.socket, listen: str, https: Https | None = None) -> None:
    """Until cancelled; then streams are ended and open requests get a second. With HTTPS, HTTP only says so."""
    pages = application(box, listen)
    if https is None:
        servers = [(_server(pages), sock)]
    else:
        more = PhoneFiles(box).routes()
        told = Guard(plain(https.sock.getsockname()[1], https.tls.authority, more), listen)
        servers = [(_server(told), sock), (_server(pages, https.tls.context), https.sock)]
    tasks = [asyncio.create_task(server.serve(sockets=[where])) for server, where in servers]
    painting = asyncio.create_task(box.screen.paint())
    try:
        await asyncio.wait((painting, *tasks), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for server, _where in servers:
            server.should_exit = True
        box.screen.close()
        box.feed.close()
        painting.cancel()
        await asyncio.wait((painting, *tasks))
    for task in (painting, *tasks):
        if not task.cancelled():
            task.result()


def _server(app: ASGIApp, context: ssl.SSLContext | None = None) -> _Server:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http=Bounded,
        ws="none",
        lifespan="off",
        limit_concurrency=CONNECTIONS_MAX,
        timeout_graceful_shutdown=1,
    )
    config.load()
    config.ssl = context
    return _Server(config)
