# SPDX-License-Identifier: GPL-2.0-or-later
"""A line of the exchange: rings, callers, dialling, and every way in which a call is over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.lines.dahdi.callerid import Caller
from appliance.lines.dahdi.fxo import (
    Alerting,
    Answered,
    Dial,
    Ended,
    Flash,
    Fxo,
    Habits,
    Hook,
    Incoming,
    Missed,
    Named,
    Plug,
    Rang,
    State,
    Usable,
)
from appliance.settings.countries import BUSY, CONGESTION, DIAL

ANNA = Caller("+15550100", "Anna")


def rung(fxo: Fxo, at: int = 0) -> None:
    """The first ring, 2 s long."""
    assert fxo.plug(Plug.RING_BEGINS, at)[0] == Rang()
    fxo.plug(Plug.RING_ENDS, at + 2000)


def talking(habits: Habits = Habits()) -> Fxo:  # noqa: B008
    fxo = Fxo(habits)
    fxo.dial("0123", 0)
    fxo.late(3000)
    fxo.plug(Plug.DIALLED, 4000)
    assert fxo.state is State.TALKING
    return fxo


def test_a_caller_is_told_when_his_number_was_read_between_the_rings() -> None:
    fxo = Fxo(Habits())
    rung(fxo)
    assert fxo.listening
    assert fxo.calls(ANNA, 3500) == [Incoming(ANNA)]
    assert not fxo.listening
    assert fxo.plug(Plug.RING_BEGINS, 6000) == []
    assert fxo.answer(6500) == [Hook(True), Answered()]
    assert fxo.audio


def test_a_number_is_waited_for_a_second_and_a_half_after_the_first_ring_and_may_come_later() -> None:
    fxo = Fxo(Habits())
    rung(fxo)
    assert fxo.late(3499) == []
    assert fxo.late(3500) == [Incoming(None)]
    assert fxo.listening
    assert fxo.calls(ANNA, 4200) == [Named(ANNA)]
    assert not fxo.listening and fxo.calls(ANNA, 4300) == []


def test_without_a_number_the_second_ring_or_six_seconds_decide_at_the_latest() -> None:
    fxo = Fxo(Habits(caller_wait=6000))
    rung(fxo)
    assert fxo.plug(Plug.RING_BEGINS, 5500) == [Incoming(None)]
    assert not fxo.listening
    fxo = Fxo(Habits(caller_wait=6000))
    rung(fxo)
    assert fxo.late(5999) == []
    assert fxo.late(6000) == [Incoming(None)]


def test_where_no_number_comes_nobody_waits_for_it() -> None:
    assert Fxo(Habits(caller_id="none")).plug(Plug.RING_BEGINS, 0) == [Rang(), Incoming(None)]


def test_a_number_before_the_first_ring() -> None:
    fxo = Fxo(Habits(caller_id="dtmf", starts="before-ring"))
    assert fxo.listening
    assert fxo.calls(ANNA, 100) == []
    assert fxo.plug(Plug.RING_BEGINS, 900) == [Rang(), Incoming(ANNA)]


def test_a_number_without_a_ring_is_forgotten() -> None:
    fxo = Fxo(Habits(caller_id="dtmf", starts="before-ring"))
    fxo.calls(ANNA, 0)
    assert fxo.plug(Plug.RING_BEGINS, 7000) == [Rang()]


def test_after_a_reversal_the_line_is_listened_to_for_a_while() -> None:
    fxo = Fxo(Habits(caller_id="v23", starts="polarity"))
    assert not fxo.listening
    fxo.plug(Plug.REVERSED, 0)
    assert fxo.listening
    fxo.late(5000)
    assert not fxo.listening
    fxo.plug(Plug.REVERSED, 9000)
    fxo.calls(ANNA, 9800)
    assert fxo.plug(Plug.RING_BEGINS, 10_500) == [Rang(), Incoming(ANNA)]


def test_a_caller_who_gives_up_is_missed_once() -> None:
    fxo = Fxo(Habits())
    rung(fxo)
    fxo.plug(Plug.RING_BEGINS, 6000)
    fxo.plug(Plug.RING_ENDS, 8000)
    assert fxo.late(15_999) == []
    assert fxo.late(16_000) == [Missed()]
    assert fxo.deadline is None
    assert fxo.answer(16_001) == []


def test_dialling_waits_for_the_dial_tone_and_for_half_a_second_at_least() -> None:
    fxo = Fxo(Habits())
    assert fxo.dial("5550100", 0) == [Hook(True)]
    assert fxo.tone(DIAL, 300) == []
    assert fxo.late(499) == []
    assert fxo.late(500) == [Dial("T5550100")]
    assert fxo.plug(Plug.DIALLED, 1500) == [Alerting(), Answered()]


def test_a_line_without_dial_tone_is_dialled_all_the_same_unless_it_has_to_be_there() -> None:
    fxo = Fxo(Habits(pulse=True))
    fxo.dial("12", 0)
    assert fxo.late(3000) == [Dial("P12")]
    fxo = Fxo(Habits(dial_tone_needed=True))
    fxo.dial("12", 0)
    assert fxo.late(3000) == [Hook(False), Ended(27, "no dial tone")]


@pytest.mark.parametrize("number", ["", "12+3", "T5", "1;2", "A"])
def test_what_is_no_number_is_not_dialled(number: str) -> None:
    fxo = Fxo(Habits())
    assert fxo.dial(number, 0) == []
    assert fxo.state is State.IDLE


def test_a_ringing_line_is_not_dialled_over() -> None:
    fxo = Fxo(Habits())
    rung(fxo)
    assert fxo.dial("12", 2500) == []
    assert fxo.hang_up(2500) == []
    assert fxo.state is State.RINGING


@pytest.mark.parametrize("happens, cause, why", [
    (lambda fxo: fxo.plug(Plug.BATTERY_DROPPED, 9000), 16, "battery dropped"),
    (lambda fxo: fxo.tone(BUSY, 9000), 17, "busy tone"),
    (lambda fxo: fxo.tone(CONGESTION, 9000), 34, "congestion tone"),
    (lambda fxo: fxo.tone(DIAL, 9000), 16, "dial tone"),
    (lambda fxo: fxo.silent(120_000, 200_000), 16, "silence"),
    (lambda fxo: fxo.plug(Plug.UNPLUGGED, 9000)[:-1], 27, "unplugged"),
])  # fmt: skip
def test_every_way_a_call_ends_puts_the_line_on_hook_and_is_told_once(happens, cause, why) -> None:  # type: ignore[no-untyped-def]
    fxo = talking()
    assert happens(fxo) == [Hook(False), Ended(cause, why)]
    assert [each for each in happens(fxo) if each != Usable(False)] == []


def test_a_reversal_ends_a_call_only_where_exchanges_do_that_and_not_right_after_the_answer() -> None:
    assert talking().plug(Plug.REVERSED, 9000) == []
    fxo = talking(Habits(hang_up_by_polarity=True))
    assert fxo.plug(Plug.REVERSED, 4500) == []
    assert fxo.plug(Plug.REVERSED, 9000) == [Hook(False), Ended(16, "polarity reversed")]


def test_an_exchange_that_reverses_at_the_answer_tells_when_that_was() -> None:
    fxo = Fxo(Habits(answer_by_polarity=True))
    fxo.dial("0123", 0)
    fxo.late(3000)
    assert fxo.plug(Plug.DIALLED, 4000) == [Alerting()]
    assert fxo.plug(Plug.REVERSED, 9000) == [Answered()]


def test_keys_and_flash_go_out_only_while_talking() -> None:
    fxo = talking()
    assert fxo.digits("1#") == [Dial("T1#")]
    assert fxo.flash() == [Flash()]
    assert fxo.hang_up(9000) == [Hook(False)]
    assert fxo.digits("1") == [] and fxo.flash() == []


def test_between_two_calls_the_exchange_gets_its_rest_but_a_ring_is_a_ring() -> None:
    fxo = talking()
    fxo.hang_up(9000)
    assert fxo.dial("12", 9500) == []
    fxo.late(11_000)
    assert fxo.dial("12", 11_000) == [Hook(True)]
    fxo = talking()
    fxo.hang_up(9000)
    assert fxo.plug(Plug.RING_BEGINS, 9100) == [Rang()]


def test_a_pulled_cable_is_told_and_one_put_back() -> None:
    fxo = Fxo(Habits())
    assert fxo.plug(Plug.UNPLUGGED, 0) == [Usable(False)]
    assert fxo.dial("12", 100) == []
    assert fxo.plug(Plug.PLUGGED, 1000) == [Usable(True)]
    assert fxo.dial("12", 1100) == [Hook(True)]


HAPPENINGS = st.one_of(
    st.sampled_from(list(Plug)).map(lambda what: lambda fxo, now: fxo.plug(what, now)),
    st.sampled_from([DIAL, BUSY, CONGESTION]).map(lambda tone: lambda fxo, now: fxo.tone(tone, now)),
    st.sampled_from([0, 200_000]).map(lambda ms: lambda fxo, now: fxo.silent(ms, now)),
    st.just(lambda fxo, now: fxo.calls(ANNA, now)),
    st.just(lambda fxo, now: fxo.answer(now)),
    st.just(lambda fxo, now: fxo.dial("5550100", now)),
    st.just(lambda fxo, now: fxo.hang_up(now)),
    st.just(lambda fxo, now: fxo.late(now)),
)


@given(
    st.lists(st.tuples(HAPPENINGS, st.integers(0, 9000)), max_size=60),
    st.sampled_from([Habits(), Habits("v23", "polarity", answer_by_polarity=True, hang_up_by_polarity=True),
                     Habits("dtmf", "before-ring"), Habits("none")]),
)  # fmt: skip
def test_whatever_happens_the_hook_is_where_the_state_says_and_each_call_ends_once(happenings, habits) -> None:  # type: ignore[no-untyped-def]
    fxo, off, now, incoming = Fxo(habits), False, 0, False
    for happens, wait in happenings:
        now += wait
        for out in happens(fxo, now):
            if isinstance(out, Hook):
                assert out.off != off
                off = out.off
            elif isinstance(out, Ended):
                assert not off
            elif isinstance(out, Incoming):
                assert not incoming
                incoming = True
            elif isinstance(out, Missed):
                assert incoming
                incoming = False
        if off:
            incoming = False
        assert off == fxo.holds
        assert fxo.deadline is not None or fxo.state not in (State.RINGING, State.SEIZING, State.RESTING)
