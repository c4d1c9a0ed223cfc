# SPDX-License-Identifier: GPL-2.0-or-later
"""Texts become files that a caller can hear, whatever stands in them, and never fill the disk."""

import asyncio
import sys
import wave
from pathlib import Path

import pytest

from appliance.sounds.speech import LONGEST, PEAK, Speech, Unspoken, plain
from tests.telephones import tone

HELLO = "Your order is ready."


def program(folder: Path, does: str) -> str:
    """A program in the place of espeak-ng."""
    path = folder / "voice"
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", HELLO), ("ru", "Ваш заказ готов."), ("uk", "Ваше замовлення готове."), ("lt", "Labas")],
)
async def test_a_text_is_spoken_in_its_language(tmp_path: Path, language: str, text: str) -> None:
    file = Path(await Speech(tmp_path).speak(text, language))
    with wave.open(str(file)) as heard:
        assert (heard.getnchannels(), heard.getsampwidth()) == (1, 2)
    assert 0.3 < tone.loud(file) < 5
    pcm, _ = tone.load(file)
    assert max(map(abs, pcm)) / 32767 == pytest.approx(PEAK, abs=0.2), "about as loud as our other sounds"


async def test_the_same_text_is_made_once_and_known_after_a_restart(tmp_path: Path) -> None:
    speech = Speech(tmp_path / "spoken")
    assert speech.file(HELLO, "en") == ""
    first = await speech.speak(HELLO, "en")
    again = Speech(tmp_path / "spoken", program=program(tmp_path, "exit 9"))
    assert again.file(HELLO, "en") == await again.speak(f"  {HELLO}\n", "en") == first
    with pytest.raises(Unspoken):
        await again.speak(HELLO, "ru")


async def test_a_file_that_was_taken_away_is_made_again(tmp_path: Path) -> None:
    speech = Speech(tmp_path)
    file = Path(await speech.speak(HELLO, "en"))
    file.unlink()
    assert Path(await speech.speak(HELLO, "en")).is_file()


@pytest.mark.parametrize(
    "text",
    ["$(touch {0})", "`touch {0}`; touch {0}", "-w {0} words", "--path={0} words", "' \" \\ | > {0}", "-f {0} words"],
)
async def test_no_text_is_ever_taken_for_a_command_or_an_option(tmp_path: Path, text: str) -> None:
    trace = tmp_path / "trace"
    speech = Speech(tmp_path / "spoken")
    await speech.speak(text.format(trace), "en")
    assert not trace.exists() and len(list(tmp_path.rglob("*.wav"))) == 1


async def test_markup_is_read_out_and_not_obeyed(tmp_path: Path) -> None:
    speech = Speech(tmp_path)
    pause = await speech.speak('one <break time="60s"/> two', "en")
    play = await speech.speak('<speak><audio src="/etc/hostname"/>one</speak>', "en")
    assert tone.load(Path(pause))[1] and max(len(tone.load(Path(file))[0]) for file in (pause, play)) < 22050 * 15


def test_what_would_be_a_command_to_the_voice_is_no_part_of_the_words() -> None:
    assert plain("a\x01 50Pb\x00\n\u2028c [[h@l'oU]]") == "a 50Pb c [ [h@l'oU]]"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "en"),
        (" ...! ", "en"),
        ("x" * (LONGEST + 1), "en"),
        ("one", "xx"),
        ("one", "../en"),
        ("one", "-w"),
        ("one", ""),
    ],
)
async def test_what_cannot_be_spoken_is_refused(tmp_path: Path, text: str, language: str) -> None:
    with pytest.raises(Unspoken):
        await Speech(tmp_path).speak(text, language)
    assert not list(tmp_path.iterdir())


async def test_the_longest_text_is_spoken_in_time(tmp_path: Path) -> None:
    assert Path(await Speech(tmp_path).speak("7" * LONGEST, "en")).is_file()


@pytest.mark.parametrize("does", ["exec sleep 60", "exec cat /dev/zero", "exit 0", "kill -9 $$", "printf RIFF"])
async def test_a_voice_that_hangs_or_never_ends_or_dies_is_given_up(tmp_path: Path, does: str) -> None:
    speech = Speech(tmp_path / "spoken", program=program(tmp_path, does), within=0.5)
    async with asyncio.timeout(20):
        with pytest.raises(Unspoken):
            await speech.speak(HELLO, "en")
    assert not list((tmp_path / "spoken").iterdir())


