# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings changed by people on pages: drafts, faults, differences, history, two at once, hostile input, a killed program."""

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.control.secrets import KeepSecret
from appliance.settings.given import DROPPED
from appliance.store.office import Draft
from appliance.web.access import now
from tests.settings.documents import TWO
from tests.web.applying import Applying
from tests.web.visitors import Site, Visitor, site

OFFICE = """\
# The office of the examples.
[office]
name = "Example Ltd"            # as people know it
country = "LT"
time_zone = "Europe/Vilnius"

[phone.desk1]
[phone.desk2]

[person.anna]
extension = "101"
phones = ["desk1"]

[person.boris]
extension = "102"
phones = ["desk2"]

[line.city]
kind = "sip"
host = "sip.example"

[queue.sales]
people = ["anna", "boris"]      # both

[scenario.main]
open = "queue.sales"

[[golden]]
name = "Anna takes a call"
when = "2026-12-01 12:00"
answers = "anna"
expect = "person.anna"
"""


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Applying]:
    async with Applying(tmp_path, OFFICE) as switch:
        yield switch


@pytest.fixture
async def box(switch: Applying, tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path / "pages", switch.socket, switch.document) as box:
        box.people()
        yield box


@pytest.fixture
async def one(box: Site) -> AsyncIterator[Visitor]:
    async with box.logged_in("installer") as one:
        yield one


def draft(box: Site, name: str = "installer") -> str:
    kept = box.office.draft(name)
    assert kept
    return kept.document


async def test_a_value_is_changed_seen_and_put_in_force_with_comments_kept(
    box: Site, one: Visitor, switch: Applying
) -> None:
    assert (await one.put_in("office", name="Another Ltd")).status_code == 303
    assert switch.text == OFFICE  # not yet
    page = (await one.get("/settings/draft")).text
    assert "office.name" in page and "Example Ltd" in page and "Another Ltd" in page
    done = await one.fill("/settings/draft", "/settings/apply", comment="a new name")
    assert "Version 2" in done.text
    assert switch.text == OFFICE.replace('"Example Ltd" ', '"Another Ltd" ')
    assert box.office.draft("installer") is None
    assert "installer: a new name" in (await one.get("/settings/history")).text
    assert box.office.audited()[0].what == "settings-applied"


async def test_faults_stand_beside_their_field_and_nothing_faulty_comes_into_force(
    one: Visitor, switch: Applying
) -> None:
    answer = await one.put_in("queue/sales", ring_for="500", people=["anna", "zoe"])
    assert answer.status_code == 422
    for key, words in (("ring_for", "500 is out of range"), ("people", "there is no person")):
        block = answer.text.partition(f'name="has:{key}"')[2].partition('name="has:')[0]
        assert words in (block.partition('class="fault"')[2] or words) or words in answer.text
    assert "500 is out of range" in answer.text.partition('name="has:ring_for"')[2].partition('name="has:')[0]
    overview = (await one.get("/settings")).text
    assert 'href="/settings/at/queue/sales"' in overview and "out of range" in overview
    assert "It cannot be applied yet" in (await one.get("/settings/draft")).text
    assert (await one.fill("/settings", "/settings/apply", comment="")).status_code in (403, 422)
    assert switch.text == OFFICE


async def test_an_example_call_that_would_go_otherwise_blocks_the_draft(one: Visitor) -> None:
    await one.put_in("queue/sales", people=["boris"])
    assert "Anna takes a call" in (await one.get("/settings/draft")).text


async def test_a_table_is_added_renamed_with_all_that_name_it_and_removed(box: Site, one: Visitor) -> None:
    csrf = await one.csrf("/settings")
    data = {"csrf": csrf, "at": "person", "name": "zoe"}
    assert (await one.post("/settings/add", data=data)).headers["location"] == "/settings/at/person/zoe"
    assert (await one.post("/settings/add", data=data)).status_code == 409
    assert (await one.post("/settings/add", data=data | {"name": "Zoë"})).status_code == 422
    data = {"csrf": csrf, "at": "person/anna", "name": "maria"}
    assert (await one.post("/settings/rename", data=data)).status_code == 303
    document = tomllib.loads(draft(box))
    assert document["queue"]["sales"]["people"] == ["maria", "boris"]
    assert document["golden"][0] | {"answers": "maria", "expect": "person.maria"} == document["golden"][0]
    assert "# both" in draft(box)
    await one.post("/settings/remove", data={"csrf": csrf, "at": "person/zoe"})
    assert "zoe" not in draft(box)
    for at in ("office/name", "nothing", "golden", "", "person/nobody", "../etc", "person"):
        assert (await one.post("/settings/remove", data={"csrf": csrf, "at": at})).status_code == 404


