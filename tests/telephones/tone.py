# SPDX-License-Identifier: GPL-2.0-or-later
"""Tones written to WAV files and found in them again, through codecs and their noise."""

from __future__ import annotations

import math
import sys
import wave
from array import array
from pathlib import Path

WINDOW = 0.040  # seconds looked at in one go: tells tones 50 Hz apart, and a word is shorter than five of them
PURITY = 0.5  # share of a window's energy that must be the tone; G.711 leaves it above 0.99, speech and music below 0.4
QUIET = 0.003  # of full scale, RMS (-50 dBFS): below it a window is silence, whatever its spectrum


def samples(hz: float, seconds: float, rate: int, level: float = 0.3) -> array[int]:
    """16-bit samples of a sine of `level` (0..1 of full scale), beginning at zero."""
    step = 2 * math.pi * hz / rate
    return array("h", (round(32767 * level * math.sin(step * n)) for n in range(round(seconds * rate))))


def write(path: Path, hz: float, seconds: float, rate: int = 16000, level: float = 0.3) -> Path:
    """A mono 16-bit WAV of one tone; hz = 0 is silence. Returns the path."""
    save(path, samples(hz, seconds, rate, level), rate)
    return path


def save(path: Path, pcm: array[int], rate: int) -> None:
    """A mono 16-bit WAV of these samples."""
    if sys.byteorder == "big":
        pcm = array("h", pcm)
        pcm.byteswap()
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        out.writeframes(pcm.tobytes())


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
    """Share (0..1) of a window's energy that a sine of this frequency holds (Goertzel); 0 when it is silent."""
    energy = sum(s * s for s in window)
    if energy < len(window) * (32767 * QUIET) ** 2:
        return 0.0
    turn = 2 * math.cos(2 * math.pi * hz / rate)
    before = last = 0.0
    for s in window:
        before, last = last, s + turn * last - before
    power = last * last + before * before - turn * last * before
    return power / (energy * len(window) / 2)


def heard(path: Path, hz: float, since: float = 0.0, until: float | None = None) -> float:
    """Seconds of this tone in a WAV file between two of its moments (seconds from its beginning)."""
    pcm, rate = load(path)
    end = len(pcm) if until is None else round(until * rate)
    size = round(WINDOW * rate)
    part = pcm[round(since * rate) : end]
    windows = (part[at : at + size] for at in range(0, len(part) - size + 1, size))
    return WINDOW * sum(purity(window, hz, rate) >= PURITY for window in windows)


def loud(path: Path, since: float = 0.0, until: float | None = None) -> float:
    """Seconds of a WAV file that are not silent, whatever is heard in them."""
    pcm, rate = load(path)
    end = len(pcm) if until is None else round(until * rate)
    size = round(WINDOW * rate)
    part = pcm[round(since * rate) : end]
    floor = size * (32767 * QUIET) ** 2
    return WINDOW * sum(
        sum(s * s for s in part[at : at + size]) >= floor for at in range(0, len(part) - size + 1, size)
    )
