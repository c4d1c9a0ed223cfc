# SPDX-License-Identifier: GPL-2.0-or-later
"""Hands an e-mail to the server of [mail], for each of its addresses until it was taken or refused for good."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal

import aiosmtplib

from appliance.settings.faults import SettingsFaults
from appliance.settings.mailboxes import Mail

FIRST_WAIT, LONGEST_WAIT = 10.0, 900.0  # seconds before it is tried again, doubled each time
WITHIN = 60.0  # seconds for one e-mail, from the first word to the last
HOUR = 3_600_000  # ms
TOO_LARGE = 552  # RFC 1870
PERMANENT = 500  # replies from here on stay as they are

Result = Literal["sent", "failed"]
Write = Callable[[Sequence[str], bool], EmailMessage]  # to these addresses, with what is attached or without


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

    def put_off(self, why: str, now: float) -> None:
        self.due, self.why = now + self.wait, why
        self.wait = min(2 * self.wait, LONGEST_WAIT)


class Post:
    """send() hands over one e-mail; password: of the user in [mail], "" when there is none."""

    def __init__(self, password: Callable[[], Awaitable[str]], within: float = WITHIN) -> None:
        self._password, self._within = password, within

    async def send(self, mail: Mail, to: Sequence[str], one: Try, write: Write) -> tuple[Result, str]:
        """What became of it. Raises Later, Never."""
        open_ = [each for each in to if each not in one.taken and each not in one.refused]
        try:
            answers = await self._deliver(mail, open_, write, True)
        except aiosmtplib.SMTPDataError as fault:
            if fault.code != TOO_LARGE:
                raise (Never if fault.code >= PERMANENT else Later)(words(fault)) from None
            answers = await self._again_without(mail, open_, write)
        for each in open_:
            code, said = answers.get(each, (250, ""))
            if code < 400:
                one.taken.add(each)
            elif code >= PERMANENT:
                one.refused[each] = f"{each}: {code} {said}"
        if open_later := [each for each in to if each not in one.taken and each not in one.refused]:
            raise Later(f"{', '.join(open_later)}: {answers[open_later[0]][1]}")
        if not one.taken:
            raise Never("; ".join(one.refused.values()))
        return "sent", "; ".join(one.refused.values())

    async def _again_without(self, mail: Mail, to: list[str], write: Write) -> Mapping[str, tuple[int, str]]:
        try:
            return await self._deliver(mail, to, write, False)
        except aiosmtplib.SMTPDataError as fault:
            raise (Never if fault.code >= PERMANENT else Later)(words(fault)) from None

    async def _deliver(self, mail: Mail, to: list[str], write: Write, whole: bool) -> Mapping[str, tuple[int, str]]:
        """What the server answered for the addresses it did not take. Raises Later, SMTPDataError."""
        written = await asyncio.to_thread(write, to, whole)
        try:
            async with asyncio.timeout(self._within):
                answers, _ = await aiosmtplib.send(
                    written,
                    sender=mail.from_,
                    recipients=to,
                    timeout=self._within,
                    **await self._way(mail),  # type: ignore[arg-type]
                )
            return {address: (answer.code, answer.message) for address, answer in answers.items()}
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return {one.recipient: (one.code, one.message) for one in refused.recipients}
        except aiosmtplib.SMTPDataError:
            raise
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError, SettingsFaults) as fault:
            raise Later(words(fault), server=True) from None

    async def _way(self, mail: Mail) -> dict[str, object]:
        """How the server is reached. Raises OSError for certificates that cannot be read, SettingsFaults, Later."""
        password = await self._password() if mail.user else None
        if password == "":
            raise Later(f"no password of {mail.user} is known", server=True)  # an empty one some servers wait for
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
            "password": password,
            "local_hostname": mail.from_.partition("@")[2],  # else it is looked for in the DNS
        }


def words(fault: BaseException) -> str:
    if isinstance(fault, aiosmtplib.SMTPResponseException):
        return f"{fault.code} {fault.message}"
    return str(fault) or ("it took too long" if isinstance(fault, TimeoutError) else type(fault).__name__)
