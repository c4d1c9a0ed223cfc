# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks that lose, requests that cross, and one telephone that has IPv6: SIPp is the outside world. After each no call,
leg or port is left, and the next call works."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.control import client
from appliance.control.messages import Watch
from appliance.programs.demo.office import Office
from appliance.store.reader import Reader
from tests.calls.stories import hears
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.lossy import Lossy
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, CALLER_HZ, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

OUTSIDE = "+37060000009"
LOSS, CALLS = 0.05, 15
HOME = "::1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stage, Office, Baresip]]:
    """One office for all of these, and Anna's telephone, which answers by itself where a test says so."""
    async with Stage(tmp_path_factory.mktemp("rough")) as stage:
        office = await stage.office(music=False, sip_more=f'listen6 = "{HOME}"\n')
        yield stage, office, await stage.desk(office, "desk1", ANNA_HZ)


@pytest_asyncio.fixture(loop_scope="module")
async def stage(
    whole: tuple[Stage, Office, Baresip], tmp_path: Path
) -> AsyncIterator[tuple[Stage, Office, Baresip, int]]:
    """The world of one test, before and after which the box is at rest."""
    _, office, anna = whole
    anna.seen.skip()
    before = await at_rest(office)
    async with Stage(tmp_path) as world:
        yield world, office, anna, calls(office)
    assert await at_rest(office) == before, "sockets of legs are left"
    anna.seen.skip()
    async with Stage(tmp_path / "next") as world:
        await next_call(world, office, anna)


async def at_rest(office: Office) -> int:
    """When no call is shown any more, and nobody is on one: how many sockets the switch has."""
    counts = [-1, -2, -3]
    async with asyncio.timeout(40):
        while len(set(counts[-3:])) > 1:
            async with await client.connect(office.socket) as switch:
                seen = await switch.request(Watch(0))
            quiet = not seen.calls and all(person.state in ("free", "unreachable") for person in seen.people)
            counts.append(sockets(office) if quiet else -len(counts) - 1)
            await asyncio.sleep(0.1)
    return counts[-1]


def sockets(office: Office) -> int:
    """UDP ports for sound: two for each leg."""
    ours = set()
    for entry in Path(f"/proc/{office.pid('switch')}/fd").iterdir():
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(entry))
        except OSError:
            continue
        ours.update(found.groups() if found else ())
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return sum(line.split()[9] in ours for line in lines)


def told(scenario: object, request: str) -> list[str]:
    """These requests as SIPp got them from the box."""
    return [one.text for one in scenario.messages() if not one.sent and one.first.startswith(request)]  # type: ignore[attr-defined]


def calls(office: Office) -> int:
    """So far."""
    return len(Reader(office.journal).calls(limit=1000))


async def next_call(world: Stage, office: Office, anna: Baresip) -> None:
    nth = calls(office) + 1
    caller = await world.outside(office, "caller-waits", await world.ear())
    await answers(anna)
    await anna.hang_up()
    await caller.finished()
    assert (await world.call_over(office, nth)).outcome == "answered"


async def answers(anna: Baresip) -> None:
    await anna.rings()
    await anna.accept()
    await anna.talks()


World = tuple[Stage, Office, Baresip, int]  # and how many calls there were before


async def test_who_gives_up_when_he_was_just_answered_has_to_hang_up(stage: World) -> None:
    world, office, anna, before = stage
    caller = await world.outside(office, "caller-cancels-late", await world.ear())
    await answers(anna)
    await caller.finished()
    await anna.closed()
    assert (await world.call_over(office, before + 1)).outcome == "answered"


async def test_who_gives_up_and_says_so_once_more_is_gone_once(stage: World) -> None:
    world, office, _, before = stage
    caller = await world.outside(office, "caller-cancels-twice")
    await caller.finished()
    call = await world.call_over(office, before + 1)
    assert call.outcome == "abandoned"
    assert len([leg for leg in Reader(office.journal).legs(call.id) if leg.kind == "caller"]) == 1


async def test_an_answer_that_crosses_our_cancel_is_hung_up(stage: World) -> None:
    """Anna calls out and gives up, and whom she called answers at that moment."""
    world, office, anna, before = stage
    trunk = await world.sipp("callee-answers-cancelled", port=office.city, rtp=(await world.ear()).port)
    await anna.dial(OUTSIDE)
    await anna.event("CALL_RINGING")
    await anna.hang_up()
    await trunk.finished()
    assert (await world.call_over(office, before + 1)).outcome == "abandoned"


async def test_a_trunk_that_forks_has_one_of_two_answers_taken_and_the_other_hung_up(stage: World) -> None:
    world, office, anna, before = stage
    ear = await world.ear()
    trunk = await world.sipp("trunk-forks", port=office.city, rtp=ear.port)
    await anna.dial(OUTSIDE)
    await anna.talks()
    await ear.listens(0.5)
    await anna.hang_up()
    await trunk.finished()
    first, second = (re.findall(r"(?m)^To:.*tag=\d+(\w+?)\d+$", one)[0] for one in told(trunk, "BYE"))
    assert (first, second) == ("second", "first")
    call = await world.call_over(office, before + 1)
    assert call.outcome == "answered"
    assert [leg.cause for leg in Reader(office.journal).legs(call.id) if leg.kind == "trunk"] == [16]


