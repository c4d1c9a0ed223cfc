# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of a call when things happen in an unlucky order. Real core, settings and journal; telephones as told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import sounds
from appliance.calls.call import Person, State
from appliance.calls.clock import now_ms
from appliance.calls.control import CallControl
from appliance.calls.rules import Rules
from appliance.settings.compile import compile
from appliance.settings.load import parse
from appliance.store.reader import Reader
from tests.calls.office import CALLER, OFFICE, Office


@pytest.fixture
async def office(offices: Callable[..., Office]) -> Office:
    return offices()


async def test_two_people_answer_at_once_and_only_one_gets_the_caller(office: Office) -> None:
    office.call_in()
    anna, boris = office.leg("desk1"), office.leg("desk2")
    office.control.answered(anna)
    office.control.answered(boris)  # before the order to stop ringing reached his telephone
    assert (CALLER, anna) in office.lines.heard and (anna, CALLER) in office.lines.heard
    assert not any(boris in pair for pair in office.lines.heard)
    assert office.asked("hang up", boris) and not office.asked("hang up", anna)
    office.control.over(boris, 26)
    assert next(iter(office.control.calls.values())).person == "anna"


async def test_a_person_with_two_telephones_answers_one_and_the_other_stops_as_answered_elsewhere(
    office: Office,
) -> None:
    office.register("cordless", 1)
    office.call_in()
    office.control.answered(office.leg("cordless"))
    assert office.asked("hang up", office.leg("desk1")) == [26]
    assert office.asked("hang up", office.leg("desk2")) == [26]


async def test_a_person_is_rung_as_long_as_one_of_his_telephones_rings(office: Office) -> None:
    office.register("cordless", 1)
    office.call_in()
    office.control.over(office.leg("desk1"), 18)  # one does not answer to INVITE at all
    assert not office.asked("hang up", office.leg("cordless"))
    assert office.control.person_states()["anna"] == "ringing"


async def test_declining_on_one_telephone_declines_for_the_person(office: Office) -> None:
    office.register("cordless", 1)
    office.call_in()
    office.control.over(office.leg("desk1"), 21)
    assert office.asked("hang up", office.leg("cordless"))
    assert office.control.person_states()["anna"] == "free"
    assert office.control.person_states()["boris"] == "ringing"


async def test_the_caller_who_hangs_up_while_it_rings_stops_every_telephone_and_is_missed(office: Office) -> None:
    office.call_in()
    office.control.over(CALLER, 16)
    assert office.asked("hang up", office.leg("desk1")) == [16]
    assert office.asked("hang up", office.leg("desk2")) == [16]
    assert ("missed", "") in office.witness.seen
    assert await office.outcome() == "abandoned"


async def test_answering_in_the_moment_the_caller_hangs_up_talks_to_nobody(office: Office) -> None:
    office.call_in()
    office.control.over(CALLER, 16)
    office.control.answered(office.leg("desk1"))
    assert not office.lines.heard - {(CALLER, office.lines.port("music.wav"))}
    assert await office.outcome() == "abandoned"
    office.control.over(office.leg("desk1"), 16)
    office.control.over(office.leg("desk2"), 16)
    assert office.control.person_states()["anna"] == "free"


async def test_the_partner_hangs_up_and_the_caller_is_hung_up_too(office: Office) -> None:
    office.call_in()
    anna = office.leg("desk1")
    office.control.answered(anna)
    office.control.over(anna, 16)
    assert office.asked("hang up", CALLER) == [16]
    assert await office.outcome() == "answered"


async def test_keys_pressed_in_a_conversation_reach_the_partner_and_are_not_written_down(office: Office) -> None:
    office.call_in()
    anna = office.leg("desk1")
    office.control.answered(anna)
    office.control.digit(anna, "7")
    office.control.digit(CALLER, "8")
    assert office.asked("press 7", CALLER) and office.asked("press 8", anna)
    await office.journal.durable()
    assert not [event for event in Reader(office.path).events(next(iter(office.control.calls))) if event.kind == "dtmf"]


async def test_music_ends_when_somebody_answers(office: Office) -> None:
    office.call_in()
    music = office.lines.port("music.wav")
    assert (CALLER, music) in office.lines.heard
    office.control.answered(office.leg("desk1"))
    assert (CALLER, music) not in office.lines.heard


async def test_a_regular_is_shown_by_name_with_the_queue_and_lights_the_lamp(office: Office) -> None:
    office.call_in()
    assert office.lines.shown[0] == ("desk1", "+37060000001", "Sales: Mr Kazlauskas")
    assert office.witness.actions == ["lamp"]


async def test_a_withheld_number_is_nobody_and_lights_nothing(office: Office) -> None:
    office.call_in("")
    assert office.lines.shown[0] == ("desk1", "", "Sales: Withheld")
    assert not office.witness.actions


async def test_with_no_telephone_registered_the_caller_gets_the_mailbox(office: Office) -> None:
    office.register("desk1", 0)
    office.register("desk2", 0)
    office.call_in()
    assert next(iter(office.control.calls.values())).state is State.VOICEMAIL
    assert office.lines.port("greeting.wav")


