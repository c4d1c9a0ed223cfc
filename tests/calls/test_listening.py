# SPDX-License-Identifier: GPL-2.0-or-later
"""A telephone calls its mailbox: the real core and menu, with telephones and lines that do as the test says."""

import asyncio
from pathlib import Path

import pytest

from appliance.calls import locks
from appliance.calls.call import State
from appliance.calls.messages import Message
from appliance.languages.spoken import Spoken
from appliance.settings import pins
from appliance.store.reader import Reader
from tests.calls.office import Office
from tests.calls.test_mailboxes import MAILBOX, Offices, write

WORDS = Spoken("en")
ANNA = 70  # her telephone's leg
DOCUMENT = MAILBOX.replace('extension = "101"', 'extension = "101"\nmailbox = "sales"').replace(
    'prefix = "0"', 'prefix = "9"'
)
PINS = {"sales": pins.hashed("4711", cost=4)}


def message(office: Office, id: int = 5, caller: str = "+37060000001", state: str = "new") -> Message:
    """A message left before."""
    file = write(office.control.messages.folder / "sales" / f"20261128T090000Z-{id}.wav")
    one = Message(id, "sales", office.control.now() - 60_000, caller, "", 2000, file.name, "00" * 32, state)
    office.control.messages.add(one)
    return one


async def settled() -> None:
    """Until everything that can go on has gone on; PINs are tried in threads."""
    for _ in range(10):
        await asyncio.sleep(0)
    while any("_prove" in str(task.get_coro()) for task in asyncio.all_tasks()):
        await asyncio.sleep(0.005)
    for _ in range(10):
        await asyncio.sleep(0)


async def speak(text: str, language: str) -> str:
    """A voice: files named after their texts."""
    return f"/{language}/{text}"


class Ear:
    """What the telephone hears."""

    def __init__(self, office: Office, leg: int = ANNA) -> None:
        self.office, self.leg = office, leg

    def now(self) -> str:
        """The text or file being heard; "" silence."""
        lines = self.office.lines
        heard = [port for ear, port in lines.heard if ear == self.leg and port in lines.files]
        playing = [port for port in heard if ("stop", port, 0) not in lines.asked]
        return Path(lines.files[playing[-1]]).name if playing else ""

    async def everything(self) -> list[str]:
        """All that is said, each to its end, until nothing is."""
        said = []
        await settled()
        while (now := self.now()) and now != "music.wav":
            said.append(now)
            lines = self.office.lines
            port = next(p for p in reversed(lines.files) if Path(lines.files[p]).name == now)
            self.office.control.played(port)
            await settled()
        return said

    async def press(self, keys: str) -> list[str]:
        for key in keys:
            self.office.control.digit(self.leg, key)
            await settled()
        return await self.everything()


def calls(office: Office, number: str = "*97", phone: str = "desk1", leg: int = ANNA) -> Ear:
    office.control.incoming(leg, phone, True, phone, "", number)
    return Ear(office, leg)


@pytest.fixture
async def office(offices: Offices) -> Office:
    return offices(DOCUMENT, speak=speak, pin=lambda mailbox: PINS.get(mailbox, ""))


async def test_anna_dials_97_and_hears_her_messages(office: Office) -> None:
    left = message(office)
    ear = calls(office)
    id = office.call.id
    assert office.call.state is State.MENU
    assert office.asked("answer", ANNA)
    assert await ear.everything() == ["You have 1 new message.", WORDS.say("main")]
    assert left.file in await ear.press("5")
    assert office.control.messages.one(left.id).state == "heard"
    assert office.lines.published["desk1"].startswith("Messages-Waiting: no")
    await ear.press("9")
    assert office.control.messages.one(left.id).state == "saved"
    assert await ear.press("#") == [WORDS.say("bye")]
    assert office.asked("hang up", ANNA) == [16]
    await office.journal.durable()
    call = Reader(office.path).call(id)
    assert call is not None and (call.called, call.outcome) == ("*97", "self-service")
    assert [event["state"] for event in await office.events("message")] == ["heard", "saved"]
    assert [event["by"] for event in await office.events("message")] == ["anna", "anna"]


async def test_what_lit_the_lamp_is_what_is_opened_be_it_his_departments(offices: Offices) -> None:
    selling = '[department.selling]\npeople = ["boris"]\n'
    office = offices(DOCUMENT + 'department = "selling"\n' + selling, speak=speak)
    left = message(office)
    assert office.lines.published["desk2"].startswith("Messages-Waiting: yes")
    ear = calls(office, phone="desk2")
    assert left.file in await ear.press("5")
    office.control.over(ANNA, 16)
    assert office.lines.published["desk2"].startswith("Messages-Waiting: no")


