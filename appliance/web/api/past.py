# SPDX-License-Identifier: GPL-2.0-or-later
"""Past calls by the API: searched, as a table, one with its connections; and lists that callers of them are put on."""

from typing import Annotated, Literal

from msgspec import Meta, Struct
from starlette.responses import Response

from appliance.control.fields import Id
from appliance.store.reader import Reader
from appliance.web.api import limits
from appliance.web.api import shapes as s
from appliance.web.api.gate import Asked, Way
from appliance.web.call_pages import CallPages, remembered
from appliance.web.caller_pages import NAME_MOST, CallerPages
from appliance.web.journal import read

Text = Annotated[str, Meta(max_length=80)]
DayText = Annotated[str, Meta(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]


class Searched(s.Strict, frozen=True, rename={"from_": "from"}):
    """q: a number or a part of one, or of a name; from, until: days where the office is; missed: those nobody took alone."""

    q: Text = ""
    person: Text = ""
    queue: Text = ""
    line: Text = ""
    from_: DayText = ""
    until: DayText = ""
    missed: bool = False

    def given(self) -> dict[str, str]:
        """As the form of the page has it."""
        texts = {
            key: getattr(self, "from_" if key == "from" else key)
            for key in ("q", "person", "queue", "line", "from", "until")
        }
        found = {key: value.strip().replace("\0", "") for key, value in texts.items()}
        return {key: value for key, value in found.items() if value} | ({"missed": "1"} if self.missed else {})


class SearchedPage(Searched, frozen=True, rename={"from_": "from"}):
    """before: calls before this one; 0: the newest."""

    before: Id = 0
    limit: s.Limit = 100


class LegWas(Struct, frozen=True):
    """A connection of a call; cause: ITU-T Q.850. Times null: it did not come to that."""

    id: int
    party: str
    kind: str
    started_at: int | None
    rang_at: int | None
    answered_at: int | None
    ended_at: int | None
    cause: int


class CallWas(Struct, frozen=True):
    """known: what was asked of the caller, or known of him, by attribute."""

    legs: list[LegWas]
    known: dict[str, str]


class Listed(s.Strict, frozen=True):
    """The name he has on the list."""

    name: Annotated[str, Meta(max_length=NAME_MOST)] = ""


class ListBecame(Struct, frozen=True):
    """applied: it is in force; draft: it is in your draft, as there was one."""

    became: Literal["applied", "draft"]


async def search(asked: Asked) -> list[s.PastCall]:
    wanted = asked.query
    found = await CallPages(asked.box).found(asked, wanted.given(), wanted.limit, before=wanted.before)
    return [s.PastCall(*each) for each in found]


async def table(asked: Asked) -> Response:
    return await CallPages(asked.box).table(asked, asked.query.given())


async def details(asked: Asked) -> CallWas:
    reader, call = Reader(asked.box.state / "journal.db"), asked.path["call"]
    legs, events = await read(reader.legs, call), await read(reader.events, call)
    return CallWas([LegWas(*one) for one in legs], {key: str(value) for key, value in remembered(events).items()})


async def put_on(asked: Asked) -> ListBecame:
    path = asked.path
    return ListBecame(await CallerPages(asked.box).put_on(asked, path["call"], path["list"], asked.body.name))  # type: ignore[arg-type]


async def take_off(asked: Asked) -> ListBecame:
    return ListBecame(await CallerPages(asked.box).take_off(asked, asked.path["call"], asked.path["list"]))  # type: ignore[arg-type]


WAYS = (
    Way("GET", "/calls/search", "calls:read", search, "Past calls that were searched for, the newest first",
        list[s.PastCall], query=SearchedPage, limited=limits.narrowed),
    Way("GET", "/calls/table", "calls:read", table, "The same for spreadsheets, all of them", "text/csv", query=Searched,
        limited=limits.narrowed),
    Way("GET", "/calls/{call}/details", "calls:read", details, "Its connections, and what is known of the caller", CallWas,
        limited=limits.past_call),
    Way("PUT", "/calls/{call}/lists/{list}", "callers:write", put_on, "Put the caller of a past call on a list", ListBecame,
        Listed),
    Way("DELETE", "/calls/{call}/lists/{list}", "callers:write", take_off, "Take him off it", ListBecame),
)  # fmt: skip
