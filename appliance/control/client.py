# SPDX-License-Identifier: GPL-2.0-or-later
"""A client's end of the control socket; see docs/control.md."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self, get_args, overload

import msgspec

from appliance.control import doctor, modems, prompts, recordings, secrets
from appliance.control.messages import (
    ANSWERS,
    BACKLOG,
    VERSION,
    AbortAction,
    ActionKeys,
    ActionResult,
    Applied,
    Apply,
    Check,
    Checked,
    DeleteMessage,
    Dial,
    Dialled,
    Document,
    Done,
    Event,
    Fault,
    HangUp,
    History,
    Mailed,
    Message,
    Messages,
    Office,
    Override,
    Refused,
    Request,
    Restore,
    Revision,
    Say,
    Send,
    SetMessage,
    SetStatus,
    Version,
    Watch,
    Why,
    Written,
)

log = logging.getLogger("control")

EVENTS_WAITING = 10_000  # not yet taken by the program; past that it is too slow, and a new beginning is cheaper
FIRST_WAIT = 0.1  # seconds before the second attempt to connect, doubled each time
LONGEST_WAIT = 5.0

OTHERWISE = (Applied, secrets.SecretKept)  # events after which what was read and asked before holds no longer
KNOWN_EVENTS = {kind.__struct_config__.tag for kind in get_args(Event)}


class ControlLost(ConnectionError):
    """The switch is not there, went away, or dropped us."""

    id = "control-lost"


class _Line(msgspec.Struct):
    """What is common to answers and events."""

    id: int = 0
    ok: msgspec.Raw = msgspec.Raw(b"null")
    error: Fault | None = None
    event: str = ""


class Client:
    """One connection to the switch, from connect(); close it, or use it with `async with`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._last_id = 0
        self._asked: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()  # None is the end; bounded in _hear()
        self._lost = ControlLost("the connection was closed")
        self._refused: Refused | None = None  # the whole connection
        self._decode_line = msgspec.json.Decoder(_Line).decode
        self._decode_event = msgspec.json.Decoder(Event).decode
        self._listening = asyncio.create_task(self._listen(), name="control client")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        self._listening.cancel()
        await asyncio.wait([self._listening])
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    @overload
    async def request(self, request: Watch) -> Office: ...
    @overload
    async def request(self, request: Apply | Restore) -> Revision: ...
    @overload
    async def request(self, request: Document) -> Written: ...
    @overload
    async def request(self, request: History) -> tuple[Version, ...]: ...
    @overload
    async def request(self, request: Dial | Say) -> Dialled: ...
    @overload
    async def request(self, request: Why) -> tuple[str, ...]: ...
    @overload
    async def request(self, request: ActionKeys) -> str: ...
    @overload
    async def request(self, request: Check) -> Checked: ...
    @overload
    async def request(
        self,
        request: SetStatus
        | HangUp
        | Send
        | Override
        | ActionResult
        | AbortAction
        | SetMessage
        | DeleteMessage
        | Mailed,
    ) -> Done: ...
    @overload
    async def request(self, request: modems.Texts) -> tuple[modems.Sms, ...]: ...
    @overload
    async def request(self, request: modems.SendText) -> modems.Sms: ...
    @overload
    async def request(self, request: modems.Code) -> str: ...
    @overload
    async def request(self, request: modems.Plugged) -> tuple[modems.Socket, ...]: ...
    @overload
    async def request(self, request: doctor.CheckLine) -> doctor.LineChecked: ...
    @overload
    async def request(self, request: Messages) -> tuple[Message, ...]: ...
    @overload
    async def request(self, request: recordings.Recordings) -> tuple[recordings.Recording, ...]: ...
    @overload
    async def request(self, request: recordings.VerifyRecording) -> recordings.Verified: ...
    @overload
    async def request(self, request: recordings.ExportRecording) -> recordings.Piece: ...
    @overload
    async def request(self, request: recordings.KeepRecording | recordings.DeleteRecording) -> Done: ...
    @overload
    async def request(self, request: prompts.KeepPrompt) -> prompts.KeptPrompt: ...
    @overload
    async def request(self, request: prompts.SpeakPrompt) -> prompts.SpokenPrompt: ...
    @overload
    async def request(self, request: prompts.DeletePrompt | secrets.KeepSecret | secrets.DropSecret) -> Done: ...
    @overload
    async def request(self, request: secrets.BridgeSecrets | secrets.MailSecrets) -> secrets.Kept: ...
    async def request(self, request: Request) -> object:
        """What the switch answers; the request's id is chosen here. Raises Refused, ControlLost."""
        if self._listening.done():
            raise self._refused or self._lost
        self._last_id = id = self._last_id + 1
        answer: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._asked[id] = answer
        try:
            self._writer.write(msgspec.json.encode(msgspec.structs.replace(request, id=id)) + b"\n")
            return msgspec.json.decode(await answer, type=ANSWERS[type(request)])
        except msgspec.DecodeError as fault:
            raise ControlLost(f"the switch answered what is not understood: {fault}") from fault
        finally:
            del self._asked[id]

    async def watch(self) -> AsyncIterator[Office | Event]:
        """The Office as it is now, then every event, without end. Raises Refused, ControlLost."""
        office = await self.request(Watch(0))
        if office.version != VERSION:
            raise Refused("version", f"The switch speaks version {office.version} of this language, not {VERSION}.")
        yield office
        while event := await self._events.get():
            yield event
        raise self._lost

    async def _listen(self) -> None:
        """Hand out what comes, until the end; then tell whoever waits."""
        try:
            while True:
                self._hear(await self._reader.readuntil(b"\n"))
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, msgspec.DecodeError) as fault:
            self._lost = fault if isinstance(fault, ControlLost) else ControlLost(f"the switch went away: {fault}")
        finally:
            self._writer.transport.abort()
            self._events.put_nowait(None)
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(self._refused or self._lost)

    def _hear(self, line: bytes) -> None:
        said = self._decode_line(line)
        if said.event:
            if self._events.qsize() >= EVENTS_WAITING:
                raise ControlLost("this program was too slow for the events")
            if said.event in KNOWN_EVENTS:  # a newer switch may have more
                self._events.put_nowait(self._decode_event(line))
            return
        if said.error and not said.id:
            self._refused = Refused(said.error.id, said.error.message)
            return
        answer = self._asked.get(said.id)
        if answer is None or answer.done():
            return  # whoever asked has given up
        if said.error:
            answer.set_exception(Refused(said.error.id, said.error.message))
        else:
            answer.set_result(said.ok)


