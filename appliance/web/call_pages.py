# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of calls with its search, one call with its why, and the list as a table for spreadsheets. docs/pages.md."""

import asyncio
import re
from collections.abc import AsyncIterator, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from appliance.control.handling import CallFor
from appliance.control.messages import Refused
from appliance.reports.table import COLUMNS, INSIDE, MARK, direction, row, separator, table
from appliance.settings.numbers import SHORT, normalise, parts
from appliance.store.calls import CallList, Group, Wanted, Who
from appliance.store.reader import Call, Event, Reader
from appliance.web import moments, voicemail
from appliance.web.access import EMPLOYEE, INSTALLER, LIMITED, OWNER, SETTERS, SUPERVISOR, Doer, Refusal, Row, Visit
from appliance.web.board import NO_NUMBER, REFUSED
from appliance.web.box import Box
from appliance.web.journal import read
from appliance.web.known import Names
from appliance.web.sounds import HEARS
from appliance.web.tongue import marked as _

SEES = frozenset({OWNER, INSTALLER, SUPERVISOR, LIMITED, EMPLOYEE})  # an employee his own calls alone
LISTS = SETTERS | {SUPERVISOR}  # put callers on lists
PAGE = 50  # calls
EXPORTED = 500_000  # calls in one file at most
LONGEST = 80  # characters of a search
FIELDS = ("q", "person", "queue", "line", "from", "until", "missed")
DIALLED = re.compile(r"\+?[0-9]{2,20}", re.ASCII)


class Shown(NamedTuple):
    """A call as the list has it; tone chooses the colour of its badge."""

    call: Call
    when: str
    direction: str
    who: str
    number: str
    way: str
    person: str
    outcome: str
    tone: str
    wait: int | None
    talk: int | None


OUTCOMES = {
    "answered": (_("answered"), "good"),
    "voicemail": (_("left a message"), "wait"),
    "refused": (_("turned away"), "bad"),
    "abandoned": (_("missed"), "bad"),
    "self-service": (_("served by the box"), ""),
    "cut": (_("cut off"), "bad"),
    None: (_("goes on"), "talk"),
}
NO_MESSAGE = {  # voicemail without one, by what the journal has of it
    None: (_("left no message"), "bad"),
    "voicemail-refused": (_("the mailbox was full"), "bad"),
}
HANDLED = (_("message handled"), "good")
DIRECTIONS = {"in": _("Call in"), "out": _("Call out"), "internal": _("Among us")}


def may_list(asked: Doer, names: Names, name: str) -> bool:
    """Whose callers open gates is for those who set actions: a supervisor has a number of his own to call from."""
    return asked.role in SETTERS or (asked.role in LISTS and name not in names.setting_off())


