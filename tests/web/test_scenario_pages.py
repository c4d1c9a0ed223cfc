# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios as drawings, edited in place: steps, ways and faults where they are, and a call that walks through."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from appliance.settings import edits, golden, graph, load
from appliance.settings.faults import SettingsFaults
from appliance.web.scenario_edits import led, renamed
from appliance.web.scenario_graph import ACROSS, Drawing, drawing, every_way, passed, ways
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
        assert all(sum(box.y == other.y for other in drawn.boxes) <= ACROSS for box in drawn.boxes)
        assert not one.step or (drawn.boxes[0].name == one.start and drawn.boxes[0].y == min(b.y for b in drawn.boxes))


@pytest.mark.parametrize(
    "scenario",
    [
        {},
        {"start": "a"},
        {"step": {"a": {"do": "say", "next": "a"}}},
        {"start": "a", "step": {"a": {"do": "dance", "next": 7}, "b": 5}},
        {"start": "a", "step": {"a": {"do": "menu", "keys": {"1": {"to": 5}, "2": "b"}}, "b": {}}},
        {"start": "a", "step": {"a": {"do": ["say"], "next": "a"}}},
        {"start": 5, "step": {"<svg>": {"do": "say", "next": "</svg>"}}},
    ],
)
def test_a_draft_with_faults_is_drawn_as_far_as_it_goes(scenario: dict[str, object]) -> None:
    drawn = drawing({"scenario": {"main": scenario}}, "main")
    steps = scenario.get("step", {})
    assert {box.name for box in drawn.boxes if box.step} <= set(steps)  # type: ignore[call-overload]
    assert drawn.width > 0 and drawn.height > 0


def test_a_menu_is_as_wide_as_what_is_written_at_its_ways() -> None:
    drawn = drawing(edits.values(FULL), "main")
    box = next(box for box in drawn.boxes if box.name == "welcome")
    lines = [line for line in drawn.lines if line.step == "welcome"]
    assert len(lines) > 6 and all(box.x <= line.x < box.x + box.wide for line in lines)
    for one, other in pairwise(lines):  # what is written at one is not over what is written at the next
        assert other.x - one.x > 6 * len(one.by), one.by


def test_a_scenario_without_steps_is_drawn_by_its_hours_and_where_they_lead() -> None:
    here = {"hours": "office", "open": "queue.sales", "closed": "mailbox.office"}
    drawn = drawing({"scenario": {"main": here}}, "main")
    assert [box.name for box in drawn.boxes] == ["hours.office", "queue.sales", "mailbox.office"]
    assert [(line.by, line.ways[0].to) for line in drawn.lines[1:]] == [
        ("open", "queue.sales"),
        ("closed", "mailbox.office"),
    ]
    assert not any(way.at for line in drawn.lines for way in line.ways)  # nothing to be drawn: its form says it
    assert drawing({"scenario": {"main": {}}}, "main").boxes == []


def test_a_step_named_anew_is_led_to_as_before() -> None:
    settings = load.parse(FULL, ROOT / "docs/office.full.toml")
    for scenario, one in settings.scenario.items():
        for step in one.step:
            document = renamed(FULL, scenario, step, "another-name")
            assert document is not None and document.count("#") == FULL.count("#")  # comments are there
            now = load.parse(document, ROOT / "docs/office.full.toml").scenario[scenario]
            assert list(now.step) == ["another-name" if name == step else name for name in one.step]
            before = {(at, to) for name in one.step for at, to in one.step[name].targets()}
            after = {(at, to) for name in now.step for at, to in now.step[name].targets()}
            assert after == {(at, "another-name" if to == step else to) for at, to in before}


def test_a_step_takes_no_name_that_a_way_leads_to_elsewhere() -> None:
    document = '[scenario.main]\nstart = "a"\n[scenario.main.step.a]\ndo = "say"\nprompt = "x"\nnext = "sales"\n'
    assert renamed(document, "main", "a", "sales") is None
    assert renamed(document, "main", "a", "b") == document.replace('"a"', '"b"').replace("step.a", "step.b")


SMALL = """
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[phone.desk]
[person.anna]
name = "Anna"
extension = "101"
phones = ["desk"]
[prompt.hello]
text = "Hello."
[line.city]
kind = "sip"
host = "192.0.2.1"
scenario = "main"
[scenario.main]
start = "first"
"""


def drawn_with_faults(steps: str) -> Drawing:
    text = SMALL + steps
    try:
        load.parse(text, ROOT / "office.toml")
    except SettingsFaults as wrong:
        return drawing(edits.values(text), "main", wrong.faults)
    raise AssertionError("this has no faults")


