# SPDX-License-Identifier: GPL-2.0-or-later
"""How much of a caller's number leaves the box."""

from appliance.mqtt import privacy

KEY = b"a key of this box"


def test_in_full_nothing_is_left_out() -> None:
    assert privacy.numbers("full", KEY)("+37060000001") == "+37060000001"
    assert privacy.names("full")("Jonas 8 600 00001") == "Jonas 8 600 00001"


def test_the_last_four_digits_and_no_more() -> None:
    tell = privacy.numbers("last-four", KEY)
    assert [tell(number) for number in ("+37060000001", "101", "")] == ["…0001", "101", ""]


def test_a_word_is_the_same_for_the_same_number_and_another_under_another_key() -> None:
    tell, other = privacy.numbers("hash", KEY), privacy.numbers("hash", b"another key")
    assert tell("+37060000001") == tell("+37060000001") != tell("+37060000002")
    assert tell("+37060000001") != other("+37060000001")
    assert tell("") == ""
    assert "0001" not in tell("+37060000001")


def test_a_number_in_the_name_a_caller_shows_is_left_out_too() -> None:
    for level in ("last-four", "hash"):
        tell = privacy.names(level)
        assert tell("+370 600-00001") == "…"
        assert tell("Mr Kazlauskas (8 600 00001)") == "Mr Kazlauskas …"
        assert tell("Room 12") == "Room 12"
