# SPDX-License-Identifier: GPL-2.0-or-later
"""The steps a scenario is built of: each kind a table of its own, told by its `do`."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from appliance.settings.places import Path
from appliance.settings.tables import Named, Table, setting, some
from appliance.settings.words import (
    ActionName,
    AttributeName,
    CallersName,
    ChainName,
    Compared,
    HoursName,
    LineName,
    LookupName,
    MailboxName,
    MemberName,
    MenuKey,
    Number,
    PromptName,
    QueueName,
    SkillName,
    StepTarget,
    Value,
)

OFFICE = "office"  # the mailbox that is always there and ends everything nothing else does
MESSAGE = f"mailbox.{OFFICE}"  # where a call goes when a step does not say
TRUST = ("claimed", "asserted", "network", "proven", "ours")

Trust = Literal["claimed", "asserted", "network", "proven", "ours"]
Level = Annotated[int, Field(ge=1, le=100, json_schema_extra={"unit": "level"})]
Seconds = Annotated[int, Field(ge=1, le=300)]


def leads(help: str, default: Any = ...) -> Any:
    """A field that says where a call goes on."""
    return setting(help, default, leads=True)


class HoursStep(Table):
    """Open or closed?"""

    do: Literal["hours"] = setting("Looks at hours.")
    hours: HoursName = setting("The hours.", of="hours")
    open: StepTarget = leads("Where a call goes when open.")
    closed: StepTarget = leads("Where it goes when closed.")


class CallersStep(Table):
    """Is the caller on a list?"""

    do: Literal["callers"] = setting("Looks at a list of callers.")
    callers: CallersName = setting("The list.", of="callers")
    listed: StepTarget = leads("Where callers go who are on it.")
    others: StepTarget = leads("Where all others go.")


class TrustStep(Table):
    """Is the caller's number to be believed?"""

    do: Literal["trust"] = setting("Looks at how far the caller's number is believed.")
    least: Trust = setting(
        "What is asked for: he says it himself, the trunk vouches for it, a public network showed it, he proved it, "
        "or it is one of our own telephones."
    )
    enough: StepTarget = leads("Where a caller goes who is believed so far.")
    less: StepTarget = leads("Where all others go.")


class Key(Table):
    """What a key of a menu does. Its target alone may stand for the table."""

    model_config = ConfigDict(json_schema_extra={"accepts": 'where it leads: `"sales"`, or `{ to = "sales", ... }`'})

    to: StepTarget = leads("Where the call goes.")
    skill: SkillName | None = setting("A skill the call wants from now on. Left out: none.", None, of="skill")
    level: Level = setting("How much of it at least.", 1, unit="level")
    value: Value | None = setting("What the menu's attribute becomes. Left out: the key.", None)

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, written: Any) -> Any:
        return {"to": written} if isinstance(written, str) else written


class MenuStep(Table):
    """The caller hears a prompt and presses a key."""

    do: Literal["menu"] = setting("Asks for a key.")
    prompt: PromptName = setting("What is said.", of="prompt")
    keys: dict[MenuKey, Key] = setting(
        "What each key does.",
        accepts='a table of 1 to 12 keys: `1 = "sales"`, `2 = { to = "queue.support", skill = "german" }`',
        min_length=1,
        max_length=12,
    )
    attribute: AttributeName | None = setting("What remembers the key pressed. Left out: nothing.", None)
    tries: int = setting("How often it is said at most.", 3, unit="times", ge=1, le=10)
    timeout: int = setting("How long a key is waited for once it was said.", 5, unit="seconds", ge=1, le=60)
    extensions: bool = setting("Let callers dial an extension instead.", False)
    otherwise: StepTarget = leads("Where a caller goes who pressed no key of it as often as it was said.", MESSAGE)
    no_key: StepTarget | None = leads("The same, when he pressed nothing. Left out: `otherwise`.", None)
    wrong_key: StepTarget | None = leads("The same, when he pressed another key. Left out: `otherwise`.", None)
    failed: StepTarget | None = leads(
        "Where he goes when the prompt cannot be said. Left out: a key is waited for all the same.", None
    )

    def names(self) -> Iterator[Named]:
        yield from super().names()
        for key, does in self.keys.items():
            yield from (named._replace(path=("keys", key, *named.path)) for named in does.names())

    def targets(self) -> Iterator[tuple[Path, str]]:
        for key, does in self.keys.items():
            yield from ((("keys", key, *path), target) for path, target in does.targets())
        yield from super().targets()


class QueueStep(Table):
    """The caller waits in a queue."""

    do: Literal["queue"] = setting("Waits in a queue.")
    queue: QueueName = setting("The queue.", of="queue")
    unanswered: StepTarget = leads("Where a call goes that nobody answered.", MESSAGE)
    full: StepTarget | None = leads("Where it goes when too many wait already. Left out: `unanswered`.", None)
    empty: StepTarget | None = leads("Where it goes when nobody could answer. Left out: `unanswered`.", None)
    waited: StepTarget | None = leads("Where it goes after the longest wait. Left out: `unanswered`.", None)


