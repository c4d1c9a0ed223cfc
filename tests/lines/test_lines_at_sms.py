# SPDX-License-Identifier: GPL-2.0-or-later
"""Short messages: what is written arrives, in any alphabet and length, and whatever comes in is read or refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.lines.at import gsm7
from appliance.lines.at.pdu import (
    USER_DATA,
    BadPdu,
    Body,
    Coding,
    Deliver,
    Part,
    Report,
    Submit,
    coding_of,
    decode,
    encode,
    period,
    period_octet,
    tpdu_length,
)
from appliance.lines.at.texts import GAP, WAITING_MOST, Text, Together, bodies

ANNA, OFFICE, CENTRE = "+447700900123", "+15550100", "+447700900000"
AT = datetime(2026, 11, 28, 18, 30, 15, tzinfo=timezone(timedelta(hours=2)))

# By hand, from the tables of 23.040: centre +447700900000, sender, time 26-11-28 18:30:15 +02:00
FRONT = "0791447700090000"
SENDER = "0C91447700091032"
STAMP = "62118281035180"

letters = st.text(st.sampled_from(sorted(gsm7.SEPTETS)), max_size=200)
texts = st.one_of(letters, st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
phones = st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True)
times = st.builds(
    lambda at, quarters: at.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=15 * quarters))),
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)),
    st.integers(-56, 56),
)


def deliver(text: str, part: Part | None = None, sender: str = ANNA) -> Deliver:
    coding = Coding.UCS2 if gsm7.septets(text) is None else Coding.GSM7
    return Deliver(sender, AT, Body(text, coding, part), CENTRE)


def test_a_message_as_the_standard_writes_it() -> None:
    """hellohello in septets is E8329BFD4697D9EC37 in 23.038's packing."""
    read = decode(FRONT + "04" + SENDER + "0000" + STAMP + "0A" + "E8329BFD4697D9EC37")
    assert read == Deliver(ANNA, AT, Body("hellohello"), CENTRE)


def test_letters_outside_the_alphabet_come_as_ucs2() -> None:
    read = decode(FRONT + "04" + SENDER + "0008" + STAMP + "06" + "041F04200418")
    assert isinstance(read, Deliver) and read.body == Body("ПРИ", Coding.UCS2)


def test_a_sender_may_be_a_name() -> None:
    read = decode("00" + "04" + "07D0C2B07B0D" + "0000" + STAMP + "00")
    assert isinstance(read, Deliver) and read.sender == "Bank"
    assert decode(encode(read)) == read


def test_a_message_of_ours_as_the_standard_writes_it() -> None:
    sent = encode(Submit(OFFICE, Body("hellohello"), validity=timedelta(days=4), report=True))
    assert sent == "00" + "31" + "00" + "089151551000" + "0000" + "AA" + "0A" + "E8329BFD4697D9EC37"
    assert tpdu_length(sent) == 21
    assert tpdu_length(FRONT + "31") == 1


def test_what_became_of_a_message() -> None:
    read = decode(FRONT + "06" + "07" + SENDER + STAMP + STAMP + "00")
    assert read == Report(7, ANNA, AT, AT, 0, CENTRE)
    assert isinstance(read, Report) and read.delivered and read.final


@pytest.mark.parametrize(
    ("status", "delivered", "final"),
    [(0x00, True, True), (0x02, True, True), (0x20, False, False), (0x30, False, False), (0x41, False, True)],
)
def test_a_report_says_whether_more_is_tried(status: int, delivered: bool, final: bool) -> None:
    report = Report(1, ANNA, AT, AT, status)
    assert (report.delivered, report.final) == (delivered, final)


@pytest.mark.parametrize(
    ("scheme", "coding"),
    [
        (0x00, Coding.GSM7),
        (0x04, Coding.DATA),
        (0x08, Coding.UCS2),
        (0x0C, Coding.GSM7),
        (0x10, Coding.GSM7),
        (0x18, Coding.UCS2),
        (0x20, Coding.DATA),
        (0xC0, Coding.GSM7),
        (0xD0, Coding.GSM7),
        (0xE0, Coding.UCS2),
        (0xF0, Coding.GSM7),
        (0xF5, Coding.DATA),
    ],
)
def test_the_alphabet_is_that_of_the_coding_scheme(scheme: int, coding: Coding) -> None:
    assert coding_of(scheme) is coding


@given(letters)
def test_any_text_of_the_alphabet_survives_packing(text: str) -> None:
    values = [value for each in gsm7.septets(text) or [] for value in each]
    for fill in range(7):
        packed = gsm7.pack(values, fill)
        assert len(packed) == -(-(fill + 7 * len(values)) // 8)
        assert gsm7.letters(gsm7.unpack(packed, len(values), fill)) == text


def test_the_alphabet_is_whole() -> None:
    assert len(gsm7.BASIC) == 128
    assert len(set(gsm7.BASIC)) == 128
    assert gsm7.BASIC[0x24] == "¤" and gsm7.BASIC[0x41] == "A" and gsm7.BASIC[0x7F] == "à"
    assert gsm7.septets("€[") == [(0x1B, 0x65), (0x1B, 0x3C)]
    assert gsm7.letters([0x1B, 0x41, 0x1B]) == "A"


@given(phones, letters, times, st.booleans(), st.booleans())
def test_any_incoming_message_is_read_as_it_was_written(
    sender: str, text: str, at: datetime, wide: bool, flash: bool
) -> None:
    part = Part(0x1234 if wide else 0x34, 3, 2, wide)
    message = Deliver(sender, at, Body(text[:70], Coding.GSM7, part, flash=flash), CENTRE)
    assert decode(encode(message)) == message


@given(phones, texts, st.integers(0, 255), st.booleans())
def test_any_message_of_ours_is_what_was_meant_in_any_length(to: str, text: str, reference: int, report: bool) -> None:
    text = text * 3 or "x"
    together, told = Together(), []
    for number, body in enumerate(bodies(text, reference, most=255)):
        sent = encode(Submit(to, body, validity=timedelta(days=1), report=report))
        read = decode(sent)
        assert read == Submit(to, body, validity=timedelta(days=1), report=report)
        assert len(sent) <= 2 * (1 + 14 + 4 + USER_DATA)  # no centre; kind to address; four bytes of how; what is said
        read = Deliver(to, AT, body)
        told += together.add(read, body.part, number, 0) if body.part else [Text(to, AT, body.text)]
    (heard,) = told
    assert (heard.text, heard.sender, heard.whole) == (text, to, True)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 255), phones, st.integers(0, 255))
