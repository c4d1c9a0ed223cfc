# SPDX-License-Identifier: GPL-2.0-or-later
"""A rush: two hundred callers, ten a second, and forty people who take them in turn."""

import asyncio
import re
from pathlib import Path

import pytest

from appliance.programs.demo.office import CREW_PASSWORD
from appliance.store.reader import Reader
from tests.telephones.stage import Stage

CALLS, RATE, CREW = 200, 10, 40
SETTLE = 60  # seconds: PJSIP keeps a transaction for 32 s
MARGIN = 1.10


@pytest.mark.timeout(240)
async def test_two_hundred_callers_in_twenty_seconds_are_all_answered_and_memory_is_given_back(stage: Stage) -> None:
    office = await stage.office(strategy="round-robin", crew=CREW)
    desks = stage.ports.take()
    rows = [
        (f"agent{number}", f"[authentication username=agent{number} password={CREW_PASSWORD}]")
        for number in range(CREW)
    ]
    registering = await stage.sipp("register", to=office.address, port=desks, rows=rows, calls=CREW)
    await registering.finished()
    told_of_messages = 2 * CREW  # SIPp takes a NOTIFY for a call too
    await stage.sipp("callee-waits", port=desks, calls=CALLS + 20 + told_of_messages, talk=0.2)

    warm = await stage.outside(office, "caller-hangs-up", calls=20, rate=RATE, talk=2.0)
    await warm.finished()
    before = resident(office.pid("switch"))

    rush = await stage.outside(office, "caller-hangs-up", calls=CALLS, rate=RATE, talk=2.0)
    totals = await rush.finished(within=60)
    assert (totals.calls, totals.succeeded, totals.failed) == (CALLS, CALLS, 0)
    assert totals.response < 1.0, "callers heard nothing for too long"
    await stage.call_over(office, CALLS + 20)
    calls = Reader(office.journal).calls(limit=1000)
    assert len(calls) == CALLS + 20
    assert {call.outcome for call in calls} == {"answered"}
    taken = [sum(call.person == f"agent{number}" for call in calls) for number in range(CREW)]
    assert max(taken) - min(taken) <= 2, f"some were called more than others: {taken}"

    for _ in range(SETTLE):
        after = resident(office.pid("switch"))
        if after <= before * MARGIN:
            break
        await asyncio.sleep(1)  # nothing tells when memory is given back
    assert after <= before * MARGIN, f"{before / 1e6:.1f} MB before, {after / 1e6:.1f} MB after"


def resident(pid: int) -> int:
    """Bytes of memory a process holds."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024
