# SPDX-License-Identifier: GPL-2.0-or-later
"""A number is the same number however a line or a person writes it."""

import pytest
from hypothesis import given
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