class CallPages:
    def __init__(self, box: Box) -> None:
        self._box = box
        self._list = CallList(Reader(box.state / "journal.db"))

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/calls", SEES, self.calls),
            Row("GET", "/calls/export", SEES, self.export),
            Row("GET", "/calls/{call:int}", SEES, self.call),
            Row("POST", "/calls/{call:int}/back", SEES, self.call_back),
        )

    async def calls(self, asked: Visit) -> Response:
        names, own = await self._box.known.names(), await self._own(asked)
        given = search(asked)
        before, after = _number(asked, "before"), _number(asked, "after")
        found = await self.found(asked, given, PAGE + 1, before=before, after=after)
        more = len(found) > PAGE
        found = (found[-PAGE:] if after else found[:PAGE]) if more else found
        left = await read(self._list.messages, [one.id for one in found if one.outcome == "voicemail"])
        done = await read(self._list.handled, list(left))
        newer = bool(found) and (more if after else bool(before))
        older = bool(found) and (True if after else more)
        return asked.page(
            "call_list.html", given=dict.fromkeys(FIELDS, "") | given, rows=[shown(one, names, left, done) for one in found],
            length=moments.length,
            directions=DIRECTIONS, people=_of(names, "person", own), queues=_of(names, "queue", own),
            newer=query(given, after=str(found[0].id)) if newer else "",
            older=query(given, before=str(found[-1].id)) if older else "",
            first=query(given) if before or after else "", export=query(given), searched=bool(given),
            nobody=asked.role == EMPLOYEE and not names.himself(asked.user).person,
        )  # fmt: skip

    async def call(self, asked: Visit) -> Response:
        """One call: what it was, its connections, its recordings, and why it went so."""
        names = await self._box.known.names()
        one = await self._seen(asked, names)
        number = one.id
        reader = Reader(self._box.state / "journal.db")
        legs, traces = await read(reader.legs, number), await read(reader.trace, number)
        recordings = await read(self._list.recordings, number) if asked.role in HEARS else []
        left = await read(self._list.messages, [number])
        known = remembered(await read(reader.events, number))
        message = None
        with suppress(Refusal):  # without the switch all else is told
            message = await voicemail.left(asked, self._box, names, number) if number in left else None
        listed = names.lists(one.caller) if one.line != INSIDE else []
        words = names.words(asked.language)
        why = [
            (moments.clock(t.at, names.zone), words.said(t.at, t.rule, t.reason, t.subject, t.detail)) for t in traces
        ]
        return asked.page(
            "call.html", one=shown(one, names, left, ()), legs=legs, why=why, recordings=recordings, length=moments.length,
            directions=DIRECTIONS,
            clock_of=lambda at: moments.clock(at, names.zone), cause=words.cause, ended=moments.clock(one.ended_at, names.zone),
            party=lambda leg: names.called("line", leg.party), line=names.called("line", one.line),
            queue=names.called("queue", one.queue), message=message,
            mailbox=names.called("mailbox", message.mailbox) if message else "",
            handled=await voicemail.handled_by(self._list, names, [message] if message else []),
            known=known, back=_outside(one) if asked.user and asked.user.person else "",
            lists=[each for each in listed if may_list(asked, names, each.name)],
            done=asked.request.query_params.get("done", "")[:20],
        )  # fmt: skip

    async def _own(self, asked: Doer) -> Who | Group | None:
        """Whose calls alone may be seen."""
        if powers := await self._box.known.powers(asked):
            return powers.group()
        return (await self._box.known.names()).himself(asked.user) if asked.role == EMPLOYEE else None

    async def _seen(self, asked: Visit, names: Names) -> Call:
        """The call of the address, if it may be seen. Raises Refusal."""
        number = int(asked.request.path_params["call"])
        one = await read(self._list.one, number, await self._own(asked)) if number < 1 << 53 else None
        if one is None:
            raise Refusal(404, "There is no such call, or it is not yours to see.")
        return one  # type: ignore[no-any-return]

    async def call_back(self, asked: Visit) -> Response:
        """The telephone of whoever asks rings; where he answers the other side of a past call is called."""
        names = await self._box.known.names()
        person, number = asked.user.person if asked.user else "", _outside(await self._seen(asked, names))
        if not person or not number:
            raise Refusal(404, "There is no such call, or it is not yours to see.")
        try:
            await self._box.drafts.ask(CallFor(0, person, number, asked.name))
        except Refused as refused:
            said = REFUSED | {"unknown": NO_NUMBER}
            raise Refusal(409, asked.say(said[refused.id]) if refused.id in said else refused.message) from None
        asked.note("call-dialled", f"{number} {person}")
        return asked.to("/")

    async def export(self, asked: Visit) -> Response:
        names = await self._box.known.names()
        return await self.table(asked, search(asked), separator(names.settings.office.country))

    async def found(
        self, asked: Doer, given: dict[str, str], most: int, *, before: int = 0, after: int = 0
    ) -> list[Call]:
        """What a search finds (by FIELDS), the newest first. Raises Refusal."""
        wanted = await self._wanted(asked, given, await self._box.known.names())
        return await read(self._list.page, wanted, most, before=before, after=after)  # type: ignore[no-any-return]

    async def table(self, asked: Doer, given: dict[str, str], between: str = ",") -> Response:
        """What a search finds as CSV (RFC 4180), in UTF-8 with the mark spreadsheets look for. Raises Refusal."""
        names = await self._box.known.names()
        wanted = await self._wanted(asked, given, names)
        await read(self._list.page, wanted, 1)  # a journal that cannot be read is told before anything is sent
        asked.note("calls-exported", ", ".join(f"{key}: {value}" for key, value in given.items()))
        headers = {"Content-Disposition": 'attachment; filename="calls.csv"', "Cache-Control": "no-store"}
        return StreamingResponse(
            self._table(wanted, names, between), headers=headers, media_type="text/csv; charset=utf-8"
        )

    async def _table(self, wanted: Wanted, names: Names, between: str) -> AsyncIterator[str]:
        yield MARK + table([COLUMNS], between)
        calls = self._list.each(wanted, EXPORTED)
        while rows := await asyncio.to_thread(_piece, calls, names):
            yield table(rows, between)

    async def _wanted(self, asked: Doer, given: dict[str, str], names: Names) -> Wanted:
        since, until = moments.day(given.get("from", "")), moments.day(given.get("until", ""))
        wanted = Wanted(
            since=moments.begins(since, names.zone) if since else 0,
            until=moments.ends(until, names.zone) if until else 0,
            own=await self._own(asked),
            who=names.who(given["person"]) if given.get("person") and asked.role != EMPLOYEE else None,
            queue=given.get("queue", ""),
            line=given.get("line", ""),
            missed="missed" in given,
        )
        text = given.get("q", "")
        country = names.settings.office.country
        pieces = parts(text, country)
        if not text:
            return wanted
        if not pieces:
            return wanted._replace(name=text)
        whole = normalise(text, country)
        if (whole.startswith("+") or len(whole) <= SHORT) and await read(self._list.knows, whole):
            return wanted._replace(number=whole)
        return wanted._replace(digits=pieces)


