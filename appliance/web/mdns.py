# SPDX-License-Identifier: GPL-2.0-or-later
"""One question to the network by multicast DNS: who speaks SIP, or has pages; RFC 6762 section 6.7. Asked when somebody looks."""

import asyncio
import re
import socket
import struct
from collections.abc import Callable, Iterator

from appliance.settings.phones import BEGINNINGS, bare, made_by
from appliance.settings.words import seen
from appliance.web.around import Neighbour

GROUP, PORT = "224.0.0.251", 5353
SERVICES = ("_sip._udp.local", "_sip._tcp.local", "_http._tcp.local")
WAIT = 1.5  # seconds for answers
ANSWERS_MOST, RECORDS_MOST, NAMES_LONGEST, POINTERS_MOST = 200, 64, 255, 16
PTR, ANY_UNICAST = 12, 0x8001  # class IN, answered to us alone
MAC = re.compile(r"(?<![0-9a-f])[0-9a-f]{2}(?:[:-]?[0-9a-f]{2}){5}(?![0-9a-f])", re.IGNORECASE)


def question() -> bytes:
    """PTR of each service."""
    asked = b"".join(written(name) + struct.pack("!2H", PTR, ANY_UNICAST) for name in SERVICES)
    return struct.pack("!6H", 0, 0, len(SERVICES), 0, 0, 0) + asked


def names(data: bytes) -> list[str]:
    """Every name a response has: of records, and those PTR records lead to. What is not sound ends it."""
    found: list[str] = []
    try:
        _id, flags, questions, *counts = struct.unpack_from("!6H", data)
        if not flags & 0x8000:
            return []
        at = 12
        for _ in range(min(questions, RECORDS_MOST)):
            _name, at = read(data, at)
            at += 4
        for _ in range(min(sum(counts), RECORDS_MOST)):
            name, at = read(data, at)
            kind, _class, _ttl, length = struct.unpack_from("!2HIH", data, at)
            found.append(name)
            if kind == PTR:
                found.append(read(data, at + 10)[0])
            at += 10 + length
    except (struct.error, IndexError, ValueError):
        pass
    return found


def telephone(data: bytes, ip: str, mac_at: Callable[[str], str]) -> Neighbour | None:
    """The telephone that answered so, None for anything else. mac_at: what the kernel knows of an IP address."""
    told = [name for name in names(data) if seen(name)]
    found = next((bare(one[0]) for name in told if (one := MAC.search(name)) and made_by(one[0])), "")
    mac = mac_at(ip) or found
    said = next((name for name in told if any(maker in name.lower() for maker in BEGINNINGS)), "")
    if not mac or not (made_by(mac) or said):
        return None
    maker = made_by(mac) or next(maker for maker in BEGINNINGS if maker in said.lower())
    model = (said or next((name for name in told if not name.startswith("_")), "")).partition("._")[0]
    return Neighbour(mac, ip, maker, model.removesuffix(".local")[:64], "mDNS")


async def look(
    heard: Callable[[Neighbour], None], mac_at: Callable[[str], str], group: str = GROUP, port: int = PORT
) -> None:
    """Ask once, and hear who answers within a moment. Raises OSError."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        await loop.sock_sendto(sock, question(), (group, port))
        try:
            async with asyncio.timeout(WAIT):
                for _ in range(ANSWERS_MOST):
                    data, (ip, *_rest) = await loop.sock_recvfrom(sock, 9000)
                    if one := await asyncio.to_thread(telephone, data, ip, mac_at):
                        heard(one)
        except TimeoutError:
            pass


def written(name: str) -> bytes:
    """A name as messages have it."""
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def read(data: bytes, at: int) -> tuple[str, int]:
    """A name and where it ends. Pointers lead backwards only, so that none leads round. Raises ValueError, IndexError."""
    parts: list[str] = []
    end, limit, pointers = 0, at, 0
    for part, after, pointer in _labels(data, at):
        if pointer is not None:
            end = end or after
            if pointer >= limit or pointers >= POINTERS_MOST:
                raise ValueError("a pointer that leads on")
            limit, pointers = pointer, pointers + 1
        elif part:
            parts.append(part)
            if sum(map(len, parts)) > NAMES_LONGEST:
                raise ValueError("a long name")
        else:
            end = end or after
    return ".".join(parts), end


def _labels(data: bytes, at: int) -> Iterator[tuple[str, int, int | None]]:
    """Each label, "" at the end, with where it ends; and each pointer, which is followed once it was looked at."""
    while True:
        size = data[at]
        if size >= 0xC0:
            target = (size & 0x3F) << 8 | data[at + 1]
            yield "", at + 2, target
            at = target
        elif size > 63:
            raise ValueError("no label")
        else:
            yield data[at + 1 : at + 1 + size].decode("utf-8", "replace"), at + 1 + size, None
            if not size:
                return
            at += 1 + size
