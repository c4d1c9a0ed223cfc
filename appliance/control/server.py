# SPDX-License-Identifier: GPL-2.0-or-later
"""The switch's end of the control socket; see docs/control.md."""

import asyncio
import logging
import os
import socket
import stat
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, get_args

import msgspec

from appliance.control.messages import BACKLOG, MAX_LINE, VERSION, Answer, Event, Fault, Office, Refused, Request, Watch

log = logging.getLogger("control")

CLIENTS = 64  # connections at a time
CLIENTS_OF_ONE = 32  # of one user: a page gone wild leaves places for the bridge
IN_FLIGHT = 16  # requests of one client being carried out; more are not read until one is done
LINGER = 2.0  # seconds a client that has said goodbye may take to read the rest
MODE = 0o660  # of the socket file: its owner and group; who of them may do what is told by uid
PATH_MAX = 107  # bytes of a socket's path, unix(7)
PEER = struct.Struct("3i")  # struct ucred: pid, uid, gid

ALL: frozenset[type] = frozenset(get_args(Request))
NONE: frozenset[type] = frozenset()


class Peer(NamedTuple):
    """Who is at the other end, as the kernel says."""

    pid: int
    uid: int
    gid: int


class PathTooLong(Exception):
    """The path given for the socket cannot be one."""

    id = "socket-path"


class SocketInUse(Exception):
    """Another switch answers on the socket, or a file stands in its place."""

    id = "socket-in-use"


class _Numbered(msgspec.Struct):
    id: int = 0


class _Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        connection = writer.get_extra_info("socket")
        self.peer = Peer(*PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size)))
        self.turns = asyncio.Semaphore(IN_FLIGHT)

    def send(self, line: bytes) -> bool:
        """Queue a line; False when the client had to be dropped because it reads too slowly."""
        if self.writer.is_closing():
            return True
        self.writer.write(line)
        transport = self.writer.transport
        if transport.get_write_buffer_size() <= BACKLOG:
            return True
        transport.abort()
        return False

    async def part(self) -> None:
        """Close once what was said is sent, or soon."""
        self.writer.close()
        with suppress(OSError):
            try:
                async with asyncio.timeout(LINGER):
                    await self.writer.wait_closed()
            except TimeoutError:
                self.writer.transport.abort()


