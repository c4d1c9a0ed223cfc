# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Mosquitto of our own on the loopback address, and somebody who listens to it."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiomqtt

from appliance.programs.demo.tied import TIED

WITHIN = 10.0  # seconds for anything that is waited for


class Mosquitto:
    """start() returns when it listens; kill(), freeze() and thaw() are what brokers suffer."""

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        users: Mapping[str, str] | None = None,
        access: str = "",
        more: str = "",
        address: str = "127.0.0.1",
        before: Sequence[str] = (),
    ) -> None:
        """users: passwords by name; access: its list of who may what; more: lines of its settings.

        before: words of a command that runs it."""
        self.port, self._before = port, before
        self._settings = folder / f"mosquitto-{port}.conf"
        lines = [f"listener {self.port} {address}", "persistence false", "user root", "log_dest stderr", more]
        lines.append(f"allow_anonymous {'false' if users else 'true'}")
        if users:
            passwords = self._settings.with_suffix(".passwords")
            passwords.write_text("".join(f"{name}:{word}\n" for name, word in users.items()))
            subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
            lines.append(f"password_file {passwords}")
        if access:
            allowed = self._settings.with_suffix(".access")
            allowed.write_text(access)
            lines.append(f"acl_file {allowed}")
        self._settings.write_text("\n".join(lines) + "\n")
        self._process: asyncio.subprocess.Process | None = None
        self._log: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    async def start(self) -> None:
        path = os.environ["PATH"] + ":/usr/sbin"
        self._process = await asyncio.create_subprocess_exec(
            *TIED,
            *self._before,
            "mosquitto",
            "-c",
            str(self._settings),
            env={"PATH": path},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._process.stderr
        async with asyncio.timeout(WITHIN):
            while b" running" not in (line := await self._process.stderr.readline()):
                assert line, "Mosquitto has ended"
        self._log = asyncio.create_task(_drain(self._process.stderr))

    async def kill(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        await self._process.wait()
        if self._log:
            await self._log
        self._process = self._log = None

    def freeze(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)


async def _drain(log: asyncio.StreamReader) -> None:
    while await log.readline():
        pass


class Listener:
    """Hears everything on a broker: all messages in order, and the last retained payload of each topic."""

    def __init__(self, port: int, *, login: tuple[str, str] | None = None, **more: Any) -> None:
        self.messages: list[aiomqtt.Message] = []
        self.now: dict[str, str] = {}
        self.answered: dict[str, int] = {}  # answers looked at, by topic
        user, password = login or (None, None)
        self.client = aiomqtt.Client(
            more.pop("host", "127.0.0.1"),
            port,
            username=user,
            password=password,
            protocol=aiomqtt.ProtocolVersion.V5,
            timeout=WITHIN,
            **more,
        )
        self._changed = asyncio.Condition()
        self._hearing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        await self.client.subscribe("#", qos=1, options=None)
        self._hearing = asyncio.create_task(self._hear())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._hearing
        self._hearing.cancel()
        await asyncio.gather(self._hearing, return_exceptions=True)
        try:
            await self.client.__aexit__(None, None, None)
        except aiomqtt.MqttError:
            pass  # the broker went first

    async def _hear(self) -> None:
        async for message in self.client.messages:
            async with self._changed:
                self.messages.append(message)
                payload = message.payload
                self.now[str(message.topic)] = payload.decode(errors="replace") if isinstance(payload, bytes) else ""
                self._changed.notify_all()

    async def until(self, seen: Callable[[], object], within: float = WITHIN) -> None:
        """Wait for something among what has been heard."""
        async with self._changed, asyncio.timeout(within):
            await self._changed.wait_for(lambda: bool(seen()))

    def payloads(self, topic: str) -> list[str]:
        """All that was said on a topic, oldest first."""
        return [
            m.payload.decode(errors="replace")
            for m in self.messages
            if str(m.topic) == topic and isinstance(m.payload, bytes)
        ]
