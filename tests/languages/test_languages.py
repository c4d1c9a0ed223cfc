# SPDX-License-Identifier: GPL-2.0-or-later
"""Every language says everything, and what is filled into a sentence is the same in all of them."""

import string
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from appliance.control.messages import Spoken
from appliance.core.names import Because, Outcome, Status, Trust
from appliance.languages import FIRST, LANGUAGES, PLURALS, language
from appliance.settings.models import OfficeTable

PLURAL_FORMS = {"one", "few", "many", "other"}
VILNIUS = ZoneInfo("Europe/Vilnius")
EVENING = 1_782_849_600_000  # 2026-06-30 23:00 in Vilnius


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def plain(code: str) -> dict[str, str]:
    """All but plurals, whose forms differ among languages."""
    return {key: text for key, text in language(code).texts.items() if not key.startswith("unit.")}


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_sentence_is_missing_in_a_language_and_none_is_left_over(code: str) -> None:
    assert plain(code).keys() == plain(FIRST).keys()


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_same_things_are_filled_into_a_sentence_in_each_language(code: str) -> None:
    first = plain(FIRST)
    assert {key: gaps(text) for key, text in plain(code).items()} == {key: gaps(text) for key, text in first.items()}


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_unit_has_every_plural_of_the_language(code: str) -> None:
    needed = {PLURALS[code](n) for n in range(200)} | {"other"}
    forms: dict[str, set[str]] = {}
    for key, text in language(code).texts.items():
        if key.startswith("unit."):
            _, unit, form = key.split(".")
            forms.setdefault(unit, set()).add(form)
            assert gaps(text) == {"n"}
    assert len(forms) >= 4
    assert all(given == needed for given in forms.values())
    assert forms.keys() == {key.split(".")[1] for key in language(FIRST).texts if key.startswith("unit.")}


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(
    ("group", "names"),
    [("because", Because), ("status", Status), ("outcome", Outcome), ("trust", Trust)],
)
def test_everything_the_core_can_say_has_words(code: str, group: str, names: type[Because]) -> None:
    for one in names:
        if one is not Because.NONE:
            assert language(code).say(f"{group}.{one.name.lower().replace('_', '-')}")


def test_the_settings_and_the_control_socket_offer_the_languages_there_are() -> None:
    assert set(get_args(OfficeTable.model_fields["language"].annotation)) == set(LANGUAGES)
    assert set(get_args(Spoken)) == {"", *LANGUAGES}


@pytest.mark.parametrize(
    ("ms", "en", "ru", "uk"),
    [
        (0, "0 seconds", "0 секунд", "0 секунд"),
        (1000, "1 second", "1 секунду", "1 секунду"),
        (1400, "1.4 seconds", "1,4 секунды", "1,4 секунди"),
        (3000, "3 seconds", "3 секунды", "3 секунди"),
        (9980, "10 seconds", "10 секунд", "10 секунд"),
        (11_000, "11 seconds", "11 секунд", "11 секунд"),
        (21_000, "21 seconds", "21 секунду", "21 секунду"),
        (42_000, "42 seconds", "42 секунды", "42 секунди"),
        (59_700, "1 minute", "1 минуту", "1 хвилину"),
        (125_000, "2 minutes 5 seconds", "2 минуты 5 секунд", "2 хвилини 5 секунд"),
        (3_600_000, "1 hour", "1 час", "1 годину"),
        (43_260_000, "12 hours 1 minute", "12 часов 1 минуту", "12 годин 1 хвилину"),
    ],
)
def test_a_wait_is_told_with_the_plural_the_number_wants(ms: int, en: str, ru: str, uk: str) -> None:
    assert [language(code).duration(ms) for code in ("en", "ru", "uk")] == [en, ru, uk]


def test_a_time_of_the_same_day_is_told_without_the_date() -> None:
    assert language("en").moment(EVENING, VILNIUS, EVENING - 3_600_000) == "23:00"
    assert language("en").moment(EVENING + 3_600_000, VILNIUS, EVENING) == "2026-07-01 at 00:00"
    assert language("ru").moment(EVENING, VILNIUS) == "30.06.2026 23:00"


def test_a_language_there_is_none_of_is_an_error() -> None:
    with pytest.raises(KeyError):
        language("xx")
