# SPDX-License-Identifier: GPL-2.0-or-later
"""The talk with a modem: nothing it says is lost, mixed up or believed twice, however the bytes come."""

from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.lines.at.engine import (
    LINES,
    SETTLED,
    STEP,
    TIMEOUT,
    Answer,
    Busy,
    Command,
    Engine,
    OutOfStep,
    TooLong,
)
from appliance.lines.at.facts import (
    Arrived,
    Call,
    CallerId,
    Digit,
    Ended,
    Fact,
    Flow,
    Knocked,
    Missed,
    Noise,
    Rang,
    Registered,
    Signal,
    State,
    Stored,
    Talking,
    Unknown,
    Ussd,
)
from appliance.lines.at.reader import LONGEST
from tests.lines.said import DIAL, LIST, READ, SEND, TALKS, answer, hear, told

CALLER = "+15550100"

LINES_SAID: list[tuple[str, Fact]] = [
    ('+CLIP: "5550100",129', CallerId("5550100")),
    ('+CLIP: "5550100",129,,,,0', CallerId("5550100")),
    ('+CLIP: "",128,,,,2', CallerId("", withheld=True)),
    ('+CLIP: "",129,,,,2', CallerId("")),
    ("+CLIP: 5550100,129", CallerId("5550100")),
    ('+CLCC: 1,1,4,0,0,"",145', Call(1, True, State.INCOMING, "")),
    ("+CLCC: 1,1,0,0,1", Call(1, True, State.ACTIVE)),
    ('+CLCC: 1,0,6,0,0,"5550100",129', Call(1, False, State.OVER, "5550100")),
    ('+CLCC: 1,1,4,1,0,"5550100",129', Call(1, True, State.INCOMING, "5550100", voice=False)),
    ("^DSCI: 2,1,6,0,+15550100,145", Call(2, True, State.OVER, CALLER)),
    ("^DSCI: 1,0,7,0,5550100,129", Call(1, False, State.ALERTING, "5550100")),
    ("^DSCI: 1,0,3,0,5550100,129", Call(1, False, State.ACTIVE, "5550100")),
    ('+QIND: "ccinfo",2,0,-1,0,0,"5550100",129', Call(2, False, State.OVER, "5550100")),
    ('+QIND: "csq",20,99', Signal(-73)),
    ('+QIND: "SMS DONE"', Noise('+QIND: "SMS DONE"')),
    ("VOICE CALL: BEGIN", Talking()),
    ("VOICE CALL:END:000017", Ended(seconds=17)),
    ("VOICE CALL: END: 000141", Ended(seconds=101)),
    ("VOICE CALL: END", Ended()),
    ("MISSED_CALL: 11:01AM 5550100", Missed("5550100")),
    ("^CEND:1,5,29,16", Ended(1, 16, 5)),
    ("^CEND:1,0,104", Ended(1, None, 0)),
    ("^ORIG:1,0", Call(1, False, State.DIALING)),
    ("^CONF:1", Call(1, False, State.ALERTING)),
    ("^CONN:1,0", Call(1, None, State.ACTIVE)),
    ("+QPCMV: 0,0", Flow(False)),
    ("+QPCMV: 1,0", Flow(True)),
    ('+CREG: 1,"00C3","0A1B2C3D",7', Registered("+CREG", 1, 7)),
    ("+CREG: 5", Registered("+CREG", 5)),
    ("+CMTI: 0,111", Stored("0", 111)),
    ('+CDSI: "SM",3', Stored("SM", 3, report=True)),
    ("+CUSD: 5", Ussd(5, "", None)),
    ('+CUSD: 0,"Balance: 3,20",15', Ussd(0, "Balance: 3,20", 15)),
    ("+CUSD: 0, 49B4,15", Ussd(0, "49B4", 15)),
    ('+CCWA: "5550101",129,1', Knocked("5550101")),
    ('+CCWA: "",128,1', Knocked("", withheld=True)),
    ("+CRING: VOICE", Rang()),
    ("+CRING: REL ASYNC", Rang(voice=False)),
    ("+DTMF: 5", Digit("5")),
    ("+RXDTMF: #", Digit("#")),
    ("^DDTMF: *", Digit("*")),
    ("+QTONEDET: 56", Digit("8")),
    ("+QTONEDET: 35", Digit("#")),
    ("+CSQ: 99,99", Signal(None)),
    ("+CLIP:", Unknown("+CLIP:")),
    ("+CLCC: x,1,4", Unknown("+CLCC: x,1,4")),
    ("+CLCC: 1,1,9,0,0", Unknown("+CLCC: 1,1,9,0,0")),
    ('+CMTI: "SM",-1', Unknown('+CMTI: "SM",-1')),
    ("something new", Unknown("something new")),
]


