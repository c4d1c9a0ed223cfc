# SPDX-License-Identifier: GPL-2.0-or-later
"""What a newcomer sees first: a small office at work, and nothing of it left afterwards."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from appliance.control.client import connect
from appliance.control.messages import HangUp, Watch
from appliance.programs.demo.broker import Broker
from appliance.programs.demo.ports import Ports
from appliance.programs.demo.seen import NotSeen, Seen

WHOLE = 100.0  # seconds in which every scene must have been played
EXPECTED = [
    "Mr Kazlauskas (+370 600 00001) calls +370 520 00000 over the line City.",
    "waits in Sales.",
    "The caller hears music.",
    "The telephone of Anna rings.",
    "The telephone of Boris rings.",
    "The lamp on the porch goes ON.",
    "Anna answers after 3.",
    "The telephone of Boris stops.",
    "answered",
    "leaves a message.",
    "The message is kept in",
    "voicemail",
    "Boris (102) calls 101 from a telephone of the office.",
    "+370 600 00003 calls +370 600 00100 over the line Mobile.",
    "Boris answers after",
    "Boris and the caller hear each other.",
    "A text message of +370 600 00003 came over the line Mobile: The tea has come, thank you.",
    "Mr Kazlauskas (+370 600 00001) calls +370 600 00100 over the line Mobile.",
    "The action `gate` is due",
    "The gate OPENS.",
    "refused",
]


class Demo:
    """The demo as a process; `said` are its lines."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.process, self._folder = process, folder
        self.said: Seen[str] = Seen("the demo")

    async def says(self, words: str, within: float = 30.0) -> None:
        await self.said.next(repr(words), lambda line: words in line, within)

    async def ended(self, within: float) -> int:
        return await asyncio.wait_for(self.process.wait(), within)

    async def listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.said.add(line.decode().rstrip())
        self.said.end("it ended")

    def left(self) -> list[str]:
        """Whatever still runs in its folder, and the folder's content."""
        running = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    words = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
                except OSError:  # it has ended meanwhile
                    continue
                if str(self._folder) in words:
                    running.append(words)
        return running + [str(path) for path in self._folder.iterdir()]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short one: the path of a socket has 107 bytes at most."""
    with TemporaryDirectory(prefix="lk-") as name:
        yield Path(name)


@asynccontextmanager
async def demo(folder: Path, *arguments: str) -> AsyncIterator[Demo]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.programs", "demo", *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "TMPDIR": str(folder)}, start_new_session=True,
    )  # fmt: skip
    one = Demo(process, folder)
    listening = asyncio.create_task(one.listen())
    try:
        yield one
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


@pytest.mark.timeout(WHOLE + 30)
async def test_every_scene_is_played_and_told_in_words(folder: Path) -> None:
    async with demo(folder, "--once") as office:
        assert await office.ended(WHOLE) == 0, office.said.all
        for words in EXPECTED:
            await office.says(words, within=0.1)
        assert office.left() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_ends_when_told_in_the_middle_of_a_call_and_leaves_nothing(
    folder: Path, number: signal.Signals
) -> None:
    async with demo(folder) as office:
        await office.says("Anna answers")
        office.process.send_signal(number)
        assert await office.ended(20) == 0, office.said.all
        assert office.left() == []
        assert not [line for line in office.said.all if "Traceback" in line]


async def test_it_goes_on_when_somebody_who_looks_on_ends_a_call(folder: Path) -> None:
    async with demo(folder) as office:
        await office.says("The caller hears music.")
        [control] = folder.glob("linekeeper-demo-*/**/control.sock")
        async with await connect(control) as switch:
            for call in (await switch.request(Watch(0))).calls:
                await switch.request(HangUp(0, call.id))
        await office.says("On with the next scene.")
        await office.says("The telephone of Boris rings.")
        office.process.send_signal(signal.SIGINT)
        assert await office.ended(20) == 0, office.said.all


async def test_no_process_outlives_it_even_when_it_is_killed(folder: Path) -> None:
    async with demo(folder) as office:
        await office.says("Anna answers")
        office.process.kill()
        await office.ended(5)
        await office.said.next("the end of all output", lambda line: False, 5) if not office.said.ended else None
        running: list[str] = []
        for _ in range(50):
            running = [line for line in office.left() if not line.startswith(str(folder))]
            if not running:
                break
            await asyncio.sleep(0.1)  # the kernel ends them one after the other, and tells nobody
        assert running == []


async def test_a_broker_that_cannot_start_says_why(tmp_path: Path, ports: Ports) -> None:
    with socket.create_server(("127.0.0.1", ports.take())) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(NotSeen, match=f"Mosquitto does not start on port {port}: .*Address already in use"):
            async with Broker(tmp_path, port):
                pass
