# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of what would be: days that were, under the settings in force and the draft. docs/replay.md."""

import datetime
from typing import Any

from starlette.responses import Response

from appliance.reports.table import MARK, separator, table
from appliance.web import moments
from appliance.web.access import SETTERS, Refusal, Row, Visit
from appliance.web.box import Box
from appliance.web.call_pages import OUTCOMES
from appliance.web.replays import ERRORS, SCALES
from appliance.web.tongue import marked as _

PERIODS = {"yesterday": _("Yesterday"), "week": _("Last week"), "month": _("Last month")}
PHASES = {
    "reading": _("The journal is read"), "old": _("As the settings in force"),
    "old-more": _("As the settings in force, with so many calls"), "new": _("As the draft"),
}  # fmt: skip
SHOWN = 200  # calls that end otherwise, on the page
KEYS = (
    "call",
    "begins",
    "from",
    *(f"{when}_{what}" for when in ("in_force", "draft") for what in ("end", "person", "queue", "wait_s")),
)
COLUMNS = {"old": _("In force"), "old-more": _("In force, %(scale)s %% of the calls"), "new": _("Draft")}
FIGURES = (  # key, words, whether more is better (1) or worse (-1), whether it is a time
    ("calls", _("Calls from outside"), 0, False), ("answered", _("Answered"), 1, False), ("missed", _("Missed"), -1, False),
    ("abandoned", _("hung up waiting"), -1, False), ("voicemail", _("left a message"), 0, False),
    ("refused", _("not let wait"), -1, False), ("turned_away", _("kept out or let in at a gate"), 0, False),
    ("self_service", _("served by the box"), 0, False),
    ("median_wait", _("Wait of half of them, at most"), -1, True), ("p90_wait", _("Wait of nine in ten, at most"), -1, True),
    ("longest_wait", _("Longest wait"), -1, True),
)  # fmt: skip


class WhatIfPages:
    def __init__(self, box: Box) -> None:
        self._box, self._replays = box, box.replays

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/what-if", SETTERS, self.page),
            Row("GET", "/what-if/state", SETTERS, self.state),
            Row("GET", "/what-if/table", SETTERS, self.table),
            Row("POST", "/what-if/run", SETTERS, self.start),
            Row("POST", "/what-if/cancel", SETTERS, self.cancel),
        )

    async def page(self, asked: Visit) -> Response:
        return await self._shown(asked, "what_if.html")

    async def state(self, asked: Visit) -> Response:
        """The part of the page that changes while it runs."""
        return await self._shown(asked, "what_if_state.html")

    async def table(self, asked: Visit) -> Response:
        """Each call that ends otherwise, as CSV."""
        names, run = await self._box.known.names(), self._replays.of(asked)
        changes = run.result.get("changes") if run and run.result else None
        if not changes:
            raise Refusal(404, "No call ends otherwise, or nothing was tried.")

        def end(one: dict[str, Any]) -> list[object]:
            called = [names.called(kind, one[kind]) for kind in ("person", "queue")]
            return [one["outcome"] or "impossible", *called, round(one["waited"] / 1000)]

        rows = ([str(one["call"] or ""), moments.moment(one["at"], names.zone), one["number"], *end(one["old"]), *end(one["new"])]
                for one in changes)  # fmt: skip
        told = MARK + table([KEYS, *rows], separator(names.settings.office.country))
        headers = {"Content-Disposition": 'attachment; filename="what-if.csv"', "Cache-Control": "no-store"}
        return Response(told, headers=headers, media_type="text/csv; charset=utf-8")

    async def _shown(self, asked: Visit, template: str) -> Response:
        names = await self._box.known.names()
        run = self._replays.of(asked)
        today = datetime.datetime.now(names.zone).date()
        week = today - datetime.timedelta(7)
        drafted = asked.office.draft(asked.name) is not None
        given = run.asked if run else {"from": f"{week:%Y-%m-%d}", "until": f"{today:%Y-%m-%d}", "scale": "100"}
        asked_for = {key: str(day) for key in given if (day := moments.day(asked.request.query_params.get(key, "")))}
        return asked.page(
            template, periods=moments.periods(today), words=PERIODS, run=run,
            given=given | asked_for, drafted=drafted, scales=SCALES, most=SHOWN, phases=PHASES, errors=ERRORS, figures=FIGURES,
            columns=COLUMNS, names=names, length=moments.length, outcome=_outcome, tone=_tone,
            when=lambda at: moments.moment(at, names.zone),
        )  # fmt: skip

    async def start(self, asked: Visit) -> Response:
        first, last, scale = moments.day(asked.text("from")), moments.day(asked.text("until")), asked.text("scale")
        if first is None or last is None or not (scale.isascii() and scale.isdigit() and len(scale) < 5):
            raise Refusal(422, "That form cannot be read.")
        await self._replays.start(asked, first, last, int(scale))
        return asked.to("/what-if#state")

    async def cancel(self, asked: Visit) -> Response:
        await self._replays.cancel(asked)
        return asked.to("/what-if#state")


def _outcome(key: str) -> str:
    return OUTCOMES[key][0] if key in OUTCOMES else _("could not come in")


def _tone(better: int, difference: float) -> str:
    """The colour of a difference."""
    return "" if not better or not difference else "up" if (difference > 0) == (better > 0) else "down"
