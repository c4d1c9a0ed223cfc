# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the box's own sounds: `make.py DIR` writes music.wav, beep.wav, greeting.wav and confirm.wav (mono, 16 bit, 16 kHz).

The music is a piece of our own for a vibraphone over a soft bass, twelve bars that lead back into their beginning; every
note that rings past the end rings on at the start, so the loop has no seam.
"""

from __future__ import annotations

import cmath
import math
import shutil
import subprocess
import sys
import tempfile
import wave
from array import array
from operator import add
from pathlib import Path

RATE = 16_000
BEAT = 0.66  # seconds: 91 to the minute, slow enough to be spoken over
BAR = 6  # beats, of which the broken chord fills each
PARTIALS = [(1, 1.0, 0.75), (2, 0.35, 0.5), (3, 0.12, 0.3), (5, 0.05, 0.12)]  # multiple, loudness, seconds to 1/e
PEAK = 0.5  # of full scale: music and words then have -24 dBFS RMS, as loud as speech on a telephone
SAYING = "Nobody can take your call just now. Please leave a message after the tone."
ASKING = "Press 1 to take the call."

# bass note, the four notes struck as 1 2 3 4 3 2, and the tune as (beat, note) over it
BARS: list[tuple[str, str, list[tuple[float, str]]]] = [
    ("G2", "D3 B3 D4 G4", [(0, "B4"), (3, "D5"), (5, "A4")]),
    ("E2", "B2 G3 B3 E4", [(0, "G4"), (3, "B4"), (4, "A4"), (5, "G4")]),
    ("C3", "G3 C4 E4 G4", [(0, "E4"), (2, "G4"), (3, "C5")]),
    ("D3", "A3 D4 F#4 A4", [(0, "B4"), (1, "A4"), (3, "F#4")]),
    ("G2", "D3 B3 D4 G4", [(0, "D5"), (2, "B4"), (3, "G4"), (5, "A4")]),
    ("B2", "F#3 B3 D4 F#4", [(0, "B4"), (3, "F#5"), (5, "D5")]),
    ("C3", "G3 C4 E4 G4", [(0, "E5"), (2, "D5"), (3, "C5"), (5, "B4")]),
    ("A2", "E3 A3 C4 E4", [(0, "A4"), (3, "E4"), (4, "G4")]),
    ("E2", "B2 G3 B3 E4", [(0, "G4"), (3, "E5"), (4, "D5"), (5, "B4")]),
    ("A2", "E3 A3 C4 E4", [(0, "C5"), (2, "B4"), (3, "A4")]),
    ("D3", "A3 C4 F#4 A4", [(0, "F#4"), (1, "A4"), (2, "C5"), (3, "E5"), (5, "D5")]),
    ("D3", "A3 D4 F#4 C5", [(0, "A4"), (3, "D4"), (4, "F#4"), (5, "A4")]),
]
STEPS = {"C": 0, "C#": 1, "D": 2, "D#": 3, "E": 4, "F": 5, "F#": 6, "G": 7, "G#": 8, "A": 9, "A#": 10, "B": 11}


def hertz(note: str) -> float:
    """A4 = 440."""
    return 440.0 * math.pow(2.0, (STEPS[note[:-1]] + 12 * int(note[-1]) - 57) / 12)


def struck(hz: float, seconds: float) -> array[float]:
    """A bar of metal struck softly: partials that die away the sooner the higher they are."""
    out = array("d", bytes(8 * round(seconds * RATE)))
    for multiple, loudness, lasts in PARTIALS:
        turn = cmath.exp(complex(-1 / lasts, 2 * math.pi * hz * multiple) / RATE)
        now = complex(loudness)
        for n in range(len(out)):
            out[n] += now.imag
            now *= turn
    fade = RATE // 10
    for n in range(1, fade + 1):
        out[-n] *= n / fade
    return out


def hummed(hz: float, seconds: float) -> array[float]:
    """A soft bass: a sine and its octave, swelling and dying away without a click."""
    size = round(seconds * RATE)
    step, swell = 2 * math.pi * hz / RATE, math.pi / size
    return array("d", ((math.sin(step * n) + 0.35 * math.sin(2 * step * n)) * math.sin(swell * n) for n in range(size)))


def music() -> array[float]:
    """The piece, a whole number of bars."""
    whole = array("d", bytes(8 * round(len(BARS) * BAR * BEAT * RATE)))
    made: dict[tuple[str, str], array[float]] = {}

    def sound(kind: str, note: str, beat: float, loudness: float) -> None:
        if (kind, note) not in made:
            made[kind, note] = hummed(hertz(note), BAR * BEAT) if kind == "bass" else struck(hertz(note), 2.4)
        mix(whole, made[kind, note], round(beat * BEAT * RATE), loudness)

    for number, (bass, chord, tune) in enumerate(BARS):
        start = number * BAR
        sound("bass", bass, start, 0.16)
        notes = chord.split()
        for beat, which in enumerate((0, 1, 2, 3, 2, 1)):
            sound("bell", notes[which], start + beat, 0.5)
        for at, note in tune:
            sound("bell", note, start + at + 0.02, 0.9)
    return whole


def mix(whole: array[float], note: array[float], at: int, loudness: float) -> None:
    """Add a note; what rings past the end rings on at the beginning."""
    louder = [value * loudness for value in note]
    room = len(whole) - at
    whole[at : at + len(louder)] = array("d", map(add, whole[at : at + len(louder)], louder[:room]))
    if len(louder) > room:
        whole[: len(louder) - room] = array("d", map(add, whole, louder[room:]))


def tone(hz: float, seconds: float) -> array[float]:
    """A sine with 10 ms of rise and fall."""
    size, edge = round(seconds * RATE), RATE // 100
    return array(
        "d", (math.sin(2 * math.pi * hz / RATE * n) * min(1.0, n / edge, (size - n) / edge) for n in range(size))
    )


def voice(words: str) -> array[float]:
    """Words by espeak-ng where it is installed, or three falling tones, which callers everywhere wait out."""
    if shutil.which("espeak-ng") is None:
        return tone(950, 0.33) + tone(720, 0.33) + tone(480, 0.5)
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["espeak-ng", "-v", "en", "-s", "150", "-w", file.name, words], check=True)
        with wave.open(file.name, "rb") as spoken:
            pcm = array("h", spoken.readframes(spoken.getnframes()))
            rate = spoken.getframerate()
    if sys.byteorder == "big":
        pcm.byteswap()
    return resampled(pcm, rate)


def resampled(pcm: array[int], rate: int) -> array[float]:
    """At 16 kHz, by a windowed sinc that leaves out what would fold back."""
    reach = 12  # samples on either side
    ratio, pass_band = rate / RATE, min(1.0, RATE / rate)
    padded = [0] * reach + list(pcm) + [0] * (reach + 1)
    out = array("d")
    kernels: dict[int, list[float]] = {}
    for n in range(int(len(pcm) / ratio)):
        whole, part = divmod(n * ratio, 1.0)
        phase = round(part * 64)
        if phase not in kernels:
            kernels[phase] = [_sinc(tap - reach - phase / 64, pass_band, reach) for tap in range(1, 2 * reach + 1)]
        at = int(whole) + 1
        out.append(sum(map(float.__mul__, kernels[phase], map(float, padded[at : at + 2 * reach]))))
    return out


def _sinc(distance: float, pass_band: float, reach: int) -> float:
    if distance == 0:
        return pass_band
    window = 0.5 + 0.5 * math.cos(math.pi * distance / (reach + 1))
    return math.sin(math.pi * pass_band * distance) / (math.pi * distance) * window


def write(path: Path, sound: array[float], peak: float = PEAK) -> None:
    """With its loudest moment at `peak` of full scale."""
    scale = 32767 * peak / max(map(abs, sound))
    pcm = array("h", (round(value * scale) for value in sound))
    if sys.byteorder == "big":
        pcm.byteswap()
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(pcm.tobytes())


def speak(words: str, path: Path) -> None:
    """A WAV file of spoken words."""
    write(path, voice(words))


def main(folder: Path) -> None:
    write(folder / "music.wav", music())
    write(folder / "beep.wav", tone(850, 0.4), PEAK / 2)
    speak(SAYING, folder / "greeting.wav")
    speak(ASKING, folder / "confirm.wav")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
