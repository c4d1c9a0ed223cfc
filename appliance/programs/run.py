# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper run`: switch, bridge and web as children of one parent that does for them what systemd would."""

import asyncio
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Mapping
from typing import BinaryIO

from appliance.programs import arguments, notify

PAUSE_FIRST, PAUSE_LAST = 0.2, 10.0  # seconds before a child that ended is started again, doubling
STEADY = 30.0  # seconds a child must be up to be started again after PAUSE_FIRST
GRACE = 10.0  # seconds between SIGTERM and SIGKILL
WATCHDOG = 30.0  # seconds without a sign of life after which a child that gives them is killed
SETTINGS = 78  # exit code (EX_CONFIG): starting again would not help
HOPELESS = {  # exit codes of a first start that end everything; see __main__.py. Calls go on without the others
    "switch": frozenset({66, 69, 74, 77, SETTINGS}),  # no file, port or part missing, disk, permission
}
LINE_MAX = 8192  # bytes of a log line that are shown
NOTE_MAX = 4096  # bytes of a notification
CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


class Child:
    """One program, started again whenever it ends. `ended` is its last word when that must end everything."""

    def __init__(self, name: str, argv: list[str], width: int) -> None:
        self.name = name
        self.ready = False
        self.status = ""
        self.ended: int | None = None
        self._proven = False  # it was ready once: a document broken later must not end the others
        self._argv, self._label = argv, f"{name:{width}} | ".encode()
        self._process: asyncio.subprocess.Process | None = None
        self._seen: float | None = None  # last sign of life, monotonic seconds; None while it has given none

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    async def keep(self, environment: Mapping[str, str], log: BinaryIO) -> None:
        """Start it, and start it again, until a first start is hopeless; when cancelled it is ended."""
        pause = PAUSE_FIRST
        while True:
            began = time.monotonic()
            code = await self._once(environment, log)
            if code in HOPELESS.get(self.name, ()) and not self._proven:
                self.ended = code
                return
            pause = PAUSE_FIRST if time.monotonic() - began >= STEADY else pause
            say(log, self._label + f"ended with {_told(code)}; again in {pause:.1f} s".encode())
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSE_LAST)

    async def _once(self, environment: Mapping[str, str], log: BinaryIO) -> int:
        """One life; its exit code."""
        self.ready, self._seen = False, None
        process = self._process = await asyncio.create_subprocess_exec(
            *self._argv,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the parent, which ends them in order
        )
        assert process.stdout
        showing = asyncio.create_task(self._show(process.stdout, log))
        try:
            return await process.wait()
        except asyncio.CancelledError:
            await self._end(process)
            raise
        finally:
            self.ready = False
            await showing

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(GRACE):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _show(self, lines: asyncio.StreamReader, log: BinaryIO) -> None:
        """Its log, line by line; of a line too long the beginning."""
        while line := await _line(lines):
            say(log, self._label + line)

    def heard(self, note: str) -> None:
        """A notification (sd_notify) of this child."""
        for word in note.splitlines():
            key, _, value = word.partition("=")
            match key:
                case "READY":
                    self.ready = self._proven = True
                case "STATUS":
                    self.status = value
                case "WATCHDOG":
                    self._seen = time.monotonic()

    def check(self) -> None:
        """Kill it when it hangs."""
        if self.pid and self._seen is not None and time.monotonic() - self._seen > WATCHDOG:
            self._seen = None
            os.kill(self.pid, signal.SIGABRT)


class Notes:
    """The socket children notify; who sent what is told by the kernel."""

    def __init__(self) -> None:
        self.name = f"@linekeeper-{os.getpid()}-{os.urandom(8).hex()}"  # abstract: leaves no file
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind("\0" + self.name[1:])

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> tuple[int, str]:
        """Pid of the sender and what it said; pid 0 when that is not known."""
        note, extra, _, _ = self._socket.recvmsg(NOTE_MAX, socket.CMSG_SPACE(CREDENTIALS.size))
        for level, kind, data in extra:
            if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS and len(data) >= CREDENTIALS.size:
                return CREDENTIALS.unpack_from(data)[0], note.decode("utf-8", "replace")
        return 0, ""

    def close(self) -> None:
        self._socket.close()


