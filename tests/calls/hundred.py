# SPDX-License-Identifier: GPL-2.0-or-later
"""A hundred calls at once, all of them heard at both ends: `make hundred`.

Ninety-nine callers say a tone each, and the telephones they talk to say what they hear: whoever hears his own tone, and
none but it, is heard by one telephone and hears that one. The last one talks to Anna, who says another tone."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from appliance.control import client
from appliance.control.messages import Watch
from appliance.programs.demo.office import CREW_PASSWORD, Office
from appliance.store.reader import Reader
from tests.calls.stories import use
from tests.calls.test_rough_lines import at_rest
from tests.telephones import tone
from tests.telephones.rtp import Rtp
from tests.telephones.stage import ANNA_HZ, CALLER_HZ, Stage

CALLS = 100  # one of them that of Anna
LISTEN = 10.0  # seconds
LOST = 0.05  # share of the sound that may be missing on a machine that has much else to do
LOWEST_HZ, APART_HZ = 300, 30  # of the tones; what is looked for in 40 ms tells neighbours apart (tone.WINDOW)
DIRECT = "+37052000001"
SECOND = f'''
[line.second]
kind = "sip"
host = "127.0.0.1"
port = {{port}}
numbers = {{{{ "{DIRECT}" = "person.anna" }}}}
'''


async def talking(office: Office) -> int:
    async with await client.connect(office.socket) as switch:
        return sum(call.state == "talking" for call in (await switch.request(Watch(0))).calls)


def busy(pid: int) -> float:
    """Seconds of processor a program has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


async def callers(stage: Stage, office: Office, desks: int, count: int) -> dict[int, Rtp]:
    """So many talk to the telephones that wait at the port `desks`: those who called, by their tones."""
    ears = {hz: await stage.ear(hz) for hz in range(LOWEST_HZ, LOWEST_HZ + count * APART_HZ, APART_HZ)}
    await stage.sipp("callee-echoes", port=desks, calls=4 * count, talk=0.2, echoes=True)
    rows = [(str(ear.port),) for ear in ears.values()]
    how = {"port": office.city, "calls": count, "rate": 10, "talk": 45.0, "rows": rows}
    await stage.sipp("caller-speaks", to=office.address, **how)
    async with asyncio.timeout(40):
        while await talking(office) < count:
            await asyncio.sleep(0.2)
    return ears


@pytest.mark.timeout(240)
async def test_a_hundred_calls_at_once_are_heard(stage: Stage) -> None:
    crew = CALLS - 1
    office = await stage.office(strategy="round-robin", crew=crew, music=False)
    desks, second = stage.ports.take(), stage.ports.take()
    await use(office, office.document + SECOND.format(port=second))
    rows = [(f"agent{n}", f"[authentication username=agent{n} password={CREW_PASSWORD}]") for n in range(crew)]
    registering = await stage.sipp("register", to=office.address, port=desks, rows=rows, calls=crew)
    await registering.finished()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    before = await at_rest(office)

    ears = await callers(stage, office, desks, crew)
    how = {"port": second, "number": DIRECT, "caller": "+37060000002"}
    ears[ANNA_HZ] = await stage.ear()
    await stage.sipp("caller-waits", to=office.address, rtp=ears[ANNA_HZ].port, **how)
    await anna.rings()
    await anna.accept()
    await anna.talks()
    assert await talking(office) == CALLS
    for ear in ears.values():
        ear.forget()
    used, began = busy(office.pid("switch")), time.monotonic()
    await asyncio.gather(*(ear.listens(LISTEN) for ear in ears.values()))
    used = (busy(office.pid("switch")) - used) / (time.monotonic() - began)
    heard = {hz: tone.heard(ear.heard(stage.folder / f"{hz}.wav"), hz) for hz, ear in ears.items()}
    await anna.hang_up()
    await anna.closed()
    assert await at_rest(office) == before
    print(
        f"\n{CALLS} calls: {100 * used:.0f} % of a processor; {min(heard.values()):.1f} s of {LISTEN:.0f} heard, or more"
    )
    assert len(heard) == CALLS
    assert {hz: seconds for hz, seconds in heard.items() if seconds <= (1 - LOST) * LISTEN} == {}
    assert tone.heard(anna.heard(), CALLER_HZ) > (1 - LOST) * LISTEN
    calls = Reader(office.journal).calls(limit=1000)
    assert len(calls) == CALLS and {call.outcome for call in calls} == {"answered"}