@pytest.mark.parametrize(("line", "fact"), LINES_SAID)
@pytest.mark.parametrize("ends", ["\r\n{}\r\n", "\r\r\n{}\r\r\n", "{}\r", "\x00\xff\r\n{}\r\n"])
def test_each_line_is_one_fact(line: str, fact: Fact, ends: str) -> None:
    assert told(None, ends.format(line).encode("latin-1")) == [fact]


@pytest.mark.parametrize("talk", TALKS)
def test_byte_by_byte_is_heard_as_in_one_piece(talk: str) -> None:
    command, data = TALKS[talk]
    whole = hear(command, data, [])
    assert whole[0]
    assert hear(command, data, list(range(1, len(data)))) == whole
    for cut in range(1, len(data)):
        assert hear(command, data, [cut]) == whole


@pytest.mark.parametrize("talk", TALKS)
def test_a_ring_between_any_two_lines_is_heard_and_takes_nothing_away(talk: str) -> None:
    command, data = TALKS[talk]
    whole = hear(command, data, [])[0]
    ends = [at + 1 for at in range(len(data)) if data[at : at + 1] == b"\n" and data[at - 1 : at + 3] != b"\n\r\n>"]
    for at in ends:
        if data[:at].rstrip().endswith((b"+CMT: ,24", b"+CDS: 25")):
            continue  # the modem says these two lines in one
        heard = hear(command, data[:at] + b"\r\nRING\r\n" + data[at:], [])[0]
        assert heard.count(Rang()) == whole.count(Rang()) + 1
        assert [each for each in heard if each != Rang()] == [each for each in whole if each != Rang()]


@given(st.data())
def test_any_pieces_of_any_bytes_give_the_same_facts(data: st.DataObject) -> None:
    """Noise too, and lines that never end."""
    command = data.draw(st.sampled_from([None, LIST, SEND, READ, DIAL]))
    pieces = [each for _, talk in TALKS.values() for each in talk.splitlines(keepends=True)]
    noise = st.one_of(st.sampled_from(pieces), st.binary(max_size=40), st.just(b"x" * LONGEST), st.just(b"> "))
    said = b"".join(data.draw(st.lists(noise, max_size=12)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=20)))
    assert hear(command, said, cuts) == hear(command, said, [])


@given(
    st.lists(st.one_of(st.binary(max_size=300), st.sampled_from([b"\r\n> ", b"OK\r\n", b"y" * 3000, b"+CLCC: 1\r"])))
)
def test_nothing_a_modem_says_makes_us_fail_or_grow(said: list[bytes]) -> None:
    engine, now, commands = Engine(), 0, cycle((LIST, SEND, READ, DIAL))
    for each in said:
        now += 700
        if not engine.command:
            engine.ask(next(commands), now) if engine.in_step else engine.resync(now)
        engine.feed(each, now)
        engine.late(now)
        assert engine.reader.held <= LONGEST
        assert len(engine.lines) <= LINES
        assert len(engine.take()) <= 600


def test_an_answer_that_never_ends_is_kept_short() -> None:
    engine = Engine()
    engine.ask(LIST, 0)
    engine.feed(b"+CLCC: 1,1,0,0,1\r\n" * (LINES + 50), 0)
    (heard,) = engine.feed(b"OK\r\n", 0)
    assert isinstance(heard, Answer) and len(heard.lines) == LINES


def test_a_line_too_long_is_dropped_and_the_next_one_heard() -> None:
    assert told(None, b"z" * 5000 + b"\r\nRING\r\n") == [TooLong(), Rang()]


def test_one_command_at_a_time() -> None:
    engine = Engine()
    engine.ask(LIST, 0)
    with pytest.raises(Busy):
        engine.ask(LIST, 0)


@pytest.mark.parametrize("text", ["AT+CMGS=1\rAT+CFUN=0", "AT\x1a", "", "AT" + "9" * 600, "ATDé;"])
def test_a_second_command_cannot_be_smuggled_in(text: str) -> None:
    with pytest.raises(ValueError):
        Engine().ask(Command(text), 0)


