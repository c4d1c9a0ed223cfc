# SPDX-License-Identifier: GPL-2.0-or-later
"""Callers and colleagues who are turned away are told so in the box's own words: nobody had to record any."""

from collections.abc import Callable

import pytest

from tests.calls.office import CALLER, OFFICE, Office

KEPT_OUT = '[callers.unwanted]\nnumbers = { "+37060000009" = "" }\nrefuse = "message"\n'
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
