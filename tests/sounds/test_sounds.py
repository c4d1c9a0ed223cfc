# SPDX-License-Identifier: GPL-2.0-or-later
"""What callers hear that nobody says."""

import subprocess
import sys
import wave
from array import array
from pathlib import Path

import pytest

from appliance import sounds
from appliance.sounds import make
from tests.telephones import tone


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    subprocess.run([sys.executable, make.__file__, str(folder)], check=True)
    return folder


@pytest.mark.parametrize("sound", ["music", "beep", "greeting", "confirm"])
def test_every_sound_is_a_wav_the_box_can_play(made: Path, sound: str) -> None:
    with wave.open(str(made / f"{sound}.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16000)
    pcm, _ = tone.load(made / f"{sound}.wav")
    assert max(map(abs, pcm)) <= 32767 * make.PEAK + 1, "it could clip"


def test_the_music_lasts_is_never_silent_and_is_the_same_each_time(made: Path, tmp_path: Path) -> None:
    pcm, rate = tone.load(made / "music.wav")
    assert 40 <= len(pcm) / rate <= 60
    assert tone.loud(made / "music.wav") > 0.98 * len(pcm) / rate
    make.write(tmp_path / "again.wav", make.music())
    assert (tmp_path / "again.wav").read_bytes() == (made / "music.wav").read_bytes()


def test_the_music_leads_back_into_its_beginning(made: Path) -> None:
    """What rings at the end rings on at the start: turned by half, the piece has no step where the seam was."""
    pcm, rate = tone.load(made / "music.wav")
    steps = array("i", (abs(pcm[n] - pcm[n - 1]) for n in range(len(pcm))))  # n = 0 is the seam
    assert steps[0] <= max(steps[rate : 2 * rate])
    before, after = pcm[-rate // 20 :], pcm[: rate // 20]
    assert max(map(abs, before)) > 300 and max(map(abs, after)) > 300


def test_the_greeting_is_words_and_the_beep_is_a_beep(made: Path) -> None:
    assert 2 < tone.loud(made / "greeting.wav") < 10
    assert 0.8 < tone.loud(made / "confirm.wav") < 3
    assert tone.heard(made / "beep.wav", 850) == pytest.approx(0.4, abs=0.05)


def test_without_a_voice_there_are_tones_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    make.speak(make.SAYING, tmp_path / "greeting.wav")
    assert tone.heard(tmp_path / "greeting.wav", 950) > 0.2
    assert tone.heard(tmp_path / "greeting.wav", 480) > 0.3


def test_a_sound_that_was_not_made_says_how_to_make_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sounds, "files", lambda name: tmp_path)
    with pytest.raises(FileNotFoundError, match=r"python -m appliance\.sounds\.make"):
        sounds.path("music")
