# SPDX-License-Identifier: GPL-2.0-or-later
"""The offices and stories of tests/scenarios as seeds for the fuzzers: python -m tests.fuzz.seeds.

corpus/plan/OFFICE.plan is the plan itself; corpus/day/STORY.day the number of its office and the facts of the story,
16 bytes each, as day.c reads them.
"""

import re
import struct
from pathlib import Path

from appliance.core import Command
from appliance.core.names import Fact
from tests.core import offices
from tests.core.box import NINE, Box
from tests.core.test_stories import STORIES, tell

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
EVENT = struct.Struct("<10BHI")
[_listed] = re.findall(r"texts\[\] = \{(.*?)\};", (HERE / "day.c").read_text(), re.DOTALL)
TEXTS = re.findall(r'"([^"]*)"', _listed)


def story_offices() -> list[str]:
    """By the names of their plans, in the order fuzz_day.c has them."""
    return sorted({story.read_text().partition("OFFICE ")[2].split()[0] for story in STORIES})


class Recorded(Box):
    """Keeps what is fed as bytes, and what is commanded."""

    def start(self) -> None:
        self.events = b""
        self.last = NINE
        self.wanted: list[Command] = []
        self.recording = False
        super().start()
        self.wanted.clear()
        self.recording = True

    def feed(self, fact: Fact, **fields: int | str) -> None:
        if self.recording and fact != Fact.TICK:
            self.events += self.encoded(fact, fields)
        super().feed(fact, **fields)

    def wants(self) -> list[str]:
        commands = self.core.commands()
        self.wanted += commands
        self.why += self.core.trace()
        return [self._word(command) for command in commands]

    def place(self, tag: str, identity: int | str) -> int:
        return [row[0] for row in self.office.rows()[tag]].index(int(identity))

    def encoded(self, fact: Fact, f: dict[str, int | str]) -> bytes:
        after, self.last = self.now - self.last, self.now
        a = b = trust = 0
        leg = int(f.get("leg", 0))
        value = int(f.get("value", 0))
        match fact:
            case Fact.ARRIVED:
                a = self.place("LINE", f["line"])
                b = self.place("PRSN", f["person"]) + 1 if f["person"] else 0
                value = self.place("PRSN", f["what"]) + 1 if f["what"] else 0
                trust = int(f["trust"]) | int(f["history"]) << 4
                leg = self.place("STEP", leg) + 1 if leg else 0
            case Fact.STATUS | Fact.REACHABLE:
                a = self.place("PRSN", f["person"])
            case Fact.LINE:
                a = self.place("LINE", f["line"])
            case Fact.SENT:
                a, value = (self.place("STEP", f["what"]), 1) if "what" in f else (0, 0)  # else to a number
                b = self.place("PRSN", f["person"]) + 1 if f["person"] else 0
            case Fact.TAKEN:
                b = self.place("PRSN", f["person"]) + 1 if f["person"] else 0
            case Fact.OVERRIDE:
                a = self.place("HOUR", f["what"])
                b = (int(f["until"]) - self.now) // 1000 if f["until"] else 0
        number, other = (TEXTS.index(str(f.get(name, ""))) for name in ("number", "other"))
        head = (fact, int(f.get("call", 0)), leg, a, b, value, trust, number, other)
        return EVENT.pack(*head, 0, 0, after)


def recorded(story: Path) -> tuple[str, Recorded]:
    """The office of a story, and the box it was told to."""
    lines = [line for line in story.read_text().splitlines() if line and not line.startswith("#")]
    name = lines[0].removeprefix("OFFICE ")
    box = Recorded(getattr(offices, name)())
    for line in lines[1:]:
        tell(box, line.partition("->")[0].strip())
    box.wants()
    box.events += box.encoded(Fact.TICK, {})  # till the story's last second
    return name, box


def write(folder: Path) -> list[tuple[Path, Path, Recorded]]:
    """Every plan and day; of each story its plan, its day and its box."""
    names = story_offices()
    for kind in ("plan", "day"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / "plan" / f"{name}.plan").write_bytes(getattr(offices, name)().plan())
    written = []
    for story in STORIES:
        name, box = recorded(story)
        day = folder / "day" / f"{story.stem}.day"
        day.write_bytes(bytes([names.index(name)]) + box.events)
        written.append((folder / "plan" / f"{name}.plan", day, box))
    return written


if __name__ == "__main__":
    print(f"{len(write(CORPUS))} stories written")
