# SPDX-License-Identifier: GPL-2.0-or-later
"""What programs of all kinds, good and bad, get from the control socket."""

import asyncio
import json
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appliance.control import messages as m
from appliance.control.client import Client, connect
from appliance.control.server import CLIENTS_OF_ONE, IN_FLIGHT, PathTooLong, SocketInUse
from tests.control.office import PATIENCE, SmallOffice, Wire, encoded

NOBODY = 65534


@pytest.fixture
async def office(path: Path) -> AsyncIterator[SmallOffice]:
    async with SmallOffice(path) as office:
        yield office


async def test_every_request_is_answered_under_its_id(office: SmallOffice) -> None:
    async with await Wire.to(office.server.path) as wire:
        wire.say(b'{"id":7,"do":"why","call":5}', b'{"id":8,"do":"why","call":404}')
        answers = {answer["id"]: answer for answer in (await wire.answer(), await wire.answer())}
    assert answers[7] == {"id": 7, "ok": ["anna was rung"]}
    assert answers[8] == {"id": 8, "error": {"id": "unknown", "message": "Call 404 is not known."}}


async def test_a_watcher_gets_the_office_then_what_changes(office: SmallOffice) -> None:
    office.tell()
    async with await Wire.to(office.server.path) as wire:
        answer = await wire.ask(b'{"id":1,"do":"watch"}')
        assert (answer["id"], answer["ok"]["name"], answer["ok"]["version"]) == (1, "Example Ltd", m.VERSION)
        before = time.time_ns() // 1_000_000
        office.server.tell(m.QueueChanged, queue=m.Queue(id="sales", name="Sales", waiting=(5,)))
        event = await wire.answer()
        assert (event["event"], event["seq"], event["queue"]["waiting"]) == ("queue", answer["ok"]["seq"] + 1, [5])
        assert before <= event["at"] <= time.time_ns() // 1_000_000


async def test_whenever_one_begins_to_watch_no_event_is_missing_or_told_twice(office: SmallOffice) -> None:
    """The revision of this office is how many events it has told: the snapshot must agree with its seq."""
    events = 3000

    async def watch() -> None:
        async with await connect(office.server.path) as client:
            watching = client.watch()
            now = await anext(watching)
            assert isinstance(now, m.Office)
            assert now.revision == now.seq
            seq = now.seq
            while seq < events:
                event = await anext(watching)
                assert isinstance(event, m.Happened)
                assert (event.seq, event.call) == (seq + 1, seq + 1)
                seq = event.seq
            await watching.aclose()  # type: ignore[attr-defined]

    async with asyncio.timeout(60), asyncio.TaskGroup() as watchers:
        for n in range(events):
            if n % 150 == 0:
                watchers.create_task(watch())
            office.tell("x" * random.randint(0, 2000))
            if random.random() < 0.1:
                await asyncio.sleep(0)


async def _count(client: Client, to: int, reached: asyncio.Event) -> None:
    async for said in client.watch():
        if said.seq == to:
            reached.set()
            return


async def test_one_who_does_not_read_is_dropped_and_nobody_waits_for_him(office: SmallOffice) -> None:
    events = 12_000  # of 1 kB: three times what may wait for one client
    async with await Wire.to(office.server.path) as lazy, await connect(office.server.path) as keen:
        await lazy.ask(b'{"id":1,"do":"watch"}')
        lazy.writer.transport.pause_reading()  # type: ignore[attr-defined]
        reached = asyncio.Event()
        counting = asyncio.create_task(_count(keen, events, reached))
        async with asyncio.timeout(PATIENCE):
            await keen.request(m.Why(0, 5))
            for _ in range(events):
                office.tell("x" * 1000)
                await asyncio.sleep(0)
            await reached.wait()
        await counting
        lazy.writer.transport.resume_reading()  # type: ignore[attr-defined]
        got = 0
        while line := await lazy.line():
            got = json.loads(line)["seq"] if line.endswith(b"\n") else got
        assert 0 < got < events
        assert await keen.request(m.Why(0, 5)) == office.why


