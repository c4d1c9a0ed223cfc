# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings document: every table and field, its bounds, units and help.

The faults, docs/settings.md and the pages take their words from here.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from appliance.settings.actions import Action
from appliance.settings.backup import Backup
from appliance.settings.brokers import Broker, Mqtt, PortNumber
from appliance.settings.digest import Digest
from appliance.settings.features import Features, Hold, Lamps, Parking, Room, Status
from appliance.settings.guard import Guard
from appliance.settings.lines import MAIN, Line, Sip
from appliance.settings.mailboxes import Mail, Mailbox, Voicemail
from appliance.settings.outlets import Monitor, Webhooks
from appliance.settings.outside import MAY_CALL, Limits, MayCall, Outside
from appliance.settings.phones import Phone, Provisioning
from appliance.settings.prompts import Prompt, Speech
from appliance.settings.recording import Recording
from appliance.settings.steps import OFFICE, Level, Step
from appliance.settings.tables import Table, setting, some
from appliance.settings.words import (
    NAME,
    Address,
    BranchName,
    Country,
    Dates,
    DayWindow,
    DepartmentName,
    Dialled,
    Ending,
    Extension,
    Forward,
    HolidaysOf,
    HoursName,
    JsonField,
    KeptFile,
    Keys,
    Language,
    LineName,
    MailboxName,
    MemberName,
    Moment,
    Name,
    Network,
    Number,
    NumbersFile,
    Passed,
    PersonName,
    PhoneName,
    Prefix,
    PromptName,
    ScreenName,
    SkillName,
    StepName,
    Target,
    TimeZone,
    Title,
    WebAddress,
)

NAMED = (
    "person",
    "skill",
    "branch",
    "department",
    "line",
    "queue",
    "chain",
    "mailbox",
    "prompt",
    "room",
)  # that have a name
EVERYONE = "everyone"  # the queue it leads to when the document has no scenario
TELEPHONES = "phones"  # the line calls from our own telephones come in on

Share = Annotated[int, Field(ge=0, le=100, json_schema_extra={"unit": "per cent"})]
Goal = Literal["motivate", "balance", "sell-more", "shortest-wait"]
Strategy = Literal[  # in the order of their numbers in the plan
    "ring-all",
    "round-robin",
    "percentage",
    "best-first",
    "longest-idle",
    "fewest-calls",
    "least-talk-time",
    "random",
    "fixed-order",
]


class OfficeTable(Table):
    """The office."""

    name: Title = setting("Name of the office, shown on the page.")
    country: Country = setting("How a number without a country code is read.")
    time_zone: TimeZone = setting("The time zone that hours are meant in.")
    language: Literal["en", "ru", "uk"] = setting("Language of what the box explains in words.", "en")
    call_back_within: int = setting(
        "Time within which a missed caller is to be called back; after it he is overdue.",
        60,
        unit="minutes",
        ge=1,
        le=10080,
    )


class Web(Table):
    """The live page. May be left out."""

    listen: Address = setting("Address to listen on.", "127.0.0.1")
    port: PortNumber = setting("Port to listen on, TCP.", 8080, unit="port number")
    https: bool = setting("The pages by HTTPS alone, at `https_port`; at `port` is only said so.", False)
    https_port: PortNumber = setting("Port of HTTPS, TCP.", 8443, unit="port number")
    certificate: KeptFile | None = setting(
        "The certificate of HTTPS and those above it, PEM. Left out: one by an authority the box makes for itself.",
        None,
    )
    key: KeptFile | None = setting("Its key, PEM, without a password.", None)
    metrics_from: tuple[Network, ...] = some(
        "Addresses that may read `/metrics` without a token. Left out: none; a token with `metrics:read` may always.",
        (),
        most=32,
    )


