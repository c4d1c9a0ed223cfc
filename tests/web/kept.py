# SPDX-License-Identifier: GPL-2.0-or-later
"""A box with a past: a journal, recordings and messages as the switch keeps them, and a socket that tells of these alone."""

import asyncio
import base64
import math
import struct
import time
import wave
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.calls.messages import Message, Messages, measured
from appliance.calls.recorded import Recorded, file_name
from appliance.calls.texts import Sms
from appliance.control import messages as m
from appliance.control import modems
from appliance.control.handling import CallFor
from appliance.control.recordings import OfRecordings
from appliance.control.restarts import Pending, Waiting
from appliance.control.server import Peer, Server
from appliance.programs.recorder import Recordings
from appliance.settings import documents
from appliance.settings.models import Settings
from appliance.settings.passwords import Secrets
from appliance.store import sealed
from appliance.store.journal import Journal
from tests.fakes.switch import small_office

KEY = bytes(range(32))
DOCUMENT = """
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"

[phone.desk1]
[phone.desk2]

[person.anna]
name = "Anna"
extension = "101"
phones = ["desk1"]
mailbox = "anna"

[person.boris]
name = "Борис"
extension = "102"
phones = ["desk2"]

[mailbox.anna]
name = "Anna's box"

[hours.office]
week = { mon = ["09:00-18:00"], tue = ["09:00-13:00", "14:00-18:00"] }

[queue.sales]
name = "Sales"
people = ["anna", "boris"]

[scenario.main]
hours = "office"
open = "queue.sales"
closed = "mailbox.office"

[line.city]
kind = "sip"
host = "192.0.2.1"
name = "City"
scenario = "main"
"""
ORGANISED = (
    DOCUMENT.replace('name = "Anna"', 'name = "Anna"\nposition = "Accountant"\nduty = "early"')
    + """
[hours.early]
week = { mon = ["08:00-14:00"], fri = ["22:00-02:00"] }
closed = ["2026-12-07"]
[branch.harbour]
name = "Harbour"
hours = "office"
[branch.empty]
name = "Planned"
[department.books]
name = "Bookkeeping"
branch = "harbour"
head = "boris"
people = ["anna.all"]
[person.carl]
name = "Carl"
"""
)
GSM = """
[line.gsm]
kind = "modem"
usb = "1-1.3"
name = "Mobile"
"""
T = 1_790_150_400_000  # 2026-09-23 11:00 in Vilnius


def tone(samples: int) -> bytes:
    """Left a tone, right another; 16 bits at 16 kHz."""
    sides = ((round(9000 * math.sin(n / 8)), round(9000 * math.sin(n / 11))) for n in range(samples))
    return b"".join(struct.pack("<hh", *pair) for pair in sides)


