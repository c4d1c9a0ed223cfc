# SPDX-License-Identifier: GPL-2.0-or-later
"""Voicemail, handled or not, and recorded calls: listed and listened to. docs/pages.md."""

import re
from pathlib import Path

from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp

from appliance.control.messages import DeleteMessage, Message, Messages, Refused, SetMessage
from appliance.store.calls import CallList
from appliance.store.reader import Reader
from appliance.web import moments, sounds
from appliance.web.access import EMPLOYEE, Refusal, Row, Visit
from appliance.web.box import Box
from appliance.web.journal import read
from appliance.web.sounds import HEARS
from appliance.web.tongue import marked as _
from appliance.web.voicemail import OF_MAILBOXES, handled_by, his, mailboxes

PAGE = 50


class MessagePages:
    def __init__(self, box: Box) -> None:
        self._box = box
        self._list = CallList(Reader(box.state / "journal.db"))

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/messages", OF_MAILBOXES, self.messages),
            Row("GET", "/messages/{id:int}/sound", OF_MAILBOXES, self.message_sound),
            Row("POST", "/messages/handled", OF_MAILBOXES, self.handled),
            Row("POST", "/messages/heard", OF_MAILBOXES, self.heard),
            Row("POST", "/messages/delete", OF_MAILBOXES, self.delete),
            Row("GET", "/recordings", HEARS, self.recordings),
            Row("GET", "/recordings/{id:int}/sound", HEARS, self.recording_sound),
        )

    # ---- messages

    async def messages(self, asked: Visit) -> Response:
        """Those nobody has handled first, the newest before the others."""
        names = await self._box.known.names()
        boxes = mailboxes(asked, names)
        chosen = asked.request.query_params.get("mailbox", "")[:40]
        every = [one for one in await self._all() if one.mailbox in boxes]
        here = [one for one in every if not chosen or one.mailbox == chosen]
        open_, done = [one for one in here if not one.handled], [one for one in here if one.handled]
        page = max(0, _number(asked, "page"))
        ordered = open_[::-1] + done[::-1]
        rows = ordered[page * PAGE : (page + 1) * PAGE]
        return asked.page(
            "messages.html", rows=rows, handled=await handled_by(self._list, names, rows),
            when=lambda at: moments.moment(at, names.zone),
            length=moments.length, box=lambda name: names.called("mailbox", name), chosen=chosen, open=len(open_),
            boxes=sorted((box, names.called("mailbox", box)) for box in boxes), page_number=page,
            more=len(ordered) > (page + 1) * PAGE, calls=asked.role != EMPLOYEE or bool(names.himself(asked.user).person),
        )  # fmt: skip

    async def message_sound(self, asked: Visit) -> ASGIApp:
        """Its file; pieces of it as players ask for them."""
        message = await self._mine(asked, int(asked.request.path_params["id"]))
        path = Path(message.file)
        if not path.is_file():
            raise Refusal(404, "The message is gone from the disk.")
        self._box.listening.note(asked, _("message-heard"), f"{message.id} ({message.mailbox})")
        return FileResponse(path, media_type="audio/wav", headers={"Cache-Control": "private, no-store"})

    async def handled(self, asked: Visit) -> Response:
        message = await self._mine(asked, _id(asked))
        done = asked.text("handled") == "yes"
        await self._change(SetMessage(0, message.id, handled=done, by=asked.name))
        asked.note(_("message-handled") if done else _("message-not-handled"), f"{message.id} ({message.mailbox})")
        return asked.to(_back(asked))

    async def heard(self, asked: Visit) -> Response:
        """It begins to be played."""
        message = await self._mine(asked, _id(asked))
        if message.state == "new":
            await self._change(SetMessage(0, message.id, state="heard", by=asked.name))
        return Response(status_code=204)

    async def delete(self, asked: Visit) -> Response:
        message = await self._mine(asked, _id(asked))
        await self._change(DeleteMessage(0, message.id, by=asked.name))
        asked.note("message-deleted", f"{message.id} ({message.mailbox})")
        return asked.to(_back(asked))

    async def _all(self) -> list[Message]:
        found: list[Message] = []
        while more := await self._box.drafts.ask(Messages(0, after=found[-1].id if found else 0)):
            found += more
        return sorted(found, key=lambda one: (one.at, one.id))

    async def _mine(self, asked: Visit, id: int) -> Message:
        """A message, if the visitor may have it. Raises Refusal."""
        return await his(asked, self._box, await self._box.known.names(), id)

    async def _change(self, request: SetMessage | DeleteMessage) -> None:
        try:
            await self._box.drafts.ask(request)
        except Refused as refused:
            raise Refusal(409, "The message could not be changed.") from refused

    # ---- recordings

    async def recordings(self, asked: Visit) -> Response:
        names = await self._box.known.names()
        before = _number(asked, "before")
        powers = await self._box.known.powers(asked)
        found = await read(self._list.recorded, PAGE + 1, before=before, own=powers.group() if powers else None)
        return asked.page(
            "recordings.html", rows=found[:PAGE], when=lambda at: moments.moment(at, names.zone), length=moments.length,
            person=lambda name: names.called("person", name), line=lambda name: names.called("line", name),
            older=str(found[PAGE - 1].id) if len(found) > PAGE else "", first=bool(before),
        )  # fmt: skip

    async def recording_sound(self, asked: Visit) -> Response:
        id = int(asked.request.path_params["id"])
        powers = await self._box.known.powers(asked) if 0 < id < 1 << 53 else None
        theirs = powers is None or await read(self._list.recorded, 1, own=powers.group(), only=id)
        if not 0 < id < 1 << 53 or not theirs:
            raise Refusal(404, "There is no such recording.")
        response = await sounds.recording(asked, self._box.drafts, id)
        self._box.listening.note(asked, _("recording-heard"), str(id))
        return response


def _id(asked: Visit) -> int:
    text = asked.text("message")
    return int(text) if re.fullmatch(r"[0-9]{1,16}", text) else 0


def _number(asked: Visit, key: str) -> int:
    text = asked.request.query_params.get(key, "")
    return int(text) if re.fullmatch(r"[0-9]{1,16}", text) else 0


def _back(asked: Visit) -> str:
    """The page the form stood on: that of the call, the list, or the list of one mailbox."""
    mailbox = asked.text("mailbox")
    if asked.text("from") == "call":
        return f"/calls/{_id(asked)}"
    return f"/messages?mailbox={mailbox}" if re.fullmatch(r"[a-z0-9-]{1,31}", mailbox) else "/messages"
