# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings in force that a program takes up only when it starts: which they are, and the start. See docs/pages.md."""

import asyncio
from typing import NamedTuple

from starlette.responses import Response

from appliance.control.messages import Refused
from appliance.control.restarts import Pending, Restart
from appliance.settings.models import Settings
from appliance.web.access import SETTERS, Doer, Refusal, Row, Visit
from appliance.web.box import Box

OURS = ("web", "monitor")  # what the pages' own program takes up when it starts, and only then
AT_START = frozenset({"sip", *OURS})
ANSWERED_WITHIN = 0.5  # seconds for the page that says so to be on its way
ELSEWHERE_AFTER = 8  # seconds until a browser goes to the pages' new address: it may not ask there whether they are up


class Due(NamedTuple):
    """Tables that wait for a start of the switch, and of the pages; calls: those a start of the switch would end."""

    switch: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    calls: int = 0

    @property
    def tables(self) -> tuple[str, ...]:
        return self.switch + self.pages


async def due(box: Box) -> Due:
    """Nothing while the switch does not answer."""
    return await _known(box) or Due()


async def _known(box: Box) -> Due | None:
    """None while the switch does not answer."""
    try:
        now = (await box.known.names()).settings
        waiting = await box.drafts.ask(Pending(0))
    except (Refusal, Refused):
        return None
    begun = box.begun
    ours = tuple(one for one in OURS if begun and getattr(now, one) != getattr(begun, one))
    return Due(waiting.tables, ours, waiting.calls)


async def restart(asked: Doer, box: Box, end_calls: bool) -> Due:
    """What is needed and nothing else: a start of the pages alone ends no call. Raises Refused (`busy`: calls are under way)."""
    wanted = await due(box)
    if wanted.switch:
        await box.drafts.ask(Restart(0, end_calls, asked.by))
    if wanted.pages:
        asyncio.get_running_loop().call_later(ANSWERED_WITHIN, box.end)
    if wanted.tables:
        asked.note("restarted", ", ".join(wanted.tables))
    return wanted


class RestartPages:
    def __init__(self, box: Box) -> None:
        self._box = box

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/settings/restart", SETTERS, self.page),
            Row("POST", "/settings/restart", SETTERS, self.restart),
            Row("GET", "/settings/restart/over", SETTERS, self.over),
        )

    async def page(self, asked: Visit, status: int = 200) -> Response:
        return asked.page("restart.html", status, due=await due(self._box), begun=False, address="")

    async def restart(self, asked: Visit) -> Response:
        try:
            wanted = await restart(asked, self._box, asked.text("calls") == "end")
        except Refused as refused:
            if refused.id != "busy":
                raise Refusal(503, refused.message) from None
            return await self.page(asked, 409)
        if not wanted.tables:
            return asked.to("/settings")
        there = _elsewhere(asked, (await self._box.known.names()).settings) if wanted.pages else ""
        answer = asked.page("restart.html", due=wanted, begun=True, address=there)
        if there:
            answer.headers["Refresh"] = f"{ELSEWHERE_AFTER}; url={there}settings?done=started"
        return answer

    async def over(self, asked: Visit) -> Response:
        """For the page that waits until all is taken up, and then leads on; before that it is told nothing."""
        left = await _known(self._box)
        if left is None or left.tables:
            return Response(status_code=204)
        return Response(headers={"HX-Redirect": "/settings?done=started"})


def _elsewhere(asked: Visit, settings: Settings) -> str:
    """Where the pages will be, as far as the visitor's way here tells; "" where they are now."""
    web, here = settings.web, asked.request.url
    host = here.hostname or "localhost"
    host = f"[{host}]" if ":" in host else host
    scheme, port = ("https", web.https_port) if web.https else ("http", web.port)
    now = here.port or (443 if here.scheme == "https" else 80)
    return "" if (scheme, port) == (here.scheme, now) else f"{scheme}://{host}:{port}/"
