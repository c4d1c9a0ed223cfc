# SPDX-License-Identifier: GPL-2.0-or-later
"""A hundred calls at once, all of them with sound: `make hundred`. One is listened to at both ends."""

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
from tests.telephones import g711, tone
from tests.telephones.stage import ANNA_HZ, CALLER_HZ, Stage

CALLS = 100  # one of them that of Anna
LISTEN = 10.0  # seconds
LOST = 0.05  # share of the sound that may be missing on a machine that has much else to do
DIRECT = "+37052000001"
SECOND = f'''
[line.second]
kind = "sip"
host = "127.0.0.1"
port = {{port}}
numbers = {{{{ "{DIRECT}" = "person.anna" }}}}
'''
HUM = {"tone.alaw": g711.encode(tone.samples(400, 1, 8000))}  # of all the others


async def talking(office: Office) -> int:
    async with await client.connect(office.socket) as switch:
        return sum(call.state == "talking" for call in (await switch.request(Watch(0))).calls)


def busy(pid: int) -> float:
    """Seconds of processor a program has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


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

    await stage.sipp("callee-plays", port=desks, calls=4 * CALLS, talk=0.2, files=HUM)
    ear, city = await stage.ear(), office.city
    far = await stage.sipp("caller-plays", to=office.address, port=city, calls=crew, rate=10, talk=45.0, files=HUM)
    async with asyncio.timeout(40):
        while await talking(office) < crew:
            await asyncio.sleep(0.2)
    how = {"port": second, "rtp": ear.port, "number": DIRECT, "caller": "+37060000002"}
    await stage.sipp("caller-waits", to=office.address, **how)
    await anna.rings()
    await anna.accept()
    await anna.talks()
    assert await talking(office) == CALLS
    ear.forget()
    used, began = busy(office.pid("switch")), time.monotonic()
    await ear.listens(LISTEN)
    used = (busy(office.pid("switch")) - used) / (time.monotonic() - began)
    heard = ear.heard(stage.folder / "caller.wav")
    await anna.hang_up()
    await anna.closed()
    await far.finished(within=90)
    print(
        f"\n{CALLS} calls: {100 * used:.0f} % of a processor; {tone.heard(heard, ANNA_HZ):.1f} s of {LISTEN:.0f} heard"
    )
    assert tone.heard(heard, ANNA_HZ) > (1 - LOST) * LISTEN
    assert tone.heard(anna.heard(), CALLER_HZ) > (1 - LOST) * LISTEN
    assert await at_rest(office) == before
    calls = Reader(office.journal).calls(limit=1000)
    assert len(calls) == CALLS and {call.outcome for call in calls} == {"answered"}
