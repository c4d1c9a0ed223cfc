# SPDX-License-Identifier: GPL-2.0-or-later
"""How what is dialled and pressed is read."""

from pathlib import Path

import pytest

from appliance.calls.features import Dialled, Keys, dialled
from appliance.programs.codes import main
from tests.settings.documents import FULL, TWO, settings

OFFICE = TWO + '[queue.sales]\npeople = ["anna"]\nextension = "200"\n[room.board]\nextension = "300"\n'


@pytest.mark.parametrize(
    ("number", "meant"),
    [
        ("*8", ("pickup", "")),
        ("*8102", ("pickup", "person.boris")),
        ("*8999", None),
        ("*80102", ("intercom", "person.boris")),
        ("*80", None),
        ("*81", ("paging", "")),
        ("*81200", ("paging", "queue.sales")),
        ("*81101", None),
        ("*72937060000001", ("forward_always_on", "937060000001")),
        ("*72", None),
        ("*7212345678901234567890123", None),
        ("*73", ("forward_always_off", "")),
        ("*60", ("status_available", "")),
        ("*37101", ("call_back", "person.anna")),
        ("71", ("slot", "71")),
        ("300", ("room", "board")),
        ("##", None),
        ("101", None),
        ("+37060000001", None),
        ("", None),
    ],
)
def test_what_is_dialled(number: str, meant: Dialled | None) -> None:
    assert dialled(settings(OFFICE), number) == meant


def test_a_code_that_is_turned_off_is_a_number_as_any_other() -> None:
    assert dialled(settings(OFFICE + '[features]\ndnd_on = ""\n'), "*78") is None


def pressed(keys: Keys, text: str, asking: bool = False) -> list[Dialled | str]:
    return [told for key in text if (told := keys.press(key, asking))]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("1", ["1"]),
        ("##102#", [("transfer", "102")]),
        ("#1", ["#1"]),
        ("*2102#", [("consult", "102")]),
        ("*0", [("swap", "")]),
        ("*9", ["*9"]),
        ("*", []),
        ("7*3", ["7", ("three_way", "")]),
        ("###", [("transfer", "")]),
        ("##" + "1" * 21, ["##" + "1" * 21]),
    ],
)
def test_what_is_pressed_in_a_call(keys: str, told: list[Dialled | str]) -> None:
    assert pressed(Keys(settings(OFFICE)), keys) == told


def test_keys_that_become_no_code_are_the_partners_and_a_number_needs_no_hash() -> None:
    keys = Keys(settings(OFFICE))
    assert pressed(keys, "*") == [] and keys.open and keys.give_up() == "*" and not keys.open
    assert pressed(keys, "##102") == [] and keys.give_up() == ("transfer", "102")
    assert pressed(keys, "##") == [] and keys.give_up() == "##"


def test_who_asks_somebody_already_puts_through_by_the_code_alone() -> None:
    assert pressed(Keys(settings(OFFICE)), "*2", asking=True) == [("consult", "")]


def test_the_card_has_every_code_of_the_office_and_none_that_is_turned_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "office.toml"
    document.write_text(FULL.read_text())
    assert main(["--settings", str(document)]) == 0
    printed = capsys.readouterr().out
    assert "*7 [EXTENSION]" in printed and "801-805" in printed and "301" in printed and "*81" not in printed
    assert max(map(len, printed.splitlines())) <= 100
