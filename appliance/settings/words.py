# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of text in a settings document: what each accepts, as a rule and in words."""

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from appliance.settings import hours, numbers, public_holidays

NAME = r"[a-z0-9][a-z0-9-]{0,30}"
CALLER, CALLED = "caller", "called"  # the two numbers of a call, where else an attribute is named
OF_THE_CALL = (CALLER, CALLED, "line")  # what an address asks with beside attributes
PROOF = "proof"  # the attribute with a caller's PIN or code, which is nobody's to look at
PLACEHOLDER = re.compile(rf"\{{({NAME})\}}")


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


def server(value: str) -> tuple[str, int | None]:
    """Host and port, None when it has none. Raises ValueError when it is neither."""
    found = re.fullmatch(r"\[(.+)\](?::([0-9]{1,5}))?|([^:]+):([0-9]{1,5})|(.+)", value)
    groups = found.groups() if found else (None,) * 5
    host, port = groups[0] or groups[2] or groups[4] or "", groups[1] or groups[3]
    if not is_host(host) or (port and not 1 <= int(port) <= 65535):
        raise ValueError(f"{value} is no server")
    return host, int(port) if port else None


def is_address(value: str) -> bool:
    """An http address; {names} in its path or query stand for what is known of a call; no password in it."""
    url = urlsplit(PLACEHOLDER.sub("x", value))
    host = url.hostname or ""
    known = url.port is None or url.port > 0
    return known and is_host(host) and "@" not in url.netloc and "{" not in value.split("/")[2].split("?")[0]


def _finds(rule: str) -> bool:
    """Whether it is a regular expression with a group."""
    try:
        return re.compile(rule).groups > 0
    except re.error:
        return False


def _target(*kinds: str, also: str = "") -> Text:
    names = ", ".join(kinds[:-1]) + " or " + kinds[-1]
    return Text(
        f'the name of a {also}{names}; `"queue.sales"` where `"sales"` could be several',
        rf"(?:(?:{'|'.join(kinds)})\.)?{NAME}",
    )


UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # Unicode categories of what is not seen itself and may hide or turn what is


def seen(value: str) -> bool:
    """Whether nothing in a text is unseen: no control, no zero width, no change of direction."""
    return value.isprintable() or not any(unicodedata.category(c) in UNSEEN for c in value)


def _words(least: int, most: int) -> Text:
    many = f"{least} to {most}" if least else f"at most {most}"
    return Text(
        f"{many} characters that are seen: no control, direction or zero-width ones", rf"(?s:.{{{least},}})", most, seen
    )


