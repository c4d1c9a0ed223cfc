# SPDX-License-Identifier: GPL-2.0-or-later
"""What is heard on a copper pair, weak, noisy, and beside the right frequency."""

import random

import pytest

from appliance.lines._dahdi import Ear, Mouth
from appliance.lines.dahdi.callerid import Caller, Keys, Message, Spill, Waiting, write, write_waiting
from appliance.lines.dahdi.sounds import A_LAW, BELL202, MU_LAW, V23, Heard
from appliance.settings.countries import BUSY, CONGESTION, COUNTRIES, DIAL, Tone, listened
from tests.lines.signals import KEYS, key, linear, louder, mu_law, noisy, silence, skewed, tone

ANNA = Caller("+15550100", "Anna")
STAMP = "11282305"


def spilled(scheme: int, message: bytes, *, law: int = MU_LAW, seizure: int = 300, mark: int = 180) -> bytes:
    return Mouth(law, scheme, message, seizure, mark, 60, -13.5).signal()


def read(signal: bytes, scheme: int, law: int = MU_LAW) -> list[Message]:
    spill = Spill()
    heard = (spill.feed(value) for what, value in Ear(law, scheme).feed(signal) if what == Heard.BYTE)
    return [message for message in heard if message]


def keys(signal: bytes) -> str:
    return "".join(chr(value) for what, value in Ear(MU_LAW).feed(signal) if what == Heard.DIGIT)


def tones(samples: list[float], country: str, cycles: int = 4) -> list[int]:
    ear = Ear(MU_LAW, tones=listened(COUNTRIES[country], cycles))
    return [value for what, value in ear.feed(mu_law(samples)) if what == Heard.TONE]


