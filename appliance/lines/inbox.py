# SPDX-License-Identifier: GPL-2.0-or-later
"""Text messages that came: each part is kept before its modem may delete it; what is whole is told, once."""

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from appliance.calls.texts import PART, TEXT_MOST, Sms
from appliance.lines.at.pdu import Deliver, Part, decode
from appliance.lines.at.texts import WAIT_FOR, Text, Together
from appliance.lines.modems.messages import Came

log = logging.getLogger("lines")

NUMBER_MOST = 32  # characters kept of a sender


class Kept(Protocol):
    """Where messages are kept."""

    async def sms_once(self, sms: Sms, parts: Sequence[int] = ()) -> bool | None: ...
    def sms_forget(self, mark: str) -> None: ...


class Inbox:
    """Of all lines."""

    def __init__(
        self, kept: Kept, tell: Callable[[Sms], None], next_id: Callable[[], int], now: Callable[[], int]
    ) -> None:
        """now: ms UTC."""
        self._kept, self._tell, self._next_id, self._now = kept, tell, next_id, now
        self._together: dict[str, Together] = defaultdict(Together)  # by line
        self._due: list[tuple[str, Text]] = []  # whole, or waited for long enough
        self._changed = asyncio.Event()
        self._keeping: set[asyncio.Task[bool]] = set()

    def learn(self, parts: Iterable[Sms]) -> None:
        """Parts that are kept from before a restart, oldest first; what the power left whole is told by run()."""
        for kept in parts:
            message = decode(kept.parts)
            assert isinstance(message, Deliver) and message.body.part
            age = min(max(0, self._now() - kept.at), WAIT_FOR)
            told = self._together[kept.line].add(message, message.body.part, kept.id, _monotonic() - age)
            self._due += [(kept.line, text) for text in told]

    async def run(self) -> None:
        """Until cancelled: tells what is not waited for any longer."""
        while True:
            while self._due:
                await self._text(*self._due.pop(0))
            self._changed.clear()
            deadlines = [each.deadline for each in self._together.values() if each.deadline is not None]
            try:
                async with asyncio.timeout(max(0, min(deadlines) - _monotonic()) / 1000 if deadlines else None):
                    await self._changed.wait()
            except TimeoutError:
                now = _monotonic()
                self._due += [(line, text) for line, each in self._together.items() for text in each.late(now)]

    async def message(self, line: str, came: Came) -> bool:
        """Whether it is kept safely, and may be deleted in the modem; one that was kept already is not told again.

        Once begun it goes on to its end, also when the modem is lost meanwhile: what is in the journal is new once alone."""
        keeping = asyncio.create_task(self._message(line, came))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        return await asyncio.shield(keeping)

    async def _message(self, line: str, came: Came) -> bool:
        message = came.message
        if message and (part := _part_of(message)):
            return await self._part(line, came, message, part)
        text = Text(message.sender, message.at, message.body.text, data=message.body.data) if message else None
        text = text or Text("", None, "", whole=False, data=bytes.fromhex(came.pdu))
        return await self._keep(line, text, _mark(line, came)) is not None

    def deleted(self, line: str, came: Came) -> None:
        """It is not in the modem any more: another at the same place is another."""
        if _by_place(came):
            self._kept.sms_forget(_mark(line, came))

    async def _part(self, line: str, came: Came, message: Deliver, part: Part) -> bool:
        sms = self._sms(line, Text(message.sender, message.at, message.body.text, whole=False), _mark(line, came))
        new = await self._kept.sms_once(sms._replace(state=PART, parts=came.pdu))
        if new:
            for text in self._together[line].add(message, part, sms.id, _monotonic()):
                await self._text(line, text)
            self._changed.set()
        return new is not None

    async def _text(self, line: str, text: Text) -> None:
        """One that was put together: the same parts are told once."""
        await self._keep(line, text, _hash(line, *text.ids))

    async def _keep(self, line: str, text: Text, mark: str) -> bool | None:
        """Whether it is new; None: it is not kept."""
        sms = self._sms(line, text, mark)
        new = await self._kept.sms_once(sms, text.ids)
        if new:
            log.info("line %s: a message of %d characters came from %s", line, len(sms.text), sms.number)
            self._tell(sms)
        elif new is False:
            log.info("line %s: a message that is kept already came again", line)
        return new

    def _sms(self, line: str, text: Text, mark: str) -> Sms:
        said = (text.text or text.data.hex())[:TEXT_MOST]
        sent_at = int(text.at.timestamp() * 1000) if text.at else 0
        number = text.sender[:NUMBER_MOST]
        return Sms(self._next_id(), line, "received", self._now(), sent_at, number, said, text.whole, mark)


def _part_of(message: Deliver) -> Part | None:
    """What a long one says of itself."""
    return message.body.part if message.body.part and message.body.part.total > 1 else None


def _by_place(came: Came) -> bool:
    """Whether nothing but its place in the modem tells it from another that says the same."""
    return came.message is not None and not (came.message.at and _part_of(came.message))


def _mark(line: str, came: Came) -> str:
    """The same for the same message, however often its modem tells it; "": that cannot be known.

    By its place and its bytes; a part of a long one, whose texts are numbered, by sender, time and what it says; one that
    cannot be read by its bytes."""
    message = came.message
    if message and message.at and (part := _part_of(message)):
        sent_at = int(message.at.timestamp() * 1000)
        return _hash(line, message.sender, sent_at, *part, message.body.text, message.body.data)
    if message and not message.at and came.place is None:
        return ""
    return _hash(line, came.place, came.pdu) if message else _hash(line, came.pdu)


def _hash(*facts: object) -> str:
    written = "\0".join(map(str, facts))
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _monotonic() -> int:
    return int(asyncio.get_running_loop().time() * 1000)
