# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of what is wrong with the box, and what to do about it."""

from starlette.responses import Response

from appliance.health.checks import by_weight, worst
from appliance.web.access import INSTALLER, OWNER, SUPERVISOR, Row, Visit
from appliance.web.box import Box

LOOKING = frozenset({OWNER, INSTALLER, SUPERVISOR})
TONES = {"good": "good", "warning": "ring", "bad": "bad", "none": ""}


class StatusPage:
    def __init__(self, box: Box) -> None:
        self._box = box

    def rows(self) -> tuple[Row, ...]:
        return (Row("GET", "/status", LOOKING, self.status),)

    async def status(self, asked: Visit) -> Response:
        """All of it; for htmx the part that is looked at again and again."""
        _at, rows = await self._box.standing.rows()
        may = {one.path for _words, entries in asked.menu.of(asked.role) for one in entries}
        return asked.part(
            "status.html", rows=by_weight(rows), worst=worst(rows), tones=TONES,
            may_open=lambda page: page.partition("/at/")[0] in may,
        )  # fmt: skip
