# SPDX-License-Identifier: GPL-2.0-or-later
"""What a number is that somebody dials, who may call it, by which line, and how that line is told it."""

import pytest

from appliance.settings.numbers import emergency_numbers
from appliance.settings.outgoing import Number, by_price, canonical, outside, read, refused, told
from tests.settings.documents import WIRED, settings

OUTSIDE = '[outside]\nprefix = "9"\nlines = ["city"]\n'
LATVIAN = '[line.riga]\nkind = "sip"\nhost = "192.0.2.9"\ncountry = "LV"\n'
ABROAD = "0044 20 7946 0958"


def number(dialled: str, country: str = "LT") -> Number:
    return read(dialled, country)


# ---- kinds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialled", "kind", "e164"),
    [
        ("112", "emergency", ""),
        ("1588", "short", ""),
        ("852000001", "national", "+37052000001"),
        ("052000001", "national", "+37052000001"),
        ("+370 5 200 0001", "national", "+37052000001"),
        ("0037052000001", "national", "+37052000001"),
        ("860000001", "mobile", "+37060000001"),
        ("80012345", "national", "+37080012345"),  # free
        ("90012345", "premium", "+37090012345"),
        ("+37070012345", "premium", "+37070012345"),  # personal: forwarded at any price
        (ABROAD, "international", "+442079460958"),
        ("+447700900123", "international", "+447700900123"),  # a mobile abroad
        ("+447012345678", "premium", "+447012345678"),
        ("+881612345678", "premium", "+881612345678"),  # a satellite
        ("+979123456789", "premium", "+979123456789"),
        ("+9991234567", "unknown", ""),
        ("+4", "unknown", ""),
        ("0044", "unknown", ""),
        ("86000000012", "unknown", ""),
        ("112233445566778899", "unknown", ""),
        ("anna", "unknown", ""),
        ("*97", "unknown", ""),
        ("", "unknown", ""),
        ("1-800-FLOWERS", "unknown", ""),  # letters are no digits here
    ],
)
def test_every_number_is_of_one_kind(dialled: str, kind: str, e164: str) -> None:
    assert number(dialled) == (dialled, kind, e164)


@pytest.mark.parametrize(
    ("dialled", "country", "kind"),
    [
        ("2125550123", "US", "national"),
        ("+18765550123", "US", "international"),  # Jamaica has the same country code, and another price
        ("+14165550123", "US", "international"),
        ("+77012345678", "RU", "international"),
        ("9005550123", "US", "premium"),
        ("911", "US", "emergency"),
        ("999", "GB", "emergency"),
    ],
)
def test_countries_that_share_a_code_are_abroad_to_each_other(dialled: str, country: str, kind: str) -> None:
    assert number(dialled, country).kind == kind


# ---- what is outside ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("called", "bare"),
    [
        ("9860000001", "860000001"),
        ("860000001", None),  # without the prefix
        ("101", None),
        ("112", "112"),
        ("9112", "112"),
        ("+37060000001", "+37060000001"),  # as a telephone keeps who called
        ("9", None),
        ("", None),
    ],
)
def test_only_what_begins_with_the_prefix_goes_outside(called: str, bare: str | None) -> None:
    assert outside(settings(WIRED + OUTSIDE), {"101", "102"}, called) == bare


def test_who_may_not_call_outside_may_call_for_help() -> None:
    s = settings(WIRED)
    assert outside(s, {"101"}, "112") == "112"
    assert outside(s, {"101"}, "860000001") is None


def test_however_a_number_is_dialled_the_core_is_told_one_form_of_it() -> None:
    s = settings(WIRED + OUTSIDE)
    ways = ("860000001", "060000001", "+37060000001", "0037060000001", "+370 600-00-001")
    assert {canonical(s, number(one)) for one in ways} == {"90037060000001"}
    assert canonical(s, number("1588")) == "91588"


# ---- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("may", "why"),
    [
        ("office", ("none-outside", "none-outside", "none-outside", "international", "premium", "unknown")),
        ("national", (None, None, None, "international", "premium", "unknown")),
        ("international", (None, None, None, None, "premium", "unknown")),
        ("everything", (None, None, None, None, None, None)),
    ],
)
def test_each_class_may_call_so_much(may: str, why: tuple[str | None, ...]) -> None:
    s = settings(WIRED + OUTSIDE)
    dialled = ("1588", "852000001", "860000001", ABROAD, "90012345", "*97")
    assert tuple(refused(s, may, number(one)) for one in dialled) == why  # type: ignore[arg-type]


@pytest.mark.parametrize("help", emergency_numbers("LT"))
def test_everybody_may_call_for_help_also_where_it_is_barred(help: str) -> None:
    s = settings(WIRED + OUTSIDE + 'barred = ["+3"]\n')
    assert refused(s, "office", number(help)) is None


@pytest.mark.parametrize(
    ("lists", "dialled", "why"),
    [
        ('allowed = ["+4420"]', ABROAD, None),
        ('allowed = ["+4420"]', "+441512345678", "international"),
        ('barred = ["+3706"]', "860000001", "barred"),
        ('barred = ["+3706"]\nallowed = ["+37060"]', "860000001", None),
        ('barred = ["+37060"]\nallowed = ["+3706"]', "860000001", "barred"),
        ('barred = ["+3706"]\nallowed = ["+3706"]', "860000001", "barred"),
    ],
)
def test_lists_come_before_classes_and_the_longest_beginning_counts(lists: str, dialled: str, why: str | None) -> None:
    assert refused(settings(WIRED + OUTSIDE + lists), "national", number(dialled)) == why


def test_nobody_calls_abroad_unless_the_settings_say_so() -> None:
    s = settings(WIRED + OUTSIDE)
    assert {one.calls for one in s.person.values()} | {s.outside.calls} == {"national"}


# ---- as a line is told it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dial_as", "home", "abroad"),
    [
        ("as-dialled", "852000001", ABROAD),
        ("e164", "+37052000001", "+442079460958"),
        ("international", "0037052000001", "00442079460958"),
        ("national", "052000001", "00442079460958"),
    ],
)
def test_each_line_has_its_way_of_writing_numbers(dial_as: str, home: str, abroad: str) -> None:
    s = settings(WIRED + f'dial_as = "{dial_as}"\n')
    assert told(s, "city", number("852000001")) == home
    assert told(s, "city", number(ABROAD)) == abroad
    assert told(s, "city", number("112")) == "112"
    assert told(s, "city", number("1588")) == "1588"


def test_a_line_of_another_country_is_told_the_whole_number() -> None:
    """Else 0 52 ... of one country would be somebody, and a price, of another."""
    assert told(settings(WIRED + LATVIAN), "riga", number("852000001")) == "+37052000001"


def test_the_cheapest_line_is_first_and_lines_without_a_price_are_last() -> None:
    document = WIRED + 'rates = { "+44" = 0.2, "+4420" = 0.01 }\n' + LATVIAN + 'rates = { "+44" = 0.1 }\n'
    document += '[line.free]\nkind = "sip"\nhost = "192.0.2.10"\n'
    lines = ["free", "city", "riga"]
    assert by_price(settings(document), lines, "+442079460958") == ["city", "riga", "free"]
    assert by_price(settings(document), lines, "+441512345678") == ["riga", "city", "free"]
    assert by_price(settings(document), lines, "+37052000001") == lines
