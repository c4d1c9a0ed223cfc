# SPDX-License-Identifier: GPL-2.0-or-later
"""Who gets in, and who does not: the first run, log-in, sessions, forms, wrong tries."""

import contextlib
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pyotp
import pytest

from appliance.programs import user as user_program
from appliance.reports.qr import squares
from appliance.store.office import Office
from appliance.web import access, proofs
from appliance.web.access import ALL, ANYBODY, NEWCOMER, OWNER, READER, ROLES, SUPERVISOR
from appliance.web.app import rows
from appliance.web.box import Box
from appliance.web.drafts import Drafts
from appliance.web.entry import ours
from appliance.web.screen import Screen
from tests.web.visitors import PASSWORD, Site, site

EVERYBODY = (*ROLES, ANYBODY)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as box:
        yield box


@pytest.fixture
async def office(box: Site) -> Site:
    """With a user of each role."""
    box.people()
    return box


async def test_a_new_box_asks_for_the_owners_password_and_then_knows_him(box: Site) -> None:
    async with box.visitor() as one:
        assert "first-run" in (await one.get("/")).text
        assert (await one.get("/me")).headers["location"] == "/first-run"
        answer = await one.fill("/first-run", name="Maria", password=PASSWORD, again=PASSWORD)
        assert (answer.status_code, answer.headers["location"]) == (303, "/begin")
        assert "You are logged in as maria; your role: owner." in (await one.get("/me")).text
    async with box.visitor() as other:
        assert (await other.get("/")).headers["location"].startswith("/log-in")
        assert (await other.get("/first-run")).status_code in (303, 403)
        assert (await other.get("/events")).status_code == 401
        assert (await other.log_in("maria")).status_code == 303
    assert [row.what for row in box.office.audited()] == ["log-in", "owner-set"]


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "10 to 200 characters"),
        ("aaaaaaaaaaaa", "aaaaaaaaaaaa", "different ones"),
        (PASSWORD, PASSWORD + "x", "not the same"),
        ("x1" * 101, "x1" * 101, "10 to 200"),
    ],
)
async def test_a_weak_or_mistyped_password_is_told_so(box: Site, password: str, again: str, said: str) -> None:
    async with box.visitor() as one:
        answer = await one.fill("/first-run", name="owner", password=password, again=again)
        assert answer.status_code == 422
        assert said in answer.text
        assert box.office.users() == []


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("192.168.1.7", True),
        ("10.1.2.3", True),
        ("fe80::1%eth0", True),
        ("fd00::1", True),
        ("::ffff:192.168.1.7", True),
        ("8.8.8.8", False),
        ("2a00:1450::1", False),
        ("::ffff:8.8.8.8", False),
        ("", False),
    ],
)
def test_only_the_local_network_may_set_the_owners_password(address: str, local: bool) -> None:
    assert proofs.is_local(address) is local


