# SPDX-License-Identifier: GPL-2.0-or-later
"""The line doctor's ear: lines are made of the known signal, each with one fault, and the figures and findings must say which."""

import random
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest

from appliance.doctor import keys, signal, verdict
from appliance.doctor.keys import Pressed, compare
from appliance.doctor.measure import Way, way
from appliance.doctor.signal import RATE
from appliance.doctor.verdict import Checked, findings, turn

SIGNAL = signal.samples()
BEGINS = 0.04  # s of the recordings before it is played
AFTER = 0.6  # s of them after it
WELL = Way(0.0)


def late(samples: Sequence[float], seconds: float) -> "array[int]":
    """In a recording of the usual length."""
    before = round((BEGINS + seconds) * RATE)
    whole = round((BEGINS + signal.LASTS + AFTER) * RATE)
    return array("h", [0] * before + [max(-32768, min(32767, round(one))) for one in samples])[:whole] + array(
        "h", bytes(2 * max(0, whole - before - len(samples)))
    )


def line(
    gain: float = 0.0,
    *,
    delay: float = 0.08,
    echo: tuple[float, float] | None = None,
    clipped_at: float = 3.14,
    noise: float | None = None,
    gap: tuple[float, float] | None = None,
    dead: bool = False,
) -> Way:
    """gain: dB; echo: dB and s; clipped_at, noise: dBm0; gap: s of the signal, from and to."""
    by, most = 0.0 if dead else 10 ** (gain / 20), signal.amplitude(clipped_at)
    through = [max(-most, min(most, one * by)) for one in SIGNAL]
    if gap:
        first, last = (round(at * RATE) for at in gap)
        through[first:last] = [0.0] * (last - first)
    heard = late(through, delay)
    if noise is not None:
        chance, deviation = random.Random(1), signal.amplitude(noise) / 2**0.5
        heard = array("h", (round(one + chance.gauss(0, deviation)) for one in heard))
    said = late(SIGNAL, 0)
    back = said
    if echo:
        again = late([one * 10 ** (echo[0] / 20) for one in SIGNAL], echo[1])
        back = array("h", map(sum, zip(said, again, strict=True)))
    timed = [max(-32768, min(32767, a + b)) for a, b in zip(said, heard, strict=True)]
    return way(heard, timed, back)


def checked(said: Way = WELL, heard: Way = WELL, said_keys: str = keys.ALL, heard_keys: str = keys.ALL) -> Checked:
    return Checked("gsm", "city", said, heard, compare(keys.ALL, said_keys), compare(keys.ALL, heard_keys))


def found(one: Checked) -> list[tuple[str, str]]:
    return [tuple(each) for each in findings(one)]


def test_a_line_that_changes_nothing() -> None:
    its = line()
    assert (its.gain, its.delay, its.clips, its.lost) == (
        pytest.approx(0.0, abs=0.1),
        pytest.approx(80, abs=0.5),
        None,
        0,
    )
    assert (its.echo_loss, its.echo_delay) == (None, None)
    assert found(checked(its, its)) == []


def test_a_line_six_db_too_low() -> None:
    its = line(-6.0, noise=-60)
    assert its.gain == pytest.approx(-6, abs=0.2)
    assert found(checked(said=its)) == [("too-quiet", "said")]
    assert turn(its) == pytest.approx(6, abs=0.2)


def test_a_line_too_loud() -> None:
    its = line(7.0, clipped_at=10)
    assert found(checked(heard=its)) == [("too-loud", "heard")]
    assert turn(its) == pytest.approx(-7, abs=0.2)


def test_an_echo_of_forty_ms_twenty_db_below() -> None:
    its = line(echo=(-20, 0.04))
    assert its.echo_loss == pytest.approx(20, abs=0.3)
    assert its.echo_delay == pytest.approx(40, abs=0.5)
    assert found(checked(said=its)) == [("echo", "said")]


@pytest.mark.parametrize(("db", "after"), [(-45, 0.1), (-20, 0.005)])
def test_an_echo_that_nobody_notices_is_none(db: float, after: float) -> None:
    assert found(checked(said=line(echo=(db, after)))) == []


def test_an_echo_comes_late_on_a_line_that_is_quiet_and_has_noise() -> None:
    its = line(-10, delay=0.3, noise=-50, echo=(-25, 0.3))
    assert (its.gain, its.delay) == (pytest.approx(-10, abs=0.3), pytest.approx(300, abs=1))
    assert (its.echo_loss, its.echo_delay) == (pytest.approx(25, abs=1), pytest.approx(300, abs=1))


@pytest.mark.parametrize("noise", [None, -40.0])
def test_one_way_sound(noise: float | None) -> None:
    its = line(dead=True, noise=noise)
    assert (its.gain, its.delay) == (None, None)
    assert found(checked(heard=its)) == [("one-way", "heard")]
    assert found(checked(its, its))[0] == ("silent", "")


def test_a_clipped_line() -> None:
    its = line(clipped_at=-12)
    assert its.clips == -3.0
    assert its.gain == pytest.approx(0, abs=0.7)
    assert found(checked(said=its)) == [("clipped", "said")]
    assert turn(its) < 0


def test_noise_gaps_and_delay() -> None:
    assert found(checked(said=line(noise=-40))) == [("noise", "said")]
    its = line(gap=(0.5, 0.62))
    assert its.lost == pytest.approx(100, abs=40)
    assert found(checked(said=its)) == [("gaps", "said")]
    assert found(checked(heard=line(delay=0.4))) == [("late", "heard")]


@pytest.mark.parametrize(
    ("heard", "what"),
    [
        (keys.ALL, Pressed()),
        ("", Pressed(lost=keys.ALL)),
        ("1234678*#ABD", Pressed(lost="590C")),
        ("1123456789990*#ABCD", Pressed(doubled="199")),
        ("12x34567890*#ABCD", Pressed(wrong="x")),
        ("1234567890*#ABxD", Pressed(lost="C", wrong="x")),
    ],
)
def test_keys_that_are_lost_doubled_or_wrong(heard: str, what: Pressed) -> None:
    assert compare(keys.ALL, heard) == what


def test_keys_that_are_lost_or_doubled_are_found_each_way() -> None:
    one = checked(said_keys="", heard_keys="1123467890*#ABCD")
    assert found(one) == [("lost-keys", "said"), ("lost-keys", "heard"), ("doubled-keys", "heard")]


def test_the_worst_is_said_first() -> None:
    one = checked(line(dead=True), line(noise=-40), heard_keys="1")
    assert [each for each, _ in found(one)] == ["one-way", "noise", "lost-keys"]
    assert set(verdict.ORDER) >= {each for each, _ in found(one)}


def test_the_signal_is_read_as_it_was_written(tmp_path: Path) -> None:
    signal.write(tmp_path / "signal.wav", SIGNAL)
    assert signal.read(tmp_path / "signal.wav") == SIGNAL
    assert len(SIGNAL) == pytest.approx(signal.LASTS * RATE, abs=4)


@pytest.mark.parametrize("samples", [[], [0] * 100, [1] * 80_000, [32767, -32768] * 40_000])
def test_recordings_of_anything_are_measured(samples: list[int]) -> None:
    assert way(samples, samples, samples).gain is None
