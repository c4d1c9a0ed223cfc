# SPDX-License-Identifier: GPL-2.0-or-later
"""Which calls are recorded, after which words, and what becomes of it. Real core, settings and journal; telephones as told."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.calls.ports import Port
from appliance.calls.recorded import Recorded
from appliance.store.reader import Reader
from tests.calls.office import CALLER, OFFICE, Office

ANNA, BORIS = "desk1", "desk2"
ALL = "[recording.rule.all]\n"
PROMPT = '[prompt.recorded]\nfile = "/recorded.wav"\n'


class Paper:
    """Satisfies calls.recorded.Recorder: what was to be written, and from which tape."""

    def __init__(self) -> None:
        self.begun: list[tuple[Recorded, Port]] = []

    def begin(self, recorded: Recorded, tape: Port) -> None:
        self.begun.append((recorded, tape))


@pytest.fixture
def paper() -> Paper:
    return Paper()


@pytest.fixture
def recording(offices: Callable[..., Office], paper: Paper) -> Iterator[Callable[..., Office]]:
    """Makes an office that records by these settings."""
    yield lambda settings, document=OFFICE: offices(document + settings, recorder=paper)


def press(office: Office, leg: int, keys: str) -> None:
    for key in keys:
        office.control.digit(leg, key)


def hang_up(office: Office, leg: int) -> None:
    office.lines.gone(leg)
    office.control.over(leg, 16)


def talks(office: Office, phone: str = ANNA, number: str = "+37060000001") -> int:
    """Somebody calls in and is answered there; the leg that answered."""
    office.call_in(number)
    office.control.answered(office.leg(phone))
    return office.leg(phone)


def on_tape(office: Office) -> list[int]:
    """The legs that tapes were put on."""
    return [leg for what, leg, _ in office.lines.asked if what == "tape"]


def together(office: Office, one: int, other: int) -> bool:
    return {(one, other), (other, one)} <= office.lines.heard


# ---- which calls ----------------------------------------------------------------------------------------------------


async def test_without_a_rule_no_call_is_recorded(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording("[recording]\nbeep = 5\n")
    anna = talks(office)
    assert paper.begun == [] and office.call.recorded == "" and together(office, CALLER, anna)


async def test_a_call_is_recorded_from_when_somebody_talks(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(ALL)
    office.call_in()
    assert paper.begun == []
    office.control.answered(office.leg(ANNA))
    [(recorded, _)] = paper.begun
    assert (recorded.call, recorded.person, recorded.caller, recorded.name, recorded.rule, recorded.state) == (
        office.call.id, "anna", "+37060000001", "Mr Kazlauskas", "all", "open",
    )  # fmt: skip
    assert recorded.file.endswith(f"/{recorded.id}.lkr") and on_tape(office) == [CALLER]
    await office.journal.durable()
    assert Reader(office.path).recordings() == [recorded]


RULES = {
    'lines = ["city"]': True,
    'lines = ["other"]': False,
    'queues = ["sales"]': True,
    'queues = ["repairs"]': False,
    'people = ["anna"]': True,
    'people = ["boris"]': False,
    'departments = ["sellers"]': True,
    'departments = ["mechanics"]': False,
    'callers = ["regulars"]': True,
    'callers = ["strangers"]': False,
    'directions = ["in"]': True,
    'directions = ["out", "internal"]': False,
    'directions = ["in"]\npeople = ["boris"]': False,
    'people = ["boris", "anna"]\nqueues = ["sales"]': True,
    "percent = 0": False,
    "record = false": False,
}
MORE = (
    '[line.other]\nkind = "sip"\nhost = "192.0.2.8"\n[queue.repairs]\npeople = ["boris"]\n'
    '[department.sellers]\npeople = ["anna"]\n[department.mechanics]\npeople = ["boris"]\n'
    '[callers.strangers]\nnumbers = { "+37060000009" = "Nobody" }\n'
)


@pytest.mark.parametrize("rule", RULES)
async def test_all_that_a_rule_asks_for_must_hold(recording: Callable[..., Office], paper: Paper, rule: str) -> None:
    office = recording(f"{MORE}[recording.rule.some]\n{rule}\n")
    talks(office)
    assert bool(paper.begun) is RULES[rule]


async def test_the_first_rule_that_fits_decides(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording('[recording.rule.board]\npeople = ["anna"]\nrecord = false\n' + ALL)
    talks(office)
    assert paper.begun == []
    hang_up(office, office.leg(ANNA))
    hang_up(office, CALLER)
    talks(office, BORIS)
    assert [recorded.rule for recorded, _ in paper.begun] == ["all"]


async def test_chance_is_asked_once_for_each_caller(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(ALL + "percent = 30\n")
    chances = iter([0.30, 0.29])
    office.control.desk.recording._chance = lambda: next(chances)
    anna = talks(office)
    press(office, anna, "##102#")
    office.control.answered(office.leg(BORIS))
    assert paper.begun == []
    hang_up(office, office.leg(BORIS))
    hang_up(office, CALLER)
    talks(office)
    assert len(paper.begun) == 1


async def test_of_a_call_out_the_one_outside_is_on_the_left(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(ALL)
    office.control.incoming(5, ANNA, True, "", "", "0860000009")
    office.control.answered(office.leg("city"))
    [(recorded, _)] = paper.begun
    assert on_tape(office) == [office.leg("city")]
    assert (recorded.person, recorded.caller, recorded.line) == ("anna", "+37060000009", "city")


async def test_a_call_for_help_is_not_recorded(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(f'[recording]\nconsent = "recorded"\n{PROMPT}{ALL}')
    office.control.incoming(5, ANNA, True, "", "", "112")
    office.control.answered(office.leg("city"))
    assert paper.begun == [] and together(office, 5, office.leg("city"))


# ---- what is said before --------------------------------------------------------------------------------------------

CONSENT = f'[recording]\nconsent = "recorded"\nrefuse = "1"\n{PROMPT}{ALL}'


@pytest.mark.parametrize("tell", ["caller", "both"])
async def test_two_are_put_through_and_recorded_once_the_words_were_heard(
    recording: Callable[..., Office], paper: Paper, tell: str
) -> None:
    office = recording(CONSENT.replace("refuse", f'tell = "{tell}"\nrefuse'))
    anna = talks(office)
    words = office.lines.port("recorded.wav")
    assert (CALLER, words) in office.lines.heard and ((anna, words) in office.lines.heard) is (tell == "both")
    assert not together(office, CALLER, anna) and paper.begun == []
    office.control.played(words)
    assert together(office, CALLER, anna) and len(paper.begun) == 1 and office.asked("stop", words)


async def test_who_refuses_is_put_through_and_never_recorded_in_this_call(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording(CONSENT)
    anna = talks(office)
    press(office, CALLER, "2")
    assert not together(office, CALLER, anna)
    press(office, CALLER, "1")
    assert together(office, CALLER, anna)
    press(office, anna, "##102#")
    office.control.answered(office.leg(BORIS))
    assert paper.begun == [] and together(office, CALLER, office.leg(BORIS))
    assert [event["state"] for event in await office.events("recording")] == ["refused"]


async def test_words_that_cannot_be_played_are_no_consent(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(CONSENT)
    anna = talks(office)
    office.control.stopped(office.lines.port("recorded.wav"), "it cannot be opened")
    assert together(office, CALLER, anna) and paper.begun == []
    assert ("alarm", "not-recorded") in office.witness.seen
    assert [event["why"] for event in await office.events("alarm")] == ["not-recorded"]


async def test_who_was_told_is_not_told_again_by_the_next_of_ours(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording(f'[recording]\nconsent = "recorded"\n{PROMPT}[recording.rule.boris]\npeople = ["boris"]\n')
    anna = talks(office)
    assert together(office, CALLER, anna) and "/recorded.wav" not in office.lines.files.values()
    press(office, anna, "##102#")
    boris = office.leg(BORIS)
    office.control.answered(boris)
    office.control.played(office.lines.port("recorded.wav"))
    assert together(office, CALLER, boris) and len(paper.begun) == 1
    press(office, boris, "##101#")
    office.control.answered(office.leg(ANNA))
    assert together(office, CALLER, office.leg(ANNA)) and len(paper.begun) == 1
    assert list(office.lines.files.values()).count("/recorded.wav") == 1


async def test_a_customer_held_during_the_words_is_put_through_when_he_no_longer_is(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording(CONSENT)
    anna = talks(office)
    office.control.held(anna, True)
    office.control.played(office.lines.port("recorded.wav"))
    assert not together(office, CALLER, anna)
    office.control.held(anna, False)
    assert together(office, CALLER, anna) and len(paper.begun) == 1


async def test_a_customer_who_hangs_up_during_the_words_leaves_nothing(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording(CONSENT)
    anna = talks(office)
    words = office.lines.port("recorded.wav")
    hang_up(office, CALLER)
    assert office.asked("stop", words)
    hang_up(office, anna)
    office.control.played(words)
    assert paper.begun == [] and not office.control.calls


async def test_a_customer_sent_on_during_the_words_is_told_from_the_beginning(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording(CONSENT)
    anna = talks(office)
    first = office.lines.port("recorded.wav")
    press(office, anna, "##102#")
    office.control.answered(office.leg(BORIS))
    assert office.asked("stop", first) and office.lines.port("recorded.wav") != first and paper.begun == []
    office.control.played(office.lines.port("recorded.wav"))
    assert together(office, CALLER, office.leg(BORIS)) and len(paper.begun) == 1


# ---- while it goes on -----------------------------------------------------------------------------------------------


async def test_a_recording_goes_on_through_hold_park_and_transfer(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording(ALL)
    anna = talks(office)
    office.control.held(anna, True)
    office.control.held(anna, False)
    press(office, anna, "*5")
    assert office.call.recorded == "yes"
    office.control.incoming(8, BORIS, True, "", "", "71")
    assert office.call.recorded == "yes" and len(paper.begun) == 1 and not office.asked("stop", paper.begun[0][1])


async def test_one_called_outside_stays_recorded_when_who_called_him_sends_him_on(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording(ALL)
    office.control.incoming(5, ANNA, True, "", "", "0860000009")
    office.control.answered(office.leg("city"))
    press(office, 5, "##102#")
    hang_up(office, 5)
    office.control.answered(office.leg(BORIS))
    assert len(paper.begun) == 1
    assert [call.recorded for call in office.control.calls.values() if call.leg == office.leg("city")] == ["yes"]
    assert [event["state"] for event in await office.events("recording")].count("goes on") == 1


async def test_the_code_pauses_and_ends_the_pause(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(ALL)
    anna = talks(office)
    [(recorded, tape)] = paper.begun
    press(office, anna, "*1")
    assert office.asked("pause", tape) and office.call.recorded == "paused"
    press(office, anna, "*1")
    assert office.asked("resume", tape) and office.call.recorded == "yes"
    told = await office.events("recording")
    assert [(event["id"], event["state"]) for event in told] == [
        (recorded.id, state) for state in ("began", "paused", "resumed")
    ]


async def test_a_page_pauses_for_her(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(ALL)
    talks(office)
    for recorded in ("paused", "yes"):
        office.control.desk.press(office.call, "anna", "record_pause", "", "anna")
        assert office.call.recorded == recorded


async def test_the_customer_cannot_pause_and_without_a_recording_nobody_can(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording('[recording.rule.some]\npeople = ["boris"]\n')
    anna = talks(office)
    press(office, anna, "*1")
    assert not [what for what, _, _ in office.lines.asked if what == "pause"]
    hang_up(office, anna)
    hang_up(office, CALLER)
    talks(office, BORIS)
    press(office, CALLER, "*1")
    assert office.call.recorded == "yes"


async def test_a_pause_ends_by_itself(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(f"[recording]\npause_lasts = 1\n{ALL}")
    anna = talks(office)
    press(office, anna, "*1")
    async with asyncio.timeout(20):
        while office.call.recorded != "yes":
            await asyncio.sleep(0.02)
    assert office.asked("resume", paper.begun[0][1])


async def test_a_pause_ends_when_who_began_it_leaves_the_call(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(ALL)
    anna = talks(office)
    press(office, anna, "*1##102#")
    hang_up(office, anna)
    office.control.answered(office.leg(BORIS))
    assert office.call.recorded == "yes"


async def test_both_hear_a_tone_every_so_often(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(f"[recording]\nbeep = 1\n{ALL}")
    anna = talks(office)
    async with asyncio.timeout(20):
        while not any(path.endswith("beep.wav") for path in office.lines.files.values()):
            await asyncio.sleep(0.02)
    tone = office.lines.port("beep.wav")
    assert {(CALLER, tone), (anna, tone)} <= office.lines.heard
    office.control.played(tone)
    assert office.asked("stop", tone)


async def test_of_three_who_talk_no_recording_hears_what_is_said_in_a_pause(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording(ALL)
    anna = talks(office)
    press(office, anna, "*2102#")
    office.control.answered(office.leg(BORIS))
    press(office, anna, "*3")
    tapes = [tape for _, tape in paper.begun]
    assert on_tape(office) == [CALLER, anna]  # the customer's, and that of what Anna asked Boris
    press(office, anna, "*1")
    assert all(office.asked("pause", tape) for tape in tapes)
    press(office, anna, "*1")
    assert all(office.asked("resume", tape) for tape in tapes)


async def test_whom_anna_asks_in_a_pause_is_not_recorded_either(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(ALL)
    anna = talks(office)
    press(office, anna, "*1*2102#")
    office.control.answered(office.leg(BORIS))
    assert [bool(office.asked("pause", tape)) for _, tape in paper.begun] == [True, True]


async def test_who_called_a_colleague_and_takes_the_call_at_another_telephone_stays_recorded(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording(ALL)
    office.control.incoming(5, ANNA, True, "", "", "102")
    office.control.answered(office.leg(BORIS))
    office.control.incoming(6, "cordless", True, "", "", "102", replaces=5)
    assert on_tape(office) == [5, 6] and office.asked("stop", paper.begun[0][1]) and office.call.recorded == "yes"


async def test_a_recording_ends_where_somebody_has_the_call_who_is_never_recorded(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording('[recording.rule.board]\npeople = ["boris"]\nrecord = false\n' + ALL)
    anna = talks(office)
    press(office, anna, "##102#")
    boris = office.leg(BORIS)
    office.control.answered(boris)
    assert office.asked("stop", paper.begun[0][1]) and office.call.recorded == "" and together(office, CALLER, boris)
    press(office, boris, "##101#")
    office.control.answered(office.leg(ANNA))
    assert len(paper.begun) == 2 and office.call.recorded == "yes"


# ---- rooms ----------------------------------------------------------------------------------------------------------

THREE_IN = OFFICE.replace(
    "[line.city]", '[phone.desk3]\n[person.cile]\nextension = "103"\nphones = ["desk3"]\n[line.city]'
)
BOARD = '[room.board]\nextension = "300"\n[recording.rule.board]\nrooms = ["board"]\n'
TOLD = BOARD + '[recording]\nconsent = "recorded"\nrefuse = "1"\n' + PROMPT


def enters(office: Office, phone: str, leg: int, room: str = "300") -> int:
    office.control.incoming(leg, phone, True, "", "", room)
    office.control.answered(leg)
    return leg


async def test_a_room_is_recorded_in_one_file_by_whoever_is_in_it(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording(BOARD + '[room.other]\nextension = "301"\n', THREE_IN)
    anna = enters(office, ANNA, 11)
    assert paper.begun == [], "nobody hears her"
    enters(office, BORIS, 12)
    cile = enters(office, "desk3", 13)
    assert on_tape(office) == [anna] and office.control.calls and paper.begun[0][0].rule == "board"
    hang_up(office, anna)
    assert on_tape(office) == [anna, 12], "the other two go on talking"
    hang_up(office, 12)
    hang_up(office, cile)
    enters(office, ANNA, 14, "301")
    enters(office, BORIS, 15, "301")
    assert len(paper.begun) == 2, "the rule names a room"


async def test_a_rule_for_a_room_is_for_no_talk(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(BOARD)
    talks(office)
    assert paper.begun == []


async def test_whoever_comes_into_a_recorded_room_is_told_before(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording(TOLD)
    for phone, leg in ((ANNA, 11), (BORIS, 12)):
        enters(office, phone, leg)
        told = office.lines.port("recorded.wav")
        assert (leg, told) in office.lines.heard and paper.begun == []
        assert not any({11, 12} == {*pair} for pair in office.lines.heard)
        office.control.played(told)
    assert together(office, 11, 12) and on_tape(office) == [11]


async def test_who_refuses_is_in_the_room_and_nobody_there_is_recorded_till_he_has_gone(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording(TOLD, THREE_IN)
    for phone, leg in ((ANNA, 11), (BORIS, 12)):
        enters(office, phone, leg)
        office.control.played(office.lines.port("recorded.wav"))
    [(_, tape)] = paper.begun
    enters(office, "desk3", 13)
    press(office, 13, "1")
    assert together(office, 11, 13) and office.asked("stop", tape)
    assert len(paper.begun) == 1
    hang_up(office, 13)
    assert len(paper.begun) == 2


async def test_who_hangs_up_while_he_is_told_has_been_in_no_room(
    recording: Callable[..., Office], paper: Paper
) -> None:
    office = recording(TOLD)
    enters(office, ANNA, 11)
    told = office.lines.port("recorded.wav")
    hang_up(office, 11)
    assert office.asked("stop", told) and not office.control.desk.rooms.members
    assert paper.begun == []


@pytest.mark.parametrize("how", ["called", "sent on"])
async def test_who_is_reached_at_a_private_number_is_recorded_as_himself(
    recording: Callable[..., Office], paper: Paper, how: str
) -> None:
    office = recording(ALL, THREE_IN.replace('extension = "102"', 'extension = "102"\nforward_always = "0861234567"'))
    office.register("desk3", 1)
    office.control.incoming(11, ANNA, True, "", "", "102")
    office.control.answered(office.leg("city"))
    if how == "sent on":
        press(office, 11, "##103#")
        office.control.answered(office.leg("desk3"))
    assert paper.begun[-1][0].caller == "102" and office.call.caller in ("101", "+37061234567")


# ---- ends -----------------------------------------------------------------------------------------------------------


async def test_its_file_is_in_the_journal_once_it_is_closed(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(ALL)
    anna = talks(office)
    [(recorded, _)] = paper.begun
    hang_up(office, anna)
    hang_up(office, CALLER)
    whole = recorded._replace(duration=1500, size=96_000, sha256="ab" * 32, state="whole", lost=20)
    office.control.desk.recording.done(whole)
    await office.journal.durable()
    assert Reader(office.path).recording(recorded.id) == whole
    assert (await office.events("recording"))[-1] == {
        "id": recorded.id, "state": "whole", "ms": 1500, "lost": 20, "sha256": "ab" * 32,
    }  # fmt: skip


async def test_a_full_disk_ends_the_recording_and_not_the_call(recording: Callable[..., Office], paper: Paper) -> None:
    office = recording(ALL)
    anna = talks(office)
    [(recorded, tape)] = paper.begun
    office.control.desk.recording.failed(recorded, "No space left on device")
    assert office.asked("stop", tape) and office.call.recorded == "" and together(office, CALLER, anna)
    [alarm] = await office.events("alarm")
    assert alarm == {"why": "not-recorded", "reason": "No space left on device"}
    assert [kind for kind, _ in office.witness.seen].count("alarm") == 1


async def test_new_settings_count_for_new_calls(recording: Callable[..., Office], paper: Paper, tmp_path: Path) -> None:
    office = recording(ALL)
    anna = talks(office)
    office.apply(OFFICE)
    press(office, anna, "*1")
    assert office.call.recorded == "paused"
    hang_up(office, anna)
    hang_up(office, CALLER)
    talks(office)
    assert len(paper.begun) == 1
