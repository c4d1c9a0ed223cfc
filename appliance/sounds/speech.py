# SPDX-License-Identifier: GPL-2.0-or-later
"""Text spoken by espeak-ng, or by Piper where it has a voice, into WAV files, which are kept for the next time."""

import asyncio
import hashlib
import logging
import os
import re
import shutil
import struct
import unicodedata
import wave
from array import array
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from appliance.sounds import apart
from appliance.sounds.recordings import keep, wav

log = logging.getLogger("sounds")

PROGRAM, PIPER = "espeak-ng", "piper"
LONGEST = 500  # characters
WITHIN, PIPER_WITHIN = 10.0, 60.0  # seconds it may take
MOST_SAID = 65_536  # bytes that Piper, which writes its sound elsewhere, may say about it
MOST_AUDIO = 16_000_000  # bytes, six minutes: a text of nothing but digits takes three
MOST_KEPT = 64_000_000  # bytes of files on the disk
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,12}){0,3}")
SPEED = 150  # words a minute
PEAK = 0.5  # of full scale, as our other sounds have
AMPLITUDE = 60  # espeak-ng's own measure, 100 by default; the peaks of its sentences are then 0.35-0.6 of full scale
HEADER = 44  # bytes before the samples; the sizes in it are unknown to espeak-ng when it writes into a pipe
MADE = "2"  # of the way they are made; another one makes them anew


class Unspoken(Exception):
    """A text that cannot be spoken, and why not."""

    id = "unspoken"


class Speech:
    """Files of spoken texts in a folder of their own, the longest unused go first."""

    def __init__(
        self,
        folder: Path,
        *,
        program: str = PROGRAM,
        piper: str = PIPER,
        within: float = WITHIN,
        most: int = MOST_KEPT,
    ) -> None:
        self._folder, self._program, self._piper, self._within, self._most = folder, program, piper, within, most
        self._voices: list[Mapping[str, str]] = []  # of Piper by language, those in use first, then those before them
        self._failed: set[str] = set()  # voices that could not speak
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
        said = plain(text)
        paths = (self._path(said, language, model) for model in self._models(language))
        return next((str(path) for path in paths if path in self._made), "")

    def use(self, voices: Mapping[str, str]) -> None:
        """Piper's voices by language, each a model file; espeak-ng speaks all other languages, and where Piper fails."""
        self._voices = [voices, *self._voices[:1]]
        self._failed.clear()

    async def speak(self, text: str, language: str) -> str:
        """The WAV file of a text, made when it is not there yet. Raises Unspoken."""
        said = plain(text)
        if not any(c.isalnum() for c in said) or len(said) > LONGEST:
            raise Unspoken(f"a text has words and at most {LONGEST} characters")
        if not LANGUAGE.fullmatch(language):
            raise Unspoken(f"there is no language {language!r:.40}")
        async with self._turn:
            model = self._model(language)
            try:
                path = await self._have(said, language, model)
            except Unspoken as fault:
                if not model:
                    raise
                self._failed.add(model)
                log.error("espeak-ng speaks instead: %s", fault)
                path = await self._have(said, language, "")
        self._make_room(path)
        return str(path)

    async def _have(self, said: str, language: str, model: str) -> Path:
        path = self._path(said, language, model)
        if path not in self._made or not path.exists():
            audio = await self._spoken(said, language, model)
            try:
                size = await asyncio.to_thread(keep, path, audio)
            except OSError as fault:
                raise Unspoken(f"what is spoken cannot be kept: {fault.strerror}") from None
        else:
            size = self._made.pop(path)
            os.utime(path)
        self._made[path] = size
        return path

    def hold(self, texts: Iterable[tuple[str, str]]) -> None:
        """Files of these texts, each with its language, never go: the settings name them."""
        self._held = frozenset(
            self._path(plain(text), language, model) for text, language in texts for model in self._models(language)
        )

    def _models(self, language: str) -> Iterator[str]:
        """Voices whose files will do, the best first; "": espeak-ng's."""
        for voices in self._voices:
            if model := voices.get(language) or voices.get(language.partition("-")[0]):
                yield model
        yield ""

    def _model(self, language: str) -> str:
        """The voice that speaks now."""
        voices = self._voices[0] if self._voices else {}
        model = voices.get(language) or voices.get(language.partition("-")[0]) or ""
        return "" if model in self._failed else model

    def _path(self, said: str, language: str, model: str) -> Path:
        parts = (MADE, language, said, model) if model else (MADE, language, said)
        name = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
        return self._folder / f"{name}.wav"

    async def _spoken(self, said: str, language: str, model: str) -> bytes:
        """The WAV file of it: the text goes to a voice as words alone, without markup, and never by way of a shell."""
        try:
            return await (self._by_piper(said, model) if model else self._by_espeak(said, language))
        except apart.Failed as fault:
            voice = model or self._program
            raise Unspoken(str(fault) or f"{voice} does not speak {language}") from None

    async def _by_espeak(self, said: str, language: str) -> bytes:
        words = (
            self._program,
            "-v",
            language,
            "-s",
            str(SPEED),
            "-a",
            str(AMPLITUDE),
            "-b",
            "1",
            "--stdin",
            "--stdout",
        )
        audio = await apart.output(words, given=said.encode(), within=self._within, most=MOST_AUDIO)
        if len(audio) <= HEADER:
            raise apart.Failed("")
        (rate,) = struct.unpack_from("<I", audio, 24)
        return wav(audio[HEADER : len(audio) // 2 * 2], rate)

    async def _by_piper(self, said: str, model: str) -> bytes:
        """Piper writes into a file, which has a whole header."""
        program = shutil.which(self._piper)
        if program is None:
            raise apart.Failed(f"{self._piper} is not installed")
        beside = self._folder / ".piper.new"
        words = (program, "--model", model, "--output_file", str(beside))
        try:
            await apart.output(words, given=said.encode() + b"\n", within=PIPER_WITHIN, most=MOST_SAID)
            if beside.stat().st_size > MOST_AUDIO:
                raise apart.Failed("it takes too long to say")
            with wave.open(str(beside), "rb") as file:
                if (file.getnchannels(), file.getsampwidth()) != (1, 2) or not file.getnframes():
                    raise apart.Failed("")
                return await asyncio.to_thread(recording, file.readframes(file.getnframes()), file.getframerate())
        except (OSError, EOFError, wave.Error):
            raise apart.Failed("") from None
        finally:
            beside.unlink(missing_ok=True)

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


def recording(audio: bytes, rate: int) -> bytes:
    """A WAV file, as loud as our others, of what a voice said."""
    samples = array("h", audio[: len(audio) // 2 * 2])  # little-endian, as all our machines
    loudest = max(max(samples, default=0), -min(samples, default=0)) or 1
    scale = 32767 * PEAK / loudest
    return wav(array("h", (round(sample * scale) for sample in samples)).tobytes(), rate)
