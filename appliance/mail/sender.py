# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends an e-mail for each message whose mailbox wants it. The queue is the switch's: a message is `due` until we say more.

So nothing is lost by a restart of either program or a server that is away; and nothing of a server that hangs reaches a call.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from pathlib import Path

from appliance.control.client import Client, ControlLost, connect, follow
from appliance.control.messages import Event, MailboxChanged, Mailed, Message, Messages, Office, Refused
from appliance.mail.audio import small
from appliance.mail.digests import Digests
from appliance.mail.letter import letter
from appliance.mail.post import FIRST_WAIT, HOUR, Later, Never, Post, Result, Try
from appliance.settings.faults import SettingsFaults
from appliance.settings.models import Settings

log = logging.getLogger("mail")


class Sender:
    """run() sends until it is cancelled."""

    def __init__(
        self,
        socket: Path,
        settings: Callable[[], Settings],
        post: Post,
        digests: Digests,
        *,
        first_wait: float = FIRST_WAIT,
    ) -> None:
        """settings: as they are now."""
        self._socket, self._read, self._post, self._digests = socket, settings, post, digests
        self._first_wait = first_wait
        self._settings = settings()
        self._news = asyncio.Event()
        self._tries: dict[int, Try] = {}
        self._server = Try(first_wait)
        digests.configure(self._settings)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(follow(self._socket, self._on_office, self._on_event))
            tasks.create_task(self._work())
            tasks.create_task(self._digests.run())

    def _on_office(self, office: Office) -> None:
        try:
            self._settings = self._read()
        except (SettingsFaults, OSError) as fault:  # half written by hand: what we know still holds
            log.error("the settings cannot be read, and stay as they were: %s", fault)
        self._server = Try(self._first_wait)  # perhaps it is another one, or its password is
        self._news.set()
        self._digests.configure(self._settings)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, MailboxChanged):
            self._news.set()

    # ---- the queue --------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            wait: float | None = None
            try:
                async with await connect(self._socket) as switch:
                    wait = await self._send_all(switch)
            except (ControlLost, Refused) as fault:
                log.debug("which messages are to be mailed is not known: %s", fault)
            try:
                async with asyncio.timeout(wait):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()

    async def _send_all(self, switch: Client) -> float | None:
        """Send what is due; seconds until the next is, None when nothing is left."""
        due: list[Message] = []
        while more := await switch.request(Messages(0, mail="due", after=due[-1].id if due else 0)):
            due += more
        self._tries = {one.id: self._tries.get(one.id) or Try(self._first_wait) for one in due}
        for message in due:
            one = self._tries[message.id]
            if one.result is None and max(one.due, self._server.due) <= time.monotonic():
                await self._try(message, one)
            if one.result is None and self._too_old(message):
                one.result = ("failed", f"given up: {one.why or self._server.why}")
            if one.result is not None:
                result, reason = one.result
                level = logging.ERROR if result == "failed" else logging.INFO
                log.log(level, "the e-mail about message %d: %s %s", message.id, result, reason)
                await switch.request(Mailed(0, message.id, result, reason[:200]))
                del self._tries[message.id]
        left = [max(one.due, self._server.due) for one in self._tries.values()]
        return max(min(left) - time.monotonic(), 0.01) if left else None

    async def _try(self, message: Message, one: Try) -> None:
        try:
            one.result = await self._sent(message, one)
            self._server = Try(self._first_wait)
        except Never as fault:
            one.result = ("failed", str(fault))
        except Later as fault:
            (self._server if fault.server else one).put_off(str(fault), time.monotonic())
            log.warning("the e-mail about message %d is not sent yet: %s", message.id, fault)

    def _too_old(self, message: Message) -> bool:
        hours = self._settings.mail.give_up_after if self._settings.mail else 1
        return time.time() * 1000 > message.at + hours * HOUR

    # ---- one e-mail -------------------------------------------------------------------------------------------------

    async def _sent(self, message: Message, one: Try) -> tuple[Result, str]:
        """What became of it. Raises Later, Never."""
        settings, table = self._settings, self._settings.mailbox.get(message.mailbox)
        if settings.mail is None:
            raise Later("no server is set", server=True)
        if not table or not table.mail:
            raise Never("nobody is to be told any more")
        audio = await self._audio(message) if table.attach else b""

        def write(to: Sequence[str], whole: bool) -> EmailMessage:
            return letter(settings, message, to, audio if whole else b"")

        return await self._post.send(settings.mail, table.mail, one, write)

    async def _audio(self, message: Message) -> bytes:
        """The message as a WAV file, b"" when it is gone, or too long to be sent."""
        try:
            return await asyncio.to_thread(small, Path(message.file))
        except (OSError, ValueError) as fault:
            log.warning("message %d is not attached: %s", message.id, fault)
            return b""
