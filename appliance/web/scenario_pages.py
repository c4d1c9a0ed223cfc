# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios as drawings that are edited in place: steps, their forms, the ways between them, and a call to try them with."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from starlette.responses import Response

from appliance.settings import edits, reach
from appliance.settings import ways as ways_there
from appliance.settings.faults import Fault
from appliance.settings.lines import MAIN
from appliance.web import moments
from appliance.web.access import SETTERS, Refusal, Row, Visit, now
from appliance.web.answering import tables
from appliance.web.box import Box
from appliance.web.drafts import Work
from appliance.web.scenario_edits import added, led
from appliance.web.scenario_graph import HIGH, Drawing, drawing, every_way, passed, ways
from appliance.web.scenario_palette import TITLES, palette
from appliance.web.settings_pages import link
from appliance.web.trials import ASKED, LONGEST, example


class ScenarioPages:
    def __init__(self, box: Box) -> None:
        self._drafts, self._known, self._trials = box.drafts, box.known, box.trials

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/scenarios", SETTERS, self.first),
            Row("GET", "/scenarios/{scenario}", SETTERS, self.one),
            Row("POST", "/scenarios/{scenario}/step", SETTERS, self.step),
            Row("POST", "/scenarios/{scenario}/lead", SETTERS, self.lead),
            Row("POST", "/scenarios/{scenario}/example", SETTERS, self.example),
        )

    async def first(self, asked: Visit) -> Response:
        work = await self._drafts.work(asked)
        every = [
            (name, len(tables(one, "step")), list(_lines_of(work.values, name)))
            for name, one in tables(work.values, "scenario").items()
            if isinstance(one, dict)
        ]
        to = asked.request.query_params.get("to", "").strip()[:LONGEST]
        told = await asyncio.to_thread(self._reached, work, to, asked.language) if to else ()
        return asked.page("scenarios.html", work=work, scenarios=every, link=link, to=to, told=told)

    def _reached(self, work: Work, to: str, language: str) -> Sequence[str] | None:
        """Every way by which a call gets to somebody or something, in words; () for none of that name, None: it has faults."""
        settings = self._drafts.settings(work.document)
        try:
            return ways_there.told(reach.reach(settings, to), language) if settings else None
        except reach.Unknown:
            return ()

    async def one(self, asked: Visit) -> Response:
        """The drawing of one, as it is in one's draft or in force; with the call that is tried, if one is."""
        return await self._shown(asked, await self._drafts.work(asked))

    async def step(self, asked: Visit) -> Response:
        """One more step of a kind, by itself or in ways there are; its form is what is seen next."""
        work = await self._drafts.work(asked)
        name, kind = _name(asked, work), asked.text("kind")
        into = [each.rpartition("/") for each in asked.form.getlist("where") if isinstance(each, str) and each]
        ways = [(step, at) for step, _, at in into]
        made = await asyncio.to_thread(added, work.document, name, kind, ways) if kind in TITLES else None
        if made is None:
            raise Refusal(422, "That form cannot be read.")
        document, step = made
        self._drafts.keep(asked, work, document)
        return asked.to(link(("scenario", name, "step", step)))

    async def lead(self, asked: Visit) -> Response:
        """One way of a step, or the way to the first, leads elsewhere from now on."""
        work = await self._drafts.work(asked)
        name = _name(asked, work)
        step, way, to = (asked.text(key)[:LONGEST] for key in ("step", "way", "lead"))
        edit = led(work.values, name, step, way, to)
        if edit is None:
            raise Refusal(422, "That form cannot be read.")
        document = await asyncio.to_thread(edits.put, work.document, [edit])
        self._drafts.keep(asked, work, document)
        if not asked.in_place:
            return asked.to(f"/scenarios/{name}")
        return await self._shown(asked, Work(work.before, document, document != work.before))

    async def example(self, asked: Visit) -> Response:
        """A call that was tried is kept as a golden call, which must go so from now on."""
        work = await self._drafts.work(asked)
        _name(asked, work)
        given = {key: _given(asked, key) for key in ASKED}
        tried = await self._trials.of(work.document, given, asked.language)
        if tried.walk is None or not may_be_expected(tried.walk.ended):
            raise Refusal(422, "That form cannot be read.")
        kept = example(given) | {"name": asked.text("name").strip()[:64], "expect": tried.walk.ended}
        before = work.values.get("golden")
        before = before if isinstance(before, list) else []
        edit = (("golden", len(before)), kept) if before else (("golden",), [kept])
        document = await asyncio.to_thread(edits.put, work.document, [edit])
        self._drafts.keep(asked, work, document)
        return asked.to(link(("golden", len(before))))

    async def _shown(self, asked: Visit, work: Work) -> Response:
        name, values = _name(asked, work), work.values
        found = await asyncio.to_thread(self._drafts.faults, work.document)
        given = {key: _given(asked, key) for key in ASKED}
        tried = await self._trials.of(work.document, given, asked.language) if _given(asked, "try") else None
        given = given if tried else _usual(given, values, name)
        entered = [told.step for told in tried.walk.why] if tried and tried.walk else []
        drawn = drawing(values, name, found, passed(name, entered))
        steps = [one for one in drawn.boxes if one.step]
        could = {step: every_way(values, name, step) for step in ("", *(box.name for box in steps))} if steps else {}
        zone = (await self._known.names()).zone
        return asked.page(
            "scenario_parts.html" if asked.in_place else "scenario.html", work=work, name=name, drawn=drawn, steps=steps,
            palette=palette(), kinds=TITLES, link=link, own=_own(found, name), table=("scenario", name), high=HIGH,
            out={box.name: ways(values, name, box.name) for box in steps}, given=given, tried=tried,
            could=could, leads={step: {way.at: way.to for way in each} for step, each in could.items()},
            here=_here(drawn), passed=passed, may_be_expected=may_be_expected, asked_in_place=asked.in_place,
            listed={kind: _titled(values, kind) for kind in ("line", "person")},
            now=moments.moment(now(), zone), wrong=tried.wrong if tried else {},
        )  # fmt: skip


