# SPDX-License-Identifier: GPL-2.0-or-later
"""What if: recorded traffic under the settings in force and the draft, replayed in a process of its own. docs/replay.md."""

import asyncio
import contextlib
import datetime
import json
import sys
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from appliance.reports.what_if import Asked
from appliance.web import moments
from appliance.web.access import SETTERS, Refusal, Row, Visit
from appliance.web.box import Box
from appliance.web.call_pages import OUTCOMES
from appliance.web.known import Names
from appliance.web.tongue import marked as _

DAYS_MOST = 31
WITHIN = 300.0  # seconds; then it is ended
PERIODS = {"yesterday": _("Yesterday"), "week": _("Last week"), "month": _("Last month")}
LINE_MOST = 1 << 20  # bytes of what it tells at once
KEPT = 16  # results, one of each user
SCALES = (80, 150)  # per cent of the calls there were
ERRORS = {
    "none": _("There was no call in these days."),
    "many": _("There were too many calls in these days; choose fewer of them."),
    "journal": _("The journal cannot be read now."),
    "faults": _("The draft has faults; mend them first."),
    "memory": _("There was not memory enough; choose fewer days."),
    "late": _("It took too long; choose fewer days."),
    "ended": _("It came to no end; choose fewer days."),
    "cancelled": _("It was cancelled."),
}
PHASES = {
    "reading": _("The journal is read"), "old": _("As the settings in force"),
    "old-more": _("As the settings in force, with so many calls"), "new": _("As the draft"),
}  # fmt: skip
COLUMNS = {"old": _("In force"), "old-more": _("In force, %(scale)s %% of the calls"), "new": _("Draft")}
FIGURES = (  # key, words, whether more is better (1) or worse (-1), whether it is a time
    ("calls", _("Calls from outside"), 0, False), ("answered", _("Answered"), 1, False), ("missed", _("Missed"), -1, False),
    ("abandoned", _("hung up waiting"), -1, False), ("voicemail", _("left a message"), 0, False),
    ("refused", _("turned away"), -1, False), ("self_service", _("served by the box"), 0, False),
    ("median_wait", _("Wait of half of them, at most"), -1, True), ("p90_wait", _("Wait of nine in ten, at most"), -1, True),
    ("longest_wait", _("Longest wait"), -1, True),
)  # fmt: skip


@dataclass
class Run:
    """One replay: under way, or what came of it."""

    asked: dict[str, str]
    phase: str = "reading"
    share: int = 0  # per cent of the phase
    result: dict[str, Any] | None = None
    error: str = ""
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def under_way(self) -> bool:
        return self.task is not None and not self.task.done()


class WhatIfPages:
    def __init__(self, box: Box) -> None:
        self._box = box
        self._runs: dict[str, Run] = {}

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/what-if", SETTERS, self.page),
            Row("GET", "/what-if/state", SETTERS, self.state),
            Row("POST", "/what-if/run", SETTERS, self.start),
            Row("POST", "/what-if/cancel", SETTERS, self.cancel),
        )

    async def page(self, asked: Visit) -> Response:
        return await self._shown(asked, "what_if.html")

    async def state(self, asked: Visit) -> Response:
        """The part of the page that changes while it runs."""
        return await self._shown(asked, "what_if_state.html")

    async def _shown(self, asked: Visit, template: str) -> Response:
        names = await self._box.known.names()
        run = self._runs.get(asked.name)
        today = datetime.datetime.now(names.zone).date()
        week = today - datetime.timedelta(7)
        drafted = asked.office.draft(asked.name) is not None
        given = run.asked if run else {"from": f"{week:%Y-%m-%d}", "until": f"{today:%Y-%m-%d}", "scale": "100"}
        asked_for = {key: str(day) for key in given if (day := moments.day(asked.request.query_params.get(key, "")))}
        return asked.page(
            template, periods=moments.periods(today), words=PERIODS, run=run,
            given=given | asked_for, drafted=drafted, scales=SCALES, phases=PHASES, errors=ERRORS, figures=FIGURES,
            columns=COLUMNS, names=names, length=moments.length, outcome=_outcome, tone=_tone,
            when=lambda at: moments.moment(at, names.zone),
        )  # fmt: skip

    async def start(self, asked: Visit) -> Response:
        names = await self._box.known.names()
        if any(run.under_way for run in self._runs.values()):
            raise Refusal(409, "One replay is under way already; wait for its end, or cancel it.")
        given = {key: asked.text(key)[:10] for key in ("from", "until", "scale")}
        wanted = await self._asked(asked, given, names)
        run = Run(given)
        self._runs.pop(asked.name, None)
        self._runs[asked.name] = run
        while len(self._runs) > KEPT:
            del self._runs[next(iter(self._runs))]
        run.task = asyncio.create_task(_replay(run, wanted))
        asked.note("what-if", f"{given['from']} - {given['until']}, {given['scale']} %")
        return asked.to("/what-if#state")

    async def cancel(self, asked: Visit) -> Response:
        run = self._runs.get(asked.name)
        if run and run.task and run.under_way:
            run.error = "cancelled"
            run.task.cancel()
            await asyncio.wait((run.task,))
        return asked.to("/what-if#state")

    async def _asked(self, asked: Visit, given: dict[str, str], names: Names) -> Asked:
        """Raises Refusal."""
        since, until = moments.day(given["from"]), moments.day(given["until"])
        scale = given["scale"]
        if since is None or until is None or not scale.isdigit() or not SCALES[0] <= int(scale) <= SCALES[1]:
            raise Refusal(422, "That form cannot be read.")
        if not 0 <= (until - since).days < DAYS_MOST:
            raise Refusal(422, "At most 31 days are replayed, and the last is not before the first.")
        work = await self._box.drafts.work(asked)
        return Asked(
            str(self._box.state / "journal.db"),
            str(self._box.known.document),
            work.before,
            work.document if work.drafted else "",
            moments.begins(since, names.zone),
            moments.ends(until, names.zone),
            int(scale) / 100,
        )


async def _replay(run: Run, wanted: Asked) -> None:
    """The process, listened to until its end; ended when it takes too long, or this is cancelled."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.reports.what_if", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, limit=LINE_MOST,
    )  # fmt: skip
    try:
        async with asyncio.timeout(WITHIN):
            assert process.stdin and process.stdout  # as they were asked for
            process.stdin.write(json.dumps(wanted._asdict()).encode() + b"\n")
            await process.stdin.drain()
            process.stdin.close()
            while line := await process.stdout.readline():
                _hear(run, json.loads(line))
            await process.wait()
        if run.result is None and not run.error:
            run.error = "ended"
    except TimeoutError:
        run.error = "late"
    except (ValueError, ConnectionError):
        run.error = "ended"
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _hear(run: Run, said: dict[str, Any]) -> None:
    if "result" in said:
        run.result = said["result"]
    elif "error" in said:
        run.error = str(said["error"])
    else:
        run.phase, total = said["phase"], said["of"]
        run.share = min(100, 100 * said["done"] // total) if total else 0


def _outcome(key: str) -> str:
    return OUTCOMES[key][0] if key in OUTCOMES else _("could not come in")


def _tone(better: int, difference: float) -> str:
    """The colour of a difference."""
    return "" if not better or not difference else "up" if (difference > 0) == (better > 0) else "down"
