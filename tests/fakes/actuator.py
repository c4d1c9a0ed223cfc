# SPDX-License-Identifier: GPL-2.0-or-later
"""A thing on the premises: it does what it is told on a topic, once and in time, and tells its state."""

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import aiomqtt

WITHIN = 10.0  # seconds


class Actuator:
    """`did` are the payloads it carried out. `answers` makes its state of a payload and a request; None: it says nothing."""

    def __init__(
        self,
        port: int,
        topic: str,
        state: str,
        answers: Callable[[str, str], str | None] = lambda payload, request: "open",
        *,
        keeps: bool = False,
    ) -> None:
        self.did: list[str] = []
        self.told: list[str] = []  # everything it was told, carried out or not
        self._known: set[str] = set()
        self._topic, self._state, self._answers, self._keeps = topic, state, answers, keeps
        self._client = aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5, timeout=WITHIN)
        self._work: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        await self._client.subscribe(self._topic, qos=1)
        self._work = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._work
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)
        try:
            await self._client.__aexit__(None, None, None)
        except aiomqtt.MqttError:
            pass  # the broker went first

    async def tell(self, state: str) -> None:
        """It says its state, asked or not."""
        await self._client.publish(self._state, state, qos=1, retain=self._keeps)

    async def _run(self) -> None:
        async for message in self._client.messages:
            payload = message.payload.decode() if isinstance(message.payload, bytes) else ""
            self.told.append(payload)
            known = dict(getattr(message.properties, "UserProperty", []))
            request, expires = known.get("request_id", ""), int(known.get("expires_at", 0))
            if message.retain or request in self._known or expires <= time.time() * 1000:
                continue
            self._known.add(request)
            self.did.append(payload)
            if (state := self._answers(payload, request)) is not None:
                await self.tell(state)