class Person(Table):
    """Someone who answers."""

    name: Title = setting("Name on the screens of telephones. Left out: the name of the table.", "")
    position: Title = setting("What the person is in the office, such as `Accountant`.", "")
    extension: Extension | None = setting("Number that colleagues dial. Left out: none.", None)
    phones: tuple[PhoneName, ...] = some(
        "Telephones, rung together; each belongs to one person.", (), most=10, of="phone"
    )
    mobile: Number | None = setting(
        "Mobile, called through the lines of `[outside]` where lists say `anna.mobile` or `anna.all`. Left out: none.",
        None,
    )
    confirm: bool = setting(
        "Who answers the mobile presses 1, so that its own voicemail never takes a call of the office.", True
    )
    level: int = setting("How well qualified, for queues that ring the best first.", 50, unit="level", ge=0, le=100)
    skills: dict[SkillName, Level] = setting("Skills, and how much of each.", {}, max_length=64, of="skill")
    pause_after: int = setting(
        "Calls in a row that ring unanswered before queues leave this person alone; 0: never.",
        0,
        unit="calls",
        ge=0,
        le=20,
    )
    pause_for: int = setting("For how long; 0: until the status is set.", 600, unit="seconds", ge=0, le=86400)
    ring_for: int = setting("How long a call to this person alone rings.", 25, unit="seconds", ge=1, le=300)
    wrap_up: int = setting("Time without calls after each call.", 0, unit="seconds", ge=0, le=3600)
    duty: HoursName | None = setting(
        "Hours of duty: outside of them queues, chains and departments leave this person alone; calls to the extension "
        "still ring. Left out: always on duty.",
        None,
        of="hours",
    )
    mailbox: MailboxName = setting("Mailbox for calls to the extension that are not answered.", OFFICE, of="mailbox")
    calls: MayCall = setting(MAY_CALL, "national")
    forward_always: Forward | None = setting(
        "Where all calls to this person alone go. Left out, here and below: they do not; codes dialled change it.", None
    )
    forward_busy: Forward | None = setting("Where they go while the person is on another call.", None)
    forward_no_answer: Forward | None = setting("Where they go when the person does not answer.", None)
    call_waiting: bool = setting("A call to this person alone also rings while the person is on another call.", True)
    number: Number | None = setting("Number shown to those outside that are called. Left out: that of the line.", None)
    withhold: bool = setting("Do not show it.", False)


class Skill(Table):
    """Something some people can and some calls want."""

    name: Title = setting("Name on pages. Left out: the name of the table.", "")


class Branch(Table):
    """A place or part of the office that departments belong to."""

    name: Title = setting("Name on pages. Left out: the name of the table.", "")
    hours: HoursName | None = setting(
        "Hours of its departments that say none themselves. Left out: always open.", None, of="hours"
    )


