# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may do what: a row for each route, its roles named; what has no row does not exist. Forms must be ours."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

from jinja2 import Environment
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from appliance.store.office import Office, Session, User
from appliance.web import tongue
from appliance.web.menu import Menu

OWNER, INSTALLER, SUPERVISOR, EMPLOYEE, READER = "owner", "installer", "supervisor", "employee", "reader"
ROLES = (OWNER, INSTALLER, SUPERVISOR, EMPLOYEE, READER)
LIMITED = "limited"  # a supervisor of some departments alone, see powers.py
ANYBODY = "anybody"  # not logged in
NEWCOMER = "newcomer"  # nobody can log in yet: there is no owner
USERS = frozenset(ROLES)
SETTERS = frozenset({OWNER, INSTALLER})
EACH = USERS | {LIMITED}
ALL = EACH | {ANYBODY, NEWCOMER}

DAY = 86_400_000  # ms
IDLE = {OWNER: DAY // 2, INSTALLER: DAY // 2, SUPERVISOR: 7 * DAY, EMPLOYEE: 7 * DAY, READER: 30 * DAY}
LONGEST = {OWNER: 7 * DAY, INSTALLER: 7 * DAY, SUPERVISOR: 30 * DAY, EMPLOYEE: 30 * DAY, READER: 365 * DAY}
AGAIN = "again"  # in the query of what an open page asks by itself, again and again
COOKIE, FORM_COOKIE = "linekeeper", "linekeeper-form"
FORM_MAX = 65_536  # bytes of a form, unless its row says more
FIELDS_MAX = 5_000
FORM_WITHIN = 30.0  # seconds a form may take to arrive,
SLOWEST = 500_000  # and one that may be long: bytes a second

Handler = Callable[["Visit"], Awaitable[ASGIApp]]


class Row(NamedTuple):
    """A route: its method, its path, who may, what answers, bytes of its form at most."""

    method: str
    path: str
    who: frozenset[str]
    handler: Handler
    most: int = FORM_MAX


class Refusal(Exception):
    """What is asked is not done; status and a sentence."""

    id = "refused"

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


class Doer(Protocol):
    """Whoever has something done: somebody at the pages, or a program of his by its token."""

    @property
    def request(self) -> Request: ...
    @property
    def office(self) -> Office: ...
    @property
    def role(self) -> str: ...
    @property
    def user(self) -> User | None: ...
    @property
    def name(self) -> str: ...
    @property
    def by(self) -> str: ...
    @property
    def language(self) -> str: ...
    def say(self, sentence: str) -> str: ...
    def note(self, what: str, detail: str = "") -> None: ...


@dataclass
class Visit:
    """One request of somebody: what he asks, who he is, and how he is answered."""

    request: Request
    office: Office
    role: str
    user: User | None = None
    session: Session | None = None
    form: FormData = field(default_factory=FormData)
    form_token: str = ""
    menu: Menu = field(default_factory=lambda: Menu(()))

    @property
    def address(self) -> str:
        return self.request.client.host if self.request.client else ""

    @property
    def name(self) -> str:
        return self.user.name if self.user else ""

    @property
    def by(self) -> str:
        """Who asks, as journals and logs have it."""
        return self.name

    @property
    def csrf(self) -> str:
        return self.session.csrf if self.session else self.form_token

    @property
    def words(self) -> Environment:
        wanted = self.user.language if self.user else ""
        return tongue.environment(tongue.spoken(wanted, self.request.headers.get("accept-language", "")))

    @property
    def language(self) -> str:
        """The code of the visitor's language."""
        return str(self.words.globals["language"])

    def say(self, sentence: str) -> str:
        """A sentence in the visitor's language."""
        return tongue.said(sentence, self.language)

    def text(self, name: str) -> str:
        """A field of the form, "" when it is not there or is a file."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""

    def note(self, what: str, detail: str = "") -> None:
        """A row of the audit log."""
        self.office.audit(now(), self.name, self.address, what, detail)

    def facts(self) -> dict[str, Any]:
        menu = self.menu.of(self.role)
        return {"role": self.role, "me": self.name, "csrf": self.csrf, "path": self.request.url.path, "menu": menu}

    def page(self, template: str, status: int = 200, **facts: object) -> Response:
        html = self.words.get_template(template).render(**self.facts(), **facts)
        response = HTMLResponse(html, status, {"Cache-Control": "no-store"})
        if not self.session and self.form_token:
            response.set_cookie(FORM_COOKIE, self.form_token, httponly=True, samesite="strict", secure=self.secure)
        return response

    @property
    def in_place(self) -> bool:
        """Whether htmx asks, for a part to be put into the page."""
        return self.request.headers.get("hx-request") == "true"

    def part(self, template: str, status: int = 200, **facts: object) -> Response:
        """A template that extends what `frame` says: the whole page, or for htmx its main part alone."""
        return self.page(template, status, frame="bare.html" if self.in_place else "base.html", **facts)

    def to(self, path: str) -> Response:
        return RedirectResponse(path, 303, {"Cache-Control": "no-store"})

    @property
    def secure(self) -> bool:
        return self.request.url.scheme == "https"

    def enter(self, user: User, response: Response) -> Response:
        """A new session of this user in this browser; the one it had ends."""
        if self.session:
            self.office.end(self.session.id, self.session.user)
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        agent = self.request.headers.get("user-agent", "")
        self.office.begin(token, user.name, csrf, at=now(), address=self.address, agent=agent)
        age = LONGEST[user.role] // 1000
        response.set_cookie(COOKIE, token, max_age=age, httponly=True, samesite="lax", secure=self.secure)
        response.delete_cookie(FORM_COOKIE)
        return response


def now() -> int:
    """ms UTC"""
    return time.time_ns() // 1_000_000


def routes(rows: Iterable[Row], office: Office) -> list[Route]:
    rows = tuple(rows)
    menu = Menu((row.path, row.who) for row in rows if row.method == "GET")
    return [Route(row.path, _Guarded(row, office, menu), methods=[row.method]) for row in rows]


def visit(request: Request, office: Office) -> Visit:
    """Who asks, by the cookie. A session too old or too long unused is ended; a page that asks by itself does not use it,
    but for a reader, who does nothing else than to look."""
    token = request.cookies.get(COOKIE, "")
    session = office.session(token) if 0 < len(token) <= 64 else None
    user = office.user(session.user) if session else None
    if session and user:
        if user.role in USERS and still_good(session, user.role):
            if AGAIN not in request.query_params or user.role == READER:
                office.use(session, now())
            return Visit(request, office, standing(user), user, session)
        office.end(session.id, session.user)
    form = request.cookies.get(FORM_COOKIE, "")
    form = form if 20 <= len(form) <= 64 and form.isascii() else secrets.token_urlsafe(32)
    return Visit(request, office, ANYBODY if office.users() else NEWCOMER, form_token=form)


def standing(user: User) -> str:
    """A user's role as the rows name it."""
    return LIMITED if user.role == SUPERVISOR and user.limits else user.role


def still_good(session: Session, role: str) -> bool:
    return now() - session.seen < IDLE[role] and now() - session.began < LONGEST[role]


class _Guarded:
    """A route's answer, only to those its row names."""

    def __init__(self, row: Row, office: Office, menu: Menu) -> None:
        self._row, self._office, self._menu = row, office, menu

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, _bounded(receive, self._row.most))
        asked = visit(request, self._office)
        asked.menu = self._menu
        try:
            answer = await self._answer(asked)
        except Refusal as refusal:
            answer = asked.part("refused.html", refusal.status, words=refusal.words)
        await answer(scope, receive, send)

    async def _answer(self, asked: Visit) -> ASGIApp:
        if asked.role not in self._row.who:
            return self._denied(asked)
        if self._row.method != "POST":
            return await self._row.handler(asked)
        is_ours(asked.request)
        try:
            async with asyncio.timeout(max(FORM_WITHIN, self._row.most / SLOWEST)):
                asked.form = await asked.request.form(max_files=1, max_fields=FIELDS_MAX, max_part_size=self._row.most)
        except MultiPartException as wrong:
            raise Refusal(400, "That form cannot be read.") from wrong
        except (TimeoutError, ClientDisconnect):
            raise Refusal(408, "That form took too long to arrive.") from None
        try:
            given = asked.text("csrf")
            kept = asked.request.cookies.get(FORM_COOKIE, "") if not asked.session else asked.csrf
            if not kept or not secrets.compare_digest(given.encode("utf-8", "replace"), kept.encode()):
                raise Refusal(403, "This form is too old, or not ours. Open the page again.")
            return await self._row.handler(asked)
        finally:
            for value in asked.form.values():
                if isinstance(value, UploadFile):
                    await value.close()

    @staticmethod
    def _denied(asked: Visit) -> Response:
        if asked.role == NEWCOMER:
            return asked.to("/first-run")
        if asked.role != ANYBODY:
            raise Refusal(403, "Your role may not do that.")
        if asked.request.method != "GET":
            raise Refusal(401, "Log in first.")
        if asked.request.headers.get("sec-fetch-dest", "document") != "document" or asked.request.url.path == "/events":
            raise Refusal(401, "Log in first.")
        url = asked.request.url
        return asked.to("/log-in?to=" + quote(f"{url.path}?{url.query}" if url.query else url.path))


def is_ours(request: Request) -> None:
    """That a form was sent from a page of ours, by what the browser says of it. Raises Refusal."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise Refusal(403, "Not for other sites.")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refusal(403, "Not for other sites.")


def _bounded(receive: Receive, most: int) -> Receive:
    """receive() that refuses a body longer than this."""
    got = 0

    async def bounded() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > most:
            raise Refusal(413, "That is too long.")
        return message

    return bounded