async def test_who_has_several_mailboxes_chooses_and_goes_from_one_to_the_other(offices: Offices) -> None:
    selling = 'name = "Sales"\nnumber = "601"\n[department.selling]\npeople = ["boris"]\n'
    office = offices(DOCUMENT + 'department = "selling"\n' + selling, speak=speak)
    ear = calls(office, phone="desk2")
    assert await ear.everything() == ["Office: nothing new. Press 1.", "Sales: nothing new. Press 2."]
    left = message(office)
    assert await ear.press("1") == ["You have no messages.", WORDS.say("main-empty"), WORDS.say("other")]
    assert await ear.press("2") == ["Office: nothing new. Press 1.", "Sales: nothing new. Press 2."]
    assert (await ear.press("2"))[0] == "You have 1 new message."
    assert left.file in await ear.press("5")
    await ear.press("7")
    assert (await ear.press("2"))[1] == "Sales: nothing new. Press 2."
    assert office.control.messages.all() == []
    opened = [event["mailbox"] for event in await office.events("mailbox-opened")]
    assert opened == ["office", "sales"]


async def test_a_department_has_a_lamp_of_its_own_beside_that_of_all_messages(offices: Offices) -> None:
    selling = 'number = "601"\n[department.selling]\npeople = ["boris"]\n'
    office = offices(DOCUMENT + 'department = "selling"\n' + selling, speak=speak)
    assert office.lines.published["desk2/601"].startswith("Messages-Waiting: no")
    left = message(office)
    assert [office.lines.published[lamp].split("\r\n")[1] for lamp in ("desk2", "desk2/601", "desk1")] == [
        *("Voice-Message: 1/0",) * 3
    ]
    assert "desk1/601" not in office.lines.published, "it is Anna's own"
    office.control.messages.delete(left.id, office.control.now(), "page")
    assert "Voice-Message: 0/0" in office.lines.published["desk2/601"]
    office.apply(DOCUMENT)
    assert office.lines.published["desk2/601"] == ""


async def test_what_she_deletes_is_gone_when_she_has_hung_up(office: Office) -> None:
    left = message(office)
    ear = calls(office)
    await ear.press("57")
    assert office.control.messages.path(left).exists()
    office.control.over(ANNA, 16)
    assert not office.control.messages.path(left).exists()
    assert office.control.messages.all() == []


async def test_a_key_cuts_short_what_is_said(office: Office) -> None:
    message(office)
    ear = calls(office)
    await settled()
    assert ear.now() == "You have 1 new message."
    office.control.digit(ANNA, "5")
    await settled()
    assert ear.now() == "New message 1."
    assert len([port for ear, port in office.lines.heard if ("stop", port, 0) not in office.lines.asked]) == 1


async def test_she_calls_back_who_left_a_message(office: Office) -> None:
    message(office)
    ear = calls(office)
    await ear.press("5")
    await ear.press("8")
    assert office.lines.shown[-1][:2] == ("city", "+37060000001")
    assert office.call.state is State.RINGING
    office.control.answered(office.leg("city"))
    assert (ANNA, office.leg("city")) in office.lines.heard
    assert (office.leg("city"), ANNA) in office.lines.heard
    office.control.digit(ANNA, "7")
    assert office.asked("press 7", office.leg("city")), "the keys are the partner's now"
    office.control.over(ANNA, 16)
    assert len(office.control.messages.all()) == 1


@pytest.mark.parametrize("caller", ["112", "7777"])
async def test_nobody_is_called_back_who_can_only_be_called_for_help_or_not_at_all(office: Office, caller: str) -> None:
    message(office, caller=caller)
    ear = calls(office)
    await ear.press("5")
    assert WORDS.say("not-possible") in await ear.press("8")
    assert office.lines.legs.get("city") is None


async def test_boris_needs_number_and_pin_for_her_mailbox_and_keys_are_written_down_nowhere(office: Office) -> None:
    message(office)
    ear = calls(office, "*98", "desk2")
    assert await ear.everything() == [WORDS.say("which")]
    assert await ear.press("101#") == [WORDS.say("pin")]
    assert "You have 1 new message." in await ear.press("4711#")
    assert await office.events("dtmf") == []
    assert office.call.keys == ""
    assert await office.events("mailbox-opened") == [{"mailbox": "sales"}]


async def test_anna_needs_no_pin_for_what_is_hers_by_its_number(office: Office) -> None:
    assert await calls(office, "*98101").everything() == ["You have no messages.", WORDS.say("main-empty")]


