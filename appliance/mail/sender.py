# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends an e-mail for each message whose mailbox wants it. The queue is the switch's: a message is `due` until we say more.

So nothing is lost by a restart of either program or a server that is away; and nothing of a server that hangs reaches a call.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import aiosmtplib

from appliance.control.client import Client, ControlLost, connect, follow
from appliance.control.messages import Event, MailboxChanged, Mailed, Message, Messages, Office, Refused
from appliance.mail.audio import small
from appliance.mail.letter import letter
from appliance.settings.faults import SettingsFaults
from appliance.settings.mailboxes import Mail
from appliance.settings.models import Settings

log = logging.getLogger("mail")

FIRST_WAIT, LONGEST_WAIT = 10.0, 900.0  # seconds before it is tried again, doubled each time
WITHIN = 60.0  # seconds for one e-mail, from the first word to the last
HOUR = 3_600_000  # ms
TOO_LARGE = 552  # RFC 1870
PERMANENT = 500  # replies from here on stay as they are

Result = Literal["sent", "failed"]


class Later(Exception):
    """Not sent, and to be tried again. server: to none of the others either."""

    def __init__(self, why: str, server: bool = False) -> None:
        super().__init__(why)
        self.server = server


class Never(Exception):
    """The server says that it will never take it."""


@dataclass(slots=True)
class Try:
    """What is known of an e-mail that is not done with; lost with us, and then tried anew."""

    wait: float = FIRST_WAIT
    due: float = 0.0  # monotonic seconds
    why: str = ""  # it was put off last
    taken: set[str] = field(default_factory=set)  # addresses the server took it for
    refused: dict[str, str] = field(default_factory=dict)  # and those it never will, with its words
    result: tuple[Result, str] | None = None  # when only the switch does not know yet


class Sender:
    """run() sends until it is cancelled."""

    def __init__(
        self,
        socket: Path,
        settings: Callable[[], Settings],
        password: Callable[[], str],
        *,
        first_wait: float = FIRST_WAIT,
        within: float = WITHIN,
    ) -> None:
        """settings: as they are now; password: of the user in [mail], "" when there is none."""
        self._socket, self._read, self._password = socket, settings, password
        self._first_wait, self._within = first_wait, within
        self._settings = settings()
        self._news = asyncio.Event()
        self._tries: dict[int, Try] = {}
        self._server = Try(first_wait)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(follow(self._socket, self._on_office, self._on_event))
            tasks.create_task(self._work())

    def _on_office(self, office: Office) -> None:
        try:
            self._settings = self._read()
        except (SettingsFaults, OSError) as fault:  # half written by hand: what we know still holds
            log.error("the settings cannot be read, and stay as they were: %s", fault)
        self._server = Try(self._first_wait)  # perhaps it is another one, or its password is
        self._news.set()

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
            put_off = self._server if fault.server else one
            put_off.due = time.monotonic() + put_off.wait
            put_off.wait = min(2 * put_off.wait, LONGEST_WAIT)
            put_off.why = str(fault)
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
        open_ = [to for to in table.mail if to not in one.taken and to not in one.refused]
        audio = await self._audio(message) if table.attach else b""
        try:
            answers = await self._deliver(settings, message, open_, audio)
        except aiosmtplib.SMTPDataError as fault:
            if fault.code < PERMANENT:
                raise Later(_words(fault)) from None
            if not audio or fault.code != TOO_LARGE:
                raise Never(_words(fault)) from None
            answers = await self._again_without(settings, message, open_)
        for to in open_:
            code, words = answers.get(to, (250, ""))
            if code < 400:
                one.taken.add(to)
            elif code >= PERMANENT:
                one.refused[to] = f"{to}: {code} {words}"
        if open_later := [to for to in table.mail if to not in one.taken and to not in one.refused]:
            raise Later(f"{', '.join(open_later)}: {answers[open_later[0]][1]}")
        if not one.taken:
            raise Never("; ".join(one.refused.values()))
        return "sent", "; ".join(one.refused.values())

    async def _again_without(
        self, settings: Settings, message: Message, to: list[str]
    ) -> Mapping[str, tuple[int, str]]:
        try:
            return await self._deliver(settings, message, to, b"")
        except aiosmtplib.SMTPDataError as fault:
            raise (Never if fault.code >= PERMANENT else Later)(_words(fault)) from None

    async def _deliver(
        self, settings: Settings, message: Message, to: list[str], audio: bytes
    ) -> Mapping[str, tuple[int, str]]:
        """What the server answered for the addresses it did not take. Raises Later, SMTPDataError."""
        assert settings.mail is not None
        mail = await asyncio.to_thread(letter, settings, message, to, audio)
        try:
            async with asyncio.timeout(self._within):
                answers, _ = await aiosmtplib.send(
                    mail,
                    sender=settings.mail.from_,
                    recipients=to,
                    timeout=self._within,
                    **self._way(settings.mail),  # type: ignore[arg-type]
                )
            return {address: (answer.code, answer.message) for address, answer in answers.items()}
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return {one.recipient: (one.code, one.message) for one in refused.recipients}
        except aiosmtplib.SMTPDataError:
            raise
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError, SettingsFaults) as fault:
            raise Later(_words(fault), server=True) from None

    def _way(self, mail: Mail) -> dict[str, object]:
        """How the server is reached. Raises OSError for certificates that cannot be read."""
        context = None
        if mail.security != "none":
            context = ssl.create_default_context(cafile=mail.ca_file)
        return {
            "hostname": mail.host,
            "port": mail.port,
            "use_tls": mail.security == "tls",
            "start_tls": mail.security == "starttls",
            "tls_context": context,
            "username": mail.user,
            "password": self._password() if mail.user else None,
            "local_hostname": mail.from_.partition("@")[2],  # else it is looked for in the DNS
        }

    async def _audio(self, message: Message) -> bytes:
        """The message as a WAV file, b"" when it is gone, or too long to be sent."""
        try:
            return await asyncio.to_thread(small, Path(message.file))
        except (OSError, ValueError) as fault:
            log.warning("message %d is not attached: %s", message.id, fault)
            return b""


def _words(fault: BaseException) -> str:
    if isinstance(fault, aiosmtplib.SMTPResponseException):
        return f"{fault.code} {fault.message}"
    return str(fault) or ("it took too long" if isinstance(fault, TimeoutError) else type(fault).__name__)