def test_any_report_is_read_as_it_was_written(at: datetime, reference: int, to: str, status: int) -> None:
    at = at.replace(year=2000 + at.year % 100 if at.month != 2 else 2024, microsecond=0)
    report = Report(reference, to, at, at, status)
    assert decode(encode(report)) == report


@given(st.one_of(st.binary(max_size=400), st.binary(max_size=200).map(lambda tail: bytes.fromhex(FRONT + "44") + tail)))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    try:
        read = decode(data.hex())
    except BadPdu:
        return
    body = getattr(read, "body", None)
    assert body is None or len(body.text) <= 160


@pytest.mark.parametrize(
    "pdu", ["", "0", "zz", "00", "0004", "07914477", "00030000", "0004FF91" + "11" * 128 + "00" * 20]
)
def test_what_is_no_message_is_refused(pdu: str) -> None:
    with pytest.raises(BadPdu):
        decode(pdu)


def test_a_time_that_is_none_leaves_the_message() -> None:
    read = decode(FRONT + "04" + SENDER + "0000" + "FFFFFFFFFFFFFF" + "0A" + "E8329BFD4697D9EC37")
    assert isinstance(read, Deliver) and read.at is None and read.body.text == "hellohello"


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("€" * 80, [80]),
        ("€" * 81, [76, 5]),
        ("ж" * 70, [70]),
        ("ж" * 71, [67, 4]),
        ("😀" * 35, [35]),
        ("😀" * 36, [33, 3]),
    ],
)
def test_long_texts_are_cut_between_letters(text: str, sizes: list[int]) -> None:
    assert [len(each.text) for each in bodies(text, 1)] == sizes


@pytest.mark.parametrize("text", ["", "a" * 1531, "\ud800"])
def test_what_cannot_be_sent_is_refused_before_anything_is(text: str) -> None:
    with pytest.raises(BadPdu):
        bodies(text, 1)


@pytest.mark.parametrize("number", ["", "+", "anna", "1" * 21, "+1;+2", '"'])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(BadPdu):
        encode(Submit(number, Body("hi")))


@pytest.mark.parametrize(
    ("octet", "lasts"),
    [
        (0, timedelta(minutes=5)),
        (143, timedelta(hours=12)),
        (144, timedelta(hours=12, minutes=30)),
        (167, timedelta(hours=24)),
        (168, timedelta(days=2)),
        (196, timedelta(days=30)),
        (197, timedelta(weeks=5)),
        (255, timedelta(weeks=63)),
    ],
)
def test_how_long_a_message_is_tried(octet: int, lasts: timedelta) -> None:
    assert period(octet) == lasts
    assert period_octet(lasts) == octet


def add(together: Together, message: Deliver, id: int, now: int = 0) -> list[Text]:
    assert message.body.part
    return together.add(message, message.body.part, id, now)


def test_parts_in_any_order_make_one_text() -> None:
    together = Together()
    one, two = deliver("hello ", Part(9, 2, 1)), deliver("there", Part(9, 2, 2))
    assert add(together, two, 4) == []
    assert add(together, two, 5) == []
    assert add(together, one, 3) == [Text(ANNA, AT, "hello there", ids=(4, 5, 3))]
    assert together.deadline is None


def test_parts_of_two_senders_are_kept_apart() -> None:
    together = Together()
    add(together, deliver("from anna", Part(9, 2, 1)), 1)
    assert add(together, deliver(" from the office", Part(9, 2, 2), OFFICE), 2) == []


def test_a_part_that_never_comes_is_not_waited_for_for_ever() -> None:
    together = Together(wait=1000)
    add(together, deliver("hello ", Part(9, 2, 1)), 3, 500)
    assert together.deadline == 1500
    assert together.late(1499) == []
    [text] = together.late(1500)
    assert text == Text(ANNA, AT, "hello " + GAP, whole=False, ids=(3,))


def test_a_reference_used_again_starts_a_new_text() -> None:
    together = Together()
    add(together, deliver("old ", Part(9, 2, 1)), 1)
    [text] = add(together, deliver("new ", Part(9, 2, 1)), 2)
    assert text == Text(ANNA, AT, "old " + GAP, whole=False, ids=(1,))
    assert [each.text for each in add(together, deliver("text", Part(9, 2, 2)), 3)] == ["new text"]


def test_many_halves_do_not_fill_the_memory() -> None:
    together = Together()
    told = [
        text
        for at in range(1000)
        for text in add(together, deliver(f"{at} ", Part(at & 255, 2, 1), f"+{at + 1}"), at, at)
    ]
    assert len(together.waiting) == WAITING_MOST
    assert [each.text for each in told] == [f"{at} {GAP}" for at in range(1000 - WAITING_MOST)]