async def test_five_thousand_events_reach_five_watchers(office: SmallOffice) -> None:
    events = 5000
    async with asyncio.TaskGroup() as group:
        clients = [await connect(office.server.path) for _ in range(5)]
        ends = [asyncio.Event() for _ in clients]
        for client, end in zip(clients, ends, strict=True):
            group.create_task(_count(client, events, end))
            await client.request(m.Why(0, 5))  # answered after the watch before it
        for _ in range(events):
            office.tell("Mr Kazlauskas")
            await asyncio.sleep(0)
        for end in ends:
            await asyncio.wait_for(end.wait(), PATIENCE)
    for client in clients:
        await client.close()


@pytest.mark.parametrize(
    ("line", "id"),
    [
        (b"", 0),
        (b"hello", 0),
        (b"[]", 0),
        (b'{"id":3}', 3),
        (b'{"id":3,"do":"format-disk"}', 3),
        (b'{"id":3,"do":"why"}', 3),
        (b'{"id":3,"do":"why","call":"5"}', 3),
        (b'{"id":3,"do":"why","call":-1}', 3),
        (b'{"id":3,"do":"why","call":9007199254740992}', 3),
        (b'{"id":"3","do":"watch"}', 0),
        (b'{"do":"watch"}', 0),
        (b'{"id":3,"do":"status","person":"anna","status":"asleep"}', 3),
        (b'{"id":3,"do":"why","call":' + b"9" * 6000 + b"}", 0),
        (b'{"id":3,"do":"watch","x":' + b"[" * 200_000 + b"}", 0),
    ],
)
async def test_a_line_not_understood_is_answered_so_and_the_next_one_served(
    office: SmallOffice, line: bytes, id: int
) -> None:
    async with await Wire.to(office.server.path) as wire:
        answer = await wire.ask(line)
        assert answer["error"]["id"] == "bad-request"
        assert answer["id"] in (id, 3)
        assert (await wire.ask(b'{"id":4,"do":"why","call":5}'))["ok"] == ["anna was rung"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b'{"id":1,"do":"check","document":"' + b"x" * m.MAX_LINE + b'"}\n', "line-too-long"),
        (b"x" * (m.MAX_LINE + 1), "line-too-long"),
        (b'{"id":1,"do":"check","document":"\xff"}\n', "not-utf-8"),
    ],
)
async def test_endless_lines_and_wrong_bytes_end_the_connection(office: SmallOffice, said: bytes, why: str) -> None:
    async with await Wire.to(office.server.path) as wire:
        wire.writer.write(said)
        assert (await wire.answer())["error"]["id"] == why
        assert await wire.line() == b""


def test_no_bytes_whatever_stop_the_switch(path: Path) -> None:
    json_text = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters(codec="utf-8")),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=8,
    )
    verbs = st.sampled_from([kind.__struct_config__.tag for kind in m.ANSWERS])  # type: ignore[attr-defined]
    requests = st.fixed_dictionaries(
        {"id": json_text, "do": verbs},
        optional=dict.fromkeys(("call", "document", "comment", "person", "status", "reason", "revision"), json_text),
    )
    lines = (
        st.binary(max_size=200) | requests.map(json.dumps).map(str.encode) | json_text.map(json.dumps).map(str.encode)
    )

    with asyncio.Runner() as runner:
        office = SmallOffice(path)
        runner.run(office.server.start())

        async def served(said: bytes) -> None:
            async with await Wire.to(path) as hostile, await Wire.to(path) as good:
                hostile.writer.write(said + b"\n")
                hostile.writer.write_eof()
                for _ in said.split(b"\n"):
                    if not (line := await hostile.line()):
                        break
                    msgspec.json.decode(line, type=m.Answer)
                assert (await good.ask(b'{"id":4,"do":"why","call":5}'))["ok"] == ["anna was rung"]

        @settings(max_examples=200, deadline=None, database=None)
        @given(lines)
        @example(b'{"id":1,"do":"status","person":"\\ud800","status":"off","reason":"\\u0000"}')
        @example(b'{"id":1,"do":"watch"}\n' * 50)
        @example(b'{"id":1e999,"do":"watch"}')
        def hostile(said: bytes) -> None:
            runner.run(served(said))

        hostile()
        runner.run(office.server.close())


