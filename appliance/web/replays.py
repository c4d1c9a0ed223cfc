# SPDX-License-Identifier: GPL-2.0-or-later
"""What if: recorded traffic under the settings in force and the draft, replayed in a process of its own. docs/replay.md."""

import asyncio
import contextlib
import datetime
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.reports.what_if import Asked
from appliance.web import moments
from appliance.web.access import Doer, Refusal
from appliance.web.drafts import Drafts
from appliance.web.known import Known
from appliance.web.tongue import marked as _

DAYS_MOST = 31
WITHIN = 300.0  # seconds; then it is ended
LINE_MOST = 4 << 20  # bytes of what it tells at once
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


@dataclass
class Run:
    """One replay: under way, or what came of it."""

    first: datetime.date
    last: datetime.date
    scale: int  # per cent
    phase: str = "reading"
    share: int = 0  # per cent of the phase
    result: dict[str, Any] | None = None
    error: str = ""
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def asked(self) -> dict[str, str]:
        """As a form has it."""
        return {"from": str(self.first), "until": str(self.last), "scale": str(self.scale)}

    @property
    def under_way(self) -> bool:
        return self.task is not None and not self.task.done()


class Replays:
    """One at a time; the last of each user is kept."""

    def __init__(self, drafts: Drafts, known: Known, state: Path) -> None:
        self._drafts, self._known, self._journal = drafts, known, state / "journal.db"
        self._runs: dict[str, Run] = {}

    def of(self, asked: Doer) -> Run | None:
        """The last this user asked for."""
        return self._runs.get(asked.name)

    async def start(self, asked: Doer, first: datetime.date, last: datetime.date, scale: int) -> None:
        """The days under the settings in force, and under the user's draft where he has one. Raises Refusal."""
        if not SCALES[0] <= scale <= SCALES[1]:
            raise Refusal(422, "That form cannot be read.")
        if not 0 <= (last - first).days < DAYS_MOST:
            raise Refusal(422, "At most 31 days are replayed, and the last is not before the first.")
        wanted = await self._wanted(asked, first, last, scale)
        if any(run.under_way for run in self._runs.values()):
            raise Refusal(409, "One replay is under way already; wait for its end, or cancel it.")
        run = Run(first, last, scale)
        self._runs.pop(asked.name, None)
        self._runs[asked.name] = run
        while len(self._runs) > KEPT:
            del self._runs[next(iter(self._runs))]
        run.task = asyncio.create_task(_replay(run, wanted))
        asked.note("what-if", f"{first} - {last}, {scale} %")

    async def cancel(self, asked: Doer) -> None:
        run = self.of(asked)
        if run and run.task and run.under_way:
            run.error = "cancelled"
            run.task.cancel()
            await asyncio.wait((run.task,))

    async def _wanted(self, asked: Doer, first: datetime.date, last: datetime.date, scale: int) -> Asked:
        names, work = await self._known.names(), await self._drafts.work(asked)
        return Asked(
            str(self._journal),
            str(self._known.document),
            work.before,
            work.document if work.drafted else "",
            moments.begins(first, names.zone),
            moments.ends(last, names.zone),
            scale / 100,
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
