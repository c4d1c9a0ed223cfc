# SPDX-License-Identifier: GPL-2.0-or-later
"""The baseline: `relay.py FROM TO`, the least a Python program between two telephones can do. It hands on each datagram
that comes to port FROM, unread, to port TO, and does nothing else."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def running(here: int, there: int) -> Iterator[subprocess.Popen[bytes]]:
    """A relay as a process of its own, from when it listens."""
    with subprocess.Popen([sys.executable, __file__, str(here), str(there)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.read(1)
            yield process
        finally:
            process.kill()


def main(here: int, there: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", here))
        sys.stdout.write("\n")
        sys.stdout.flush()
        while True:
            wire.sendto(wire.recv(65536), ("127.0.0.1", there))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
