# SPDX-License-Identifier: GPL-2.0-or-later
"""Sockets that hear what is asked of everybody on the network, and by what address we are known to who asks."""

import asyncio
import socket
import struct
from contextlib import suppress
from pathlib import Path

INTERFACES = Path("/proc/net/dev")  # two lines of heads, then a line for each; proc(5)
MEMBER = struct.Struct("=4s4si")  # struct ip_mreqn: the group, any address, the interface's index; ip(7)
LOOK = 5.0  # seconds between two looks at what interfaces there are


def bound(group: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket for what is sent to the group; shared: beside other programs. Raises OSError."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((group, port))
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


async def hears(protocol: asyncio.DatagramProtocol, sock: socket.socket, group: str) -> None:
    """Until cancelled, at every interface, also those that come later: a box starts before its network does."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: protocol, sock=sock)
    try:
        while True:
            join(sock, group)
            await asyncio.sleep(LOOK)
    finally:
        transport.close()


def join(sock: socket.socket, group: str) -> None:
    """The group, wherever it is not joined yet."""
    for line in INTERFACES.read_text().splitlines()[2:]:
        with suppress(OSError):  # it is joined there already, or that interface has just gone
            member = MEMBER.pack(
                socket.inet_aton(group), bytes(4), socket.if_nametoindex(line.partition(":")[0].strip())
            )
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)


def ours_to(ip: str) -> str:
    """Our address as somebody there reaches us; nothing is sent. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((ip, 9))
        return str(sock.getsockname()[0])
