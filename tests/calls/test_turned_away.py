# SPDX-License-Identifier: GPL-2.0-or-later
"""Callers and colleagues who are turned away are told so in the box's own words: nobody had to record any."""

from collections.abc import Callable

import pytest

from tests.calls.office import CALLER, OFFICE, Office

KEPT_OUT = '[callers.unwanted]\nnumbers = { "+37060000009" = "" }\nrefuse = "message"\n'
WAITS_OR_ENDS = """
[scenario.main]
start = "sales"
[scenario.main.step.sales]
do = "queue"
queue = "sales"
unanswered = "over"
[scenario.main.step.over]
do = "hang-up"
"""
ABROAD = "000441214960000"


def spoken(text: str, language: str) -> str:
    return f"/{language}/{text}"


def hears(office: Office) -> list[str]:
    return [office.lines.files[source] for leg, source in office.lines.heard if leg == CALLER]


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "/en/Your call cannot be taken."),
        ("ru", "/ru/Ваш звонок не может быть принят."),
        ("uk", "/uk/Ваш дзвінок не може бути прийнятий."),
    ],
)
async def test_a_caller_who_is_kept_out_is_told_so_in_the_language_of_his_line(
    offices: Callable[..., Office], language: str, says: str
) -> None:
    line = 'host = "192.0.2.7"\n'
    office = offices(OFFICE.replace(line, f'{line}language = "{language}"\n') + KEPT_OUT, spoken=spoken)
    office.call_in("+37060000009")
    assert hears(office) == [says] and not office.lines.legs
    office.control.played(office.lines.port("."))
    assert office.asked("hang up", CALLER) == [16]


async def test_who_is_kept_out_was_not_missed(offices: Callable[..., Office]) -> None:
    office = offices(OFFICE + KEPT_OUT)
    office.call_in("+37060000009")
    office.control.over(CALLER, 16)
    assert not office.control.calls and ("missed", "") not in office.witness.seen


@pytest.mark.parametrize("full", [True, False])
async def test_who_is_turned_away_because_a_queue_is_full_or_nobody_is_there_was_missed(
    offices: Callable[..., Office], full: bool
) -> None:
    document = OFFICE.replace("[queue.sales]", "[queue.sales]\nmax_length = 1")
    office = offices(document.replace('[scenario.main]\nopen = "sales"\n', WAITS_OR_ENDS))
    if full:
        office.call_in()
    else:
        office.register("desk1", 0)
        office.register("desk2", 0)
    office.call_in("+37060000008", leg=99)
    office.control.over(99, 16)
    assert ("ended", "refused") in office.witness.seen and ("missed", "") in office.witness.seen


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "/en/This call is not possible: this telephone may not call abroad."),
        ("ru", "/ru/Звонок невозможен: с этого телефона нельзя звонить за границу."),
        ("uk", "/uk/Дзвінок неможливий: з цього телефону не можна дзвонити за кордон."),
    ],
)
async def test_a_colleague_who_may_not_call_a_number_is_told_why(
    offices: Callable[..., Office], language: str, says: str
) -> None:
    zone = 'time_zone = "Europe/Vilnius"\n'
    office = offices(OFFICE.replace(zone, f'{zone}language = "{language}"\n'), spoken=spoken)
    office.control.incoming(CALLER, "desk1", True, "101", "Anna", ABROAD)
    assert hears(office) == [says]
    office.control.played(office.lines.port("."))
    assert office.asked("hang up", CALLER) == [21] and await office.outcome() == "refused"
    assert office.asked("early", CALLER) and not office.asked("answer", CALLER), "nobody took the call"


async def test_where_the_settings_say_so_it_is_refused_without_a_word(offices: Callable[..., Office]) -> None:
    office = offices(OFFICE.replace('prefix = "0"\n', 'prefix = "0"\ntell_refused = false\n'), spoken=spoken)
    office.control.incoming(CALLER, "desk1", True, "101", "Anna", ABROAD)
    assert office.asked("hang up", CALLER) == [21]
    assert not office.asked("answer", CALLER) and not office.asked("early", CALLER)


async def test_where_nothing_can_be_spoken_the_call_ends_all_the_same(offices: Callable[..., Office]) -> None:
    office = offices(OFFICE + KEPT_OUT)
    office.call_in("+37060000009")
    assert office.asked("hang up", CALLER) == [16] and not office.control.calls
