# SPDX-License-Identifier: GPL-2.0-or-later
"""A DAHDI driver without a kernel: a table of its calls. Sound goes through a socket, and an event that waits makes the
same POLLPRI as the driver's, by a byte out of band."""

import errno
import socket
import struct
from collections import deque

from appliance.lines.dahdi.card import DIALOP, FLUSH, GET_PARAMS, GETEVENT, HOOK, PARAMS, SENDTONE, SPECIFY


class Card:
    """One port. signalling: 0x2004 of a line, 0x1020 of a telephone. calls: what was asked of it, HOOK, DIAL and so on."""

    def __init__(self, signalling: int, *, off_hook: bool = False, hook_errors: tuple[int, ...] = ()) -> None:
        self.signalling, self.off_hook, self.hook_errors = signalling, off_hook, deque(hook_errors)
        self.calls: list[tuple[str, object]] = []
        self.waiting: deque[int] = deque()
        self.pulled = self.noticed = False
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.far = socket.create_connection(server.getsockname())
            self.near, _ = server.accept()
        self.near.setblocking(False)

    # As the driver does it

    def open(self, path: str) -> int:
        return self.near.fileno()

    def close(self, fd: int) -> None:
        self.near.close()

    def ioctl(self, fd: int, request: int, argument: bytes) -> bytes:
        if self.pulled:
            self.noticed = True
            raise OSError(errno.ENODEV, "No such device")
        if request == GETEVENT:
            return struct.pack("=i", self.event())
        if request == GET_PARAMS:
            zeros = [0] * 23
            return PARAMS.pack(1, 1, 1, self.signalling, 0, self.off_hook, *zeros[:5], b"", *zeros[:12], 0)
        if request == FLUSH:
            _drained(self.near)
        if request == HOOK:
            if self.hook_errors:
                raise OSError(self.hook_errors.popleft(), "hook")
            self.calls.append(("hook", *struct.unpack("=i", argument)))
        elif request == SENDTONE:
            self.calls.append(("tone", *struct.unpack("=i", argument)))
        elif request == SPECIFY:
            self.calls.append(("channel", *struct.unpack("=i", argument)))
        elif len(argument) == DIALOP.size:
            self.calls.append(("dial", DIALOP.unpack(argument)[1].rstrip(b"\0").decode()))
        return argument

    def event(self) -> int:
        if self.waiting:
            return self.waiting.popleft()
        try:
            self.near.recv(1, socket.MSG_OOB)
        except (BlockingIOError, OSError):
            pass
        return 0

    # As the world does

    def happens(self, *events: int) -> None:
        self.waiting += events
        self.urge()

    def urge(self) -> None:
        """Something is to be noticed. A driver says so until it is; a byte out of band is gone once sound behind it is read,
        so whoever reads sound at the same time has this said again."""
        if self.waiting or (self.pulled and not self.noticed):
            self.far.send(b"!", socket.MSG_OOB)

    def sounds(self, companded: bytes) -> None:
        self.far.sendall(companded)

    def said(self) -> bytes:
        """Sound that came out of the port until now."""
        self.far.setblocking(False)
        return _drained(self.far)

    def pull(self) -> None:
        self.pulled, self.noticed = True, False
        self.urge()

    def end(self) -> None:
        self.far.close()


def _drained(end: socket.socket) -> bytes:
    """All that waits there."""
    out = b""
    try:
        while chunk := end.recv(65536):
            out += chunk
    except BlockingIOError:
        pass
    return out
