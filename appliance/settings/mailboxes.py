# SPDX-License-Identifier: GPL-2.0-or-later
"""Voicemail: how messages are taken, the mailboxes they are kept in, and the server that mails them."""

from typing import Literal

from appliance.settings.brokers import PortNumber
from appliance.settings.tables import Table, setting, some
from appliance.settings.words import (
    DepartmentName,
    EmailAddress,
    Extension,
    Host,
    HoursName,
    KeptFile,
    MailUser,
    PersonName,
    PromptName,
    SoundFile,
    Title,
)


class Voicemail(Table):
    """The answering machine. May be left out."""

    max_length: int = setting("Longest message.", 180, unit="seconds", ge=5, le=3600)
    greeting: SoundFile | None = setting("What callers hear before the tone. Left out: our own.", None)
    least_free: int = setting(
        "Room on the disk that messages leave free; with less, no mailbox takes any.", 100, unit="MB", ge=1, le=100_000
    )


class Mailbox(Table):
    """Where voicemail is kept. The mailbox `office` is always there.

    It belongs to the people whose `mailbox` it is, to `people`, and to those of `department`: a lamp on their telephones
    tells of new messages, and they listen without a PIN. Others give its number and its PIN, which stands in secrets.toml.
    """

    name: Title = setting("Name on pages. Left out: the name of the table.", "")
    number: Extension | None = setting(
        "Number it is asked for by telephone. Left out: the extension of whoever has it for his own.", None
    )
    people: tuple[PersonName, ...] = some("Who else it belongs to.", (), most=250, of="person")
    department: DepartmentName | None = setting("Whose people it belongs to as well.", None, of="department")
    greeting: PromptName | None = setting(
        "What callers hear before the tone. Left out: what `[voicemail]` says. A greeting recorded by telephone comes first.",
        None,
        of="prompt",
    )
    hours: HoursName | None = setting("Hours that tell open from closed.", None, of="hours")
    greeting_closed: PromptName | None = setting(
        "What callers hear outside of the hours. Left out: the same.", None, of="prompt"
    )
    max_messages: int = setting(
        "Messages it holds; when it is full, callers are told so.", 100, unit="messages", ge=1, le=1000
    )
    max_minutes: int = setting("How long they are together.", 120, unit="minutes", ge=1, le=1440)
    keep_for: int = setting(
        "After how long messages that were heard, and not saved, are deleted; 0: never.", 0, unit="days", ge=0, le=3650
    )
    mail: tuple[EmailAddress, ...] = some("Who is told of each message by e-mail; needs `[mail]`.", (), most=10)
    attach: bool = setting("Send the message itself with the e-mail.", True)


class Mail(Table):
    """The server that sends our e-mail. Left out: none is sent. A password stands in secrets.toml."""

    host: Host = setting("Where the server is.")
    port: PortNumber = setting("Port of the server; 465 is usual with `tls`.", 587, unit="port number")
    security: Literal["starttls", "tls", "none"] = setting(
        "TLS after a first word in clear, TLS from the beginning, or none. The certificate must be good for `host`.",
        "starttls",
    )
    ca_file: KeptFile | None = setting(
        "Certificates (PEM) of those who may vouch for the server. Left out: the system's.", None
    )
    from_: EmailAddress = setting("Address our e-mail comes from.", alias="from")
    user: MailUser | None = setting("User name at the server. Left out: none is asked for.", None)
    give_up_after: int = setting(
        "How long an e-mail is tried again while the server does not take it.", 72, unit="hours", ge=1, le=240
    )
