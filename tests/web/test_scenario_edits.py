# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps put into a scenario and taken out of it, as the palette and the drawing have them; and the last change taken back."""

import re
from pathlib import Path

import pytest

from appliance.settings import edits, load, reach
from appliance.settings import ways as ways_there
from appliance.web import forms
from appliance.web.scenario_edits import added, removed, ways_on
from appliance.web.scenario_palette import GROUPS, TITLES
from appliance.web.shelf import FOLDER
from tests.web.applying import Applying
from tests.web.programs import Program
from tests.web.test_scenario_pages import FULL, ROOT, SMALL
from tests.web.visitors import site

SIMPLE = (
    SMALL.replace('start = "first"', 'hours = "day"\nopen = "sales" # ours\nclosed = "anna"\nunanswered = "late"')
    + """
[hours.day]
week = { mon = ["09:00-17:00"] }
[queue.sales]
people = ["anna"]
[mailbox.late]
"""
)


def steps(text: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = edits.values(text)["scenario"]["main"].get("step", {})
    return found


def test_the_palette_has_every_kind_of_step_once_with_a_picture() -> None:
    one = next(each for each in forms.inner(edits.values(FULL), ("scenario", "main")) if each.key == "step")
    shown = [kind for _, kinds in GROUPS for kind in kinds]
    assert sorted(shown) == sorted(one.kinds) == sorted(TITLES)
    assert set(re.findall(r'<symbol id="([^"]+)"', (FOLDER / "steps.svg").read_text())) == set(shown)


@pytest.mark.parametrize("kind", TITLES)
def test_a_step_put_into_a_way_leads_on_where_the_way_led(kind: str) -> None:
    made = added(FULL, "main", kind, [("hours", "open")])
    assert made is not None
    text, name = made
    assert name not in steps(FULL)
    assert steps(text)["hours"]["open"] == name and steps(text)[name]["do"] == kind
    led_on = {steps(text)[name][way] for way in ways_on(kind)}
    assert led_on == (set() if kind in ("voicemail", "hang-up") else {"busy"})
    assert text.count("#") == FULL.count("#")  # comments are there
    back = removed(text, "main", name)
    assert (edits.values(back) == edits.values(FULL)) is bool(led_on), "taken out again all is as before"


def test_a_step_for_a_key_is_led_to_by_it_and_one_by_itself_by_nothing() -> None:
    made = added(
        FULL, "main", "say", [("welcome", "key:2"), ("welcome", "key:8")]
    )  # one leads somewhere, one does not yet
    assert made is not None
    keys = edits.at(steps(made[0]), ("welcome", "keys"))
    assert keys["2"]["to"] == keys["8"] == made[1] and steps(made[0])[made[1]]["next"] == "order"
    alone = added(FULL, "main", "say")
    assert alone is not None
    assert edits.changes(steps(FULL), steps(alone[0])) == [edits.Change(("say",), edits.MISSING, {"do": "say"})]
    for nowhere in (("nobody", "open"), ("hours", "prompt"), ("", "open"), ("welcome", "key:x")):
        assert added(FULL, "main", "say", [nowhere]) is None


def test_a_new_step_has_no_name_that_a_way_leads_to_elsewhere() -> None:
    made = added(SMALL + '[scenario.main.step.first]\ndo = "say"\nprompt = "hello"\nnext = "menu"\n', "main", "menu")
    assert made is not None and made[1] == "menu-2"


@pytest.mark.parametrize(
    "faulty", ["step = 5", 'step.a = { do = ["say"] }', "start = 4\nstep.a = 5", "open = 7", 'open = "x"\nclosed = 1']
)
def test_a_draft_with_faults_takes_a_step_or_refuses_it(faulty: str) -> None:
    text = f"[scenario.main]\n{faulty}\n"
    made = added(text, "main", "say")
    assert made is None if faulty == "step = 5" else made is not None and steps(made[0])["say"]["do"] == "say"


def test_a_step_has_what_it_can_only_have() -> None:
    made = added(SIMPLE, "main", "hours")
    assert made is not None and steps(made[0])[made[1]]["hours"] == "day"


def test_a_scenario_without_steps_does_the_same_with_its_first() -> None:
    made = added(SIMPLE, "main", "priority")
    assert made is not None and edits.at(edits.values(made[0]), ("scenario", "main", "start")) == "priority"
    text = edits.put(made[0], [(("scenario", "main", "step", "priority", "add"), 1)])
    before, after = (load.parse(one, ROOT / "office.toml") for one in (SIMPLE, text))
    for to in ("queue.sales", "person.anna", "mailbox.late"):
        told = [ways_there.told(reach.reach(one, to), "en") for one in (before, after)]
        assert len(told[0]) > 0 and len(told[0]) == len(told[1])
    assert steps(text)["queue"] == {"do": "queue", "queue": "sales", "unanswered": "late"}
    ends = added(SIMPLE, "main", "hang-up")
    assert ends is not None and edits.at(edits.values(ends[0]), ("scenario", "main", "start")) == "hours", (
        "it leads nowhere"
    )


def test_of_a_fork_that_goes_the_ways_to_it_are_shown_to_lead_nowhere() -> None:
    text = removed(FULL, "main", "busy")
    assert "busy" not in steps(text) and steps(text)["hours"]["open"] == "busy"


async def test_a_step_is_added_by_a_form_alone_and_the_last_change_taken_back(tmp_path: Path) -> None:
    async with Applying(tmp_path, FULL) as switch, site(tmp_path / "pages", switch.socket, switch.document) as box:
        box.people()
        async with box.logged_in("installer") as one:
            page = (await one.get("/scenarios/main")).text
            assert '<option value="hours/open">open → busy</option>' in page and 'name="kind" value="say"' in page
            step = {"kind": "say", "where": "hours/open"}
            assert (await one.fill("/scenarios/main", "/scenarios/main/step", **step)).headers["location"] == (
                "/settings/at/scenario/main/step/say"
            )
            for wrong in ({"kind": "dance"}, {"where": "nobody/open"}, {"where": "open"}):
                assert (await one.fill("/scenarios/main", "/scenarios/main/step", **(step | wrong))).status_code == 422
            await one.put_in("scenario/main/step/say", prompt="offer")

            # back, one change after another; the page of what is not there any more is left
            there = "/settings/at/scenario/main/step/say"
            back = await one.fill(there, "/settings/undo", at=there)
            assert back.headers["location"] == there
            draft = box.office.draft("installer")
            assert draft and steps(draft.document)["say"] == {"do": "say", "next": "busy"}
            back = await one.fill(there, "/settings/undo", at=there)
            assert back.headers["location"] == "/settings/at/scenario/main" and box.office.draft("installer") is None
            for at, then in (
                ("//elsewhere", "/settings"),
                ("/scenarios/main", "/scenarios/main"),
                ("/hours?a", "/hours"),
            ):
                assert (await one.fill("/scenarios/main", "/settings/undo", at=at)).headers["location"] == then


async def test_twenty_changes_are_taken_back_and_none_of_before_a_merge(tmp_path: Path) -> None:
    async with Applying(tmp_path, FULL) as switch, site(tmp_path / "pages", switch.socket, switch.document) as box:
        box.people()
        async with Program(box, "installer") as program, box.logged_in("owner") as other:

            async def change(value: object) -> None:
                edit = {"edits": [{"path": ["queue", "sales", "max_wait"], "value": value}]}
                assert (await program.patch("/draft", json=edit, headers=await tag())).status_code == 200

            async def tag() -> dict[str, str]:
                return {"If-Match": (await program.get("/draft")).headers["etag"]}

            async def undo() -> int:
                answer = await program.post("/draft/undo", headers=await tag())
                return int(edits.values(answer.text)["queue"]["sales"]["max_wait"])

            for seconds in range(100, 122):
                await change(seconds)
            assert [await undo() for _ in range(20)] == list(range(120, 100, -1))
            was = edits.values(FULL)["queue"]["sales"]["max_wait"]
            assert await undo() == was and box.office.draft("installer") is None
            await change(130)
            await other.put_in("office", name="Another Ltd")
            await other.fill("/settings/draft", "/settings/apply")
            await program.post("/draft/merge", json={"mine": []}, headers=await tag())
            await change(140)
            assert await undo() == 130 and await undo() == was
            assert 'name = "Another Ltd"' in (await program.get("/draft")).text