async def test_a_list_of_tables_grows_and_a_step_has_the_fields_of_its_kind(box: Site, one: Visitor) -> None:
    csrf = await one.csrf("/settings")
    to = await one.post("/settings/add", data={"csrf": csrf, "at": "queue/sales/widen"})
    assert to.headers["location"] == "/settings/at/queue/sales/widen/0"
    assert (await one.put_in("queue/sales/widen/0", after="20", people=["boris"])).status_code in (303, 422)
    to = await one.post("/settings/add", data={"csrf": csrf, "at": "scenario/main/step", "name": "ask", "kind": "menu"})
    assert 'name="has:tries"' in (await one.get(to.headers["location"])).text
    at = "scenario/main/step/ask/keys"
    to = await one.post("/settings/add", data={"csrf": csrf, "at": at, "name": "#"})
    assert to.headers["location"].endswith("/keys/%23")
    assert (await one.get(to.headers["location"])).status_code == 200
    assert tomllib.loads(draft(box))["scenario"]["main"]["step"]["ask"] == {"do": "menu", "keys": {"#": {}}}
    data = {"csrf": csrf, "at": "scenario/main/step/ask", "name": "choose"}
    assert 'id="rename"' in (await one.get("/settings/at/scenario/main/step/ask")).text
    assert (await one.post("/settings/rename", data=data)).headers[
        "location"
    ] == "/settings/at/scenario/main/step/choose"
    assert tomllib.loads(draft(box))["scenario"]["main"]["step"] == {"choose": {"do": "menu", "keys": {"#": {}}}}


async def test_the_order_of_a_list_is_changed_by_a_button(box: Site, one: Visitor) -> None:
    await one.put_in("queue/sales", do="up:people:1", people=["anna", "boris"])
    assert tomllib.loads(draft(box))["queue"]["sales"]["people"] == ["boris", "anna"]


async def test_an_older_version_is_looked_at_and_put_in_force_again(one: Visitor, switch: Applying) -> None:
    await one.put_in("office", name="Another Ltd")
    await one.fill("/settings/draft", "/settings/apply")
    assert "Example Ltd" in (await one.get("/settings/version/1")).text
    assert "Version 3" in (await one.fill("/settings/version/1", "/settings/restore", version="1")).text
    assert switch.text == OFFICE
    for number in ("99", "0", "99999999999999999999"):
        assert (await one.get(f"/settings/version/{number}")).status_code == 404
    assert (await one.fill("/settings/version/1", "/settings/restore", version="x")).status_code == 404


async def test_what_is_exported_can_be_imported_again(box: Site, one: Visitor) -> None:
    answer = await one.get("/settings/export")
    assert answer.text == OFFICE
    assert answer.headers["content-disposition"] == 'attachment; filename="office.toml"'
    files = {"file": ("office.toml", OFFICE.replace("Example", "Imported").encode(), "text/plain")}
    csrf = await one.csrf("/settings/import")
    assert (await one.post("/settings/import", data={"csrf": csrf}, files=files)).status_code == 303
    assert draft(box) == OFFICE.replace("Example", "Imported")


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"\xff\xfe", 422, "not UTF-8"),
        (b"[office", 422, "not TOML"),
        (b"a = " + b"[" * 10_000, 422, "nested too deep"),
        (b"# " + b"x" * (1 << 20), 422, "larger than accepted"),
        (b"x" * (4 << 20), 413, "too long"),
        (b"a = 1\na = 2", 422, "given twice"),
        (b"PK\x03\x04\x00\x00", 422, ""),
        (b"<svg onload=alert(1)>", 422, "&lt;svg"),
    ],
)
async def test_a_hostile_file_is_told_what_is_wrong_with_it(
    box: Site, one: Visitor, data: bytes, status: int, said: str
) -> None:
    csrf = await one.csrf("/settings/import")
    for name in ("office.toml", "../../etc/passwd", 'x"\r\nSet-Cookie: a=b'):
        answer = await one.post("/settings/import", data={"csrf": csrf}, files={"file": (name, data)})
        assert (answer.status_code, said in answer.text) == (status, True)
        assert "<svg onload" not in answer.text and "a" not in answer.cookies
        assert box.office.draft("installer") is None


NOWHERE = ["nothing", "person", "golden/0/name", "golden/99", "person/anna/level/x", "%00", "office/" * 50]


@pytest.mark.parametrize("path", NOWHERE)
async def test_an_address_of_no_table_is_not_there(one: Visitor, path: str) -> None:
    assert (await one.get(f"/settings/at/{path}")).status_code == 404