class Department(Table):
    """People with rules of their own; its queues take from here what they do not say."""

    name: Title = setting("Name on pages. Left out: the name of the table.", "")
    branch: BranchName | None = setting("The branch it belongs to. Left out: none.", None, of="branch")
    head: PersonName | None = setting("Who leads it, one of its people or not. Left out: nobody.", None, of="person")
    people: tuple[MemberName, ...] = some("Who belongs to it.", least=1, most=250, of="person")
    hours: HoursName | None = setting(
        "Hours of its queues: outside of them a call walks on. Left out: those of its branch, or always open.",
        None,
        of="hours",
    )
    goal: Goal | None = setting("What its queues are for; it chooses their strategy.", None)
    strategy: Strategy | None = setting("Whom its queues ring. Left out: by the goal.", None)
    wrap_up: Annotated[int, Field(ge=0, le=3600)] | None = setting(
        "Time without calls after each call of its queues. Left out: the person's own.", None, unit="seconds"
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
    """When the office is open: the week without `holidays` and `closed`, and `open` in any case."""

    week: Week = setting("The usual week.", Week())
    holidays: tuple[HolidaysOf, ...] = some("Whose public holidays it is closed on.", (), most=20)
    closed: tuple[Dates, ...] = some("Dates when it is closed after all.", (), most=366)
    open: tuple[Dates, ...] = some("Dates when it is open after all, also within `closed`.", (), most=366)


class Widening(Table):
    """People rung too once a caller has waited for a while."""

    after: int = setting("How long he has waited.", unit="seconds", ge=1, le=7200)
    people: tuple[MemberName, ...] = some(
        "Who is rung too; nobody who is rung already.", least=1, most=250, of="person"
    )


class Queue(Table):
    """Callers wait, people are rung."""

    name: Title = setting("Name on telephones and pages. Left out: the name of the table.", "")
    department: DepartmentName | None = setting(
        "The department that says what is not said here. Left out: none.", None, of="department"
    )
    people: tuple[MemberName, ...] = some(
        "Who answers. Left out: the people of the department.", (), most=250, of="person"
    )
    goal: Goal | None = setting("What the queue is for; it chooses the strategy.", None)
    strategy: Strategy | None = setting("Whom to ring. Left out: by the goal; without one, ring-all.", None)
    shares: dict[PersonName, Share] = setting(
        "For percentage: how many of a hundred calls each of its people is given; together 100.",
        {},
        max_length=250,
        of="person",
    )
    widen: tuple[Widening, ...] = some("Who is rung too after some time.", (), most=32)
    ring_for: int = setting("How long somebody is rung.", 20, unit="seconds", ge=1, le=300)
    max_wait: int = setting("How long a caller waits.", 120, unit="seconds", ge=1, le=7200)
    max_length: int = setting("Callers waiting at most; 0: no limit.", 0, unit="calls", ge=0, le=250)
    music: bool = setting("Answer at once and play music; else the caller hears ringing.", True)
    music_prompt: PromptName | None = setting(
        "What is heard again and again instead of our music: a recording, or a text. Left out: our music.",
        None,
        of="prompt",
    )
    announce_position: bool = setting("Tell callers their place in line, as they join and later.", False)
    announce_wait: bool = setting(
        "Tell them how long it will take, when that is known: from the queue's last calls and who is there.", False
    )
    announce_every: int = setting(
        "How often they are told again; 0: only as they join.", 60, unit="seconds", ge=0, le=3600
    )
    promotions: tuple[PromptName, ...] = some("What else they are told, in turn.", (), most=20, of="prompt")
    promote_every: int = setting("How often.", 60, unit="seconds", ge=10, le=3600)
    join_when_empty: bool = setting("Let callers wait when nobody in it could answer.", False)
    leave_when_empty: bool = setting("Send callers on once nobody in it is on duty any more.", False)
    any_skill_after: Annotated[int, Field(ge=0, le=7200)] | None = setting(
        "Wait after which a caller is content with people without the skills he wants. Left out: never.",
        None,
        unit="seconds",
    )
    weight: int = setting(
        "Whose callers come first to people of several queues: the higher.", 0, unit="weight", ge=0, le=99
    )
    again_after_refusal: int = setting(
        "When somebody who declined a call is rung for it again.", 60, unit="seconds", ge=0, le=3600
    )
    again_after_no_answer: int = setting(
        "When somebody who did not answer a call is rung for it again.", 10, unit="seconds", ge=0, le=3600
    )
    wrap_up: Annotated[int, Field(ge=0, le=3600)] | None = setting(
        "Time without calls after each of its calls. Left out: the department's, or the person's own.",
        None,
        unit="seconds",
    )
    extension: Extension | None = setting("Number that colleagues dial. Left out: none.", None)

    @property
    def announces(self) -> bool:
        return self.announce_position or self.announce_wait


class Link(Table):
    """People rung together: some, or a department."""

    people: tuple[MemberName, ...] = some("Who is rung.", (), most=250, of="person")
    department: DepartmentName | None = setting("All people of a department instead.", None, of="department")
    ring_for: int = setting("How long they are rung.", 15, unit="seconds", ge=1, le=300)


class Chain(Table):
    """People rung one after the other, or group after group."""

    name: Title = setting("Name on telephones and pages. Left out: the name of the table.", "")
    steps: tuple[Link, ...] = some("The steps, in order.", least=1, most=32)
    extension: Extension | None = setting("Number that colleagues dial. Left out: none.", None)


class Lookup(Table):
    """A question to another program, such as a customer list: it answers with a word or two about a call."""

    url: WebAddress = setting("Where it is asked, by GET.")
    field: JsonField | None = setting("Field of a JSON object answered. Left out: the answer is the text itself.", None)
    timeout: int = setting("How long an answer is waited for.", 2, unit="seconds", ge=1, le=10)


class Callers(Table):
    """A list of callers."""

    numbers: dict[Number, ScreenName] = setting("Numbers, and the name shown for each.", {}, max_length=10_000)
    prefixes: tuple[Prefix, ...] = some("Beginnings of numbers.", (), most=1000)
    numbers_file: NumbersFile | None = setting(
        "A long list: a file beside the document with `+37060000001` or `+37060000001,Name` on each line, "
        "at most 1,000,000 of them.",
        None,
    )
    withheld: bool = setting("Callers who withhold their number are on it too.", False)
    priority: int = setting("How far its callers come before others in queues.", 0, unit="priority", ge=0, le=99)
    manager: PersonName | None = setting("Personal manager of its callers. Left out: none.", None, of="person")
    language: Language | None = setting("What they are spoken to in. Left out: as their line says.", None)
    phone_book: bool = setting("Who has a name in `numbers` stands in the phone book of the telephones.", False)
    refuse: Literal["busy", "message", "silence"] | None = setting(
        "Keep its callers out: they hear busy, a prompt, or a minute of ringing that rings nobody. Left out: do not.",
        None,
    )
    prompt: PromptName | None = setting(
        "What they hear who are refused with a message. Left out: our own sentence.", None, of="prompt"
    )


class Scenario(Table):
    """What happens to a caller: open, closed and unanswered; or steps, and which is the first.

    Whatever else is said, a call that nobody answered ends in a mailbox.
    """

    hours: HoursName | None = setting("Hours that tell open from closed. Left out: always open.", None, of="hours")
    open: Target | None = setting("Where a call goes when open. Needed without steps.", None)
    closed: Target = setting("Where a call goes when closed.", OFFICE)
    unanswered: Target = setting("Where a call goes that nobody answered.", OFFICE)
    start: StepName | None = setting("The first step. Needed with steps.", None)
    extension: Extension | None = setting(
        "Number that colleagues dial, and send calls to, to have them begin here. Left out: none.", None
    )
    step: dict[Name, Step] = setting("The steps.", {}, max_length=200)


class Golden(Table):
    """An example of a call that must go as it says, whatever else is changed."""

    name: Title = setting("What it is an example of.")
    when: Moment = setting("When the call comes, by the clock of the office.")
    line: LineName | None = setting("The line it comes in on. Left out: the first.", None, of="line")
    from_: Dialled = setting("Number of the caller.", "", alias="from")
    to: Dialled = setting("Number called.", "")
    keys: Keys = setting("What he presses, when asked.", "")
    away: tuple[PersonName, ...] = some("People who are not available; all others are.", (), most=250, of="person")
    answers: PersonName | None = setting("Who picks up when rung. Left out: nobody.", None, of="person")
    expect: Ending = setting("Where the call must end.")
    through: tuple[Passed, ...] = some("What it must pass before, in this order.", (), most=32)


class Settings(Table):
    """The whole document."""

    office: OfficeTable = setting("Name, country and time zone of all of it.")
    sip: Sip = setting("Telephones and trunks.", Sip())
    guard: Guard = setting("Who is kept from the SIP port.", Guard())
    mqtt: Mqtt | None = setting("The MQTT broker.", None)
    broker: dict[Name, Broker] = setting("More MQTT brokers.", {}, max_length=8)
    web: Web = setting("The live page.", Web())
    monitor: Monitor = setting("The call monitor.", Monitor())
    webhooks: Webhooks = setting("Webhooks.", Webhooks())
    voicemail: Voicemail = setting("The answering machine.", Voicemail())
    mail: Mail | None = setting("The server that sends our e-mail.", None)
    digest: Digest | None = setting("A letter about the calls of the day or week.", None)
    features: Features = setting("Codes people dial, or press in a call.", Features())
    parking: Parking = setting("Parked calls.", Parking())
    hold: Hold = setting("What a held caller hears.", Hold())
    status: Status = setting("Reminders of a status.", Status())
    lamps: Lamps = setting("What lamp keys show.", Lamps())
    recording: Recording = setting("Recorded calls.", Recording())
    backup: Backup = setting("Backups.", Backup())
    provisioning: Provisioning | None = setting("Settings of telephones, given by us.", None)
    room: dict[Name, Room] = setting("Conferences.", {}, max_length=64)
    phone: dict[Name, Phone] = setting("Devices.", {}, max_length=250)
    person: dict[Name, Person] = setting("People.", {}, max_length=250)
    skill: dict[Name, Skill] = setting("Skills.", {}, max_length=64)
    branch: dict[Name, Branch] = setting("Branches.", {}, max_length=64)
    department: dict[Name, Department] = setting("Departments.", {}, max_length=64)
    line: dict[Name, Line] = setting("Ways to the outside.", {}, max_length=63)
    hours: dict[Name, Hours] = setting("Opening hours.", {}, max_length=64)
    queue: dict[Name, Queue] = setting("Queues.", {}, max_length=64)
    chain: dict[Name, Chain] = setting("Chains.", {}, max_length=64)
    mailbox: dict[Name, Mailbox] = setting("Mailboxes.", {}, max_length=500)
    speech: Speech = setting("How texts are spoken.", Speech())
    prompt: dict[Name, Prompt] = setting("What callers are told.", {}, max_length=250)
    lookup: dict[Name, Lookup] = setting("Look-ups.", {}, max_length=64)
    scenario: dict[Name, Scenario] = setting("Scenarios.", {}, max_length=64)
    callers: dict[Name, Callers] = setting("Lists of callers.", {}, max_length=64)
    outside: Outside = setting("Calls out.", Outside())
    limits: Limits = setting("What calls out may come to.", Limits())
    action: dict[Name, Action] = setting("Premises actions.", {}, max_length=256)
    golden: tuple[Golden, ...] = some("Examples of calls that must go as they say.", (), most=250)

    def title(self, kind: str, name: str) -> str:
        """What people call something, "" for what has no name of its own or is gone."""
        return str(getattr(getattr(self, kind, {}).get(name), "name", "") or "")

    @model_validator(mode="before")
    @classmethod
    def _implied(cls, document: Any) -> Any:
        return implied(document) if isinstance(document, dict) else document


def implied(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what it need not say: names, the mailbox `office`, and a scenario for lines without any."""
    full = dict(document)
    for kind in NAMED:
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
