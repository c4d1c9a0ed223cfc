# SPDX-License-Identifier: GPL-2.0-or-later
"""How the box is: the facts that its checks look at, brought together."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from appliance.control.live import Live
from appliance.control.messages import Message, Messages, Refused
from appliance.health.checks import CLOCKS_APART, Row, examine
from appliance.health.facts import Backups, Facts, Hook, Mails, Shown
from appliance.host import machine
from appliance.settings import documents
from appliance.settings.backup import Backup
from appliance.settings.faults import SettingsFaults
from appliance.settings.models import Settings
from appliance.store.backups import made
from appliance.store.office import Office
from appliance.web.access import Refusal, now
from appliance.web.certificates import good_until
from appliance.web.drafts import Drafts
from appliance.web.known import Known

FRESH = 3.0  # seconds what was found is told again; how many ask does not matter then
MAIL_WITHIN = 5.0  # seconds for the switch to say which e-mails wait
FAILED_FOR = 7 * 86_400_000  # ms an e-mail that was given up is told of


async def here() -> bool | None:
    """Whoever is asked by a page knows that there are pages."""
    return True


class Standing:
    """rows() examines the box. office is None where the database of the pages cannot be read."""

    def __init__(
        self,
        live: Callable[[], Live | None],
        drafts: Drafts,
        known: Known,
        state: Path,
        office: Office | None,
        pages: Path | None,
        answer: Callable[[], Awaitable[bool | None]] = here,
    ) -> None:
        """pages: the folder of an authority of our own; answer: whether the pages do."""
        self._live, self._drafts, self._known, self._state = live, drafts, known, state
        self._office, self._pages, self._answer = office, pages, answer
        self._kept: tuple[float, Facts] | None = None
        self._looking = asyncio.Lock()
        self._faulty: tuple[tuple[int, int], tuple[str, ...]] | None = None  # of which document, and its faults

    async def rows(self) -> tuple[int, list[Row]]:
        """The moment, ms UTC, and what was found. What the switch tells is new each time, the rest for some seconds."""
        async with self._looking:
            if self._kept is None or time.monotonic() - self._kept[0] > FRESH:
                facts = await self._facts()
                self._kept = (time.monotonic(), facts)  # from now on: who waited meanwhile does not look again
            facts, live, at = self._kept[1], self._live(), now()
        return at, examine(replace(facts, now=at, live=live, mails=facts.mails if live else None))

    async def _facts(self) -> Facts:
        office = self._office
        try:
            settings: Settings | None = (await self._known.names()).settings
        except Refusal:
            settings = None
        folders = [self._state, *([self._pages] if self._pages else [])]
        return Facts(
            now(),
            settings=settings,
            faults=await asyncio.to_thread(self._faults),
            pages=await self._answer(),
            owner=bool(office.users()) if office else None,
            drafts=tuple((one.user, one.at) for one in office.drafts()) if office else (),
            mails=await self._mails(settings),
            hooks=tuple(Hook(_where(one.url), one.waiting, one.lost, one.fault) for one in office.webhooks.all())
            if office
            else None,
            certificates=await asyncio.to_thread(self._certificates, settings) if settings else (),
            backups=(await asyncio.to_thread(_backups, settings.backup, now())) if settings else None,
            machine=await asyncio.to_thread(machine.look, folders),
        )

    def _faults(self) -> tuple[str, ...]:
        """Those of the document as it stands there; looked for when it has changed."""
        document = self._known.document
        try:
            status = document.stat()
            of = (status.st_mtime_ns, status.st_size)
            if self._faulty is None or self._faulty[0] != of:
                found = self._drafts.faults(documents.load(document)[0])
                self._faulty = (of, tuple(map(str, found)))
            return self._faulty[1]
        except SettingsFaults as faults:
            return (str(faults).splitlines()[0],)
        except OSError as fault:
            return (f"{document.name}: {fault.strerror}",)

    async def _mails(self, settings: Settings | None) -> Mails | None:
        """None while the switch does not say."""
        if self._live() is None:
            return None
        try:
            async with asyncio.timeout(MAIL_WITHIN):
                due, failed = [await self._ask(Messages(0, mail=state)) for state in ("due", "failed")]
        except (Refusal, Refused, TimeoutError):
            return None
        since = now() - FAILED_FOR
        waiting = [*(one.at for one in due), *(self._digests(settings) if settings else ())]
        return Mails(len(waiting), min(waiting, default=None), sum(one.at > since for one in failed))

    def _digests(self, settings: Settings) -> list[int]:
        """When those that are not sent were due."""
        until = self._office.digests.until() if self._office else None
        if settings.digest is None or until is None:
            return []
        return settings.digest.due(ZoneInfo(settings.office.time_zone), until, now())

    async def _ask(self, request: Any) -> tuple[Message, ...]:
        return tuple(await self._drafts.ask(request) or ())

    def _certificates(self, settings: Settings) -> tuple[Shown, ...]:
        web, sip = settings.web, settings.sip
        shown = []
        if web.https and (web.certificate or self._pages):
            shown.append(
                _shown("HTTPS", Path(web.certificate) if web.certificate else Path(self._pages or "", "pages.pem"))
            )
        if sip.tls:
            shown.append(_shown("SIP", Path(sip.certificate) if sip.certificate else self._state / "sip.pem"))
        return tuple(one for one in shown if one)


def _backups(wanted: Backup, now: int) -> Backups | None:
    """The newest is, of those whose time is yet to come, only one when there is no other."""
    if wanted.recipient is None:
        return None
    times = [one.at for one in made(Path(wanted.folder))]
    return Backups(max(times, key=lambda at: (at <= now + CLOCKS_APART, at), default=None))


def _shown(use: str, file: Path) -> Shown | None:
    """None when it is not ours to read."""
    try:
        return Shown(use, good_until(file))
    except PermissionError:
        return None
    except (OSError, ValueError) as fault:
        return Shown(use, None, (fault.strerror if isinstance(fault, OSError) else None) or str(fault)[:200])


def _where(url: str) -> str:
    """Without path and query, in which there often is a secret: more people see this than may see the webhook."""
    there = urlsplit(url)
    return f"{there.scheme}://{there.hostname or ''}"
