# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends the digest of calls when it is due. Until when it has told is kept on the disk: each is sent once over any restart."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from appliance.mail.digest import letter
from appliance.mail.post import FIRST_WAIT, HOUR, Later, Never, Post, Try
from appliance.reports import day
from appliance.settings.digest import Digest
from appliance.settings.mailboxes import Mail
from appliance.settings.models import Settings
from appliance.store.digests import Digests as Kept
from appliance.store.digests import NotKept
from appliance.store.reader import Reader, Unreadable

log = logging.getLogger("mail")

LOOK_EVERY = 30.0  # seconds; not till it is due, as the clock may be set meanwhile
DAY = 86_400_000  # ms


class Digests:
    """run() sends until it is cancelled, once it was told the settings."""

    def __init__(
        self,
        post: Post,
        kept: Kept,
        reader: Reader,
        *,
        now: Callable[[], float] = time.time,
        look_every: float = LOOK_EVERY,
        first_wait: float = FIRST_WAIT,
    ) -> None:
        self._post, self._kept, self._reader, self._now = post, kept, reader, now
        self._look_every, self._first_wait = look_every, first_wait
        self._settings: Settings | None = None
        self._news = asyncio.Event()
        self._until = kept.until()  # also when the disk does not take it: then it is told again after a restart alone
        self._moment, self._try = 0, Try(first_wait)

    def configure(self, settings: Settings) -> None:
        self._settings = settings
        self._try.wait, self._try.due = self._first_wait, 0.0  # perhaps it is another server, or its password is
        self._news.set()

    async def run(self) -> None:
        while True:
            self._news.clear()
            wait = await self._look(self._settings) if self._settings else self._look_every
            try:
                async with asyncio.timeout(wait):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def _look(self, settings: Settings) -> float:
        """Send what is due; seconds until it is looked again."""
        digest, mail, now = settings.digest, settings.mail, round(self._now() * 1000)
        if digest is None or mail is None:
            self._keep(None)
            return self._look_every
        if self._until is None or self._until > now + DAY:  # wanted from now on, or the clock was far ahead
            self._keep(now)
            return self._look_every
        since = max(self._until, now - mail.give_up_after * HOUR)
        due = digest.due(ZoneInfo(settings.office.time_zone), since, now)
        if self._moment and self._moment not in due:
            log.error("the digest of %d is given up: %s", self._moment, self._try.why)
        for moment in due:
            if moment != self._moment:
                self._moment, self._try = moment, Try(self._first_wait)
            if (wait := self._try.due - time.monotonic()) > 0 or (wait := await self._tried(settings, digest, mail)):
                return min(wait, self._look_every)
            self._keep(moment)
        self._moment = 0
        return self._look_every

    async def _tried(self, settings: Settings, digest: Digest, mail: Mail) -> float:
        """Seconds until it is tried again, 0 when it is done with."""
        zone, until = ZoneInfo(settings.office.time_zone), self._moment
        now, since = round(self._now() * 1000), digest.begins(zone, until)
        try:
            told = await asyncio.to_thread(day.read, self._reader, settings, since, until, now, digest.calls)

            def write(to: Sequence[str], whole: bool) -> EmailMessage:
                return letter(settings, told, to, whole)

            _, refused = await self._post.send(mail, digest.to, self._try, write)
        except Never as fault:
            log.error("the digest of %d is not taken: %s", until, fault)
        except (Later, Unreadable, OSError) as fault:
            self._try.put_off(str(fault), time.monotonic())
            log.warning("the digest of %d is not sent yet: %s", until, fault)
            return self._try.due - time.monotonic()
        else:
            log.info("the digest of %d is sent %s", until, refused)
        return 0.0

    def _keep(self, until: int | None) -> None:
        if until == self._until:
            return
        self._until = until
        try:
            self._kept.keep(until)
        except NotKept as fault:
            log.error("until when digests have told is not kept: %s", fault)
