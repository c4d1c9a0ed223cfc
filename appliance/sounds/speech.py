# SPDX-License-Identifier: GPL-2.0-or-later
"""Text spoken by espeak-ng into WAV files, which are kept for the next time."""

import asyncio
import hashlib
import os
import re
import struct
import unicodedata
import wave
from array import array
from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

PROGRAM = "espeak-ng"
LONGEST = 500  # characters
WITHIN = 10.0  # seconds it may take
MOST_AUDIO = 16_000_000  # bytes, six minutes: a text of nothing but digits takes three
MOST_KEPT = 64_000_000  # bytes of files on the disk
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,12}){0,3}")
SPEED = 150  # words a minute
PEAK = 0.5  # of full scale, as our other sounds have
HEADER = 44  # bytes before the samples; the sizes in it are unknown to espeak-ng when it writes into a pipe
MADE = "1"  # of the way they are made; another one makes them anew


class Unspoken(Exception):
    """A text that cannot be spoken, and why not."""

    id = "unspoken"


class Speech:
    """Files of spoken texts in a folder of their own, the longest unused go first."""

    def __init__(self, folder: Path, *, program: str = PROGRAM, within: float = WITHIN, most: int = MOST_KEPT) -> None:
        self._folder, self._program, self._within, self._most = folder, program, within, most
        self._turn = asyncio.Lock()  # one text at a time: audio has the other core
        self._made: dict[Path, int] = {}  # and their bytes, in the order of use, the latest last
        self._held: frozenset[Path] = frozenset()
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob(".*.new"):
            path.unlink(missing_ok=True)  # left by a program that was killed
        for path in sorted(folder.glob("*.wav"), key=lambda path: path.stat().st_mtime):
            self._made[path] = path.stat().st_size

    def file(self, text: str, language: str) -> str:
        """The WAV file of a text spoken before, "" when it was not."""
        path = self._path(plain(text), language)
        return str(path) if path in self._made else ""

    async def speak(self, text: str, language: str) -> str:
        """The WAV file of a text, made when it is not there yet. Raises Unspoken."""
        said = plain(text)
        if not any(c.isalnum() for c in said) or len(said) > LONGEST:
            raise Unspoken(f"a text has words and at most {LONGEST} characters")
        if not LANGUAGE.fullmatch(language):
            raise Unspoken(f"there is no language {language!r:.40}")
        path = self._path(said, language)
        async with self._turn:
            if path not in self._made or not path.exists():
                size = await asyncio.to_thread(self._keep, path, await self._spoken(said, language))
            else:
                size = self._made.pop(path)
                os.utime(path)
            self._made[path] = size
        self._make_room(path)
        return str(path)

    def hold(self, texts: Iterable[tuple[str, str]]) -> None:
        """Files of these texts, each with its language, never go: the settings name them."""
        self._held = frozenset(self._path(plain(text), language) for text, language in texts)

    def _path(self, said: str, language: str) -> Path:
        name = hashlib.sha256("\0".join((MADE, language, said)).encode()).hexdigest()[:32]
        return self._folder / f"{name}.wav"

    async def _spoken(self, said: str, language: str) -> bytes:
        """What espeak-ng makes of it: the text goes to it as words alone, without markup, and never by way of a shell."""
        words = (self._program, "-v", language, "-s", str(SPEED), "-b", "1", "--stdin", "--stdout")
        try:
            process = await asyncio.create_subprocess_exec(
                *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
            )
        except OSError as fault:
            raise Unspoken(f"{self._program} cannot be started: {fault.strerror}") from None
        try:
            async with asyncio.timeout(self._within):
                audio = await self._talk(process, said.encode())
                code = await process.wait()
        except TimeoutError:
            raise Unspoken(f"{self._program} took longer than {self._within:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if code or len(audio) <= HEADER:
            raise Unspoken(f"{self._program} does not speak {language}")
        return audio

    async def _talk(self, process: asyncio.subprocess.Process, said: bytes) -> bytes:
        assert process.stdin is not None and process.stdout is not None
        with suppress(ConnectionError):  # it ended without having read: its exit code says so
            process.stdin.write(said)
            await process.stdin.drain()
        process.stdin.close()
        audio = bytearray()
        while part := await process.stdout.read(65_536):
            audio += part
            if len(audio) > MOST_AUDIO:
                raise Unspoken("it takes too long to say")
        return bytes(audio)

    def _keep(self, path: Path, audio: bytes) -> int:
        beside = path.with_name(f".{path.name}.new")
        try:
            size = beside.write_bytes(recording(audio))
            os.replace(beside, path)
            return size
        except OSError as fault:
            beside.unlink(missing_ok=True)
            raise Unspoken(f"what is spoken cannot be kept: {fault.strerror}") from None

    def _make_room(self, new: Path) -> None:
        total = sum(self._made.values())
        for path, size in list(self._made.items()):
            if total > self._most and path != new and path not in self._held:
                path.unlink(missing_ok=True)  # a call that hears it has it open
                del self._made[path]
                total -= size


def plain(text: str) -> str:
    """A text as words alone: no control characters, which are commands to espeak-ng, and no phonemes in its spelling."""
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join(kept.replace("[[", "[ [").split())


def recording(audio: bytes) -> bytes:
    """A WAV file, as loud as our others, of what espeak-ng wrote."""
    (rate,) = struct.unpack_from("<I", audio, 24)
    samples = array("h", audio[HEADER : HEADER + (len(audio) - HEADER) // 2 * 2])  # little-endian, as all our machines
    loudest = max(map(abs, samples), default=0) or 1
    scale = 32767 * PEAK / loudest
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        out.writeframes(array("h", (round(sample * scale) for sample in samples)).tobytes())
    return file.getvalue()