async def test_a_message_is_kept_under_its_name_only_when_it_is_whole(office: Office, tmp_path: Path) -> None:
    office.register("desk1", 0)
    office.register("desk2", 0)
    office.call_in()
    office.control.played(office.lines.port("greeting.wav"))
    office.control.played(office.lines.port("beep.wav"))
    recording = office.lines.port(".part.wav")
    part = Path(office.lines.files[recording])
    part.write_bytes(b"RIFF" + bytes(20_000))
    office.control.over(CALLER, 16)
    assert list((tmp_path / "voicemail").rglob("*.wav")) == [part]
    office.control.stopped(recording, "")
    assert [path.stat().st_size for path in (tmp_path / "voicemail").rglob("*.wav")] == [20_004]
    assert not part.exists()
    await office.kept()
    assert office.witness.seen[-1][0] == "voicemail", "nobody was told of the message"
    assert await office.outcome() == "voicemail"


async def test_a_greeting_that_cannot_be_played_does_not_keep_the_caller_from_leaving_a_message(office: Office) -> None:
    office.register("desk1", 0)
    office.register("desk2", 0)
    office.call_in()
    office.control.stopped(office.lines.port("greeting.wav"), "no such file")
    office.control.stopped(office.lines.port("beep.wav"), "no such file")
    assert office.lines.port(".part.wav")


async def test_when_messages_cannot_be_kept_the_call_still_ends(office: Office, tmp_path: Path) -> None:
    (tmp_path / "voicemail").write_text("a file where the folder should be")
    office.register("desk1", 0)
    office.register("desk2", 0)
    office.call_in()
    assert not office.control.calls
    assert office.asked("hang up", CALLER)
    assert await office.outcome() == "voicemail"


async def test_a_colleague_is_called_by_his_extension(office: Office) -> None:
    office.control.incoming(CALLER, "desk1", True, "desk1", "", "102")
    assert office.lines.shown == [("desk2", "101", "Anna")]
    office.control.rang(office.leg("desk2"))
    assert office.asked("ringing", CALLER) == [0]
    office.control.answered(office.leg("desk2"))
    assert office.asked("answer", CALLER) == [0]
    assert office.control.person_states()["anna"] == office.control.person_states()["boris"] == "talking"


async def test_an_outside_number_goes_out_on_the_line_without_its_prefix(office: Office) -> None:
    office.control.incoming(CALLER, "desk1", True, "desk1", "", "0852000001")
    assert office.lines.shown == [("city", "852000001", "Anna")]
    office.control.over(office.leg("city"), 17)
    assert office.asked("hang up", CALLER) == [17]
    assert await office.outcome() == "refused"


async def test_a_number_that_leads_nowhere_is_refused(office: Office) -> None:
    office.control.incoming(CALLER, "desk1", True, "desk1", "", "999999")
    assert office.asked("hang up", CALLER) == [1]
    assert await office.outcome() == "refused"


async def test_somebody_on_a_break_is_not_rung_also_after_a_restart(tmp_path: Path) -> None:
    first = Office(tmp_path)
    first.control.set_status("anna", "break", "lunch")
    memory, people = first.control.memory(), dict(first.control.people)
    first.control.close()
    again = CallControl(
        first.control.rules,
        memory,
        journal=first.journal,
        voicemail=tmp_path / "voicemail",
        sounds=sounds.path,
        lookups=first.questions,
    )
    again.start(first.lines, first.witness, people)
    for phone in ("desk1", "desk2"):
        again.phone(phone, ["sip:here"], "", None)
    again.incoming(CALLER, "city", False, "", "", "052000000")
    assert [phone for phone, _, _ in first.lines.shown] == ["desk2"]
    assert again.people["anna"] == Person("break", "lunch", people["anna"].since)
    again.close()
    first.journal.close()


async def test_new_settings_count_for_new_calls_and_not_for_those_under_way(office: Office, tmp_path: Path) -> None:
    office.call_in()
    changed = parse(OFFICE.replace('people = ["anna", "boris"]', 'people = ["boris"]'), tmp_path / "office.toml")
    office.control.apply(Rules(changed, *compile(changed, now_ms())))
    office.control.answered(office.leg("desk1"))
    assert next(iter(office.control.calls.values())).person == "anna"
    office.lines.shown.clear()
    office.control.incoming(2, "city", False, "", "", "052000000")
    assert [phone for phone, _, _ in office.lines.shown] == ["desk2"]


async def test_when_the_box_is_about_to_end_nobody_is_taken_to_be_cut_a_moment_later(office: Office) -> None:
    office.control.takes_calls = False
    office.call_in()
    office.control.incoming(2, "desk1", True, "", "", "102")
    assert office.asked("hang up", CALLER) == office.asked("hang up", 2) == [42]
    await office.journal.durable()
    assert not office.control.calls and not Reader(office.path).calls()
