# SPDX-License-Identifier: GPL-2.0-or-later
"""What people do with a call at their telephones: the codes they dial or press, parking, hold and rooms."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from appliance.settings.tables import Named, Table, setting, some
from appliance.settings.words import Code, Extension, MenuKey, PromptName, RoomPin, SoundFile, Title


def code(help: str, default: str, *, takes: str = "", where: str = "dialled") -> Any:
    """A code; `takes` is what is dialled behind it, `where` says whether it is dialled or pressed in a call."""
    return setting(help, default, code=f"{where} {takes}")


class Features(Table):
    """Codes people dial, or press in a call. `""` turns one off. May be left out."""

    pickup: Code = code(
        "Take the call that has rung longest for people of my queues or departments, else for anybody; with an extension "
        "behind it, the call that rings there.",
        "*8",
        takes="extension?",
    )
    park: Code = code("Park the call, in a call or as the number it is transferred to.", "*5", where="both")
    transfer: Code = code("Send my partner to a number, ended with #.", "##", takes="number#", where="call")
    consult: Code = code(
        "Ask somebody first: my partner hears music while I talk to the number, ended with #. Once more, or hanging up, "
        "puts the two through.",
        "*2",
        takes="number#",
        where="call",
    )
    swap: Code = code(
        "Back to the partner who waits; the other one waits, or is let go when he has not answered.", "*0", where="call"
    )
    three_way: Code = code("All three talk.", "*3", where="call")
    record_pause: Code = code(
        "The call is not recorded for a while, such as for card numbers; once more, it is again.", "*1", where="call"
    )
    dnd_on: Code = code("Do not disturb: queues leave me alone, direct calls go on as if I were busy.", "*78")
    dnd_off: Code = code("I may be disturbed again.", "*79")
    forward_always_on: Code = code("All calls to my extension go to the number.", "*72", takes="number")
    forward_always_off: Code = code("They no longer do.", "*73")
    forward_busy_on: Code = code(
        "Calls to my extension go to the number while I am on another call.", "*90", takes="number"
    )
    forward_busy_off: Code = code("They no longer do.", "*91")
    forward_no_answer_on: Code = code(
        "Calls to my extension go to the number when I do not answer.", "*92", takes="number"
    )
    forward_no_answer_off: Code = code("They no longer do.", "*93")
    status_available: Code = code("My status: available.", "*60")
    status_break: Code = code(
        "My status: on a break. With 1 to 3 digits behind it so many minutes, with 4 till that time of day; then it is as "
        "before.",
        "*61",
        takes="time?",
    )
    status_away: Code = code("My status: away, as long as for a break.", "*62", takes="time?")
    status_meeting: Code = code("My status: in a meeting, as long as for a break.", "*63", takes="time?")
    status_off: Code = code("My status: off duty, as long as for a break.", "*64", takes="time?")
    call_back: Code = code("Call me as soon as the extension is free.", "*37", takes="extension")
    intercom: Code = code("Speak to the extension, whose telephones answer by themselves.", "*80", takes="extension")
    paging: Code = code(
        "Speak to all people of the queue or chain with this extension, whose telephones answer by themselves; without one, "
        "to everybody.",
        "*81",
        takes="extension?",
    )
    voicemail: Code = code("Listen to my messages.", "*97")
    mailbox: Code = code(
        "Listen to the messages of a mailbox, by its number, or that of the person it belongs to; it asks for one that is not "
        "dialled.",
        "*98",
        takes="mailbox?",
    )
    break_lasts: int = setting(
        "How long a break lasts that is dialled without a time; then the status is as before. 0: until another one is set.",
        0,
        unit="seconds",
        ge=0,
        le=86400,
    )
    key_wait: int = setting(
        "How long the next key of a code is waited for in a call; then the keys go to the partner.",
        3,
        unit="seconds",
        ge=1,
        le=10,
    )
    call_back_for: int = setting(
        "How long a busy extension is waited for, to call back.", 1800, unit="seconds", ge=60, le=86400
    )


class Parking(Table):
    """Where calls are parked, to be taken at any telephone by dialling the slot. May be left out."""

    first: Extension = setting("The first slot.", "71")
    slots: int = setting("How many there are; 0: calls cannot be parked.", 9, unit="slots", ge=0, le=99)
    timeout: int = setting("When a parked call returns to who parked it.", 120, unit="seconds", ge=10, le=3600)

    def numbers(self) -> tuple[str, ...]:
        """What is dialled for each slot."""
        width = len(self.first)
        return tuple(f"{number:0{width}}" for number in range(int(self.first), int(self.first) + self.slots))


class Hold(Table):
    """What a caller hears while he is held. May be left out."""

    music: SoundFile | None = setting("Music for it. Left out: our own.", None)
    prompt: PromptName | None = setting(
        "What is said to him first, such as what the keys are for. Left out: nothing.", None, of="prompt"
    )
    keys: dict[MenuKey, PromptName] = setting(
        "What he may listen to, by the key he presses.",
        {},
        accepts='a table of at most 12 keys, each with the name of a prompt: `1 = "prices"`',
        max_length=12,
    )

    def names(self) -> Iterator[Named]:
        yield from super().names()
        yield from (Named(("keys", key), prompt, "prompt") for key, prompt in self.keys.items())


Away = Literal["break", "away", "meeting", "off"]


class Status(Table):
    """Who has not been available for long is reminded of it. May be left out."""

    remind_after: int = setting(
        "After how long, and how long after each reminder again. 0: never.", 0, unit="seconds", ge=0, le=86400
    )
    remind: tuple[Away, ...] = some("Of which statuses.", ("break", "away", "meeting"), most=4)
    ring: bool = setting(
        "Ring the telephones of who is reminded, and say it there; else pages and programs alone are told.", True
    )


LampShows = Literal["light", "name", "number"]


class Lamps(Table):
    """What lamp keys of telephones show of the calls of others. May be left out."""

    shows: LampShows = setting(
        "That there is a call (`light`), also the name of who is at the other end, or his name and number.", "light"
    )


class Room(Table):
    """A conference: whoever dials its extension talks with all others in it."""

    name: Title = setting("Name on telephones and pages. Left out: the name of the table.", "")
    extension: Extension = setting("Number that colleagues dial.")
    pin: RoomPin | None = setting("What must be pressed to get in, ended with #. Left out: nothing.", None)
    most: int = setting("How many may be in it.", 10, unit="people", ge=2, le=30)


class Feature(NamedTuple):
    """One code: the field that sets it, what it is, what is dialled behind it, and where: dialled, call or both."""

    name: str
    code: str
    takes: str
    where: str
    help: str


def table(features: Features) -> Iterator[Feature]:
    """Every code that is not turned off, in the order of the settings."""
    for name, (takes, where, help) in _KINDS.items():
        if written := getattr(features, name):
            yield Feature(name, written, takes, where, help)


def _kinds() -> Mapping[str, tuple[str, str, str]]:
    found = {}
    for name, info in Features.model_fields.items():
        if isinstance(info.json_schema_extra, dict) and (kind := info.json_schema_extra.get("code")):
            where, _, takes = str(kind).partition(" ")
            found[name] = (takes, where, info.description or "")
    return found


_KINDS = _kinds()
