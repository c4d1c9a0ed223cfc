# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios as drawings: each step leads to its form, faults stand where they are, steps are added from a palette."""

import asyncio

from starlette.responses import Response

from appliance.settings import edits
from appliance.web import forms
from appliance.web.access import SETTERS, Refusal, Row, Visit
from appliance.web.box import Box
from appliance.web.scenario_graph import HIGH, WIDE, drawing, ways
from appliance.web.settings_pages import link


class ScenarioPages:
    def __init__(self, box: Box) -> None:
        self._drafts = box.drafts

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/scenarios", SETTERS, self.first),
            Row("GET", "/scenarios/{scenario}", SETTERS, self.one),
        )

    async def first(self, asked: Visit) -> Response:
        work = await self._drafts.work(asked)
        tables = work.values.get("scenario", {})
        return asked.page(
            "scenarios.html", work=work, scenarios=list(tables) if isinstance(tables, dict) else [], link=link
        )

    async def one(self, asked: Visit) -> Response:
        """The drawing of one, as it is in one's draft or in force."""
        work = await self._drafts.work(asked)
        name = str(asked.request.path_params["scenario"])
        if not isinstance(edits.at(work.values, ("scenario", name)), dict):
            raise Refusal(404, "There is no such table.")
        found = await asyncio.to_thread(self._drafts.faults, work.document)
        drawn = drawing(work.values, name, found)
        steps = [one for one in drawn.boxes if one.step]
        palette = next(one for one in forms.inner(work.values, ("scenario", name)) if one.key == "step")
        own = [
            fault.message
            for fault in found
            if fault.path.startswith(f"scenario.{name}.") and ".step." not in fault.path
        ]
        return asked.page(
            "scenario.html", work=work, name=name, drawn=drawn, steps=steps, one=palette, link=link, own=own,
            table=("scenario", name), id="add-step", wide=WIDE, high=HIGH,
            out={box.name: ways(work.values, name, box.name) for box in steps},
        )  # fmt: skip
