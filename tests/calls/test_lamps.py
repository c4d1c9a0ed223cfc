# SPDX-License-Identifier: GPL-2.0-or-later
"""What lamp keys are told: of everybody's calls and statuses, and of nobody's callers unless that is wanted."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from appliance.calls.call import Person
from appliance.calls.control import CallControl
from appliance.calls.lamps import IDLE, Dialog, Lamps, dialog_info, numbers, presence
from appliance.calls.messages import Message
from appliance.calls.ports import Audience
from appliance.settings.load import parse
from tests.calls.lines import Puppets
from tests.calls.office import CALLER, OFFICE, Office

HOST = "192.0.2.1"
INFO = "{urn:ietf:params:xml:ns:dialog-info}"
PIDF = "{urn:ietf:params:xml:ns:pidf}"


def parsed(body: str) -> ElementTree.Element:
    assert len(body.encode()) <= 2000
    return ElementTree.fromstring(body.encode())


# ---- bodies ----------------------------------------------------------------------------------------------------------


def test_a_lamp_that_is_dark() -> None:
    info = parsed(dialog_info("101", HOST, IDLE))
    assert info.attrib == {"version": "0", "state": "full", "entity": f"sip:101@{HOST}"}
    [dialog] = info
    assert dialog.attrib == {"id": "101"} and [part.tag for part in dialog] == [f"{INFO}state"]
    assert dialog.findtext(f"{INFO}state") == "terminated"


def test_a_lamp_that_blinks_says_who_calls_and_how_to_take_the_call() -> None:
    [dialog] = parsed(dialog_info("101", HOST, Dialog("early", False, 0xABC0007, "+37060000001", 'Mr "K" & <Sons>')))
    assert dialog.attrib == {
        "id": "101", "call-id": "leg-abc0007", "local-tag": "lamp", "remote-tag": "lamp", "direction": "recipient",
    }  # fmt: skip
    assert dialog.findtext(f"{INFO}state") == "early"
    identity = dialog.find(f"{INFO}remote/{INFO}identity")
    assert identity is not None and identity.attrib == {"display": 'Mr "K" & <Sons>'}
    assert identity.text == f"sip:+37060000001@{HOST}"
    target = dialog.find(f"{INFO}local/{INFO}target")
    assert target is not None and target.attrib == {"uri": f"sip:101@{HOST}"}


def test_who_is_hidden_is_anonymous() -> None:
    body = dialog_info("101", HOST, Dialog("confirmed", True))
    assert f"sip:anonymous@{HOST}" in body and "display" not in body and 'direction="initiator"' in body


@pytest.mark.parametrize("text", ["\x00\x1b\r\n", "ž" * 5000, "'\"><&", "\ud800", "]]>"])
def test_no_name_breaks_or_swells_it(text: str) -> None:
    parsed(dialog_info("101", HOST, Dialog("early", False, 1, "+37060000001", text)))
    parsed(presence("101", HOST, "free", Person("away", text)))


@pytest.mark.parametrize(
    ("state", "person", "basic", "activity"),
    [
        ("free", Person(), "open", ""),
        ("talking", Person(), "open", "on-the-phone"),
        ("ringing", Person("meeting"), "open", "on-the-phone"),
        ("free", Person("meeting", "until three"), "open", "meeting"),
        ("free", Person("break"), "open", "away"),
        ("free", Person("away"), "closed", "away"),
        ("free", Person("off"), "closed", "away"),
        ("unreachable", Person(), "closed", ""),
    ],
)
def test_a_status(state: str, person: Person, basic: str, activity: str) -> None:
    seen = parsed(presence("101", HOST, state, person))  # type: ignore[arg-type]
    assert seen.attrib == {"entity": f"pres:101@{HOST}"}
    assert seen.findtext(f"{PIDF}tuple/{PIDF}status/{PIDF}basic") == basic
    assert seen.findtext(f"{PIDF}tuple/{PIDF}note") == (person.reason or None)
    activities = [one.tag.partition("}")[2] for part in seen.iter() if part.tag.endswith("activities") for one in part]
    assert activities == ([activity] if activity else [])


def test_six_in_brackets() -> None:
    assert 'entity="sip:101@[2001:db8::1]"' in dialog_info("101", "2001:db8::1", IDLE)


# ---- lit by calls ----------------------------------------------------------------------------------------------------


class Lit:
    """An office whose lamps are looked at: each number is watched as soon as there is one, unless nobody does."""

    def __init__(self, offices: Callable[..., Office], more: str = "", *, watched: bool = True) -> None:
        def before(witness: Audience, control: CallControl, lines: Puppets) -> Lamps:
            self.lamps = Lamps(witness, control, lines, HOST)
            if watched:
                lines.asked_for = lambda package, number: self.lamps.watched(package, number, True)
            return self.lamps

        self.office = offices(OFFICE + more, before=before)
        self.lamps.enter()

    async def lamp(self, number: str) -> str:
        await asyncio.sleep(0)
        [dialog] = parsed(self.office.lines.watched["dialog", number])
        return f"{dialog.findtext(f'{INFO}state')} {dialog.get('direction', '')}".strip()

    async def body(self, number: str) -> str:
        await asyncio.sleep(0)
        return self.office.lines.watched["dialog", number]


@pytest.fixture
async def lit(offices: Callable[..., Office]) -> Lit:
    return Lit(offices)


async def test_everybody_has_a_lamp_by_extension_and_by_each_telephone(lit: Lit) -> None:
    numbers = {"101", "102", "desk1", "desk2", "cordless"}
    slots = {str(number) for number in range(71, 80)}
    assert {number for package, number in lit.office.lines.watched if package == "dialog"} == numbers | slots
    assert {number for package, number in lit.office.lines.watched if package == "presence"} == numbers
    assert await lit.lamp("101") == "terminated"


async def test_a_lamp_blinks_burns_and_goes_out(lit: Lit) -> None:
    lit.office.call_in()
    assert [await lit.lamp(number) for number in ("101", "desk1", "cordless", "102")] == ["early recipient"] * 4
    assert f'call-id="leg-{lit.office.leg("desk1"):x}"' in await lit.body("101")
    lit.office.control.answered(lit.office.leg("desk1"))
    assert [await lit.lamp(number) for number in ("101", "102")] == ["confirmed recipient", "terminated"]
    assert "on-the-phone" in lit.office.lines.watched["presence", "101"]
    lit.office.control.over(CALLER, 16)
    assert await lit.lamp("101") == "terminated"
    assert "on-the-phone" not in lit.office.lines.watched["presence", "101"]


async def test_nobody_sees_who_calls_unless_that_is_wanted(lit: Lit) -> None:
    lit.office.call_in()
    assert "37060000001" not in await lit.body("101") and "Kazlauskas" not in await lit.body("101")


@pytest.mark.parametrize(("shows", "number", "name"), [("light", 0, 0), ("name", 0, 1), ("number", 1, 1)])
async def test_what_is_seen_of_who_calls(offices: Callable[..., Office], shows: str, number: int, name: int) -> None:
    lit = Lit(offices, f'[lamps]\nshows = "{shows}"\n')
    lit.office.call_in()
    seen = await lit.body("101")
    assert (seen.count("sip:+37060000001@") > 0, seen.count("Mr Kazlauskas") > 0) == (number, name)
    lit.lamps.slot("71", 0xABC, "+37060000001", "Mr Kazlauskas")
    parked = await lit.body("71")
    assert (parked.count("sip:+37060000001@") > 0, parked.count("Mr Kazlauskas") > 0) == (number, name)
    lit.office.apply(OFFICE)
    lit.lamps.enter()
    assert "Kazlauskas" not in await lit.body("101")


async def test_colleagues_who_call_each_other(lit: Lit) -> None:
    lit.office.control.incoming(7, "desk1", True, "desk1", "", "102")
    assert await lit.lamp("102") == "early recipient"
    assert (await lit.lamp("101")).endswith("initiator")
    lit.office.control.answered(lit.office.leg("desk2"))
    assert [await lit.lamp("101"), await lit.lamp("102")] == ["confirmed initiator", "confirmed recipient"]
    lit.office.control.over(7, 16)
    assert [await lit.lamp("101"), await lit.lamp("102")] == ["terminated", "terminated"]


async def test_a_status_is_published_as_it_is_set(lit: Lit) -> None:
    lit.office.control.set_status("anna", "meeting", "until three")
    await asyncio.sleep(0)
    assert "until three" in lit.office.lines.watched["presence", "101"]
    assert "<rpid:meeting/>" in lit.office.lines.watched["presence", "desk1"]


async def test_what_a_lamp_shows_already_is_not_published_again(lit: Lit) -> None:
    lit.office.call_in()
    await asyncio.sleep(0)
    lit.office.lines.watched.clear()
    lit.lamps.person_changed("anna")
    lit.lamps.enter()
    await asyncio.sleep(0)
    assert not lit.office.lines.watched


async def test_what_nobody_watches_is_composed_for_nobody(offices: Callable[..., Office]) -> None:
    lit = Lit(offices, watched=False)
    watched = lit.office.lines.watched
    lit.office.call_in()
    lit.office.control.set_status("boris", "meeting", "until three")
    await asyncio.sleep(0)
    assert {watched[package, number] for package in ("dialog", "presence") for number in ("101", "desk1", "102")} == {
        "?"
    }
    lit.lamps.watched("dialog", "101", True)  # in the middle of a call
    assert (
        await lit.lamp("101") == "early recipient" and watched["dialog", "desk1"] == watched["presence", "101"] == "?"
    )
    lit.office.control.over(CALLER, 16)
    assert await lit.lamp("101") == "terminated"
    lit.lamps.watched("dialog", "101", False)
    assert watched["dialog", "101"] == "?"
    lit.office.call_in(leg=CALLER + 1)
    await asyncio.sleep(0)
    assert watched["dialog", "101"] == "?"
    lit.lamps.watched("message-summary", "desk1", False)
    assert watched["message-summary", "desk1"] != "?"  # telephones are told of messages unasked too


async def test_other_settings_have_other_lamps(lit: Lit) -> None:
    lit.office.apply(OFFICE.replace('"102"', '"103"'))
    lit.lamps.enter()
    assert lit.office.lines.watched["dialog", "102"] == lit.office.lines.watched["presence", "102"] == ""
    assert await lit.lamp("103") == "terminated"
    lit.office.apply(OFFICE + '[parking]\nfirst = "75"\nslots = 1\n')
    lit.lamps.enter()
    assert lit.office.lines.watched["dialog", "74"] == "" and await lit.lamp("75") == "terminated"


async def test_a_park_slot_has_a_lamp(lit: Lit) -> None:
    assert await lit.lamp("71") == "terminated"  # before anybody was parked in it
    lit.lamps.slot("71", 0xABC)
    assert await lit.lamp("71") == "confirmed recipient" and 'call-id="leg-abc"' in await lit.body("71")
    lit.lamps.slot("71", 0)
    assert await lit.lamp("71") == "terminated"


async def test_a_key_that_listens_to_a_mailbox_burns_while_something_is_new(offices: Callable[..., Office]) -> None:
    lit = Lit(offices, '[mailbox.service]\nnumber = "601"\n')
    assert await lit.lamp("*98601") == "terminated"
    message = Message(5, "service", 0, "", "", 2000, "5.wav", "00" * 32)
    lit.office.control.messages.add(message)
    assert await lit.lamp("*98601") == "confirmed recipient"
    lit.office.control.messages.change(5, 1, state="heard")
    assert await lit.lamp("*98601") == "terminated"
    lit.office.apply(OFFICE)
    lit.lamps.enter()
    assert lit.office.lines.watched["dialog", "*98601"] == ""


def test_numbers_are_those_of_people(tmp_path: Path) -> None:
    assert numbers(parse(OFFICE, tmp_path / "office.toml")) == {
        "101": "anna", "desk1": "anna", "cordless": "anna", "102": "boris", "desk2": "boris",
    }  # fmt: skip
