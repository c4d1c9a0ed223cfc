# SPDX-License-Identifier: GPL-2.0-or-later
"""The first steps of a fresh box, up to the test call; on the real programs with a real telephone too."""

import asyncio
import re
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.control.modems import Socket
from appliance.programs.demo.ports import Ports
from appliance.store.office import Draft
from appliance.web.access import now
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.web.applying import Applying
from tests.web.programs import Program
from tests.web.visitors import PASSWORD, Site, Visitor, site, user

WITHIN = 60.0  # seconds for anything that is waited for
FRESH = """\
# the box as it comes
[office]
name = "Office"
country = "LT"
time_zone = "Europe/Vilnius"
[person.anna]
name = "Anna"
[person.boris]
"""
WEEK = {"mon": "09:00-13:00, 14:00-18:00", "tue": "10:00-12:00", "wed": "", "thu": "", "fri": "", "sat": "", "sun": ""}


@asynccontextmanager
async def fresh(folder: Path, text: str = FRESH) -> AsyncIterator[tuple[Applying, Site]]:
    async with Applying(folder, text) as switch, site(folder / "pages", switch.socket, switch.document) as box:
        yield switch, box


def filled(page: str) -> dict[str, str]:
    """What the form has in it, as the browser would send it."""
    texts = dict(re.findall(r'<input id="\w+" name="(\w+)"[^>]* value="([^"]*)"', page))
    chosen = {
        name: re.search(r'(?:value="([^"]*)" selected|<option selected>([^<]*))', inside)
        for name, inside in re.findall(r'<select id="\w+" name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL)
    }
    return texts | {name: one[1] or one[2] for name, one in chosen.items() if one}


async def test_the_owner_sets_all_on_one_page_and_it_is_in_force(tmp_path: Path) -> None:
    async with fresh(tmp_path) as (switch, box), box.visitor() as one:
        answer = await one.fill("/first-run", name="owner", password=PASSWORD, again=PASSWORD)
        assert answer.headers["location"] == "/begin"
        page = (await one.get("/begin")).text
        form = filled(page)
        assert (form["country"], form["time_zone"], form["mon"]) == ("LT", "Europe/Vilnius", "09:00-18:00")
        form |= {
            "name": "Bakery",
            "country": "UA",
            "time_zone": "Europe/Kyiv",
            "holidays": "1",
            "people": "anna",
            **WEEK,
        }
        answer = await one.fill("/begin", **form)
        assert answer.headers["location"] == "/begin?done=applied#test", answer.text
        now = tomllib.loads(switch.text)
        assert now["office"] == {"name": "Bakery", "country": "UA", "time_zone": "Europe/Kyiv"}
        assert now["hours"]["office"]["week"] == {"mon": ["09:00-13:00", "14:00-18:00"], "tue": ["10:00-12:00"]}
        assert now["hours"]["office"]["holidays"] == ["UA"]
        assert now["queue"]["office"]["people"] == ["anna"]
        mailbox = "mailbox.office"
        way = {"hours": "office", "open": "queue.office", "closed": mailbox, "unanswered": mailbox}
        assert now["scenario"]["main"] == way
        assert "# the box as it comes" in switch.text
        again = filled((await one.get("/begin")).text)
        assert again["mon"] == WEEK["mon"] and again["country"] == "UA"
        await one.fill("/begin", **{**again, "people": "boris"})  # his mind may change: it is the page's own still
        assert tomllib.loads(switch.text)["queue"]["office"]["people"] == ["boris"]
        assert box.office.audited()[0].what == "settings-applied"


async def test_what_another_installer_put_in_force_meanwhile_is_not_taken_back(tmp_path: Path) -> None:
    async with fresh(tmp_path) as (switch, box), box.visitor() as one:
        await one.fill("/first-run", name="owner", password=PASSWORD, again=PASSWORD)
        opened = (await one.get("/begin")).text
        of = re.search(r'name="of" value="([0-9a-f]+)"', opened)
        assert of
        box.office.add(user("installer", "installer"))
        async with box.logged_in("installer") as other:
            await other.put_in("office", name="Name by the installer")
            await other.fill("/settings/draft", "/settings/apply")
        answer = await one.fill("/begin", **filled(opened), of=of[1])
        assert answer.status_code == 409 and "nothing of it was put in force" in answer.text
        assert "Name by the installer" in switch.text and "Name by the installer" in answer.text


async def test_a_fault_is_told_and_nothing_of_it_is_in_force_or_lost(tmp_path: Path) -> None:
    async with fresh(tmp_path) as (switch, box):
        box.people()
        async with box.logged_in("installer") as one:
            form = filled((await one.get("/begin")).text)
            answer = await one.fill("/begin", **{**form, "mon": "nine to five"})
            assert answer.status_code == 422 and "hours.office.week.mon" in answer.text
            assert switch.text == FRESH
            assert 'value="nine, to, five"' in (await one.get("/begin")).text  # in the draft


@pytest.mark.parametrize("kind", ["queue", "person", "line", "scenario", "office", "hours"])
async def test_a_draft_that_has_no_tables_where_they_belong_is_shown_all_the_same(tmp_path: Path, kind: str) -> None:
    async with fresh(tmp_path) as (_switch, box):
        box.people()
        box.office.keep(Draft("installer", FRESH, f"{kind} = 3\n", now()))
        async with box.logged_in("installer") as one:
            assert (await one.get("/begin")).status_code == 200


async def test_ways_of_calls_that_were_made_elsewhere_are_left_alone(tmp_path: Path) -> None:
    way = '[queue.office]\npeople = ["anna"]\nring_for = 9\n[scenario.main]\nopen = "queue.office"\n'
    way += 'closed = "person.boris"\nunanswered = "mailbox.office"\n'
    async with fresh(tmp_path, FRESH + way) as (switch, box):
        box.people()
        async with box.logged_in("owner") as one:
            page = (await one.get("/begin")).text
            assert "in more detail than here" in page and 'name="people"' not in page
            await one.fill("/begin", **filled(page), people="boris")
        now = tomllib.loads(switch.text)
        assert now["queue"]["office"]["people"] == ["anna"] and now["scenario"]["main"]["closed"] == "person.boris"


async def test_hours_that_were_made_elsewhere_are_neither_shown_as_others_nor_added_to(tmp_path: Path) -> None:
    own = '[hours.shop]\nweek = { sun = ["10:00-12:00"] }\n[scenario.main]\nhours = "shop"'
    own += '\nopen = "person.anna"\nclosed = "person.boris"\n'
    async with fresh(tmp_path, FRESH + own) as (switch, box):
        box.people()
        async with box.logged_in("owner") as one:
            page = (await one.get("/begin")).text
            assert "09:00-18:00" not in page and "set already, under names of their own" in page
            await one.fill("/begin", **filled(page) | {"name": "Shop"})
        now = tomllib.loads(switch.text)
        assert now["office"]["name"] == "Shop" and now["hours"] == {"shop": {"week": {"sun": ["10:00-12:00"]}}}


async def test_who_comes_after_the_first_steps_is_rung_unless_unticked(tmp_path: Path) -> None:
    async with fresh(tmp_path, FRESH.partition("[person")[0]) as (switch, box):
        box.people()
        async with box.logged_in("installer") as one:
            await one.fill("/begin", **filled((await one.get("/begin")).text))
            assert tomllib.loads(switch.text)["scenario"]["main"]["open"] == "mailbox.office"
            await one.fill("/phones", "/phones/add", new="Anna")
            assert 'name="people" value="anna" checked' in (await one.get("/begin")).text


@pytest.mark.parametrize(
    ("language", "keys", "said"),
    [
        ("en", ("1", "1"), "Two people have the same key"),
        ("ru", ("1", "1"), "одна и та же клавиша"),
        ("uk", ("1", "1"), "та сама клавіша"),
        ("en", ("12", "3"), "A key is one figure"),
        ("en", ("0", ""), "A key is one figure"),
    ],
)
async def test_each_has_a_key_of_his_own_and_it_is_one_figure(
    tmp_path: Path, language: str, keys: tuple[str, str], said: str
) -> None:
    async with fresh(tmp_path) as (switch, box):
        box.people()
        async with box.logged_in("installer") as one:
            form = filled((await one.get("/begin")).text) | {"key:anna": keys[0], "key:boris": keys[1]}
            one.headers["Accept-Language"] = language
            answer = await one.fill("/begin", **form, welcome="For Anna press one.")
            assert answer.status_code == 422 and said in answer.text and switch.text == FRESH
            assert "For Anna press one." in answer.text, "what was written stays"


async def test_a_menu_is_typed_and_spoken_and_may_be_changed_or_left_out_again(tmp_path: Path) -> None:
    async with fresh(tmp_path) as (switch, box):
        box.people()
        async with box.logged_in("installer") as one:
            form = filled((await one.get("/begin")).text) | {"people": "boris", "key:anna": "1", "key:boris": "2"}
            answer = await one.fill("/begin", **form)
            assert answer.status_code == 422 and "which key is whose" in answer.text and switch.text == FRESH
            await one.fill(
                "/begin", **form, welcome="For Anna press one.\r\nFor Boris press two.", closed="Come back later."
            )
            now = tomllib.loads(switch.text)
            assert now["prompt"]["welcome"]["text"] == "For Anna press one. For Boris press two."
            steps = now["scenario"]["main"]["step"]
            assert steps["menu"]["keys"] == {"1": "person.anna", "2": "person.boris"}
            assert (steps["menu"]["otherwise"], steps["hours"]["closed"]) == ("queue.office", "closed")
            page = (await one.get("/begin")).text  # it is the page's own still
            assert (
                ">For Anna press one. For Boris press two.</textarea>" in page
                and ">Come back later.</textarea>" in page
            )
            assert re.search(r'name="key:boris"[^>]*>.*?<option selected>2</option>', page)
            await one.fill("/begin", **filled(page), people="anna", welcome="Welcome.")
            now = tomllib.loads(switch.text)
            assert now["scenario"]["main"]["step"]["greeting"] == {
                "do": "say",
                "prompt": "welcome",
                "next": "queue.office",
            }
            assert "closed" not in now["prompt"]
            await one.fill("/begin", **form | {"key:anna": "", "key:boris": ""})
            now = tomllib.loads(switch.text)
            assert now["scenario"]["main"]["open"] == "queue.office" and "welcome" not in now.get("prompt", {})


async def test_a_modem_that_is_plugged_in_is_found_and_made_a_line(tmp_path: Path) -> None:
    async with fresh(tmp_path) as (switch, box):
        box.people()
        async with box.logged_in("installer") as one:
            switch.plugged = (Socket(usb="1-1.3", family="quectel"), Socket(usb="1-1.4", family="sim7600"))
            assert "plugged in at 1-1.3 (quectel)" in (await one.get("/begin")).text
            async with Program(box, "installer") as program:
                assert (await program.get("/modems")).json()[0] == {"usb": "1-1.3", "family": "quectel"}
            for usb in ("1-1.3", "1-1.4"):
                assert (await one.fill("/begin", "/begin/modem", usb=usb)).status_code == 303
            lines = tomllib.loads(switch.text)["line"]
            assert {name: line["usb"] for name, line in lines.items()} == {"gsm": "1-1.3", "gsm-2": "1-1.4"}
            assert "is plugged in at" not in (await one.get("/begin")).text
            assert (await one.fill("/begin", "/begin/modem", usb="1-1.3")).status_code == 404


BOX = """\
[office]
name = "Office"
country = "LT"
time_zone = "Europe/Vilnius"
[sip]
listen = "127.0.0.1"
port = {sip}
[web]
port = {web}
[phone.desk1]
[phone.desk2]
[person.anna]
name = "Anna"
extension = "101"
phones = ["desk1"]
[person.boris]
name = "Boris"
extension = "102"
phones = ["desk2"]
"""


@asynccontextmanager
async def running(document: Path, web: int) -> AsyncIterator[str]:
    """A whole box as `linekeeper run` has it; where its pages are."""
    command = [
        "-m",
        "appliance.programs",
        "run",
        "--settings",
        str(document),
        "--state",
        str(document.parent / "state"),
    ]
    with (document.parent / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=log, stderr=log)
    try:
        async with Visitor(f"http://127.0.0.1:{web}") as one, asyncio.timeout(WITHIN):
            while True:
                try:
                    if (await one.get("/health")).status_code in (200, 426):  # or says that HTTPS is spoken
                        break
                except OSError:
                    pass
                except Exception as fault:
                    if type(fault).__name__ != "ConnectError":
                        raise
                await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{web}"
    finally:
        process.terminate()
        await process.wait()


async def shows(one: Visitor, page: str, words: str) -> str:
    async with asyncio.timeout(WITHIN):
        while words not in (text := (await one.get(page)).text):
            await asyncio.sleep(0.1)
    return text


async def test_a_fresh_box_is_set_up_and_calls_then_one_directs_a_real_call(tmp_path: Path, ports: Ports) -> None:
    """The programs of a box, two telephones: set up, called to test them, and a talk ended from the board."""
    sip, web = ports.take(2), ports.take()
    document = tmp_path / "office.toml"
    document.write_text(BOX.format(sip=sip, web=web))
    says = tone.write(tmp_path / "700.wav", 700, 30)
    async with running(document, web) as address, Visitor(address) as one:
        secrets = tomllib.loads((tmp_path / "secrets.toml").read_text())["phone"]

        def desk(name: str) -> Baresip:
            password = secrets[name]["password"]
            return Baresip(
                tmp_path / name, ports, user=name, password=password, registrar=f"127.0.0.1:{sip}", says=says
            )

        async with desk("desk1") as anna, desk("desk2") as boris:
            await asyncio.gather(anna.registered(WITHIN), boris.registered(WITHIN))
            await one.fill("/first-run", name="owner", password=PASSWORD, again=PASSWORD)
            page = await shows(one, "/begin", '<option value="boris">')  # their telephones were found
            answer = await one.fill("/begin", **filled(page), people="anna")
            assert answer.status_code == 303, answer.text
            assert 'open = "queue.office"' in document.read_text()
            await one.fill("/begin", "/begin/test", person="anna")
            await anna.rings(WITHIN)
            await anna.accept()
            await anna.talks(WITHIN)
            await anna.closed(WITHIN)  # it was said, and the box hung up
            await boris.dial("101")
            await anna.rings(WITHIN)
            await anna.accept()
            await anna.talks(WITHIN)
            board = await shows(one, "/", "listen whisper barge")
            call = re.search(r'data-call="(\d+)" data-can="answer send park listen', board)
            assert call, board
            answer = await one.fill(f"/board/call/{call[1]}", "/board/call", call=call[1], do="drop")
            assert answer.status_code == 303, answer.text
            await asyncio.gather(anna.closed(WITHIN), boris.closed(WITHIN))
            await shows(one, "/", "All is quiet")
