# SPDX-License-Identifier: GPL-2.0-or-later
"""The audio of a call made by SIPp: an RTP endpoint (RFC 3550, G.711 A-law) that speaks, presses keys and records."""

from __future__ import annotations

import asyncio
import random
import struct
from array import array
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.telephones import g711, tone

RATE, PACKET = 8000, 160  # samples a second, samples in a packet (20 ms)
A_LAW, EVENTS = 8, 101  # payload types, as the scenarios offer them
BOX_EVENTS = 121  # telephone-event/8000 as the box offers it: what somebody it called sends (RFC 3264 section 6.1)
HEADER = struct.Struct("!BBHII")
EVENT = struct.Struct("!BBH")  # RFC 4733: event, end bit and volume, duration
SILENCE = bytes([g711.ENCODED[32768]]) * PACKET
KEYS = "0123456789*#ABCD"
LAST = 60  # packets that are told of when nothing was heard


class Rtp(asyncio.DatagramProtocol):
    """`async with Rtp(port) as ear`: answers whoever sends to this port (symmetric RTP) with what it has to say."""

    def __init__(self, port: int, says: array[int] | None = None) -> None:
        """says: 16-bit samples at 8 kHz, said over and over; None is silence."""
        self.port, self.packets, self.keys = port, 0, ""
        self._says, self._said = g711.encode(says) if says else SILENCE, 0
        self._pcm = array("h")
        self._came: deque[str] = deque(maxlen=LAST)  # what came last, packet by packet
        self._source: tuple[int, int, int] | None = None  # SSRC, its first timestamp, where that is in the recording
        self._to: tuple[str, int] | None = None
        self._ssrc, self._sequence, self._stamp = random.getrandbits(32), random.getrandbits(15), random.getrandbits(31)
        self._last_key, self._events = -1, EVENTS
        self._enough, self._news = 0, asyncio.Event()
        self._pressing: list[tuple[int, bytes]] = []  # (timestamp, event payload) still to be sent

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._wire, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", self.port))
        self._speaker = asyncio.create_task(self._speak())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._speaker.cancel()
        self._wire.close()

    def falls_silent(self) -> None:
        self._says, self._said = SILENCE, 0

    def press(self, keys: str, kind: int = EVENTS) -> None:
        """Send these digits as telephone events of 100 ms, 60 ms apart, of this payload type."""
        self._events = kind
        stamp = self._stamp + sum(1 for _, payload in self._pressing if payload[1] & 0x80) // 3 * 8 * PACKET
        for key in keys:
            for packet in range(1, 6):
                self._pressing.append((stamp, EVENT.pack(KEYS.index(key), 10, packet * PACKET)))
            self._pressing += [(stamp, EVENT.pack(KEYS.index(key), 0x8A, 5 * PACKET))] * 3
            stamp += 8 * PACKET

    async def listens(self, seconds: float, within: float = 10.0) -> None:
        """Wait until so much more audio has come. Raises AssertionError when it does not."""
        self._enough = self.packets + round(seconds * RATE / PACKET)
        self._news.clear()
        try:
            await asyncio.wait_for(self._news.wait(), seconds + within)
        except TimeoutError:
            raise AssertionError(f"port {self.port} heard {self.packets} packets, waiting for {self._enough}") from None

    def forget(self) -> None:
        """What was heard so far is not listened to any more."""
        self._pcm, self._source, self.packets, self._enough = array("h"), None, 0, 0

    def heard(self, path: Path) -> Path:
        """All that was heard so far as a WAV file; what never came is silence."""
        tone.save(path, self._pcm, RATE)
        return path

    def account(self) -> str:
        """What came last, for whoever wonders why nothing was heard."""
        return f"{self.packets} packets, the last: " + "; ".join(self._came)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) < HEADER.size or data[0] >> 6 != 2:
            return
        flags, kind, sequence, stamp, ssrc = HEADER.unpack_from(data)
        payload = data[HEADER.size + 4 * (flags & 15) :]
        self._to = addr
        self._came.append(
            f"{ssrc:08x} {sequence} {stamp} type {kind & 127}, {len(set(payload))} values of {len(payload)}"
        )
        if kind & 127 == A_LAW:
            self.packets += 1
            if self.packets >= self._enough:
                self._news.set()
            self._record(ssrc, stamp, g711.decode(payload))
        elif kind & 127 == EVENTS and len(payload) >= EVENT.size and stamp != self._last_key:
            self._last_key = stamp
            self.keys += KEYS[payload[0]] if payload[0] < len(KEYS) else "?"

    def _record(self, ssrc: int, stamp: int, pcm: array[int]) -> None:
        if self._source is None or self._source[0] != ssrc:
            self._source = (ssrc, stamp, len(self._pcm))
        at = self._source[2] + ((stamp - self._source[1]) & 0xFFFFFFFF)
        if at - len(self._pcm) > 60 * RATE:  # a jump of a minute: a new beginning, or older than the first packet
            return
        if at > len(self._pcm):
            self._pcm.extend([0] * (at - len(self._pcm)))
        self._pcm[at : at + len(pcm)] = pcm

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += PACKET / RATE
            await asyncio.sleep(due - loop.time())
            kind, stamp, payload = A_LAW, self._stamp, self._next()
            if self._pressing:
                kind = self._events
                stamp, payload = self._pressing.pop(0)
            self._stamp = (self._stamp + PACKET) & 0xFFFFFFFF
            self._sequence = (self._sequence + 1) & 0xFFFF
            if self._to is not None:
                self._wire.sendto(HEADER.pack(0x80, kind, self._sequence, stamp, self._ssrc) + payload, self._to)

    def _next(self) -> bytes:
        part = (self._says[self._said :] + self._says)[:PACKET]
        self._said = (self._said + PACKET) % len(self._says)
        return part