async def test_somebody_from_elsewhere_may_not_set_it(box: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.web.entry.is_local", lambda address: False)
    async with box.visitor() as one:
        assert (await one.get("/first-run")).status_code == 403


def every_route(office: Office) -> list[access.Row]:
    return list(rows(Box(Screen(), office, Drafts(Path("no.sock"), Path("office.toml")))))


async def test_every_route_is_for_those_its_row_names_and_nobody_else(office: Site, tmp_path: Path) -> None:
    """Each with a fresh session: some routes end it."""
    for role in EVERYBODY:
        for row in every_route(office.office):
            async with office.visitor() as one:
                token = ""
                if role != ANYBODY:
                    token = f"{role}-{row.method}-{row.path}"[:60].ljust(43, "x").replace("/", "_")
                    office.office.begin(token, role, "its-csrf", at=access.now(), address="", agent="")
                    one.cookies.set(access.COOKIE, token)
                else:
                    one.cookies.set(access.FORM_COOKIE, "its-csrf-its-csrf-its-csrf")
                csrf = "its-csrf" if token else "its-csrf-its-csrf-its-csrf"
                if row.path == "/events" and role in row.who:
                    async with one.stream("GET", "/events") as stream:
                        assert stream.status_code == 200
                    continue
                path = re.sub(r"\{\w+(:\w+)?\}", lambda gap: "1" if gap[1] == ":int" else "office", row.path)
                answer = await one.request(row.method, path, data={"csrf": csrf} if row.method == "POST" else None)
                refused = answer.status_code in (401, 403) and "Your role may not" in answer.text
                refused = refused or answer.status_code == 401 or "/log-in?" in answer.headers.get("location", "")
                assert refused == (role not in row.who), (role, row.method, row.path, answer.status_code)
                assert answer.status_code < 500 or answer.status_code == 503  # the switch is away


def test_what_changes_something_is_never_a_get_and_visitors_have_the_least(tmp_path: Path) -> None:
    with contextlib.closing(Office(tmp_path)) as office:
        every = every_route(office)
    open_to_all = {(row.method, row.path) for row in every if ANYBODY in row.who}
    authority = ("GET", "/linekeeper-authority.crt")  # a certificate: nothing in it is secret
    telephones = {("GET", f"/provisioning/{{secret}}/{file}") for file in ("{file}", "{mac}/phonebook.xml")}
    assert open_to_all == {authority, *telephones, ("GET", "/health"), ("GET", "/log-in"), ("POST", "/log-in")}
    new = {(row.method, row.path) for row in every if NEWCOMER in row.who}
    assert new == {
        authority,
        *telephones,  # by who knows the secret
        ("GET", "/"),
        ("GET", "/codes"),
        ("GET", "/events"),
        ("GET", "/health"),
        ("GET", "/first-run"),
        ("POST", "/first-run"),
    }
    assert all(row.who <= ALL for row in every)


async def test_what_has_no_row_is_not_there_whoever_asks(office: Site) -> None:
    async with office.logged_in(OWNER) as one:
        for path in ("/nothing", "/docs", "/openapi.json", "/users/", "/me/../users/x"):
            assert (await one.get(path)).status_code in (404, 307)
        assert (await one.put("/users")).status_code == 405


async def test_a_session_begins_anew_at_log_in_and_ends_at_log_out(office: Site) -> None:
    async with office.visitor() as one:
        one.cookies.set(access.COOKIE, "chosen-by-somebody-else-chosen-by-somebody-e")
        answer = await one.log_in(OWNER)
        cookie = answer.headers.get_list("set-cookie")[0]
        assert re.match(r"linekeeper=[\w-]{43};", cookie)
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie
        first = answer.cookies[access.COOKIE]
        assert first != "chosen-by-somebody-else-chosen-by-somebody-e"
        one.cookies.delete(access.COOKIE)
        one.cookies.set(access.COOKIE, first)
        second = (await one.log_in(OWNER)).cookies[access.COOKIE]
        assert second != first
        assert office.office.session(first) is None  # it ended
        one.cookies.clear()
        one.cookies.set(access.COOKIE, second)
        assert (await one.fill("/me", "/log-out")).headers["location"] == "/log-in"
        one.cookies.clear()
        one.cookies.set(access.COOKIE, second)
        assert (await one.get("/me")).headers["location"] == "/log-in?to=/me"
        missed = await one.get((await one.get("/calls?q=a%26b&missed=1")).headers["location"])
        assert 'value="/calls?q=a%26b&amp;missed=1"' in missed.text, "what was looked for is lost"


async def test_what_is_kept_of_a_session_or_password_opens_nothing(office: Site, tmp_path: Path) -> None:
    async with office.logged_in(OWNER) as one:
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert one.cookies[access.COOKIE].encode() not in kept
        assert PASSWORD.encode() not in kept
        assert (tmp_path / "office.db").stat().st_mode & 0o077 == 0


async def test_sessions_are_listed_and_can_be_ended_elsewhere(office: Site) -> None:
    async with office.logged_in(OWNER) as here, office.logged_in(OWNER) as there, office.logged_in("reader") as other:
        page = (await here.get("/me")).text
        [session] = re.findall(r'name="session" value="(\w+)"', page)
        await other.fill("/me", "/me/end-session", session=session)  # not his
        assert (await there.get("/me")).status_code == 200
        await here.fill("/me", "/me/end-session", session=session)
        assert (await there.get("/me")).status_code == 303
        assert (await here.get("/me")).status_code == 200


async def test_the_owner_sees_and_ends_the_session_of_a_telephone_that_somebody_lost(office: Site) -> None:
    async with office.logged_in(OWNER) as owner, office.logged_in("employee") as lost:
        shown = (await owner.get("/users")).text
        [session] = office.office.sessions("employee")
        assert session.agent and session.agent in shown and session.id.hex() in shown
        data = {"name": "employee", "session": session.id.hex()}
        assert (await lost.post("/users/end-session", data=data | {"csrf": await lost.csrf("/me")})).status_code == 403
        assert (await lost.get("/me")).status_code == 200
        assert (await owner.fill("/users", "/users/end-session", **data)).status_code == 303
        assert (await lost.get("/me")).status_code == 303
        assert (await owner.get("/me")).status_code == 200
    assert ("session-ended", "employee") in [(row.what, row.detail) for row in office.office.audited()]


async def test_the_audit_log_is_read_to_its_beginning(office: Site) -> None:
    for n in range(450):
        office.office.audit(n, "owner", "192.0.2.1", "language-set", f"row {n}.")
    async with office.logged_in(OWNER) as owner:
        page, seen = "/audit", 0
        while page:
            shown = (await owner.get(page)).text
            seen += sum(f"row {n}." in shown for n in range(450))
            older = re.search(r'href="(/audit\?before=\d+)"', shown)
            page = older[1] if older else ""
        assert seen == 450
        assert (await owner.get("/audit?before=x")).status_code == 200


@pytest.mark.parametrize(("role", "path"), [(OWNER, "/status"), (OWNER, "/"), (SUPERVISOR, "/"), (READER, "/")])
async def test_a_page_that_is_left_open_does_not_keep_one_in_but_a_screen_on_the_wall(
    office: Site, monkeypatch: pytest.MonkeyPatch, role: str, path: str
) -> None:
    began, half = access.now(), access.IDLE[role] // 2 + 60_000
    async with office.logged_in(role) as one:
        shown = (await one.get(path)).text
        assert f"{path}?again" in shown  # what the page asks by itself
        monkeypatch.setattr(access, "now", lambda: began + half)
        assert (await one.get(f"{path}?again")).status_code == 200
        monkeypatch.setattr(access, "now", lambda: began + 2 * half)
        assert ((await one.get(path)).status_code == 200) == (role == READER)


async def test_whoever_does_something_now_and_then_stays_in(office: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    began, half = access.now(), access.IDLE[OWNER] // 2 + 60_000
    async with office.logged_in(OWNER) as one:
        for n in range(4):
            monkeypatch.setattr(access, "now", lambda n=n: began + n * half)
            assert (await one.get("/status")).status_code == 200


async def test_a_session_long_unused_or_too_old_is_over(office: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async with office.logged_in(OWNER) as one, office.logged_in("reader") as wall:
        later = access.now() + access.IDLE[OWNER] + 1
        monkeypatch.setattr(access, "now", lambda: later)
        assert (await one.get("/me")).status_code == 303
        assert (await wall.get("/me")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_form_of_another_site_is_refused(office: Site, headers: dict[str, str]) -> None:
    async with office.logged_in(OWNER) as one:
        data = {"csrf": await one.csrf("/me"), "language": "ru"}
        assert (await one.post("/me/language", data=data, headers=headers)).status_code == 403
        owner = office.office.user(OWNER)
        assert owner and owner.language == ""


async def test_a_form_without_our_token_is_refused(office: Site) -> None:
    async with office.logged_in(OWNER) as one, office.logged_in("reader") as other:
        for token in ("", "x" * 43, await other.csrf("/me"), "\udcff".encode("utf-8", "replace").decode()):
            assert (await one.post("/me/language", data={"csrf": token, "language": "ru"})).status_code == 403
        assert (await one.post("/users/remove", data={"name": "reader"})).status_code == 403
    assert office.office.user("reader")


async def test_wrong_tries_lock_one_account_from_one_address_for_a_while(
    office: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    tries = proofs.Tries(lambda: clock[0])
    async with office.visitor() as one:
        for _ in range(proofs.FREE):
            assert (await one.log_in("owner", "wrong password")).status_code == 403
        answer = await one.log_in("owner")
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 31
        assert (await one.log_in("installer")).status_code == 303  # another account is not held up
    for _ in range(10_000):
        if not tries.wait("owner", "192.0.2.1"):
            tries.wrong("owner", "192.0.2.1")
    assert tries.wait("owner", "192.0.2.1") <= proofs.LONGEST_WAIT  # never for ever
    assert tries.wait("owner", "192.0.2.2") == 0  # and not from elsewhere
    attempts = 0
    while clock[0] < 86_400:
        if not tries.wait("owner", "192.0.2.1"):
            tries.wrong("owner", "192.0.2.1")
            attempts += 1
        clock[0] += 1
    assert attempts < 120  # of a day of trying
    clock[0] += proofs.LONGEST_WAIT
    assert tries.wait("owner", "192.0.2.1") == 0


def test_many_names_from_one_address_are_held_up_too_and_little_is_remembered() -> None:
    tries = proofs.Tries(lambda: 0.0)
    for n in range(10_000):
        tries.wrong(f"user{n}", "2001:db8::%x" % n)
    assert tries.wait("somebody", "2001:db8::ffff") > 0
    assert len(tries._wrong) <= proofs.REMEMBERED


async def test_those_who_log_in_rightly_are_never_held_up(office: Site) -> None:
    tries = proofs.Tries(lambda: 0.0)
    for _ in range(proofs.FREE_ADDRESS * 3):
        tries.wrong("owner", "192.0.2.1")
        tries.right("owner", "192.0.2.1")
    assert tries.wait("owner", "192.0.2.1") == 0


async def test_nobody_learns_which_names_there_are(office: Site) -> None:
    async with office.visitor() as one:
        known, unknown = await one.log_in("owner", "wrong password"), await one.log_in("nobody", "wrong password")
        strip = lambda text: re.sub(r'value="[^"]*"', "", text)  # noqa: E731
        assert strip(known.text) == strip(unknown.text)


async def test_codes_are_asked_for_once_they_are_set_and_each_is_good_once(office: Site) -> None:
    async with office.logged_in(OWNER) as one:
        found = re.search(r'name="secret" value="([A-Z2-7]{32})"', (await one.get("/me")).text)
        assert found
        totp = pyotp.TOTP(found[1])
        wrong = await one.fill("/me", "/me/codes", now=PASSWORD, secret=found[1], code="000000")
        assert wrong.status_code == 422 and found[1] in wrong.text
        code = totp.now()
        assert (await one.fill("/me", "/me/codes", now=PASSWORD, secret=found[1], code=code)).status_code == 303
    async with office.visitor() as one:
        assert (await one.log_in(OWNER)).status_code == 403
        assert (await one.log_in(OWNER, code=code)).status_code == 403  # used
        office.office.change(OWNER, totp_step=0)
        code = totp.now()
        assert (await one.log_in(OWNER, code=code)).status_code == 303
        assert (await one.log_in(OWNER, code=code)).status_code == 403


async def test_the_secret_of_codes_is_drawn_for_the_camera_of_a_telephone(office: Site) -> None:
    async with office.logged_in(OWNER) as one:
        page = (await one.get("/me")).text
    secret, drawn = (
        re.search(r'name="secret" value="([A-Z2-7]{32})"', page),
        re.search(r'class="qr".*?d="([^"]+)"', page),
    )
    address = re.search(r'href="(otpauth:[^"]+)"', page)
    assert secret and drawn and address and secret[1] in address[1]
    assert drawn[1] == squares(html.unescape(address[1])).path


async def test_a_new_password_ends_the_other_sessions(office: Site) -> None:
    new = "another good password"
    async with office.logged_in(OWNER) as here, office.logged_in(OWNER) as there:
        wrong = await here.fill("/me", "/me/password", now="wrong password", password=new, again=new)
        assert wrong.status_code == 403
        assert (await here.fill("/me", "/me/password", now=PASSWORD, password=new, again=new)).status_code == 303
        assert (await there.get("/me")).status_code == 303
        assert (await here.get("/me")).status_code == 200
        assert (await there.log_in(OWNER)).status_code == 403
        assert (await there.log_in(OWNER, new)).status_code == 303


async def test_the_owner_lets_people_in_changes_and_removes_them(office: Site) -> None:
    async with office.logged_in(OWNER) as one, office.visitor() as dora:
        assert (await one.fill("/users", name="dora", role="employee", password=PASSWORD)).status_code == 303
        assert (await one.fill("/users", name="dora", role="owner", password=PASSWORD)).status_code == 409
        assert (await one.fill("/users", name="<b>", role="owner", password=PASSWORD)).status_code == 422
        assert (await one.fill("/users", name="x", role="king", password=PASSWORD)).status_code == 400
        assert (await dora.log_in("dora")).status_code == 303
        await one.fill("/users", "/users/change", name="dora", role="reader", password="")
        assert (await dora.get("/me")).status_code == 303  # her session ended
        assert (await one.fill("/users", "/users/remove", name=OWNER)).status_code == 409  # not himself
        await one.fill("/users", "/users/remove", name="dora")
        assert (await dora.log_in("dora")).status_code == 403
        log = (await one.get("/audit")).text
        assert "dora: employee" in log and "user-removed" in log


async def test_a_form_too_long_or_no_form_is_refused(office: Site) -> None:
    async with office.logged_in(OWNER) as one:
        csrf = await one.csrf("/me")
        assert (await one.post("/me/language", data={"csrf": csrf, "language": "x" * 70_000})).status_code == 413
        many = "&".join(f"f{n}=" for n in range(6_000))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await one.post("/me/language", content=f"csrf={csrf}&{many}", headers=form)).status_code in (400, 413)
        broken = {"Content-Type": "multipart/form-data; boundary=x"}
        assert (await one.post("/me/language", content=b"--y\r\n\xff", headers=broken)).status_code in (400, 403)
        assert (await one.post("/me/language", content=b"\x00" * 100)).status_code == 403


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/settings", "/settings"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("/x?y=1&z=%26", "/x?y=1&z=%26"),
        ("/x?y\r\nz: 1", "/"),
        ("/x?//evil", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
async def test_one_is_sent_on_to_our_own_pages_only(office: Site, path: str, to: str) -> None:
    assert ours(path) == to
    async with office.visitor() as one:
        answer = await one.log_in("reader", to=path)
        assert answer.headers["location"] == to
        assert "a" not in answer.cookies


async def test_what_people_and_browsers_say_of_themselves_is_text(office: Site) -> None:
    hostile = "<script>alert(1)</script>"
    async with office.visitor() as one:
        one.headers["User-Agent"] = hostile
        shown = (await one.log_in(hostile, "wrong password")).text
        assert "<script>alert" not in shown
        await one.log_in(OWNER)
        assert "<script>alert" not in (await one.get("/me")).text
        assert "&lt;script&gt;alert" in (await one.get("/me")).text


def test_the_console_lets_the_owner_in_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--pages", str(tmp_path)]
    assert user_program.main([*given, "maria", "--make"]) == 0
    password = capsys.readouterr().out.partition("password: ")[2].split()[0]
    kept = Office(tmp_path)
    try:
        [maria] = kept.users()
        assert (maria.name, maria.role) == ("maria", OWNER)
        assert proofs.matches(maria.password, password)
        kept.change("maria", totp="A" * 32)
        assert user_program.main([*given, "maria", "--make"]) == 0
        [maria] = kept.users()
        assert not proofs.matches(maria.password, password) and maria.totp == ""
    finally:
        kept.close()
    assert user_program.main(given) == 0
    assert "maria  owner" in capsys.readouterr().out


async def test_a_flood_of_log_ins_does_not_hold_the_box_up(office: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first few are looked at; the rest are answered at once."""
    monkeypatch.setattr(proofs, "FREE_ADDRESS", 8)
    async with office.visitor() as one:
        csrf = await one.csrf("/log-in")
        looked = 0
        for n in range(300):
            data = {"csrf": csrf, "name": f"user{n % 7}", "password": "wrong password"}
            looked += (await one.post("/log-in", data=data)).status_code == httpx.codes.FORBIDDEN
        assert looked <= 12  # a slow machine gets past the first half minute