ASK_AS_SOMEBODY = """
import os, socket, sys
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[2]))
with socket.socket(socket.AF_UNIX) as switch:
    switch.connect(sys.argv[1])
    switch.sendall(b'{"id":1,"do":"why","call":5}\\n{"id":2,"do":"hang-up","call":5}\\n')
    switch.shutdown(socket.SHUT_WR)
    while said := switch.recv(65536):
        sys.stdout.buffer.write(said)
"""


async def _ask_as_somebody(path: Path, uid: int) -> dict[int, m.Answer]:
    path.chmod(0o666)  # so that it is not the file's mode that decides
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ASK_AS_SOMEBODY, str(path), str(uid), stdout=subprocess.PIPE
    )
    said = (await asyncio.wait_for(child.communicate(), PATIENCE))[0]
    assert child.returncode == 0
    answers = [msgspec.json.decode(line, type=m.Answer) for line in said.splitlines()]
    return {answer.id: answer for answer in answers}


async def test_another_user_may_do_only_what_he_was_given(path: Path) -> None:
    """The other user is nobody when the tests run as root; else ourselves, with the owner's rights taken away."""
    other = NOBODY if os.geteuid() == 0 else os.geteuid()
    async with SmallOffice(path, may={other: frozenset({m.Why})}, owners=frozenset()) as office:
        answers = await _ask_as_somebody(path, other)
        assert bytes(answers[1].ok) == b'["anna was rung"]'
        assert answers[2].error == m.Fault("not-allowed", f"User {other} may not ask that.")
        [(request, peer)] = office.asked
        assert isinstance(request, m.Why)
        assert peer.uid == other


async def test_a_user_nobody_named_may_do_nothing(path: Path) -> None:
    other = NOBODY if os.geteuid() == 0 else os.geteuid()
    async with SmallOffice(path, owners=frozenset()) as office:
        answers = await _ask_as_somebody(path, other)
        assert [answer.error and answer.error.id for answer in answers.values()] == ["not-allowed"] * 2
        assert office.asked == []


async def test_the_switchs_own_user_may_do_everything_and_the_file_is_closed_to_strangers(office: SmallOffice) -> None:
    assert stat.S_IMODE(office.server.path.stat().st_mode) == 0o660
    async with await connect(office.server.path) as client:
        assert await client.request(m.HangUp(0, 5)) == m.Done()
    assert office.asked[0][1].uid == os.geteuid()
    assert office.asked[0][1].pid == os.getpid()


async def test_one_client_cannot_have_more_than_its_share_of_requests_under_way(office: SmallOffice) -> None:
    office.held = asyncio.Event()
    async with await Wire.to(office.server.path) as greedy, await connect(office.server.path) as other:
        greedy.say(*(b'{"id":%d,"do":"why","call":5}' % n for n in range(100)))
        await other.request(m.HangUp(0, 5))
        for _ in range(5):
            await other.request(m.HangUp(0, 5))
        whys = [request for request, _ in office.asked if isinstance(request, m.Why)]
        assert len(whys) == IN_FLIGHT
        office.held.set()
        assert {(await greedy.answer())["id"] for _ in range(100)} == set(range(100))


async def test_one_who_asks_and_never_reads_fills_no_memory(office: SmallOffice) -> None:
    office.why = ("x" * 100_000,)
    async with await Wire.to(office.server.path) as greedy, await connect(office.server.path) as other:
        greedy.reader._transport.pause_reading()  # type: ignore[attr-defined]
        greedy.say(*(b'{"id":%d,"do":"why","call":5}' % n for n in range(1000)))
        done = -1
        while done < office.done:
            done = office.done
            for _ in range(20):
                await other.request(m.HangUp(0, 5))
        assert done < 2 * IN_FLIGHT + 10


async def test_a_flood_of_nonsense_is_answered_as_fast_as_it_is_read(office: SmallOffice) -> None:
    """The answers are three times what may wait unsent, yet the client is not dropped: its lines wait instead."""
    flood = 100_000
    async with await Wire.to(office.server.path) as hostile, await connect(office.server.path) as other:
        hostile.writer.write(b"\n" * flood)
        for _ in range(20):
            assert await other.request(m.Why(0, 5)) == office.why
        for _ in range(flood):
            assert await hostile.line()


