# SPDX-License-Identifier: GPL-2.0-or-later
"""What an e-mail about a message says, in the office's language. No clock, no server."""

from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from appliance.control.messages import Message
from appliance.languages import language
from appliance.settings.models import Settings

LONGEST_NAME = 60  # characters of a caller's name


def letter(settings: Settings, message: Message, to: Sequence[str], audio: bytes = b"") -> EmailMessage:
    """About a message, to these addresses; audio: the message as a WAV file. The settings have a table [mail]."""
    assert settings.mail is not None
    office, zone = settings.office, ZoneInfo(settings.office.time_zone)
    words = language(office.language)
    when = datetime.fromtimestamp(message.at / 1000, zone)
    mailbox = settings.mailbox[message.mailbox].name if message.mailbox in settings.mailbox else message.mailbox
    caller = who(message) or words.say("letter.withheld")
    mail = EmailMessage(SMTP)
    mail["From"] = Address(office.name, addr_spec=settings.mail.from_)
    mail["To"] = tuple(Address(addr_spec=one) for one in to)
    mail["Subject"] = words.say("letter.subject", caller=caller, mailbox=mailbox)
    mail["Date"] = format_datetime(when)
    mail["Message-ID"] = f"<{message.id}.{message.mailbox}@{settings.mail.from_.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers it
    mail.set_content(
        "\n".join(
            (
                words.say("letter.greeting", mailbox=mailbox, office=office.name),
                "",
                words.say("letter.caller", caller=caller),
                words.say("letter.at", when=words.moment(message.at, zone)),
                words.say("letter.length", length=words.duration(message.duration)),
                "",
                words.say("letter.attached" if audio else "letter.not-attached"),
            )
        )
    )
    if audio:
        name = f"{when:%Y-%m-%d-%H%M}-{message.caller.removeprefix('+') or 'withheld'}.wav"
        mail.add_attachment(audio, maintype="audio", subtype="x-wav", filename=plain(name))
    return mail


def who(message: Message) -> str:
    """The caller's name and number, "" when he withheld it."""
    return " ".join(filter(None, (plain(message.name)[:LONGEST_NAME], plain(message.caller))))


def plain(text: str) -> str:
    """On one line: what comes from outside must not add headers."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
