# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of calls to the outside: by which lines, and who may call how much."""

from typing import Annotated, Literal

from pydantic import Field

from appliance.settings.tables import Table, setting, some
from appliance.settings.words import HideCode, LineName, Prefix, PromptName, TrunkPrefix

DialAs = Literal["as-dialled", "e164", "international", "national"]
Price = Annotated[float, Field(ge=0, le=1000, json_schema_extra={"unit": "money a minute"})]

MayCall = Literal["office", "national", "international", "everything"]

MAY_CALL = (
    "How much may be called outside: the office alone, numbers of the country, also those abroad, or everything, "
    "with premium numbers and those nothing is known of. Emergency numbers always may."
)


class Outside(Table):
    """How telephones call out. Left out: they cannot, but for emergency numbers."""

    prefix: TrunkPrefix = setting("Dialled before an outside number; removed again.", "")
    lines: tuple[LineName, ...] = some("Lines, tried in turn.", (), most=63, of="line")
    emergency_lines: tuple[LineName, ...] = some(
        "Lines for emergency numbers, tried before all others.", (), most=63, of="line"
    )
    ring_for: int = setting("How long a number outside is rung.", 60, unit="seconds", ge=5, le=300)
    withhold: HideCode = setting(
        'Dialled before everything else, it hides the number of this one call; `""`: nothing does.', "*31"
    )
    calls: MayCall = setting("The same as of a person, for telephones that belong to nobody.", "national")
    allowed: tuple[Prefix, ...] = some(
        "Beginnings of numbers that everybody may call, whatever kind they are.", (), most=200
    )
    barred: tuple[Prefix, ...] = some(
        "Beginnings of numbers that nobody may call. The longest of both lists counts.", (), most=200
    )
    refused: PromptName | None = setting(
        "What is said to whoever may not call a number, before the call is refused. Left out: as `tell_refused` says.",
        None,
        of="prompt",
    )
    tell_refused: bool = setting(
        "Tell him why, in our own words, before the call is refused; else there is a word on the display alone.", True
    )
    machines_at_once: int = setting(
        "Calls under way at once that programs asked for, such as home automation; 0: they may ask for none.",
        2,
        unit="calls",
        ge=0,
        le=20,
    )
    machines_a_minute: int = setting("Calls in any minute that programs may ask for.", 10, unit="calls", ge=1, le=60)


class Limits(Table):
    """What calls abroad and to premium numbers may come to: beyond it they are refused, and an alarm tells so."""

    person_an_hour: int = setting("Such calls of one person in any hour.", 20, unit="calls", ge=0, le=1000)
    all_an_hour: int = setting("Such calls of all together in any hour.", 60, unit="calls", ge=0, le=10_000)
    minutes_a_day: int = setting(
        "Minutes such calls may last in one day, all together; 0: no limit.", 0, unit="minutes", ge=0, le=100_000
    )
    money_a_day: float = setting(
        "What all calls outside may cost in one day by the `rates` of the lines; 0: no limit.",
        0.0,
        unit="money",
        ge=0,
        le=1_000_000,
    )