def may_be_expected(ended: str) -> bool:
    """Whether an example may say that a call must end so."""
    return "." in ended or ended in ("refused", "self-service")


def _name(asked: Visit, work: Work) -> str:
    """The scenario that is asked for. Raises Refusal."""
    name = str(asked.request.path_params["scenario"])
    if not isinstance(edits.at(work.values, ("scenario", name)), dict):
        raise Refusal(404, "There is no such table.")
    return name


def _given(asked: Visit, key: str) -> str:
    """A field, sent or in the address."""
    return (asked.text(key) or asked.request.query_params.get(key, "")).strip()[:LONGEST]


def _usual(given: dict[str, str], values: dict[str, Any], scenario: str) -> dict[str, str]:
    """The same; where no line was chosen the first that leads here."""
    lines = values.get("line")
    here = [name for name, line in lines.items() if _leads(line, scenario)] if isinstance(lines, dict) else []
    return given | {"line": given["line"] or next(iter(here), "")}


def _leads(line: Any, scenario: str) -> bool:
    return isinstance(line, dict) and line.get("scenario") == scenario


def _own(found: list[Fault], scenario: str) -> list[str]:
    """What is wrong with the scenario, its steps apart."""
    here = (one for one in found if one.path == f"scenario.{scenario}" or one.path.startswith(f"scenario.{scenario}."))
    return [one.message for one in here if ".step." not in one.path]


def _here(drawn: Drawing) -> dict[str, int]:
    """By its name, the number of each step that is drawn."""
    return {box.name: n for n, box in enumerate(drawn.boxes) if box.step}


def _titled(values: dict[str, Any], kind: str) -> list[tuple[str, str]]:
    """Every one of a kind, and what people call it."""
    tables = values.get(kind)
    each = tables.items() if isinstance(tables, dict) else ()
    return [(str(name), str(one.get("name") or name)) for name, one in each if isinstance(one, dict)]


def _lines_of(values: edits.Values, scenario: str) -> Iterator[str]:
    """What people call the lines whose calls, or those to some of whose numbers, come to a scenario first."""
    for name, line in tables(values, "line").items():
        if isinstance(line, dict) and (
            line.get("scenario", MAIN) == scenario or f"scenario.{scenario}" in tables(line, "numbers").values()
        ):
            yield str(line.get("name") or name)