class Kept:
    """`socket`, `settings` (a file), `state` (a folder); call(), recording() and message() put something into the past."""

    def __init__(self, folder: Path, document: str = DOCUMENT) -> None:
        self.state, self.socket, self.settings = folder, folder / "control.sock", folder / "office.toml"
        self.settings.write_text(document)
        self.document = documents.check(Settings, document, "office.toml")[0]
        self.journal = Journal(folder / "journal.db", lambda id, said: None, delay=0.01)
        self.messages = Messages(folder / "voicemail", self.journal, lambda mailbox: None)
        self.asked: list[m.Request] = []
        self._server = Server(self.socket, self._handle, small_office)
        self._recordings: Recordings | None = None

    async def __aenter__(self) -> Self:
        await self.journal.durable()
        self._recordings = Recordings(self.state / "recordings", self.journal)
        self._recordings.configure(
            self.document, Secrets.model_validate({"recording": {"key": base64.b64encode(KEY).decode()}})
        )
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.close()
        if self._recordings:
            await self._recordings.close()
        await asyncio.to_thread(self.journal.close)

    def call(
        self, at: int = T, *, line: str = "city", caller: str = "+37060000001", called: str = "+37052000000", name: str = "",
        person: str = "anna", queue: str = "sales", outcome: str = "answered", phone: str = "desk1", talk: int = 60_000,
    ) -> int:  # fmt: skip
        """One call, answered after 9 s if at all."""
        journal, id = self.journal, (at << 10) + 1
        journal.call(id, at, line, caller, called, name)
        answered = at + 9000 if outcome == "answered" else None
        over = (answered or at + 30_000) + (talk if answered else 0)
        for leg, (party, kind) in enumerate(((line, "caller"), (phone, "phone"))):
            journal.leg(id, leg, at, party, kind, "started")
            if answered:
                journal.leg(id, leg, answered, party, kind, "answered")
            journal.leg(id, leg, over, party, kind, "ended", 16 if answered else 19)
        journal.trace(id, at, 1, 0, f"line.{line}", 0)
        journal.trace(id, at + 1, 5, 0, f"queue.{queue}", 1)
        journal.over(id, over, outcome, queue, person if answered else "", answered)
        return id

    def knows(self, call: int, attribute: str, value: str) -> None:
        """Something is remembered of a call."""
        self.journal.event(call, call >> 10, "attribute", {"attribute": attribute, "value": value})

    def text(self, state: str, text: str, at: int = T, *, line: str = "gsm", whole: bool = True) -> int:
        """A text message, with the number +37060000001."""
        id = self.journal.next_call_id()
        self.journal.sms(Sms(id, line, state, at, 0, "+37060000001", text, whole, ""))
        return id

    def recording(self, call: int, samples: bytes, form: str = "wav") -> Recorded:
        """What was said in a call, encrypted."""
        id = self.journal.next_call_id()
        one = Recorded(
            id, call, call >> 10, "city", "anna", "+37060000001", "", "sales", file_name(id, call >> 10, True), form
        )
        said = {"id": id, "call": call, "at": one.at, "form": form}
        file = sealed.SealedFile(self.state / "recordings" / one.file, said, KEY)
        for at in range(0, len(samples), 32_000):
            file.add(samples[at : at + 32_000])
        one = one._replace(
            sha256=file.close(), size=file.size, duration=sealed.milliseconds(form, len(samples)), state="whole"
        )
        self.journal.recording(one)
        return one

    def message(self, call: int, mailbox: str, caller: str = "+37060000001", name: str = "") -> Message:
        path = self.state / "voicemail" / mailbox / f"20260923T110000-{call}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(tone(8000))
        duration, sha256 = measured(path)
        one = Message(call, mailbox, call >> 10, caller, name, duration, path.name, sha256)
        self.messages.add(one)
        return one

    async def _handle(self, request: m.Request, peer: Peer) -> object:
        self.asked.append(request)
        if isinstance(request, OfRecordings) and self._recordings:
            try:
                return await self._recordings.answer(request, peer)
            except KeyError as missing:
                raise m.Refused("unknown", str(missing)) from None
        now = time.time_ns() // 1_000_000
        match request:
            case m.Document():
                return m.Written(1, self.settings.read_text())
            case m.Messages(after=after):
                told = sorted((one for one in self.messages.all() if one.id > after), key=lambda one: one.id)
                return tuple(
                    m.Message(**{**one._asdict(), "file": str(self.messages.path(one))}) for one in told[:1000]
                )
            case Pending():
                return Waiting((), 0)
            case CallFor():
                return m.Dialled((7,))
            case modems.SendText(to=to, text=text, line=line):
                if to == "nobody":
                    raise m.Refused("no-line", "no line that can send text messages is ready")
                return modems.Sms(
                    id=self.text("sent", text, now), line=line or "gsm", state="sent", at=now, number=to, text=text
                )
            case m.Override(hours=hours, mode=mode, until=until):
                held = m.Hours(id=hours, override=None if mode == "as-written" else mode, until=until)
                self._server.tell(m.HoursChanged, hours=held)
            case m.SetMessage(message=id, state=state, handled=handled, by=by):
                with suppress(KeyError):
                    self.messages.change(id, now, state=state, handled=handled, by=by)
            case m.DeleteMessage(message=id, by=by):
                self.messages.delete(id, now, by)
        return m.Done()