async def test_what_the_file_says_is_text_on_every_page(box: Site, one: Visitor, switch: Applying) -> None:
    hostile = "<script>alert(1)</script>"
    await one.put_in("office", name=hostile)
    await one.put_in("person/anna", name='"><img src=x onerror=alert(1)>')
    for page in ("/settings", "/settings/at/office", "/settings/at/person/anna", "/settings/draft", "/settings/import"):
        html = (await one.get(page)).text
        assert "<script>alert" not in html and "<img src=x" not in html
        assert " style=" not in html and "onclick" not in html
    await one.fill("/settings/draft", "/settings/apply", comment=hostile)
    for page in ("/settings/history", "/settings/version/1"):
        assert "<script>alert" not in (await one.get(page)).text


async def test_two_installers_at_once_lose_nothing(box: Site, one: Visitor, switch: Applying) -> None:
    async with box.logged_in("owner") as other:
        await one.put_in("office", name="Name by the installer")
        await one.put_in("queue/sales", ring_for="11")
        assert "installer has a draft too" in (await other.get("/settings")).text
        await other.put_in("office", country="LV")
        await other.put_in("queue/sales", ring_for="22")
        await other.fill("/settings/draft", "/settings/apply")
        conflict = await one.fill("/settings", "/settings/apply")
        assert conflict.status_code == 409
        for text in ("Name by the installer", "LV", "11", "22", "queue.sales.ring_for"):
            assert text in conflict.text
        assert "by the installer" not in switch.text
        assert "Name by the installer" in draft(box)  # still there
        merged = await one.fill("/settings/draft", "/settings/merge", **{"side:queue.sales.ring_for": "mine"})
        assert merged.headers["location"] == "/settings/draft"
        assert "Version 3" in (await one.fill("/settings/draft", "/settings/apply")).text
    document = tomllib.loads(switch.text)
    assert document["office"] | {"name": "Name by the installer", "country": "LV"} == document["office"]
    assert document["queue"]["sales"]["ring_for"] == 11
    assert "# both" in switch.text


async def test_a_page_opened_before_others_put_something_in_force_takes_nothing_of_it_back(
    box: Site, one: Visitor, switch: Applying
) -> None:
    page = "/settings/at/queue/sales"
    text = (await one.get(page)).text

    def sent(**fields: str) -> dict[str, str]:
        """As a browser sends it: what each field showed comes along."""
        showed = {key: re.search(rf'name="has:{key}" value="([0-9a-f]+)"', text) for key in fields}
        return {**fields, **{f"has:{key}": found[1] for key, found in showed.items() if found}, "do": "save"}

    async with box.logged_in("owner") as other:
        await other.put_in("queue/sales", ring_for="11")
        await other.fill("/settings/draft", "/settings/apply")
    before = re.search(r'name="ring_for" value="([0-9]+)"', text)
    assert before and before[1] != "11"
    answer = await one.fill(page, page, **sent(ring_for=before[1], max_wait="240"))
    assert answer.status_code == 303
    queue = tomllib.loads(draft(box))["queue"]["sales"]
    assert (queue["ring_for"], queue["max_wait"]) == (11, 240), "the field that was left alone is theirs"
    answer = await one.fill(page, page, **sent(ring_for="33", wrap_up="7"))
    assert answer.status_code == 409 and "left as it is there: ring_for." in answer.text
    queue = tomllib.loads(draft(box))["queue"]["sales"]
    assert (queue["ring_for"], queue["wrap_up"]) == (11, 7)


async def test_of_two_windows_that_keep_at_once_neither_loses_what_it_was_told_is_kept(box: Site, one: Visitor) -> None:
    wanted = {"ring_for": "11", "max_wait": "240"}
    async with box.logged_in("installer") as other:
        answers = await asyncio.gather(
            *(
                who.put_in("queue/sales", **{key: value})
                for who, (key, value) in zip((one, other), wanted.items(), strict=True)
            )
        )
    queue = tomllib.loads(draft(box))["queue"]["sales"]
    for answer, (key, value) in zip(answers, wanted.items(), strict=True):
        assert answer.status_code in (303, 409)
        assert (answer.status_code == 303) == (queue.get(key) == int(value)), key


