# SPDX-License-Identifier: GPL-2.0-or-later
"""What is heard that nobody says: music, a beep, a greeting, and words that ask for a key to take a call.

make.py makes them when the package is built.
"""

from importlib.resources import files
from pathlib import Path


def path(sound: str) -> Path:
    """music, beep, greeting or confirm: a mono 16-bit 16 kHz WAV file.

    FileNotFoundError says what to run when it was not made.
    """
    file = Path(str(files(__name__) / f"{sound}.wav"))
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing; `python -m appliance.sounds.make {file.parent}` makes it")
    return file
