# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines with a modem, in the control socket's words: what is known of it, text messages, codes of the network."""

from typing import Annotated, Literal

import msgspec

from appliance.control.fields import Id, Short

SmsState = Literal["received", "sent", "delivered", "failed"]
Standing = Literal["absent", "starting", "unfit", "searching", "ready", "silent"]
TEXT_MOST = 1530  # characters of a text message, ten parts of one


class Modem(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a line's modem; "" and null: not yet."""

    standing: Standing
    why: str = ""  # it is not ready: docs/modems.md has the words
    signal: int | None = None  # dBm
    imei: str = ""
    model: str = ""
    sim: str = ""  # ready, or why it is not
    registration: str = ""  # home, roaming, none
    operator: str = ""
    divert: str = ""  # of who calls while it is busy: none, unknown, or where to, and whether that was cleared
    balance: str = ""
    sound: str = ""  # of its latest call: ok, or why there is none: docs/modems.md has the words


class Sms(msgspec.Struct, frozen=True, kw_only=True):
    """A text message. sent_at: by the sender's network, 0 when it does not say."""

    id: int
    line: str
    state: SmsState
    at: int
    number: str
    text: str
    sent_at: int = 0
    whole: bool = True  # no part of it is missing


class Texts(msgspec.Struct, tag_field="do", tag="texts", frozen=True):
    """Answer with text messages, oldest first; the newest hundred, or the first hundred after an id."""

    id: Id
    after: Id = 0


class SendText(msgspec.Struct, tag_field="do", tag="send-text", frozen=True):
    """Send a text message to a number outside, or to the mobile of `person.NAME`; answered once the network has taken it."""

    id: Id
    to: Annotated[str, msgspec.Meta(min_length=2, max_length=60)]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MOST)]
    line: Short = ""  # "": the cheapest with a modem that is ready
    report: bool = True  # the network is asked to tell when it was delivered


class Code(msgspec.Struct, tag_field="do", tag="code", frozen=True):
    """Ask the network something by a code such as *100#; answer with what it says."""

    id: Id
    line: Short
    code: Annotated[str, msgspec.Meta(pattern=r"^[0-9*#]{2,32}$")]


class Plugged(msgspec.Struct, tag_field="do", tag="plugged", frozen=True):
    """Answer with the modems on USB that are no line's yet."""

    id: Id


class Socket(msgspec.Struct, frozen=True, kw_only=True):
    """A modem that is plugged in. usb: its socket, as `usb` of a line names it."""

    usb: str
    family: str


class Texted(msgspec.Struct, tag_field="event", tag="sms", frozen=True, kw_only=True):
    """A text message came, was sent, was delivered or failed."""

    seq: int
    at: int
    sms: Sms


OfModems = Texts | SendText | Code | Plugged