async def test_another_invite_while_it_rings_is_refused_and_the_first_goes_on(stage: World) -> None:
    world, office, anna, before = stage
    caller = await world.outside(office, "caller-asks-anew", await world.ear(), talk=0.3)
    await anna.rings()
    await asyncio.sleep(0.3)  # the other INVITE is refused meanwhile
    await anna.accept()
    await anna.talks()
    await caller.finished()
    assert (await world.call_over(office, before + 1)).outcome == "answered"


async def test_a_session_changed_by_update_and_by_invite_sounds_on(stage: World) -> None:
    world, office, anna, before = stage
    ear = await world.ear()
    caller = await world.outside(office, "caller-updates", ear, talk=0.7)
    await answers(anna)
    await caller.finished()
    await anna.closed()
    assert tone.heard(ear.heard(world.folder / "caller.wav"), ANNA_HZ) > 1.2
    assert tone.heard(anna.heard(), CALLER_HZ) > 1.2
    assert (await world.call_over(office, before + 1)).outcome == "answered"


async def test_a_telephone_by_ipv6_talks_with_one_by_ipv4_and_with_the_trunk(stage: World) -> None:
    world, office, anna, before = stage
    how = {"registrar": f"[{HOME}]:{office.sip}", "host": HOME}
    boris = await world.desk(office, "desk2", BORIS_HZ, **how)
    await boris.dial("101")
    await answers(anna)
    await boris.talks()
    await anna.listens(1.0)
    await boris.listens(1.0)
    await anna.hang_up()
    await boris.closed()
    await anna.closed()
    assert (await world.call_over(office, before + 1)).outcome == "answered"
    assert tone.heard(anna.heard(), BORIS_HZ) > 0.6 and tone.heard(boris.heard(), ANNA_HZ) > 0.6

    ear = await world.ear()
    caller = await world.outside(office, "caller-waits", ear)
    await answers(boris)
    await anna.closed()
    await hears(world, ear, BORIS_HZ, 0.6)
    await boris.listens(0.6)
    await boris.command("transfer", f"sip:101@{how['registrar']}")
    await anna.rings()  # that she was rung with him is over
    await answers(anna)
    await boris.closed()
    await hears(world, ear, ANNA_HZ, 0.6)
    await anna.hang_up()
    await caller.finished()
    assert (await world.call_over(office, before + 2)).person == "anna"
    assert tone.heard(boris.heard(), CALLER_HZ) > 0.4


async def test_a_bye_that_is_lost_is_said_again(stage: World) -> None:
    """Twice in each direction; nobody waits for it."""
    world, office, anna, before = stage
    lost: list[bytes] = []

    def drops(packet: bytes) -> bool:
        if not packet.startswith(b"BYE") or len(lost) > 1:
            return False
        lost.append(packet)
        return True

    for nth, scenario in enumerate(("caller-waits", "caller-hangs-up"), before + 1):
        lost.clear()
        port, far = world.ports.take(), world.ports.take()
        async with Lossy((office.address.split(":")[0], office.sip), port=port, own=office.city, far=far, drops=drops):
            ear = await world.ear()
            caller = await world.sipp(scenario, to=f"127.0.0.1:{port}", port=far, rtp=ear.port, talk=0.5)
            await answers(anna)
            if scenario == "caller-waits":
                await anna.hang_up()
            await caller.finished()
            await anna.closed()
            assert len(lost) == 2
        assert (await world.call_over(office, nth)).outcome == "answered"


async def test_one_packet_in_twenty_is_lost_each_way_and_no_call(stage: World) -> None:
    """One in twenty is doubled, too, and one in twenty comes late."""
    world, office, anna, before = stage
    port, far = world.ports.take(), world.ports.take()
    how = {"seed": 1, "loss": LOSS, "doubled": LOSS, "late": LOSS}
    async with Lossy((office.address.split(":")[0], office.sip), port=port, own=office.city, far=far, **how) as network:
        to = f"127.0.0.1:{port}"
        callers = await world.sipp("caller-hangs-up", to=to, port=far, calls=CALLS, rate=4, talk=0.5, number="101")
        done = asyncio.create_task(callers.finished(within=40))
        while not done.done():
            if await rings_or(anna, done):
                await anna.accept()
        totals = await done
        assert (totals.succeeded, totals.failed) == (CALLS, 0)
        assert network.lost > 0 and totals.retransmissions > 0
    await world.call_over(office, before + CALLS)
    assert calls(office) == before + CALLS


async def rings_or(anna: Baresip, done: "asyncio.Task[object]") -> bool:
    ringing = asyncio.ensure_future(anna.rings(within=30))
    await asyncio.wait((ringing, done), return_when=asyncio.FIRST_COMPLETED)
    if ringing.done():
        return True
    ringing.cancel()
    return False