@pytest.mark.parametrize("number", ["101", "102", "999"])
async def test_wrong_mailbox_or_pin_sound_alike(offices: Offices, number: str) -> None:
    office = offices(DOCUMENT, speak=speak, pin=lambda mailbox: PINS.get(mailbox, ""))
    ear = calls(office, "*98", "desk2", 71)
    if number == "102":
        office.control.over(71, 16)
        ear = calls(office, "*98", "cordless", 72)
    await ear.press(f"{number}#")
    assert await ear.press("0000#") == [WORDS.say("wrong"), WORDS.say("which")]
    assert (await office.events("mailbox-refused"))[-1]["mailbox"] == {"101": "sales", "102": "office"}.get(
        number, number
    )


async def test_after_five_wrong_pins_the_right_one_is_refused_too(office: Office) -> None:
    ear = calls(office, "*98101", "desk2", 71)
    await ear.press("0000#")
    for pin in ("0001", "0002"):
        await ear.press(f"101#{pin}#")
    assert office.asked("hang up", 71) == [16]
    ear = calls(office, "*98101", "desk2", 72)
    await ear.press("0003#")
    await ear.press("101#0004#")
    assert await ear.press("101#4711#") == [WORDS.say("locked")]
    assert office.asked("hang up", 72) == [16]


def test_locks_forget_with_time_and_hold_against_many_at_once() -> None:
    now = [0.0]
    kept = locks.Locks(lambda: now[0])
    assert [kept.may_try("a", "x") for _ in range(7)] == [True] * 5 + [False] * 2
    assert kept.may_try("b", "y")
    assert not kept.may_try("b", "x"), "the telephone is locked out of every mailbox"
    now[0] = locks.WITHIN
    assert kept.may_try("a", "x")
    kept.right("a", "x")
    assert [kept.may_try("a", "x") for _ in range(6)] == [True] * 5 + [False]


async def test_she_records_her_greeting_and_callers_hear_it(office: Office) -> None:
    ear = calls(office)
    assert await ear.press("0") == [WORDS.say("greeting"), "beep.wav"]
    recording = next(reversed(office.lines.files))
    tried = Path(office.lines.files[recording])
    assert (recording, ANNA) in office.lines.heard
    write(tried, 3)
    office.control.digit(ANNA, "#")
    assert ("stop", recording, 0) in office.lines.asked
    office.control.stopped(recording, "")
    assert await ear.everything() == [tried.name, WORDS.say("greeting-review")]
    assert (await ear.press("1"))[0] == WORDS.say("greeting-kept")
    greeting = office.control.messages.greeting("sales")
    assert greeting.exists() and not tried.exists()
    office.call_in()
    assert greeting.name in [Path(file).name for file in office.lines.files.values()]
    assert (await office.events("greeting")) == [{"mailbox": "sales", "recorded": True, "by": "anna"}]


async def test_who_hangs_up_while_recording_leaves_the_greeting_as_it_was(office: Office) -> None:
    ear = calls(office)
    await ear.press("0")
    recording = next(reversed(office.lines.files))
    write(Path(office.lines.files[recording]), 3)
    office.control.over(ANNA, 16)
    office.control.stopped(recording, "")
    assert not office.control.messages.greeting("sales").exists()
    assert not Path(office.lines.files[recording]).exists()


async def test_without_a_voice_the_keys_and_the_messages_are_still_there(offices: Offices) -> None:
    office = offices(DOCUMENT)
    left = message(office)
    ear = calls(office)
    assert await ear.everything() == []
    assert await ear.press("5") == [left.file]
    assert office.call.state is State.MENU
    await ear.press("#")
    assert office.asked("hang up", ANNA) == [16]


async def test_a_sound_that_fails_ends_no_call(office: Office) -> None:
    left = message(office)
    ear = calls(office)
    await settled()
    office.control.stopped(office.lines.port("You have 1 new message."), "no such file")
    assert await ear.everything() == [WORDS.say("main")]
    office.control.messages.path(left).unlink()
    await ear.press("5")
    assert office.call.state is State.MENU


async def test_a_message_deleted_from_elsewhere_while_she_listens_is_passed_over(office: Office) -> None:
    left = message(office)
    ear = calls(office)
    await ear.everything()
    office.control.messages.delete(left.id, office.control.now(), "page")
    assert left.file not in await ear.press("5")
    await ear.press("9")
    await ear.press("7")
    await ear.press("#")
    assert office.asked("hang up", ANNA) == [16]


async def test_she_is_busy_while_she_listens(office: Office) -> None:
    calls(office)
    office.call_in()
    assert [phone for phone, *_ in office.lines.shown] == []


async def test_a_line_cannot_dial_its_way_into_a_mailbox(office: Office) -> None:
    office.control.incoming(80, "city", False, "+37060000002", "", "*97")
    assert office.call.state is not State.MENU
    assert await office.events("mailbox-opened") == []
