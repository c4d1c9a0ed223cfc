# SPDX-License-Identifier: GPL-2.0-or-later
"""Sockets that hear what is asked of everybody on the network, and by what address we are known to who asks."""

import socket


def joined(group: str, port: int, interface: str, *, shared: bool = False) -> socket.socket:
    """A socket of the group, joined at the address `interface`; shared: beside other programs. Raises OSError."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((group, port))
        member = socket.inet_aton(group) + socket.inet_aton(interface)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def ours_to(ip: str) -> str:
    """Our address as somebody there reaches us; nothing is sent. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((ip, 9))
        return str(sock.getsockname()[0])
