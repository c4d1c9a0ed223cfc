# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings of any format become files that a caller can hear, whatever is in them; ffmpeg converts them."""

import asyncio
import gzip
import os
import struct
import subprocess
import wave
from pathlib import Path

import pytest

from appliance.sounds.recordings import LONGEST, MOST_FILE, Recordings, Unheard, is_ours
from tests.telephones import tone

HZ = 500
FORMATS = ("mp3", "ogg", "opus", "flac", "m4a", "aac", "aiff", "webm", "wma", "caf", "au")


def encoded(folder: Path, ending: str, *how: str) -> Path:
    """A second of a tone as ffmpeg writes it from stereo of 44.1 kHz."""
    file = folder / f"tone.{ending}"
    source = tone.write(folder / "source.wav", HZ, 1.0, 44100)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", source, "-ac", "2", *how, file], check=True)
    return file


@pytest.mark.parametrize("ending", FORMATS)
async def test_a_recording_of_any_format_is_heard(tmp_path: Path, ending: str) -> None:
    made = Path(await Recordings(tmp_path / "converted").prepare(str(encoded(tmp_path, ending))))
    with wave.open(str(made)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16000)
    assert tone.heard(made, HZ) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    "how",
    [
        ("-ar", "11025"),
        ("-ar", "96000"),
        ("-c:a", "pcm_s24le"),
        ("-c:a", "pcm_alaw", "-ar", "8000"),
        ("-c:a", "pcm_f32le"),
    ],
)
async def test_a_wav_of_any_kind_is_heard(tmp_path: Path, how: tuple[str, ...]) -> None:
    made = Path(await Recordings(tmp_path / "converted").prepare(str(encoded(tmp_path, "wav", *how))))
    assert is_ours(made) and tone.heard(made, HZ) == pytest.approx(1.0, abs=0.1)


async def test_what_can_be_played_is_played_as_it_is_and_needs_no_other_program(tmp_path: Path) -> None:
    file = str(tone.write(tmp_path / "ours.wav", HZ, 1.0, 8000))
    recordings = Recordings(tmp_path / "converted", program="/nowhere/ffmpeg")
    assert await recordings.prepare(file) == recordings.file(file) == file


async def test_it_is_converted_once_and_known_after_a_restart_until_the_file_is_another(tmp_path: Path) -> None:
    file = encoded(tmp_path, "mp3")
    first = await Recordings(tmp_path / "converted").prepare(str(file))
    again = Recordings(tmp_path / "converted", program="/nowhere/ffmpeg")
    assert again.file(str(file)) == await again.prepare(str(file)) == first
    file.write_bytes(file.read_bytes() * 2)
    assert again.file(str(file)) == str(file)
    with pytest.raises(Unheard, match="not installed"):
        await again.prepare(str(file))


async def test_what_no_prompt_needs_any_more_goes(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path / "converted")
    files = [str(encoded(tmp_path, ending)) for ending in ("mp3", "ogg")]
    made = [Path(await recordings.prepare(file)) for file in files]
    recordings.hold(files[:1])
    assert [path.exists() for path in made] == [True, False]


# ---- hostile files --------------------------------------------------------------------------------------------------


def wav(*, claims: int, holds: int, rate: int = 16_000) -> bytes:
    """One channel of 16 bits whose head claims so many bytes of sound, and which holds so many."""
    form = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    whole = (claims + 36) & 0xFFFFFFFF
    return (
        b"RIFF"
        + struct.pack("<I", whole)
        + b"WAVEfmt \x10\0\0\0"
        + form
        + b"data"
        + struct.pack("<I", claims)
        + bytes(holds)
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no recording"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", "no recording"),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", "no recording"),
        (b"#!/bin/sh\ntouch /tmp/x\n", "no recording"),
        (b"RIFF\xff\xff\xff\xffWAVE" + bytes(64), "no sound"),
        (wav(claims=0xFFFFFFF0, holds=0), "no sound"),
        (wav(claims=1 << 20, holds=64), "no sound"),
        (wav(claims=1 << 20, holds=64, rate=0), "no sound"),
        (b"PK\x03\x04" + bytes(64), "no recording"),
        (gzip.compress(bytes(1 << 24)), "no recording"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no recording"),
        (b"ID3" + bytes(5000), "no sound"),
        (b"OggS" + os.urandom(5000), "no sound"),
        (b"\x00\x00\x00\x20ftypM4A " + os.urandom(5000), "no sound"),
        (b"\x1a\x45\xdf\xa3" + os.urandom(5000), "no sound"),
    ],
)
async def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "upload.mp3"
    file.write_bytes(content)
    with pytest.raises(Unheard, match=why):
        await Recordings(tmp_path / "converted").prepare(str(file))
    assert not list((tmp_path / "converted").iterdir())


async def test_a_recording_that_is_cut_off_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    file = encoded(tmp_path, "mp3")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    made = Path(await Recordings(tmp_path / "converted").prepare(str(file)))
    assert 0.2 < tone.heard(made, HZ) < 0.8


async def test_what_is_no_file_is_refused_and_waits_for_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    (tmp_path / "folder.mp3").mkdir()
    huge = tmp_path / "huge.mp3"
    with huge.open("wb") as file:
        file.write(b"ID3")
        file.truncate(MOST_FILE + 1)
    recordings = Recordings(tmp_path / "converted")
    async with asyncio.timeout(20):
        for name, why in (
            ("pipe", "no file"),
            ("folder", "no file"),
            ("huge", "more than"),
            ("none", "cannot be read"),
        ):
            with pytest.raises(Unheard, match=why):
                await recordings.prepare(str(tmp_path / f"{name}.mp3"))


async def test_a_recording_that_is_too_long_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "long.wav"
    with wave.open(str(file), "wb") as out:
        out.setparams((2, 2, 8000, 0, "NONE", ""))
        out.writeframes(bytes(4 * 8000 * (LONGEST + 5)))
    with pytest.raises(Unheard, match="longer than 15 minutes"):
        await Recordings(tmp_path / "converted").prepare(str(file))


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("exec sleep 60", "took longer"),
        ("exec cat /dev/zero", "too long"),
        ("kill -9 $$", "no sound"),
        ("exec dd if=/dev/zero of=$(dirname $0)/written bs=1M count=9", "no sound"),
        ("exec python3 -c 'import sys; x = bytearray(2_000_000_000); sys.stdout.write(\"x\" * 99999)'", "no sound"),
    ],
    ids=["hangs", "never ends", "dies", "writes", "eats memory"],
)
async def test_a_converter_that_runs_wild_is_stopped(tmp_path: Path, does: str, why: str) -> None:
    program = tmp_path / "converter"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    file = encoded(tmp_path, "mp3")
    async with asyncio.timeout(20):
        with pytest.raises(Unheard, match=why):
            await Recordings(tmp_path / "converted", program=str(program), within=2.0).prepare(str(file))
    assert not list((tmp_path / "converted").iterdir())
    assert not (tmp_path / "written").exists() or not (tmp_path / "written").stat().st_size
