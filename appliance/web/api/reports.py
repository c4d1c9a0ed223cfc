# SPDX-License-Identifier: GPL-2.0-or-later
"""What was, added up, and what would be under other settings, by the API."""

import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from starlette.responses import Response

from appliance.reports.load import USUAL
from appliance.web.access import Refusal
from appliance.web.api.gate import Asked, Way
from appliance.web.api.shapes import Done, Strict
from appliance.web.moments import FIRST, LAST
from appliance.web.replays import SCALES
from appliance.web.reports import KEYS, Told, rows

Day = datetime.date


class Days(Strict, frozen=True):
    """The first day and the last, where the office is; null: the last thirty. level: seconds to answer within."""

    first: Day | None = None
    last: Day | None = None
    level: Annotated[int, Meta(ge=1, le=600)] = USUAL


class Load(Struct, frozen=True):
    """of: total, day, hour (weekday, 1 Monday, and hour), lines, departments, queues, people, choices, made."""

    of: str
    name: str
    calls: int
    answered: int
    missed: int
    answered_in_time: int
    wait_s: int
    talk_s: int


assert Load.__struct_fields__ == KEYS


class Report(Struct, frozen=True):
    first: Day
    last: Day
    level: int
    rows: list[Load]


class Replayed(Strict, frozen=True):
    """Days to replay, 31 at most; scale: per cent of the calls there were."""

    first: Day
    last: Day
    scale: Annotated[int, Meta(ge=SCALES[0], le=SCALES[1])] = 100


class Replay(Struct, frozen=True):
    """The last this user asked for. share: per cent of the phase; error: why it came to nothing; result: see docs/replay.md."""

    state: Literal["none", "running", "done", "failed"]
    phase: str = ""
    share: int = 0
    error: str = ""
    result: dict[str, Any] | None = None


async def report(asked: Asked) -> Report:
    told = await _told(asked)
    return Report(*told.wanted, [Load(*row) for row in rows(told)])


async def table(asked: Asked) -> Response:
    return await asked.box.reports.table(asked, await _told(asked))


async def paper(asked: Asked) -> Response:
    return await asked.box.reports.paper(asked, await _told(asked))


async def _told(asked: Asked) -> Told:
    wanted = asked.query
    return await asked.box.reports.of(_day(wanted.first), _day(wanted.last), wanted.level)


async def start(asked: Asked) -> Done:
    wanted = asked.body
    await asked.box.replays.start(asked, _held(wanted.first), _held(wanted.last), wanted.scale)
    return Done()


async def replay(asked: Asked) -> Replay:
    run = asked.box.replays.of(asked)
    if run is None:
        return Replay("none")
    state: Literal["running", "done", "failed"] = "running" if run.under_way else "done" if run.result else "failed"
    return Replay(state, run.phase, run.share, run.error, run.result)


async def cancel(asked: Asked) -> Done:
    await asked.box.replays.cancel(asked)
    return Done()


def _day(of: Day | None) -> Day | None:
    return of and _held(of)


def _held(of: Day) -> Day:
    """Raises Refusal for one that no office sees."""
    if not FIRST <= of <= LAST:
        raise Refusal(422, f"A day is from {FIRST} to {LAST}.")
    return of


WAYS = (
    Way("GET", "/reports", "reports:read", report, "Calls of some days, added up", Report, query=Days),
    Way("GET", "/reports/table", "reports:read", table, "The same for spreadsheets", "text/csv", query=Days),
    Way("GET", "/reports/paper", "reports:read", paper, "The same on paper", "application/pdf", query=Days),
    Way("POST", "/what-if", "what-if", start, "Replay days under the settings in force and your draft", body=Replayed),
    Way("GET", "/what-if", "what-if", replay, "How far it is, and what came of it", Replay),
    Way("DELETE", "/what-if", "what-if", cancel, "End it before its end"),
)
