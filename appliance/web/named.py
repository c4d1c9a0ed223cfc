# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers the network's question who is linekeeper.local, by multicast DNS (RFC 6762), so that the pages are found by name."""

import asyncio
import logging
import socket
import struct
import time
from typing import NamedTuple

from appliance.web.api.pace import Buckets
from appliance.web.mdns import GROUP, PORT, read, written
from appliance.web.multicast import bound, hears, ours_to

log = logging.getLogger("web")

NAME = "linekeeper.local"
A, ANY, IN = 1, 255, 1
UNICAST = 0x8000  # in a question: answer to me alone; in an answer: the only one there is
RESPONSE, AUTHORITATIVE = 0x8000, 0x0400
TTL = 120  # seconds, as the RFC has it for addresses
LONGEST, QUESTIONS_MOST = 4096, 32
EACH_SECOND, AT_ONCE = 1.0, 10.0  # answers, to all together


class Question(NamedTuple):
    """alone: to be answered to who asks alone."""

    id: int
    alone: bool


def asked(data: bytes) -> Question | None:
    """Whether a message asks for our address. What is not sound asks nothing."""
    try:
        id, flags, questions = struct.unpack_from("!3H", data)
        if flags & (RESPONSE | 0x7800):  # an answer, or no usual question
            return None
        at = 12
        for _ in range(min(questions, QUESTIONS_MOST)):
            name, at = read(data, at)
            kind, of = struct.unpack_from("!2H", data, at)
            at += 4
            if name.lower() == NAME and kind in (A, ANY) and of & ~UNICAST in (IN, ANY):
                return Question(id, bool(of & UNICAST))
    except (struct.error, IndexError, ValueError):
        pass
    return None


def answer(one: Question, address: str, *, legacy: bool) -> bytes:
    """Our address. legacy: for who asked from a port of his own, and looks for his question in the answer."""
    name = written(NAME)
    head = struct.pack("!6H", one.id if legacy else 0, RESPONSE | AUTHORITATIVE, int(legacy), 1, 0, 0)
    question = name + struct.pack("!2H", A, IN) if legacy else b""
    record = struct.pack("!2HIH", A, IN | (0 if legacy else UNICAST), 10 if legacy else TTL, 4)
    return head + question + name + record + socket.inet_aton(address)


class Named(asyncio.DatagramProtocol):
    """Another program that answers such questions (avahi) may do so beside it."""

    def __init__(self, group: str = GROUP, port: int = PORT) -> None:
        self._group, self._port = group, port
        self._pace = Buckets(EACH_SECOND, AT_ONCE, time.monotonic)
        self._transport: asyncio.DatagramTransport | None = None

    async def run(self) -> None:
        """Until cancelled; at once, with a word in the log, where the port is another's alone."""
        try:
            sock = bound(self._group, self._port, shared=True)
        except OSError as fault:
            log.warning("nobody is told who %s is: %s:%d: %s", NAME, self._group, self._port, fault.strerror)
            return
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)  # as the RFC wants it
        self._sock = sock
        await hears(self, sock, self._group)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def error_received(self, exc: Exception) -> None:
        log.debug("%s", exc)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        one = asked(data) if len(data) <= LONGEST else None
        if one is None or self._transport is None or self._pace.wait("") > 0:
            return
        try:
            ours = ours_to(addr[0])
        except OSError:  # no way there
            return
        self._pace.take("")
        legacy = addr[1] != self._port
        to = addr
        if not legacy and not one.alone:
            to = (self._group, self._port)
            self._sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(ours))  # where he is
        self._transport.sendto(answer(one, ours, legacy=legacy), to)