class ChainStep(Table):
    """A chain is rung."""

    do: Literal["chain"] = setting("Rings a chain.")
    chain: ChainName = setting("The chain.", of="chain")
    unanswered: StepTarget = leads("Where a call goes that nobody answered.", MESSAGE)


class PersonStep(Table):
    """One person is rung."""

    do: Literal["person"] = setting("Rings a person.")
    person: MemberName = setting("Who.", of="person")
    ring_for: Seconds | None = setting("How long. Left out: the person's own.", None, unit="seconds")
    unanswered: StepTarget = leads("Where a call goes that he did not answer.", MESSAGE)
    busy: StepTarget | None = leads("Where it goes when he is on another call. Left out: `unanswered`.", None)
    unreachable: StepTarget | None = leads("Where it goes when nothing of his can ring. Left out: `unanswered`.", None)


class ManagerStep(Table):
    """The caller's personal manager is rung, as the list he is on says."""

    do: Literal["manager"] = setting("Rings the caller's manager.")
    ring_for: int = setting("How long.", 20, unit="seconds", ge=1, le=300)
    mobile: bool = setting("Ring his mobile too.", False)
    unanswered: StepTarget = leads("Where a call goes that he did not answer, or that has no manager.", MESSAGE)


class LastPersonStep(Table):
    """Who spoke to the caller last is rung."""

    do: Literal["last-person"] = setting("Rings who spoke to the caller last.")
    ring_for: int = setting("How long.", 20, unit="seconds", ge=1, le=300)
    mobile: bool = setting("Ring his mobile too.", False)
    unanswered: StepTarget = leads("Where a call goes that he did not answer, or when there is nobody.", MESSAGE)


class VoicemailStep(Table):
    """The caller leaves a message; the call ends here."""

    do: Literal["voicemail"] = setting("Takes a message.")
    mailbox: MailboxName = setting("Where it is kept.", OFFICE, of="mailbox")


class SayStep(Table):
    """The caller hears a prompt."""

    do: Literal["say"] = setting("Says something.")
    prompt: PromptName = setting("What is said.", of="prompt")
    next: StepTarget = leads("Where the call goes then.")
    failed: StepTarget | None = leads("Where it goes when it cannot be said. Left out: `next`.", None)


class CollectStep(Table):
    """The caller is asked for digits, such as the number of an order; # ends them, * begins again."""

    do: Literal["collect"] = setting("Asks for digits.")
    prompt: PromptName = setting("What is said.", of="prompt")
    attribute: AttributeName = setting("What remembers them.")
    least: int = setting("Fewest digits.", 1, unit="digits", ge=1, le=31)
    most: int = setting("Most digits; so many need no #.", 15, unit="digits", ge=1, le=31)
    tries: int = setting("How often it is said at most.", 3, unit="times", ge=1, le=10)
    timeout: int = setting("How long each digit is waited for.", 5, unit="seconds", ge=1, le=60)
    next: StepTarget = leads("Where the call goes with the digits.")
    otherwise: StepTarget = leads("Where it goes without.", MESSAGE)


class LookUpStep(Table):
    """Something is asked of another program while the caller waits."""

    do: Literal["look-up"] = setting("Looks something up.")
    lookup: LookupName = setting("What is asked.", of="lookup")
    attribute: AttributeName | None = setting("What remembers the answer. Left out: nothing.", None)
    found: StepTarget = leads("Where the call goes with an answer.")
    not_found: StepTarget = leads("Where it goes when there is none.", MESSAGE)
    failed: StepTarget | None = leads("Where it goes on a failure, or too late an answer. Left out: `not_found`.", None)


class SetStep(Table):
    """An attribute becomes a value."""

    do: Literal["set"] = setting("Sets an attribute.")
    attribute: AttributeName = setting("Which.")
    value: Value = setting("What it becomes.")
    next: StepTarget = leads("Where the call goes then.")


class CompareStep(Table):
    """An attribute, or a number of the call, is held against a value; one of is, begins, less, more, empty."""

    do: Literal["compare"] = setting("Compares.")
    attribute: Compared = setting("What is looked at.")
    is_: Value | None = setting("It is this.", None, alias="is")
    begins: Value | None = setting("It begins with this.", None)
    less: Annotated[int, Field(ge=0, le=10**15)] | None = setting(
        "It is a number, less than this.", None, unit="number"
    )
    more: Annotated[int, Field(ge=0, le=10**15)] | None = setting(
        "It is a number, more than this.", None, unit="number"
    )
    empty: bool = setting("It is empty: a withheld number, an attribute never set.", False)
    yes: StepTarget = leads("Where the call goes if so.")
    no: StepTarget = leads("Where it goes if not.")

    def tests(self) -> list[str]:
        """Which of is, begins, less, more, empty are asked; one, when sound."""
        asked = {"is": self.is_, "begins": self.begins, "less": self.less, "more": self.more}
        return [name for name, value in asked.items() if value is not None] + ["empty"] * self.empty