def _of(names: Names, kind: str, own: Who | Group | None) -> list[tuple[str, str]]:
    """The people or queues that may be searched by."""
    listed = names.listed(kind)
    if isinstance(own, Group):
        return [one for one in listed if one[0] in (own.people if kind == "person" else own.queues)]
    return [] if own and kind == "person" else listed


def _outside(call: Call) -> str:
    """The number at the other side of a call, as it is dialled; "" when it is not known."""
    number = call.called if call.line == INSIDE else call.caller
    return number if DIALLED.fullmatch(number) else ""


def remembered(events: Iterable[Event]) -> dict[str, str]:
    """What was asked of the caller, or known of him, by attribute."""
    return {each.detail["attribute"]: each.detail["value"] for each in events if each.kind == "attribute"}


def search(asked: Visit) -> dict[str, str]:
    """What is searched for: the fields that say something."""
    given = {key: asked.request.query_params.get(key, "").strip()[:LONGEST] for key in FIELDS}
    return {key: value.replace("\0", "") for key, value in given.items() if value}


def query(given: dict[str, str], **more: str) -> str:
    return "?" + urlencode(given | more)


def _number(asked: Visit, key: str) -> int:
    text = asked.request.query_params.get(key, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 17 else 0


def shown(call: Call, names: Names, left: Mapping[int, str], done: Container[int]) -> Shown:
    """left: what became of messages, by call; done: calls whose message is handled."""
    way = direction(call)
    who, number = call.name or call.caller, call.caller if call.name else ""
    if way == "out":
        who, number = call.name or call.called, call.called if call.name else ""
    elif way == "internal":
        who, number = call.name or call.caller, call.called
    outcome, tone = OUTCOMES.get(call.outcome, (str(call.outcome), ""))
    if call.outcome == "voicemail" and (became := left.get(call.id)) in NO_MESSAGE:
        outcome, tone = NO_MESSAGE[became]
    elif call.outcome == "voicemail" and call.id in done:
        outcome, tone = HANDLED
    if call.outcome == "abandoned" and way != "in":
        outcome, tone = _("not answered"), ""
    over, answered = call.ended_at, call.answered_at
    until = answered or over
    return Shown(
        call, moments.moment(call.at, names.zone), way, who, number, names.called("queue", call.queue) or
        ("" if way != "in" else names.called("line", call.line)), names.called("person", call.person), outcome, tone,
        until - call.at if until else None, over - answered if over and answered else None,
    )  # fmt: skip


# ---- for spreadsheets -------------------------------------------------------------------------------------------------


def _piece(calls: Iterator[Call], names: Names) -> list[list[object]]:
    """The next thousand rows."""
    rows = []
    for call in calls:
        rows.append(row(call, names.called, names.zone))
        if len(rows) == 1000:
            break
    return rows