async def test_an_apply_in_the_same_moment_is_not_lost_either(box: Site, one: Visitor, switch: Applying) -> None:
    """The switch itself compares; what the page saw a moment ago does not count."""
    async with box.logged_in("owner") as other:
        await one.put_in("office", name="First")
        await other.put_in("office", name="Second")
        tokens = [await who.csrf("/settings/draft") for who in (one, other)]
        answers = await asyncio.gather(
            *(
                who.post("/settings/apply", data={"csrf": token})
                for who, token in zip((one, other), tokens, strict=True)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_draft_outlives_the_program(box: Site, one: Visitor, switch: Applying, tmp_path: Path) -> None:
    await one.put_in("office", name="Another Ltd")
    async with site(tmp_path / "pages", switch.socket, switch.document) as again:
        async with again.logged_in("installer") as later:
            assert "Another Ltd" in (await later.get("/settings/draft")).text


async def test_without_a_switch_nothing_is_lost_and_it_is_told(box: Site, one: Visitor, switch: Applying) -> None:
    await one.put_in("office", name="Another Ltd")
    csrf = await one.csrf("/settings/draft")
    await switch.__aexit__(None, None, None)
    answer = await one.post("/settings/apply", data={"csrf": csrf})
    assert answer.status_code == 503 and "The switch does not answer" in answer.text
    assert "Another Ltd" in draft(box)


async def test_no_password_of_a_telephone_or_line_is_on_any_page(one: Visitor, tmp_path: Path) -> None:
    secret = "hard-to-guess-password"
    (tmp_path / "secrets.toml").write_text(f'[phone.desk1]\npassword = "{secret}"\n')
    (tmp_path / "secrets.toml").chmod(0o600)
    seen, todo = set(), {"/settings"}
    while todo:
        page = todo.pop()
        seen.add(page)
        html = (await one.get(page)).text
        assert secret not in html
        todo |= set(re.findall(r'href="(/settings[^"#?]*)"', html)) - seen
    assert len(seen) > 25  # every page that can be reached


MORE = """
[line.gsm]
kind = "modem"
[phone.card]
channel = 1
[mqtt]
privacy = "hash"
[broker.cloud]
[mailbox.sales]
[mail]
host = "mail.example.com"
from = "box@example.com"
[recording]
[action.gate]
holders = ["maria", "jonas"]
[action.disk]
challenge = "code"
holders = ["maria"]
[action.safe]
challenge = "totp"
holders = ["maria"]
"""
KEY = "A" * 43 + "="
GIVEN = [  # on which page, of which table of secrets.toml, what
    ("line/city", "line", "city", {"password": "correct horse"}),
    ("line/gsm", "line", "gsm", {"pin": "4711"}),
    ("phone/desk1", "phone", "desk1", {"password": "correct-horse"}),
    ("mqtt", "mqtt", "", {"user": "box", "password": "correct horse"}),
    ("mqtt", "hashing", "", {"key": "correct-horse"}),
    ("broker/cloud", "broker", "cloud", {"user": "box", "password": "correct horse"}),
    ("mailbox/sales", "mailbox", "sales", {"pin": "471147"}),
    ("mail", "mail", "", {"password": "correct horse"}),
    ("action/gate", "proof", "jonas", {"pin": "471147"}),
    ("action/disk", "proof", "maria", {"codes": "12345678 23456789"}),
    ("action/safe", "proof", "maria", {"totp": "A" * 32}),
]


async def drafted(one: Visitor) -> None:
    """A draft with a table of each kind that has secrets."""
    whole = (await one.get("/settings/export")).text + MORE
    assert (await one.fill("/settings/import", text=whole)).status_code == 303


@pytest.mark.parametrize("user", ["owner", "installer"])
async def test_a_secret_is_given_on_the_page_of_its_table_and_shown_nowhere(
    switch: Applying, box: Site, user: str
) -> None:
    async with box.logged_in(user) as one:
        await drafted(one)
        for at, table, name, values in GIVEN:
            page = f"/settings/at/{at}"
            form = (await one.get(page)).text.partition(
                f'name="table" value="{table}"><input type="hidden" name="name" value="{name}"'
            )
            for field in values:
                kind = "text" if field == "user" else "password"
                assert f'name="{field}" type="{kind}"' in form[2].partition("</form>")[0], (at, field)
            answer = await one.fill(page, "/settings/secret", at=at, table=table, name=name, **values)
            assert answer.headers["location"] == f"{page}?done=secret"
            text = (await one.get(answer.headers["location"])).text
            assert "It is kept" in text and not any(secret in text for secret in values.values() if secret != "box")
    given = [(each.table, each.name, each.values, each.by) for each in switch.secrets if isinstance(each, KeepSecret)]
    assert given == [(table, name, values, user) for _, table, name, values in GIVEN]
    draft, rows = box.office.draft(user), box.office.audited()
    assert draft and "4711" not in draft.document + str(rows)
    assert {row.detail for row in rows if row.what == "secret-kept"} >= {"line.gsm", "mqtt", "proof.jonas"}


async def test_a_secret_is_taken_back_where_nothing_stands_still_without_it(switch: Applying, one: Visitor) -> None:
    await drafted(one)
    for at, table, name, values in GIVEN:
        await one.fill("/settings", "/settings/secret", at=at, table=table, name=name, **values)
    file = switch.document.with_name("secrets.toml")
    for at, table, name, _ in GIVEN:
        page = await one.get(f"/settings/at/{at}")
        answer = await one.fill("/settings", "/settings/secret", at=at, table=table, name=name, do="drop")
        may = table in DROPPED
        assert may == ("Take it back for good" in page.text) == (answer.status_code == 303), at
        if may:
            assert "It is kept no longer" in (await one.get(answer.headers["location"])).text
    assert {key for key, value in tomllib.loads(file.read_text()).items() if value} == {"line", "phone"}


@pytest.mark.parametrize("user", ["supervisor", "employee", "reader"])
async def test_others_give_no_secrets(switch: Applying, box: Site, user: str) -> None:
    async with box.logged_in(user) as one:
        answer = await one.fill("/me", "/settings/secret", at="line/city", table="line", name="city", password="x")
    assert answer.status_code == 403 and switch.secrets == []


@pytest.mark.parametrize(
    ("at", "table", "name", "values", "status", "words"),
    [
        ("line/gsm", "line", "gsm", {"pin": "47-11"}, 422, "4 to 8 digits"),
        ("mail", "mail", "", {"password": "x" * 129}, 422, "1 to 128 printable"),
        ("mail", "mail", "", {"password": "x" * 500}, 422, "1 to 128 printable"),
        ("mail", "mail", "", {"password": "bell\x07"}, 422, "1 to 128 printable"),
        ("mail", "mail", "", {"password": ""}, 422, "empty or longer"),
        ("broker/cloud", "broker", "cloud", {"password": "alone"}, 422, "broker.cloud.user: is missing"),
        ("line/gsm", "line", "none", {"pin": "4711"}, 404, "no such table"),
        ("line/none", "line", "none", {"pin": "4711"}, 404, "no such table"),
        ("mqtt", "provisioning", "", {"key": KEY}, 404, "no such table"),
        ("mqtt", "../mqtt", "", {"key": KEY}, 404, "no such table"),
        ("action/gate", "proof", "stranger", {"pin": "4711"}, 404, "no such table"),
    ],
)
async def test_a_secret_that_is_none_is_refused_beside_its_form_and_not_repeated(
    switch: Applying,
    box: Site,
    one: Visitor,
    at: str,
    table: str,
    name: str,
    values: dict[str, str],
    status: int,
    words: str,
) -> None:
    await drafted(one)
    answer = await one.fill("/settings", "/settings/secret", at=at, table=table, name=name, **values)
    assert answer.status_code == status and words in answer.text, answer.text
    assert not any(len(secret) > 4 and secret in answer.text for secret in values.values() if secret != "alone")
    assert switch.secrets == [] and "secret-kept" not in str(box.office.audited())


async def test_why_a_secret_is_none_is_said_in_the_visitors_language(one: Visitor) -> None:
    await drafted(one)
    one.headers["Accept-Language"] = "uk"
    answer = await one.fill("/settings", "/settings/secret", at="line/gsm", table="line", name="gsm", pin="47-11")
    assert answer.status_code == 422 and "від 4 до 8 цифр" in answer.text and "not accepted" not in answer.text


async def test_a_queue_says_whom_it_rings_why_and_what_goes_against_its_goal(tmp_path: Path) -> None:
    goal = TWO + '[queue.q]\npeople = ["anna", "boris"]\ngoal = "shortest-wait"\n'
    async with Applying(tmp_path, goal) as switch, site(tmp_path / "pages", switch.socket, switch.document) as box:
        box.people()
        async with box.logged_in("installer") as one:
            page = (await one.get("/settings/at/queue/q")).text
            assert (
                "it rings by ring-all. Its goal (the shortest wait) chose that: whoever is quickest takes the call"
                in page
            )
            box.office.keep(Draft("installer", goal, goal + 'strategy = "round-robin"\n', now()))
            page = (await one.get("/settings/at/queue/q")).text
            assert "it rings by round-robin." in page and "round-robin goes against the goal shortest-wait" in page
            box.office.keep(Draft("installer", goal, goal + 'strategy = "no such"\n', now()))
            assert "it rings by" not in (await one.get("/settings/at/queue/q")).text
