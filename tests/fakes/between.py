# SPDX-License-Identifier: GPL-2.0-or-later
"""What may stand between us and a broker: a slow or deaf network, a broker that says nothing, one that delivers unfairly."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

PUBLISH, DUP, RETAIN = 3, 0x08, 0x01


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """Takes connections and never says a word."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            pass

    async with serving(hold) as port:
        yield port


@asynccontextmanager
async def serving(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]],
) -> AsyncIterator[int]:
    """The port of a server of our own; nothing of it is left."""
    tasks: dict[asyncio.Task[None], asyncio.WriteTransport] = {}

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await serve(reader, writer)
        writer.transport.abort()

    def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks[asyncio.create_task(one(reader, writer))] = writer.transport

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task, connection in tasks.items():
            task.cancel()
            connection.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.05)  # what was cut off is closed in a later turn of the loop


@asynccontextmanager
async def between(port: int, pass_on: Callable[[bytes], Any]) -> AsyncIterator[int]:
    """Stands before a broker; `pass_on` is awaited with what either says before it goes on."""

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(2048):
            await pass_on(data)
            sink.write(data)
            await sink.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, before = await asyncio.open_connection("127.0.0.1", port)
        ways = [asyncio.create_task(carry(reader, before)), asyncio.create_task(carry(behind, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            before.transport.abort()
            writer.transport.abort()

    async with serving(serve) as ours:
        yield ours


class Packet(NamedTuple):
    """One of MQTT: its first byte and what comes after its length."""

    head: int
    body: bytes

    @property
    def is_publication(self) -> bool:
        return self.head >> 4 == PUBLISH

    @property
    def topic(self) -> str:
        return self.body[2 : 2 + int.from_bytes(self.body[:2], "big")].decode() if self.is_publication else ""


Delivery = Callable[[Packet], list[tuple[float, Packet]]]  # what is delivered instead, after so many seconds


def late(seconds: float) -> Delivery:
    return lambda packet: [(seconds, packet)]


def twice(packet: Packet) -> list[tuple[float, Packet]]:
    """The same again, marked so, and once more as if it were new."""
    return [(0.0, packet), (0.05, packet._replace(head=packet.head | DUP)), (0.3, packet)]


def retained(packet: Packet) -> list[tuple[float, Packet]]:
    return [(0.0, packet._replace(head=packet.head | RETAIN))]


@asynccontextmanager
async def unfair(port: int, delivers: Callable[[], Delivery | None], only: str = "") -> AsyncIterator[int]:
    """A broker that delivers what is published on topics that begin with `only` as delivers() says; None: fairly."""
    tasks: set[asyncio.Task[None]] = set()

    async def after(delay: float, packet: Packet, sink: asyncio.StreamWriter) -> None:
        await asyncio.sleep(delay)
        if not sink.is_closing():
            sink.write(_written(packet))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, before = await asyncio.open_connection("127.0.0.1", port)

        async def inwards() -> None:
            while data := await reader.read(65536):
                before.write(data)

        async def outwards() -> None:
            while packet := await _read(behind):
                how = delivers() if packet.topic.startswith(only) and packet.is_publication else None
                for delay, one in how(packet) if how else [(0.0, packet)]:
                    if delay:
                        tasks.add(asyncio.create_task(after(delay, one, writer)))
                    else:
                        writer.write(_written(one))

        try:
            await _until_one_ends([inwards(), outwards()])
        finally:
            before.transport.abort()

    try:
        async with serving(serve) as ours:
            yield ours
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(source: asyncio.StreamReader) -> Packet | None:
    try:
        head = (await source.readexactly(1))[0]
        length = shift = 0
        while True:
            byte = (await source.readexactly(1))[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return Packet(head, await source.readexactly(length))
    except asyncio.IncompleteReadError:
        return None


def _written(packet: Packet) -> bytes:
    length, coded = len(packet.body), b""
    while True:
        length, byte = length >> 7, length & 0x7F
        coded += bytes([byte | (0x80 if length else 0)])
        if not length:
            return bytes([packet.head]) + coded + packet.body


async def _until_one_ends(work: list[Coroutine[Any, Any, None]]) -> None:
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
