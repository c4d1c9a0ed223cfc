# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings document: every table and field, its bounds, units and help.

The faults, docs/settings.md and the pages take their words from here.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from appliance.settings.words import (
    NAME,
    Address,
    CallersName,
    Country,
    Dates,
    DayWindow,
    Extension,
    Host,
    HoursName,
    LineName,
    MailboxName,
    MessageText,
    Name,
    Number,
    NumbersFile,
    NumberTarget,
    PersonName,
    PhoneName,
    Prefix,
    ScenarioName,
    ScreenName,
    SoundFile,
    Target,
    TimeZone,
    Title,
    Topic,
    TopicPart,
    TrunkPrefix,
    User,
)

OFFICE = "office"  # the mailbox that is always there and ends everything nothing else does
MAIN = "main"  # the scenario of a line that names none
EVERYONE = "everyone"  # the queue it leads to when the document has no scenario
TELEPHONES = "phones"  # the line calls from our own telephones come in on

Codec = Literal["opus", "g722", "pcma", "pcmu", "gsm"]
Digest = Literal["sha-256", "md5"]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
AudioPort = Annotated[int, Field(ge=1024, le=65535)]


def setting(help: str, default: Any = ..., *, unit: str = "", accepts: str = "", **bounds: Any) -> Any:
    """A field with its help; unit and other words for what it accepts are told wherever the field is."""
    extra: dict[str, JsonValue] = {key: words for key, words in (("unit", unit), ("accepts", accepts)) if words}
    return Field(default, description=help, json_schema_extra=extra, **bounds)


def some(help: str, default: Any = ..., *, least: int = 0, most: int, unit: str = "") -> Any:
    """A field that is a list, kept as a tuple."""
    return setting(help, default, unit=unit, strict=False, min_length=least, max_length=most)


