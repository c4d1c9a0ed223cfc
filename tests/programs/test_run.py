# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper run`: the three programs live and die together as they should; the real ones, started as people do."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from appliance.control.client import connect
from appliance.control.messages import Apply
from appliance.control.restarts import Pending, Restart, Waiting
from appliance.programs import run as run_module
from appliance.programs.demo.ports import Ports
from appliance.programs.run import Child, supervise
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.sip.wire import Wire, request, sdp

WITHIN = 20.0  # seconds for anything that is waited for

OFFICE = """\
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[sip]
listen = "127.0.0.1"
port = {sip}
[web]
port = {web}
[phone.desk1]
[person.anna]
phones = ["desk1"]
"""
MQTT = "[mqtt]\nport = {broker}\n"


class Run:
    """`linekeeper run` as somebody at a terminal has it: its lines, its children, its end."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[str] = []
        self._changed = asyncio.Condition()
        assert process.stdout
        self._reading = asyncio.create_task(self._read(process.stdout))

    async def _read(self, lines: asyncio.StreamReader) -> None:
        async for line in lines:
            async with self._changed:
                self.said.append(line.decode().rstrip("\n"))
                self._changed.notify_all()

    async def until(self, seen: Callable[[list[str]], object]) -> None:
        async with self._changed, asyncio.timeout(WITHIN):
            await self._changed.wait_for(lambda: bool(seen(self.said)))

    async def until_ready(self) -> None:
        await self.until(lambda said: "ready" in said)

    def children(self) -> dict[str, int]:
        """Pid by program."""
        pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return {Path(f"/proc/{pid}/cmdline").read_text().split("\0")[3]: int(pid) for pid in pids}

    async def end(self) -> int:
        """Its exit code, and all it said is there."""
        async with asyncio.timeout(WITHIN):
            code = await self.process.wait()
            await self._reading
        return code


@contextlib.asynccontextmanager
async def running(document: Path, *more: str, **environment: str) -> AsyncIterator[Run]:
    given = ("run", "--settings", str(document), "--state", str(document.parent / "state"), *more)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "appliance.programs",
        *given,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environment},
    )
    run = Run(process)
    try:
        yield run
    finally:
        if process.returncode is None:
            process.terminate()
        await run.end()


@pytest.fixture
def office(tmp_path: Path, ports: Ports) -> Path:
    document = tmp_path / "office.toml"
    document.write_text(OFFICE.format(sip=ports.take(), web=ports.take()))
    return document


def web_port(document: Path) -> int:
    return int(document.read_text().partition("[web]\nport = ")[2].partition("\n")[0])


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def gone(pids: list[int]) -> None:
    async with asyncio.timeout(WITHIN):
        while any(alive(pid) for pid in pids):
            await asyncio.sleep(0.02)


def health(document: Path) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{web_port(document)}/health", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code


async def test_all_three_come_up_say_so_and_end_together(office: Path, ports: Ports) -> None:
    office.write_text(office.read_text() + MQTT.format(broker=ports.take()))
    async with running(office) as run:
        await run.until_ready()
        for program in ("switch", "bridge", "web"):
            assert any(line.startswith(f"{program} ready") for line in run.said)
        page = f"http://127.0.0.1:{web_port(office)}/"
        assert f"web ready: {page} (nobody can log in yet: {page}first-run sets the owner's password)" in run.said
        children = run.children()
        assert set(children) == {"switch", "bridge", "web"}
        run.process.send_signal(signal.SIGTERM)
        assert await run.end() == 0
        assert not any(alive(pid) for pid in children.values())


async def test_ctrl_c_ends_it_too(office: Path) -> None:
    async with running(office) as run:
        await run.until_ready()
        run.process.send_signal(signal.SIGINT)
        assert await run.end() == 0


async def test_a_broker_named_later_is_reached_without_starting_anything_anew(
    office: Path, ports: Ports, tmp_path: Path
) -> None:
    async with Mosquitto(tmp_path, ports.take()) as broker, running(office) as run:
        await broker.start()
        await run.until(lambda said: "bridge ready: the settings name no broker" in said)
        await run.until_ready()
        async with await connect(tmp_path / "state" / "control.sock") as switch:
            named = await switch.request(Apply(0, office.read_text() + MQTT.format(broker=broker.port)))
        assert named.restart == ()
        async with Listener(broker.port) as house:
            await house.until(lambda: house.now.get("linekeeper/office/bridge/state") == "online", WITHIN)


async def test_a_switch_told_to_start_again_takes_up_what_waited_for_that(
    office: Path, ports: Ports, tmp_path: Path
) -> None:
    socket, sip = tmp_path / "state" / "control.sock", ports.take(2)
    [before] = map(int, re.findall(r"listen = .*\nport = (\d+)", office.read_text()))
    async with running(office, "--without", "web", "--without", "bridge") as run:
        await run.until_ready()
        async with await connect(socket) as switch:
            assert await switch.request(Pending(0)) == Waiting((), 0)
            other = re.sub(r"(listen = .*\n)port = \d+", rf"\1port = {sip}", office.read_text())
            await switch.request(Apply(0, other))
            assert await switch.request(Pending(0)) == Waiting(("sip",), 0)
            async with Wire(("127.0.0.1", before)) as caller:
                await switch.request(Restart(0))
                refused = await caller.ask(request("INVITE", "sip:100@127.0.0.1", caller, body=sdp()))
                assert (refused.status, refused["retry-after"]) == (503, "5"), "he would be cut in a moment"
        await run.until(lambda said: sum("switch ready" in line for line in said) == 2)
        async with await connect(socket) as switch:
            assert await switch.request(Pending(0)) == Waiting((), 0)


async def test_a_program_that_is_not_wanted_does_not_run(office: Path) -> None:
    async with running(office, "--without", "web", "--without", "bridge") as run:
        await run.until_ready()
        assert set(run.children()) == {"switch"}


async def test_a_parent_killed_leaves_nobody(office: Path) -> None:
    async with running(office) as run:
        await run.until_ready()
        children = list(run.children().values())
        run.process.kill()
        await gone(children)


async def test_a_parent_killed_while_its_children_start_leaves_nobody(office: Path) -> None:
    async with running(office) as run:
        async with asyncio.timeout(WITHIN):
            while len(children := run.children()) < 2:
                await asyncio.sleep(0.005)
        run.process.kill()
        await gone(list(children.values()))


@pytest.mark.parametrize("program", ["web", "switch"])
async def test_a_program_killed_is_started_again_and_the_others_stay(office: Path, program: str) -> None:
    async with running(office) as run:
        await run.until_ready()
        before = run.children()
        os.kill(before[program], signal.SIGKILL)
        await run.until(lambda said: sum(line.startswith(f"{program} ready") for line in said) == 2)
        after = run.children()
        assert after.pop(program) != before.pop(program)
        assert after == before
        assert any("ended with signal SIGKILL; again in 0.2 s" in line for line in run.said)
        async with asyncio.timeout(WITHIN):
            while await asyncio.to_thread(health, office) != 200:  # the page knows the switch again
                await asyncio.sleep(0.05)


async def test_faulty_settings_end_it_with_their_place_and_nothing_is_started(office: Path) -> None:
    office.write_text(office.read_text().replace('phones = ["desk1"]', 'phone = ["desk1"]'))
    async with running(office) as run:
        assert await run.end() == 78
        assert any("office.toml:12:1 person.anna.phone: is not known" in line for line in run.said)
        assert not any("Traceback" in line for line in run.said)


async def test_a_fault_only_the_switch_finds_ends_everything_with_its_sentence(office: Path) -> None:
    secrets = office.with_name("secrets.toml")
    secrets.write_text("")
    secrets.chmod(0o644)
    async with running(office) as run:
        assert await run.end() == 78
        assert any("others may read it" in line for line in run.said)
        assert not any("Traceback" in line for line in run.said)


async def test_a_document_broken_later_does_not_take_the_others_down(office: Path) -> None:
    async with running(office) as run:
        await run.until_ready()
        children = run.children()
        office.write_text("nonsense")
        os.kill(children["web"], signal.SIGKILL)
        await run.until(lambda said: sum(line.startswith("web ready") for line in said) == 2)
        assert any("the settings have faults: version 1 is in force instead" in line for line in run.said)
        assert run.children()["switch"] == children["switch"]


async def test_a_box_whose_settings_were_broken_starts_with_the_last_that_were_sound(office: Path) -> None:
    async with running(office) as run:
        await run.until_ready()
    office.write_text("nonsense")
    async with running(office) as run:
        await run.until_ready()
        assert any("office.toml:1:9" in line for line in run.said), "nobody is told what is wrong"
        assert any("version 1 is in force instead" in line for line in run.said)
        assert office.read_text() == "nonsense", "what somebody wrote is gone"


async def test_a_box_whose_settings_and_passwords_were_broken_starts_with_the_last_that_were_sound(
    office: Path,
) -> None:
    async with running(office) as run:
        await run.until_ready()
    secrets = office.with_name("secrets.toml")
    secrets.write_text("[phone.desk1\n")
    async with running(office) as run:
        await run.until_ready()
        assert any("secrets.toml:1:" in line for line in run.said), "nobody is told what is wrong"
        assert any("the passwords of before are in force instead" in line for line in run.said)
    office.write_text("nonsense")
    async with running(office) as run:
        await run.until_ready()
        assert any("version 1 is in force instead" in line for line in run.said)
        assert secrets.read_text() == "[phone.desk1\n", "what somebody wrote is gone"


async def test_a_page_whose_port_is_taken_says_so_and_comes_when_it_is_free(office: Path) -> None:
    async with running_beside(web_port(office)) as taken, running(office) as run:
        sentence = f"linekeeper web: port {web_port(office)} of 127.0.0.1 is taken by another program"
        await run.until(lambda said: any(sentence in line for line in said))
        await run.until(lambda said: any(line.startswith("switch ready") for line in said))
        taken.close()
        await run.until_ready()
        assert not any("Traceback" in line for line in run.said)


@contextlib.asynccontextmanager
async def running_beside(port: int) -> AsyncIterator[socket.socket]:
    with socket.create_server(("127.0.0.1", port)) as taken:
        yield taken


async def test_whoever_started_it_is_told_when_all_is_ready(office: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(WITHIN)
        async with running(office, NOTIFY_SOCKET=str(tmp_path / "notify")):
            assert b"READY=1" in await asyncio.to_thread(notify.recv, 4096)


# ---- children that misbehave: small programs, and the real parent in this process -----------------------------------

NOTIFY = "from appliance.programs import notify; import time, sys, signal, os; "


@contextlib.asynccontextmanager
async def supervised(capfd: pytest.CaptureFixture[str], *scripts: str) -> AsyncIterator[Callable[[], str]]:
    """Children of these Python texts; gives what they and their parent have said so far."""
    children = [Child(f"child{n}", [sys.executable, "-c", NOTIFY + script], 6) for n, script in enumerate(scripts)]
    said: list[str] = []

    def read() -> str:
        said.extend(capfd.readouterr())
        return "".join(said)

    task = asyncio.create_task(supervise(children))
    try:
        yield read
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(read: Callable[[], str], text: str) -> None:
    async with asyncio.timeout(WITHIN):
        while text not in read():
            await asyncio.sleep(0.02)


async def test_one_that_ends_at_once_is_started_again_slower_and_slower(capfd: pytest.CaptureFixture[str]) -> None:
    async with supervised(capfd, "sys.exit(3)") as read:
        for pause in ("0.2", "0.4", "0.8"):
            await until(read, f"child0 | ended with exit code 3; again in {pause} s")


async def test_one_that_hangs_is_killed_and_started_again(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "WATCHDOG", 1.0)
    async with supervised(capfd, "notify.ready(); notify._notify('WATCHDOG=1'); time.sleep(60)") as read:
        await until(read, "ended with signal SIGABRT")


async def test_one_that_does_not_listen_to_sigterm_is_killed(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "GRACE", 0.5)
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('pid', os.getpid()); notify.ready(); time.sleep(60)"
    async with supervised(capfd, deaf) as read:
        await until(read, "child0 ready")
        pid = int(read().partition("pid ")[2].split()[0])
    assert not alive(pid)


async def test_its_log_bears_its_name_and_a_line_too_long_is_cut(capfd: pytest.CaptureFixture[str]) -> None:
    async with supervised(capfd, "print('short'); print('x' * 300_000); print('end'); time.sleep(60)") as read:
        await until(read, "child0 | end\n")
        assert "child0 | short\n" in read()
        assert f"child0 | {'x' * run_module.LINE_MAX}\n" in read()


async def test_a_stranger_cannot_say_that_a_child_is_ready(capfd: pytest.CaptureFixture[str]) -> None:
    stranger = f"import subprocess; subprocess.run([sys.executable, '-c', {NOTIFY + 'notify.ready()'!r}]); "
    async with supervised(capfd, stranger + "print('asked'); time.sleep(1); notify.ready(); time.sleep(60)") as read:
        await until(read, "child0 | asked")
        assert "child0 ready" not in read()
        await until(read, "child0 ready")
