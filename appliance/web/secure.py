# SPDX-License-Identifier: GPL-2.0-or-later
"""The page about the secure connection, and all that is served where the pages speak HTTPS and somebody comes by HTTP."""

import re
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from appliance.web import tongue
from appliance.web.access import ALL, EACH, Refusal, Row, Visit
from appliance.web.certificates import Authority
from appliance.web.shelf import FILES, shelf

DOWNLOAD = "/linekeeper-authority.crt"


class Secure:
    """How the connection is made safe; authority: None without HTTPS, or with a certificate of one's own."""

    def __init__(self, authority: Authority | None) -> None:
        self._authority = authority

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/authority", EACH, self.page),
            Row("GET", DOWNLOAD, ALL, self.download),
        )

    async def page(self, asked: Visit) -> Response:
        fingerprint = self._authority.fingerprint if self._authority else ""
        return asked.page("authority.html", fingerprint=fingerprint, secure=asked.secure, download=DOWNLOAD)

    async def download(self, asked: Visit) -> Response:
        if self._authority is None:
            raise Refusal(404, "This box has no authority of its own.")
        return authority_file(self._authority)


def authority_file(authority: Authority) -> Response:
    return Response(authority.file.read_bytes(), media_type="application/x-x509-ca-cert")


def plain(port: int, authority: Authority | None, more: Sequence[Route] = ()) -> ASGIApp:
    """What HTTP says: that the pages are at HTTPS on this port, and how its certificate is trusted; and what is told by
    HTTP all the same."""

    async def said(request: Request) -> Response:
        host = request.headers.get("host", "")
        name = host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
        if not re.fullmatch(r"[A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\]", name):
            return PlainTextResponse("This box does not go by that name.\n", 421)
        words = tongue.environment(tongue.spoken("", Headers(scope=request.scope).get("accept-language", "")))
        shown = words.get_template("plain.html").render(
            address=f"https://{name}{'' if port == 443 else f':{port}'}/", path=request.url.path, csrf="", menu=[],
            role="elsewhere", me="", fingerprint=authority.fingerprint if authority else "", download=DOWNLOAD,
        )  # fmt: skip
        return HTMLResponse(
            shown, 200 if request.url.path == "/" else 426, {"Upgrade": "TLS/1.2", "Connection": "Upgrade"}
        )

    async def download(request: Request) -> Response:
        if authority is None:
            return PlainTextResponse("This box has no authority of its own.\n", 404)
        return authority_file(authority)

    return Starlette(
        routes=[
            Route(DOWNLOAD, download),
            *more,
            Route(FILES, shelf().answer),
            Route("/{path:path}", said, methods=["GET", "POST"]),
        ]
    )
