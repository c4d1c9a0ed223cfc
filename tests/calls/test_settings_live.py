# SPDX-License-Identifier: GPL-2.0-or-later
"""The owner changes the settings from the command line while people talk."""

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

from appliance.programs.demo.office import Office
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.rtp import Rtp
from tests.telephones.sipp import Sipp
from tests.telephones.stage import ANNA_HZ, CALLER_HZ, Stage

BOTH, BORIS_ALONE = 'people = ["anna", "boris"]', 'people = ["boris"]'
SETTINGS_FAULTS = 78  # exit code
VERA_PASSWORD = "third-desk-telephone"


class Said(NamedTuple):
    """What a program left behind."""

    code: int
    out: str
    err: str


async def linekeeper(office: Office, program: str, *rest: str) -> Said:
    """The real command, as the owner types it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.programs", program, "--settings", str(office.settings),
        "--state", str(office.state), "--socket", str(office.socket), *rest,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "LINEKEEPER_PARENT": ""},
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert "Traceback" not in err.decode(), err.decode()
    return Said(process.returncode or 0, out.decode(), err.decode())


async def apply(office: Office, document: str, *, comment: str = "") -> Said:
    """A new document, written beside the old."""
    new = office.folder / "new.toml"
    new.write_text(document)
    return await linekeeper(office, "apply", "--comment", comment, str(new))


def changed(document: str, old: str, new: str) -> str:
    assert document.count(old) == 1, f"{old!r} is there {document.count(old)} times"
    return document.replace(old, new)


def length(ear: Rtp, file: Path) -> float:
    """Seconds heard so far."""
    return len(tone.load(ear.heard(file))[0]) / 8000


async def talk(stage: Stage, office: Office, phone: Baresip, ear: Rtp | None = None) -> Sipp:
    """A caller whom this telephone answers."""
    caller = await stage.outside(office, "caller-waits", ear)
    await phone.rings()
    await phone.accept()
    await phone.talks()
    if ear:
        await ear.listens(0.5)
    return caller


async def hang_up(phone: Baresip, caller: Sipp) -> None:
    await phone.hang_up()
    await phone.closed()
    await caller.finished()


def times_rung(phone: Baresip) -> int:
    return sum(event.type == "CALL_INCOMING" for event in phone.seen.all)


async def test_the_rules_change_in_the_middle_of_a_talk_and_come_back(stage: Stage) -> None:
    office = await stage.office()
    anna, boris = await stage.desks(office)
    ear = await stage.ear()
    caller = await talk(stage, office, anna, ear)
    await boris.rings()
    await boris.closed()
    before = length(ear, stage.folder / "before.wav")

    said = await apply(office, changed(office.document, BOTH, BORIS_ALONE), comment="Anna is on leave")
    assert said == Said(0, "version 2 is in force\n", "")
    assert BORIS_ALONE in office.settings.read_text()
    await ear.listens(1.0)
    await hang_up(anna, caller)
    heard = ear.heard(stage.folder / "caller.wav")
    whole = length(ear, stage.folder / "whole.wav") - before
    assert tone.heard(heard, ANNA_HZ, since=before) > whole - 0.3, "the talk was disturbed"
    assert tone.heard(anna.heard(), CALLER_HZ) > whole - 0.3
    call = await stage.call_over(office)
    assert (call.person, call.outcome) == ("anna", "answered")

    await hang_up(boris, await talk(stage, office, boris))
    assert times_rung(anna) == 1, "she is on leave"

    history = (await linekeeper(office, "history")).out.splitlines()
    assert [line.split(maxsplit=4)[0::4] for line in history] == [
        ["1", "as found at the start"],
        ["2", "Anna is on leave"],
    ]
    assert await linekeeper(office, "restore", "1") == Said(0, "version 3 is in force\n", "")
    assert office.settings.read_text() == office.document
    caller = await talk(stage, office, anna)
    await boris.rings()
    await boris.closed()
    await hang_up(anna, caller)
    assert "version 1 again" in (await linekeeper(office, "history")).out


async def test_a_faulty_document_is_refused_with_its_place_and_nothing_changes(stage: Stage) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    caller = await talk(stage, office, anna, ear)
    wrong = changed(office.document, BOTH, 'people = ["anna", "nobody"]')
    line = next(number for number, text in enumerate(wrong.splitlines(), 1) if "nobody" in text)
    said = await apply(office, wrong)
    assert said.code == SETTINGS_FAULTS
    assert re.search(rf"\.toml:{line}:\d+ queue\.sales\.people\[1\]: ", said.err), said.err
    said = await apply(office, "what is this")
    assert said.code == SETTINGS_FAULTS and ".toml:1:" in said.err, said.err
    assert office.settings.read_text() == office.document
    assert len((await linekeeper(office, "history")).out.splitlines()) == 1
    await ear.listens(0.5)
    await hang_up(anna, caller)
    await hang_up(anna, await talk(stage, office, anna))


async def test_settings_that_break_an_example_of_the_owner_are_not_put_in_force(stage: Stage) -> None:
    office = await stage.office()
    example = '\n[[golden]]\nname = "Nobody is turned away"\nwhen = "2027-01-04 10:00"\nexpect = "{}"\n'
    wrong = office.document + example.format("refused")
    said = await apply(office, wrong)
    assert said.code == SETTINGS_FAULTS
    assert "golden[0].expect: golden call “Nobody is turned away” does not go as it says: " in said.err
    assert "the call came in on line “City”" in said.err
    assert office.settings.read_text() == office.document
    kept = await apply(office, office.document + example.format("mailbox.office"))
    assert kept == Said(0, "version 2 is in force\n", "")


async def test_a_box_whose_examples_fail_at_its_start_says_so_and_takes_calls(stage: Stage) -> None:
    office = await stage.office()
    await office.end()
    example = '\n[[golden]]\nname = "Nobody is turned away"\nwhen = "2027-01-04 10:00"\nexpect = "refused"\n'
    office.settings.write_text(office.document + example)
    await office.start()
    await office.logged("golden[0].expect: golden call “Nobody is turned away” does not go as it says: ")
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    await hang_up(anna, await talk(stage, office, anna))


async def test_why_tells_a_call_in_words(stage: Stage) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    await hang_up(anna, await talk(stage, office, anna))
    call = await stage.call_over(office)
    told = (await linekeeper(office, "why", str(call.id))).out.splitlines()
    words = [line.split(" ", 1)[1] for line in told]
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d{3} ", line) for line in told)
    assert words[0] == "the call came in on line “City”"
    assert "the caller is on the list “regulars”" in words
    assert "waits in queue “Sales”, place 1" in words
    assert "Anna is rung: everybody is rung at once" in words
    assert "Boris is not rung: no telephone is registered" in words
    assert any(re.fullmatch(r"Anna answered after [\d.]+ seconds?", word) for word in words)
    assert words[-1].startswith("over: answered")
    told = (await linekeeper(office, "why", str(call.id), "--language", "ru")).out.splitlines()
    assert told[0].endswith(" звонок поступает по линии «City»")


async def test_what_cannot_be_asked_is_a_sentence(stage: Stage) -> None:
    office = await stage.office()
    for program, number in (("why", "12345"), ("restore", "99")):
        said = await linekeeper(office, program, number)
        assert said.code != 0 and number in said.err and said.err.count("\n") == 1, said
    await office.end()
    said = await linekeeper(office, "history")
    assert said.code != 0 and str(office.socket) in said.err and said.err.count("\n") == 1, said


async def test_a_telephone_and_a_trunk_come_and_go_while_the_box_runs(stage: Stage) -> None:
    office = await stage.office()
    boris = await stage.desk(office, "desk2", CALLER_HZ)
    second = stage.ports.take()
    document = office.document + (
        '\n[phone.desk3]\n\n[person.vera]\nname = "Vera"\nextension = "103"\nphones = ["desk3"]\n'
        f'\n[line.second]\nkind = "sip"\nhost = "127.0.0.1"\nport = {second}\nscenario = "main"\n'
    )
    with (office.folder / "secrets.toml").open("a") as secrets:
        secrets.write(f'[phone.desk3]\npassword = "{VERA_PASSWORD}"\n')
    assert (await apply(office, document)).code == 0
    says = tone.write(stage.folder / "vera.wav", 1700, 30)

    def desk3(folder: str) -> Baresip:
        at = stage.folder / folder
        return Baresip(at, stage.ports, user="desk3", password=VERA_PASSWORD, registrar=office.address, says=says)

    async with desk3("vera") as vera:
        await vera.registered()
        await boris.dial("103")
        await vera.rings()
        await vera.accept()
        await boris.talks()
        await vera.hang_up()
        await vera.closed()
        await boris.closed()
        caller = await stage.outside(office, "caller-waits", port=second, caller="+37060000002")
        await boris.rings()
        await boris.accept()
        await boris.talks()
        await hang_up(boris, caller)
        call = await stage.call_over(office, nth=2)
        assert (call.line, call.caller, call.person) == ("second", "+37060000002", "boris")

        assert (await linekeeper(office, "restore", "1")).code == 0
        await vera.dial("102")
        assert (await vera.closed()).detail.startswith(("401", "403")), "a telephone taken away still calls"
    async with desk3("vera-again") as vera:
        assert (await vera.event("REGISTER_FAIL")).detail.startswith(("401", "403"))
    stranger = await stage.outside(office, "caller-refused", port=second)
    await stranger.finished()
    assert times_rung(boris) == 1, "a trunk taken away still rings"
