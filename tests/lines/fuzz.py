# SPDX-License-Identifier: GPL-2.0-or-later
"""The text side of modems under altered talks, for some minutes; says the seed of what fails, and how fast it reads.

python -m tests.lines.fuzz MINUTES [SEED]
"""

import random
import sys
import time

from appliance.lines.at.engine import LINES
from appliance.lines.at.reader import LONGEST
from tests.lines.said import TALKS, hear

PIECES = [each for _, talk in TALKS.values() for each in talk.splitlines(keepends=True)]
COMMANDS = [command for command, _ in TALKS.values()]
HOSTILE = [
    b"\r",
    b"\n",
    b"> ",
    b'"',
    b",",
    b":",
    b"\x1a",
    b"\x00",
    b"\xff",
    b"x" * LONGEST,
    b"9" * 40,
    b"+CLCC: ",
    b"+CMT: ,1\r",
]


def altered(dice: random.Random) -> bytes:
    """A talk with bytes changed, cut, doubled and put in."""
    said = bytearray(b"".join(dice.choices(PIECES, k=dice.randint(1, 12))))
    for _ in range(dice.randint(0, 8)):
        at = dice.randrange(len(said) + 1)
        match dice.randrange(4):
            case 0:
                said[at:at] = dice.choice(HOSTILE)
            case 1:
                said[at : at + 1] = dice.randbytes(1)
            case 2:
                del said[at : at + dice.randint(1, 20)]
            case _:
                said[at:at] = said[at : at + dice.randint(1, 60)]
    return bytes(said)


def once(seed: int) -> int:
    """One altered talk; the bytes read."""
    dice = random.Random(seed)
    said, command = altered(dice), dice.choice(COMMANDS)
    cuts = sorted(dice.choices(range(len(said) + 1), k=dice.randint(0, 20)))
    heard, written = hear(command, said, [])
    assert hear(command, said, cuts) == (heard, written)
    assert len(heard) <= len(said) and len(written) < 600
    assert all(len(getattr(each, "lines", ())) <= LINES for each in heard)
    return 2 * len(said)


def main() -> None:
    minutes, seed = float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 1_000_000_000
    began, read, first = time.monotonic(), 0, seed
    while time.monotonic() < began + 60 * minutes:
        try:
            read += once(seed)
        except Exception:
            print(f"seed {seed}: python -m tests.lines.fuzz 0.001 {seed}")
            raise
        seed += 1
    print(f"{seed - first} talks, no fault, {read / (time.monotonic() - began) / 1e6:.2f} MB/s")


if __name__ == "__main__":
    main()
