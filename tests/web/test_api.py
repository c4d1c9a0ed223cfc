# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that use the API: who may what, how often, and that nobody's settings are lost."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.control import messages as m
from appliance.control.handling import CallFor, Park, Press, Supervise
from appliance.store.office import Office
from appliance.web import access
from appliance.web.access import EMPLOYEE, OWNER, ROLES, SUPERVISOR
from appliance.web.api import pace, routes
from appliance.web.api import shapes as s
from appliance.web.api.document import document
from appliance.web.api.gate import Asked, Way
from appliance.web.api.routes import every
from appliance.web.api.scopes import EVERY, MAY_GIVE, SCOPES
from tests.fakes.switch import Switch, now
from tests.web.applying import Applying
from tests.web.programs import Program, followed
from tests.web.visitors import PASSWORD, Site, site

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "office.example.toml").read_text()


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Switch]:
    async with Switch(tmp_path / "control.sock") as switch:
        yield switch


@pytest.fixture
async def box(tmp_path: Path, switch: Switch) -> AsyncIterator[Site]:
    async with followed(tmp_path / "pages", switch.socket) as box:
        yield box


async def test_every_role_and_every_scope_may_what_its_way_names_and_nothing_else(
    tmp_path: Path, switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each way with its scope alone and with all others but that, in the owner's hands; every scope in the hands of each role."""

    async def reached(asked: Asked) -> s.Done:
        return s.Done()

    ways = every()
    monkeypatch.setattr(pace, "AT_ONCE", 1e6)
    monkeypatch.setattr(routes, "every", lambda: [way._replace(handler=reached) for way in ways])
    async with followed(tmp_path / "pages", switch.socket) as box:
        for role in ROLES:
            async with Program(box, role, EVERY) as program:
                for way in ways:
                    await asks(program, way, way.scope == "" or way.scope in MAY_GIVE[role])
        for scope in SCOPES:
            async with Program(box, OWNER, [scope]) as alone, Program(box, OWNER, EVERY - {scope}) as without:
                for way in ways:
                    if way.scope == scope:
                        await asks(alone, way, True)
                        await asks(without, way, False)
                for program in (alone, without):
                    box.office.tokens.revoke(program.number)


async def test_where_calls_to_somebody_are_forwarded_is_told_to_himself_and_those_who_direct_calls(
    box: Site, switch: Switch
) -> None:
    switch.person("anna", forwards={"always": "037060000009"})
    async with Program(box, OWNER) as owner:
        async with asyncio.timeout(30):
            while not (await owner.get("/people/anna")).json()["forwards"]:
                await asyncio.sleep(0.01)
    box.office.change(EMPLOYEE, person="anna")
    for role in ROLES:
        async with Program(box, role, ["office:read"]) as program:
            told = {"always": "037060000009" if role in (OWNER, SUPERVISOR, EMPLOYEE) else ""}
            assert (await program.get("/people/anna")).json()["forwards"] == told
            everybody = (await program.get("/people")).json()
            assert [one["forwards"] for one in everybody if one["id"] == "anna"] == [told]


async def asks(program: Program, way: Way, may: bool) -> None:
    """Who may is looked at before what is sent."""
    status = (await program.request(way.method, re.sub(r"{\w+}", "7", way.path))).status_code
    assert (status not in (401, 403)) == may, (way.method, way.path, status)


async def test_without_a_good_token_nothing_is_answered_and_a_cookie_is_none(box: Site) -> None:
    async with box.logged_in(OWNER) as owner, box.visitor() as stranger, Program(box) as program:
        for way in every():
            path = "/api/v1" + re.sub(r"{\w+}", "7", way.path)
            answer = await owner.request(way.method, path)
            assert answer.status_code in (401, 429), path
            assert "www-authenticate" in answer.headers or "retry-after" in answer.headers
        for page in ("/me", "/users", "/settings", "/tokens", "/"):
            answer = await stranger.get(page, headers={"Authorization": program.headers["Authorization"]})
            assert answer.headers["location"].startswith("/log-in"), page
        for wrong in ("", "lk_", "Basic abc", f"Bearer {program.held}x", f"Bearer {program.held[:-1]}é"):
            assert (await program.get("/self", headers={"Authorization": wrong.encode()})).status_code in (401, 429)


async def test_what_has_no_way_is_not_there(box: Site) -> None:
    async with Program(box) as program:
        for path in ("/", "/nothing", "/users/../settings/x", "/calls/7/why/x", "//"):
            assert (await program.get(path)).status_code == 404, path
        assert (await program.put("/users")).status_code == 405
        assert (await program.request("OPTIONS", "/users")).headers["allow"] == "GET, POST"
        assert (await program.get("/users?x=1")).status_code == 422
        assert "/nothing" not in (await program.get("/openapi.json")).text


ACTS = {"dial", "listen", "what-if", "phones:secrets", "settings:read"}  # the last: to look whether a document is sound


def test_every_way_has_a_scope_and_every_scope_is_given_by_somebody() -> None:
    assert {way.path for way in every() if not way.scope} == {"/self"}
    assert {way.scope for way in every()} - {""} <= EVERY
    assert all(MAY_GIVE[role] <= EVERY for role in ROLES)
    for way in every():
        if way.method != "GET" and way.path != "/self":
            assert way.scope.endswith(":write") or way.scope in ACTS, way.path


def test_the_document_of_the_api_is_the_one_that_is_served() -> None:
    """When this fails: python -m appliance.web.api.document docs/openapi.json"""
    assert json.loads((ROOT / "docs/openapi.json").read_text()) == json.loads(json.dumps(document(every())))


async def test_a_program_sees_the_office_and_asks_for_what_people_ask(box: Site, switch: Switch) -> None:
    async with Program(box) as program:
        assert [queue["id"] for queue in (await program.get("/queues")).json()] == ["sales"]
        assert (await program.get("/people/boris")).json()["reason"] == "lunch"
        assert (await program.get("/people/nobody")).status_code == 404
        assert (await program.put("/people/anna/status", json={"status": "meeting"})).status_code == 200
        assert (await program.post("/calls/7/send", json={"to": "person.anna"})).status_code == 200
        assert (await program.post("/calls/7/send", json={"to": "nowhere"})).status_code == 422
        assert (await program.post("/calls/7/send", json={"to": "person.anna", "too": 1})).status_code == 422
        consult = {"person": "anna", "code": "consult", "number": "102"}
        assert (await program.post("/calls/7/press", json=consult)).status_code == 200
        assert (await program.post("/calls/7/press", json=consult | {"code": "dance"})).status_code == 422
        assert (await program.post("/calls/7/listen", json={"how": "whisper", "person": "anna"})).status_code == 200
        assert (await program.request("DELETE", "/calls/7")).status_code == 200
        assert (await program.put("/hours/office/override", json={"mode": "closed"})).status_code == 200
        assert switch.asked == [
            m.SetStatus(1, "anna", "meeting", "", "api", None),
            m.Send(1, 7, "person.anna"),
            Press(1, 7, "anna", "consult", "102", "owner (a program)"),
            Supervise(1, 7, "whisper", (), "anna", "owner (a program)"),
            m.HangUp(1, 7),
            m.Override(1, "office", "closed", None, "api"),
        ]
        switch.refuses = m.Refused("unknown", "Call 7 is not known.")
        refused = await program.post("/calls/7/park", json={})
        assert (refused.status_code, refused.json()) == (404, {"error": "unknown", "message": "Call 7 is not known."})
        assert isinstance(switch.asked[-1], Park)
    assert "owner (a program)" in {row.user for row in box.office.audited()}


async def test_who_has_somebody_called_is_told_the_call_and_may_ask_what_became_of_it(
    box: Site, switch: Switch
) -> None:
    async with Program(box) as program:
        asked = await program.post("/people/anna/call", json={"number": "+37060000009"})
        assert (asked.status_code, asked.json()) == (200, {"calls": [7]})
        assert switch.asked == [CallFor(1, "anna", "+37060000009", "owner (a program)")]


async def test_a_calendar_leaves_alone_what_somebody_set_by_hand_a_moment_ago(box: Site, switch: Switch) -> None:
    async with Program(box) as program:
        for source, since, status in (("phone", now(), 409), ("page", now() - 31 * 60_000, 200), ("api", now(), 200)):
            switch.person("anna", source=source, since=since)
            async with asyncio.timeout(30):
                while (await program.get("/people/anna")).json()["since"] != since:
                    await asyncio.sleep(0.02)
            wanted = {"status": "meeting", "reason": "till ten", "unless_by_hand": 30}
            answer = await program.put("/people/anna/status", json=wanted)
            assert answer.status_code == status and (status == 200 or answer.json()["error"] == "held")
        assert (await program.put("/people/anna/status", json={"status": "available"})).status_code == 200
    assert len(switch.asked) == 3


async def test_two_programs_change_the_settings_and_the_second_is_told(tmp_path: Path) -> None:
    async with (
        Applying(tmp_path, EXAMPLE) as switch,
        site(tmp_path / "pages", switch.socket, switch.document) as box,
    ):
        box.people()
        async with Program(box, "installer", ["settings:read", "settings:write"]) as one, Program(box) as other:
            read = await one.get("/settings")
            assert (read.status_code, read.text) == (200, EXAMPLE)
            tag = (await other.get("/settings")).headers["etag"]
            toml = {"Content-Type": "application/toml"}
            mine = read.text + "\n# one\n"
            assert (await one.put("/settings", content=mine, headers=toml)).status_code == 428
            done = await one.put("/settings", content=mine, headers={**toml, "If-Match": read.headers["etag"]})
            assert (done.status_code, done.json()["revision"]) == (200, 2)
            late = await other.put("/settings", content="# other", headers={**toml, "If-Match": tag})
            assert (late.status_code, late.json()["error"]) == (412, "changed")
            assert switch.text == mine
            assert (await other.get("/settings")).headers["etag"] == done.headers["etag"]
            wrong = await one.post("/settings/check", content="[office]\nnam = 1\n", headers=toml)
            assert wrong.status_code == 422 and "name" in wrong.json()["message"]
            assert (await one.post("/settings/check", content=b"\xff", headers=toml)).status_code == 422
            assert (await one.post("/settings/check", content="x" * 2_000_000, headers=toml)).status_code == 413
            assert [each["number"] for each in (await one.get("/settings/versions")).json()] == [2, 1]
            assert (await one.get("/settings/versions/1")).text == EXAMPLE
            assert (await one.get("/settings/versions/99")).status_code == 404
            assert (await one.post("/settings/versions/1/restore")).json()["revision"] == 3
            assert switch.text == EXAMPLE


async def test_users_are_let_in_by_a_program_but_never_its_own_locked_out(box: Site) -> None:
    async with Program(box) as program, box.visitor() as dora:
        new = {"name": "dora", "role": "employee", "password": PASSWORD}
        assert (await program.post("/users", json=new)).status_code == 201
        assert (await program.post("/users", json=new)).status_code == 409
        assert (
            await program.post("/users", json={**new, "name": "eva", "password": "aaaaaaaaaaaa"})
        ).status_code == 422
        assert (await dora.log_in("dora")).status_code == 303
        [session] = (await program.get("/users/dora/sessions")).json()
        assert session["address"] == "127.0.0.1"
        assert (await program.delete("/users/dora/sessions")).status_code == 200
        assert (await program.get("/users/dora/sessions")).json() == []
        assert (await dora.log_in("dora")).status_code == 303
        assert (await program.patch("/users/dora", json={"role": "reader"})).status_code == 200
        assert (await dora.get("/me")).status_code == 303  # her session ended
        assert (await program.delete("/users/owner")).status_code == 409
        assert (await program.patch("/users/owner", json={"role": "reader"})).status_code == 409
        assert (await program.delete("/users/dora")).status_code == 200
        assert "password" not in (await program.get("/users")).text


async def test_a_token_is_made_on_its_page_shown_once_and_revoked(box: Site, tmp_path: Path) -> None:
    async with box.logged_in(OWNER) as owner, box.logged_in("reader") as reader, box.visitor() as stranger:
        made = await owner.fill("/tokens", name="crm", scope="office:read", days="30")
        [held] = re.findall(r'value="(lk_[\w-]{43})"', made.text)
        assert held not in (await owner.get("/tokens")).text
        kept = b"".join(path.read_bytes() for path in (tmp_path / "pages").iterdir())
        assert held.encode() not in kept
        bearer = {"Authorization": f"Bearer {held}"}
        assert (await stranger.get("/api/v1/queues", headers=bearer)).status_code == 200
        assert (await stranger.get("/api/v1/users", headers=bearer)).status_code == 403
        assert "127.0.0.1" in (await owner.get("/tokens")).text  # where it was used from
        assert (await reader.fill("/tokens", name="mine", scope="users:write", days="0")).status_code == 403
        assert (await reader.fill("/tokens", name="mine", scope="nothing", days="0")).status_code == 422
        [token] = box.office.tokens.all()
        assert "<bdi>crm" not in (await reader.get("/tokens")).text
        assert (await reader.fill("/tokens", "/tokens/revoke", token=str(token.id))).status_code == 404
        assert (await owner.fill("/tokens", "/tokens/revoke", token=str(token.id))).status_code == 303
        assert (await stranger.get("/api/v1/queues", headers=bearer)).status_code == 401
    assert {"token-made", "token-revoked"} <= {row.what for row in box.office.audited()}


async def test_a_program_reads_the_audit_log_and_ends_tokens_its_own_last(box: Site) -> None:
    async with Program(box) as program, Program(box, "reader") as other:
        told = {one["user"]: one for one in (await program.get("/tokens")).json()}
        assert told["reader"]["scopes"] == ["office:read"] and program.held not in str(told)
        assert (await program.delete(f"/tokens/{other.number}")).status_code == 200
        assert (await other.get("/queues")).status_code == 401
        assert (await program.delete(f"/tokens/{other.number}")).status_code == 404
        [row] = (await program.get("/audit?limit=1")).json()
        assert (await program.get(f"/audit?before={row['id']}")).json() == []
        assert (row["user"], row["what"], row["detail"]) == ("owner (a program)", "token-revoked", "reader: a program")
        assert (await program.get("/codes")).json() == []
        person = {"name": "dora", "role": "employee", "password": PASSWORD, "person": "anna"}
        assert (await program.post("/users", json=person | {"person": "nobody"})).status_code == 422
        assert (await program.post("/users", json=person)).status_code == 201
        assert (await program.patch("/users/dora", json={"person": "boris"})).status_code == 200
        assert {one["name"]: one["person"] for one in (await program.get("/users")).json()}["dora"] == "boris"
        assert (await program.delete("/self")).status_code == 200
        assert (await program.get("/self")).status_code == 401


async def test_a_token_is_worth_what_its_user_is_now(box: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Program(box, "installer", ["settings:read", "office:read"]) as program:
        assert (await program.get("/self")).json()["scopes"] == ["office:read", "settings:read"]
        box.office.change("installer", role="reader")
        assert (await program.get("/self")).json()["scopes"] == ["office:read"]
        assert (await program.get("/settings")).status_code == 403
        box.office.remove("installer")
        assert (await program.get("/queues")).status_code == 401
    box.office.tokens.add("lk_" + "x" * 43, OWNER, "short", frozenset(EVERY), at=1, until=access.now() + 60_000)
    bearer = {"Authorization": "Bearer lk_" + "x" * 43}
    async with box.visitor() as stranger:
        assert (await stranger.get("/api/v1/self", headers=bearer)).status_code == 200
        later = access.now() + 60_001
        monkeypatch.setattr("appliance.web.api.gate.now", lambda: later)
        assert (await stranger.get("/api/v1/self", headers=bearer)).status_code == 401


async def test_whoever_asks_too_often_is_told_when_again_and_others_are_not_held_up(box: Site) -> None:
    async with Program(box) as wild, Program(box) as calm:
        statuses = [(await wild.get("/self")).status_code for _ in range(int(pace.AT_ONCE) + 5)]
        for _ in range(2000):  # a slow machine asks no faster than may be
            if 429 in statuses:
                break
            statuses += [each.status_code for each in await asyncio.gather(*(wild.get("/self") for _ in range(20)))]
        assert 429 in statuses
        assert (await calm.get("/self")).status_code == 200
        for _ in range(60):
            await wild.get("/self", headers={"Authorization": "Bearer wrong"})
        assert (await calm.get("/self")).status_code == 200


def test_a_bucket_fills_again_and_little_is_remembered() -> None:
    clock = [0.0]
    paced = pace.Pace(lambda: clock[0])
    assert [paced.token(1) for _ in range(int(pace.AT_ONCE))] == [0.0] * int(pace.AT_ONCE)
    assert paced.token(1) == pytest.approx(1 / pace.EACH_SECOND)
    assert paced.token(2) == 0.0
    clock[0] += 1 / pace.EACH_SECOND + 1e-9
    assert paced.token(1) == 0.0
    for n in range(10_000):
        paced.wrong(str(n))
    assert len(paced._wrong._left) <= pace.REMEMBERED


async def test_events_come_as_they_happen_and_end_with_the_token(box: Site, switch: Switch) -> None:
    async with Program(box, "supervisor", ["calls:read"]) as program:
        async with program.stream("GET", "/events") as stream:
            assert stream.headers["content-type"] == "text/event-stream"
            lines = stream.aiter_lines()
            await anext(lines)
            switch.line("backup", usable=True)
            told = [line async for line in until(lines, "data:")]
            assert "event: line" in told
            assert json.loads(told[-1][5:])["line"]["usable"] is True
            box.office.tokens.revoke(program.number)
            async with asyncio.timeout(60):
                async for _ in lines:
                    switch.line("backup", usable=False)
                    await asyncio.sleep(0.3)


@pytest.mark.parametrize(("role", "seen"), [("supervisor", "0370600009"), ("installer", ""), ("anna", "0370600009")])
async def test_events_tell_where_somebodys_calls_go_to_whom_the_pages_would(
    box: Site, switch: Switch, role: str, seen: str
) -> None:
    async with Program(box, role.replace("anna", "installer"), ["calls:read"]) as program:
        if role == "anna":
            box.office.change("installer", person="anna")
        async with program.stream("GET", "/events") as stream:
            lines = stream.aiter_lines()
            await anext(lines)
            switch.person("anna", forwards={"always": "0370600009"})
            told = [line async for line in until(lines, "data:")]
            assert "event: person" in told
            assert json.loads(told[-1][5:])["person"]["forwards"] == {"always": seen}


async def until(lines: AsyncIterator[str], start: str) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        if line.startswith(start):
            return


async def test_a_token_is_made_and_revoked_at_the_console(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from appliance.programs import token
    from tests.web.visitors import user

    office = Office(tmp_path)
    office.add(user("maria", "supervisor"))
    office.close()
    given = ["--pages", str(tmp_path)]
    assert token.main([*given, "wall", "--user", "maria", "--scope", "office:read"]) == 0
    assert re.search(r"token: lk_[\w-]{43}\n", capsys.readouterr().out)
    with pytest.raises(token.NotHis):
        token.main([*given, "wall", "--user", "maria", "--scope", "users:write"])
    assert token.main(given) == 0
    assert "1  maria  wall  office:read  never used" in capsys.readouterr().out
    assert token.main([*given, "--revoke", "1"]) == 0
    with pytest.raises(token.NotThere):
        token.main([*given, "--revoke", "1"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"to":1}',
        b'{"to":"\xff"}',
        b"[" * 60_000,
        b'{"to":"queue.x","to":"\\u0000"}',
        b"\x00" * 9,
    ],
)
async def test_a_body_that_is_nothing_is_refused_in_a_sentence(box: Site, body: bytes) -> None:
    async with Program(box) as program:
        answer = await program.post("/calls/7/send", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422 and answer.json()["message"]
        assert (await program.post("/calls/7/send", content=b"x")).status_code == 415
        long = await program.post("/calls/7/send", content=b" " * 70_000, headers={"Content-Type": "application/json"})
        assert long.status_code == 413
