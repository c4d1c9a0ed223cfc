# SPDX-License-Identifier: GPL-2.0-or-later
"""The live board: the page, its events, and what may be done from it with calls and people. See docs/pages.md."""

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import get_args

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from appliance.control import messages
from appliance.control.handling import Disturb, Forward, Park, Press, Supervise, Take
from appliance.control.live import Live
from appliance.control.messages import Call, HangUp, Person, Refused, SetStatus
from appliance.web import view
from appliance.web.access import ALL, EACH, LIMITED, NEWCOMER, OWNER, SUPERVISOR, Refusal, Row, Visit, now, visit
from appliance.web.box import Box
from appliance.web.screen import Full, Looks, Screen
from appliance.web.view import _

DIRECTORS = frozenset({OWNER, SUPERVISOR, LIMITED})  # who may do something with calls of others
SEND_WITHIN = 20.0  # seconds a viewer may take for one piece; then it is dropped
ID_MAX = 2**53
MINUTES = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
CODES = {
    "transfer": _("Send it there"),
    "consult": _("Ask there first, or put through who was asked"),
    "swap": _("Back and forth"),
    "three-way": _("All three talk"),
    "park": _("Park"),
    "record-pause": _("Not recorded for a while, or again"),
}
DONE = {
    "answer": _("The telephone rings: whoever answers there has the call."),
    "listen": _("The telephone rings: whoever answers there hears the call."),
    "whisper": _("The telephone rings: whoever answers there hears the call, and is heard by our side."),
    "barge": _("The telephone rings: whoever answers there talks with both."),
    "send": _("The call was sent on."),
    "park": _("The call is parked."),
    "drop": _("The call was ended."),
    "press": _("It is done."),
    "status": _("The status is set."),
}


OVER = _("This call is over.")
NOWHERE = _("Calls may not be forwarded to this number.")
NO_NUMBER = _("There is no such number, or calls may not go there.")


