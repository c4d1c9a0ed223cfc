# SPDX-License-Identifier: GPL-2.0-or-later
"""A caller put on a list, or taken off it, from the page of his call: how the box learns whom to refuse. docs/pages.md."""

import asyncio
from typing import Any

from starlette.responses import Response

from appliance.settings import edits
from appliance.settings.edits import MISSING
from appliance.settings.numbers import normalise
from appliance.store.calls import CallList
from appliance.store.reader import Reader
from appliance.web.access import Doer, Refusal, Row, Visit
from appliance.web.box import Box
from appliance.web.call_pages import LISTS, may_list
from appliance.web.journal import read
from appliance.web.known import NUMBER, REFUSED

NAME_MOST = 60  # characters


class CallerPages:
    def __init__(self, box: Box) -> None:
        self._box = box
        self._calls = CallList(Reader(box.state / "journal.db"))

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("POST", "/calls/{call:int}/list", LISTS, self.list),
            Row("POST", "/calls/{call:int}/unlist", LISTS, self.unlist),
        )

    async def list(self, asked: Visit) -> Response:
        call = _call(asked)
        done = await self.put_on(asked, call, asked.text("list"), asked.text("name"))
        return asked.to(f"/calls/{call}?done={done}#lists")

    async def unlist(self, asked: Visit) -> Response:
        call = _call(asked)
        done = await self.take_off(asked, call, asked.text("list"))
        return asked.to(f"/calls/{call}?done={done}#lists")

    async def put_on(self, asked: Doer, call: int, name: str, known: str) -> str:
        """The caller of a past call is on a list from now on, under a name: `applied` or `draft`. Raises Refusal."""
        number = await self._caller(asked, call, name)
        known = known.strip()[:NAME_MOST]
        work = await self._box.drafts.work(asked)
        path = ("callers", name)
        if edits.at(work.values, path) is not MISSING:
            made: list[tuple[Any, Any]] = [((*path, "numbers", number), known)]
        elif name == REFUSED:
            made = [(path, {"numbers": {number: known}, "refuse": "busy"})]
        else:
            raise Refusal(404, "There is no such list of callers.")
        document = await asyncio.to_thread(edits.put, work.document, made)
        done = await self._box.drafts.change(asked, work, document, f"{number} on the list {name}")
        asked.note("caller-listed", f"{number}: {name}")
        return done

    async def take_off(self, asked: Doer, call: int, name: str) -> str:
        """He is on it no longer. As put_on()."""
        number = await self._caller(asked, call, name)
        work = await self._box.drafts.work(asked)
        country = (await self._box.known.names()).settings.office.country
        numbers = edits.at(work.values, ("callers", name, "numbers"))
        written = [one for one in ({} if numbers is MISSING else numbers) if normalise(one, country) == number]
        if not written:
            raise Refusal(404, "There is no such list of callers.")
        made = [(("callers", name, "numbers", one), MISSING) for one in written]
        document = await asyncio.to_thread(edits.put, work.document, made)
        done = await self._box.drafts.change(asked, work, document, f"{number} off the list {name}")
        asked.note("caller-unlisted", f"{number}: {name}")
        return done

    async def _caller(self, asked: Doer, call: int, name: str) -> str:
        """The number of who called: the journal's, not the form's. Raises Refusal, also for the list."""
        if not may_list(asked, await self._box.known.names(), name):
            raise Refusal(403, "Your role may not do that.")
        one = await read(self._calls.one, call, None) if call < 1 << 53 else None
        if one is None or not NUMBER.fullmatch(one.caller):
            raise Refusal(404, "There is no such call, or it is not yours to see.")
        return str(one.caller)


def _call(asked: Visit) -> int:
    return int(asked.request.path_params["call"])
