# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios as drawings: every step and way is there, faults stand where they are, a step is added from the palette."""

import re
from pathlib import Path

import pytest

from appliance.settings import edits, graph, load
from appliance.web.scenario_graph import drawing, ways
from tests.web.applying import Applying
from tests.web.visitors import site

ROOT = Path(__file__).parents[2]
FULL = (ROOT / "docs/office.full.toml").read_text()


def test_every_step_and_every_way_of_the_settings_is_drawn() -> None:
    settings = load.parse(FULL, ROOT / "docs/office.full.toml")
    for scenario, one in settings.scenario.items():
        drawn = drawing(edits.values(FULL), scenario)
        boxes = {box.name: box for box in drawn.boxes}
        assert {name for name, box in boxes.items() if box.step} == set(one.step)
        assert len({(box.x, box.y) for box in drawn.boxes}) == len(drawn.boxes)  # none lies on another
        assert all(0 <= box.x < drawn.width and 0 <= box.y < drawn.height for box in drawn.boxes)
        for step in one.step:
            out = ways(edits.values(FULL), scenario, step)
            wanted = {edge.to[1] for edge in graph.edges(settings, scenario, step) if edge.to[0] == scenario}
            assert wanted <= {way.to for way in out} | {one.start}
            assert {way.to for way in out} <= set(boxes)
        assert not one.step or (drawn.boxes[0].name == one.start and drawn.boxes[0].y == min(b.y for b in drawn.boxes))


@pytest.mark.parametrize(
    "scenario",
    [
        {},
        {"start": "a"},
        {"step": {"a": {"do": "say", "next": "a"}}},
        {"start": "a", "step": {"a": {"do": "dance", "next": 7}, "b": 5}},
        {"start": "a", "step": {"a": {"do": "menu", "keys": {"1": {"to": 5}, "2": "b"}}, "b": {}}},
        {"start": 5, "step": {"<svg>": {"do": "say", "next": "</svg>"}}},
    ],
)
def test_a_draft_with_faults_is_drawn_as_far_as_it_goes(scenario: dict[str, object]) -> None:
    drawn = drawing({"scenario": {"main": scenario}}, "main")
    steps = scenario.get("step", {})
    assert {box.name for box in drawn.boxes if box.step} <= set(steps)  # type: ignore[call-overload]
    assert drawn.width > 0 and drawn.height > 0


async def test_a_step_that_leads_nowhere_is_marked_and_leads_to_its_form(tmp_path: Path) -> None:
    async with Applying(tmp_path, FULL) as switch, site(tmp_path / "pages", switch.socket, switch.document) as box:
        box.people()
        async with box.logged_in("installer") as one:
            assert "/scenarios/main" in (await one.get("/scenarios")).text
            page = (await one.get("/scenarios/main")).text
            assert 'href="/settings/at/scenario/main/step/welcome"' in page and "faulty" not in page
            form = {"at": "scenario/main/step", "name": "lost", "kind": "say"}
            added = await one.fill("/scenarios/main", "/settings/add", **form)
            assert added.headers["location"] == "/settings/at/scenario/main/step/lost"
            assert 'href="/scenarios/main"' in (await one.get(added.headers["location"])).text
            page = (await one.get("/scenarios/main")).text
            assert len(re.findall(r'class="faulty"', page)) == 1 and "lost ⚠" in page
            assert (await one.get("/scenarios/nothing")).status_code == 404
        async with box.logged_in("supervisor") as other:
            assert (await other.get("/scenarios/main")).status_code == 403
