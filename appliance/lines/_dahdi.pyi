# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done with the samples of an analogue line; they never become Python objects. law: 1 mu-law, 2 A-law.

scheme: 0 Bell 202, 1 V.23. A descriptor is non-blocking and gives and takes companded bytes.
"""

from collections.abc import Sequence

class Ear:
    """Hears bytes of caller ID (scheme -1: does not), keys, and the tones given: (Hz, second Hz or 0, ms on, ms off,
    cycles after which it is believed); off 0: one without pauses, believed after `on`. At most six tones."""

    def __init__(
        self, law: int, scheme: int = -1, tones: Sequence[tuple[float, float, int, int, int]] = ()
    ) -> None: ...
    def hear(self, fd: int) -> list[tuple[int, int]]:
        """Reads what waits and tells the facts of it, as in sounds.Heard. OSError when the line is gone."""

    def feed(self, companded: bytes) -> list[tuple[int, int]]:
        """The same with samples from elsewhere."""

    @property
    def silence(self) -> int:
        """ms since anything was to be heard."""

    @property
    def level(self) -> float:
        """dBm0 in the last 20 ms."""

class Mouth:
    """Says a message of caller ID. seizure, mark, tail: bits before and behind it; level: dBm0."""

    def __init__(
        self, law: int, scheme: int, message: bytes, seizure: int, mark: int, tail: int, level: float
    ) -> None: ...
    def speak(self, fd: int) -> bool:
        """Writes as much as the line takes; True when all is said. OSError when the line is gone."""

    def signal(self) -> bytes:
        """All that is left of it."""
