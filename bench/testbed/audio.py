# SPDX-License-Identifier: GPL-2.0-or-later
"""The audio of many calls from one UDP port: `audio.py PORT` sends a packet of 160 bytes, as G.711 and G.722 have, every
20 ms to each port it is told ("+PORT PAYLOAD_TYPE", "-PORT" on a line), counts what comes back, and answers "?" with
"sent received"."""

import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

PACKET = 0.02  # seconds
SAMPLES = 160
A_LAW = 8  # payload type
HEADER = struct.Struct("!BBHII")
SPEECH = bytes((n * 37) & 0xFF for n in range(SAMPLES))  # not silence, that is all
READ_AT_ONCE = 2000  # datagrams


class Audio:
    """The process that speaks and listens."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    def speak(self, to: int, kind: int = A_LAW) -> None:
        """kind: payload type."""
        self._say(f"+{to} {kind}")

    def hush(self, to: int) -> None:
        self._say(f"-{to}")

    def packets(self) -> tuple[int, int]:
        """Sent and received so far."""
        self._say("?")
        assert self.process.stdout is not None
        sent, received = self.process.stdout.readline().split()
        return int(sent), int(received)

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()


@contextmanager
def running(port: int) -> Iterator[Audio]:
    with subprocess.Popen(
        [sys.executable, __file__, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            yield Audio(process, port)
        finally:
            process.kill()


def main(port: int) -> None:
    sent = received = 0
    stamps: dict[int, int] = {}  # by port: packets sent to it
    kinds: dict[int, int] = {}  # by port: payload type
    pending = b""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        wire.bind(("127.0.0.1", port))
        wire.setblocking(False)
        due = time.monotonic()
        while True:
            for to, count in stamps.items():
                head = HEADER.pack(0x80, kinds[to], count & 0xFFFF, count * SAMPLES & 0xFFFFFFFF, to)
                try:
                    wire.sendto(head + SPEECH, ("127.0.0.1", to))
                except OSError:  # it hung up a moment ago
                    continue
                stamps[to] = count + 1
                sent += 1
            due += PACKET
            while (left := due - time.monotonic()) > 0:
                if 0 not in select.select([0], [], [], left)[0]:
                    continue
                data = os.read(0, 65536)
                if not data:
                    return
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    if line == b"?":
                        print(sent, received, flush=True)
                    elif line[:1] == b"+":
                        to, kinds[to] = map(int, line[1:].split())
                        stamps.setdefault(to, 0)
                    else:
                        stamps.pop(int(line[1:]), None)
            for _ in range(READ_AT_ONCE):
                try:
                    wire.recv(2048)
                    received += 1
                except OSError:
                    break


if __name__ == "__main__":
    main(int(sys.argv[1]))