async def test_one_who_leaves_without_a_word_is_no_fault(office: SmallOffice, caplog: pytest.LogCaptureFixture) -> None:
    async with await connect(office.server.path) as other:
        with socket.socket(socket.AF_UNIX) as leaving:
            leaving.connect(str(office.server.path))
            leaving.sendall(b'{"id":1,"do":"watch"}\n')
            await other.request(m.HangUp(0, 5))
            office.tell()
            # it closes with unread events: the kernel tells the switch of a reset, not of an end
        office.tell()
        for _ in range(3):
            assert await other.request(m.Why(0, 5)) == office.why
    assert caplog.text == ""


async def test_what_was_asked_is_carried_out_though_the_asker_has_gone(office: SmallOffice) -> None:
    office.held = asyncio.Event()
    async with await Wire.to(office.server.path) as leaving, await connect(office.server.path) as other:
        leaving.say(b'{"id":1,"do":"why","call":5}')
        while not office.asked:
            await other.request(m.HangUp(0, 5))
        leaving.writer.transport.abort()
        await other.request(m.HangUp(0, 5))
        office.held.set()
        await other.request(m.Why(0, 5))
    assert office.done == 2


async def test_a_fault_of_the_switch_is_answered_and_logged(
    office: SmallOffice, caplog: pytest.LogCaptureFixture
) -> None:
    async with await connect(office.server.path) as client:
        with pytest.raises(m.Refused) as refused:
            await client.request(m.Why(0, 500))
        assert refused.value.id == "internal"
        assert "ZeroDivisionError" in caplog.text
        assert await client.request(m.Why(0, 5)) == office.why


async def test_one_user_cannot_take_all_places(office: SmallOffice) -> None:
    wires = [await Wire.to(office.server.path) for _ in range(CLIENTS_OF_ONE)]
    for wire in wires:
        await wire.ask(b'{"id":1,"do":"hang-up","call":1}')
    async with await Wire.to(office.server.path) as late:
        assert (await late.answer())["error"]["id"] == "too-many-clients"
        assert await late.line() == b""
    wires[0].writer.close()
    await wires[0].writer.wait_closed()
    async with asyncio.timeout(PATIENCE):
        while True:  # the place is free once the switch has noticed
            async with await Wire.to(office.server.path) as again:
                if "ok" in await again.ask(b'{"id":1,"do":"hang-up","call":1}'):
                    break
    for wire in wires:
        wire.writer.transport.abort()


async def test_a_second_switch_is_told_the_first_one_lives(office: SmallOffice) -> None:
    second = SmallOffice(office.server.path)
    with pytest.raises(SocketInUse, match="Another switch answers on"):
        await second.server.start()
    async with await connect(office.server.path) as client:
        assert await client.request(m.Why(0, 5)) == office.why


DIES = """
import socket, sys
with socket.socket(socket.AF_UNIX) as switch:
    switch.bind(sys.argv[1])
    switch.listen()
    print("ready", flush=True)
    switch.accept()
"""


async def test_the_socket_of_a_killed_switch_is_replaced(path: Path) -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", DIES, str(path), stdout=subprocess.PIPE)
    assert child.stdout
    await child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    await child.communicate()
    assert path.exists()
    async with SmallOffice(path) as office, await connect(path) as client:
        assert await client.request(m.Why(0, 5)) == office.why
    assert not path.exists()


async def test_a_file_in_the_sockets_place_is_left_alone(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(SocketInUse, match="something other than a socket"):
        await SmallOffice(path).server.start()
    assert path.read_text() == "precious"


async def test_a_switch_that_stops_takes_only_its_own_socket_along(path: Path) -> None:
    first = SmallOffice(path)
    await first.server.start()
    path.unlink()
    async with SmallOffice(path):
        await first.server.close()
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))


def test_the_tests_speak_what_the_language_says() -> None:
    assert encoded(m.Watch(1)) == b'{"do":"watch","id":1}'


async def test_a_path_too_long_for_a_socket_is_told_in_words(path: Path) -> None:
    with pytest.raises(PathTooLong, match="at most 107 bytes"):
        async with SmallOffice(path.with_name("x" * 100)):
            pass