async def test_a_voice_that_is_not_installed_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unspoken, match="cannot be started"):
        await Speech(tmp_path, program="/nowhere/espeak-ng").speak(HELLO, "en")


async def test_the_longest_unused_go_when_there_are_too_many_but_never_a_prompt(tmp_path: Path) -> None:
    size = Path(await Speech(tmp_path / "one").speak("text number 1", "en")).stat().st_size
    speech = Speech(tmp_path / "spoken", most=size * 4)
    speech.hold([("text number 1", "en")])
    for number in (1, 2, 3, 2, 4, 5):
        await speech.speak(f"text number {number}", "en")
    there = {number for number in range(1, 6) if speech.file(f"text number {number}", "en")}
    assert {1, 5} <= there and 3 not in there
    assert sum(path.stat().st_size for path in (tmp_path / "spoken").iterdir()) <= size * 4


async def test_many_at_once_are_spoken_one_after_the_other_and_a_text_once(tmp_path: Path) -> None:
    speech = Speech(tmp_path)
    files = await asyncio.gather(*(speech.speak(f"number {number % 3}", "en") for number in range(9)))
    assert len(set(files)) == 3 and all(Path(file).is_file() for file in files)


# ---- Piper: a program that takes what Piper takes on its command line stands in for it, as its voices are large ------

PIPER = """#!{python}
import sys, wave
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
assert set(given) == {{"--model", "--output_file"}}, given
text = sys.stdin.read()
{does}
with wave.open(given["--output_file"], "wb") as out:
    out.setparams((1, 2, 22050, 0, "NONE", ""))
    out.writeframes(b"\\x00\\x10\\x00\\xf0" * 22050 * len(text.splitlines()))
"""


def piper(folder: Path, does: str = "") -> str:
    path = folder / "piper"
    path.write_text(PIPER.format(python=sys.executable, does=does))
    path.chmod(0o755)
    return str(path)


def frames(file: str) -> int:
    with wave.open(file) as heard:
        return heard.getnframes()


async def test_piper_speaks_the_languages_it_has_voices_of_and_espeak_the_others(tmp_path: Path) -> None:
    speech = Speech(tmp_path / "spoken", piper=piper(tmp_path))
    speech.use({"en": "/voices/en.onnx"})
    assert frames(await speech.speak(f"{HELLO}\nThank you.", "en")) == 44100, "one line of text, one of sound"
    assert frames(await speech.speak(HELLO, "en-gb")) == 44100
    assert frames(await speech.speak("Ваш заказ готов.", "ru")) != 44100
    pcm, _ = tone.load(Path(await speech.speak(HELLO, "en")))
    assert max(pcm) == pytest.approx(32767 * PEAK, abs=1), "as loud as our other sounds"


@pytest.mark.parametrize("does", ["sys.exit(1)", "raise MemoryError", "sys.exit(0)", 'print("x" * 99999)'])
async def test_espeak_speaks_when_piper_cannot_and_it_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, does: str
) -> None:
    speech = Speech(tmp_path / "spoken", piper=piper(tmp_path, does))
    speech.use({"en": "/voices/en.onnx"})
    assert await speech.speak(HELLO, "en") == speech.file(HELLO, "en") != ""
    assert "espeak-ng speaks instead" in caplog.text
    assert [path.suffix for path in (tmp_path / "spoken").iterdir()] == [".wav"]


async def test_espeak_speaks_when_piper_is_not_installed(tmp_path: Path) -> None:
    speech = Speech(tmp_path / "spoken", piper="/nowhere/piper")
    speech.use({"en": "/voices/en.onnx"})
    assert await speech.speak(HELLO, "en")


async def test_another_voice_speaks_anew_and_what_the_old_one_said_is_heard_until_then(tmp_path: Path) -> None:
    speech = Speech(tmp_path / "spoken", piper=piper(tmp_path))
    espeak = await speech.speak(HELLO, "en")
    speech.use({"en": "/voices/one.onnx"})
    assert speech.file(HELLO, "en") == espeak
    one = await speech.speak(HELLO, "en")
    assert speech.file(HELLO, "en") == one != espeak
    speech.use({"en": "/voices/two.onnx"})
    assert speech.file(HELLO, "en") == one
    assert await speech.speak(HELLO, "en") not in (one, espeak)
