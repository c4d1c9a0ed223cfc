# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones and gateways fetch their settings and phone book here, by a secret that is in the address; see docs/phones.md."""

import asyncio
import logging
import re
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from appliance.control.messages import Refused
from appliance.control.provisioning import Provision
from appliance.web.access import ALL, Refusal, Row, Visit, now
from appliance.web.api.pace import Buckets
from appliance.web.box import Box
from appliance.web.proofs import network
from appliance.web.provisioning import book, files, gateway
from appliance.web.provisioning.where import ROOT, reached

log = logging.getLogger("phones")

PATH = f"{ROOT}/{{secret}}/{{file}}"
BOOK = f"{ROOT}/{{secret}}/{{mac}}/{book.FILE}"
SECRET = re.compile(r"[A-Za-z0-9_-]{32}")
WRONG_EACH_SECOND, WRONG_AT_ONCE = 0.1, 10.0  # secrets that were none, of an address for one telephone
TOLD_EACH_SECOND = 1 / 600  # rows of the audit log about them, of an address; and of a telephone that was told
AT_ONCE = 8  # asked of the switch; after a power cut all telephones come
NOTHING = "There is nothing here.\n"


class PhoneFiles:
    """What is asked with a secret that is none, or by a name that is not the telephone's, is not there."""

    def __init__(self, box: Box, clock: Callable[[], float] = time.monotonic) -> None:
        self._box = box
        self._wrong = Buckets(WRONG_EACH_SECOND, WRONG_AT_ONCE, clock)
        self._told = Buckets(TOLD_EACH_SECOND, 1.0, clock)
        self._turns = asyncio.Semaphore(AT_ONCE)

    def rows(self) -> tuple[Row, ...]:
        return (Row("GET", PATH, ALL, self.visited), Row("GET", BOOK, ALL, self.visited))

    def routes(self) -> list[Route]:
        """The same where the pages are not, for telephones that come by plain HTTP."""
        return [Route(path, self.answer, methods=["GET"]) for path in (PATH, BOOK)]

    async def visited(self, asked: Visit) -> Response:
        return await self.answer(asked.request)

    async def answer(self, request: Request) -> Response:
        """The file, or that there is none: nobody is told which of address, secret and name is wrong."""
        secret, file = (str(request.path_params.get(part, "")) for part in ("secret", "file"))
        mac = files.mac_of(file or str(request.path_params["mac"]))
        if not (mac and SECRET.fullmatch(secret)):
            return _said(404, NOTHING)
        source = network(request.client.host if request.client else "")
        guess = f"{source} {mac}"  # a telephone with an old secret shuts out none of its neighbours
        if (wait := self._wrong.wait(guess)) > 0:
            return PlainTextResponse("Too many wrong secrets.\n", 429, {"Retry-After": str(int(wait) + 1)})
        try:
            async with self._turns:
                made = await self._made(request, mac, secret, file)
        except Refused as refused:
            if refused.id != "unknown":
                return _said(503, "Ask again in a moment.\n")
            self._wrong.take(guess)
            self._refused(source, mac)
            return _said(404, NOTHING)
        except Refusal:
            return _said(503, "Ask again in a moment.\n")
        return made or _said(404, NOTHING)

    async def _made(self, request: Request, mac: str, secret: str, file: str) -> Response | None:
        """The file, or the phone book without one. Raises Refused when the secret is not this telephone's, Refusal."""
        settings = (await self._box.known.names()).settings
        wanted = settings.provisioning
        if wanted is None or not (request.url.scheme == "https" or wanted.http):
            return None
        source = request.client.host if request.client else ""
        given = await self._box.drafts.ask(Provision(0, mac, secret, source, book=not file))
        phone = settings.phone.get(given.phone)
        ours = gateway.is_gateway(settings, given)
        kind = gateway.MAKER if ours else phone.kind if phone else None
        if kind is None or not (file or phone):
            return None
        if not file:
            return _xml(files.book(kind, book.entries(settings)))
        if not files.is_own(kind, file):
            return None
        host, address = reached(request, secret)
        if ours:
            text = gateway.file(settings, given, host, address)
        else:
            text = files.rendered(kind, files.device(settings, given, host, address))
        if self._told.wait(f"to {given.phone}") <= 0:  # one that starts again and again is one row
            self._told.take(f"to {given.phone}")
            self._note("phone-provisioned", source, given.phone)
        return _said(200, text) if files.TEMPLATES[kind].endswith(".cfg") else _xml(text)

    def _refused(self, source: str, mac: str) -> None:
        if self._told.wait(source) <= 0:
            self._told.take(source)
            log.warning("%s asked for the settings of the telephone %s with a wrong secret", source, mac)
            self._note("phone-refused", source, mac)

    def _note(self, what: str, source: str, detail: str) -> None:
        self._box.office.audit(now(), "", source, what, detail)


def _xml(text: str) -> Response:
    return Response(text, media_type="application/xml; charset=utf-8", headers={"Cache-Control": "no-store"})


def _said(status: int, words: str) -> Response:
    return PlainTextResponse(words, status, {"Cache-Control": "no-store"})
