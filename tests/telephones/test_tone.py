# SPDX-License-Identifier: GPL-2.0-or-later
"""A tone is found where it is, and only there: otherwise no test of audio means anything."""

import random
from array import array
from pathlib import Path

import pytest

from tests.telephones import g711, tone

TONES = [440, 700, 1000, 1500]


def through_telephone(path: Path, noise: float) -> Path:
    """The file as it comes out of G.711 with line noise of this level (0..1 of full scale)."""
    pcm, rate = tone.load(path)
    dice = random.Random(711)
    noisy = array("h", (max(-32768, min(32767, s + round(dice.gauss(0, noise * 32767)))) for s in pcm))
    tone.save(path, g711.decode(g711.encode(noisy)), rate)
    return path


@pytest.mark.parametrize("hz", TONES)
@pytest.mark.parametrize("rate", [8000, 16000, 48000])
@pytest.mark.parametrize("noise", [0, 0.01, 0.05])
def test_a_tone_is_heard_through_the_telephone_and_no_other(tmp_path: Path, hz: int, rate: int, noise: float) -> None:
    path = through_telephone(tone.write(tmp_path / "tone.wav", hz, 1.0, rate), noise)
    assert tone.heard(path, hz) == pytest.approx(1.0, abs=0.05)
    assert all(tone.heard(path, other) == 0 for other in TONES if other != hz)


def test_it_is_known_when_a_tone_was_heard(tmp_path: Path) -> None:
    pcm = tone.samples(0, 1.0, 8000) + tone.samples(700, 2.0, 8000) + tone.samples(1000, 0.5, 8000)
    tone.save(tmp_path / "day.wav", pcm, 8000)
    assert tone.heard(tmp_path / "day.wav", 700) == pytest.approx(2.0, abs=0.09)
    assert tone.heard(tmp_path / "day.wav", 700, until=1.0) == 0
    assert tone.heard(tmp_path / "day.wav", 700, since=1.0, until=3.0) == pytest.approx(2.0, abs=0.05)
    assert tone.heard(tmp_path / "day.wav", 1000, since=3.0) == pytest.approx(0.5, abs=0.05)
    assert tone.loud(tmp_path / "day.wav", until=1.0) == 0
    assert tone.loud(tmp_path / "day.wav", since=1.0) == pytest.approx(2.5, abs=0.05)


@pytest.mark.parametrize("noise", [0.0001, 0.2])
def test_noise_is_no_tone(tmp_path: Path, noise: float) -> None:
    path = through_telephone(tone.write(tmp_path / "noise.wav", 0, 1.0, 8000), noise)
    assert [tone.heard(path, hz) for hz in TONES] == [0, 0, 0, 0]


def test_a_tone_buried_in_noise_is_not_claimed(tmp_path: Path) -> None:
    path = through_telephone(tone.write(tmp_path / "buried.wav", 1000, 1.0, 8000, level=0.05), 0.2)
    assert tone.heard(path, 1000) == 0


def test_every_a_law_byte_survives() -> None:
    """0x55 and 0xD5 ... each code stands for a sample of its own, so decoding and encoding give it back."""
    assert g711.encode(g711.decode(bytes(range(256)))) == bytes(range(256))
    assert g711.DECODED[0xD5] == 8 and g711.DECODED[0x55] == -8 and g711.DECODED[0xAA] == 32256