class Server:
    """Answers requests by `handler`, tells events to those who watch. One event loop.

    handler(request, peer) returns what `ok` is to hold, or raises Refused; Watch is answered with snapshot(), whose
    version and seq are filled in here. `owners` may ask anything, the uids of `may` the requests named, others nothing.
    """

    def __init__(
        self,
        path: Path,
        handler: Callable[[Request, Peer], Awaitable[object]],
        snapshot: Callable[[], Office],
        *,
        may: Mapping[int, frozenset[type]] | None = None,
        owners: frozenset[int] | None = None,
    ) -> None:
        self.path = path
        self.seq = 0  # of the last event told
        self._handler, self._snapshot = handler, snapshot
        self._may = may or {}
        self._owners = frozenset({0, os.geteuid()}) if owners is None else owners
        self._clients: dict[_Client, asyncio.Task[None]] = {}
        self._watching: dict[_Client, None] = {}
        self._decode: Callable[[bytes], Request] = msgspec.json.Decoder(Request).decode
        self._encode = msgspec.json.Encoder().encode
        self._server: asyncio.Server | None = None
        self._inode = 0  # of our socket file

    async def start(self) -> None:
        """Listen. Raises SocketInUse, OSError."""
        listening = _listen(self.path)
        self._inode = self.path.stat().st_ino
        self._server = await asyncio.start_unix_server(self._welcome, sock=listening, limit=MAX_LINE)

    async def close(self) -> None:
        """Stop listening, drop everybody, wait for requests under way."""
        if self._server is None:
            return
        self._server.close()
        for client in self._clients:
            client.writer.transport.abort()
        if self._clients:
            await asyncio.wait(set(self._clients.values()))
        await self._server.wait_closed()
        with suppress(FileNotFoundError):
            if self.path.stat().st_ino == self._inode:
                self.path.unlink()

    @property
    def watched(self) -> bool:
        """Whether anybody would hear what is told."""
        return bool(self._watching)

    def tell(self, event: type[Event], **fields: object) -> None:
        """Tell everybody who watches; seq, and at unless given, are filled in. Waits for nobody."""
        self.seq += 1
        if not self._watching:
            return
        line = self._encode(event(**{"at": _now(), **fields, "seq": self.seq})) + b"\n"  # type: ignore[arg-type]
        for client in tuple(self._watching):
            if not client.send(line):
                del self._watching[client]
                log.warning("uid %d, pid %d reads too slowly: dropped", client.peer.uid, client.peer.pid)

    # ---- one client -------------------------------------------------------------------------------------------------

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        if not self._server or not self._server.is_serving():  # it came at the moment we closed
            writer.close()
            return
        client = _Client(reader, writer)
        uid = client.peer.uid
        allowed = ALL if uid in self._owners else self._may.get(uid, NONE)
        task = asyncio.current_task()
        assert task
        if self._crowded(uid):
            self._refuse(client, 0, "too-many-clients", "Too many connections to the control socket.")
            writer.close()
            return
        self._clients[client] = task
        try:
            await self._serve(client, allowed)
        except asyncio.CancelledError:  # the program ends; nobody waits for what we would say of it
            log.debug("uid %d: cut off at the end", uid)
        finally:
            self._watching.pop(client, None)
            await client.part()
            del self._clients[client]

    def _crowded(self, uid: int) -> bool:
        return len(self._clients) >= CLIENTS or sum(one.peer.uid == uid for one in self._clients) >= CLIENTS_OF_ONE

    async def _serve(self, client: _Client, allowed: frozenset[type]) -> None:
        """Read requests until the client ends or talks nonsense; what is under way is finished first."""
        async with asyncio.TaskGroup() as under_way:
            with suppress(ConnectionError):  # it went away
                while line := await self._line(client):
                    request = self._understood(client, line)
                    if request and type(request) in allowed:
                        await client.turns.acquire()
                        under_way.create_task(self._carry_out(client, request))
                    elif request:
                        self._refuse(client, request.id, "not-allowed", f"User {client.peer.uid} may not ask that.")
                    await client.writer.drain()

    async def _line(self, client: _Client) -> bytes:
        """The next line; b"" at the end, and when the client is not worth listening to any longer."""
        try:
            line = await client.reader.readuntil(b"\n")
            line.decode()
            return line
        except asyncio.IncompleteReadError:
            pass
        except asyncio.LimitOverrunError:
            self._refuse(client, 0, "line-too-long", f"A line is longer than {MAX_LINE} bytes.")
        except UnicodeDecodeError:
            self._refuse(client, 0, "not-utf-8", "A line is not UTF-8.")
        return b""

    def _understood(self, client: _Client, line: bytes) -> Request | None:
        try:
            return self._decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
            why = str(fault)
        id = 0
        with suppress(msgspec.MsgspecError, ValueError, RecursionError):
            id = msgspec.json.decode(line, type=_Numbered).id
        self._refuse(client, id, "bad-request", f"Not understood: {why}")
        return None

    def _watch(self, client: _Client, request: Watch) -> None:
        """Nothing may be awaited here: between the snapshot and the first event none is lost or told twice."""
        office = msgspec.structs.replace(self._snapshot(), version=VERSION, seq=self.seq)
        self._answer(client, request.id, office)
        self._watching[client] = None

    async def _carry_out(self, client: _Client, request: Request) -> None:
        try:
            if isinstance(request, Watch):
                self._watch(client, request)
            else:
                self._answer(client, request.id, await self._handler(request, client.peer))
        except Refused as refused:
            self._refuse(client, request.id, refused.id, refused.message)
        except Exception:
            log.exception("%s failed", type(request).__name__)
            self._refuse(client, request.id, "internal", "The switch failed at this; its log says more.")
        finally:
            client.turns.release()

    def _answer(self, client: _Client, id: int, ok: object) -> None:
        line = self._encode(Answer(id, ok=msgspec.Raw(self._encode(ok)))) + b"\n"
        if len(line) > BACKLOG // 2:
            self._refuse(client, id, "too-long", f"The answer has {len(line)} bytes.")
        else:
            client.send(line)

    def _refuse(self, client: _Client, id: int, why: str, message: str) -> None:
        client.send(self._encode(Answer(id, error=Fault(why, message))) + b"\n")


def _listen(path: Path) -> socket.socket:
    """A bound UNIX socket whose file has its mode; one left by a crash is removed first."""
    if len(os.fsencode(path)) > PATH_MAX:
        raise PathTooLong(
            f"{path} is too long for a socket; accepted: at most {PATH_MAX} bytes (--socket names another)"
        )
    if os.path.lexists(path):
        _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        os.chmod(path, MODE)  # nobody can connect before listen()
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def _remove_stale(path: Path) -> None:
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise SocketInUse(f"{path} is something other than a socket.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except BlockingIOError:
            pass  # it lives, with a full queue of clients
    raise SocketInUse(f"Another switch answers on {path}.")


def _now() -> int:
    return time.time_ns() // 1_000_000
