# SPDX-License-Identifier: GPL-2.0-or-later
"""Text messages by lines with a modem: those that came and were sent, and what became of them; sends one. docs/pages.md."""

import re

from starlette.responses import Response

from appliance.control.messages import Refused
from appliance.control.modems import TEXT_MOST, SendText
from appliance.settings.lines import ModemLine
from appliance.store.reader import Reader
from appliance.web import moments
from appliance.web.access import OWNER, SUPERVISOR, Row, Visit
from appliance.web.box import Box
from appliance.web.journal import read
from appliance.web.tongue import marked as _

WRITES = frozenset({OWNER, SUPERVISOR})  # each text is paid for, and what comes is of the whole office
PAGE = 50
TO_MOST = 60  # characters of a number, or of person.NAME


class TextPages:
    def __init__(self, box: Box) -> None:
        self._box = box
        self._journal = Reader(box.state / "journal.db")

    def rows(self) -> tuple[Row, ...]:
        return (Row("GET", "/texts", WRITES, self.page), Row("POST", "/texts", WRITES, self.send))

    async def page(self, asked: Visit, wrong: str = "", status: int = 200) -> Response:
        """The newest first; of one line, or of all."""
        names = await self._box.known.names()
        lines = {
            name: names.called("line", name) for name, one in names.settings.line.items() if isinstance(one, ModemLine)
        }
        query = asked.request.query_params
        chosen = query.get("line", "") if query.get("line", "") in lines else ""
        before = query.get("before", "")
        last = int(before) if re.fullmatch(r"[0-9]{1,16}", before) else 1 << 53
        rows = await read(self._journal.sms, limit=PAGE + 1, before=last, line=chosen)
        more = rows[0:1] and len(rows) > PAGE
        shown = rows[-PAGE:][::-1]
        return asked.page(
            "texts.html", status, rows=shown, older=str(shown[-1].id) if more else "", lines=lines, chosen=chosen, wrong=wrong,
            people=[(name, names.called("person", name)) for name, one in names.settings.person.items() if one.mobile],
            when=lambda at: moments.moment(at, names.zone), line=lambda name: names.called("line", name), first=bool(before),
            to=asked.text("to"), text=asked.text("text"), most=TEXT_MOST, sent=query.get("done", "") == "sent",
        )  # fmt: skip

    async def send(self, asked: Visit) -> Response:
        """Answered once the network has taken it. The audit log has to whom, the journal what."""
        to, text = asked.text("to").strip(), asked.text("text").replace("\r\n", "\n").strip()
        if not 2 <= len(to) <= TO_MOST or not 1 <= len(text) <= TEXT_MOST:
            return await self.page(asked, _("A number and a text are needed."), 422)
        try:
            await self._box.drafts.ask(SendText(0, to, text, asked.text("by")[:TO_MOST]))
        except Refused as refused:
            return await self.page(asked, refused.message, 409)
        asked.note(_("text-sent"), to)
        return asked.to("/texts?done=sent")
