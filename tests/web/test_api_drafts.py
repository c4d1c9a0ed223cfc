# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that change the settings as people at the pages do: in a draft, looked at and tried before it is in force."""

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import get_args

import pytest

from appliance.control.secrets import KeepSecret
from appliance.settings.given import GIVEN
from appliance.settings.passwords import read_secrets
from appliance.web.api.gate import PATHS
from tests.web.applying import Applying
from tests.web.programs import Program
from tests.web.test_settings_pages import OFFICE
from tests.web.visitors import Site, site

ANNA = ["person", "anna"]
TOML = {"Content-Type": "application/toml"}


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Applying]:
    async with Applying(tmp_path, OFFICE) as switch:
        yield switch


@pytest.fixture
async def box(switch: Applying, tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path / "pages", switch.socket, switch.document) as box:
        box.people()
        yield box


async def tag(program: Program) -> dict[str, str]:
    return {"If-Match": (await program.get("/draft")).headers["etag"]}


async def test_a_value_is_changed_looked_at_and_put_in_force(box: Site, switch: Applying) -> None:
    async with Program(box, "installer") as program, box.logged_in("installer") as one:
        edit = {"edits": [{"path": [*ANNA, "name"], "value": "Anna"}, {"path": ["queue", "sales", "people", 1]}]}
        assert (await program.patch("/draft", json=edit)).status_code == 428
        answer = await program.patch("/draft", json=edit, headers=await tag(program))
        assert answer.status_code == 200 and "# as people know it" in answer.text
        assert "Anna" in (await one.get("/settings/draft")).text, "it is the draft he has on the pages"
        told = (await program.get("/draft/changes")).json()
        assert told["drafted"] and not told["faults"] and not told["refused"]
        assert {"path": "person.anna.name", "old": "–", "new": "Anna"} in told["changes"]
        old = await tag(program)
        renamed = await program.post("/draft/rename", json={"path": ANNA, "name": "ann"}, headers=old)
        assert tomllib.loads(renamed.text)["queue"]["sales"]["people"] == ["ann"]
        assert (await program.put("/draft", content=OFFICE, headers=old | TOML)).status_code == 412
        applied = await program.post("/draft/apply", json={"comment": "married"}, headers=await tag(program))
        assert applied.json()["revision"] == 2 and "[person.ann]" in switch.text
        assert not (await program.get("/draft/changes")).json()["drafted"]
        [one_, *_rest] = (await program.get("/settings/versions")).json()
        assert one_["comment"] == "installer (a program): married"
        undone = (await program.get("/settings/versions/1/changes")).json()
        assert "person.ann" in {each["path"] for each in undone}


async def test_a_draft_with_faults_is_kept_and_told_and_what_is_no_document_is_not(box: Site) -> None:
    async with Program(box, "installer") as program:
        faulty = OFFICE.replace('people = ["anna"', 'people = ["nobody"')
        assert (await program.put("/draft", content=faulty, headers=await tag(program) | TOML)).status_code == 200
        told = (await program.get("/draft/changes")).json()
        assert [one["path"] for one in told["faults"]] == ["queue.sales.people[0]"] and told["refused"]
        assert (await program.post("/draft/apply", json={}, headers=await tag(program))).status_code == 422
        for wrong in (b"[office", b"\xff", b"[office]\n[office]\n"):
            assert (await program.put("/draft", content=wrong, headers=await tag(program) | TOML)).status_code == 422
        for path, value in (
            (["person", "anna", "extension", "x"], 1), (["person", 7], 1), (["golden", 9], {}), (["office", "name"], None),
            (["golden", "x", "y"], 1), ([0, 0], []), (["office"], [{"a": None}]), (["x" * 80], {"a": {"b": [None]}}),
        ):  # fmt: skip
            edit = {"edits": [{"path": path, "value": value}]}
            answer = await program.patch("/draft", json=edit, headers=await tag(program))
            assert answer.status_code == 422, (path, value, answer.text)
        assert (await program.delete("/draft")).status_code == 200
        assert (await program.get("/draft")).text == OFFICE
        assert (await program.post("/draft/apply", json={}, headers=await tag(program))).status_code == 409