Name = Annotated[str, Text("1 to 31 of a-z, 0-9 and -, beginning with a letter or digit", NAME)]
PhoneName = Annotated[str, Text("the name of a phone", NAME)]
PersonName = Annotated[str, Text("the name of a person", NAME)]
LineName = Annotated[str, Text("the name of a line", NAME)]
HoursName = Annotated[str, Text("the name of a table of hours", NAME)]
MailboxName = Annotated[str, Text("the name of a mailbox", NAME)]
ScenarioName = Annotated[str, Text("the name of a scenario", NAME)]
CallersName = Annotated[str, Text("the name of a list of callers", NAME)]
QueueName = Annotated[str, Text("the name of a queue", NAME)]
ChainName = Annotated[str, Text("the name of a chain", NAME)]
ActionName = Annotated[str, Text("the name of an action", NAME)]
SkillName = Annotated[str, Text("the name of a skill", NAME)]
BranchName = Annotated[str, Text("the name of a branch", NAME)]
DepartmentName = Annotated[str, Text("the name of a department", NAME)]
PromptName = Annotated[str, Text("the name of a prompt", NAME)]
LookupName = Annotated[str, Text("the name of a look-up", NAME)]
StepName = Annotated[str, Text("the name of a step of this scenario", NAME)]
AttributeName = Annotated[
    str,
    Text(
        f"a name of your own, as tables have, but not {', '.join((*OF_THE_CALL, PROOF))}",
        NAME,
        check=lambda value: value not in (*OF_THE_CALL, PROOF),
    ),
]
Compared = Annotated[
    str,
    Text(f"the name of an attribute, {CALLER} or {CALLED}", NAME, check=lambda value: value not in ("line", PROOF)),
]
MemberName = Annotated[
    str,
    Text(
        'the name of a person: `"anna"` for the telephones (the mobile of who has none), `"anna.mobile"`, `"anna.all"`',
        rf"{NAME}(?:\.(?:mobile|all))?",
    ),
]
Title = Annotated[str, _words(1, 64)]
ScreenName = Annotated[str, _words(0, 64)]
Target = Annotated[str, _target("queue", "chain", "person", "mailbox")]
NumberTarget = Annotated[str, _target("scenario", "queue", "chain", "person", "mailbox")]
StepTarget = Annotated[str, _target("queue", "chain", "person", "mailbox", "scenario", also="step, ")]
Passed = Annotated[str, _target("queue", "chain", "person", "prompt", "action")]
Ending = Annotated[
    str,
    Text(
        '`"mailbox.office"`, `"person.anna"` who answered, `"line.city"` called out on, `"refused"` or `"self-service"`',
        rf"(?:mailbox|person|line)\.{NAME}|refused|self-service",
    ),
]
MenuKey = Annotated[str, Text("a key: 0 to 9, `*` or `#`", r"[0-9*#]")]
Keys = Annotated[str, Text("at most 64 of 0 to 9, `*` and `#`", r"[0-9*#]{0,64}")]
Value = Annotated[str, Text("at most 31 printable ASCII characters", r"[\x20-\x7e]{0,31}")]
Extension = Annotated[str, Text('2 to 6 digits, such as `"101"`', r"[0-9]{2,6}")]
KeyNumber = Annotated[str, Text("1 to 20 of 0 to 9, `*` and `#`, or + and digits", r"\+?[0-9*#]{1,20}")]
Mac = Annotated[
    str,
    Text(
        '12 hexadecimal digits, as `"0004134a5b6c"` or `"00:04:13:4a:5b:6c"`',
        r"(?i:[0-9a-f]{12}|[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4})",
    ),
]
Code = Annotated[str, Text('2 to 6 of 0 to 9, `*` and `#`, such as `"*72"`; `""` turns it off', r"(?:[0-9*#]{2,6})?")]
RoomPin = Annotated[str, Text("4 to 12 digits", r"[0-9]{4,12}")]
Forward = Annotated[
    str,
    Text("2 to 20 digits as a telephone dials them: an extension, or a number outside with its prefix", "[0-9]{2,20}"),
]
Number = Annotated[
    str,
    Text(
        'a telephone number with its country code, such as `"+37060000001"`, or as dialled in the country',
        r"(?:\+|[0-9(])[0-9 ().\-/]*",
        most=40,
        check=lambda value: 2 <= sum(c.isdigit() for c in value) <= 15,
    ),
]
Dialled = Annotated[
    str,
    Text(
        'a telephone number, or `""`: none',
        r"(?:(?:\+|[0-9(])[0-9 ().\-/]*)?",
        most=40,
        check=lambda value: not value or 2 <= sum(c.isdigit() for c in value) <= 15,
    ),
]
Beginning = Annotated[str, Text("+ or digits, 1 to 15 in all", r"(?=.{1,15}\Z)\+?[0-9]*")]
Instead = Annotated[str, Text("+ and digits, 0 to 15 in all", r"(?=.{0,15}\Z)\+?[0-9]*")]
Prefix = Annotated[str, Text("+ and 1 to 15 digits", r"\+[0-9]{1,15}")]
HideCode = Annotated[str, Text('`*` or `#` and 1 to 3 digits, or `""`', r"(?:[*#][0-9]{1,3})?")]
TrunkPrefix = Annotated[str, Text("0 to 3 digits", r"[0-9]{0,3}")]
Address = Annotated[
    str,
    Text(
        "an IP address of this box; `0.0.0.0` for all", "[0-9a-fA-F.:]*", check=lambda v: bool(ipaddress.ip_address(v))
    ),
]
Address4 = Annotated[
    str,
    Text(
        "an IPv4 address of this box; `0.0.0.0` for all",
        "[0-9.]*",
        check=lambda v: bool(ipaddress.IPv4Address(v)),
    ),
]
Address6 = Annotated[
    str,
    Text(
        "an IPv6 address of this box; `::` for all",
        "[0-9a-fA-F:]*",
        most=39,
        check=lambda v: bool(ipaddress.IPv6Address(v)),
    ),
]
Host = Annotated[str, Text("a host name or an IP address", check=is_host)]
Network = Annotated[
    str, Text("an IP address, or a network of them as 192.0.2.0/24", most=43, check=ipaddress.ip_network)
]
Server = Annotated[
    str,
    Text(
        "a host name or an IP address, or `host:port`, `[2001:db8::1]:5060`", most=270, check=lambda v: bool(server(v))
    ),
]
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
HolidaysOf = Annotated[
    str,
    Text(
        'a country of ISO 3166-1 such as `"LT"`, or a part of it such as `"DE-BY"`',
        r"[A-Z]{2}(?:-[A-Za-z0-9]{1,3})?",
        check=public_holidays.known,
    ),
]
TimeOfDay = Annotated[str, Text('a time of the day, such as `"18:00"`', r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")]
Moment = Annotated[
    str,
    Text('a date of 2000 to 2099 and a time of the day, such as `"2026-12-27 15:00"`', check=hours.moment),
]
WebAddress = Annotated[
    str,
    Text(
        "an http or https address without a password; in its path and query `{caller}`, `{called}`, `{line}` and the "
        "names of attributes stand for what they are in a call",
        r"https?://(?:[\x21-\x7e](?<![{}\"<>\\^`|])|\{" + NAME + r"\})+",
        most=500,
        check=is_address,
    ),
]
JsonField = Annotated[str, _words(1, 64)]
UsbPath = Annotated[
    str,
    Text(
        'a socket as Linux names it, such as `"1-1.3"`; the names are those in `/sys/bus/usb/devices`',
        r"[0-9]{1,3}-[0-9]{1,3}(\.[0-9]{1,3}){0,6}",
    ),
]
Imei = Annotated[str, Text("15 digits", r"[0-9]{15}")]
UssdCode = Annotated[str, Text('2 to 32 of 0 to 9, `*` and `#`, such as `"*100#"`', r"[0-9*#]{2,32}")]
SimPin = Annotated[str, Text("4 to 8 digits", r"[0-9]{4,8}")]
BalanceRule = Annotated[
    str,
    Text(
        "a regular expression of 1 to 200 characters with the money in its first group: `Balance: ([0-9.,]+)`",
        r".{1,200}",
        check=_finds,
    ),
]
User = Annotated[str, Text("1 to 64 of letters, digits and ._+-", r"[A-Za-z0-9._+\-]{1,64}")]
TopicPart = Annotated[str, Text("1 to 64 of letters, digits, - and _", r"[A-Za-z0-9_\-]{1,64}")]
Topic = Annotated[
    str,
    Text(
        "an MQTT topic of 1 to 256 characters, without + and #, not beginning with $",
        r"(?!\$)[^+#]{1,256}",
        most=256,
        check=seen,
    ),
]
MessageText = Annotated[
    str, Text("at most 4096 bytes", r"[^\x00\ud800-\udfff]*", most=4096, check=lambda v: len(v.encode()) <= 4096)
]
StateText = Annotated[str, _words(0, 256)]
SoundFile = Annotated[
    str,
    Text(
        "the absolute path of a recording, such as .wav, .mp3, .ogg, .flac or .m4a",
        r"/[^\x00-\x1f\x7f]*\.(?i:wav|mp3|ogg|oga|opus|flac|m4a|mp4|aac|aif|aiff|amr|au|caf|wma|webm|mka)",
    ),
]
VoiceFile = Annotated[str, Text("the absolute path of a .onnx file", r"/[^\x00-\x1f\x7f]*\.onnx")]
KeptFile = Annotated[str, Text("the absolute path of a file", r"/[^\x00-\x1f\x7f]*")]
KeptFolder = Annotated[str, Text("the absolute path of a folder", r"/[^\x00-\x1f\x7f]*")]
SpokenText = Annotated[
    str,
    Text(
        "words, 1 to 500 characters that are seen, and ends of lines",
        r"(?s:.+)",
        most=500,
        check=lambda value: any(c.isalnum() for c in value) and seen(re.sub(r"\r?\n", "", value)),
    ),
]
Language = Annotated[
    str,
    Text(
        'a language that espeak-ng speaks, such as `"en"`, `"lt"` or `"en-us"`', r"[a-z]{2,3}(?:-[a-z0-9]{1,12}){0,3}"
    ),
]
EmailAddress = Annotated[
    str,
    Text(
        "an e-mail address of ASCII characters",
        r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?",
        most=254,
        check=lambda value: len(value.partition("@")[0]) <= 64 and ".." not in value,
    ),
]
MailUser = Annotated[str, Text("1 to 128 printable ASCII characters without spaces", r"[\x21-\x7e]{1,128}")]
NumbersFile = Annotated[
    str, Text("the name of a .txt or .csv file beside the document", r"[A-Za-z0-9][A-Za-z0-9._\-]{0,58}\.(?:txt|csv)")
]
PinHash = Annotated[
    str,
    Text(
        "what `linekeeper proof NAME` prints, beginning with scrypt$",
        r"scrypt\$[0-9]{1,2}\$[A-Za-z0-9+/=]{24}\$[A-Za-z0-9+/=]{44}",
    ),
]
TotpSecret = Annotated[str, Text("26 to 128 letters and digits of base 32", r"[A-Z2-7]{26,128}")]
RecordingKey = Annotated[str, Text("32 random bytes as base64, 44 characters", r"[A-Za-z0-9+/]{43}=")]
Password = Annotated[str, Text("8 to 128 printable ASCII characters without spaces", r"[\x21-\x7e]{8,128}")]
TrunkPassword = Annotated[str, Text("1 to 128 printable ASCII characters", r"[\x20-\x7e]{1,128}")]
