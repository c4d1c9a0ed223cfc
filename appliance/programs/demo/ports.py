# SPDX-License-Identifier: GPL-2.0-or-later
"""Ports on the loopback address that no other office simulated on this machine takes."""

import socket
from types import TracebackType

# Below are the RTP ports of an office that names none; 32,768 and above Linux gives to outgoing connections.
FIRST, BLOCK, BLOCKS = 11_000, 1_000, 21


class NoPorts(OSError):
    """Every block is claimed: 21 simulated offices run already."""

    id = "no-ports"


class Ports:
    """A block of ports held as long as this process lives; an abstract UNIX name is the claim, so a crash frees it."""

    def __init__(self) -> None:
        for block in range(BLOCKS):
            self._claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                self._claim.bind(f"\0linekeeper-ports-{block}")
            except OSError:
                self._claim.close()
                continue
            self._next = FIRST + block * BLOCK
            self._end = self._next + BLOCK
            return
        raise NoPorts(f"all ports from {FIRST} to {FIRST + BLOCK * BLOCKS - 1} are taken by other simulated offices")

    def take(self, count: int = 1) -> int:
        """The first of `count` neighbouring ports, even, free for UDP and TCP. Raises NoPorts when the block is used up."""
        first = self._next + self._next % 2
        while first + count <= self._end:
            busy = [port for port in range(first, first + count) if not _free(port)]
            if not busy:
                self._next = first + count
                return first
            first = busy[-1] + 1 + (busy[-1] + 1) % 2
        raise NoPorts(f"no {count} free ports in a row before {self._end}")

    def close(self) -> None:
        self._claim.close()

    def __enter__(self) -> "Ports":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:  # an old connection in TIME_WAIT does not hinder anybody who listens
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