def test_each_fault_of_the_compiler_stands_at_its_step() -> None:
    end = '[scenario.main.step.bye]\ndo = "hang-up"\n'
    nowhere = drawn_with_faults(f'[scenario.main.step.first]\ndo = "say"\nprompt = "hello"\n{end}')
    assert {box.name for box in nowhere.boxes if box.faults} == {"first"}
    unreached = drawn_with_faults(f'[scenario.main.step.first]\ndo = "hang-up"\n{end}')
    assert {box.name for box in unreached.boxes if box.faults} == {"bye"} == {b.name for b in unreached.boxes if b.lost}
    spins = '[scenario.main.step.first]\ndo = "priority"\nadd = 1\nnext = "again"\n'
    endless = drawn_with_faults(f'{spins}[scenario.main.step.again]\ndo = "priority"\nadd = 1\nnext = "first"\n')
    assert {box.name for box in endless.boxes if box.faults} == {"again"}
    assert [line.step for line in endless.lines if line.wrong] == ["again"]


@pytest.mark.parametrize(
    ("step", "way", "to", "path", "value"),
    [
        ("hours", "open", "welcome", ("step", "hours", "open"), "welcome"),
        ("wait", "unanswered", "queue.sales", ("step", "wait", "unanswered"), "queue.sales"),  # not yet written
        ("welcome", "key:1", "order", ("step", "welcome", "keys", "1"), "order"),
        ("welcome", "key:2", "bye", ("step", "welcome", "keys", "2", "to"), "bye"),  # what else the key does stays
        ("welcome", "key:8", "gate", ("step", "welcome", "keys", "8"), "gate"),  # a key it did not have
        ("", "start", "vip", ("start",), "vip"),
    ],
)
def test_a_way_is_led_elsewhere(step: str, way: str, to: str, path: tuple[str, ...], value: str) -> None:
    edit = led(edits.values(FULL), "main", step, way, to)
    assert edit == (("scenario", "main", *path), value)
    before, after = edits.values(FULL), edits.values(edits.put(FULL, [edit]))
    assert [change.path for change in edits.changes(before, after)] == [edit[0]]
    load.documents.check(load.Settings, edits.put(FULL, [edit]), "office.toml")


@pytest.mark.parametrize(
    ("step", "way", "to"),
    [
        ("hours", "do", "welcome"), ("hours", "hours", "welcome"), ("hours", "open", "nowhere"), ("nobody", "open", "vip"),
        ("welcome", "key:x", "vip"), ("welcome", "prompt", "vip"), ("", "start", "queue.sales"), ("", "open", "vip"),
    ],
)  # fmt: skip
def test_what_is_no_way_is_not_led_anywhere(step: str, way: str, to: str) -> None:
    assert led(edits.values(FULL), "main", step, way, to) is None


def test_every_way_of_every_kind_of_step_can_be_drawn() -> None:
    settings = load.parse(FULL, ROOT / "docs/office.full.toml")
    for name, step in settings.scenario["main"].step.items():
        could = {way.at.replace("key:", "keys.") for way in every_way(edits.values(FULL), "main", name)}
        assert {".".join(map(str, path)).removesuffix(".to") for path, _ in step.targets()} <= could


def test_a_call_that_is_tried_passes_the_steps_the_golden_call_passes() -> None:
    settings = load.parse(FULL, ROOT / "docs/office.full.toml")
    walk = golden.walk(settings, 1, "en")
    assert walk.ended == settings.golden[1].expect and golden.failures(settings) == []
    went = passed("main", [told.step for told in walk.why])
    assert went == ["hours", "busy", "known", "vip", "welcome", "queue.sales"]
    drawn = drawing(edits.values(FULL), "main", (), went)
    assert {box.name: box.nth for box in drawn.boxes if box.nth} == {name: n for n, name in enumerate(went, start=1)}
    lit = {(line.step, line.ways[0].to) for line in drawn.lines if line.lit}
    assert lit == {("", "hours"), *pairwise(went)}
    assert any("Anna answered" in told.said for told in walk.why)


def test_a_call_that_goes_where_nothing_is_written_is_shown_to_go_there() -> None:
    drawn = drawing(edits.values(FULL), "main", (), ["hours", "chain", "mailbox.office"])
    assert ("chain", "mailbox.office") in {(line.step, line.ways[0].to) for line in drawn.lines if line.lit}