def main(argv: list[str]) -> int:
    """Until SIGTERM or SIGINT (0), or until a child finds its settings faulty (78)."""
    parser = arguments.parser("run", "Run switch, bridge and web under one parent; `ready` is printed when all are.")
    parser.add_argument(
        "--without",
        action="append",
        choices=("web", "bridge"),
        default=[],
        help="not this one; calls do not need it. Without web no e-mail and no webhooks are sent",
    )
    args = arguments.parse(parser, argv)
    settings = arguments.settings(args.settings, args.state)
    programs = ["switch", "web", "bridge"]
    programs += ["fence"] if settings.guard.mode == "nftables" else []
    programs = [program for program in programs if program not in args.without]
    given = ["--settings", str(args.settings), "--state", str(args.state), "--socket", str(args.socket)]
    given += ["--log-level", args.log_level]
    width = max(map(len, programs))
    children = [Child(name, [sys.executable, "-m", "appliance.programs", name, *given], width) for name in programs]
    asyncio.run(notify.until_told(supervise(children)))
    return next((child.ended for child in children if child.ended is not None), 0)


async def supervise(children: list[Child]) -> None:
    """Keep all children until cancelled or one has ended for good."""
    notes = Notes()
    environment = {key: value for key, value in os.environ.items() if key not in ("WATCHDOG_PID", "JOURNAL_STREAM")}
    environment |= {
        "NOTIFY_SOCKET": notes.name,
        "WATCHDOG_USEC": str(int(WATCHDOG * 1e6)),
        "LINEKEEPER_PARENT": str(os.getpid()),
        "PYTHONUNBUFFERED": "1",
    }
    loop = asyncio.get_running_loop()
    told: set[str] = set()
    loop.add_reader(notes, lambda: _on_note(notes, children, told))
    keeping = [loop.create_task(child.keep(environment, sys.stderr.buffer)) for child in children]
    watching = loop.create_task(_check(children))
    try:
        await asyncio.wait([*keeping, watching], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*keeping, watching):
            task.cancel()
        ends = await asyncio.gather(*keeping, watching, return_exceptions=True)
        loop.remove_reader(notes)
        notes.close()
    for end in ends:
        if isinstance(end, Exception):
            raise end


def _on_note(notes: Notes, children: list[Child], told: set[str]) -> None:
    """Take one notification; print who is ready, once for each life, and `ready` the first time that all are."""
    pid, note = notes.read()
    child = next((child for child in children if child.pid == pid and pid), None)
    if child is None:
        return
    before = child.ready
    child.heard(note)
    if child.ready and not before:
        print(f"{child.name} ready{f': {child.status}' if child.status else ''}", flush=True)
    if "all" not in told and all(child.ready for child in children):
        told.add("all")
        print("ready", flush=True)
        notify.ready(", ".join(child.name for child in children))


async def _check(children: list[Child]) -> None:
    while True:
        await asyncio.sleep(1)
        for child in children:
            child.check()


async def _line(lines: asyncio.StreamReader) -> bytes:
    """The next line with its end, its first LINE_MAX bytes if it is longer; b"" at the end of all."""
    line, whole = b"", False
    while not whole:
        try:
            piece = await lines.readuntil(b"\n")
            whole = True
        except asyncio.IncompleteReadError as end:
            piece, whole = end.partial, True
        except asyncio.LimitOverrunError as long:
            piece = await lines.readexactly(long.consumed)
        line += piece[: LINE_MAX - len(line)]
    return line


def say(log: BinaryIO, line: bytes) -> None:
    log.write(line.rstrip(b"\n") + b"\n")
    log.flush()


def _told(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