def played(sound: Tone, ms: int, level: float = -15.0) -> list[float]:
    hz = [each for each in (sound.hz, sound.hz2) if each]
    if not sound.off:
        return tone(ms, *hz, level=level)
    cycle = tone(sound.on, *hz, level=level) + silence(sound.off)
    return cycle * (ms // (sound.on + sound.off) + 1)


@pytest.mark.parametrize("scheme", [BELL202, V23])
@pytest.mark.parametrize("law", [MU_LAW, A_LAW])
def test_a_telephone_reads_the_caller_and_the_lamp(scheme: int, law: int) -> None:
    both = spilled(scheme, write(ANNA, STAMP), law=law) + spilled(scheme, write_waiting(True), law=law)
    assert read(both, scheme, law) == [ANNA, Waiting(True)]


@pytest.mark.parametrize("scheme", [BELL202, V23])
@pytest.mark.parametrize("db, noise, ppm", [(0, -60, 0), (-20, -60, 0), (-24, -52, 0), (10, -40, 0), (0, -33, 0),
                                            (0, -60, 10_000), (0, -60, -10_000), (-10, -42, 5_000)])  # fmt: skip
def test_the_caller_is_read_weak_loud_in_noise_and_beside_the_rate(
    scheme: int, db: float, noise: float, ppm: float
) -> None:
    signal = linear(spilled(scheme, write(ANNA, STAMP)))
    line = noisy(silence(200) + skewed(louder(signal, db), ppm) + silence(200), noise)
    assert read(mu_law(line), scheme) == [ANNA]


def test_a_message_with_one_wrong_bit_is_no_caller() -> None:
    message = bytearray(write(ANNA, STAMP))
    message[14] ^= 1
    assert read(spilled(BELL202, bytes(message)), BELL202) == []


@pytest.mark.parametrize("off, level, ms, noise", [(0, -10, 70, -60), (0.015, -10, 70, -60), (-0.015, -10, 70, -60),
                                                   (0, -35, 70, -60), (0, 0, 70, -60), (0, -10, 40, -60),
                                                   (0, -10, 70, -26)])  # fmt: skip
def test_every_key_is_heard_once(off: float, level: float, ms: float, noise: float) -> None:
    pressed = [sample for digit in KEYS + "55" for sample in key(digit, ms, level=level, off=off) + silence(60)]
    assert keys(mu_law(noisy(pressed, noise))) == KEYS + "55"


def test_a_key_held_down_is_one_key() -> None:
    assert keys(mu_law(key("5", 3000))) == "5"


def test_keys_are_not_heard_in_a_voice_or_in_other_tones() -> None:
    chance = random.Random(4)
    voice: list[float] = []
    for _ in range(400):  # vowels: a pitch and its harmonics, gliding from one to the next
        pitch = chance.uniform(90, 250)
        voice += tone(chance.uniform(30, 90), *(pitch * n for n in range(1, 9)), level=chance.uniform(-35, -20))
    assert keys(mu_law(voice + tone(2000, 350, 440) + tone(2000, 480, 620) + tone(1000, 2100))) == ""


@pytest.mark.parametrize("country", COUNTRIES)
def test_each_countrys_busy_tone_ends_a_call(country: str) -> None:
    busy = COUNTRIES[country].busy
    said = tones(noisy(tone(1500, 210, 630, 1100) + played(busy, 6000), -50), country)
    assert BUSY in said and DIAL not in said


@pytest.mark.parametrize("country", ["us", "uk", "de", "fr", "ru"])
def test_congestion_is_told_apart_from_busy(country: str) -> None:
    if country != "uk":  # 400/350 ms there, too near busy's 375/375
        assert tones(played(COUNTRIES[country].congestion, 6000), country) == [CONGESTION]


@pytest.mark.parametrize("country", [name for name, country in COUNTRIES.items() if not country.dial.off])
def test_dial_tone_is_heard_within_a_second(country: str) -> None:
    assert tones(silence(300) + played(COUNTRIES[country].dial, 1000), country) == [DIAL]


def test_ringing_music_and_a_single_beat_end_nothing() -> None:
    ringing = (tone(2000, 440, 480, level=-19) + silence(4000)) * 3
    chance = random.Random(8)
    music = [sample for _ in range(60) for sample in tone(chance.choice((250, 500)), chance.uniform(200, 900))]
    short = played(COUNTRIES["us"].busy, 1500)
    assert tones(ringing + music + short + silence(3000), "us") == []


def test_silence_is_counted_and_a_word_ends_it() -> None:
    ear = Ear(MU_LAW)
    ear.feed(mu_law(noisy(silence(2000), -60)))
    assert 1960 <= ear.silence <= 2000
    assert ear.level < -50
    ear.feed(mu_law(tone(100, 300, level=-20)))
    assert ear.silence == 0
    assert -21 < ear.level < -19


def test_any_bytes_are_borne() -> None:
    chance = random.Random(6)
    everything = listened(COUNTRIES["us"], 4)
    for scheme in (BELL202, V23):
        for law in (MU_LAW, A_LAW):
            ear, spill, pressed = Ear(law, scheme, everything), Spill(), Keys()
            for _ in range(60):
                for what, value in ear.feed(chance.randbytes(chance.randrange(8000))):
                    if what == Heard.BYTE:
                        spill.feed(value)
                    elif what == Heard.DIGIT:
                        pressed.feed(chr(value))
            assert len(spill.bytes) <= 600 and len(pressed.keys) <= 34


@pytest.mark.parametrize("wrong", [
    lambda: Ear(0), lambda: Ear(3), lambda: Ear(1, 2), lambda: Ear(1, 0, [(400, 0, 1, 1, 1)] * 7),
    lambda: Ear(1, 0, [(5000, 0, 1, 1, 1)]), lambda: Ear(1, 0, [(float("nan"), 0, 1, 1, 1)]),
    lambda: Mouth(1, 0, bytes(259), 300, 180, 10, -10), lambda: Mouth(1, 2, b"", 300, 180, 10, -10),
    lambda: Mouth(1, 0, b"", 20_000, 180, 10, -10), lambda: Mouth(1, 0, b"", 300, 180, 10, float("nan")),
])  # fmt: skip
def test_what_is_out_of_range_is_refused(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError):
        wrong()
