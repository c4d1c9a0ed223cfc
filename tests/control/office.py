# SPDX-License-Identifier: GPL-2.0-or-later
"""A small switch for these tests: a real server on a real socket, with an office of one queue."""

import asyncio
import json
from pathlib import Path
from typing import Any, Self

import msgspec

from appliance.control import doctor, modems, prompts, provisioning, recordings, restarts, secrets
from appliance.control import messages as m
from appliance.control.handling import CallFor, Park
from appliance.control.server import Peer, Server

MESSAGE = m.Message(5, "office", 1_790_000_000_000, "+37060000001", "", 2500, "/a.wav", "00" * 32, "new", False, 0, "")
SMS = modems.Sms(id=8, line="gsm", state="sent", at=1, number="+37060000001", text="Hello")
RECORDING = recordings.Recording(
    *(
        7,
        5,
        1_790_000_000_000,
        "city",
        "anna",
        "+37060000001",
        "",
        "sales",
        "/r/7.lkr",
        "wav",
        2500,
        160_000,
        "00" * 32,
    ),
    *("whole", 0, False),
)
PATIENCE = 10.0  # seconds a test waits for what must come


class SmallOffice:
    """Answers every request; `held` keeps `why` requests waiting. The office's revision counts the events told."""

    def __init__(self, path: Path, **how: Any) -> None:
        self.server = Server(path, self._answer, self._snapshot, **how)
        self.asked: list[tuple[m.Request, Peer]] = []
        self.held: asyncio.Event | None = None
        self.done = 0
        self.why = ("anna was rung",)

    async def __aenter__(self) -> Self:
        await self.server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.held:
            self.held.set()
        await self.server.close()

    async def _answer(self, request: m.Request, peer: Peer) -> object:
        self.asked.append((request, peer))
        match request:
            case m.Why(call=404):
                raise m.Refused("unknown", "Call 404 is not known.")
            case m.Why(call=500):
                raise ZeroDivisionError
            case m.Messages(after=after):
                return (MESSAGE,) if after < MESSAGE.id else ()
            case m.ActionKeys():
                return "4711"
            case m.Why():
                if self.held:
                    await self.held.wait()
                self.done += 1
                return self.why
            case m.Check():
                return m.Checked(("a warning",))
            case modems.Texts():
                return (SMS,)
            case modems.SendText():
                return SMS
            case doctor.CheckLine(line=line):
                way = doctor.Way(gain=0.0, noise=-60.0, delay=20.0, clips=None, lost=0, echo_loss=None, echo_delay=None)
                return doctor.LineChecked(line=line, other=line, call=5, at=0, said=way, heard=way)
            case modems.Plugged():
                return (modems.Socket(usb="1-1.3", family="quectel"),)
            case modems.Code():
                return "Balance: 1.50"
            case recordings.Recordings(after=after):
                return (RECORDING,) if after < RECORDING.id else ()
            case recordings.VerifyRecording():
                return recordings.Verified("it was changed")
            case recordings.HearRecording(start=start):
                return recordings.Heard(b"\x00\x01", start + 2, "wav")
            case recordings.ExportRecording(first=first):
                return recordings.Piece(b"\1\2\3\4" * 4000 if first < 3 else b"", first + 1, "wav")
            case provisioning.Provision():
                return provisioning.Provisioned("desk1", "secret", "admin")
            case provisioning.ProvisioningSecret():
                return provisioning.Known("secret", "admin")
            case restarts.Pending():
                return restarts.Waiting(("sip",), 2)
            case provisioning.PhonePassword():
                return provisioning.Registers("desk1", "password")
            case prompts.KeepPrompt(start=start, samples=samples, total=total):
                return prompts.KeptPrompt("/p/a.wav" if start + len(samples) == total else "")
            case prompts.SpeakPrompt():
                return prompts.SpokenPrompt("/p/b.wav")
            case secrets.BridgeSecrets() | secrets.MailSecrets():
                return secrets.Kept({"mail": {"password": "secret"}})
            case Park():
                return m.Parked("71")
            case m.Dial() | m.Say() | CallFor():
                return m.Dialled((5,))
            case m.Apply() | m.Restore():
                return m.Revision(8)
            case m.Document(revision=revision):
                return m.Written(revision or 8, "[office]")
            case m.History():
                return [m.Version(1, 1_790_000_000_000, "as found at the start", "00" * 32)]
        return m.Done()

    def _snapshot(self) -> m.Office:
        queue = m.Queue(id="sales", name="Sales")
        return m.Office(
            version=0, seq=0, name="Example Ltd", revision=self.server.seq, calls=(), lines=(), queues=(queue,),
            people=(), phones=(),
        )  # fmt: skip

    def tell(self, detail: str = "") -> None:
        self.server.tell(m.Happened, kind="ringing", call=self.server.seq + 1, detail=detail)


class Wire:
    """A connection that speaks bytes, as any program may."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, path: Path) -> Self:
        return cls(*await asyncio.open_unix_connection(path, limit=8 * m.BACKLOG))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    def say(self, *lines: bytes) -> None:
        self.writer.write(b"".join(line + b"\n" for line in lines))

    async def line(self) -> bytes:
        """The next line, b"" when the switch has closed."""
        try:
            return await asyncio.wait_for(self.reader.readline(), PATIENCE)
        except ConnectionError:
            return b""

    async def answer(self) -> Any:
        return json.loads(await self.line())

    async def ask(self, line: bytes) -> Any:
        self.say(line)
        return await self.answer()


def encoded(message: msgspec.Struct) -> bytes:
    return msgspec.json.encode(message)
