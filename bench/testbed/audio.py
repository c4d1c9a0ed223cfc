# SPDX-License-Identifier: GPL-2.0-or-later
"""The audio of many calls from one UDP port: `audio.py PORT` sends a packet of 160 bytes, as G.711 and G.722 have, every
20 ms to each port it is told ("+PORT PAYLOAD_TYPE", "-PORT" on a line; "*PORT PAYLOAD_TYPE": packets of Opus), counts what
comes back, and answers "?" with "sent received"."""

import ctypes
import math
import os
import random
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
OPUS_HZ, OPUS_SAMPLES = 48000, 960  # of a packet of 20 ms
VOICE = 2048  # OPUS_APPLICATION_VOIP


def opus_speech(packets: int = 50) -> list[bytes]:
    """A second of something like a voice, by libopus as the machine has it."""
    lib, fault, noise = ctypes.CDLL("libopus.so.0"), ctypes.c_int(), random.Random(1)
    lib.opus_encoder_create.restype = ctypes.c_void_p
    encoder = ctypes.c_void_p(lib.opus_encoder_create(OPUS_HZ, 1, VOICE, ctypes.byref(fault)))
    room, made = ctypes.create_string_buffer(1500), []
    for first in range(0, packets * OPUS_SAMPLES, OPUS_SAMPLES):
        times = [at / OPUS_HZ for at in range(first, first + OPUS_SAMPLES)]
        values = (sum(math.sin(2 * math.pi * 150 * n * (1 + 0.1 * at) * at) / n for n in range(1, 8)) for at in times)
        sound = (ctypes.c_int16 * OPUS_SAMPLES)(*(round(5000 * one + noise.gauss(0, 300)) for one in values))
        made.append(room.raw[: lib.opus_encode(encoder, sound, OPUS_SAMPLES, room, len(room))])
    return made


class Audio:
    """The process that speaks and listens."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    def speak(self, to: int, kind: int = A_LAW, *, opus: bool = False) -> None:
        """kind: payload type."""
        self._say(f"{'*' if opus else '+'}{to} {kind}")

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
    opus: list[bytes] = []
    by_opus: set[int] = set()  # ports
    pending = b""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        wire.bind(("127.0.0.1", port))
        wire.setblocking(False)
        due = time.monotonic()
        while True:
            for to, count in stamps.items():
                said, step = (opus[count % len(opus)], OPUS_SAMPLES) if to in by_opus else (SPEECH, SAMPLES)
                head = HEADER.pack(0x80, kinds[to], count & 0xFFFF, count * step & 0xFFFFFFFF, to)
                try:
                    wire.sendto(head + said, ("127.0.0.1", to))
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
                    elif line[:1] in b"+*":
                        to, kinds[to] = map(int, line[1:].split())
                        stamps.setdefault(to, 0)
                        if line[:1] == b"*":
                            opus = opus or opus_speech()
                            by_opus.add(to)
                    else:
                        stamps.pop(int(line[1:]), None)
                        by_opus.discard(int(line[1:]))
            for _ in range(READ_AT_ONCE):
                try:
                    wire.recv(2048)
                    received += 1
                except OSError:
                    break


if __name__ == "__main__":
    main(int(sys.argv[1]))
