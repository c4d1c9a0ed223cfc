# SPDX-License-Identifier: GPL-2.0-or-later
"""The line doctor on a line's own page: what it found the last time, and a button that has the line checked."""

import asyncio

from starlette.responses import Response

from appliance.control.doctor import CheckLine
from appliance.control.messages import Refused
from appliance.health import line_checks
from appliance.web.access import SETTERS, Refusal, Row, Visit
from appliance.web.box import Box
from appliance.web.tongue import marked as _

REFUSED = {  # why a line was not checked, by the id of docs/doctor.md
    "unknown": _("This line is not in force yet."),
    "line-down": _("It cannot be checked while it is out of order."),
    "line-busy": _("It cannot be checked now: it is in use, or another line is being checked."),
    "emergency": _("Somebody calls for help: lines are checked later."),
    "no-number": _("No other line that is free has a number of ours that it could call."),
    "number-refused": _("The number of ours that it would call may not be called."),
    "not-back": _("Its call did not come back to this box."),
    "not-answered": _("It did not notice that its call was answered."),
    "not-known": _("A call came back, but could not be told from that of a stranger: give this line its number."),
    "ended": _("Its call ended before its time: the line was wanted, or lost."),
}
FAILED = _("It could not be checked: the exchange did not say what it found.")


class LineChecks:
    """Checks that were asked for on pages: under way, and what came of those that were refused."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._refused: dict[str, str] = {}

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/settings/check-line/{line}", SETTERS, self.state),
            Row("POST", "/settings/check-line/{line}", SETTERS, self.start),
        )

    async def shown(self, asked: Visit, line: str) -> dict[str, object] | None:
        """What the page of a line shows of its checks; None: no such line is in force."""
        live = self._box.screen.live
        if live is None or line not in live.lines:
            return None
        checked = live.lines[line].checked
        return {
            "line": line,
            "under_way": line in self._under_way,
            "refused": self._refused.get(line, ""),
            "checked": checked,
            "found": line_checks.told(checked, live.lines[line].name or line) if checked else [],
            "figures": line_checks.figures(checked, asked.say) if checked else [],
            "when": (await self._box.known.when())(checked.at) if checked else "",
            "tells": line_checks,
        }

    async def state(self, asked: Visit) -> Response:
        """The part of the page that changes while a line is checked."""
        return asked.page("line_check.html", check=await self._known(asked))

    async def start(self, asked: Visit) -> Response:
        line = str((await self._known(asked))["line"])
        if line not in self._under_way:
            self._refused.pop(line, None)
            self._under_way[line] = asyncio.create_task(self._check(line))
            asked.note("line-checked", line)
        return asked.to(f"/settings/at/line/{line}#check")

    async def _known(self, asked: Visit) -> dict[str, object]:
        """Raises Refusal."""
        if (check := await self.shown(asked, asked.request.path_params["line"])) is None:
            raise Refusal(404, "There is no such table.")
        return check

    async def _check(self, line: str) -> None:
        try:
            await self._box.drafts.ask(CheckLine(0, line))
        except Refused as refused:
            self._refused[line] = REFUSED.get(refused.id, FAILED)
        except Refusal:
            self._refused[line] = FAILED
        finally:
            del self._under_way[line]