async def test_steps_ways_and_faults_are_edited_and_a_call_is_tried_by_two_installers(tmp_path: Path) -> None:
    async with Applying(tmp_path, FULL) as switch, site(tmp_path / "pages", switch.socket, switch.document) as box:
        box.people()
        async with box.logged_in("installer") as one, box.logged_in("reader") as reader:
            assert "/scenarios/main" in (await one.get("/scenarios")).text
            page = (await one.get("/scenarios/main")).text
            assert 'href="/settings/at/scenario/main/step/welcome"' in page and "edit faulty" not in page
            csrf = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
            ask = {"try": "1", "from": "+37060000002", "when": "2026-12-01T10:00", "keys": "1", "answers": "anna"}
            tried = (await one.get("/scenarios/main", params=ask)).text
            assert "answered by Anna" in tried and tried.count('class="nth"') == 6 and "Anna answered after" in tried
            wrong = (await one.get("/scenarios/main", params=ask | {"from": "nobody", "keys": "x"})).text
            assert wrong.count('class="field wrong"') == 2 and "how it ends" not in wrong.lower()

            # a way is led elsewhere in place, and the call goes there
            htmx = {"HX-Request": "true"}
            form = {"csrf": csrf, "step": "welcome", "way": "key:1", "lead": "bye", **ask}
            part = (await one.post("/scenarios/main/lead", data=form, headers=htmx)).text
            assert "<html" not in part and "hx-swap-oob" in part and "/settings/draft" in part
            assert re.search(r'data-box="bye"[^>]*class="[^"]*lit', part) and "answered by Anna" not in part
            for bad in ({"lead": "<nowhere>"}, {"way": "prompt"}, {"step": "x" * 500}):
                assert (await one.post("/scenarios/main/lead", data=form | bad)).status_code == 422
            assert (await reader.post("/scenarios/main/lead", data=form)).status_code == 403
            assert (await one.post("/scenarios/main/lead", data={"csrf": "-"})).status_code == 403

            # what went as it should is kept as a golden call, before the way is led elsewhere for good
            await one.fill("/scenarios/main", "/settings/discard")
            kept = await one.fill("/scenarios/main", "/scenarios/main/example", **ask, name="Sales, as today")
            assert kept.headers["location"] == "/settings/at/golden/2"
            unsound = await one.fill("/scenarios/main", "/scenarios/main/example", **(ask | {"from": "-"}), name="No")
            assert unsound.status_code == 422
            await one.post("/scenarios/main/lead", data=form)

            # meanwhile somebody else puts other settings in force: nothing of either is lost
            async with box.logged_in("owner") as other:
                await other.put_in("queue/sales", max_wait="240")
                assert (await other.fill("/settings/draft", "/settings/apply")).status_code == 200
            assert (await one.get("/settings/draft")).status_code == 409
            assert (await one.fill("/settings/draft", "/settings/merge")).status_code == 303
            assert (await one.fill("/settings/draft", "/settings/apply")).status_code == 422  # a golden call
            await one.fill("/scenarios/main", "/scenarios/main/lead", step="welcome", way="key:1", lead="queue.sales")
            await one.fill("/scenarios/main", "/scenarios/main/lead", step="welcome", way="key:8", lead="bye")

            # a step of the palette has faults until it leads somewhere; then nothing can be tried
            added = await one.fill("/scenarios/main", "/settings/add", at="scenario/main/step", name="lost", kind="say")
            assert added.headers["location"] == "/settings/at/scenario/main/step/lost"
            form = (await one.get(added.headers["location"], headers=htmx)).text
            assert "<html" not in form and 'name="next"' in form and "needed" in form
            page = (await one.get("/scenarios/main", params=ask)).text
            assert len(re.findall(r'class="edit faulty', page)) == 1 and "lost ⚠" in page and "First mend" in page
            await one.fill("/scenarios/main", "/settings/remove", at="scenario/main/step/lost")
            assert (await one.get("/scenarios/nothing")).status_code == 404
            assert (await one.fill("/settings/draft", "/settings/apply")).status_code == 200
        now = edits.values(switch.text)
        assert now["golden"][2] == {
            "name": "Sales, as today", "from": "+37060000002", "when": "2026-12-01 10:00", "keys": "1", "answers": "anna",
            "expect": "person.anna",
        }  # fmt: skip
        assert now["queue"]["sales"]["max_wait"] == 240
        assert now["scenario"]["main"]["step"]["welcome"]["keys"]["8"] == "bye"


async def test_the_list_says_how_large_each_scenario_is_and_which_lines_come_to_it(tmp_path: Path) -> None:
    async with Applying(tmp_path, FULL) as switch, site(tmp_path / "pages", switch.socket, switch.document) as box:
        box.people()
        async with box.logged_in("installer") as one:
            page = (await one.get("/scenarios")).text
    told = dict(re.findall(r'href="/scenarios/(\w+)">.*?<small>(\d+) steps</small>', page))
    assert told == {"main": "25"}
    assert re.search(r"Calls come in by [^<]*backup", page)


async def test_every_way_to_somebody_is_told_on_the_page(tmp_path: Path) -> None:
    async with Applying(tmp_path, FULL) as switch, site(tmp_path / "pages", switch.socket, switch.document) as box:
        box.people()
        async with box.logged_in("installer") as one:
            page = (await one.get("/scenarios?to=queue.orders")).text
            told = re.search(r'<pre class="words">(.*?)</pre>', page, re.DOTALL)
            assert told and "City, number +37052000002 -&gt; queue “Orders”" in told[1]
            assert "Nothing is called so." in (await one.get("/scenarios", params={"to": "<b>"})).text
            assert "Nothing is called so." not in (await one.get("/scenarios")).text
