# SPDX-License-Identifier: GPL-2.0-or-later
"""Stories anybody can read: tests/scenarios/*.call, each line what happens and, after ->, what the box then does.

The office is one of tests/core/offices.py. `ENDED` and `STOPS` end with the Q.850 cause, `OVER` tells the outcome, who
had the call, and its queue. `anna RINGS A` is her telephone, `anna.mobile RINGS A` her mobile, `anna.all` both; a call
out that ends in `CONFIRM` is confirmed by who answers. `A ASKS x` is a prompt that waits for keys, `A SAYS x` one that
does not; `anna PAUSED 600` is for 600 s, 0 till she says where she is. Lines that begin with # are remarks.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.core.names import Fact
from tests.core import offices
from tests.core.box import Box

STORIES = sorted((Path(__file__).parents[1] / "scenarios").glob("*.call"))

HAPPENS: dict[str, Callable[..., object]] = {
    r"(\w+) CALLED(?: FROM \+?(\w*))?(?: TO (\w*))?(?: BY (\w+))?"
    r"(?: TRUST (\w+))?(?: HISTORY ([\w-]+))?(?: LAST (\w+))?": lambda box, line, number, to, by, trust, past, last: (
        box.arrives(line, number or "", to or "", by or "", trust=trust or "none", history=past or "", last=last or "")
    ),
    r"WE CALLED (\w+) BY (\w+) FOR (\w+)": lambda box, number, line, step: box.arrives(
        line, number, number, trust="proven", sent=step
    ),
    r"(\w+) IS RUNG(?: (\w))?": lambda box, who, call: box.about_leg(Fact.RANG, who, call or ""),
    r"(\w+) ANSWERS(?: (\w))?": lambda box, who, call: box.answers(who, call or ""),
    r"(\w+) DECLINES(?: (\w))?": lambda box, who, call: box.refuses(who, call or ""),
    r"(\w+) FAILS (\d+)": lambda box, who, cause: box.refuses(who, cause=int(cause)),
    r"(\w+) LEAVES(?: (\w))?": lambda box, who, call: box.leaves(who, call or ""),
    r"(\w) HANGS UP": lambda box, call: box.hangs_up(call),
    r"(\w) DONE": lambda box, call: box.done(call),
    r"(\w) FAILS": lambda box, call: box.fails(call),
    r"(\w) FOUND NOTHING": lambda box, call: box.found(call, None),
    r"(\w) FOUND (\w+)": lambda box, call, what: box.found(call, what),
    r"(\w) SENT TO (\d+)(?: BY (\w+))?": lambda box, call, number, by: box.sent_to_number(call, number, by or ""),
    r"(\w) SENT TO ([a-z]\w*)(?: BY (\w+))?": lambda box, call, step, by: box.sent(call, step, by or ""),
    r"(\w) TAKEN(?: BY (\w+))?": lambda box, call, by: box.taken(call, by or ""),
    r"(\w+) HELD (open|closed)(?: FOR (\d+) s)?": lambda box, hours, how, s: box.held(hours, how, float(s or 0)),
    r"(\w+) AS WRITTEN": lambda box, hours: box.held(hours, "as written"),
    r"MORNING": lambda box: box.morning(),
    r"(\w) PRESSES (.)": lambda box, call, digit: box.digit(call, digit),
    r"(\w+) IS (available|break|away|meeting|off)": lambda box, who, status: box.status(who, status),
    r"(\w+) HAS (\d) TELEPHONES?": lambda box, who, count: box.telephones(who, int(count)),
    r"(\w+) (UP|DOWN)": lambda box, line, state: box.usable(line, state == "UP"),
}


def tell(box: Box, happens: str) -> list[str]:
    if found := re.fullmatch(r"([\d.]+) s", happens):
        return box.wait(float(found[1]))
    for pattern, does in HAPPENS.items():
        if found := re.fullmatch(pattern, happens):
            does(box, *found.groups())
            return box.wants()
    raise AssertionError(f"nobody knows what this means: {happens}")


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_story(story: Path) -> None:
    lines = [line for line in story.read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0].startswith("OFFICE ")
    box = Box(getattr(offices, lines[0].removeprefix("OFFICE "))())
    for line in lines[1:]:
        happens, _, expected = line.partition("->")
        wanted = [each.strip() for each in expected.split(",") if each.strip()]
        assert (line, tell(box, happens.strip())) == (line, wanted)
