# SPDX-License-Identifier: GPL-2.0-or-later
"""Tones written to WAV files and found in them again, through codecs and their noise."""

from __future__ import annotations

import io
import math
import sys
import wave
from array import array
from pathlib import Path

import numpy as np

WINDOW = 0.040  # seconds looked at in one go: tells tones 50 Hz apart, and a word is shorter than five of them
PURITY = 0.5  # share of a window's energy that must be the tone; G.711 leaves it above 0.99, speech and music below 0.4
QUIET = 0.003  # of full scale, RMS (-50 dBFS): below it a window is silence, whatever its spectrum


def samples(hz: float, seconds: float, rate: int, level: float = 0.3) -> array[int]:
    """16-bit samples of a sine of `level` (0..1 of full scale), beginning at zero."""
    turns = np.sin(2 * math.pi * hz / rate * np.arange(round(seconds * rate)))
    return array("h", np.rint(32767 * level * turns).astype(np.int16).tobytes())


def write(path: Path, hz: float, seconds: float, rate: int = 16000, level: float = 0.3) -> Path:
    """A mono 16-bit WAV of one tone; hz = 0 is silence. Returns the path."""
    save(path, samples(hz, seconds, rate, level), rate)
    return path


def save(path: Path, pcm: array[int], rate: int) -> None:
    """A mono 16-bit WAV of these samples."""
    path.write_bytes(wav(pcm, rate))


def wav(pcm: array[int], rate: int, channels: int = 1) -> bytes:
    """A 16-bit WAV of these samples, the same in each channel."""
    pcm = array("h", np.repeat(np.array(pcm, dtype=np.int16), channels).tobytes())
    if sys.byteorder == "big":
        pcm.byteswap()
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((channels, 2, rate, 0, "NONE", ""))
        out.writeframes(pcm.tobytes())
    return file.getvalue()


def recorded(seconds: float = 1.0, rate: int = 44_100) -> bytes:
    """A stereo WAV as somebody's recorder writes it."""
    return wav(samples(440, seconds, rate), rate, 2)


def load(path: Path) -> tuple[array[int], int]:
    """Samples of the first channel, and samples a second. Raises wave.Error when it is no 16-bit WAV."""
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise wave.Error(f"{path}: {8 * file.getsampwidth()} bits a sample, not 16")
        pcm = array("h", file.readframes(file.getnframes()))
        if sys.byteorder == "big":
            pcm.byteswap()
        return pcm[:: file.getnchannels()], file.getframerate()


def purity(window: array[int], hz: float, rate: int) -> float:
    """Share (0..1) of a window's energy that a sine of this frequency holds; 0 when it is silent."""
    return float(_purities(window, hz, rate, len(window))[0]) if window else 0.0


def heard(path: Path, hz: float, since: float = 0.0, until: float | None = None) -> float:
    """Seconds of this tone in a WAV file between two of its moments (seconds from its beginning)."""
    part, rate, size = _part(path, since, until)
    return WINDOW * int(np.sum(_purities(part, hz, rate, size) >= PURITY))


def loud(path: Path, since: float = 0.0, until: float | None = None) -> float:
    """Seconds of a WAV file that are not silent, whatever is heard in them."""
    part, _, size = _part(path, since, until)
    return WINDOW * int(np.sum(_energies(_windows(part, size)) >= _floor(size)))


def _part(path: Path, since: float, until: float | None) -> tuple[array[int], int, int]:
    """Samples between two moments, samples a second, samples of a window."""
    pcm, rate = load(path)
    end = len(pcm) if until is None else round(until * rate)
    return pcm[round(since * rate) : end], rate, round(WINDOW * rate)


def _windows(pcm: array[int], size: int) -> np.ndarray:
    """Whole windows, one in a row; what is left at the end is not looked at."""
    whole = len(pcm) // size * size
    return np.frombuffer(pcm[:whole], np.int16).astype(np.float64).reshape(-1, size)


def _energies(windows: np.ndarray) -> np.ndarray:
    return np.sum(windows * windows, axis=1)


def _floor(size: int) -> float:
    return size * (32767 * QUIET) ** 2


def _purities(pcm: array[int], hz: float, rate: int, size: int) -> np.ndarray:
    """Of each window, by one term of its discrete Fourier transform."""
    windows = _windows(pcm, size)
    energies = _energies(windows)
    powers = np.abs(windows @ np.exp(-2j * math.pi * hz / rate * np.arange(size))) ** 2
    return np.where(energies < _floor(size), 0.0, powers / (np.maximum(energies, 1) * size / 2))