class Stream:
    """A response of server-sent events. Ends when the viewer leaves, does not read, may no longer, or the program stops."""

    def __init__(self, screen: Screen, looks: Looks, may: Callable[[], bool] = lambda: True) -> None:
        self._screen, self._looks, self._may = screen, looks, may

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._screen.viewer(self._looks):
                watching = asyncio.create_task(self._send(send))
                leaving = asyncio.create_task(_left(receive))
                try:
                    await asyncio.wait((watching, leaving), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    watching.cancel()
                    leaving.cancel()
                    await asyncio.gather(watching, leaving, return_exceptions=True)
        except Full:
            full = PlainTextResponse(
                "Too many people watch this page already. Please try again later.\n", 503, {"Retry-After": "10"}
            )
            await full(scope, receive, send)

    async def _send(self, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for frame in self._screen.frames(self._looks):
            if not self._may():
                break
            async with asyncio.timeout(SEND_WITHIN):
                await send({"type": "http.response.body", "body": frame, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Board:
    """The live page and its events, what can be done from it, the card of codes, and whether all is well."""

    def __init__(self, box: Box) -> None:
        self._box, self._screen = box, box.screen

    def rows(self) -> tuple[Row, ...]:
        watching = EACH | {NEWCOMER}  # as long as nobody can log in, whoever reaches the address listened on may look
        return (
            Row("GET", "/", watching, self.page),
            Row("GET", "/events", watching, self.events),
            Row("GET", "/board/call/{call:int}", DIRECTORS, self.call),
            Row("POST", "/board/call", DIRECTORS, self.direct),
            Row("GET", "/board/person/{person}", EACH, self.person),
            Row("POST", "/board/person", EACH, self.set_status),
            Row("POST", "/board/press", EACH, self.press),
            Row("GET", "/codes", watching, self.codes),
            Row("GET", "/health", ALL, self.health),
        )

    # ---- what is seen

    async def page(self, asked: Visit) -> Response:
        looks = await self._looks(asked)
        live = looks.sees(self._screen.live)
        people = sorted(live.people.values(), key=lambda one: one.name) if live else []
        shown = self._screen.page(asked.words, looks, **asked.facts(), at=_at(asked), people=people)
        return HTMLResponse(shown, headers={"Cache-Control": "no-store"})

    async def events(self, asked: Visit) -> ASGIApp:
        return Stream(self._screen, await self._looks(asked), self._as_before(asked))

    def _as_before(self, asked: Visit) -> Callable[[], bool]:
        """Whether whoever asked may see what he could; of a limited one the settings say it: he asks anew."""
        limits, live = asked.user.limits if asked.user else "", self._screen.live
        revision = live.revision if live else 0

        def same() -> bool:
            now, live = visit(asked.request, asked.office), self._screen.live
            told = asked.role != LIMITED or live is None or live.revision == revision
            return told and now.role == asked.role and (now.user.limits if now.user else "") == limits

        return same

    async def codes(self, asked: Visit) -> Response:
        return asked.page("codes.html", codes=await asyncio.to_thread(self._box.card, asked.say))

    async def health(self, asked: Visit) -> Response:
        here = self._screen.live is not None
        body = {"switch": "here" if here else "away", "viewers": self._screen.viewers}
        return JSONResponse(body, 200 if here else 503, {"Cache-Control": "no-store"})

    async def call(self, asked: Visit, wrong: str = "", status: int = 200) -> Response:
        """What can be done with one call; for htmx the part alone."""
        live = await self._live(asked)
        known = _call(live, int(asked.request.path_params["call"]))
        return asked.part(
            "board/call.html", status, row=view.row(live, known, asked.say), wrong=wrong, at=_at(asked),
            people=view.people(live, asked.say).rows, queues=list(live.queues.values()),
            mailboxes=list(live.mailboxes.values()), now=now(),
        )  # fmt: skip

    async def person(self, asked: Visit) -> Response:
        """The status of one person, and what may be done about it."""
        live = await self._live(asked)
        one = _person(live, str(asked.request.path_params["person"]))
        rows = view.people(live, asked.say, lambda person: _may_set(asked, person)).rows
        shown = next(row for row in rows if row.id == one.id)  # type: ignore[union-attr]
        return asked.part(
            "board/person.html", person=one, row=shown, may=_may_set(asked, one.id), statuses=view.STATUS,
            codes=CODES, forwards=view.FORWARDS, left=_minutes(one.until),
            recorded=bool(shown.call and live.calls[shown.call.id].recorded), now=now(), directs=asked.role in DIRECTORS,
        )  # fmt: skip

    # ---- what is done

    async def direct(self, asked: Visit) -> Response:
        """Do something with a call: answer, listen, whisper, barge, send, park, drop."""
        live = await self._live(asked)
        call = _call(live, _number(asked.text("call")))
        do, at, to = asked.text("do"), asked.text("at") or _at(asked), asked.text("to").strip()
        if not to and (number := _bare(asked.text("number"))):
            to = f"number.{number}"
        request = _request(live, call, do, at, to, asked.name)
        await self._ask(asked, request, NO_NUMBER if to.startswith("number.") else OVER)
        asked.note(f"call-{do}", f"{call.id} {call.caller or '-'} {to if do == 'send' else at}".strip())
        return self._said(asked, do)

    async def press(self, asked: Visit) -> Response:
        """Hand on the call somebody is on, or one's own: at once, or after asking; talk with both; park it."""
        live = await self._live(asked)
        one = _own(asked, live)
        call, code, number = _call(live, _number(asked.text("call"))), asked.text("code"), _bare(asked.text("number"))
        if code not in CODES or len(number) > 20:
            raise Refusal(400, "That form cannot be read.")
        await self._ask(asked, Press(0, call.id, one.id, code, number, asked.name))  # type: ignore[arg-type]
        asked.note("call-pressed", f"{call.id} {one.id} {code} {number}".strip())
        return self._said(asked, "press")

    async def set_status(self, asked: Visit) -> Response:
        """The status of somebody, or of oneself, until it is set anew or for so many minutes; and where calls to him alone go."""
        one = _own(asked, await self._live(asked))
        status = asked.text("status")
        if status not in get_args(messages.Status):
            raise Refusal(400, "That form cannot be read.")
        may, minutes = asked.text("disturb") != "no", asked.text("minutes").strip()
        if minutes and not MINUTES.fullmatch(minutes):
            raise Refusal(422, "A number of minutes from 1 to 999 is needed, or nothing.")
        until = now() + int(minutes) * 60_000 if minutes else None
        forwards = list(_forwards(asked, one))
        reason = asked.text("reason").strip()[:60]
        await self._ask(asked, SetStatus(0, one.id, status, reason, "page", until))  # type: ignore[arg-type]
        if one.dnd is may:
            await self._ask(asked, Disturb(0, one.id, may))
        for forward in forwards:
            await self._ask(asked, forward, NOWHERE)
            asked.note("forward-set", f"{one.id}: {forward.when}")
        asked.note("status-set", f"{one.id}: {status}")
        return self._said(asked, "status")

    async def _ask(self, asked: Visit, request: messages.Request, unknown: str = OVER) -> None:
        """unknown: what it means that the switch does not know what is named."""
        said = REFUSED | {"unknown": unknown}
        try:
            await self._box.drafts.ask(request)
        except Refused as refused:
            raise Refusal(409, asked.say(said[refused.id]) if refused.id in said else refused.message) from None

    @staticmethod
    def _said(asked: Visit, do: str) -> Response:
        return asked.part("board/done.html", words=DONE[do]) if asked.in_place else asked.to("/")

    async def _live(self, asked: Visit) -> Live:
        """The office as whoever asks may see it. Raises Refusal."""
        if (live := (await self._looks(asked)).sees(self._screen.live)) is None:
            raise Refusal(503, "The switch does not answer. Nothing was changed, as far as is known.")
        return live

    async def _looks(self, asked: Visit) -> Looks:
        language = str(asked.words.globals["language"])
        return Looks(language, asked.role in DIRECTORS, await self._box.known.powers(asked))


REFUSED = {
    "unreachable": _("No telephone there is registered."),
    "cannot": _("That cannot be done with this call now."),
}


def _request(live: Live, call: Call, do: str, at: str, to: str, by: str) -> messages.Request:
    match do:
        case "drop":
            return HangUp(0, call.id)
        case "park":
            return Park(0, call.id, "", at if at in live.people else by)
        case "send":
            if len(to) > 80 or not to.isprintable() or not re.fullmatch(messages.SENT_TO, to):
                raise Refusal(422, "Say where the call is to go.")
            return messages.Send(0, call.id, to)
        case "answer" | "listen" | "whisper" | "barge":
            if at not in live.people:
                raise Refusal(422, "Say first at whose telephone you answer.")
            if do == "answer":
                return Take(0, call.id, (), at, by)
            return Supervise(0, call.id, do, (), at, by)  # type: ignore[arg-type]
        case _:
            raise Refusal(400, "That form cannot be read.")


def _minutes(until: int | None) -> str:
    """Those left until then, as the form takes them."""
    left = -(-(until - now()) // 60_000) if until else 0
    return str(left) if 0 < left < 1000 else ""


def _forwards(asked: Visit, one: Person) -> Iterator[Forward]:
    """What the form changes of where calls to somebody alone go. Raises Refusal."""
    for when in view.FORWARDS:
        if (given := asked.form.get(f"forward:{when}")) is None:
            continue
        number = _bare(str(given))
        if not re.fullmatch(r"[0-9]{0,20}", number):
            raise Refusal(422, "A number is written as it is dialled at a telephone: figures alone.")
        if number != one.forwards.get(when, ""):
            yield Forward(0, one.id, when, number)  # type: ignore[arg-type]


def _at(asked: Visit) -> str:
    """Whose telephone rings for whoever asks."""
    return asked.user.person if asked.user else ""


def _may_set(asked: Visit, person: str) -> bool:
    return asked.role in DIRECTORS or (bool(person) and _at(asked) == person)


def _own(asked: Visit, live: Live) -> Person:
    """The person of a form, for himself or who directs. Raises Refusal."""
    one = _person(live, asked.text("person"))
    if not _may_set(asked, one.id):
        raise Refusal(403, "Your role may not do that.")
    return one


def _bare(number: str) -> str:
    """A number as it is dialled, however it is written."""
    return re.sub(r"[ ().\-/]", "", number)


def _call(live: Live, id: int) -> Call:
    if (known := live.calls.get(id)) is None:
        raise Refusal(404, "This call is over.")
    return known


def _person(live: Live, id: str) -> Person:
    if (known := live.people.get(id)) is None:
        raise Refusal(404, "There is nobody of that name.")
    return known


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 16 else ID_MAX