@pytest.mark.parametrize(
    "final", ["ERROR", "+CME ERROR: 10", "+CMS ERROR: 304", "COMMAND NOT SUPPORT", "TOO MANY PARAMETERS"]
)
def test_refusals_are_told_with_their_number(final: str) -> None:
    found = answer(LIST, f"\r\n{final}\r\n".encode())
    assert (found.ok, found.result) == (False, final)
    assert found.error == {"+CME ERROR: 10": 10, "+CMS ERROR: 304": 304}.get(final)


def test_no_carrier_ends_a_dialling_and_otherwise_a_call() -> None:
    assert answer(DIAL, b"\r\nNO CARRIER\r\n").result == "NO CARRIER"
    assert told(LIST, b"\r\nNO CARRIER\r\n\r\nOK\r\n") == [Ended()]


def test_registration_asked_for_and_told_are_kept_apart() -> None:
    asks = Command("AT+CREG?", ("+CREG",))
    said = b'\r\n+CREG: 1,"00C3","0A1B2C3D",7\r\n+CREG: 2,1,00C3,A1B2C3D\r\n\r\nOK\r\n'
    assert answer(asks, said).lines == ("+CREG: 2,1,00C3,A1B2C3D",)
    assert told(asks, said) == [Registered("+CREG", 1, 7)]


def test_a_plain_answer_is_told_from_what_comes_between() -> None:
    asks = Command("AT+CGSN", ("+CGSN",), bare=True)
    said = b'AT+CGSN\r\r\nRING\r\n\r\n+CMTI: "SM",1\r\n\r\n350000000000006\r\n\r\nOK\r\n'
    assert answer(asks, said).lines == ("350000000000006",)
    assert told(asks, said) == [Rang(), Stored("SM", 1)]


def test_what_is_glued_to_a_result_is_heard() -> None:
    assert told(LIST, b'\r\nOK+CMTI: "SM",1\r\n') == [Stored("SM", 1)]
    assert told(None, b'RING+CLIP: "5550100",129\r\n') == [Rang(), CallerId("5550100")]


def test_a_message_text_is_sent_only_when_the_modem_asks_for_it() -> None:
    engine = Engine()
    engine.ask(SEND, 0)
    assert engine.take() == b"AT+CMGS=20\r"
    engine.feed(b"\r\nRING\r\n\r\n", 100)
    assert engine.take() == b""
    engine.feed(b"> ", 200)
    assert engine.take() == SEND.body.encode() + b"\x1a"
    assert engine.deadline == 60_200
    engine.feed(b"> ", 300)
    assert engine.take() == b""


def test_a_text_prompt_that_does_not_come_is_left_again() -> None:
    engine = Engine()
    engine.ask(SEND, 0)
    engine.take()
    assert engine.deadline == 5_000
    (heard,) = engine.late(5_000)
    assert isinstance(heard, Answer) and heard.result == TIMEOUT
    with pytest.raises(OutOfStep):
        engine.ask(LIST, 5_000)
    engine.resync(5_000)
    assert engine.take() == b"\x1bAT\r"


def test_an_ok_that_comes_too_late_is_not_taken_for_the_next_answer() -> None:
    engine = Engine()
    engine.ask(LIST, 0)
    assert engine.late(999) == []
    engine.late(1_000)
    engine.resync(1_000)
    assert engine.feed(b'\r\n+CLCC: 1,1,4,0,0,"5550100",129\r\n\r\nOK\r\n', 1_100) == [
        Call(1, True, State.INCOMING, "5550100")
    ]
    assert engine.feed(b"\r\nOK\r\n", 1_300) == []
    assert engine.late(1_300 + SETTLED - 1) == []
    assert engine.late(1_300 + SETTLED) == [Answer(STEP, True, "OK")]
    engine.ask(LIST, 2_000)


def test_a_modem_that_says_nothing_is_not_in_step_again() -> None:
    engine = Engine()
    engine.resync(0)
    assert engine.late(5_000) == [Answer(STEP, False, TIMEOUT)]
    assert not engine.in_step


def test_a_port_that_goes_answers_what_was_asked() -> None:
    engine = Engine()
    assert engine.lost() == []
    engine.ask(LIST, 0)
    assert engine.lost() == [Answer(LIST, False, "PORT LOST")]


def test_a_message_that_comes_by_itself_has_its_text_in_the_next_line() -> None:
    assert told(None, b"\r\n+CMT: ,24\r\n0791ab\r\n+CDS: 25\r\n0792\r\n") == [Arrived("0791AB"), Arrived("0792", True)]
    assert told(None, b"\r\n+CMT: ,24\r\nRING\r\n0791\r\n") == [Rang(), Unknown("0791")]
