# SPDX-License-Identifier: GPL-2.0-or-later
"""Codes like *100#: sent as this modem wants them, read however it writes, and the balance found."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.lines.at.engine import Command, Engine
from appliance.lines.at.facts import Ussd
from appliance.lines.at.gsm7 import SEPTETS
from appliance.lines.at.ussd import Charset, balance, checked, command, said, written
from tests.lines.said import told


@pytest.mark.parametrize(
    ("charset", "sent"),
    [
        ("plain", 'AT+CUSD=1,"*100#",15'),
        ("ucs2", 'AT+CUSD=1,"002A0031003000300023",15'),
        ("packed", 'AT+CUSD=1,"AA180C3602",15'),
    ],
)
def test_a_code_is_sent_in_the_modems_own_way(charset: Charset, sent: str) -> None:
    assert command("*100#", charset) == sent
    Engine().ask(Command(sent), 0)


@pytest.mark.parametrize("code", ["", '1",15\rATD112;', "*100#" * 40, '"', ";"])
def test_what_is_no_code_is_not_sent(code: str) -> None:
    with pytest.raises(ValueError):
        command(code, "plain")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('+CUSD: 0,"Balance: 3,20 EUR",15', "Balance: 3,20 EUR"),
        ('+CUSD: 0,"00420061006C0061006E00630065",72', "Balance"),
        ('+CUSD: 0,"00420061006C0061006E00630065",15', "Balance"),
        ('+CUSD: 0,"041104300442",72', "Бат"),
        ("+CUSD: 0, AA180C3602,15", "*100#"),
        ('+CUSD: 0,"12345678",15', "12345678"),
        ('+CUSD: 1,"Dial "1" for more",15', 'Dial "1" for more'),
        ("+CUSD: 5", ""),
        ('+CUSD: 0,"never closed', "never closed"),
    ],
)
def test_an_answer_is_read_however_it_is_written(line: str, text: str) -> None:
    (fact,) = told(None, f"\r\n{line}\r\n".encode())
    assert isinstance(fact, Ussd) and said(fact) == text


@given(st.text(st.sampled_from(sorted(set(SEPTETS) - {"\r", "@"})), min_size=1, max_size=80))
def test_any_text_is_read_back_when_the_way_is_known(text: str) -> None:
    assert said(Ussd(0, written(text, "packed"), 15), "packed") == text
    assert said(Ussd(0, written(text, "ucs2"), 72)) == text
    assert said(Ussd(0, text, 15), "plain") == text


@given(st.text(max_size=400), st.one_of(st.none(), st.integers(0, 300)))
def test_nothing_a_network_says_makes_us_fail(text: str, coding: int | None) -> None:
    assert len(said(Ussd(0, text, coding))) <= 182


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("Balance: 3,20 EUR", Decimal("3.20")),
        ("Balance: 1.234,50", Decimal("1234.50")),
        ("Balance: 1,234.50.", Decimal("1234.50")),
        ("Balance: 1 234", Decimal("1234")),
        ("Balance: 0.125", Decimal("0.125")),
        ("Balance: -2", Decimal("-2")),
        ("Balance: none", None),
        ("Out of order", None),
        ("Balance: ..", None),
    ],
)
def test_the_balance_is_found_by_the_rule(text: str, money: Decimal | None) -> None:
    assert balance(text, r"Balance: ([-0-9., ]+)") == money


@pytest.mark.parametrize("rule", ["(", "Balance: .*"])
def test_a_rule_that_finds_no_money_is_refused(rule: str) -> None:
    with pytest.raises(ValueError):
        checked(rule)
