# SPDX-License-Identifier: GPL-2.0-or-later
"""A private Mosquitto on the loopback address, and somebody who listens to it."""

import asyncio
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.programs.demo.seen import NotSeen, Seen
from appliance.programs.demo.tied import TIED

# user: as root it would change to another user, and the kernel then forgets to end it with us
CONF = "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n"
PROGRAMS = ("mosquitto", "mosquitto_sub", "mosquitto_pub")


def installed() -> bool:
    """Whether both a broker and a listener can be run."""
    return all(_program(name) for name in PROGRAMS)


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


class Broker:
    """`async with Broker(folder, port)`: a broker that can be ended and started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port, self._file = port, folder / "mosquitto.conf"
        self._file.write_text(CONF.format(port=port))
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.end()

    async def start(self) -> None:
        program = _program("mosquitto")
        assert program is not None
        self._process = await asyncio.create_subprocess_exec(
            *TIED, program, "-c", str(self._file), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, process_group=0,
        )  # fmt: skip
        assert self._process.stderr is not None
        said = b""
        while b" running" not in said and (line := await self._process.stderr.readline()):
            said = line
        self._reader = asyncio.create_task(self._process.stderr.read())
        if b" running" not in said:
            await self.end()
            raise NotSeen(f"Mosquitto does not start on port {self.port}: {said.decode(errors='replace').strip()}")

    async def end(self) -> None:
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()
        await self._reader


async def publish(port: int, topic: str, payload: str) -> None:
    """Raises NotSeen."""
    program = _program("mosquitto_pub")
    assert program is not None
    told = await asyncio.create_subprocess_exec(
        *TIED, program, "-h", "127.0.0.1", "-p", str(port), "-t", topic, "-m", payload, "-q", "1",
        stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, process_group=0,
    )  # fmt: skip
    if await told.wait():
        raise NotSeen(f"the broker on port {port} does not take {topic}")


class Listener:
    """`async with Listener(port, topic) as lamp`: seen are "topic payload" lines, from now on and what is retained."""

    def __init__(self, port: int, topic: str) -> None:
        self._port, self._topic = port, topic
        self.seen: Seen[str] = Seen(f"listener to {topic}")

    async def __aenter__(self) -> Self:
        program = _program("mosquitto_sub")
        assert program is not None
        self._process = await asyncio.create_subprocess_exec(
            *TIED, "stdbuf", "-oL", program, "-h", "127.0.0.1", "-p", str(self._port), "-t", self._topic, "-v", "-d", "-q", "1",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, process_group=0,
        )  # fmt: skip
        self._listening = asyncio.create_task(self._listen())
        try:
            await self.hears("Subscribed ")
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()
        await self._listening

    async def hears(self, words: str, within: float = 20.0) -> str:
        """The next message with these words in its topic or payload. Raises NotSeen."""
        return await self.seen.next(repr(words), lambda line: words in line, within)

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for raw in self._process.stdout:
            line = raw.decode(errors="replace").rstrip("\n")
            if not line.startswith("Client "):
                self.seen.add(line)
        self.seen.end("the broker has gone")
