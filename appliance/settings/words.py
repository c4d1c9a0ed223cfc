# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of text in a settings document: what each accepts, as a rule and in words."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from appliance.settings import hours, numbers

NAME = r"[a-z0-9][a-z0-9-]{0,30}"


@dataclass(frozen=True)
class Text:
    """Text of at most `most` characters that a whole pattern and a check accept; `accepts` says so in words."""

    accepts: str
    pattern: str = r"[^\x00-\x1f\x7f]*"
    most: int = 253
    check: Callable[[str], object] | None = None  # False or ValueError: not accepted

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.accepted, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "accepts": self.accepts}

    def accepted(self, value: str) -> str:
        try:
            sound = len(value) <= self.most and re.fullmatch(self.pattern, value) is not None
            sound = sound and (self.check is None or self.check(value) is not False)
        except ValueError:
            sound = False
        if not sound:
            raise PydanticCustomError("text", "not accepted")
        return value


@cache
def time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_host(value: str) -> bool:
    """An IP address, or a host name of the DNS."""
    label = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    if re.fullmatch(r"[0-9.]+|.*:.*", value):
        return bool(ipaddress.ip_address(value))
    return re.fullmatch(rf"(?:{label}\.)*{label}", value) is not None


def _target(*kinds: str) -> Text:
    names = ", ".join(kinds[:-1]) + " or " + kinds[-1]
    return Text(
        f'the name of a {names}; `"queue.sales"` where `"sales"` could be several',
        rf"(?:(?:{'|'.join(kinds)})\.)?{NAME}",
    )


PRINTED = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"

Name = Annotated[str, Text("1 to 31 of a-z, 0-9 and -, beginning with a letter or digit", NAME)]
PhoneName = Annotated[str, Text("the name of a phone", NAME)]
PersonName = Annotated[str, Text("the name of a person", NAME)]
LineName = Annotated[str, Text("the name of a line", NAME)]
HoursName = Annotated[str, Text("the name of a table of hours", NAME)]
MailboxName = Annotated[str, Text("the name of a mailbox", NAME)]
ScenarioName = Annotated[str, Text("the name of a scenario", NAME)]
CallersName = Annotated[str, Text("the name of a list of callers", NAME)]
Title = Annotated[str, Text("1 to 64 characters, no control characters", PRINTED + "{1,64}")]
ScreenName = Annotated[str, Text("at most 64 characters, no control characters", PRINTED + "{0,64}")]
Target = Annotated[str, _target("queue", "chain", "person", "mailbox")]
NumberTarget = Annotated[str, _target("scenario", "queue", "chain", "person", "mailbox")]
Extension = Annotated[str, Text('2 to 6 digits, such as `"101"`', r"[0-9]{2,6}")]
Number = Annotated[
    str,
    Text(
        'a telephone number with its country code, such as `"+37060000001"`, or as dialled in the country',
        r"(?:\+|[0-9(])[0-9 ().\-/]*",
        most=40,
        check=lambda value: 2 <= sum(c.isdigit() for c in value) <= 15,
    ),
]
Prefix = Annotated[str, Text("+ and 1 to 15 digits", r"\+[0-9]{1,15}")]
TrunkPrefix = Annotated[str, Text("0 to 3 digits", r"[0-9]{0,3}")]
Address = Annotated[
    str,
    Text(
        "an IP address of this box; `0.0.0.0` for all", "[0-9a-fA-F.:]*", check=lambda v: bool(ipaddress.ip_address(v))
    ),
]
Host = Annotated[str, Text("a host name or an IP address", check=is_host)]
TimeZone = Annotated[
    str, Text('a time zone of the IANA list, such as `"Europe/Vilnius"`', check=lambda v: v in time_zones())
]
Country = Annotated[
    str,
    Text('a country of ISO 3166-1, two capital letters such as `"LT"`', "[A-Z]{2}", check=numbers.known_country),
]
DayWindow = Annotated[
    str,
    Text(
        '`"09:00-18:00"`; `"22:00-06:00"` ends on the next day, `"00:00-24:00"` is all day',
        check=hours.window,
    ),
]
Dates = Annotated[
    str,
    Text(
        '`"2026-12-24"` or `"2026-12-24..2026-12-26"`, also with a window: `"2026-12-27 10:00-14:00"`',
        check=hours.dated,
    ),
]
User = Annotated[str, Text("1 to 64 of letters, digits and ._+-", r"[A-Za-z0-9._+\-]{1,64}")]
TopicPart = Annotated[str, Text("1 to 64 of letters, digits, - and _", r"[A-Za-z0-9_\-]{1,64}")]
Topic = Annotated[
    str,
    Text(
        "an MQTT topic of 1 to 256 characters, without + and #, not beginning with $",
        r"(?!\$)[^+#\x00-\x1f\x7f\ud800-\udfff]{1,256}",
        most=256,
    ),
]
MessageText = Annotated[
    str, Text("at most 4096 bytes", r"[^\x00\ud800-\udfff]*", most=4096, check=lambda v: len(v.encode()) <= 4096)
]
SoundFile = Annotated[str, Text("the absolute path of a .wav file", r"/[^\x00-\x1f\x7f]*\.wav")]
NumbersFile = Annotated[
    str, Text("the name of a .txt or .csv file beside the document", r"[A-Za-z0-9][A-Za-z0-9._\-]{0,58}\.(?:txt|csv)")
]
Password = Annotated[str, Text("8 to 128 printable ASCII characters without spaces", r"[\x21-\x7e]{8,128}")]
TrunkPassword = Annotated[str, Text("1 to 128 printable ASCII characters", r"[\x20-\x7e]{1,128}")]