async def connect(path: Path) -> Client:
    """Raises ControlLost."""
    try:
        return Client(*await asyncio.open_unix_connection(path, limit=BACKLOG))
    except OSError as fault:
        raise ControlLost(f"no switch answers on {path}: {fault.strerror}") from fault


async def follow(
    path: Path,
    on_office: Callable[[Office], None],
    on_event: Callable[[Event], None],
    on_lost: Callable[[], None] = lambda: None,
) -> NoReturn:
    """Watch the switch for ever, through its restarts: each connection begins with a new Office. Ends only cancelled.

    New settings or secrets bring a new Office too; events after it may be older than it, their seq tells (see live.py).
    on_lost is called once when a connection ends, and once when there is none at the start.
    """
    wait, told = FIRST_WAIT, False
    while True:
        try:
            async with await connect(path) as client:
                async for said in client.watch():
                    if isinstance(said, Office):
                        wait, told = FIRST_WAIT, False
                        on_office(said)
                    else:
                        on_event(said)
                    if isinstance(said, OTHERWISE):  # lines, queues and people may have come and gone
                        on_office(await client.request(Watch(0)))
        except (ControlLost, Refused) as fault:
            why = str(fault)
        if not told:
            told = True
            log.warning("%s; trying again", why)
            on_lost()
        await asyncio.sleep(wait * random.uniform(0.5, 1.0))
        wait = min(wait * 2, LONGEST_WAIT)
