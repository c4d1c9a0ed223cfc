# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings in any format, converted once into what the box plays: mono, 16 bits, 16 kHz."""

import asyncio
import hashlib
import logging
import os
import shutil
import stat
import wave
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from appliance.sounds import apart

log = logging.getLogger("sounds")

PROGRAM = "ffmpeg"
RATE = 16_000  # samples a second
LONGEST = 900  # seconds of sound
MOST_FILE = 200_000_000  # bytes; a quarter of an hour of studio WAV has 170
WITHIN = 60.0  # seconds it may take
# prlimit(1): address space in bytes, seconds of the processor, no file written
LIMITS = ("prlimit", "--as=1000000000", "--cpu=60", "--fsize=0", "--core=0", "--nofile=64", "nice", "-n", "10")
MADE = "1"  # of the way they are made; another one makes them anew
KINDS = (  # what a file begins with, from which byte on, and ffmpeg's name for its format
    (0, b"RIFF", "wav"),
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (0, b"ID3", "mp3"),
    (4, b"ftyp", "mov"),
    (0, b"FORM", "aiff"),
    (0, b"caff", "caf"),
    (0, b".snd", "au"),
    (0, b"#!AMR", "amr"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, b"\x30\x26\xb2\x75", "asf"),
    (0, b"\xff\xf1", "aac"),
    (0, b"\xff\xf9", "aac"),
)
MPEG = 0xE0  # the second byte of a frame of MPEG audio has these bits; the first is 0xff


class Unheard(Exception):
    """A recording that cannot be heard, and why not."""

    id = "unheard"


def kind(head: bytes) -> str:
    """ffmpeg's name for the format of a file that begins so; "" for none we take. The file has no say in it."""
    for at, begins, name in KINDS:
        if head[at : at + len(begins)] == begins:
            return name
    return "mp3" if len(head) > 1 and head[0] == 0xFF and head[1] & MPEG == MPEG else ""


def is_ours(path: Path) -> bool:
    """Whether it is played as it is: a WAV file of 16 bits and one channel, 8 to 48 kHz."""
    if not path.is_file():  # a pipe would make us wait
        return False
    try:
        with wave.open(str(path), "rb") as file:
            rate, long_enough = file.getframerate(), file.getnframes() * 50 >= file.getframerate()
            return (
                (file.getnchannels(), file.getsampwidth()) == (1, 2)
                and 8000 <= rate <= 48_000
                and rate % 50 == 0
                and long_enough
                and file.getnframes() * 2 < path.stat().st_size  # its head may claim what it does not hold
            )
    except (wave.Error, EOFError, OSError):
        return False


class Recordings:
    """Converted recordings in a folder of their own."""

    def __init__(self, folder: Path, *, program: str = PROGRAM, within: float = WITHIN) -> None:
        self._folder, self._program, self._within = folder, program, within
        self._turn = asyncio.Lock()  # one at a time: audio has the other core
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob(".*.new"):
            path.unlink(missing_ok=True)  # left by a program that was killed

    def file(self, path: str) -> str:
        """What is played for a recording as it is now: itself as long as it was not converted."""
        try:
            made = self._made(path)
        except Unheard:
            return path
        return str(made) if made.exists() else path

    async def prepare(self, path: str) -> str:
        """What is played for a recording, converted if need be. Raises Unheard."""
        async with self._turn:
            made = await asyncio.to_thread(self._made, path)
            if made.exists():
                return str(made)
            if await asyncio.to_thread(is_ours, Path(path)):
                return path
            audio = await converted(path, self._program, self._within)
            try:
                await asyncio.to_thread(keep, made, audio)
            except OSError as fault:
                raise Unheard(f"it cannot be kept: {fault.strerror}") from None
        return str(made)

    def hold(self, paths: Iterable[str]) -> None:
        """Of all others nothing is kept; a call that hears one has it open."""
        held = {Path(self.file(path)) for path in paths}
        for path in self._folder.glob("*.wav"):
            if path not in held:
                path.unlink(missing_ok=True)

    def _made(self, path: str) -> Path:
        """Where it is when it was converted; another file of the same name is another. Raises Unheard."""
        try:
            about = os.stat(path)
        except OSError as fault:
            raise Unheard(f"it cannot be read: {fault.strerror}") from None
        name = "\0".join((MADE, path, str(about.st_size), str(about.st_mtime_ns)))
        return self._folder / f"{hashlib.sha256(name.encode(errors='surrogateescape')).hexdigest()[:32]}.wav"


async def converted(path: str, program: str = PROGRAM, within: float = WITHIN) -> bytes:
    """The WAV file of a recording. Raises Unheard."""
    given = await asyncio.to_thread(look, path)
    found = shutil.which(program)
    if found is None:
        raise Unheard(f"{program} is not installed, and nothing else plays this format")
    words = (
        *(*LIMITS, found, "-nostdin", "-v", "error", "-protocol_whitelist", "file", "-f", given),
        *("-i", f"file:{path}", "-map", "0:a:0", "-t", str(LONGEST + 1), "-ac", "1", "-ar", str(RATE)),
        *("-threads", "1", "-f", "s16le", "pipe:1"),
    )
    try:
        audio = await apart.output(words, within=within, most=2 * RATE * (LONGEST + 2))
    except apart.Failed as fault:
        raise Unheard(str(fault) or "there is no sound in it that can be read") from None
    seconds = len(audio) / 2 / RATE
    if seconds > LONGEST:
        raise Unheard(f"it is longer than {LONGEST // 60} minutes")
    if seconds < 0.02:
        raise Unheard("there is no sound in it")
    return wav(audio, RATE)


def look(path: str) -> str:
    """The format of a recording by its first bytes. Raises Unheard for what we do not take."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe would make us wait
        try:
            about, head = os.fstat(file), b""
            if stat.S_ISREG(about.st_mode):
                head = os.pread(file, 16, 0)
        finally:
            os.close(file)
    except OSError as fault:
        raise Unheard(f"it cannot be read: {fault.strerror}") from None
    if not stat.S_ISREG(about.st_mode):
        raise Unheard("it is no file")
    if about.st_size > MOST_FILE:
        raise Unheard(f"it has more than {MOST_FILE // 1_000_000} MB")
    if not (known := kind(head)):
        raise Unheard("it is no recording of a kind we know")
    return known


def wav(samples: bytes, rate: int) -> bytes:
    """A mono 16-bit WAV file."""
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        out.writeframes(samples)
    return file.getvalue()


def keep(path: Path, data: bytes) -> int:
    """Put a file where it belongs, whole or not at all; its bytes. Raises OSError."""
    beside = path.with_name(f".{path.name}.new")
    try:
        size = beside.write_bytes(data)
        os.replace(beside, path)
        return size
    except OSError:
        beside.unlink(missing_ok=True)
        raise