async def test_what_others_put_in_force_meanwhile_is_merged_and_nothing_lost(box: Site, switch: Applying) -> None:
    name, hosts = ["office", "name"], ["line", "city", "host"]
    async with Program(box, "installer") as one, Program(box, "owner") as other:
        for program, values in ((one, ((name, "Mine"), (hosts, "mine.example"))), (other, ((name, "Theirs"),))):
            edit = {"edits": [{"path": path, "value": value} for path, value in values]}
            await program.patch("/draft", json=edit, headers=await tag(program))
        await other.post("/draft/apply", json={}, headers=await tag(other))
        assert (await one.post("/draft/apply", json={}, headers=await tag(one))).status_code == 412
        assert (await one.get("/draft/changes")).json()["conflicts"] == ["office.name"]
        merged = await one.post("/draft/merge", json={"mine": ["office.name"]}, headers=await tag(one))
        assert tomllib.loads(merged.text)["line"]["city"]["host"] == "mine.example"
        assert (await one.post("/draft/apply", json={}, headers=await tag(one))).status_code == 200
    assert tomllib.loads(switch.text)["office"]["name"] == "Mine"


async def test_a_call_is_tried_under_the_draft(box: Site) -> None:
    async with Program(box, "installer") as program:
        walked = (await program.post("/draft/try", json={"when": "2026-12-01 12:00", "answers": "anna"})).json()
        assert walked["ended"] == "person.anna" and walked["why"] and not walked["wrong"]
        wrong = (await program.post("/draft/try", json={"when": "soon", "from": "x"})).json()
        assert wrong["ended"] == "" and {"when", "from"} <= set(wrong["wrong"])


async def test_a_line_is_given_its_password_and_nobody_is_told(box: Site, switch: Applying) -> None:
    assert set(get_args(PATHS["table"])) == set(GIVEN)
    city = {"name": "city"}
    async with Program(box, "installer") as program:
        answer = await program.put("/secrets/line", json={**city, "password": "correct horse"})
        assert answer.status_code == 200 and "correct" not in answer.text
        for table, given, status, words in (
            ("line", {**city, "password": "x" * 129}, 422, "1 to 128 printable"),
            ("line", {**city, "password": "x" * 257}, 422, ""),
            ("line", {**city, "password": "line\nfeed"}, 422, "1 to 128 printable"),
            ("line", {**city, "key": "of another table"}, 422, "no such thing is given"),
            ("line", city, 422, "empty or longer"),
            ("line", {"name": "none", "password": "x"}, 404, "no such table"),
            ("mail", {"password": "x"}, 404, "no such table"),
            ("provisioning", {"key": "x"}, 422, ""),
        ):
            answer = await program.put(f"/secrets/{table}", json=given)
            assert (answer.status_code, words in answer.text) == (status, True), (given, answer.text)
            assert "of another table" not in answer.text
        assert (await program.delete("/secrets/line?name=city")).status_code == 422, "it would stand still without"
    async with Program(box, "installer", ["settings:read"]) as program:
        assert (await program.put("/secrets/line", json={**city, "password": "x"})).status_code == 403
    assert switch.secrets == [KeepSecret(1, "line", {"password": "correct horse"}, "city", "installer (a program)")]
    [row] = [row for row in box.office.audited() if row.what == "secret-kept"]
    assert row.detail == "line.city"


async def test_the_pin_of_a_mailbox_is_given_and_taken_back(box: Site, switch: Applying) -> None:
    async with Program(box, "installer") as program:
        assert (await program.put("/secrets/mailbox", json={"name": "office", "pin": "4711"})).status_code == 200
        assert read_secrets(switch.document.with_name("secrets.toml")).mailbox
        for _again in range(2):
            assert (await program.delete("/secrets/mailbox?name=office")).status_code == 200
        assert not read_secrets(switch.document.with_name("secrets.toml")).mailbox
        assert (await program.delete("/secrets/mailbox?name=none")).status_code == 404
    assert [row.detail for row in box.office.audited() if row.what == "secret-dropped"] == ["mailbox.office"] * 2
