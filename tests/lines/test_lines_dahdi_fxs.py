# SPDX-License-Identifier: GPL-2.0-or-later
"""A telephone at the box: it rings and shows who calls, dials, holds by flash, and shows that messages wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.lines.dahdi.callerid import Caller, write, write_waiting
from appliance.lines.dahdi.fxs import (
    Answered,
    Back,
    Called,
    Fxs,
    Held,
    HungUp,
    Key,
    Off,
    Play,
    Ring,
    Say,
    State,
    Tone,
)

ANNA = Caller("+15550100", "Anna")
STAMP = "11282305"


def dialled(fxs: Fxs, keys: str, now: int = 1000) -> list[object]:
    return [out for n, key in enumerate(keys) for out in fxs.key(key, now + 100 * n)]


def test_it_rings_and_the_caller_is_shown_once_between_the_first_rings() -> None:
    fxs = Fxs()
    assert fxs.ring(ANNA, STAMP) == [Ring(True)]
    assert fxs.burst_over(2000) == []
    assert fxs.late(2499) == []
    assert fxs.late(2500) == [Say(write(ANNA, STAMP))]
    assert fxs.burst_over(8000) == [] and fxs.deadline is None
    assert fxs.lifted(9000) == [Ring(False), Answered()]
    assert fxs.key("5", 9500) == [Key("5")]
    assert fxs.hung_up(20_000) == [Tone(Play.NOTHING), HungUp()]


def test_a_caller_who_gives_up_stops_the_bell() -> None:
    fxs = Fxs()
    fxs.ring(ANNA, STAMP)
    assert fxs.stop() == [Ring(False)]
    assert fxs.lifted(5000) == [Off(), Tone(Play.DIAL)]


def test_a_number_is_whole_four_seconds_after_its_last_key_or_at_the_hash() -> None:
    fxs = Fxs()
    fxs.lifted(0)
    assert dialled(fxs, "0123") == [Tone(Play.NOTHING)]
    assert fxs.late(5299) == []
    assert fxs.late(5300) == [Called("0123")]
    fxs = Fxs()
    fxs.lifted(0)
    assert dialled(fxs, "0123#")[-1] == Called("0123")


def test_a_code_with_hashes_in_it_is_dialled_whole() -> None:
    fxs = Fxs()
    fxs.lifted(0)
    dialled(fxs, "*21*5#")
    assert fxs.late(9000) == [Called("*21*5#")]


def test_a_receiver_beside_the_telephone_hears_congestion_and_then_is_left() -> None:
    fxs = Fxs()
    fxs.lifted(0)
    assert fxs.late(15_000) == [Tone(Play.CONGESTION), HungUp()]
    assert fxs.ring(ANNA, STAMP) == []
    assert fxs.hung_up(60_000) == [Tone(Play.NOTHING), HungUp()]


def test_flash_holds_a_number_is_asked_and_flash_goes_back() -> None:
    fxs = Fxs()
    fxs.ring(ANNA, STAMP)
    fxs.lifted(3000)
    assert fxs.flashed(4000) == [Held(), Tone(Play.RECALL)]
    assert dialled(fxs, "102#", 5000) == [Tone(Play.NOTHING), Called("102", consulting=True)]
    assert fxs.called_rings(True) == [Tone(Play.RINGING)]
    assert fxs.flashed(9500) == [Tone(Play.NOTHING), Back()]
    assert fxs.flashed(9900) == [Held(), Tone(Play.RECALL)]


def test_who_is_left_by_the_one_he_asked_goes_back_by_flash() -> None:
    fxs = Fxs()
    fxs.ring(ANNA, STAMP)
    fxs.lifted(3000)
    fxs.flashed(4000)
    dialled(fxs, "102#", 5000)
    assert fxs.left(busy=True) == [Tone(Play.BUSY)]
    assert fxs.flashed(9000) == [Tone(Play.NOTHING), Back()]


def test_nobody_to_go_back_to_once_the_call_that_was_held_is_over() -> None:
    fxs = Fxs()
    fxs.ring(ANNA, STAMP)
    fxs.lifted(3000)
    fxs.flashed(4000)
    fxs.held_left()
    assert dialled(fxs, "102#", 5000)[-1] == Called("102")


def test_flash_and_no_number_is_back_at_the_call() -> None:
    fxs = Fxs()
    fxs.ring(ANNA, STAMP)
    fxs.lifted(3000)
    fxs.flashed(4000)
    assert fxs.late(19_000) == [Tone(Play.NOTHING), Back()]
    assert fxs.state is State.TALKING


@pytest.mark.parametrize("busy, play", [(True, Play.BUSY), (False, Play.CONGESTION)])
def test_who_is_left_hears_it(busy: bool, play: Play) -> None:
    fxs = Fxs()
    fxs.lifted(0)
    dialled(fxs, "102#")
    assert fxs.left(busy) == [Tone(play)]
    assert fxs.flashed(9000) == [Off(), Tone(Play.DIAL)]


def test_messages_light_the_lamp_and_make_the_dial_tone_stutter() -> None:
    fxs = Fxs()
    assert fxs.messages(True) == [Say(write_waiting(True))]
    assert fxs.messages(True) == []
    assert fxs.lifted(0) == [Off(), Tone(Play.MESSAGES)]
    assert fxs.messages(False) == []
    assert fxs.hung_up(1000) == [Tone(Play.NOTHING), HungUp(), Say(write_waiting(False))]


WANTS = st.sampled_from([
    lambda fxs, now: fxs.lifted(now), lambda fxs, now: fxs.hung_up(now), lambda fxs, now: fxs.flashed(now),
    lambda fxs, now: fxs.late(now), lambda fxs, now: fxs.ring(ANNA, STAMP), lambda fxs, now: fxs.burst_over(now),
    lambda fxs, now: fxs.stop(), lambda fxs, now: fxs.left(True), lambda fxs, now: fxs.messages(now % 2 == 0),
    *[lambda fxs, now, key=key: fxs.key(key, now) for key in "159*#AD"],
])  # fmt: skip


@given(st.lists(st.tuples(WANTS, st.integers(0, 9000)), max_size=80))
def test_whatever_happens_bell_and_tones_fit_the_receiver(happenings) -> None:  # type: ignore[no-untyped-def]
    fxs, now, rings, plays = Fxs(), 0, False, Play.NOTHING
    for happens, wait in happenings:
        now += wait
        for out in happens(fxs, now):
            if isinstance(out, Ring):
                assert out.on != rings
                rings = out.on
            elif isinstance(out, Tone):
                plays = out.play
            elif isinstance(out, Say):
                assert fxs.state in (State.IDLE, State.RINGING)
            elif isinstance(out, Called):
                assert 0 < len(out.number) <= 32
        assert rings == (fxs.state is State.RINGING)
        assert plays is Play.NOTHING or fxs.state not in (State.IDLE, State.RINGING)