class Table(BaseModel):
    """Common to all tables: nothing unknown, nothing converted, nothing changed later."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class OfficeTable(Table):
    """The office."""

    name: Title = setting("Name of the office, shown on the page.")
    country: Country = setting("How a number without a country code is read.")
    time_zone: TimeZone = setting("The time zone that hours are meant in.")


class Sip(Table):
    """Telephones and trunks: addresses, audio, registrations. May be left out."""

    listen: Address = setting("Address to listen on.", "0.0.0.0")
    port: PortNumber = setting("Port to listen on, UDP and TCP.", 5060, unit="port number")
    rtp_ports: tuple[AudioPort, AudioPort] = setting(
        "First and last UDP port for audio; two for each leg of a call.",
        (10000, 10999),
        unit="port number",
        strict=False,
    )
    user_agent: Title = setting("How the box calls itself to telephones and trunks.", "Linekeeper")
    codecs: tuple[Codec, ...] = some(
        "Codecs offered, the preferred first.", ("opus", "g722", "pcma", "pcmu"), least=1, most=5
    )
    digest: tuple[Digest, ...] = some(
        "How telephones prove their password. sha-256 is safer; some telephones cannot register once it is offered.",
        ("md5",),
        least=1,
        most=2,
    )
    expires_min: int = setting("Shortest registration a telephone is given.", 60, unit="seconds", ge=10, le=3600)
    expires_max: int = setting("Longest registration a telephone is given.", 3600, unit="seconds", ge=60, le=86400)
    max_calls: int = setting("Calls under way at once; one more is refused.", 200, unit="calls", ge=1, le=250)


class Mqtt(Table):
    """The MQTT broker. Left out: no bridge. User and password stand in secrets.toml."""

    host: Host = setting("Where the broker is.", "127.0.0.1")
    port: PortNumber = setting("Port of the broker, TCP.", 1883, unit="port number")
    base: TopicPart = setting("First part of every topic.", "linekeeper")
    box: TopicPart = setting("Second part of every topic: which box this is.", "office")


class Web(Table):
    """The live page. May be left out."""

    listen: Address = setting("Address to listen on.", "127.0.0.1")
    port: PortNumber = setting("Port to listen on, TCP.", 8080, unit="port number")


class Voicemail(Table):
    """The answering machine. May be left out."""

    max_length: int = setting("Longest message.", 180, unit="seconds", ge=5, le=3600)
    greeting: SoundFile | None = setting("What callers hear before the tone. Left out: our own.", None)


class Phone(Table):
    """A device. Its name is its SIP user name; its password stands in secrets.toml. It has no fields yet."""


class Person(Table):
    """Someone who answers."""

    name: Title = setting("Name on the screens of telephones. Left out: the name of the table.", "")
    extension: Extension | None = setting("Number that colleagues dial. Left out: none.", None)
    phones: tuple[PhoneName, ...] = some("Telephones, rung together; each belongs to one person.", (), most=10)
    ring_for: int = setting("How long a call to this person alone rings.", 25, unit="seconds", ge=1, le=300)
    wrap_up: int = setting("Time without calls after each call.", 0, unit="seconds", ge=0, le=3600)
    mailbox: MailboxName = setting("Mailbox for calls to the extension that are not answered.", OFFICE)


class Line(Table):
    """A way to the outside. Only SIP trunks yet."""

    kind: Literal["sip"] = setting("What it is.", accepts="sip (gsm and fxo are not accepted yet)")
    name: Title = setting("Name on the page. Left out: the name of the table.", "")
    host: Host = setting("Where the trunk is; a call from there is taken as this line's.")
    port: PortNumber = setting("Port of the trunk.", 5060, unit="port number")
    registers: bool = setting(
        "Register there; needs `user`, and a password in secrets.toml.", False, alias="register"
    )  # BaseModel has a `register` of its own
    user: User | None = setting("User name at the trunk.", None)
    expires: int = setting("How long a registration is asked for.", 300, unit="seconds", ge=30, le=86400)
    caller: Number | None = setting("Number shown to those we call. Left out: the trunk decides.", None)
    country: Country | None = setting("How this line's numbers are read. Left out: as the office's.", None)
    scenario: ScenarioName = setting("What happens to a call to a number that `numbers` does not have.", MAIN)
    numbers: dict[Number, NumberTarget] = setting(
        "Our numbers on this line, and where each leads.", {}, max_length=1000
    )


class Week(Table):
    """Windows of each day of the week; a day left out is closed."""

    mon: tuple[DayWindow, ...] = some("Monday.", (), most=10)
    tue: tuple[DayWindow, ...] = some("Tuesday.", (), most=10)
    wed: tuple[DayWindow, ...] = some("Wednesday.", (), most=10)
    thu: tuple[DayWindow, ...] = some("Thursday.", (), most=10)
    fri: tuple[DayWindow, ...] = some("Friday.", (), most=10)
    sat: tuple[DayWindow, ...] = some("Saturday.", (), most=10)
    sun: tuple[DayWindow, ...] = some("Sunday.", (), most=10)

    def days(self) -> tuple[tuple[DayWindow, ...], ...]:
        """Monday first."""
        return self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun


class Hours(Table):
    """When the office is open: the week without `closed`, and `open` in any case."""

    week: Week = setting("The usual week.", Week())
    closed: tuple[Dates, ...] = some("Dates when it is closed after all.", (), most=366)
    open: tuple[Dates, ...] = some("Dates when it is open after all, also within `closed`.", (), most=366)


class Queue(Table):
    """Callers wait, people are rung."""

    name: Title = setting("Name on telephones and pages. Left out: the name of the table.", "")
    people: tuple[PersonName, ...] = some("Who answers.", least=1, most=250)
    strategy: Literal["ring-all", "round-robin"] = setting("Whom to ring: all at once, or each in turn.", "ring-all")
    ring_for: int = setting("How long somebody is rung.", 20, unit="seconds", ge=1, le=300)
    max_wait: int = setting("How long a caller waits.", 120, unit="seconds", ge=1, le=7200)
    max_length: int = setting("Callers waiting at most; 0: no limit.", 0, unit="calls", ge=0, le=250)
    music: bool = setting("Answer at once and play music; else the caller hears ringing.", True)
    join_when_empty: bool = setting("Let callers wait when nobody in it could answer.", False)
    again_after_refusal: int = setting(
        "When somebody who declined a call is rung for it again.", 60, unit="seconds", ge=0, le=3600
    )
    again_after_no_answer: int = setting(
        "When somebody who did not answer a call is rung for it again.", 10, unit="seconds", ge=0, le=3600
    )
    wrap_up: Annotated[int, Field(ge=0, le=3600)] | None = setting(
        "Time without calls after each of its calls. Left out: the person's own.", None, unit="seconds"
    )
    extension: Extension | None = setting("Number that colleagues dial. Left out: none.", None)


class ChainStep(Table):
    """People rung together."""

    people: tuple[PersonName, ...] = some("Who is rung.", least=1, most=250)
    ring_for: int = setting("How long they are rung.", 15, unit="seconds", ge=1, le=300)


class Chain(Table):
    """People rung one after the other, or group after group."""

    name: Title = setting("Name on telephones and pages. Left out: the name of the table.", "")
    steps: tuple[ChainStep, ...] = some("The steps, in order.", least=1, most=32)
    extension: Extension | None = setting("Number that colleagues dial. Left out: none.", None)


class Mailbox(Table):
    """Where voicemail is kept. The mailbox `office` is always there."""

    name: Title = setting("Name on pages. Left out: the name of the table.", "")


class Callers(Table):
    """A list of callers."""

    numbers: dict[Number, ScreenName] = setting("Numbers, and the name shown for each.", {}, max_length=10_000)
    prefixes: tuple[Prefix, ...] = some("Beginnings of numbers.", (), most=1000)
    numbers_file: NumbersFile | None = setting(
        "A long list: a file beside the document with `+37060000001` or `+37060000001,Name` on each line, "
        "at most 1,000,000 of them.",
        None,
    )


class Scenario(Table):
    """What happens to a caller. Whatever else is said, a call that nobody answered ends in a mailbox."""

    hours: HoursName | None = setting("Hours that tell open from closed. Left out: always open.", None)
    open: Target = setting("Where a call goes when open.")
    closed: Target = setting("Where a call goes when closed.", OFFICE)
    unanswered: Target = setting("Where a call goes that nobody answered.", OFFICE)


class Outside(Table):
    """How telephones call out. Left out: they cannot."""

    prefix: TrunkPrefix = setting("Dialled before an outside number; removed again.", "")
    lines: tuple[LineName, ...] = some("Lines, tried in turn.", (), most=63)


class Action(Table):
    """Something on the premises that a caller sets off, through MQTT."""

    callers: CallersName = setting("The list of callers who set it off.")
    lines: tuple[LineName, ...] = some("Lines it may come from.", least=1, most=63)
    class_: Literal[0] = setting(
        "What it touches; 0 informs: a light, a pop-up.",
        0,
        unit="class",
        accepts="0 (classes 1 to 4 are not accepted yet)",
        alias="class",
    )
    topic: Topic = setting("MQTT topic of the message.")
    payload: MessageText = setting("The message.")


class Settings(Table):
    """The whole document."""

    office: OfficeTable = setting("The office.")
    sip: Sip = setting("Telephones and trunks.", Sip())
    mqtt: Mqtt | None = setting("The MQTT broker.", None)
    web: Web = setting("The live page.", Web())
    voicemail: Voicemail = setting("The answering machine.", Voicemail())
    phone: dict[Name, Phone] = setting("Devices.", {}, max_length=250)
    person: dict[Name, Person] = setting("People.", {}, max_length=250)
    line: dict[Name, Line] = setting("Ways to the outside.", {}, max_length=63)
    hours: dict[Name, Hours] = setting("Opening hours.", {}, max_length=64)
    queue: dict[Name, Queue] = setting("Queues.", {}, max_length=64)
    chain: dict[Name, Chain] = setting("Chains.", {}, max_length=64)
    mailbox: dict[Name, Mailbox] = setting("Mailboxes.", {}, max_length=500)
    scenario: dict[Name, Scenario] = setting("Scenarios.", {}, max_length=64)
    callers: dict[Name, Callers] = setting("Lists of callers.", {}, max_length=64)
    outside: Outside = setting("Calls out.", Outside())
    action: dict[Name, Action] = setting("Premises actions.", {}, max_length=256)

    @model_validator(mode="before")
    @classmethod
    def _implied(cls, document: Any) -> Any:
        return implied(document) if isinstance(document, dict) else document


def implied(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what it need not say: names, the mailbox `office`, and a scenario for lines without any."""
    full = dict(document)
    for kind in ("person", "line", "queue", "chain", "mailbox"):
        if isinstance(tables := full.get(kind, {}), dict):
            full[kind] = {
                name: _title(name) | table if isinstance(table, dict) else table for name, table in tables.items()
            }
    if isinstance(full["mailbox"], dict):
        full["mailbox"].setdefault(OFFICE, {"name": "Office"})
    if full["line"] and not full.get("scenario"):
        people = list(full["person"]) if isinstance(full["person"], dict) else []
        if people and isinstance(full["queue"], dict):
            full["queue"].setdefault(EVERYONE, {"name": "Everyone", "people": people})
        full["scenario"] = {MAIN: {"open": f"queue.{EVERYONE}" if people else f"mailbox.{OFFICE}"}}
    return full


def _title(name: str) -> dict[str, Any]:
    """What a table is called that does not say; nothing for a name that is a fault itself."""
    return {"name": name.replace("-", " ").capitalize()} if re.fullmatch(NAME, name) else {}
