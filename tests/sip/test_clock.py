# SPDX-License-Identifier: GPL-2.0-or-later
"""The audio clock comes before other work where the system allows it; where not, the log says so and calls go on."""

import subprocess
import sys

import pytest

PROGRAM = """
import os
from appliance.programs.demo.ports import Ports
from appliance.sip.names import Heard
from tests.sip.box import Box

try:
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    print("allowed")
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
except PermissionError:
    print("refused")
box = Box(Ports())
print(sum(os.sched_getscheduler(int(tid)) == os.SCHED_RR for tid in os.listdir("/proc/self/task")))
print(sum("may stutter" in text for kind, *_, texts in box.sip.events() if kind == Heard.LOG for text in texts))
box.sip.close()
"""


def told(*before: str) -> list[str]:
    """Whether the system allows it, how many threads are urgent, and how often it is complained of."""
    done = subprocess.run(
        [*before, sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("before", [(), ("prlimit", "--rtprio=0", "setpriv", "--bounding-set=-sys_nice")])
def test_the_audio_clock_is_urgent_where_that_is_allowed_and_else_it_is_said_once(before: tuple[str, ...]) -> None:
    assert told(*before) in (["allowed", "1", "0"], ["refused", "0", "1"])
