# SPDX-License-Identifier: GPL-2.0-or-later
"""Premises actions: what a caller may set off through MQTT, and what is asked of him for it."""

from typing import Annotated, Literal

from pydantic import Field

from appliance.settings.steps import Trust
from appliance.settings.tables import Table, setting, some
from appliance.settings.words import (
    CallersName,
    HoursName,
    JsonField,
    LineName,
    MessageText,
    Name,
    ScenarioName,
    StateText,
    Topic,
)

INFORM, COMFORT, ACCESS, SECURITY, DESTRUCTIVE = range(5)
HOLDERS = 8  # of one action: each wrong PIN is held against all of them, and that is made slow
COOL_DOWN = 10  # seconds between two of the same, from class 1 on, where the settings do not say

Challenge = Literal["pin", "totp", "code"]


class Action(Table):
    """Something on the premises that a caller sets off, through MQTT; docs/actions.md tells what each class asks for."""

    class_: int = setting(
        "What it touches: 0 informs (a lamp, a pop-up), 1 comfort (heating), 2 access (a gate), 3 security (disarming), "
        "4 destroys.",
        INFORM,
        unit="class",
        ge=INFORM,
        le=DESTRUCTIVE,
        alias="class",
    )
    callers: CallersName | None = setting(
        "The list of callers who may. Left out, of class 0 alone: everybody, by steps of scenarios.", None, of="callers"
    )
    calling: bool | None = setting(
        "A call from its list sets it off by itself. Left out: where the number alone is enough, or is called back.",
        None,
    )
    lines: tuple[LineName, ...] = some("Lines it may come from.", least=1, most=63, of="line")
    least_trust: Trust | None = setting("How far the caller's number must be believed. Left out: however little.", None)
    hours: HoursName | None = setting(
        "When it may be set off; what holds hours open or closed does not count. Left out, below class 2: always.",
        None,
        of="hours",
    )
    rate: int = setting("How often at most.", 10, unit="a minute", ge=1, le=60)
    cool_down: Annotated[int, Field(ge=0, le=86400)] | None = setting(
        "Time after it during which it is not set off again. Left out: 10 from class 1 on, none before.",
        None,
        unit="seconds",
    )
    by_number: bool = setting(
        "Class 2: on GSM and analogue lines the caller's number alone is enough. Numbers can be forged.", False
    )
    challenge: Challenge | None = setting(
        "What the caller gives by keys: a PIN, a code that changes (TOTP), or one of a list that is good once.", None
    )
    holders: tuple[Name, ...] = some(
        "Whose PIN or code is good: names of `[proof.NAME]` in secrets.toml.", (), most=HOLDERS
    )
    call_back: ScenarioName | None = setting(
        "The box calls the caller's stored number back, and takes the call to this scenario. Left out: it does not.",
        None,
        of="scenario",
    )
    second: bool = setting(
        "Somebody else must set it off too, from another number, with a PIN or code of his own.", False
    )
    second_within: int = setting("How long the second may take.", 120, unit="seconds", ge=10, le=3600)
    tries: int = setting(
        "Wrong PINs or codes of one number before it is locked out; four times as many lock the action.",
        3,
        unit="times",
        ge=1,
        le=10,
    )
    lock_out: int = setting(
        "How long a lock-out lasts, and wrong ones are remembered.", 900, unit="seconds", ge=60, le=86400
    )
    reject: bool = setting("Refuse the call that sets it off, unanswered, so that it costs the caller nothing.", False)
    delay: int = setting(
        "Class 4: time during which it can be aborted (`linekeeper abort NAME`).", 60, unit="seconds", ge=10, le=86400
    )
    dry_run: bool = setting(
        "Class 4: rehearse only. When false, each real run still needs a confirmed rehearsal in the 24 hours before.",
        True,
    )
    topic: Topic = setting("MQTT topic of the message.")
    payload: MessageText = setting("The message; a template where it has `{{ }}` or `{% %}`, see docs/actions.md.")
    dry_run_payload: MessageText | None = setting("Class 4: the message of a rehearsal.", None)
    state_topic: Topic | None = setting(
        "Where the thing itself tells its state. Left out, below class 2: nobody knows whether it was done.", None
    )
    state_field: JsonField | None = setting("Field of the JSON object told there. Left out: the text itself.", None)
    state_expected: StateText = setting("What it says when it was done; a template as `payload`.", "")
    state_within: int = setting("How long that may take; later is an alarm.", 10, unit="seconds", ge=1, le=60)

    @property
    def alone(self) -> bool:
        """Whether a caller's number can be enough."""
        return self.class_ <= COMFORT or (self.class_ == ACCESS and self.by_number)

    @property
    def set_off_by_calling(self) -> bool:
        if self.callers is None:
            return False
        return self.calling if self.calling is not None else self.alone or self.call_back is not None

    @property
    def asked(self) -> bool:
        """Whether a step waits for what became of it; of class 0 it does not."""
        return self.class_ != INFORM

    @property
    def rests(self) -> int:
        """Seconds of the cool-down."""
        if self.cool_down is not None:
            return self.cool_down
        return COOL_DOWN if self.class_ else 0
