# SPDX-License-Identifier: GPL-2.0-or-later
"""A number is the same number however a line or a person writes it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.settings.numbers import LONGEST, digits, normalise


@pytest.mark.parametrize(
    ("written", "country", "read"),
    [
        ("+37060000001", "LT", "+37060000001"),
        ("+370 600-00001", "US", "+37060000001"),
        ("8 600 00001", "LT", "+37060000001"),
        ("0 600 00001", "LT", "+37060000001"),
        ("0037060000001", "LT", "+37060000001"),
        ("37060000001", "LT", "+37060000001"),
        ("(212) 555-0100", "US", "+12125550100"),
        ("07700 900123", "GB", "+447700900123"),
        ("101", "LT", "101"),
        ("123456", "DE", "123456"),
        ("112", "LT", "112"),
        ("anna", "LT", "anna"),
        ("Anonymous", "LT", ""),
        (" anonymous ", "LT", ""),
        ("", "LT", ""),
        ("99999999999999999999", "LT", "99999999999999999999"),
        ("x" * 500, "LT", "x" * LONGEST),
        ("a\r\nb", "LT", "ab"),
    ],
)
def test_a_number_is_read_in_its_country(written: str, country: str, read: str) -> None:
    assert normalise(written, country) == read


@given(st.text(max_size=300), st.sampled_from(["LT", "US", "GB", "DE", "IT"]))
def test_whatever_a_line_sends_fits_the_core_and_stays_as_it_is(text: str, country: str) -> None:
    number = normalise(text, country)
    assert len(digits(number)) <= LONGEST
    assert number.isascii()
    assert number.isprintable()
    assert number == number.strip()
    if number.startswith("+") or number.isdigit():
        assert normalise(number, country) == number


@pytest.mark.parametrize(
    ("written", "rewrite", "read"),
    [
        ("0037060000001", {"00": "+"}, "+37060000001"),
        ("860000001", {"8": "+370"}, "+37060000001"),
        ("8 600 00001", {"8": "+370"}, "+37060000001"),
        ("810370600", {"8": "+370", "810": "+"}, "+370600"),
        ("60000001", {"8": "+370"}, "+37060000001"),
        ("+8612345678901", {"+86": "+370"}, "+37012345678901"),
        ("88600", {"8": ""}, "8600"),
        ("100200", {"8": "+370"}, "100200"),
        ("8anna", {"8": "+370"}, "8anna"),
        ("anonymous", {"8": "+370"}, ""),
        ("", {"8": "+370"}, ""),
    ],
)
def test_a_line_may_write_numbers_in_its_own_way(written: str, rewrite: dict[str, str], read: str) -> None:
    """FreePBX/superfecta#368: a look-up fails when a line does not write E.164."""
    assert normalise(written, "LT", rewrite) == read


@pytest.mark.parametrize(
    ("country", "read"),
    [("AT", "+436601234567"), ("DE", "+496601234567"), ("IT", "+3906601234567"), ("GB", "+446601234567")],
)
def test_no_country_is_built_in(country: str, read: str) -> None:
    """haumacher/phoneblock PR#510: a hard-coded country corrupts everybody else's numbers."""
    assert normalise("0660 1234567", country) == read


@given(
    st.text("0123456789+ -", max_size=20),
    st.dictionaries(
        st.text("0123456789", min_size=1, max_size=3), st.from_regex(r"\+?[0-9]{0,15}", fullmatch=True), max_size=4
    ),
)
@example("0-", {"0": ""})
@example("0-2", {"0": "+"})
def test_whatever_is_rewritten_fits_the_core(text: str, rewrite: dict[str, str]) -> None:
    number = normalise(text, "LT", rewrite)
    assert len(digits(number)) <= LONGEST
    assert normalise(number, "LT") == number
