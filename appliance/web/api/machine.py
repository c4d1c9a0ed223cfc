# SPDX-License-Identifier: GPL-2.0-or-later
"""The box itself by the API: backups, the audit log, tokens, webhooks, codes of telephones, modems, the year as it is drawn."""

import asyncio
import datetime
from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import Response

from appliance.control.modems import Plugged, Socket
from appliance.web import backup_pages, hours_pages, token_pages, webhook_pages
from appliance.web.api import limits
from appliance.web.api import shapes as s
from appliance.web.api.gate import Asked, Way, Wrong
from appliance.webhooks import addresses, events


class BackupIs(Struct, frozen=True):
    name: str
    at: int
    size: int


class Row(Struct, frozen=True):
    """A row of the audit log: who did what, and from where."""

    id: int
    at: int
    user: str
    address: str
    what: str
    detail: str


class Rows(s.Strict, frozen=True):
    """before: rows older than the one of that id; 0: the newest."""

    limit: s.Limit = 100
    before: s.Moment = 0


class TokenIs(Struct, frozen=True):
    """until 0: till it is revoked; seen 0: never used; scopes: what it may now."""

    id: int
    user: str
    name: str
    scopes: list[str]
    at: int
    until: int
    seen: int
    address: str


class WebhookIs(Struct, frozen=True):
    """sent: when something arrived there last; lost: how much never did; fault: why the last did not."""

    id: int
    url: str
    kinds: list[str]
    user: str
    at: int
    sent: int
    lost: int
    fault: str
    waiting: int


class NewWebhook(s.Strict, frozen=True):
    """kinds: see docs/webhooks.md."""

    url: Annotated[str, Meta(min_length=8, max_length=addresses.URL_MAX)]
    kinds: Annotated[tuple[Annotated[str, Meta(max_length=40)], ...], Meta(min_length=1, max_length=20)]


class WebhookMade(Struct, frozen=True):
    """secret: what is sent is signed with it. It is told once."""

    id: int
    secret: str


class CodeIs(Struct, frozen=True):
    code: str
    does: str


class DayIs(Struct, frozen=True):
    """open: as 09:00-13:00, 14:00-18:00; "" closed all day."""

    date: datetime.date
    open: str
    usual: str
    holidays: list[str]


class OfYear(s.Strict, frozen=True):
    """0: this one, where the office is."""

    year: Annotated[int, Meta(ge=0, le=hours_pages.LAST)] = 0


async def backups(asked: Asked) -> list[BackupIs]:
    return [BackupIs(one.file.name, one.at, one.size) for one in await backup_pages.backups(asked.box)]


async def backup(asked: Asked) -> Response:
    return await backup_pages.fetched(asked, asked.box, asked.path["backup"])


async def audit(asked: Asked) -> list[Row]:
    return [Row(*one) for one in asked.office.audited(asked.query.limit, asked.query.before)]


async def tokens(asked: Asked) -> list[TokenIs]:
    return [
        TokenIs(one.id, one.user, one.name, scopes, one.at, one.until, one.seen, one.address)
        for one, scopes in token_pages.seen(asked)
    ]


async def revoke(asked: Asked) -> s.Done:
    token_pages.revoke(asked, asked.path["token"])
    return s.Done()


async def end(asked: Asked) -> s.Done:
    """It may be in wrong hands, and nobody else need be asked."""
    token_pages.revoke(asked, asked.token.id)
    return s.Done()


async def webhooks(asked: Asked) -> list[WebhookIs]:
    return [
        WebhookIs(one.id, one.url, sorted(one.kinds), one.user, one.at, one.sent, one.lost, one.fault, one.waiting)
        for one in asked.office.webhooks.all()
    ]


async def add_webhook(asked: Asked) -> WebhookMade:
    kinds = frozenset(asked.body.kinds)
    if wrong := sorted(kinds - frozenset(events.KINDS)):
        raise Wrong(422, "bad-request", f"There are no events of the kind {wrong[0]!r}.")
    return WebhookMade(*webhook_pages.add(asked, asked.body.url.strip(), kinds))


async def test_webhook(asked: Asked) -> s.Done:
    webhook_pages.test(asked, asked.path["webhook"], asked.box.look)
    return s.Done()


async def remove_webhook(asked: Asked) -> s.Done:
    webhook_pages.remove(asked, asked.path["webhook"])
    return s.Done()


async def codes(asked: Asked) -> list[CodeIs]:
    return [CodeIs(*one) for one in await asyncio.to_thread(asked.box.card, asked.say)]


async def modems(asked: Asked) -> list[Socket]:
    return list(await asked.switch(Plugged(0)))


async def year(asked: Asked) -> list[DayIs]:
    names, name = await asked.box.known.names(), asked.path["hours"]
    if name not in names.settings.hours:
        raise Wrong(404, "unknown", f"There are no hours {name}.")
    of = asked.query.year or datetime.datetime.now(names.zone).year
    if of < hours_pages.FIRST:
        raise Wrong(422, "bad-request", f"A year is from {hours_pages.FIRST} to {hours_pages.LAST}.")
    days = await asyncio.to_thread(hours_pages.draw, names.settings, None, name, of, asked.language)
    told = hours_pages.told
    return [DayIs(one.date, told(one.open), told(one.usual), list(one.holidays)) for one in days or ()]


WAYS = (
    Way("DELETE", "/self", "", end, "This token is good no longer", limited=limits.narrowed),
    Way("GET", "/codes", "office:read", codes, "What is dialled at telephones, and what it does", list[CodeIs],
        limited=limits.narrowed),
    Way("GET", "/hours/{hours}/year", "office:read", year, "When they are open, day by day", list[DayIs], query=OfYear,
        limited=limits.narrowed),
    Way("GET", "/modems", "settings:read", modems, "Modems that are plugged in and no line's", list[Socket]),
    Way("GET", "/backups", "settings:read", backups, "Backups, the newest first", list[BackupIs]),
    Way("GET", "/backups/{backup}", "backups:read", backup, "One of them; only its key opens it", "application/octet-stream"),
    Way("GET", "/audit", "audit:read", audit, "Who did what, the latest first", list[Row], query=Rows),
    Way("GET", "/tokens", "users:read", tokens, "Tokens, and what each may", list[TokenIs]),
    Way("DELETE", "/tokens/{token}", "users:write", revoke, "A token is good no longer"),
    Way("GET", "/webhooks", "webhooks:read", webhooks, "Where it is told what happens", list[WebhookIs]),
    Way("POST", "/webhooks", "webhooks:write", add_webhook, "Tell one more", WebhookMade, NewWebhook, made=True),
    Way("POST", "/webhooks/{webhook}/test", "webhooks:write", test_webhook, "Send something there"),
    Way("DELETE", "/webhooks/{webhook}", "webhooks:write", remove_webhook, "Tell it no longer"),
)  # fmt: skip