class ActionStep(Table):
    """A premises action is set off. From class 1 on the call goes on when it is known what became of it."""

    do: Literal["action"] = setting("Sets off an action.")
    action: ActionName = setting("Which.", of="action")
    prompt: PromptName | None = setting(
        "What asks for the PIN or code; # ends it. Needed where the action has a challenge. Who may not set it off is not "
        "asked.",
        None,
        of="prompt",
    )
    times: int = setting("How often it is said at most.", 2, unit="times", ge=1, le=10)
    timeout: int = setting("How long each digit is waited for.", 5, unit="seconds", ge=1, le=60)
    next: StepTarget = leads("Where the call goes then.")
    waiting: StepTarget | None = leads(
        "Where it goes when a second person, or the end of a delay, is waited for. Left out: `next`.", None
    )
    failed: StepTarget | None = leads(
        "Where it goes when it was sent, but is not known to be done. Left out: `refused`.", None
    )
    refused: StepTarget = leads("Where it goes when it was not set off.", MESSAGE)


class SkillStep(Table):
    """The call wants a skill from now on."""

    do: Literal["skill"] = setting("Asks for a skill.")
    skill: SkillName = setting("Which.", of="skill")
    level: Level = setting("How much of it at least.", 1, unit="level")
    next: StepTarget = leads("Where the call goes then.")


class PriorityStep(Table):
    """The call comes before others in queues from now on."""

    do: Literal["priority"] = setting("Raises the priority.")
    add: int = setting("By how much; 99 in all at most.", unit="priority", ge=1, le=99)
    next: StepTarget = leads("Where the call goes then.")


class LoadStep(Table):
    """How much is going on in a queue? One of waiting, free, on_duty, longest_wait: at least so much."""

    do: Literal["load"] = setting("Looks at a queue.")
    queue: QueueName = setting("The queue.", of="queue")
    waiting: Annotated[int, Field(ge=1, le=250)] | None = setting("Callers who wait.", None, unit="calls")
    free: Annotated[int, Field(ge=1, le=250)] | None = setting("People who are free.", None, unit="people")
    on_duty: Annotated[int, Field(ge=1, le=250)] | None = setting("People on duty, busy or not.", None, unit="people")
    longest_wait: Annotated[int, Field(ge=1, le=7200)] | None = setting("Longest wait now.", None, unit="seconds")
    yes: StepTarget = leads("Where the call goes if so.")
    no: StepTarget = leads("Where it goes if not.")

    def tests(self) -> list[tuple[str, int]]:
        """What is measured and the least of it; one, when sound."""
        asked = {name: getattr(self, name) for name in ("waiting", "free", "on_duty", "longest_wait")}
        return [(name, value) for name, value in asked.items() if value is not None]


class HistoryStep(Table):
    """Has this caller called before?"""

    do: Literal["history"] = setting("Looks at earlier calls.")
    of: Literal["called-before", "missed-last", "spoken-to"] = setting(
        "He called before; nobody spoke to him the last time; somebody has ever spoken to him."
    )
    yes: StepTarget = leads("Where the call goes if so.")
    no: StepTarget = leads("Where it goes if not.")


class TransferStep(Table):
    """The call goes to a number outside."""

    do: Literal["transfer"] = setting("Calls a number outside.")
    number: Number = setting("The number.")
    lines: tuple[LineName, ...] = some("Lines, tried in turn. Left out: those of `[outside]`.", (), most=63, of="line")
    ring_for: Seconds | None = setting("How long it is rung. Left out: as `[outside]` says.", None, unit="seconds")
    confirm: bool = setting("Who answers must press 1, so that no voicemail of his takes the call.", False)
    unanswered: StepTarget = leads("Where a call goes that was not answered there.", MESSAGE)


class HangUpStep(Table):
    """The call is ended."""

    do: Literal["hang-up"] = setting("Ends the call.")
    cause: Literal["normal", "busy", "declined", "no-route"] = setting("What the caller's side is told.", "normal")


Step = Annotated[
    HoursStep
    | CallersStep
    | TrustStep
    | MenuStep
    | QueueStep
    | ChainStep
    | PersonStep
    | ManagerStep
    | LastPersonStep
    | VoicemailStep
    | SayStep
    | CollectStep
    | LookUpStep
    | SetStep
    | CompareStep
    | ActionStep
    | SkillStep
    | PriorityStep
    | LoadStep
    | HistoryStep
    | TransferStep
    | HangUpStep,
    Field(discriminator="do"),
]
WAITING = ("say", "menu", "collect", "look-up")  # that always wait, so that a loop through them cannot spin
# That lead on alike each time as long as no key is pressed, whoever is there and whatever the time is.
UNCHANGED = ("say", "menu", "collect", "callers", "trust", "history", "set", "skill", "priority", "action")
