# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones that vanish in a call, without a BYE: who talked with them is free in time, and their people are rung again."""

import time

from appliance.control import client
from appliance.control.messages import Watch
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, Stage

SILENT = 5  # seconds, of the setting `silent_after`
FREED = 2 * SILENT + 2  # it looks once a second
NO_ANSWER = 102  # Q.850: a timer ran out


async def shown(office: Office) -> tuple[int, dict[str, str]]:
    """Calls the pages show, and what people are doing."""
    async with await client.connect(office.socket) as switch:
        seen = await switch.request(Watch(0))
        return len(seen.calls), {person.id: person.state for person in seen.people}


async def test_two_who_vanish_in_their_calls_leave_no_ghost_and_are_rung_again(stage: Stage) -> None:
    """Anna's telephone is there by UDP, that of Boris by TCP; both lose power."""
    office = await stage.office(sip_more=f"silent_after = {SILENT}\n", strategy="fixed-order")
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    boris = await stage.desk(office, "desk2", BORIS_HZ, transport="tcp")
    callers = await stage.outside(office, "caller-waits", await stage.ear(), calls=2, rate=1)
    for phone in (anna, boris):
        await phone.rings()
        await phone.accept()
        await phone.talks()
    assert await shown(office) == (2, {"anna": "talking", "boris": "talking"})

    began = time.monotonic()
    anna.loses_power()
    boris.loses_power()
    await callers.finished(within=FREED + 3)
    assert time.monotonic() - began < FREED
    for nth, desk in ((1, "desk1"), (2, "desk2")):
        call = await stage.call_over(office, nth)
        assert call.outcome == "answered"
        assert {leg.party: leg.cause for leg in Reader(office.journal).legs(call.id)}[desk] == NO_ANSWER
    calls, people = await shown(office)
    assert calls == 0 and "talking" not in people.values()

    again = await stage.desk(office, "desk1", ANNA_HZ)
    caller = await stage.outside(office, "caller-waits", await stage.ear())
    await again.rings()
    await again.accept()
    await again.talks()
    await again.hang_up()
    await caller.finished()
